//! How were these captures made?
//!
//! `pcap/run.json` (schema "wirelab-run/1") is written beside the captures of a run: what was asked, what the machine
//! is, when each step was due and done. The tables never need it: they come from the captures alone. The report shows
//! it as provenance, and uses it to say why a number is what it is.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wirelab_catalog::App;

use crate::json;
use crate::numbers::significant;

/// The name of this format.
pub const RUN_SCHEMA: &str = "wirelab-run/1";

/// How the captures of a run were made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// Always "wirelab-run/1".
    pub schema: String,
    /// The version of wirelab that made the run.
    pub version: String,
    /// The command line, as it would be typed again.
    pub command: String,
    /// When the run began, RFC 3339. On the virtual wire: the date that its clock showed.
    pub started: String,
    /// How long the run took on the clock on the wall, in seconds. Null on the virtual wire, where the same run gives the
    /// same file, however long it took.
    #[serde(default)]
    pub wall_s: Option<f64>,
    /// How long it took on the clock of the wire, in seconds: the same on the kernel wire, far more on the virtual.
    pub wire_s: f64,
    /// The wire between the two hosts.
    pub wire: WireInfo,
    /// What was asked of the run.
    pub options: RunOptions,
    /// One entry an app, in the order of the tables.
    pub captures: Vec<CaptureInfo>,
}

/// The wire between the two hosts, and the TCP at its ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireInfo {
    /// "kernel" or "virtual".
    #[schemars(with = "String")]
    pub kind: WireMake,
    /// Whose TCP it is: "Linux 6.18.5" or "smoltcp 0.14".
    pub tcp: String,
    /// The congestion control of both hosts, where it has a name.
    #[serde(default)]
    pub congestion_control: Option<String>,
    /// Offloads of the interfaces by name, and whether they are on.
    #[serde(default)]
    pub offloads: BTreeMap<String, bool>,
    /// Socket options by their name ("server TCP_NODELAY"), and what they are set to.
    #[serde(default)]
    pub socket_options: BTreeMap<String, Value>,
    /// What else the wire says of itself, as it says it.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
}

/// The two makes of the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireMake {
    /// Two network namespaces of a Linux kernel.
    #[default]
    Kernel,
    /// Two smoltcp stacks on a virtual clock.
    Virtual,
}

/// How a server of a run writes the head and the body of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerWrites {
    /// In one write.
    Coalesced,
    /// In two.
    Split,
}

/// The end of the link at which the frames of a run are stamped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StampedAt {
    /// The server's.
    Server,
    /// The client's.
    Client,
}

/// As in run.json and on the command line.
impl fmt::Display for WireMake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WireMake::Kernel => "kernel",
            WireMake::Virtual => "virtual",
        })
    }
}

/// As in run.json and on the command line.
impl fmt::Display for AnswerWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AnswerWrites::Coalesced => "coalesced",
            AnswerWrites::Split => "split",
        })
    }
}

/// As in run.json and on the command line.
impl fmt::Display for StampedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StampedAt::Server => "server",
            StampedAt::Client => "client",
        })
    }
}

/// What was asked of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunOptions {
    /// The apps, by their short names.
    pub apps: Vec<App>,
    /// Seconds between two updates.
    pub interval_s: f64,
    /// Seconds between two questions of a client that asks again and again; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_every_s: Option<f64>,
    /// After how many seconds of silence the server says that it is still there; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_s: Option<f64>,
    /// Whether answers may be that nothing has changed (304); absent where they may not.
    #[serde(default, skip_serializing_if = "is_no")]
    pub conditional: bool,
    /// For how many seconds a request is held before it is answered that there is nothing new; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_s: Option<f64>,
    /// How many updates after the first time.
    pub updates: u64,
    /// Round trip time that the link adds, in milliseconds.
    pub rtt_ms: f64,
    /// Share of frames lost in each direction, 0 to 1.
    pub loss: f64,
    /// Share of frames that arrive twice, 0 to 1.
    #[serde(default)]
    pub duplicate: f64,
    /// Share of frames that are held until the next one has overtaken them, 0 to 1.
    #[serde(default)]
    pub reorder: f64,
    /// When the link was down, if it was.
    #[serde(default)]
    pub down: Option<DownTime>,
    /// What every chance of the run is drawn from.
    pub seed: u64,
    /// "coalesced" (head and body of a response in one write) or "split" (in two).
    #[schemars(with = "String")]
    pub server: AnswerWrites,
    /// The profile of the scripted client: "firefox89", "firefox", "chromium", "minimal".
    pub client: String,
    /// Whether the run replays 2021: split, firefox89, pages of the original's lengths, no quick ACK on the server.
    pub replay: bool,
    /// Whether the server's kernel may acknowledge at once at the start of a connection (Linux's quick-ACK phase).
    #[serde(default = "yes")]
    pub server_quick_ack: bool,
    /// The end of the link at which frames are stamped: "server" or "client".
    #[schemars(with = "String")]
    pub vantage: StampedAt,
}

