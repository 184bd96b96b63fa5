//! A person who presses "Refresh via WebSocket": the page's script asks for each update with a message.

use tokio::time::Instant;
use wirelab_catalog::App;

use crate::socket::{Tab, Updates};
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the WebSocket app's page, and its WebSocket.
pub(crate) async fn open<'a, C: Connect>(
    connector: &'a C,
    script: &'a Script,
    deadline: Instant,
) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
    Tab::open(App::Ws, ASKED, connector, script, deadline).await
}

const ASKED: Updates =
    Updates::Asked { message: "get-time", sent: "\"get-time\"", awaited: "the answer to \"get-time\"" };
