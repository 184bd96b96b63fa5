//! Which turn does each byte of a connection belong to, where nothing else is known of its protocol?
//!
//! Two sides take turns: what the client says, then what the server answers, until the client speaks again. That fits
//! line protocols and most binary ones. What the server says before it is asked is a greeting.

use crate::exchange::{ExchangeId, ProtocolKind};
use crate::labels::label;
use crate::model::{Layer, Protocol};
use crate::packet_in_hand::PacketInHand;
use crate::readable::readable;
use crate::recognition::Lines;
use crate::records::Records;
use crate::time_of_day::{Finder, TimePlace};

/// A connection whose sides take turns.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    kind: Inside,
    turn: Option<ExchangeId>,
    /// Whether the server has spoken in this turn.
    answered: bool,
    /// The first word that the client says in this turn, as far as it has come.
    word: [u8; MOST_WORD],
    word_len: u8,
    /// Whether that word is complete, or none of a kind that could name the turn.
    named: bool,
    finder: Finder,
    /// What the server said, as far as it tells whose it is.
    lines: Option<Box<Lines>>,
    /// Whether only text was seen so far.
    text: bool,
}

/// What is known of the bytes.
#[derive(Clone, Debug)]
enum Inside {
    Unknown,
    Records(Records),
    /// What a CONNECT or an upgrade led to.
    Tunnel,
}

impl Turns {
    fn of(kind: Inside) -> Turns {
        Turns {
            kind,
            turn: None,
            answered: false,
            word: [0; MOST_WORD],
            word_len: 0,
            named: false,
            finder: Finder::default(),
            lines: None,
            text: true,
        }
    }

    /// Lines, or anything that is not known.
    pub fn unknown() -> Turns {
        Turns::of(Inside::Unknown)
    }

    /// Records whose content is not read.
    pub fn records(records: Records) -> Turns {
        Turns::of(Inside::Records(records))
    }

    /// Whatever a CONNECT or an upgrade led to.
    pub fn tunnel() -> Turns {
        Turns::of(Inside::Tunnel)
    }

    /// What is spoken, as the connection's `protocol`.
    pub fn protocol(&self) -> Protocol {
        match &self.kind {
            Inside::Records(records) => records.protocol(),
            Inside::Tunnel => Protocol::Tunnel,
            Inside::Unknown if self.text => Protocol::Lines,
            Inside::Unknown => Protocol::Unknown,
        }
    }

    /// Whether nothing is known of the bytes.
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Inside::Unknown)
    }

    /// Goes on with a turn whose first bytes were read, and given away, by another.
    pub fn resume(&mut self, turn: ExchangeId, begun: &[u8], packet: &mut PacketInHand<'_>) {
        self.turn = Some(turn);
        self.name(turn, begun, packet);
    }

    /// Calls a turn after its first word, where that is one that a person could have typed.
    fn name(&mut self, turn: ExchangeId, data: &[u8], packet: &mut PacketInHand<'_>) {
        if self.named || !self.is_unknown() {
            return;
        }
        let room = self.word.get_mut(usize::from(self.word_len)..).unwrap_or_default();
        let data = data.get(..room.len()).unwrap_or(data);
        let end = data.iter().position(|byte| matches!(byte, b' ' | b'\r' | b'\n'));
        let new = data.get(..end.unwrap_or(data.len())).unwrap_or(data);
        room.iter_mut().zip(new).for_each(|(to, from)| *to = *from);
        self.word_len += new.len() as u8;
        self.named = end.is_some() || usize::from(self.word_len) >= MOST_WORD;
        let word = self.word.get(..usize::from(self.word_len)).unwrap_or_default();
        let typed = !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
        match std::str::from_utf8(word) {
            Ok(word) if typed => {
                let label = packet.label(word);
                packet.name(turn, ProtocolKind::Turn, label);
            }
            _ => self.named = true,
        }
    }

    /// Reads what one side says next.
    #[inline(never)]
    pub fn read(&mut self, from_client: bool, data: &[u8], packet: &mut PacketInHand<'_>) {
        if data.is_empty() {
            return;
        }
        let turn = self.turn(from_client, packet);
        match &mut self.kind {
            Inside::Unknown | Inside::Tunnel => self.plain(turn, from_client, data, packet),
            Inside::Records(records) => {
                packet.capture_state.recognition.nobody();
                records.read(from_client, turn, data, packet);
            }
        }
    }

    /// Bytes of a direction are missing from the capture.
    pub fn skip(&mut self, from_client: bool, count: u64) {
        self.lines = None;
        if let Inside::Records(records) = &mut self.kind {
            records.skip(from_client, count);
        }
    }

    /// The turn that bytes of a side belong to.
    fn turn(&mut self, from_client: bool, packet: &mut PacketInHand<'_>) -> ExchangeId {
        if let Some(turn) = self.turn
            && !(from_client && self.answered)
        {
            self.answered |= !from_client;
            return packet.clamp(turn);
        }
        if let Some(before) = self.turn {
            packet.complete(before);
        }
        self.finder.restart();
        self.word_len = 0;
        self.named = false;
        let turn = if from_client || self.turn.is_some() || !matches!(self.kind, Inside::Unknown) {
            let label = match &self.kind {
                Inside::Unknown => label::DATA,
                Inside::Records(records) => records.label(),
                Inside::Tunnel => label::TUNNEL,
            };
            packet.begin(ProtocolKind::Turn, label)
        } else {
            packet.begin(ProtocolKind::Greeting, label::GREETING)
        };
        self.turn = Some(turn);
        self.answered = !from_client;
        turn
    }

    fn plain(&mut self, turn: ExchangeId, from_client: bool, data: &[u8], packet: &mut PacketInHand<'_>) {
        self.text = self.text && is_text(data.get(..256).unwrap_or(data));
        packet.say(|| format!("\"{}\"", readable(data, 60)));
        packet.capture_state.recognition.plain();
        if from_client {
            self.name(turn, data, packet);
            return packet.own(turn, Layer::Content, data.len());
        }
        packet.capture_state.recognition.lines(&mut self.lines, data, !packet.state.partial);
        match self.finder.look(data, TimePlace::Line) {
            Some(found) => {
                packet.own_time(turn, data.len(), &found);
            }
            None => packet.own(turn, Layer::Content, data.len()),
        }
    }
}

/// Whether these bytes may be text.
fn is_text(bytes: &[u8]) -> bool {
    let may_be = |byte: u8| (byte >= b' ') & (byte != 0x7f) | (byte == b'\n') | (byte == b'\r') | (byte == b'\t');
    // Without an early end, so that many are looked at together.
    bytes.iter().fold(true, |all, &byte| all & may_be(byte))
}

/// A turn is called after no more of its first word than this.
const MOST_WORD: usize = 24;
