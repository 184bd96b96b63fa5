//! A person who presses "Refresh via Ajax": the page once, then an XHR for each update, on the page's connection.

use wirelab_clock::Clock;

use crate::browser::{Button, play_tab};
use crate::{Connect, DriveError, Script, Step};

/// Plays the script against the Ajax app.
pub async fn run<C: Connect>(
    connector: &C,
    clock: &Clock,
    script: &Script,
    on_step: &mut dyn FnMut(&Step),
) -> Result<Vec<Step>, DriveError> {
    play_tab(Button::Xhr, connector, clock, script, on_step).await
}
