//! What can be found in a frame: the words that the decoders of all layers share.

use crate::flags::Flags;
use crate::stop::Stop;
use std::fmt;
use std::net::IpAddr;
use wirelab_capture::LinkType;

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
    pub flags: Flags,
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
    /// The identification in the header of the IPv4 packet that it came in; 0 where there is none.
    pub identification: u16,
    /// What was kept of the payload: shorter than `payload_len` where the snap length cut the frame.
    pub payload: &'a [u8],
    /// The TCP options as they were sent, as far as they were kept. See [`options`](crate::tcp::options).
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
        /// Where its payload begins in the frame.
        start: u32,
        /// How long its payload is on the wire.
        len: u32,
    },
    /// Another protocol over IP: ICMP, IGMP, ESP and so on. TCP that ICMP quotes does not count.
    Ip {
        /// Its number in the IP header.
        protocol: u8,
        /// Who sent it.
        source: IpAddr,
        /// To whom.
        destination: IpAddr,
        /// Where its header begins in the frame.
        start: u32,
    },
    /// A fragment of an IP packet; the TCP header, if there is one, is whole only after reassembly.
    Fragment(Fragment),
    /// Another protocol on the link, by EtherType.
    EtherType(u16),
    /// A frame of 802.3 with logical link control: spanning tree and the like.
    Llc,
    /// Another protocol over PPP, by its number.
    Ppp(u16),
    /// A kind of link that is not decoded.
    Link(LinkType),
    /// Something that cannot be decoded.
    Stop {
        /// Where, and why.
        stop: Stop,
        /// From whom to whom, where an IP header around it could be read: the innermost.
        hosts: Option<[IpAddr; 2]>,
    },
}

/// A fragment of an IP packet, and where in its frame it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Who sent the packet.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// What the packet carries: the protocol of the IP header, or the next header of the fragment header.
    pub protocol: u8,
    /// The number that the fragments of one packet share.
    pub id: u32,
    /// Where in the packet its content belongs.
    pub offset: u32,
    /// Whether others follow.
    pub more: bool,
    /// Where its content begins in the frame.
    pub start: u32,
    /// How long its content is on the wire.
    pub len: u32,
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
    Transport(Header),
    /// Nothing that leads to TCP.
    End(Skipped),
}

/// What the upper layer needs to know of the IP header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) protocol: u8,
    /// Of IPv4.
    pub(crate) identification: u16,
}
