//! Server-sent events (WHATWG HTML, section 9.2).

use crate::grammar::{Grammar, Update, page_with};
use crate::published::{Ending, Exchanges, Parts};
use crate::{Descriptor, Family, Published, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "sse",
    capture_name: "sseapp",
    words: Words { title: "SSE", subject: "SSE", inline: "SSE", an_update: "an SSE update", content: "The content" },
    help: "Server-sent events",
    to_do: "the server pushes its time every {interval}",
    renewal: Renewal::Pushed,
    family: Family::Push,
    number: 3,
    page: Some(include_str!("../../../templates/apps/sse.html")),
    grammar: Grammar::Http {
        page: page_with!("new EventSource('/time')"),
        update: Update::Events { path: "/time", form: "{\"time\": \"HH:MM:SS\"}" },
    },
    published: Some(Published {
        overall: (21, 8, 3015, 692, 1609),
        per_update: (2, 1, 166, 64, 34),
        parts: Parts { request_head: 0, response_head: 0, framing: 14, content: 20 },
        push_only: Some((2, 1, 166, 64, 34)),
        exchanges: Exchanges {
            setup: (3, 0, 218, 116, 0),
            page: (6, 3, 1427, 192, 1031),
            subscribe: (4, 2, 740, 128, 476),
            update: (6, 3, 498, 192, 102),
            close: (2, 0, 132, 64, 0),
            ..Exchanges::NONE
        },
        ending: Ending::Unnoticed,
        miscount: None,
        page_length: Some(569),
    }),
};
