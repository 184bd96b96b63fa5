//! Which of the client's messages does a server's message over a WebSocket answer?
//!
//! RFC 6455 pairs no messages: whatever one side says may have nothing to do with what the other said before. Only the
//! messages themselves can show it, and only what they show is believed: the grammar of wirelab's own app, an `id` that JSON
//! brings back, a `type` where there is no `id`, or the same words again. What is longer than the part that is looked at, or
//! compressed, shows nothing.

use std::cell::OnceCell;

use wirelab_catalog::App;
use wirelab_catalog::grammar::{Grammar, Update};

use crate::form::{self, Fit};

/// What would answer a message of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// One of these forms.
    Own(&'static [&'static str]),
    /// JSON with this member at its top: its name, and its value as it stands there.
    Json(Member, Box<[u8]>),
    /// The same words.
    Words(Box<[u8]>),
}

impl Question {
    /// What would answer this text, all of which is here. `None` where nothing would be known to.
    pub fn of(text: &[u8]) -> Option<Question> {
        if text.is_empty() || text.len() > MOST_LOOKED_AT {
            return None;
        }
        let own = App::ALL.into_iter().find_map(|app| match app.descriptor().grammar {
            Grammar::Http { update: Update::Messages { request: Some(request), forms, .. }, .. }
                if request.as_bytes() == text =>
            {
                Some(forms)
            }
            _ => None,
        });
        if let Some(forms) = own {
            return Some(Question::Own(forms));
        }
        let named =
            Member::ALL.into_iter().find_map(|name| Some(Question::Json(name, member(text, name.name())?.into())));
        Some(named.unwrap_or_else(|| Question::Words(text.into())))
    }

    /// Whether what a server said answers it.
    pub fn is_answered_by(&self, said: &Said<'_>) -> bool {
        match self {
            Question::Own(forms) => forms.iter().any(|form| form::begins(form, said.beginning) != Fit::No),
            Question::Json(name, value) => said.member(*name) == Some(value),
            Question::Words(words) => said.len == words.len() as u64 && **words == *said.beginning,
        }
    }
}

/// A member that tells which message is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Id,
    Type,
}

impl Member {
    /// The surer one first.
    const ALL: [Member; 2] = [Member::Id, Member::Type];

    fn name(self) -> &'static str {
        match self {
            Member::Id => "id",
            Member::Type => "type",
        }
    }
}

/// A server's text, as far as it is looked at. It is held against many questions, and read for its members once.
pub(crate) struct Said<'a> {
    beginning: &'a [u8],
    len: u64,
    members: [OnceCell<Option<&'a [u8]>>; Member::ALL.len()],
}

impl<'a> Said<'a> {
    /// A text that begins so, and is so long.
    pub fn new(beginning: &'a [u8], len: u64) -> Said<'a> {
        Said { beginning, len, members: Default::default() }
    }

    fn member(&self, name: Member) -> Option<&'a [u8]> {
        let [id, of_type] = &self.members;
        let known = match name {
            Member::Id => id,
            Member::Type => of_type,
        };
        *known.get_or_init(|| member(self.beginning, name.name()))
    }
}

/// The value of a member of the object that this JSON is, or begins with, as it stands there; `None` where it has none, or an
/// empty one, or where that does not end here.
fn member<'a>(json: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let rest = json.trim_ascii_start().strip_prefix(b"{")?;
    let mut at = 0;
    loop {
        let (key, behind) = value(rest.get(at..)?)?;
        let colon = rest.get(at + behind..)?;
        let spaces = colon.len() - colon.trim_ascii_start().len();
        if *colon.trim_ascii_start().first()? != b':' {
            return None;
        }
        at += behind + spaces + 1;
        let (found, behind) = value(rest.get(at..)?)?;
        if key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\"")) == Some(name.as_bytes()) {
            return Some(found).filter(|found| !matches!(*found, b"null" | b"\"\"" | b""));
        }
        at += behind;
        let next = rest.get(at..)?;
        let spaces = next.len() - next.trim_ascii_start().len();
        if *next.trim_ascii_start().first()? != b',' {
            return None;
        }
        at += spaces + 1;
    }
}

/// The first JSON value of some text, and where it ends. What it is is not looked at: only where strings and brackets close.
fn value(text: &[u8]) -> Option<(&[u8], usize)> {
    let begin = text.len() - text.trim_ascii_start().len();
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, &byte) in text.iter().enumerate().skip(begin) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b':' if depth == 0 => return Some((text.get(begin..at)?.trim_ascii_end(), at)),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// How much of a message is looked at.
const MOST_LOOKED_AT: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_shows_it_is_an_answer() {
        for (asked, said, is_answer) in [
            ("get-time", "{\"time\": \"09:31:35\"}", true),
            ("get-time", "{\"error\": \"unknown command\"}", true),
            ("get-time", "{\"ti", true),
            ("get-time", "{\"price\": 3}", false),
            ("get-time ", "{\"time\": \"09:31:35\"}", false),
            ("{\"id\": 7, \"method\": \"a\"}", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":[]}", true),
            ("{\"id\": 7}", "{\"id\":8}", false),
            ("{\"id\": 7}", "{\"id\":77}", false),
            ("{\"id\": 7}", "{\"id\":7", false),
            ("{\"id\": 7}", "{\"result\": {\"id\": 7}}", false),
            ("{\"id\": 7}", "{\"text\": \"\\\"id\\\": 7\", \"a\": 1}", false),
            ("{\"id\": 7}", "{\"result\": {\"id\": 8}, \"id\": 7}", true),
            ("{\"id\": \"a,b}\"}", "{\"id\" : \"a,b}\" }", true),
            ("{\"id\": 7, \"type\": \"ask\"}", "{\"id\": 8, \"type\": \"ask\"}", false),
            ("{\"id\": null, \"type\": \"ask\"}", "{\"type\": \"ask\", \"value\": 3}", true),
            ("{\"type\": \"ask\"}", "{\"type\": \"news\"}", false),
            ("hello", "hello", true),
            ("hello", "hello you", false),
            ("hello", "goodbye", false),
            ("", "", false),
        ] {
            let question = Question::of(asked.as_bytes());
            let answered =
                question.is_some_and(|one| one.is_answered_by(&Said::new(said.as_bytes(), said.len() as u64)));
            assert_eq!(answered, is_answer, "{asked} {said}");
        }
        assert_eq!(Question::of(&[b'x'; 129]), None);
        assert!(!Question::Words(b"abc"[..].into()).is_answered_by(&Said::new(b"abc", 4)), "there is more of it");
    }

    proptest! {
        /// What JSON has at its top is found, whatever stands around it.
        #[test]
        fn members_are_found_as_a_parser_finds_them(before in "[a-z]{0,3}", text in "[ -~]{0,20}", id in 0..100u32) {
            let json = serde_json::json!({ "a": [before, { "id": 1 }], "b": text, "id": id, "z": text }).to_string();
            let (id, text) = (id.to_string(), text);
            prop_assert_eq!(member(json.as_bytes(), "id"), Some(id.as_bytes()));
            let text = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(member(json.as_bytes(), "z").unwrap_or(b"\"\""), text.as_bytes());
        }

        #[test]
        fn nothing_is_too_strange_for_it(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = (member(&text, "id"), Question::of(&text));
        }
    }
}
