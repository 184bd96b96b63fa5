//! What are exchanges called?
//!
//! Each label is kept once, whatever the number of exchanges that are called so.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

/// An interned label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LabelId(u32);

impl LabelId {
    /// Its place among all labels.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether it is the name of bytes that nobody here can read: where a message of theirs ends is not known.
    pub fn is_unread(self) -> bool {
        use label::{DATA, HTTP2, HTTP2_CONNECTION, TLS, TLS_DATA, TLS_HANDSHAKE, TUNNEL, UNKNOWN};
        [DATA, HTTP2, HTTP2_CONNECTION, TLS, TLS_DATA, TLS_HANDSHAKE, TUNNEL, UNKNOWN].contains(&self)
    }

    /// Whether it is the name of bytes of which not even the protocol is known: whether one side answers the other is not, either.
    pub fn is_unknown(self) -> bool {
        [label::DATA, label::TUNNEL, label::UNKNOWN].contains(&self)
    }

    /// Whether it is the name of what a client says without an answer that is known.
    pub fn is_of_client(self) -> bool {
        [label::TEXT_ASKED, label::BINARY_ASKED].contains(&self)
    }
}

/// Labels that are known before anything was read.
pub(crate) mod label {
    use super::LabelId;

    macro_rules! known {
        ($($name:ident $number:literal $text:literal),* $(,)?) => {
            $(pub(crate) const $name: LabelId = LabelId($number);)*
            pub(super) const ALL: &[(LabelId, &str)] = &[$(($name, $text)),*];
        };
    }

    known! {
        HANDSHAKE 0 "handshake",
        CLOSE 1 "close",
        KEEP_ALIVE 2 "TCP keep-alive",
        UNKNOWN 3 "unknown",
        DATA 4 "data",
        GREETING 5 "greeting",
        TUNNEL 6 "tunnel",
        REQUEST 7 "request",
        NO_REQUEST 8 "response without its request",
        EVENT_MESSAGE 9 "event: message",
        COMMENT 10 "comment",
        END_OF_STREAM 11 "end of stream",
        PING 12 "ping",
        PONG 13 "pong",
        TEXT 14 "text",
        BINARY 15 "binary",
        TLS 16 "TLS",
        TLS_HANDSHAKE 17 "TLS handshake",
        TLS_DATA 18 "TLS application data",
        HTTP2 19 "HTTP/2",
        OTHERS 20 "others",
        RETRY 21 "retry",
        TEXT_ASKED 22 "text from the client",
        TEXT_PUSHED 23 "text from the server",
        BINARY_ASKED 24 "binary from the client",
        BINARY_PUSHED 25 "binary from the server",
        HTTP2_CONNECTION 26 "HTTP/2 connection",
        LINE 27 "line of JSON",
        EMPTY_LINE 28 "empty line",
    }
}

/// All labels of a capture.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    texts: Vec<Arc<str>>,
    places: HashTable<LabelId>,
    hash: foldhash::fast::RandomState,
}

impl Default for Labels {
    fn default() -> Labels {
        let mut labels =
            Labels { texts: Vec::new(), places: HashTable::new(), hash: foldhash::fast::RandomState::default() };
        for (id, text) in label::ALL {
            let given = labels.id(text);
            debug_assert_eq!(given, *id, "{text}");
        }
        labels
    }
}

impl Labels {
    /// The id of a label. Beyond a bound on their number, new ones share one.
    pub fn id(&mut self, text: &str) -> LabelId {
        let hash = self.hash.hash_one(text);
        let is_same = |id: &LabelId| self.texts.get(id.0 as usize).is_some_and(|known| **known == *text);
        if let Some(id) = self.places.find(hash, is_same) {
            return *id;
        }
        if self.texts.len() >= MOST_LABELS {
            return label::OTHERS;
        }
        let id = LabelId(self.texts.len() as u32);
        self.texts.push(text.into());
        let (texts, state) = (&self.texts, &self.hash);
        self.places
            .insert_unique(hash, id, |id| texts.get(id.0 as usize).map_or(0, |text| state.hash_one::<&str>(text)));
        id
    }

    /// The text of a label.
    pub fn text(&self, id: LabelId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |text| text)
    }

    /// The same, to be kept.
    pub fn shared_text(&self, id: LabelId) -> Arc<str> {
        self.texts.get(id.0 as usize).cloned().unwrap_or_default()
    }
}

/// Labels beyond this many share one.
const MOST_LABELS: usize = 4096;
