//! A person who presses "Refresh via Ajax": the page once, then an XHR for each update, on the page's connection.

use tokio::time::Instant;

use crate::browser::{Button, Tab};
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the Ajax app's page.
pub(crate) async fn open<'a, C: Connect>(
    connector: &'a C,
    script: &'a Script,
    deadline: Instant,
) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
    Tab::open(Button::Xhr, connector, script, deadline).await
}
