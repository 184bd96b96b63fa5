//! What is there to know of an app without running it?

use crate::Published;
use crate::grammar::Grammar;

/// Everything that is known of an app.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// The short name: on the command line, in JSON, in links.
    pub name: &'static str,
    /// The name of its capture.
    pub capture_name: &'static str,
    /// What it is called in sentences.
    pub words: Words,
    /// What it is, in a few words: for the help of the command line.
    pub help: &'static str,
    /// What a person does who opens it; `{interval}` stands for the time between two updates, `{poll_every}` for that
    /// between two questions of a client that asks again and again.
    pub to_do: &'static str,
    /// Who causes an update.
    pub renewal: Renewal,
    /// Which group of apps it belongs to.
    pub family: Family,
    /// Its number in seeds: each app draws its own keys and masks, and the same ones whatever other apps there are.
    pub number: u8,
    /// The template of its page, which fills the layout `page.html`; none where it is no use to open it in a browser.
    pub page: Option<&'static str>,
    /// How it is recognised in a capture of which nothing else says what it is.
    pub grammar: Grammar,
    /// What was published of it in 2021, where it was there.
    pub published: Option<Published>,
}

/// What an app is called in sentences.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// As a title: "Full page".
    pub title: &'static str,
    /// As the subject of a sentence: "A full page".
    pub subject: &'static str,
    /// Inside a sentence: "the full page".
    pub inline: &'static str,
    /// One update inside a sentence: "a full-page update".
    pub an_update: &'static str,
    /// What an update brings, as the subject of a sentence: "The page".
    pub content: &'static str,
}

/// Who causes an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Renewal {
    /// The client asks, and the server answers at once.
    Asked,
    /// The client asks again and again, and the server answers at once, with something new or with nothing.
    Polled,
    /// The client asks, and the server answers when there is something new.
    Held,
    /// The server says it by itself.
    Pushed,
}

/// The groups of apps, by what their protocol allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Nothing comes that the client has not asked for: plain requests and answers.
    Pull,
    /// The protocol lets the server speak unasked, whether its app does so or not.
    Push,
}

/// What a person does who opens a page with a button.
pub(crate) const A_CLICK: &str = "a click gets the server's time again";
