//! Who said what, in order? The payloads of a connection as its two ends got them.

use std::collections::BTreeMap;

use wirelab_analyze::model::{Capture, Layer, Packet, Span};
use wirelab_dissect::content_coding::{self, Plain, PlainEnd};
use wirelab_dissect::http1::Coding;

use crate::bytes::{CaptureBytes, FrameBytes};
use crate::numbers::count;

/// What one side said before the other spoke, or before the next exchange began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whether the client said it.
    pub from_client: bool,
    /// The packets that carried it.
    pub packets: Vec<u64>,
    /// The exchange it belongs to: an index into the capture's exchanges.
    pub exchange: Option<usize>,
    /// What was said, as far as it was captured and kept.
    pub bytes: Vec<u8>,
    /// Its parts, in order; where bytes are missing, the parts speak of more than there is.
    pub spans: Vec<Span>,
    /// Bytes that were on the wire and are not here: not captured, cut by the snap length or beyond what was kept.
    pub missing: u64,
}

/// The content of a turn, where it was compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// How it was compressed.
    pub coding: Coding,
    /// Its bytes on the wire.
    pub compressed: u64,
    /// What it says, as far as it is shown.
    pub plain: Plain,
}

impl Content {
    /// How it was compressed, and both sizes.
    pub fn describe(&self) -> String {
        let compressed = count(self.compressed, "byte");
        let len = count(self.plain.bytes.len() as u64, "byte");
        match self.plain.end {
            PlainEnd::Whole => format!("{}: {compressed} on the wire, {len} decompressed", self.coding.name()),
            PlainEnd::Broken => {
                format!("{}: {compressed} on the wire, {len} decompressed as far as they go", self.coding.name())
            }
            PlainEnd::TooLong => {
                format!("{}: {compressed} on the wire, more than {len} decompressed", self.coding.name())
            }
        }
    }
}

impl Turn {
    /// Its runs of bytes, each with its layer.
    pub fn runs(&self) -> impl Iterator<Item = (Layer, &[u8])> {
        let mut at = 0_usize;
        self.spans.iter().map(move |span| {
            let end = at.saturating_add(span.len as usize).min(self.bytes.len());
            let run = self.bytes.get(at..end).unwrap_or_default();
            at = end;
            (span.layer, run)
        })
    }

    /// Its content, where it was compressed in a way that can be undone: as its own head says, and where all of it is here.
    pub fn content(&self) -> Option<Content> {
        if self.missing > 0 {
            return None;
        }
        let of = |is_one: fn(Layer) -> bool| -> Vec<u8> {
            self.runs().filter(|(layer, _)| is_one(*layer)).flat_map(|(_, run)| run).copied().collect()
        };
        let coding = coding(&of(|layer| matches!(layer, Layer::RequestHead | Layer::ResponseHead)));
        let compressed = of(is_content);
        if compressed.is_empty() {
            return None;
        }
        let plain = content_coding::decode(coding, &compressed, MOST_DECOMPRESSED)?;
        Some(Content { coding, compressed: compressed.len() as u64, plain })
    }
}

/// Whether a layer is what the two programs wanted to say.
pub fn is_content(layer: Layer) -> bool {
    matches!(layer, Layer::Content | Layer::Useful)
}

/// How the content behind a head is compressed: as the last `Content-Encoding` says, which is that of the final answer.
fn coding(head: &[u8]) -> Coding {
    let mut fields = head.split(|&byte| byte == b'\n').filter_map(|line| {
        let (name, value) = line.split_at_checked(line.iter().position(|&byte| byte == b':')?)?;
        name.eq_ignore_ascii_case(b"content-encoding").then(|| value.get(1..).unwrap_or_default().trim_ascii())
    });
    fields.next_back().map_or(Coding::Identity, Coding::named)
}

/// The turns of a connection. Retransmitted bytes are said once; bytes that came early wait for those before them.
pub fn turns(capture: &Capture, bytes: &CaptureBytes, connection: u32) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut sides = [Side::default(), Side::default()];
    for packet in capture.packets.iter().filter(|p| p.connection == connection && p.app_len > 0) {
        let [client, server] = &mut sides;
        let side = if packet.from_client { client } else { server };
        let Some(frame) = bytes.frame(packet.number) else { continue };
        side.take(packet, frame, &mut turns);
    }
    for side in &mut sides {
        side.give_up(&mut turns);
    }
    turns
}

/// The payload of a packet, as far as it was captured.
pub fn payload<'a>(packet: &Packet, frame: &'a FrameBytes) -> &'a [u8] {
    let from = packet.payload_offset as usize;
    let to = from.saturating_add(packet.app_len as usize).min(frame.data.len());
    frame.data.get(from..to).unwrap_or_default()
}