/// When a link carried nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DownTime {
    /// From when on, in seconds since the start of the run.
    pub from_s: f64,
    /// For how long, in seconds.
    pub length_s: f64,
}

/// How one capture was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaptureInfo {
    /// The app.
    pub app: App,
    /// The capture's name: "wsapp".
    pub name: String,
    /// Its file, beside run.json.
    pub file: String,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Frames in it.
    pub frames: u64,
    /// When the run began on this wire's clock, RFC 3339: what `done_s`, `sent_s` and `arrived_s` count from.
    #[serde(default)]
    pub started: Option<String>,
    /// Each frame that the link dropped, doubled, reordered or held back on purpose, in the order in which they were sent.
    #[serde(default)]
    pub impaired_frames: Vec<ImpairedFrame>,
    /// How many more of them there were than are listed.
    #[serde(default)]
    pub impaired_frames_left_out: u64,
    /// What the scripted client did, in order.
    pub steps: Vec<StepInfo>,
}

/// One frame that the link did not carry once and in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImpairedFrame {
    /// What happened to it.
    pub what: Impairment,
    /// The option that caused it.
    pub option: ImpairedBy,
    /// The host it was going to.
    pub to: LinkEnd,
    /// When it left the other host, in seconds since the start of the run.
    pub sent_s: f64,
    /// When it arrived; null if it never did.
    pub arrived_s: Option<f64>,
    /// Its number in the capture; null if the capture point never saw it.
    pub frame: Option<u64>,
    /// The number of its second copy, where the capture point saw that too.
    pub copy: Option<u64>,
    /// Its bytes, headers included.
    #[serde(default)]
    pub bytes: u32,
    /// The TCP segment in it; null if it was none.
    #[serde(default)]
    pub segment: Option<ImpairedSegment>,
}

/// What of a TCP segment tells it from others, whether a capture has it or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImpairedSegment {
    /// The client's address and port.
    pub client: String,
    /// The server's.
    pub server: String,
    /// Its sequence number, as it is on the wire.
    pub seq: u32,
    /// Its acknowledgment number; null where the ACK flag is not set.
    pub ack: Option<u32>,
    /// Bytes of its payload.
    pub payload_bytes: u32,
    /// Whether it is a SYN.
    #[serde(default, skip_serializing_if = "is_no")]
    pub syn: bool,
    /// Whether it is a FIN.
    #[serde(default, skip_serializing_if = "is_no")]
    pub fin: bool,
}

/// What a link does to a frame on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Impairment {
    /// It never arrived.
    Dropped,
    /// It arrived twice.
    Doubled,
    /// It arrived after the next one of its direction.
    Reordered,
    /// It was held back to be reordered, but no other came: it was only late.
    Delayed,
}

/// Which option makes a link impair a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImpairedBy {
    /// `--loss`.
    Loss,
    /// `--duplicate`.
    Duplicate,
    /// `--reorder`.
    Reorder,
    /// `--down`.
    Down,
}

impl RunOptions {
    /// The option that made the link impair frames, as it would be typed: "--loss 5%".
    pub fn impaired_by(&self, what: ImpairedBy) -> String {
        let share = |flag: &str, share: f64| format!("--{flag} {}%", significant(share * 100.0, 4));
        match what {
            ImpairedBy::Loss => share("loss", self.loss),
            ImpairedBy::Duplicate => share("duplicate", self.duplicate),
            ImpairedBy::Reorder => share("reorder", self.reorder),
            ImpairedBy::Down => match self.down {
                Some(DownTime { from_s, length_s }) => format!("--down {}+{}", typed(from_s), typed(length_s)),
                None => "no --down".to_owned(),
            },
        }
    }
}

