//! What do the frames of a WebSocket say? Unmasked and inflated, for whoever follows a conversation (RFC 6455, RFC 7692).

use std::fmt::Write;

use wirelab_analyze::model::Layer;
use wirelab_dissect::http1::{Event as HttpEvent, ReplyTo, ResponseDecoder};
use wirelab_dissect::websocket::{Decoder, Event, FrameHeader, Mark, Opcode};

use crate::list::readable;
use crate::transcript::Turn;

/// Reads the turns of one connection, in their order.
pub(crate) struct SpokenFrames {
    /// The client's frames and the server's.
    sides: [Side; 2],
}

/// What one side sends.
struct Side {
    decoder: Decoder,
    /// The frame under way: its payload so far, unmasked; of a long one, the beginning.
    payload: Vec<u8>,
    header: Option<FrameHeader>,
    position: u64,
    /// Whether bytes are missing, so that nobody can tell where the next frame begins.
    lost: bool,
}

impl SpokenFrames {
    pub(crate) fn new() -> SpokenFrames {
        SpokenFrames { sides: [Side::new(Decoder::new(None)), Side::new(Decoder::new(None))] }
    }

    /// What a turn says, as lines: heads as they stand, and a line for each frame that ends in it. `None` where it cannot be
    /// told, because bytes are missing.
    pub(crate) fn read(&mut self, turn: &Turn) -> Option<String> {
        let [client, server] = &mut self.sides;
        let side = if turn.from_client { client } else { server };
        side.lost |= turn.missing > 0;
        if side.lost {
            return None;
        }
        let is_head = |layer: &Layer| matches!(layer, Layer::RequestHead | Layer::ResponseHead);
        let head: Vec<u8> = turn.runs().filter(|(layer, _)| is_head(layer)).flat_map(|(_, run)| run).copied().collect();
        let mut said = readable(&head);
        if !turn.from_client && !head.is_empty() {
            self.agree(&head);
        }
        let side = if turn.from_client { &mut self.sides[0] } else { &mut self.sides[1] };
        for (_, run) in turn.runs().filter(|(layer, _)| !is_head(layer)) {
            side.frames(run, &mut said);
        }
        Some(said)
    }

    /// Both sides compress as the server's answer says.
    fn agree(&mut self, head: &[u8]) {
        let mut decoder = ResponseDecoder::new();
        if let Ok(step) = decoder.step(head, ReplyTo::Other)
            && let Some(HttpEvent::Response(head)) = step.event
        {
            self.sides = [head.deflate, head.deflate].map(|deflate| Side::new(Decoder::new(deflate)));
        }
    }
}

impl Side {
    fn new(decoder: Decoder) -> Side {
        Side { decoder, payload: Vec::new(), header: None, position: 0, lost: false }
    }

    fn frames(&mut self, mut data: &[u8], said: &mut String) {
        loop {
            let Ok(step) = self.decoder.step(data) else {
                self.lost = true;
                let _ = writeln!(said, "{}", readable(data));
                return;
            };
            let (bytes, rest) = data.split_at_checked(step.consumed).unwrap_or((data, &[]));
            if step.mark == Mark::Payload
                && let Some(header) = self.header
            {
                let room = MOST_SHOWN.saturating_sub(self.payload.len());
                self.payload.extend(header.unmasked(self.position, bytes.get(..room).unwrap_or(bytes)));
                self.position += bytes.len() as u64;
            }
            let is_idle = step.consumed == 0 && step.event.is_none();
            match step.event {
                Some(Event::Frame(header)) => (self.header, self.position) = (Some(header), 0),
                Some(Event::FrameEnd { header, inflated, .. }) => {
                    match inflated {
                        None => say(&header, &self.payload, header.len, None, said),
                        Some(inflated) if inflated.stopped.is_none() => {
                            say(&header, inflated.peek, inflated.len, Some(header.len), said);
                        }
                        Some(_) => {
                            let _ = writeln!(said, "{}: {} compressed bytes", name(&header), header.len);
                        }
                    }
                    self.header = None;
                    self.payload.clear();
                }
                None => {}
            }
            data = rest;
            // One step beyond the last byte: the end of a frame without payload comes with no bytes.
            if is_idle || data.is_empty() && self.header.is_none() {
                return;
            }
        }
    }
}

