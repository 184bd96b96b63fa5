//! A person who watches: the page, whose script opens a WebSocket; then the server pushes messages.

use tokio::time::Instant;
use wirelab_catalog::App;

use crate::socket::{Tab, Updates};
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the pushing WebSocket app's page, and its WebSocket.
pub(crate) async fn open<'a, C: Connect>(
    connector: &'a C,
    script: &'a Script,
    deadline: Instant,
) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
    Tab::open(App::WsPush, Updates::Pushed, connector, script, deadline).await
}
