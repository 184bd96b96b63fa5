//! What is there to say of a capture, and which packets say it?
//!
//! A finding is one sentence with its evidence. Nothing is said of a capture in words that is not a finding, or follows
//! from the numbers beside it. What finds them, and what each means, is in [`findings`](crate::findings).

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes the ids of their table.
macro_rules! findings {
    ($($id:ident $name:literal $title:literal)*) => {
        /// What a finding is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "`title` says it")]
        pub enum FindingId {
            $($id,)*
        }

        impl FindingId {
            /// All of them, in the order of their documentation.
            pub const ALL: &[FindingId] = &[$(FindingId::$id),*];

            /// The name on the command line and in JSON: "nagle-delayed-ack".
            pub const fn name(self) -> &'static str {
                match self { $(FindingId::$id => $name,)* }
            }

            /// What it is, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(FindingId::$id => $title,)* }
            }
        }
    };
}

findings! {
    NagleDelayedAck "nagle-delayed-ack" "A small segment waited for an ACK that was held back"
    AckWait "ack-wait" "A small segment waited for an ACK"
    SplitAnswer "split-answer" "Several segments where one would do"
    QuickAck "quick-ack" "An ACK on its own just before the answer"
    DelayedAck "delayed-ack" "An ACK on its own that came late"
    EventsTogether "events-together" "Several messages in one packet after a silence"
    SlowServer "slow-server" "The server took long to begin its answer"
    SlowSender "slow-sender" "The answer began, and its rest came late"
    Loss "loss" "Packets that were sent again"
    WindowLimited "window-limited" "The receiver had no room"
    ConnectionPerRequest "connection-per-request" "A new connection for each request"
    Reconnects "reconnects" "A stream that was opened again"
    SegmentationOffload "segmentation-offload" "Packets larger than the wire's"
    TruncatedPackets "truncated-packets" "Packets of which only the beginning was kept"
    JoinedMidway "joined-midway" "Connections without their beginning"
    Compressed "compressed" "Messages that were compressed"
    Encrypted "encrypted" "Bytes that only keys would open"
    Http2 "http2" "Frames of HTTP/2, which are not read"
    OtherTransport "other-transport" "Frames that are not counted"
    CapturedTwice "captured-twice" "Packets that were recorded twice"
    ShortBody "short-body" "An answer that ended before its announced end"
    NoAnswer "no-answer" "A request without an answer"
    SilentConnection "silent-connection" "A connection on which nothing was said"
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By its name.
impl FromStr for FindingId {
    type Err = ();

    fn from_str(name: &str) -> Result<FindingId, ()> {
        FindingId::ALL.iter().copied().find(|id| id.name() == name).ok_or(())
    }
}

impl Serialize for FindingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for FindingId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FindingId, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(|()| serde::de::Error::custom(format!("{name:?} is no finding")))
    }
}

impl JsonSchema for FindingId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FindingId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = FindingId::ALL.iter().map(|id| id.name()).collect();
        schemars::json_schema!({ "description": "What a finding is about.", "type": "string", "enum": names })
    }
}

/// Something that was found in a capture: a sentence, and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What it is about.
    pub id: FindingId,
    /// How sure it is.
    pub sure: Sure,
    /// What else the same packets could mean: of a finding that is likely.
    pub otherwise: Option<String>,
    /// What was found, as a sentence.
    pub text: String,
    /// The packets that show it, in order; at most 1,000.
    pub packets: Vec<u64>,
    /// How many more there are.
    pub packets_left_out: u64,
    /// The exchanges that it is about: indices into `exchanges`, in order; at most 1,000, and none beyond the row limit.
    pub exchanges: Vec<usize>,
    /// How many more there are.
    pub exchanges_left_out: u64,
    /// The options of run.json that it rests on.
    pub options: Vec<String>,
    /// What to do instead, where there is something.
    pub instead: Option<String>,
    /// What it cost.
    pub cost: FindingCost,
    /// Where the standard has it.
    pub source: String,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sure {
    /// The packets show it.
    Seen,
    /// The packets fit it, and something else too.
    Likely,
}

/// What something cost, over the whole capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingCost {
    /// Bytes on the wire that would not have been there.
    pub bytes: u64,
    /// Seconds of waiting, summed over the exchanges.
    pub s: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_found_by_its_name() {
        for &id in FindingId::ALL {
            assert_eq!(id.name().parse(), Ok(id));
            assert_eq!(serde_json::to_value(id).unwrap(), id.name());
            assert_eq!(serde_json::from_str::<FindingId>(&format!("{:?}", id.name())).unwrap(), id);
        }
        assert_eq!("loss ".parse::<FindingId>(), Err(()));
    }
}
