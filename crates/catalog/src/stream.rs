//! An answer without end, read line by line.

use crate::grammar::{Grammar, Update, page_with};
use crate::{Descriptor, Family, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "stream",
    capture_name: "streamapp",
    words: Words {
        title: "Streaming",
        subject: "Streaming",
        inline: "streaming",
        an_update: "an update of a stream",
        content: "The content",
    },
    help: "An answer without end, a line of JSON for each update",
    to_do: "the server pushes its time every {interval}",
    renewal: Renewal::Pushed,
    family: Family::Push,
    number: 9,
    page: Some(include_str!("../../../templates/apps/stream.html")),
    grammar: Grammar::Http {
        page: page_with!("fetch('/feed')"),
        update: Update::Lines { path: "/feed", form: "{\"time\": \"HH:MM:SS\"}" },
    },
    published: None,
};
