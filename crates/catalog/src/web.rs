//! The full page, loaded again.

use crate::descriptor::A_CLICK;
use crate::grammar::{Grammar, Update, page_with};
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
    to_do: A_CLICK,
    renewal: Renewal::Asked,
    family: Family::Pull,
    number: 1,
    page: Some(include_str!("../../../templates/apps/web.html")),
    grammar: Grammar::Http { page: page_with!("location.reload()"), update: Update::Page },
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
