//! A person who presses "Refresh page": every update is the whole page again, on the connection kept from the first.

use wirelab_clock::Clock;

use crate::browser::{Button, play_tab};
use crate::{Connect, DriveError, Script, Step};

/// Plays the script against the web app.
pub async fn run<C: Connect>(
    connector: &C,
    clock: &Clock,
    script: &Script,
    on_step: &mut dyn FnMut(&Step),
) -> Result<Vec<Step>, DriveError> {
    play_tab(Button::Reload, connector, clock, script, on_step).await
}