/// "text, masked"
fn name(header: &FrameHeader) -> String {
    let mut name = header.opcode.name().to_owned();
    if header.mask.is_some() {
        name += ", masked";
    }
    if !header.fin {
        name += ", more follows";
    }
    name
}

/// A frame as a line: what it is, and what it says.
fn say(header: &FrameHeader, payload: &[u8], len: u64, compressed: Option<u64>, said: &mut String) {
    let mut line = name(header);
    if let Some(compressed) = compressed {
        let _ = write!(line, ", {compressed} bytes compressed, {len} inflated");
    }
    match (header.opcode, payload) {
        (_, []) => {}
        (Opcode::Close, [high, low, reason @ ..]) => {
            let _ = write!(line, ": {} {}", u16::from_be_bytes([*high, *low]), readable(reason));
        }
        _ => {
            let _ = write!(line, ": {}", readable(payload));
        }
    }
    let more = len.saturating_sub(payload.len() as u64);
    if more > 0 {
        let _ = write!(line, "… and {more} more bytes");
    }
    let _ = writeln!(said, "{}", line.trim_end());
}

/// Of a frame so much is shown.
const MOST_SHOWN: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use wirelab_analyze::model::Span;

    use super::*;

    fn turn(from_client: bool, parts: &[(Layer, &[u8])], missing: u64) -> Turn {
        Turn {
            from_client,
            packets: vec![1],
            exchange: None,
            bytes: parts.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect(),
            spans: parts.iter().map(|(layer, bytes)| Span { layer: *layer, len: bytes.len() as u32 }).collect(),
            missing,
        }
    }

    const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    /// The examples of RFC 6455, section 5.7, and RFC 7692, section 7.2.3.
    #[test]
    fn frames_are_unmasked_inflated_and_told_apart() {
        let mut frames = SpokenFrames::new();
        let head = turn(false, &[(Layer::ResponseHead, AGREED)], 0);
        assert!(frames.read(&head).unwrap().starts_with("HTTP/1.1 101"));
        for (from_client, bytes, said) in [
            (true, &b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"[..], "text, masked: Hello\n"),
            (false, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", "text, 7 bytes compressed, 5 inflated: Hello\n"),
            (false, b"\xc1\x05\xf2\x00\x11\x00\x00", "text, 5 bytes compressed, 5 inflated: Hello\n"),
            (false, b"\x01\x03Hel\x80\x02lo", "text, more follows: Hel\ncontinuation: lo\n"),
            (true, b"\x89\x80\0\0\0\0", "ping, masked\n"),
            (false, b"\x88\x07\x03\xe9going", "close: 1001 going\n"),
            (false, b"\x82\x02\x1b\x07", "binary: ..\n"),
        ] {
            assert_eq!(frames.read(&turn(from_client, &[(Layer::Framing, bytes)], 0)).unwrap(), said);
        }
    }

    #[test]
    fn a_frame_in_several_turns_is_said_where_it_ends() {
        let bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        for cut in 1..bytes.len() {
            let mut frames = SpokenFrames::new();
            let (one, other) = bytes.split_at(cut);
            assert_eq!(frames.read(&turn(true, &[(Layer::Framing, one)], 0)).unwrap(), "");
            assert_eq!(frames.read(&turn(true, &[(Layer::Framing, other)], 0)).unwrap(), "text, masked: Hello\n");
        }
    }

    #[test]
    fn where_bytes_are_missing_nothing_is_claimed_any_more() {
        let mut frames = SpokenFrames::new();
        assert_eq!(frames.read(&turn(true, &[(Layer::Framing, b"\x81\x05He")], 3)), None);
        assert_eq!(frames.read(&turn(true, &[(Layer::Framing, b"\x81\x01a")], 0)), None);
        assert!(frames.read(&turn(false, &[(Layer::Framing, b"\x81\x01a")], 0)).is_some(), "the other side is whole");
    }
}
