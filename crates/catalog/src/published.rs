//! What did the experiment of 2021 measure?
//!
//! The published tables ("From Sockets to WebSockets", 2021: a Python server on Debian 10, Firefox 89 and netcat on
//! macOS, 25 ms apart), and how their packets and bytes fall on exchanges. These are facts to compare with, not
//! something that is measured here. Each capture had three updates.

/// How many updates each capture of 2021 had.
pub const UPDATES: u64 = 3;

/// The bytes below TCP of each of its packets: Ethernet header and IPv4 header without options.
pub const LOWER_BYTES: u64 = 34;

/// One app's published figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The whole capture.
    pub overall: Row,
    /// One update.
    pub per_update: Row,
    /// What the app bytes of one update are.
    pub parts: Parts,
    /// Of one update, what the server pushed, for the protocols that can.
    pub push_only: Option<Row>,
    /// The whole capture by what its packets were for.
    pub exchanges: Exchanges,
    /// How the conversation ended.
    pub ending: Ending,
    /// Where the table and its own packets disagree.
    pub miscount: Option<Miscount>,
    /// How long its page was, in bytes.
    pub page_length: Option<usize>,
}

/// Packets, packets with payload, frame bytes, TCP bytes, app bytes: a row as it was published.
pub type Row = (u64, u64, u64, u64, u64);

/// The app bytes of an update by what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Request line and header fields.
    pub request_head: u64,
    /// Status line and header fields.
    pub response_head: u64,
    /// Chunk sizes, `data:`, WebSocket headers and masks.
    pub framing: u64,
    /// The rest.
    pub content: u64,
}

/// A whole capture by what its packets were for. The rows add up to the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanges {
    /// Handshakes.
    pub setup: Row,
    /// What a line server says first.
    pub greeting: Row,
    /// The page.
    pub page: Row,
    /// Opening an event stream, or upgrading to WebSocket.
    pub subscribe: Row,
    /// All updates together.
    pub update: Row,
    /// The end.
    pub close: Row,
}

impl Exchanges {
    /// No packet at all: what is not said of an app is nothing.
    pub(crate) const NONE: Exchanges =
        Exchanges { setup: NO_ROW, greeting: NO_ROW, page: NO_ROW, subscribe: NO_ROW, update: NO_ROW, close: NO_ROW };
}

/// How a conversation of 2021 ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Each side closed, and heard the other out.
    Plain,
    /// The client had closed its socket when the server's last bytes arrived: its TCP answered with RST.
    Reset,
    /// The client left, and the capture ended before the server noticed.
    Unnoticed,
}

/// A figure of a published table that its own capture does not bear out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miscount {
    /// The packets with payload that the capture holds.
    pub app_packets: u64,
    /// What these are.
    pub they_are: &'static str,
}

const NO_ROW: Row = (0, 0, 0, 0, 0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::App;

    fn sum(rows: impl IntoIterator<Item = Row>) -> Row {
        rows.into_iter().fold(NO_ROW, |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3, a.4 + b.4))
    }

    /// The formula printed under the tables of 2021, and that the exchanges add up to the capture: all but the one
    /// figure in which the published table and the published packets disagree.
    #[test]
    fn the_published_figures_add_up() {
        let mut seen = 0;
        for app in App::ALL {
            let Some(published) = app.descriptor().published else { continue };
            let Exchanges { setup, greeting, page, subscribe, update, close } = published.exchanges;
            let exchanges = [setup, greeting, page, subscribe, update, close];
            let mut overall = published.overall;
            if let Some(miscount) = published.miscount {
                assert_ne!(overall.1, miscount.app_packets, "{app}");
                overall.1 = miscount.app_packets;
            }
            assert_eq!(sum(exchanges), overall, "{app}");
            let parts = published.parts;
            let app_bytes = parts.request_head + parts.response_head + parts.framing + parts.content;
            assert_eq!(app_bytes, published.per_update.4, "{app}");
            let rows = [published.overall, published.per_update];
            for (packets, _, frame_bytes, tcp_bytes, app_bytes) in
                rows.into_iter().chain(published.push_only).chain(exchanges)
            {
                assert_eq!(frame_bytes, LOWER_BYTES * packets + tcp_bytes + app_bytes, "{app}");
            }
            assert_eq!(published.page_length.is_some(), app.descriptor().page.is_some(), "{app}");
            seen += 1;
        }
        assert_eq!(seen, 5);
    }
}
