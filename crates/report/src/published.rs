//! What did the experiment of 2021 measure, in the columns of the report?
//!
//! The figures stand in the catalog, with the apps they are of; here they become rows that the tables can show.

use wirelab_analyze::model::{Capture, Kind, Layer, Tally};
use wirelab_catalog::App;
use wirelab_catalog::published::{Ending, Miscount, Row};
pub use wirelab_catalog::published::{LOWER_BYTES, UPDATES};

use crate::lookup;

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

/// One kind of exchange, measured and published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindRow {
    /// The kind.
    pub kind: Kind,
    /// Here.
    pub now: Tally,
    /// In 2021.
    pub then: Tally,
}

/// The whole capture by what its packets were for, beside 2021: where the totals differ. Empty where the two are not
/// comparable.
pub fn by_kind(capture: &Capture) -> Vec<KindRow> {
    let Some(facts) = comparable(capture) else { return Vec::new() };
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let (now, then) = kinds(capture, &facts, kind);
            KindRow { kind, now, then }
        })
        .filter(|row| row.now.total_packets + row.then.total_packets > 0)
        .collect()
}

/// The figures of 2021, where the capture has as many updates as theirs had: with another number of them the totals
/// say nothing.
pub(crate) fn comparable(capture: &Capture) -> Option<Published> {
    capture.app.filter(|_| capture.update_count == UPDATES).and_then(of)
}

fn kinds(capture: &Capture, facts: &Published, kind: Kind) -> (Tally, Tally) {
    (lookup::of_kind(capture, kind), facts.of_kind(kind))
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
