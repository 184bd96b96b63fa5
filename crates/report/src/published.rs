//! What did the experiment of 2021 measure, in the columns of the report?
//!
//! The figures stand in the catalog, with the apps they are of; here they become rows that the tables can show.

use wirelab_analyze::model::{Kind, Layer, Tally};
use wirelab_catalog::App;
use wirelab_catalog::published::{Ending, Miscount, Row};
pub use wirelab_catalog::published::{LOWER_BYTES, UPDATES};

/// One app's published figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The whole capture.
    pub overall: Tally,
    /// One update.
    pub per_update: Tally,
    /// Of it, what the server pushed, for the protocols that can.
    pub push_only: Option<Tally>,
    /// How the conversation ended.
    pub ending: Ending,
    /// Where the table and its own packets disagree.
    pub miscount: Option<Miscount>,
    exchanges: [(Kind, Row); 6],
}

impl Published {
    /// All exchanges of a kind.
    pub fn of_kind(&self, kind: Kind) -> Tally {
        self.exchanges.iter().filter(|(of, _)| *of == kind).map(|&(_, row)| tally(row)).sum()
    }
}

/// The published figures of an app; none of one that was not there in 2021.
pub fn of(app: App) -> Option<Published> {
    let published = app.descriptor().published?;
    let (parts, exchanges) = (published.parts, published.exchanges);
    let mut per_update = Tally { useful_bytes: 8, ..tally(published.per_update) };
    for (layer, bytes) in [
        (Layer::RequestHead, parts.request_head),
        (Layer::ResponseHead, parts.response_head),
        (Layer::Framing, parts.framing),
        (Layer::Content, parts.content),
    ] {
        per_update.layers[layer] = bytes;
    }
    Some(Published {
        overall: tally(published.overall),
        per_update,
        push_only: published.push_only.map(tally),
        ending: published.ending,
        miscount: published.miscount,
        exchanges: [
            (Kind::Setup, exchanges.setup),
            (Kind::Greeting, exchanges.greeting),
            (Kind::Page, exchanges.page),
            (Kind::Subscribe, exchanges.subscribe),
            (Kind::Update, exchanges.update),
            (Kind::Close, exchanges.close),
        ],
    })
}

/// A published row with the bytes below TCP worked out: the columns that 2021 did not print stay 0.
fn tally((total_packets, app_packets, frame_bytes, tcp_bytes, app_bytes): Row) -> Tally {
    Tally {
        total_packets,
        app_packets,
        frame_bytes,
        app_bytes,
        layers: [(Layer::Lower, LOWER_BYTES * total_packets), (Layer::Tcp, tcp_bytes)].into(),
        ..Tally::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_update_adds_up_with_its_parts() {
        for published in App::ALL.into_iter().filter_map(of) {
            assert!(published.per_update.adds_up(), "{published:?}");
        }
    }
}
