//! After how many updates a WebSocket has paid off against Ajax.

use wirelab_catalog::App;

use super::{Find, Known, Place, ReportFinding, Rule};
use crate::findings::{costs, crossing};
use crate::numbers::grouped;

pub const RULE: Rule = Rule {
    id: "websocket-pays-off",
    title: "When a WebSocket has paid off",
    place: Place::Question(
        "Setting up a WebSocket takes a second handshake and an upgrade. After how many updates has that paid off against Ajax?",
    ),
    means: "Before its first update the WebSocket app has paid more than Ajax, and each update adds less, since no heads are sent again.",
    looks: "What is paid once, and the row of one update, of both apps.",
    mistaken: "A measurement of that many updates: it is worked out from the rows.",
    helps: "For a single update, do not open a WebSocket.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let costs = costs(known.analysis);
    let is_of = |capture: usize, app| known.captures().get(capture).is_some_and(|one| one.app == Some(app));
    let of = |app| costs.iter().find(|cost| is_of(cost.capture, app));
    let (Some(ajax), Some(ws)) = (of(App::Ajax), of(App::Ws)) else { return Vec::new() };
    let Some(at) = crossing(ajax, ws) else { return Vec::new() };
    let text = format!(
        "From update {at} on. Before the first update WebSocket has cost {} bytes and Ajax {}; then each update adds {} and {}.",
        grouped(ws.fixed),
        grouped(ajax.fixed),
        ws.each_in_words(),
        ajax.each_in_words()
    );
    let evidence = [ws, ajax].into_iter().flat_map(|cost| [known.update(cost.capture), known.once(cost)]);
    vec![RULE.seen(text).shown_by(evidence)]
}
