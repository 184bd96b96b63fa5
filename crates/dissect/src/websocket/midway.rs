//! Do these bytes, of whose connection the opening handshake was not captured, look like frames of a WebSocket?
//!
//! Nothing marks the beginning of a frame (RFC 6455, section 5.2), so only bytes are taken for frames that are some from the
//! first to the last: whole ones, none of them odd, that end where the packet does, as those of a program that sends message by message do.
//! A client masks its frames, and a server does not (section 5.1).

use crate::websocket::{FrameHeader, Opcode, Side};

/// Whose frames these bytes are, if they are whole frames and nothing else.
pub fn sniff_midway(bytes: &[u8]) -> Option<Side> {
    let (mut rest, mut side) = (bytes, None);
    while !rest.is_empty() {
        let header = FrameHeader::read(rest).ok()??;
        let payload = rest.get(usize::from(header.header_len)..)?;
        let (payload, behind) = payload.split_at_checked(usize::try_from(header.len).ok()?)?;
        let sender = if header.mask.is_some() { Side::Client } else { Side::Server };
        if !is_likely(header, payload) || *side.get_or_insert(sender) != sender {
            return None;
        }
        rest = behind;
    }
    side
}

/// Whether a frame is what is mostly sent: a message of its own, or a control frame. What a server's frame says must be text,
/// as its header has but two bytes to be told by.
fn is_likely(header: FrameHeader, payload: &[u8]) -> bool {
    let is_plain = header.fin && !header.rsv1 && !header.rsv2 && !header.rsv3 && header.has_minimal_length();
    let is_control = matches!(header.opcode, Opcode::Ping | Opcode::Pong | Opcode::Close) && payload.len() <= 125;
    let says = || header.unmasked(0, payload).collect::<Vec<u8>>();
    is_plain
        && match header.opcode {
            Opcode::Text => !payload.is_empty() && std::str::from_utf8(&says()).is_ok(),
            Opcode::Binary => header.mask.is_some(),
            _ => is_control && (header.mask.is_some() || payload.len() > 2),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_frames_alone_are_taken_for_some() {
        let masked = |opcode: u8, text: &[u8]| {
            let key = [0x37, 0xfa, 0x21, 0x3d];
            let header = [0x80 | opcode, 0x80 | text.len() as u8];
            let said = text.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
            header.into_iter().chain(key).chain(said).collect::<Vec<u8>>()
        };
        let hello = masked(1, b"Hello");
        for (bytes, expected) in [
            (hello.clone(), Some(Side::Client)),
            ([hello.clone(), masked(9, b"")].concat(), Some(Side::Client)),
            (masked(2, &[0xff, 0xfe]), Some(Side::Client)),
            (b"\x81\x05Hello".to_vec(), Some(Side::Server)),
            (b"\x81\x05Hello\x81\x02hi".to_vec(), Some(Side::Server)),
            // Cut short, more than one, of both sides, no text, compressed, a part of a message, none.
            (hello[..8].to_vec(), None),
            (b"\x81\x05Hello!".to_vec(), None),
            ([hello.clone(), b"\x81\x02hi".to_vec()].concat(), None),
            (b"\x81\x02\xff\xfe".to_vec(), None),
            (masked(1, &[0xff, 0xfe]), None),
            (b"\xc1\x05Hello".to_vec(), None),
            (b"\x01\x05Hello".to_vec(), None),
            (b"\x82\x02hi".to_vec(), None),
            (b"\x89\x00".to_vec(), None),
            (b"\x81\x7e\x00\x05Hello".to_vec(), None),
            (b"".to_vec(), None),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), None),
        ] {
            assert_eq!(sniff_midway(&bytes), expected, "{bytes:02x?}");
        }
    }
}
