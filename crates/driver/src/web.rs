//! A person who presses "Refresh page": every update is the whole page again, on the connection kept from the first.

use tokio::time::Instant;

use crate::browser::{Button, Tab};
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the web app's page.
pub(crate) async fn open<'a, C: Connect>(
    connector: &'a C,
    script: &'a Script,
    deadline: Instant,
) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
    Tab::open(Button::Reload, connector, script, deadline).await
}
