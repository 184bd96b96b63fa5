//! A page whose script asks again and again whether there is something new.

use crate::grammar::{Grammar, Media, Update, page_with};
use crate::{Descriptor, Family, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "poll",
    capture_name: "pollapp",
    words: Words {
        title: "Polling",
        subject: "Polling",
        inline: "polling",
        an_update: "an update by polling",
        content: "The content",
    },
    help: "A page that asks again and again",
    to_do: "the server's value changes every {interval}, and the page asks for it every {poll_every}",
    renewal: Renewal::Polled,
    family: Family::Pull,
    number: 5,
    page: Some(include_str!("../../../templates/apps/poll.html")),
    grammar: Grammar::Http {
        page: page_with!("open('GET', '/poll')"),
        update: Update::Answer {
            path: "/poll",
            media: Media::Json,
            form: "{\"time\":\"HH:MM:SS\"}\n",
            nothing_new: Some(304),
        },
    },
    published: None,
};
