//! What can be changed while a bench runs?

use std::time::Duration;

use wirelab_apps::AnswerStyle;
use wirelab_wire::Quality;

/// What holds from the next connection on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How good the link is.
    pub quality: Quality,
    /// How the app writes an HTTP answer.
    pub style: AnswerStyle,
    /// Time between two events of an app that pushes, or two changes of a value that is asked for.
    pub interval: Duration,
}

impl Settings {
    /// The time between two questions of a page that asks again and again, where a value changes once in this interval.
    pub fn poll_every(interval: Duration) -> Duration {
        interval / 5
    }
}
