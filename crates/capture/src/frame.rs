//! One frame, as every source of frames gives it and every reader of frames takes it.

use std::fmt;

/// One frame of a capture, borrowed from the reader's buffer or the recorder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its place in the capture, counted from 1 over all frames, as Wireshark counts.
    pub number: u64,
    /// When it was seen: nanoseconds since the Unix epoch. 0 where the file gives no time (simple packet blocks).
    pub time_ns: u64,
    /// Its length on the wire, in bytes.
    pub wire_len: u32,
    /// The bytes that were kept: `wire_len` of them, or fewer where the snap length cut the frame.
    pub data: &'a [u8],
    /// What kind of link it was seen on.
    pub link: LinkType,
    /// Where its data begins in the capture file (after decompression), in bytes.
    pub file_offset: u64,
}

impl Frame<'_> {
    /// Whether fewer bytes were kept than were on the wire.
    pub fn is_truncated(&self) -> bool {
        (self.data.len() as u64) < u64::from(self.wire_len)
    }
}

/// What kind of link a frame was seen on: a LINKTYPE value of the pcap format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: a 4-byte address family in the capturing host's byte order.
    pub const NULL: LinkType = LinkType(0);
    /// Ethernet II and 802.3.
    pub const ETHERNET: LinkType = LinkType(1);
    /// Point-to-point protocol, optionally with HDLC-like framing.
    pub const PPP: LinkType = LinkType(9);
    /// Raw IP as some BSDs number it.
    pub const RAW_BSD: LinkType = LinkType(12);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_OPENBSD: LinkType = LinkType(14);
    /// Raw IP, version 4 or 6 told by the first nibble.
    pub const RAW: LinkType = LinkType(101);
    /// OpenBSD loopback: a 4-byte address family in network byte order.
    pub const LOOP: LinkType = LinkType(108);
    /// Linux "cooked" capture, version 1.
    pub const LINUX_SLL: LinkType = LinkType(113);
    /// Raw IPv4.
    pub const IPV4: LinkType = LinkType(228);
    /// Raw IPv6.
    pub const IPV6: LinkType = LinkType(229);
    /// Linux "cooked" capture, version 2.
    pub const LINUX_SLL2: LinkType = LinkType(276);

    /// A short lower-case name, or `None` for a type that wirelab does not decode.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            LinkType::NULL => "null",
            LinkType::ETHERNET => "ethernet",
            LinkType::PPP => "ppp",
            LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => "raw",
            LinkType::LOOP => "loop",
            LinkType::LINUX_SLL => "linux-sll",
            LinkType::IPV4 => "ipv4",
            LinkType::IPV6 => "ipv6",
            LinkType::LINUX_SLL2 => "linux-sll2",
            _ => return None,
        })
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "link type {}", self.0),
        }
    }
}
