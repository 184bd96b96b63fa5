//! Where did the decoding of a frame stop, and why?

use std::fmt;

/// Where decoding stopped, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layer} at byte {offset} of the frame: {problem}")]
pub struct Stop {
    /// The layer whose rules were broken.
    pub layer: StopLayer,
    /// The place in the frame.
    pub offset: u32,
    /// What was expected and found.
    pub problem: Problem,
}

/// The layer at which decoding stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum StopLayer {
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

impl StopLayer {
    /// The name as Wireshark's filters have it.
    pub fn name(self) -> &'static str {
        match self {
            StopLayer::Link => "link",
            StopLayer::Vlan => "vlan",
            StopLayer::Pppoe => "pppoes",
            StopLayer::Ppp => "ppp",
            StopLayer::Mpls => "mpls",
            StopLayer::Ip => "ip",
            StopLayer::Ipv4 => "ip",
            StopLayer::Ipv6 => "ipv6",
            StopLayer::Tunnel => "tunnel",
            StopLayer::Udp => "udp",
            StopLayer::Tcp => "tcp",
        }
    }
}

impl fmt::Display for StopLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StopLayer::Link => "link header",
            StopLayer::Vlan => "VLAN tag",
            StopLayer::Pppoe => "PPPoE header",
            StopLayer::Ppp => "PPP header",
            StopLayer::Mpls => "MPLS label",
            StopLayer::Ip => "IP header",
            StopLayer::Ipv4 => "IPv4 header",
            StopLayer::Ipv6 => "IPv6 header",
            StopLayer::Tunnel => "tunnel header",
            StopLayer::Udp => "UDP header",
            StopLayer::Tcp => "TCP header",
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
