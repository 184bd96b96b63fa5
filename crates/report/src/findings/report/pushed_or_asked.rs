//! What is asked for, and what is pushed.

use wirelab_catalog::App;

use super::{Find, Known, Place, ReportFinding, Rule};
use crate::numbers::grouped;
use crate::tables::TableKind;

pub const RULE: Rule = Rule {
    id: "pushed-or-asked",
    title: "What only the server sends",
    place: Place::Lead,
    means: "A WebSocket client may ask for each update, and a server may push it without being asked. Compared with an event \
            stream, which is pushed, only what the server sends and the client's ACKs of it are alike.",
    looks: "A capture of the WebSocket app in which an update has a request, and one of the event stream.",
    mistaken: "A property of WebSocket: the app asks because its page has a button.",
    helps: "Look at the table of what is pushed.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let bytes = |kind, app| known.row_of(kind, app).map(|row| (row, row.tally.frame_bytes));
    let (asked, pushed) = (bytes(TableKind::PerUpdate, App::Ws), bytes(TableKind::PushOnly, App::Ws));
    let (Some((_, asked)), Some((ws, pushed)), Some((stream, sse))) =
        (asked, pushed, bytes(TableKind::PushOnly, App::Sse))
    else {
        return Vec::new();
    };
    if asked <= pushed {
        return Vec::new();
    }
    let text = format!(
        "The WebSocket client here asks for each update, and SSE is pushed without being asked: of what only the server pushes and \
         its ACK, WebSocket takes {} bytes and SSE {}.",
        grouped(pushed),
        grouped(sse)
    );
    vec![RULE.seen(text).shown_by(known.updates([ws, stream]))]
}
