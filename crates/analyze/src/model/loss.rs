//! What became of a frame that the link dropped?
//!
//! Known only where something beside the capture says what the link did: for wirelab's own runs, run.json.

use schemars::JsonSchema;
use serde::Serialize;

/// A frame that the link dropped, and what that cost.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Loss {
    /// Its number in the capture; null where the capture point never saw it.
    pub frame: Option<u64>,
    /// Whether it was going to the client; else to the server.
    pub to_client: bool,
    /// When it was sent, in seconds since the first frame of the capture: below 0 where that came later.
    pub sent_s: f64,
    /// Its bytes, headers included.
    pub bytes: u32,
    /// The option that made the link drop it: "--loss 5%".
    pub option: String,
    /// The exchange whose bytes were in it, as an index into `exchanges`; null for an ACK on its own, or beyond the row limit.
    pub exchange: Option<usize>,
    /// The packets that brought its bytes again.
    pub again: Vec<SentAgain>,
    /// How much later its bytes arrived than they would have, in seconds.
    pub waited_s: f64,
}

/// A packet that brought lost bytes again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SentAgain {
    /// Its number in the capture; null where the capture point never saw it.
    pub frame: Option<u64>,
    /// Its bytes, headers included.
    pub bytes: u32,
    /// How long after the lost one it was sent, in seconds.
    pub after_s: f64,
    /// Whether it arrived.
    pub arrived: bool,
    /// Whether three duplicate ACKs had asked for it; else a time-out made its sender send it.
    pub asked: bool,
}
