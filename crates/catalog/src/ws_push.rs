//! Messages over a WebSocket (RFC 6455) that nobody asked for.

use crate::grammar::{Grammar, Update, page_with};
use crate::{Descriptor, Family, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "ws-push",
    capture_name: "wspushapp",
    words: Words {
        title: "WebSocket push",
        subject: "A pushing WebSocket",
        inline: "a pushing WebSocket",
        an_update: "an update pushed over WebSocket",
        content: "The content",
    },
    help: "WebSocket, pushed by the server",
    to_do: "the server pushes its time every {interval}",
    renewal: Renewal::Pushed,
    family: Family::Push,
    number: 6,
    page: Some(include_str!("../../../templates/apps/ws-push.html")),
    grammar: Grammar::Http {
        page: page_with!("new WebSocket('ws://' + *location.host + '/push')"),
        update: Update::Messages { path: "/push", request: None, forms: &["{\"time\": \"HH:MM:SS\"}"] },
    },
    published: None,
};
