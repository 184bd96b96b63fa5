//! A person who presses "Reload the frame": the page and the frame in it, then the frame alone for each update, on the page's
//! connection.

use tokio::time::Instant;

use crate::browser::{Button, Tab};
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the page with the frame.
pub(crate) async fn open<'a, C: Connect>(
    connector: &'a C,
    script: &'a Script,
    deadline: Instant,
) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
    Tab::open(Button::Frame, connector, script, deadline).await
}
