//! What can be asked? A kind of question is a row here: its level, and how it finds a question and its answer.
//!
//! To add one: a function in the file of its level, and a row in [`KINDS`]; `docs/class.md` lists it then, and a test asks
//! it of every capture.

mod count;
mod predict;
mod prove;
mod read;
mod work_out;

use crate::answer::{Answer, Counted};
use crate::dice::Dice;
use crate::evidence::Evidence;

/// How much a question asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What a field says.
    Read,
    /// Counting and adding.
    Count,
    /// Working something out from bytes.
    WorkOut,
    /// Choosing the packet that proves it.
    Prove,
    /// Saying what would be with other settings.
    Predict,
}

impl Level {
    /// All of them, the easiest first.
    pub const ALL: [Level; 5] = [Level::Read, Level::Count, Level::WorkOut, Level::Prove, Level::Predict];

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Level::Read => "Read a field",
            Level::Count => "Count and add",
            Level::WorkOut => "Work it out from the bytes",
            Level::Prove => "Choose the packet that proves it",
            Level::Predict => "Predict, then check with the lab",
        }
    }
}

/// A kind of question.
#[derive(Debug)]
pub struct Kind {
    /// What an exercise calls it.
    pub name: &'static str,
    /// How much it asks.
    pub level: Level,
    /// What it asks, for who writes an exercise.
    pub asks: &'static str,
    ask: Ask,
}

#[derive(Debug)]
enum Ask {
    /// About a capture.
    Of(fn(&Evidence, &mut Dice) -> Option<Asked>),
    /// About what it would be otherwise: the capture, and the one with the change, in words.
    Otherwise(fn(&Evidence, &Changed<'_>) -> Option<Asked>),
}

/// A run with something changed.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// The change, as on a command line: `--rtt 100ms`.
    pub words: &'a str,
    /// What was recorded with it.
    pub evidence: &'a Evidence,
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The question.
    pub text: String,
    /// What is right.
    pub answer: Answer,
}

impl Kind {
    /// Whether it asks what would be otherwise.
    pub fn predicts(&self) -> bool {
        matches!(self.ask, Ask::Otherwise(_))
    }

    /// Asks it of a capture. `None` where the capture has nothing of the kind.
    pub fn ask(&self, evidence: &Evidence, changed: Option<Changed<'_>>, dice: &mut Dice) -> Option<Asked> {
        match (&self.ask, changed) {
            (Ask::Of(ask), _) => ask(evidence, dice),
            (Ask::Otherwise(ask), Some(changed)) => ask(evidence, &changed),
            (Ask::Otherwise(_), None) => None,
        }
    }
}

/// The kind of this name.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The names of all kinds.
pub fn list() -> String {
    KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

fn asked(text: impl Into<String>, answer: Answer) -> Option<Asked> {
    Some(Asked { text: text.into(), answer })
}

fn count(text: impl Into<String>, number: u64, counted: Counted) -> Option<Asked> {
    asked(text, Answer::Count(number, counted))
}

const fn of(
    name: &'static str,
    level: Level,
    asks: &'static str,
    ask: fn(&Evidence, &mut Dice) -> Option<Asked>,
) -> Kind {
    Kind { name, level, asks, ask: Ask::Of(ask) }
}

const fn otherwise(name: &'static str, asks: &'static str, ask: fn(&Evidence, &Changed<'_>) -> Option<Asked>) -> Kind {
    Kind { name, level: Level::Predict, asks, ask: Ask::Otherwise(ask) }
}

/// All kinds, by level.
pub const KINDS: [Kind; 42] = [
    of("frame-length", Level::Read, "the length of a frame on the wire", read::frame_length),
    of("client-port", Level::Read, "the client's port of a connection", read::client_port),
    of("sequence-number", Level::Read, "the sequence number in a header", read::sequence_number),
    of("acknowledgment-number", Level::Read, "the acknowledgment number in a header", read::acknowledgment_number),
    of("flags", Level::Read, "the flags of a header, in hexadecimal", read::flags),
    of("window", Level::Read, "the window in a header", read::window),
    of("checksum", Level::Read, "the checksum of a segment", read::checksum),
    of("header-length", Level::Read, "the length of a TCP header", read::header_length),
    of("ip-length", Level::Read, "the total length in an IP header", read::ip_length),
    of("timestamp", Level::Read, "the timestamp in the options", read::timestamp),
    of("gap", Level::Read, "the time between two packets", read::gap),
    of("http-field", Level::Read, "the value of a field in a request's head", read::http_field),
    of("total-packets", Level::Count, "the packets of the capture", count::total_packets),
    of("connections", Level::Count, "the connections of the capture", count::connections),
    of("packets-of-update", Level::Count, "the packets of an update", count::packets_of_update),
    of("frame-bytes-of-update", Level::Count, "the frame bytes of an update", count::frame_bytes_of_update),
    of("app-bytes-of-update", Level::Count, "the payload bytes of an update", count::app_bytes_of_update),
    of("overhead-of-update", Level::Count, "the share of an update that is no payload", count::overhead_of_update),
    of("bytes-of-client", Level::Count, "the payload that the client sent", count::bytes_of_client),
    of("bare-acks", Level::Count, "the packets that only acknowledge", count::bare_acks),
    of("handshake-bytes", Level::Count, "the frame bytes of a handshake", count::handshake_bytes),
    of("http-requests", Level::Count, "the HTTP requests", count::http_requests),
    of("masking-key", Level::WorkOut, "the key of a masked frame", work_out::masking_key),
    of("unmask", Level::WorkOut, "a masked byte as a letter", work_out::unmask),
    of(
        "relative-number",
        Level::WorkOut,
        "a sequence number counted from the connection's first",
        work_out::relative_number,
    ),
    of("next-number", Level::WorkOut, "the sequence number behind a segment", work_out::next_number),
    of("mss", Level::WorkOut, "the maximum segment size from the options' bytes", work_out::mss),
    of("window-in-bytes", Level::WorkOut, "a window with its scale", work_out::window_in_bytes),
    of("chunk-size", Level::WorkOut, "the size of a chunk", work_out::chunk_size),
    of("acknowledged-by", Level::Prove, "the packet that acknowledges another", prove::acknowledged_by),
    of("answer-to", Level::Prove, "the packet with which an answer begins", prove::answer_to),
    of("handshake-end", Level::Prove, "the packet that ends a handshake", prove::handshake_end),
    of("close-begins", Level::Prove, "the packet that begins the end of a connection", prove::close_begins),
    of("switch", Level::Prove, "the packet that agrees to WebSocket", prove::switch),
    of("sent-again", Level::Prove, "the first packet that was sent again", prove::sent_again),
    of("first-copy", Level::Prove, "the packet whose bytes another repeats", prove::first_copy),
    of("released-by", Level::Prove, "the ACK that a held segment had waited for", prove::released_by),
    otherwise("predict-packets", "the packets of an update", predict::packets),
    otherwise("predict-frame-bytes", "the frame bytes of an update", predict::frame_bytes),
    otherwise("predict-time", "the time of an update", predict::time),
    otherwise("predict-total-packets", "the packets of the whole capture", predict::total_packets),
    otherwise("predict-total-bytes", "the frame bytes of the whole capture", predict::total_bytes),
];
