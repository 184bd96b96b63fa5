//! What did the experiment of 2021 measure?
//!
//! The published tables ("From Sockets to WebSockets", 2021: a Python server on Debian 10, Firefox 89 and netcat on
//! macOS, 25 ms apart), and how their packets and bytes fall on exchanges. These are facts to compare with, not
//! something that is measured here. Each capture had three updates.

use wirelab_analyze::model::{App, Kind, Tally};

/// How many updates each capture of 2021 had.
pub const UPDATES: u64 = 3;

/// The bytes below TCP of each of its packets: Ethernet header and IPv4 header without options.
pub const LOWER_BYTES: u64 = 34;

/// The packets with payload that the WebSocket capture of 2021 holds. Its table says 12: three of the page, two of the
/// upgrade, six of the updates and two close frames are 13, and tshark counts 13 too.
pub const WS_APP_PACKETS: u64 = 13;

/// One app's published figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The whole capture.
    pub overall: Tally,
    /// One update.
    pub per_update: Tally,
    /// Of it, what the server pushed, for the protocols that can.
    pub push_only: Option<Tally>,
    /// The whole capture by what its packets were for, all updates together.
    pub exchanges: &'static [(Kind, Row)],
}

/// Packets, packets with payload, frame bytes, TCP bytes, app bytes: a row as it was published.
pub type Row = (u64, u64, u64, u64, u64);

/// Overall, per update, the parts of its app bytes, push only, exchanges.
type Figures = (Row, Row, [u64; 4], Option<Row>, &'static [(Kind, Row)]);

/// The published figures of an app.
pub fn of(app: App) -> Published {
    let (overall, per_update, parts, push_only, exchanges): Figures = match app {
        App::Tcp => (
            (18, 7, 1283, 596, 75),
            (3, 2, 213, 96, 15),
            [0, 0, 0, 15],
            Some((2, 1, 142, 64, 10)),
            &[
                (Kind::Setup, (3, 0, 218, 116, 0)),
                (Kind::Greeting, (2, 1, 162, 64, 30)),
                (Kind::Update, (10, 6, 705, 320, 45)),
                (Kind::Close, (3, 0, 198, 96, 0)),
            ],
        ),
        App::Web => (
            (27, 12, 5468, 884, 3666),
            (5, 3, 1253, 160, 923),
            [371, 117, 0, 435],
            None,
            &[
                (Kind::Setup, (3, 0, 218, 116, 0)),
                (Kind::Page, (6, 3, 1293, 192, 897)),
                (Kind::Update, (15, 9, 3759, 480, 2769)),
                (Kind::Close, (3, 0, 198, 96, 0)),
            ],
        ),
        App::Ajax => (
            (27, 12, 4316, 884, 2514),
            (5, 3, 745, 160, 415),
            [287, 108, 0, 20],
            None,
            &[
                (Kind::Setup, (3, 0, 218, 116, 0)),
                (Kind::Page, (6, 3, 1665, 192, 1269)),
                (Kind::Update, (15, 9, 2235, 480, 1245)),
                (Kind::Close, (3, 0, 198, 96, 0)),
            ],
        ),
        App::Sse => (
            (21, 8, 3015, 692, 1609),
            (2, 1, 166, 64, 34),
            [0, 0, 14, 20],
            Some((2, 1, 166, 64, 34)),
            &[
                (Kind::Setup, (3, 0, 218, 116, 0)),
                (Kind::Page, (6, 3, 1427, 192, 1031)),
                (Kind::Subscribe, (4, 2, 740, 128, 476)),
                (Kind::Update, (6, 3, 498, 192, 102)),
                (Kind::Close, (2, 0, 132, 64, 0)),
            ],
        ),
        App::Ws => (
            (34, 12, 4163, 1104, 1903),
            (3, 2, 234, 96, 36),
            [0, 0, 8, 28],
            Some((2, 1, 154, 64, 22)),
            &[
                (Kind::Setup, (6, 0, 436, 232, 0)),
                (Kind::Page, (6, 3, 1577, 192, 1181)),
                (Kind::Subscribe, (4, 2, 868, 128, 604)),
                (Kind::Update, (9, 6, 702, 288, 108)),
                (Kind::Close, (9, 2, 580, 264, 10)),
            ],
        ),
    };
    let [request_head_bytes, response_head_bytes, framing_bytes, content_bytes] = parts;
    Published {
        overall: tally(overall),
        per_update: Tally {
            request_head_bytes,
            response_head_bytes,
            framing_bytes,
            content_bytes,
            useful_bytes: 8,
            ..tally(per_update)
        },
        push_only: push_only.map(tally),
        exchanges,
    }
}

/// A published row with the bytes below TCP worked out: the columns that 2021 did not print stay 0.
pub fn tally((total_packets, app_packets, frame_bytes, tcp_bytes, app_bytes): Row) -> Tally {
    Tally {
        total_packets,
        app_packets,
        frame_bytes,
        lower_bytes: LOWER_BYTES * total_packets,
        tcp_bytes,
        app_bytes,
        ..Tally::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula printed under the tables of 2021, and that the exchanges add up to the capture: all but the one
    /// figure in which the published table and the published packets disagree.
    #[test]
    fn the_published_figures_add_up() {
        for app in App::ALL {
            let published = of(app);
            let exchanges: Tally = published.exchanges.iter().map(|&(_, row)| tally(row)).sum();
            let overall = match app {
                App::Ws => Tally { app_packets: WS_APP_PACKETS, ..published.overall },
                _ => published.overall,
            };
            assert_eq!(exchanges, overall, "{app}");
            assert!(published.per_update.adds_up(), "{app}");
            for row in published.push_only.iter().chain([&published.overall]) {
                assert_eq!(row.frame_bytes, 34 * row.total_packets + row.tcp_bytes + row.app_bytes, "{app}");
            }
            for &(kind, row) in published.exchanges {
                let row = tally(row);
                assert_eq!(row.frame_bytes, row.lower_bytes + row.tcp_bytes + row.app_bytes, "{app} {kind:?}");
            }
        }
    }
}
