//! A page whose script asks for the time alone.

use crate::descriptor::A_CLICK;
use crate::grammar::{Grammar, Media, Update, page_with};
use crate::published::{Ending, Exchanges, Parts};
use crate::{Descriptor, Family, Published, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "ajax",
    capture_name: "ajaxapp",
    words: Words {
        title: "Ajax",
        subject: "Ajax",
        inline: "Ajax",
        an_update: "an Ajax update",
        content: "The content",
    },
    help: "A page that fetches JSON",
    to_do: A_CLICK,
    renewal: Renewal::Asked,
    family: Family::Pull,
    number: 2,
    page: Some(include_str!("../../../templates/apps/ajax.html")),
    grammar: Grammar::Http {
        page: page_with!("open('GET', '/time')"),
        update: Update::Answer {
            path: "/time",
            media: Media::Json,
            form: "{\"time\":\"HH:MM:SS\"}\n",
            nothing_new: None,
        },
    },
    published: Some(Published {
        overall: (27, 12, 4316, 884, 2514),
        per_update: (5, 3, 745, 160, 415),
        parts: Parts { request_head: 287, response_head: 108, framing: 0, content: 20 },
        push_only: None,
        exchanges: Exchanges {
            setup: (3, 0, 218, 116, 0),
            page: (6, 3, 1665, 192, 1269),
            update: (15, 9, 2235, 480, 1245),
            close: (3, 0, 198, 96, 0),
            ..Exchanges::NONE
        },
        ending: Ending::Plain,
        miscount: None,
        page_length: Some(807),
    }),
};
