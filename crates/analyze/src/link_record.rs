//! What is known of the link that a capture's frames went over, beside the capture?
//!
//! Whoever made the capture on a link of their own knows what no packet shows: which frames were dropped, doubled or held
//! on purpose, those too that the capture point never saw. The analyzer takes it as a value; where it is not given, nothing
//! is assumed of the link.

use std::sync::Arc;

use wirelab_dissect::packet::Endpoint;

/// A link between a client's end and a server's, and what it did with frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRecord {
    /// Whether frames were captured at the server's end of it, else at the client's.
    pub at_server: bool,
    /// How long it takes a frame that is not impaired to the server and back.
    pub round_trip_ns: u64,
    /// All frames that it did not carry once and in order, in the order in which they were sent.
    pub frames: Vec<LinkFrame>,
    /// From when on there may be more of them than these, in nanoseconds since the Unix epoch; `None` where these are all.
    pub complete_until_ns: Option<u64>,
}

/// A frame that the link did not carry once and in order. Times are nanoseconds since the Unix epoch, on the clock of the
/// capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFrame {
    /// What happened to it.
    pub what: LinkFault,
    /// The option that made the link do so, as it would be typed: "--loss 5%".
    pub option: Arc<str>,
    /// Whether it was going to the client.
    pub to_client: bool,
    /// When it was sent.
    pub sent_ns: u64,
    /// When it arrived, if it did.
    pub arrived_ns: Option<u64>,
    /// Its number in the capture, if the capture point saw it; and that of its second copy.
    pub frame: Option<u64>,
    /// The same of its second copy.
    pub copy: Option<u64>,
    /// Its bytes, headers included.
    pub bytes: u32,
    /// The TCP segment in it, where it has one.
    pub segment: Option<LinkSegment>,
}

/// What a link does with a frame on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// It never arrived.
    Dropped,
    /// It arrived twice.
    Doubled,
    /// It was overtaken by the next one.
    Reordered,
    /// It was held back, and nothing overtook it.
    Delayed,
}

/// What of a TCP segment tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkSegment {
    /// The client's end of its connection.
    pub client: Endpoint,
    /// The server's.
    pub server: Endpoint,
    /// Its sequence number.
    pub seq: u32,
    /// Its acknowledgment number, where it has one.
    pub ack: Option<u32>,
    /// Bytes of its payload.
    pub payload: u32,
    /// Whether it is a SYN, and whether a FIN.
    pub syn: bool,
    /// The same.
    pub fin: bool,
}

impl LinkSegment {
    /// How many numbers of its sequence it takes up (RFC 9293, section 3.4).
    pub(crate) fn taken(&self) -> u32 {
        self.payload + u32::from(self.syn) + u32::from(self.fin)
    }
}
