//! Messages over a WebSocket (RFC 6455).

use crate::descriptor::A_CLICK;
use crate::grammar::{Grammar, Update, page_with};
use crate::published::{Ending, Exchanges, Miscount, Parts};
use crate::{Descriptor, Family, Published, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "ws",
    capture_name: "wsapp",
    words: Words {
        title: "WebSocket",
        subject: "WebSocket",
        inline: "WebSocket",
        an_update: "a WebSocket update",
        content: "The content",
    },
    help: "WebSocket",
    to_do: A_CLICK,
    renewal: Renewal::Asked,
    family: Family::Push,
    number: 4,
    page: Some(include_str!("../../../templates/apps/ws.html")),
    grammar: Grammar::Http {
        page: page_with!("new WebSocket('ws://' + *location.host + '/time')"),
        update: Update::Messages {
            path: "/time",
            request: Some("get-time"),
            forms: &["{\"time\": \"HH:MM:SS\"}", "{\"error\": \"unknown command\"}"],
        },
    },
    published: Some(Published {
        // Its own capture holds one packet with payload more than the table says.
        overall: (34, 12, 4163, 1104, 1903),
        per_update: (3, 2, 234, 96, 36),
        parts: Parts { request_head: 0, response_head: 0, framing: 8, content: 28 },
        push_only: Some((2, 1, 154, 64, 22)),
        exchanges: Exchanges {
            setup: (6, 0, 436, 232, 0),
            page: (6, 3, 1577, 192, 1181),
            subscribe: (4, 2, 868, 128, 604),
            update: (9, 6, 702, 288, 108),
            close: (9, 2, 580, 264, 10),
            ..Exchanges::NONE
        },
        ending: Ending::Reset,
        miscount: Some(Miscount {
            app_packets: 13,
            they_are: "three of the page, two of the upgrade, six of the updates, two close frames",
        }),
        page_length: Some(719),
    }),
};
