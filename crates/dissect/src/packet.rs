//! What does a frame carry: TCP, something else, or something that cannot be decoded?
//!
//! [`decode`] walks from the link up to the outermost TCP header and stops there. It borrows the frame, allocates nothing,
//! and never looks at a byte that was not kept. Where it cannot go on, it says at which layer and offset, and why.

use crate::cursor::Cursor;
use crate::{ip, link, tcp};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use wirelab_capture::{Frame, LinkType};

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A TCP segment: the outermost one.
    Tcp(Segment<'a>),
    /// Something else.
    NotTcp(Skipped),
}

/// A TCP segment, and how the bytes of its frame divide.
///
/// Always `lower_len + header_len + payload_len` = the frame's length on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Who sent it.
    pub source: Endpoint,
    /// To whom.
    pub destination: Endpoint,
    /// The sequence number of its first byte (or of its SYN).
    pub seq: u32,
    /// The next byte that the sender expects, where the ACK flag is set.
    pub ack: u32,
    /// SYN, ACK and so on.
    pub flags: tcp::Flags,
    /// The window field as it was sent, not scaled.
    pub window: u16,
    /// Everything below TCP: link and IP headers with their options, padding, trailers.
    pub lower_len: u32,
    /// The TCP header with its options.
    pub header_len: u32,
    /// The payload on the wire: from the IP length, never from what is left of the frame.
    pub payload_len: u32,
    /// Where the payload begins in the frame.
    pub payload_offset: u32,
    /// What was kept of the payload: shorter than `payload_len` where the snap length cut the frame.
    pub payload: &'a [u8],
    /// The TCP options as they were sent, as far as they were kept. See [`tcp::options`].
    pub options: &'a [u8],
    /// What is worth knowing of how it was found.
    pub notes: Notes,
}

impl Segment<'_> {
    /// Whether it came through a tunnel: one IP packet in another.
    pub fn is_tunnelled(&self) -> bool {
        self.notes.has(Notes::TUNNEL)
    }
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The IP address.
    pub addr: IpAddr,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            IpAddr::V4(addr) => write!(f, "{addr}:{}", self.port),
            IpAddr::V6(addr) => write!(f, "[{addr}]:{}", self.port),
        }
    }
}

/// What is worth knowing of how a segment was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes(u8);

impl Notes {
    /// The segment came through a tunnel: one IP packet in another.
    pub const TUNNEL: Notes = Notes(1);
    /// The IP header says length 0, as with segmentation offload: the lengths follow from the frame.
    pub const NO_IP_LENGTH: Notes = Notes(2);
    /// The IP header says more than the frame holds: the lengths follow from the frame.
    pub const IP_LENGTH_TOO_LARGE: Notes = Notes(4);
    /// The snap length cut the TCP header or its options.
    pub const HEADER_CUT: Notes = Notes(8);

    /// Whether all of these hold.
    pub fn has(self, notes: Notes) -> bool {
        self.0 & notes.0 == notes.0
    }

    pub(crate) fn add(&mut self, notes: Notes) {
        self.0 |= notes.0;
    }
}

/// What a frame without a TCP segment of its own carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// Address resolution (RFC 826).
    Arp,
    /// A UDP datagram that is no tunnel.
    Udp {
        /// Who sent it.
        source: Endpoint,
        /// To whom.
        destination: Endpoint,
    },
    /// Another protocol over IP: ICMP, IGMP, ESP and so on. TCP that ICMP quotes does not count.
    Ip {
        /// Its number in the IP header.
        protocol: u8,
        /// Who sent it.
        source: IpAddr,
        /// To whom.
        destination: IpAddr,
    },
    /// A fragment of an IP packet; the TCP header, if there is one, is whole only after reassembly.
    Fragment(ip::Fragment),
    /// Another protocol on the link, by EtherType.
    EtherType(u16),
    /// A frame of 802.3 with logical link control: spanning tree and the like.
    Llc,
    /// Another protocol over PPP, by its number.
    Ppp(u16),
    /// A kind of link that is not decoded.
    Link(LinkType),
    /// Something that cannot be decoded.
    Stop(Stop),
}

/// Where decoding stopped, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layer} at byte {offset} of the frame: {problem}")]
pub struct Stop {
    /// The layer whose rules were broken.
    pub layer: Layer,
    /// The place in the frame.
    pub offset: u32,
    /// What was expected and found.
    pub problem: Problem,
}

/// The layer at which decoding stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Layer {
    Link,
    Vlan,
    Pppoe,
    Ppp,
    Mpls,
    Ip,
    Ipv4,
    Ipv6,
    Tunnel,
    Udp,
    Tcp,
}

