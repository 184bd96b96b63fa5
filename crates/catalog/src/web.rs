//! The full page, loaded again.

use crate::grammar::{Grammar, Update};
use crate::published::{Ending, Exchanges, Parts};
use crate::{Descriptor, Family, Published, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "web",
    capture_name: "webapp",
    words: Words {
        title: "Full page",
        subject: "A full page",
        inline: "the full page",
        an_update: "a full-page update",
        content: "The page",
    },
    help: "The full page, reloaded",
    to_do: "a click gets the server's time again",
    renewal: Renewal::Asked,
    family: Family::Pull,
    number: 1,
    page: Some(include_str!("../../../templates/apps/web.html")),
    grammar: Grammar::Http {
        page: "<!DOCTYPE html>*<p>Server time*<time*>HH:MM:SS</time>*location.reload()*",
        update: Update::Page,
    },
    published: Some(Published {
        overall: (27, 12, 5468, 884, 3666),
        per_update: (5, 3, 1253, 160, 923),
        parts: Parts { request_head: 371, response_head: 117, framing: 0, content: 435 },
        push_only: None,
        exchanges: Exchanges {
            setup: (3, 0, 218, 116, 0),
            page: (6, 3, 1293, 192, 897),
            update: (15, 9, 3759, 480, 2769),
            close: (3, 0, 198, 96, 0),
            ..Exchanges::NONE
        },
        ending: Ending::Plain,
        miscount: None,
        page_length: Some(435),
    }),
};
