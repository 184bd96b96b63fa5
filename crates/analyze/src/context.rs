//! What the reading of one packet's bytes may touch.

use std::net::IpAddr;
use std::sync::Arc;

use foldhash::HashSet;

use crate::book::{Book, LabelId};
use crate::flow::Flow;
use crate::ledger::{Account, ExId, Ledger, Nature, PacketMeta};
use crate::model::{Layer, Problem, ProblemLayer, ProblemPlace, TlsRecords, WebSocketFrames, Words};
use crate::request_labels::RequestLabels;

/// Who owns some bytes, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    pub exchange: ExId,
    pub layer: Layer,
    pub len: u32,
}

/// What a connection counts besides packets and bytes.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub http_requests: u64,
    pub http_responses: u64,
    rare: Option<Box<Rare>>,
}

/// What most connections have none of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rare {
    pub frames: WebSocketFrames,
    pub events: u64,
    pub tls: TlsRecords,
    pub out_of_order: u64,
    pub duplicate_acks: u64,
    pub keep_alives: u64,
    pub zero_windows: u64,
    pub missing_bytes: u64,
}

impl Counts {
    /// The rare ones, to count one more.
    #[inline]
    pub fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The rare ones in their box, where there are any.
    pub fn into_rare(self) -> Option<Box<Rare>> {
        self.rare
    }
}

/// What was wrong in a capture: the first ones whole, the others counted.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    pub list: Vec<Problem>,
    pub left_out: u64,
    /// Link types that were complained about.
    pub unknown_links: HashSet<u16>,
}

impl Problems {
    /// Notes a problem.
    pub fn add(&mut self, place: ProblemPlace, message: impl Into<String>) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(Problem { place, message: message.into() });
        } else {
            self.left_out += 1;
        }
    }
}

/// How many connections may inflate messages at the same time: each takes up to 90 KiB for it.
#[derive(Debug, Default)]
pub(crate) struct Inflaters(Arc<()>);

/// The addresses of clients that have asked for a page. Apart by version: IPv4 needs a quarter of the room, and there may
/// be a million of them.
#[derive(Debug, Default)]
pub(crate) struct Visitors {
    v4: HashSet<u32>,
    v6: HashSet<u128>,
}

impl Visitors {
    /// Whether this is the first visit from an address, as far as they are remembered.
    pub fn is_first(&mut self, client: IpAddr) -> bool {
        if self.v4.len() + self.v6.len() >= MOST_VISITORS {
            return false;
        }
        match client {
            IpAddr::V4(client) => self.v4.insert(client.to_bits()),
            IpAddr::V6(client) => self.v6.insert(client.to_bits()),
        }
    }
}

/// The right to inflate; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct MayInflate(#[expect(dead_code, reason = "it is counted")] Arc<()>);

impl Inflaters {
    /// The right for one more connection, if there is room.
    pub fn one_more(&self) -> Option<MayInflate> {
        (Arc::strong_count(&self.0) <= MOST_INFLATING).then(|| MayInflate(Arc::clone(&self.0)))
    }
}

/// The surroundings in which the bytes of one packet are read.
pub(crate) struct Context<'a> {
    pub book: &'a mut Book,
    pub ledger: &'a mut Ledger,
    pub counts: &'a mut Counts,
    pub problems: &'a mut Problems,
    /// Client addresses that have asked for a page.
    pub visitors: &'a mut Visitors,
    /// Where the owners of the bytes are put, in order.
    pub owned: &'a mut Vec<Owned>,
    /// What requests are called.
    pub request_labels: &'a mut RequestLabels,
    /// Who may inflate.
    pub inflaters: &'a Inflaters,
    /// What the packet says, for people; `None` where nobody wants to know.
    pub words: Option<&'a mut Words>,
    pub meta: &'a PacketMeta,
    pub account: &'a mut Account,
    pub flow: &'a Flow,
    /// Which of the flow's endpoints is the client.
    pub client_is_second: bool,
    /// Where the bytes being read begin in their frame.
    pub offset: u64,
    /// Whether the connection was joined in its middle or has lost bytes, so that its beginnings can't be trusted.
    pub partial: bool,
    /// An exchange that the next message takes over instead of beginning one.
    pub adopt: Option<ExId>,
}

