//! A page whose script asks for something new, and is answered when there is.

use crate::grammar::{Grammar, Media, Update, page_with};
use crate::{Descriptor, Family, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "long-poll",
    capture_name: "longpollapp",
    words: Words {
        title: "Long polling",
        subject: "Long polling",
        inline: "long polling",
        an_update: "an update by long polling",
        content: "The content",
    },
    help: "A page whose request is held until there is something new",
    to_do: "the server's value changes every {interval}, and the page's request waits for it",
    renewal: Renewal::Held,
    family: Family::Pull,
    number: 7,
    page: Some(include_str!("../../../templates/apps/long-poll.html")),
    grammar: Grammar::Http {
        page: page_with!("open('GET', '/next"),
        update: Update::Answer {
            path: "/next",
            media: Media::Json,
            form: "{\"time\":\"HH:MM:SS\"}\n",
            nothing_new: Some(204),
        },
    },
    published: None,
};
