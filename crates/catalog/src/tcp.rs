//! Lines over raw TCP.

use crate::grammar::Grammar;
use crate::published::{Ending, Exchanges, Parts};
use crate::{Descriptor, Family, Published, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "tcp",
    capture_name: "tcpapp",
    words: Words {
        title: "Raw TCP",
        subject: "Raw TCP",
        inline: "raw TCP",
        an_update: "a raw TCP update",
        content: "The content",
    },
    help: "Lines over raw TCP",
    to_do: "type `time` or `bye`",
    renewal: Renewal::Asked,
    family: Family::Push,
    number: 0,
    page: None,
    grammar: Grammar::Lines {
        greeting: "Hello!\nServer time: HH:MM:SS\n\n",
        answers: &["HH:MM:SS\n\n", "I do not understand: *\n\n", "Good bye!\n"],
    },
    published: Some(Published {
        overall: (18, 7, 1283, 596, 75),
        per_update: (3, 2, 213, 96, 15),
        parts: Parts { request_head: 0, response_head: 0, framing: 0, content: 15 },
        push_only: Some((2, 1, 142, 64, 10)),
        exchanges: Exchanges {
            setup: (3, 0, 218, 116, 0),
            greeting: (2, 1, 162, 64, 30),
            update: (10, 6, 705, 320, 45),
            close: (3, 0, 198, 96, 0),
            ..Exchanges::NONE
        },
        ending: Ending::Plain,
        miscount: None,
        page_length: None,
    }),
};
