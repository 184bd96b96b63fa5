//! An event stream or a WebSocket: what an update costs as the apps are, and where both push.

use wirelab_catalog::App;

use super::{Find, Known, Place, ReportFinding, Rule};
use crate::numbers::grouped;
use crate::tables::TableKind;

pub const RULE: Rule = Rule {
    id: "stream-or-websocket",
    title: "An update over an event stream, and over a WebSocket",
    place: Place::Question(
        "Which update costs fewer bytes, one over SSE or one over WebSocket? And if the server may push over both?",
    ),
    means: "A WebSocket client that asks pays for the question, too. Where both are pushed, framing makes the difference: a WebSocket \
            frame from the server has 2 bytes of header; an event needs “data: ”, two line ends and, over HTTP/1.1, a chunk size \
            around it.",
    looks: "The rows of both apps in the table of one update, and in that of what is pushed.",
    mistaken: "A property of the protocols alone: what the messages say, and who asks, is the apps'.",
    helps: "Push where nobody needs to ask.",
    source: "RFC 6455, section 5.2",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let row = |kind, app| known.row_of(kind, app);
    let updates = [App::Sse, App::Ws].map(|app| row(TableKind::PerUpdate, app));
    let pushed = [App::Sse, App::Ws].map(|app| row(TableKind::PushOnly, app));
    let ([Some(sse), Some(ws)], [Some(sse_pushed), Some(ws_pushed)]) = (updates, pushed) else { return Vec::new() };
    let text = format!(
        "As the apps are: SSE {} bytes, WebSocket {}. Pushed only: SSE {}, WebSocket {}.",
        grouped(sse.tally.frame_bytes),
        grouped(ws.tally.frame_bytes),
        grouped(sse_pushed.tally.frame_bytes),
        grouped(ws_pushed.tally.frame_bytes)
    );
    vec![RULE.seen(text).shown_by(known.updates([ws, sse]))]
}