/// A time as it would be typed: "25ms", "10s".
pub(crate) fn typed(seconds: f64) -> String {
    if seconds < 1.0 { format!("{}ms", significant(seconds * 1e3, 4)) } else { format!("{}s", significant(seconds, 4)) }
}

/// One end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkEnd {
    /// The server's.
    Server,
    /// The client's.
    Client,
}

/// One step of the scripted client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepInfo {
    /// "connect", "update 1", "close".
    pub name: String,
    /// When it was due, in seconds since the start of the run.
    pub due_s: f64,
    /// When it was done.
    pub done_s: f64,
    /// The server's time that it brought, `HH:MM:SS`; null for a step that brings none.
    #[serde(default)]
    pub time: Option<String>,
}

impl RunInfo {
    /// Reads a run.json.
    ///
    /// # Errors
    /// One sentence: what is not JSON, or which field is missing or of another kind, or that it is another schema.
    pub fn from_json(text: &str) -> Result<RunInfo, RunInfoError> {
        let value: Value = serde_json::from_str(text).map_err(RunInfoError::Json)?;
        match value.get("schema").and_then(Value::as_str) {
            Some(RUN_SCHEMA) => serde_json::from_value(value).map_err(RunInfoError::Fields),
            found => Err(RunInfoError::Schema { found: found.unwrap_or("none").to_owned() }),
        }
    }

    /// The JSON Schema of "wirelab-run/1".
    pub fn schema() -> Schema {
        schemars::schema_for!(RunInfo)
    }

    /// The text of a run.json: indented, ending in a newline.
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// Why a run.json could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RunInfoError {
    /// It is not JSON.
    #[error("it is not JSON: {0}; delete it, or make the captures again with `wirelab run-all`")]
    Json(serde_json::Error),
    /// It is JSON of another schema.
    #[error("its schema is \"{found}\", expected \"{RUN_SCHEMA}\"; it was written by another version of wirelab")]
    Schema {
        /// What it says it is.
        found: String,
    },
    /// A field is missing or of another kind.
    #[error("a field is not as schema {RUN_SCHEMA} has it: {0}")]
    Fields(serde_json::Error),
}

fn yes() -> bool {
    true
}

fn is_no(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> RunInfo {
        RunInfo {
            schema: RUN_SCHEMA.to_owned(),
            version: "0.1.0".to_owned(),
            command: "wirelab run-all --interval 1s".to_owned(),
            started: "2026-01-02T03:04:05Z".to_owned(),
            wall_s: Some(4.2),
            wire_s: 4.2,
            wire: WireInfo { kind: WireMake::Kernel, tcp: "Linux 6.18".to_owned(), ..WireInfo::default() },
            options: RunOptions {
                apps: vec![App::Ws],
                interval_s: 1.0,
                poll_every_s: None,
                heartbeat_s: None,
                conditional: false,
                hold_s: None,
                updates: 3,
                rtt_ms: 25.0,
                loss: 0.0,
                duplicate: 0.0,
                reorder: 0.0,
                down: None,
                seed: 0,
                server: AnswerWrites::Coalesced,
                client: "firefox".to_owned(),
                replay: false,
                server_quick_ack: true,
                vantage: StampedAt::Server,
            },
            captures: vec![],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(RunInfo::from_json(&example().to_json()).unwrap(), example());
    }

    #[test]
    fn captures_without_a_list_of_impaired_frames_are_read() {
        let old = r#"{"app": "ws", "name": "wsapp", "file": "wsapp.pcap", "sha256": "", "frames": 34, "steps": []}"#;
        let capture: CaptureInfo = serde_json::from_str(old).unwrap();
        assert_eq!((capture.started, capture.impaired_frames, capture.impaired_frames_left_out), (None, vec![], 0));
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = |text: &str| RunInfo::from_json(text).unwrap_err().to_string();
        assert!(wrong("{").starts_with("it is not JSON: "));
        assert!(wrong("{}").starts_with("its schema is \"none\", expected \"wirelab-run/1\""));
        assert!(wrong(r#"{"schema": "wirelab-run/1"}"#).contains("missing field"));
    }
}