impl Context<'_> {
    /// Begins an exchange.
    pub fn begin(&mut self, nature: Nature, label: LabelId) -> ExId {
        if let Some(exchange) = self.adopt.take() {
            self.name(exchange, nature, label);
            return exchange;
        }
        self.ledger.begin(nature, label, self.meta, self.account, self.book)
    }

    /// The client's address.
    pub fn client(&self) -> IpAddr {
        let [first, second] = self.flow.endpoints();
        if self.client_is_second { second.addr } else { first.addr }
    }

    /// The exchange in progress.
    pub fn current(&mut self) -> ExId {
        self.ledger.current(self.meta, self.account, self.book)
    }

    /// The exchange that closes the connection.
    pub fn close(&mut self) -> ExId {
        self.ledger.close(self.meta, self.account, self.book)
    }

    /// Says what an exchange turned out to be.
    pub fn name(&mut self, exchange: ExId, nature: Nature, label: LabelId) {
        if let Some(open) = self.ledger.get(exchange) {
            open.nature = nature;
            open.label = label;
        }
    }

    /// Says that no further message byte of an exchange is expected.
    pub fn complete(&mut self, exchange: ExId) {
        if let Some(open) = self.ledger.get(exchange) {
            open.complete = true;
        }
    }

    /// Says that a server's time was found in the answer.
    pub fn has_time(&mut self, exchange: ExId) {
        if let Some(open) = self.ledger.get(exchange) {
            open.has_time = true;
        }
    }

    /// Gives the next bytes of the packet to an exchange.
    #[inline]
    pub fn own(&mut self, exchange: ExId, layer: Layer, len: usize) {
        if len == 0 {
            return;
        }
        self.offset += len as u64;
        self.ledger.unbooked = true;
        let len = len as u32;
        match self.owned.last_mut() {
            Some(last) if last.exchange == exchange && last.layer == layer => last.len += len,
            _ => self.owned.push(Owned { exchange, layer, len }),
        }
    }

    /// Adds to what the packet says.
    #[inline]
    pub fn say(&mut self, text: impl FnOnce() -> String) {
        if self.words.is_some() {
            self.say_now(text);
        }
    }

    #[cold]
    fn say_now(&mut self, text: impl FnOnce() -> String) {
        if let Some(Words { text: words, .. }) = self.words.as_deref_mut()
            && words.len() < MOST_WORDS
        {
            if !words.is_empty() {
                words.push_str(", ");
            }
            words.push_str(&text());
        }
    }

    /// Notes that a masked frame ended in the packet.
    #[inline]
    pub fn is_masked(&mut self) {
        if let Some(words) = self.words.as_deref_mut() {
            words.masked = true;
        }
    }

    /// Notes that the bytes from here on could not be decoded.
    #[cold]
    pub fn problem(&mut self, layer: ProblemLayer, message: impl Into<String>) {
        self.problems.add(ProblemPlace::Frame { frame: self.meta.number, offset: self.offset, layer }, message);
    }
}

/// Bytes of a message as a person would read them: printable ASCII, cut to a length.
pub(crate) fn readable(bytes: &[u8], most: usize) -> String {
    let mut text = String::new();
    push_readable(&mut text, bytes, most);
    text
}

/// Adds bytes of a message to a text as a person would read them.
pub(crate) fn push_readable(text: &mut String, bytes: &[u8], most: usize) {
    let shown = bytes.get(..most).unwrap_or(bytes);
    match std::str::from_utf8(shown) {
        // Mostly they are fit to be read as they are.
        Ok(plain) if shown.iter().all(|byte| matches!(byte, b' '..=b'~')) => text.push_str(plain),
        _ => {
            for byte in shown {
                match byte {
                    b'\r' => text.push_str("\\r"),
                    b'\n' => text.push_str("\\n"),
                    b' '..=b'~' => text.push(char::from(*byte)),
                    _ => text.push('.'),
                }
            }
        }
    }
    if bytes.len() > most {
        text.push('…');
    }
}

/// Problems beyond this many are counted only.
const MOST_PROBLEMS: usize = 1000;
/// Client addresses that are remembered.
const MOST_VISITORS: usize = 1 << 20;
/// What a packet says grows no longer than this.
const MOST_WORDS: usize = 200;
/// Connections that inflate messages at the same time.
const MOST_INFLATING: usize = 256;