impl Layer {
    /// The name as Wireshark's filters have it.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Link => "link",
            Layer::Vlan => "vlan",
            Layer::Pppoe => "pppoes",
            Layer::Ppp => "ppp",
            Layer::Mpls => "mpls",
            Layer::Ip => "ip",
            Layer::Ipv4 => "ip",
            Layer::Ipv6 => "ipv6",
            Layer::Tunnel => "tunnel",
            Layer::Udp => "udp",
            Layer::Tcp => "tcp",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layer::Link => "link header",
            Layer::Vlan => "VLAN tag",
            Layer::Pppoe => "PPPoE header",
            Layer::Ppp => "PPP header",
            Layer::Mpls => "MPLS label",
            Layer::Ip => "IP header",
            Layer::Ipv4 => "IPv4 header",
            Layer::Ipv6 => "IPv6 header",
            Layer::Tunnel => "tunnel header",
            Layer::Udp => "UDP header",
            Layer::Tcp => "TCP header",
        })
    }
}

/// What was expected and found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The frame, or the layer around, ends too early.
    #[error("{needed} bytes expected, {found} left")]
    Short {
        /// How many bytes are needed.
        needed: u32,
        /// How many there were on the wire.
        found: u32,
    },
    /// The bytes were on the wire, but the snap length cut them off.
    #[error("{needed} bytes needed, but only {kept} were kept (record with a larger snap length)")]
    NotKept {
        /// How many bytes are needed.
        needed: u32,
        /// How many were kept.
        kept: u32,
    },
    /// A version that this layer does not have.
    #[error("version {expected} expected, {found} found")]
    Version {
        /// The version, or versions.
        expected: &'static str,
        /// What the header says.
        found: u8,
    },
    /// The header says that it is shorter than a header can be.
    #[error("a header of at least {least} bytes expected, {found} found")]
    HeaderLength {
        /// The shortest possible.
        least: u32,
        /// What the header says.
        found: u32,
    },
    /// The packet says that it is shorter than its own header.
    #[error("a total length of at least {least} bytes expected, {found} found")]
    TotalLength {
        /// The length of the header.
        least: u32,
        /// What the header says.
        found: u32,
    },
    /// The header says that it is longer than what is there.
    #[error("a header of {found} bytes, but the segment has only {most}")]
    HeaderTooLong {
        /// What is there.
        most: u32,
        /// What the header says.
        found: u32,
    },
    /// An address family that is neither IPv4 nor IPv6.
    #[error("an address family of IPv4 or IPv6 expected, {found} found")]
    Family {
        /// What the header says.
        found: u32,
    },
    /// More headers within headers than anything real has.
    #[error("at most {most} headers expected")]
    TooDeep {
        /// The bound.
        most: u32,
    },
}

/// What comes next in a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// An Ethernet header.
    Ethernet,
    /// What this EtherType says.
    EtherType(u16),
    /// What this PPP protocol number says.
    Ppp(u16),
    /// IP of the version in its first four bits.
    Ip,
    /// What this protocol number of the IP header says.
    Transport(ip::Header),
    /// Nothing that leads to TCP.
    End(Skipped),
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
            _,
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
        payload: rest.get(..payload_len as usize).unwrap_or(rest),
        options,
        notes: Notes::default(),
    })
}

fn decode_any<'a>(frame: &Frame<'a>) -> Decoded<'a> {
    let mut cursor = Cursor::new(frame.data, frame.wire_len);
    let mut notes = Notes::default();
    match walk(frame, &mut cursor, &mut notes) {
        Ok(Found::Tcp(header)) => match tcp::segment(cursor, frame.wire_len, &header, notes) {
            Ok(segment) => Decoded::Tcp(segment),
            Err(stop) => Decoded::NotTcp(Skipped::Stop(stop)),
        },
        Ok(Found::Else(skipped)) => Decoded::NotTcp(skipped),
        Err(stop) => Decoded::NotTcp(Skipped::Stop(stop)),
    }
}

enum Found {
    Tcp(ip::Header),
    Else(Skipped),
}

fn walk(frame: &Frame<'_>, cursor: &mut Cursor<'_>, notes: &mut Notes) -> Result<Found, Stop> {
    let mut next = link::open(frame.link, cursor)?;
    let mut networks = 0;
    for _ in 0..DEEPEST {
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
    Err(cursor.stop(Layer::Tunnel, Problem::TooDeep { most: DEEPEST }))
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
