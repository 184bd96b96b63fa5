//! What is a client told beforehand?

use std::time::Duration;

use crate::{Profile, Timeline};

/// Everything a scripted client is told beforehand.
#[derive(Clone, Debug)]
pub struct Script {
    /// What to do when.
    pub timeline: Timeline,
    /// Whose requests to send. `tcp` has none.
    pub profile: Profile,
    /// The text of Host, and of the authority in Origin and Referer: `10.0.0.1:8000`. It need not be where the connector
    /// leads: a replay sends the original's.
    pub authority: String,
    /// From one question to the next, where the client asks again and again.
    pub poll_every: Duration,
    /// Where WebSocket keys and masks come from.
    pub seed: u64,
    /// How long a step may stay unanswered before the run ends with an error that names it.
    pub patience: Duration,
}
