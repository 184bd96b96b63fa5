//! Which protocol is a packet of? As Wireshark's column has it, and as a filter asks for it.

use std::fmt;

use serde::{Serialize, Serializer};
use wirelab_analyze::model::{Layer, Packet, Protocol, Span};

/// The protocol of a packet in a list, or of a layer below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PacketProtocol {
    Tcp,
    Http,
    Sse,
    WebSocket,
    Lines,
    Tls,
    Http2,
    /// Data in a tunnel that an HTTP CONNECT has opened.
    Tunnel,
    /// Data of which nothing is known.
    Unknown,
    Udp,
    Arp,
    Icmp,
    Icmpv6,
    Igmp,
    Ip,
    Ipv6,
    /// A fragment of an IP packet.
    Fragment,
    Llc,
    Ppp,
    /// What could not be decoded.
    Malformed,
    /// What is not decoded.
    Other,
}

impl PacketProtocol {
    /// All of them, in the order in which a message names them.
    pub const ALL: [PacketProtocol; 21] = [
        PacketProtocol::Tcp,
        PacketProtocol::Http,
        PacketProtocol::Sse,
        PacketProtocol::WebSocket,
        PacketProtocol::Lines,
        PacketProtocol::Tls,
        PacketProtocol::Http2,
        PacketProtocol::Tunnel,
        PacketProtocol::Unknown,
        PacketProtocol::Udp,
        PacketProtocol::Arp,
        PacketProtocol::Icmp,
        PacketProtocol::Icmpv6,
        PacketProtocol::Igmp,
        PacketProtocol::Ip,
        PacketProtocol::Ipv6,
        PacketProtocol::Fragment,
        PacketProtocol::Llc,
        PacketProtocol::Ppp,
        PacketProtocol::Malformed,
        PacketProtocol::Other,
    ];

    /// That of a TCP packet: the application's for data, TCP for the rest. `spoken` is what its connection speaks.
    pub fn of(packet: &Packet, spoken: Protocol) -> PacketProtocol {
        let is_head = |span: &Span| matches!(span.layer, Layer::RequestHead | Layer::ResponseHead);
        match spoken {
            _ if packet.app_len == 0 => PacketProtocol::Tcp,
            _ if packet.spans.iter().any(is_head) => PacketProtocol::Http,
            Protocol::Http => PacketProtocol::Http,
            Protocol::Sse => PacketProtocol::Sse,
            Protocol::WebSocket => PacketProtocol::WebSocket,
            Protocol::Lines => PacketProtocol::Lines,
            Protocol::Tls => PacketProtocol::Tls,
            Protocol::Http2 => PacketProtocol::Http2,
            Protocol::Tunnel => PacketProtocol::Tunnel,
            Protocol::Unknown | Protocol::None => PacketProtocol::Unknown,
        }
    }

    /// Whether no more is known of it than that TCP carries it.
    pub fn is_of_tcp(self) -> bool {
        matches!(self, PacketProtocol::Tcp | PacketProtocol::Tunnel | PacketProtocol::Unknown)
    }

    /// Its name in a filter.
    pub fn filter_name(self) -> &'static str {
        match self {
            PacketProtocol::Tcp => "tcp",
            PacketProtocol::Http => "http",
            PacketProtocol::Sse => "sse",
            PacketProtocol::WebSocket => "websocket",
            PacketProtocol::Lines => "lines",
            PacketProtocol::Tls => "tls",
            PacketProtocol::Http2 => "http2",
            PacketProtocol::Tunnel => "tunnel",
            PacketProtocol::Unknown => "unknown",
            PacketProtocol::Udp => "udp",
            PacketProtocol::Arp => "arp",
            PacketProtocol::Icmp => "icmp",
            PacketProtocol::Icmpv6 => "icmpv6",
            PacketProtocol::Igmp => "igmp",
            PacketProtocol::Ip => "ip",
            PacketProtocol::Ipv6 => "ipv6",
            PacketProtocol::Fragment => "fragment",
            PacketProtocol::Llc => "llc",
            PacketProtocol::Ppp => "ppp",
            PacketProtocol::Malformed => "malformed",
            PacketProtocol::Other => "other",
        }
    }

    /// The one that a filter calls so, however it is written: `HTTP/2` is `http2`.
    pub fn named(name: &str) -> Option<PacketProtocol> {
        let plain = name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        PacketProtocol::ALL.into_iter().find(|one| plain.clone().eq(one.filter_name().bytes()))
    }
}

/// As a list's column has it. Data that no decoder knows is TCP's, as in Wireshark.
impl fmt::Display for PacketProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            PacketProtocol::Tcp | PacketProtocol::Tunnel | PacketProtocol::Unknown => "TCP",
            PacketProtocol::Http => "HTTP",
            PacketProtocol::Sse => "SSE",
            PacketProtocol::WebSocket => "WebSocket",
            PacketProtocol::Lines => "Lines",
            PacketProtocol::Tls => "TLS",
            PacketProtocol::Http2 => "HTTP/2",
            PacketProtocol::Udp => "UDP",
            PacketProtocol::Arp => "ARP",
            PacketProtocol::Icmp => "ICMP",
            PacketProtocol::Icmpv6 => "ICMPv6",
            PacketProtocol::Igmp => "IGMP",
            PacketProtocol::Ip => "IP",
            PacketProtocol::Ipv6 => "IPv6",
            PacketProtocol::Fragment => "fragment",
            PacketProtocol::Llc => "LLC",
            PacketProtocol::Ppp => "PPP",
            PacketProtocol::Malformed => "malformed",
            PacketProtocol::Other => "other",
        })
    }
}

impl Serialize for PacketProtocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_the_name_of_a_filter_and_by_that_of_the_column() {
        for one in PacketProtocol::ALL {
            assert_eq!(PacketProtocol::named(one.filter_name()), Some(one));
            let by_column = PacketProtocol::named(&one.to_string());
            let is_data_of_tcp = matches!(one, PacketProtocol::Tunnel | PacketProtocol::Unknown);
            assert_eq!(by_column, Some(if is_data_of_tcp { PacketProtocol::Tcp } else { one }));
        }
        assert_eq!(PacketProtocol::named("gopher"), None);
        assert_eq!(PacketProtocol::named(""), None);
    }
}
