//! Which turn does each byte of a connection belong to, where nothing else is known of its protocol?
//!
//! Two sides take turns: what the client says, then what the server answers, until the client speaks again. That fits
//! line protocols and most binary ones. What the server says before it is asked is a greeting.

use crate::context::{Context, readable};
use crate::http::own_around;
use crate::ledger::{ExId, Nature};
use crate::model::Part;
use crate::time_of_day::{Finder, Place};

/// A connection whose sides take turns.
#[derive(Debug)]
pub(crate) struct Turns {
    kind: Inside,
    turn: Option<ExId>,
    /// Whether the server has spoken in this turn.
    answered: bool,
    /// Whether the label of the turn is still to be told from its bytes.
    unnamed: bool,
    finder: Finder,
    /// Whether only text was seen so far.
    text: bool,
}

/// What is known of the bytes.
#[derive(Debug)]
enum Inside {
    Unknown,
    /// What a CONNECT or an upgrade led to.
    Tunnel,
}

impl Turns {
    fn of(kind: Inside) -> Turns {
        Turns { kind, turn: None, answered: false, unnamed: false, finder: Finder::default(), text: true }
    }

    /// Lines, or anything that is not known.
    pub fn unknown() -> Turns {
        Turns::of(Inside::Unknown)
    }

    /// Whatever a CONNECT or an upgrade led to.
    pub fn tunnel() -> Turns {
        Turns::of(Inside::Tunnel)
    }

    /// What is spoken, as the connection's `protocol`.
    pub fn protocol(&self) -> &'static str {
        match self.kind {
            Inside::Tunnel => "tunnel",
            Inside::Unknown if self.text => "lines",
            Inside::Unknown => "unknown",
        }
    }

    /// Whether nothing is known of the bytes.
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Inside::Unknown)
    }

    /// Goes on with a turn whose first bytes were read, and given away, by another.
    pub fn resume(&mut self, turn: ExId, begun: &[u8], cx: &mut Context<'_>) {
        self.turn = Some(turn);
        if let Some(word) = first_word(begun) {
            cx.name(turn, Nature::Turn, word);
        }
    }

    /// Reads what one side says next.
    pub fn read(&mut self, from_client: bool, data: &[u8], cx: &mut Context<'_>) {
        if data.is_empty() {
            return;
        }
        let turn = self.turn(from_client, cx);
        self.plain(turn, from_client, data, cx);
    }

    /// The turn that bytes of a side belong to.
    fn turn(&mut self, from_client: bool, cx: &mut Context<'_>) -> ExId {
        if let Some(turn) = self.turn
            && !(from_client && self.answered)
        {
            self.answered |= !from_client;
            return cx.ledger.clamp(turn);
        }
        if let Some(before) = self.turn {
            cx.complete(before);
        }
        self.finder.restart();
        self.unnamed = true;
        let turn = if from_client || self.turn.is_some() || !matches!(self.kind, Inside::Unknown) {
            let label = match self.kind {
                Inside::Unknown => "data",
                Inside::Tunnel => "tunnel",
            };
            cx.begin(Nature::Turn, label)
        } else {
            cx.begin(Nature::Greeting, "greeting")
        };
        self.turn = Some(turn);
        self.answered = !from_client;
        turn
    }

    fn plain(&mut self, turn: ExId, from_client: bool, data: &[u8], cx: &mut Context<'_>) {
        self.text &= data.iter().take(256).all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..));
        cx.say(|| format!("\"{}\"", readable(data, 60)));
        if from_client {
            if std::mem::take(&mut self.unnamed)
                && self.is_unknown()
                && let Some(word) = first_word(data)
            {
                cx.name(turn, Nature::Turn, word);
            }
            return cx.own(turn, Part::Content, data.len());
        }
        match self.finder.look(data, Place::Line) {
            Some(found) => {
                cx.has_time(turn);
                own_around(turn, data.len(), &found.0, cx);
            }
            None => cx.own(turn, Part::Content, data.len()),
        }
    }
}

/// The first word of the first line, where it is one that a person could have typed.
fn first_word(data: &[u8]) -> Option<&str> {
    let line = data.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let word = line.split(|byte| *byte == b' ').next()?;
    let word = word.get(..MOST_WORD).unwrap_or(word);
    let typed = !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(word).ok().filter(|_| typed)
}

/// A turn is called after no more of its first word than this.
const MOST_WORD: usize = 24;
