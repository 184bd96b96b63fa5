//! Which ways send a head with every update.

use wirelab_analyze::model::Layer;

use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::numbers::{capital, grouped, listed};
use crate::tables::{Row, TableKind};

pub const RULE: Rule = Rule {
    id: "heads-each-time",
    title: "Which ways send a head with every update",
    place: Place::Heading(Section::Proof),
    means: "A request and its answer each have a head. An event stream or a WebSocket sends its head once, when it is opened, and an \
            update of it is framing and content alone.",
    looks: "The bytes of request and response heads in the row of one update of each capture.",
    mistaken: "A large update: what it brings is counted apart, as content.",
    helps: "Keep one stream open where updates are many and small.",
    source: "RFC 9110, section 6.3",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let rows = known.rows(TableKind::PerUpdate);
    if rows.is_empty() {
        return Vec::new();
    }
    vec![RULE.seen(said(rows)).shown_by(known.updates(rows))]
}

fn said(rows: &[Row]) -> String {
    let heads = |row: &Row| row.tally.layers[Layer::RequestHead] + row.tally.layers[Layer::ResponseHead];
    let Some(most) = rows.iter().max_by_key(|row| heads(row)).filter(|row| heads(row) > 0) else {
        return "No update here carries an HTTP head: what differs is framing and the number of packets.".to_owned();
    };
    let first = format!(
        "{} sends {} bytes of HTTP heads with an update to bring {} bytes of content.",
        most.title,
        grouped(heads(most)),
        grouped(most.tally.layers[Layer::Content])
    );
    let without: Vec<String> = rows.iter().filter(|row| heads(row) == 0).map(Row::inline).collect();
    if without.is_empty() {
        return first;
    }
    let send = if without.len() == 1 { "sends" } else { "send" };
    format!("{first} {} {send} none.", capital(&listed(&without)))
}
