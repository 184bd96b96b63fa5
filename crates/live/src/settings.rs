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
    /// Time between two events of an app that pushes.
    pub interval: Duration,
}
