//! How many connections the WebSocket app opens for a visitor.

use wirelab_analyze::model::Kind;
use wirelab_catalog::App;

use super::{Find, Known, Place, ReportFinding, Rule};
use crate::numbers::{capital, word};

pub const RULE: Rule = Rule {
    id: "websocket-connections",
    title: "The connections of the WebSocket app",
    place: Place::Question("How many TCP connections does the WebSocket app open for one visitor, and why?"),
    means: "The page comes over one connection, which a browser keeps open for more requests. A WebSocket takes a connection for \
            itself, since after the upgrade no HTTP can be spoken on it.",
    looks: "The handshakes of a capture with one client.",
    mistaken: "Connections of several visitors.",
    helps: "Nothing need be done.",
    source: "RFC 6455, section 4.1",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let mut own = known.captures().iter().enumerate().filter(|(_, capture)| capture.app == Some(App::Ws));
    let found = own.find(|(_, capture)| {
        let first = capture.connections.first();
        first.is_some_and(|first| capture.connections.iter().all(|one| one.client.addr == first.client.addr))
    });
    let finding = |(at, capture): (usize, &wirelab_analyze::model::Capture)| {
        let text = format!("{} here.", capital(&word(capture.connections.len() as u64)));
        RULE.seen(text).shown_by([known.kind(at, Kind::Setup)])
    };
    found.map(finding).into_iter().collect()
}