/// One direction: what comes next, and what came early.
#[derive(Default)]
struct Side {
    next: Option<u64>,
    early: BTreeMap<u64, Piece>,
}

#[derive(Clone)]
struct Piece {
    packet: u64,
    from_client: bool,
    exchange: Option<usize>,
    len: u64,
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Side {
    fn take(&mut self, packet: &Packet, frame: &FrameBytes, turns: &mut Vec<Turn>) {
        let piece = Piece {
            packet: packet.number,
            from_client: packet.from_client,
            exchange: packet.exchange,
            len: u64::from(packet.app_len),
            bytes: payload(packet, frame).to_vec(),
            spans: packet.spans.clone(),
        };
        let next = *self.next.get_or_insert(packet.seq);
        if packet.seq > next {
            self.early.insert(packet.seq, piece);
            return;
        }
        self.say(packet.seq, piece, turns);
        while let Some((&seq, _)) = self.early.first_key_value() {
            if self.next.is_some_and(|next| seq > next) {
                break;
            }
            if let Some((seq, piece)) = self.early.pop_first() {
                self.say(seq, piece, turns);
            }
        }
    }

    /// What still waits when the capture ends is said after a gap.
    fn give_up(&mut self, turns: &mut Vec<Turn>) {
        while let Some((seq, piece)) = self.early.pop_first() {
            let gap = self.next.map_or(0, |next| seq.saturating_sub(next));
            self.next = Some(seq.max(self.next.unwrap_or(0)));
            self.say(seq, piece, turns);
            if let Some(turn) = turns.last_mut() {
                turn.missing += gap;
            }
        }
    }

    fn say(&mut self, seq: u64, piece: Piece, turns: &mut Vec<Turn>) {
        let next = self.next.unwrap_or(seq);
        let known = next.saturating_sub(seq);
        let end = seq + piece.len;
        if end <= next {
            return;
        }
        self.next = Some(end);
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        let new = piece.bytes.get(known.min(piece.bytes.len())..).unwrap_or_default();
        let missing = (end - seq.max(next)) - new.len() as u64;
        let spans = spans_after(&piece.spans, known);
        match turns.last_mut() {
            Some(turn) if turn.from_client == piece.from_client && turn.exchange == piece.exchange => {
                turn.packets.push(piece.packet);
                turn.bytes.extend_from_slice(new);
                turn.spans.extend(spans);
                turn.missing += missing;
            }
            _ => turns.push(Turn {
                from_client: piece.from_client,
                packets: vec![piece.packet],
                exchange: piece.exchange,
                bytes: new.to_vec(),
                spans,
                missing,
            }),
        }
    }
}

/// The spans behind the first `skip` bytes.
fn spans_after(spans: &[Span], skip: usize) -> Vec<Span> {
    let mut skip = u32::try_from(skip).unwrap_or(u32::MAX);
    let mut rest = Vec::new();
    for span in spans {
        let gone = skip.min(span.len);
        skip -= gone;
        // What was new when it came is not "retransmitted", whatever else its packet repeated.
        if span.len > gone && (span.layer != Layer::Retransmitted || gone == 0) {
            rest.push(Span { len: span.len - gone, ..*span });
        }
    }
    rest
}

/// Content is decompressed up to so many bytes.
const MOST_DECOMPRESSED: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Era, five};

    #[test]
    fn a_conversation_is_heard_in_order() {
        let lab = five(Era::Now);
        let (capture, bytes) = lab.first().unwrap();
        let said: Vec<(bool, String)> = turns(capture, bytes, 0)
            .into_iter()
            .map(|turn| (turn.from_client, String::from_utf8(turn.bytes).unwrap()))
            .collect();
        assert_eq!(said.len(), 7);
        assert_eq!(said.first().unwrap().1, "Hello!\nServer time: 09:36:17\n\n");
        assert_eq!(said.get(1).unwrap(), &(true, "time\n".to_owned()));
        assert_eq!(said.get(2).unwrap(), &(false, "09:36:27\n\n".to_owned()));
    }

    #[test]
    fn every_payload_byte_is_said_once() {
        for (capture, bytes) in five(Era::Then) {
            let said: usize = (0..capture.connections.len() as u32)
                .flat_map(|connection| turns(&capture, &bytes, connection))
                .map(|turn| turn.bytes.len())
                .sum();
            assert_eq!(said as u64, capture.totals.app_bytes, "{}", capture.name);
        }
    }
}
