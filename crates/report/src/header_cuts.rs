//! Which packets begin in the middle of a WebSocket frame's header, and what of it was in the packets before?
//!
//! A header of 2 to 14 bytes can be cut between two packets (RFC 6455, section 5.2). The second one's first bytes then look
//! like a header of their own, so that only what came before says what they are.

use std::collections::BTreeMap;

use wirelab_analyze::model::{Layer, Packet};
use wirelab_dissect::websocket::FrameHeader;

/// What is known of the headers at the ends of what was seen, for each direction of each connection.
#[derive(Debug, Default)]
pub struct HeaderCuts {
    sides: BTreeMap<(u32, bool), Side>,
}

/// What of a header came before a packet's first new byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Before {
    /// Nothing: what begins here, begins here.
    #[default]
    Nothing,
    /// These bytes of it, the first of them in this packet.
    Header {
        /// The header as far as it is known.
        bytes: Vec<u8>,
        /// The number of the packet in which it begins.
        packet: u64,
    },
    /// That is not known: a packet before was lost or overtaken.
    Unknown,
}

#[derive(Debug)]
struct Side {
    /// The sequence number behind all that was seen.
    next: u64,
    before: Before,
}

impl HeaderCuts {
    /// What came before this packet, which was not seen yet.
    pub fn before(&self, packet: &Packet) -> Before {
        match self.sides.get(&(packet.connection, packet.from_client)) {
            None => Before::Nothing,
            Some(side) if packet.seq > side.next || end(packet) <= side.next => Before::Unknown,
            Some(side) => side.before.clone(),
        }
    }

    /// Takes the next packet of a connection that speaks WebSocket, with its payload as far as it was captured.
    pub fn see(&mut self, packet: &Packet, payload: &[u8]) {
        if packet.app_len == 0 {
            return;
        }
        let before = self.before(packet);
        let key = (packet.connection, packet.from_client);
        let side = self.sides.entry(key).or_insert(Side { next: packet.seq, before: Before::Nothing });
        if end(packet) <= side.next {
            return;
        }
        (side.next, side.before) = (end(packet), before);
        let mut rest = payload;
        for span in &packet.spans {
            let part = rest.split_at_checked(span.len as usize);
            let Some((bytes, behind)) = part else {
                // Cut by the snap length.
                side.before = Before::Unknown;
                return;
            };
            rest = behind;
            match span.layer {
                Layer::Retransmitted => {}
                Layer::Framing => side.headers(bytes, packet.number),
                _ => side.before = Before::Nothing,
            }
        }
    }
}

impl Side {
    /// Goes over whole headers; keeps the beginning of one that is not whole.
    fn headers(&mut self, bytes: &[u8], number: u64) {
        let (mut all, mut begun) = match &mut self.before {
            Before::Unknown => return,
            Before::Nothing => (bytes.to_vec(), number),
            Before::Header { bytes: known, packet } => ([known, bytes].concat(), *packet),
        };
        while let Ok(Some(header)) = FrameHeader::read(&all) {
            all.drain(..usize::from(header.header_len).min(all.len()));
            begun = number;
        }
        self.before = if all.is_empty() { Before::Nothing } else { Before::Header { bytes: all, packet: begun } };
    }
}

/// The sequence number behind a packet's payload.
fn end(packet: &Packet) -> u64 {
    packet.seq + u64::from(packet.app_len)
}

#[cfg(test)]
mod tests {
    use wirelab_analyze::model::{Span, Words};
    use wirelab_dissect::tcp::Flags;

    use super::*;

    fn packet(number: u64, seq: u64, runs: &[(Layer, u32)]) -> Packet {
        let spans: Vec<Span> = runs.iter().map(|&(layer, len)| Span { layer, len }).collect();
        let app_len = spans.iter().map(|span| span.len).sum();
        Packet {
            number,
            time_s: 0.0,
            connection: 0,
            from_client: true,
            exchange: None,
            frame_len: 0,
            lower_len: 0,
            tcp_len: 0,
            app_len,
            payload_offset: 0,
            flags: Flags::default(),
            seq,
            ack: None,
            window: 0,
            analysis: None,
            words: Words::default(),
            ended: Vec::new(),
            spans,
        }
    }

    fn header(bytes: &[u8], packet: u64) -> Before {
        Before::Header { bytes: bytes.to_vec(), packet }
    }

    #[test]
    fn a_header_in_three_packets_is_known_in_each() {
        let mut cuts = HeaderCuts::default();
        // A ping without payload, and the first byte of a text frame's header.
        cuts.see(&packet(7, 1, &[(Layer::Framing, 7)]), b"\x89\x80abcd\x81");
        let second = packet(9, 8, &[(Layer::Framing, 2)]);
        assert_eq!(cuts.before(&second), header(b"\x81", 7));
        cuts.see(&second, b"\x82a");
        let third = packet(11, 8, &[(Layer::Retransmitted, 2), (Layer::Framing, 3), (Layer::Content, 2)]);
        assert_eq!(cuts.before(&third), header(b"\x81\x82a", 7));
        cuts.see(&third, b"\x82abcdhi");
        assert_eq!(cuts.before(&packet(12, 15, &[(Layer::Framing, 2)])), Before::Nothing);
    }

    #[test]
    fn what_was_lost_or_cut_is_not_known() {
        let mut cuts = HeaderCuts::default();
        cuts.see(&packet(1, 1, &[(Layer::Framing, 1)]), b"\x81");
        let later = packet(3, 5, &[(Layer::Framing, 4), (Layer::Content, 2)]);
        assert_eq!(cuts.before(&later), Before::Unknown);
        cuts.see(&later, b"abcdhi");
        assert_eq!(cuts.before(&packet(4, 2, &[(Layer::Framing, 3)])), Before::Unknown, "it was overtaken");
        assert_eq!(cuts.before(&packet(4, 11, &[(Layer::Framing, 2)])), Before::Nothing, "behind content");
        cuts.see(&packet(5, 11, &[(Layer::Framing, 2), (Layer::Content, 3)]), b"\x81\x03x");
        assert_eq!(cuts.before(&packet(6, 16, &[(Layer::Framing, 2)])), Before::Unknown, "the snap length");
    }
}
