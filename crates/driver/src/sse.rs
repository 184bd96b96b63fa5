//! A person who watches: the page, whose script opens an EventSource; then the server pushes events.

use tokio::time::Instant;
use wirelab_catalog::App;

use crate::event_stream::EventReader;
use crate::profile::Call;
use crate::subscription::{self, Records, Tab};
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the SSE app's page, and subscribes.
pub(crate) async fn open<C: Connect>(
    connector: &C,
    script: &Script,
    deadline: Instant,
) -> Result<(Tab<C::Io, EventReader>, TimeOfDay), Fault> {
    subscription::open(Call::EventSource, App::Sse.path(), connector, script, deadline).await
}

/// The data of its `message` events: a page listens to `message` only, any other kind it never sees.
impl Records for EventReader {
    const MEDIA_TYPE: &'static str = "text/event-stream";
    const AWAITED: &'static str = "an event";
    const ENDLESS: &'static str = "an event stream that goes on";

    fn read(&mut self, bytes: &[u8], mut take: impl FnMut(String)) -> Result<(), Fault> {
        let of_the_page = |event: crate::event_stream::Event| {
            if event.kind == "message" {
                take(event.data);
            }
        };
        Ok(EventReader::read(self, bytes, of_the_page)?)
    }

    fn pending(&self) -> usize {
        EventReader::pending(self)
    }
}
