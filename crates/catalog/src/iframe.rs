//! A page with a tiny page in a frame, which alone is loaded again.

use crate::descriptor::A_CLICK;
use crate::grammar::{Grammar, Media, Update, page_with};
use crate::{Descriptor, Family, Renewal, Words};

pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    name: "iframe",
    capture_name: "iframeapp",
    words: Words {
        title: "Frame in a page",
        subject: "A frame in a page",
        inline: "the frame in a page",
        an_update: "an update of a frame",
        content: "The tiny page",
    },
    help: "A tiny page in a frame, reloaded",
    to_do: A_CLICK,
    renewal: Renewal::Asked,
    family: Family::Pull,
    number: 8,
    page: Some(include_str!("../../../templates/apps/iframe.html")),
    grammar: Grammar::Http {
        page: page_with!("<iframe id=f src=/tiny "),
        update: Update::Answer {
            path: "/tiny",
            media: Media::Html,
            form: "<!DOCTYPE html><title>Time</title><time>HH:MM:SS</time>\n",
            nothing_new: None,
        },
    },
    published: None,
};
