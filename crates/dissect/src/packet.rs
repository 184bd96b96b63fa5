//! What does a frame carry: TCP, something else, or something that cannot be decoded?
//!
//! [`decode`] walks from the link up to the outermost TCP header and stops there. It borrows the frame, allocates nothing,
//! and never looks at a byte that was not kept. Where it cannot go on, it says at which layer and offset, and why.

use crate::cursor::Cursor;
use crate::segment::{Header, Next};
use crate::{ip, link, tcp};
use std::net::{IpAddr, Ipv4Addr};
use wirelab_capture::{Frame, LinkType};

pub use crate::segment::{Endpoint, Notes, Segment, Skipped};
pub use crate::stop::{Problem, Stop, StopLayer};

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A TCP segment: the outermost one.
    Tcp(Segment<'a>),
    /// Something else.
    NotTcp(Skipped),
}

/// Finds the TCP segment of a frame, or says what the frame is instead.
pub fn decode<'a>(frame: &Frame<'a>) -> Decoded<'a> {
    match plain(frame) {
        Some(segment) => Decoded::Tcp(segment),
        None => decode_any(frame),
    }
}

/// The frame that nearly all are: Ethernet, IPv4 without options that is no fragment, TCP, and nothing odd about any
/// length. `None` where it is another, which [`decode`] reads in the general way; it reads these the same.
///
/// Who reads many frames asks here first: a segment that comes one way only need not be copied.
#[inline]
pub fn plain<'a>(frame: &Frame<'a>) -> Option<Segment<'a>> {
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    let (head, behind) = frame.data.split_first_chunk::<54>()?;
    let (
        &[
            _,
            _,
            _,
            _,
            _,
            _,
            ether_type,
            [version, _],
            total,
            identification,
            fragment,
            [_, protocol],
            _,
            [s0, s1],
            [s2, s3],
            [d0, d1],
            [d2, d3],
            from,
            to,
            [q0, q1],
            [q2, q3],
            [a0, a1],
            [a2, a3],
            length_and_flags,
            window,
            _,
            _,
        ],
        [],
    ) = head.as_chunks::<2>()
    else {
        return None;
    };
    // Which protocols first, so that any other frame leaves early.
    let is_fragment = u16::from_be_bytes(fragment) & 0x3fff != 0;
    if u16::from_be_bytes(ether_type) != link::IPV4 || version != 0x45 || protocol != ip::TCP || is_fragment {
        return None;
    }
    let total = u32::from(u16::from_be_bytes(total));
    let length_and_flags = u16::from_be_bytes(length_and_flags);
    let header_len = u32::from(length_and_flags >> 12) * 4;
    if header_len < 20 || total < 20 + header_len || total + 14 > frame.wire_len {
        return None;
    }
    let (options, rest) = behind.split_at_checked(header_len as usize - 20)?;
    let payload_len = total - 20 - header_len;
    Some(Segment {
        source: Endpoint { addr: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)), port: u16::from_be_bytes(from) },
        destination: Endpoint { addr: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)), port: u16::from_be_bytes(to) },
        seq: u32::from_be_bytes([q0, q1, q2, q3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: tcp::Flags(length_and_flags & 0x1ff),
        window: u16::from_be_bytes(window),
        lower_len: frame.wire_len.wrapping_sub(total - 20),
        header_len,
        payload_len,
        payload_offset: 34 + header_len,
        identification: u16::from_be_bytes(identification),
        payload: rest.get(..payload_len as usize).unwrap_or(rest),
        options,
        notes: Notes::default(),
    })
}

fn decode_any<'a>(frame: &Frame<'a>) -> Decoded<'a> {
    let mut cursor = Cursor::new(frame.data, frame.wire_len);
    let mut notes = Notes::default();
    let mut hosts = None;
    let stopped = |stop, hosts| Decoded::NotTcp(Skipped::Stop { stop, hosts });
    match walk(frame, &mut cursor, &mut notes, &mut hosts) {
        Ok(Found::Tcp(header)) => match tcp::segment(cursor, frame.wire_len, &header, notes) {
            Ok(segment) => Decoded::Tcp(segment),
            Err(stop) => stopped(stop, hosts),
        },
        Ok(Found::Else(skipped)) => Decoded::NotTcp(skipped),
        Err(stop) => stopped(stop, hosts),
    }
}

enum Found {
    Tcp(Header),
    Else(Skipped),
}

/// Goes up to the outermost TCP header, and keeps in `hosts` whom the last IP header named, whatever comes of it.
fn walk(
    frame: &Frame<'_>,
    cursor: &mut Cursor<'_>,
    notes: &mut Notes,
    hosts: &mut Option<[IpAddr; 2]>,
) -> Result<Found, Stop> {
    let mut next = link::open(frame.link, cursor)?;
    let mut networks = 0;
    for _ in 0..DEEPEST {
        if let Next::Transport(header) = &next {
            *hosts = Some([header.source, header.destination]);
        }
        next = match next {
            Next::Ethernet => link::ethernet(cursor)?,
            Next::EtherType(ether_type) => link::ether_type(cursor, ether_type)?,
            Next::Ppp(protocol) => link::ppp(protocol),
            Next::Ip => {
                networks += 1;
                if networks > 1 {
                    notes.add(Notes::TUNNEL);
                }
                ip::open(cursor, notes)?
            }
            Next::Transport(header) if header.protocol == ip::TCP => return Ok(Found::Tcp(header)),
            Next::Transport(header) => ip::transport(cursor, header)?,
            Next::End(skipped) => return Ok(Found::Else(skipped)),
        };
    }
    Err(cursor.stop(StopLayer::Tunnel, Problem::TooDeep { most: DEEPEST }))
}

/// A frame of a real network has fewer than ten headers. The bound keeps hostile frames cheap.
const DEEPEST: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Tcp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_frame_is_read_as_any_other(
            payload in proptest::collection::vec(any::<u8>(), 0..40),
            options in 0usize..4,
            cut in 0usize..120,
            trailer in 0usize..10,
            damage in proptest::collection::vec((12usize..60, any::<u8>()), 0..3),
            wire in 0u32..4,
        ) {
            let options = vec![1; options * 4];
            let tcp = Tcp { payload: &payload, options: &options, ..Tcp::between("10.0.0.2:40000", "10.0.0.1:8000") };
            let mut bytes = tcp.frame();
            bytes.resize(bytes.len() + trailer, 0);
            for (at, byte) in damage {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let wire_len = bytes.len() as u32 + wire / 2 * 7;
            let kept = bytes.len() - if wire % 2 == 1 { cut.min(bytes.len()) } else { 0 };
            let frame = Frame { number: 1, time_ns: 0, wire_len, data: &bytes[..kept], link: LinkType::ETHERNET, file_offset: 0 };
            if let Some(segment) = plain(&frame) {
                prop_assert_eq!(Decoded::Tcp(segment), decode_any(&frame));
            }
        }
    }

    #[test]
    fn a_usual_frame_is_plain() {
        let bytes = Tcp { payload: b"x", ..Tcp::between("10.0.0.2:40000", "10.0.0.1:8000") }.frame();
        let wire_len = bytes.len() as u32;
        let frame = Frame { number: 1, time_ns: 0, wire_len, data: &bytes, link: LinkType::ETHERNET, file_offset: 0 };
        assert!(plain(&frame).is_some());
    }
}
