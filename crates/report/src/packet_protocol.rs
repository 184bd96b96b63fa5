//! Which protocol is a packet of? As Wireshark's column has it, and as a filter asks for it.

use std::fmt;

use serde::{Serialize, Serializer};
use wirelab_analyze::model::{Layer, Packet, Protocol, Span};

/// The protocol of a packet in a list, or of a layer below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PacketProtocol {
    Tcp,
    /// Data of what is spoken on its connection.
    Spoken(Protocol),
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
        PacketProtocol::Spoken(Protocol::Http),
        PacketProtocol::Spoken(Protocol::Sse),
        PacketProtocol::Spoken(Protocol::WebSocket),
        PacketProtocol::Spoken(Protocol::Lines),
        PacketProtocol::Spoken(Protocol::Tls),
        PacketProtocol::Spoken(Protocol::Http2),
        PacketProtocol::Spoken(Protocol::Tunnel),
        PacketProtocol::Spoken(Protocol::Unknown),
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
            _ if packet.spans.iter().any(is_head) => PacketProtocol::Spoken(Protocol::Http),
            Protocol::None => PacketProtocol::Spoken(Protocol::Unknown),
            spoken => PacketProtocol::Spoken(spoken),
        }
    }

    /// Whether no more is known of it than that TCP carries it.
    pub fn is_of_tcp(self) -> bool {
        matches!(
            self,
            PacketProtocol::Tcp | PacketProtocol::Spoken(Protocol::Tunnel | Protocol::Unknown | Protocol::None)
        )
    }

    /// Its name in a filter.
    pub fn filter_name(self) -> &'static str {
        self.names().filter
    }

    /// The one that a filter calls so, however it is written: `HTTP/2` is `http2`.
    pub fn named(name: &str) -> Option<PacketProtocol> {
        let plain = name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        PacketProtocol::ALL.into_iter().find(|one| plain.clone().eq(one.filter_name().bytes()))
    }

    /// What it is called. Data that no decoder knows is TCP's in a column, as in Wireshark.
    fn names(self) -> Names {
        let named = |filter, column| Names { filter, column };
        match self {
            PacketProtocol::Tcp => named("tcp", "TCP"),
            PacketProtocol::Spoken(spoken) => named(
                spoken.name(),
                match spoken {
                    Protocol::None | Protocol::Unknown | Protocol::Tunnel => "TCP",
                    Protocol::Http => "HTTP",
                    Protocol::Sse => "SSE",
                    Protocol::WebSocket => "WebSocket",
                    Protocol::Lines => "Lines",
                    Protocol::Tls => "TLS",
                    Protocol::Http2 => "HTTP/2",
                },
            ),
            PacketProtocol::Udp => named("udp", "UDP"),
            PacketProtocol::Arp => named("arp", "ARP"),
            PacketProtocol::Icmp => named("icmp", "ICMP"),
            PacketProtocol::Icmpv6 => named("icmpv6", "ICMPv6"),
            PacketProtocol::Igmp => named("igmp", "IGMP"),
            PacketProtocol::Ip => named("ip", "IP"),
            PacketProtocol::Ipv6 => named("ipv6", "IPv6"),
            PacketProtocol::Fragment => named("fragment", "fragment"),
            PacketProtocol::Llc => named("llc", "LLC"),
            PacketProtocol::Ppp => named("ppp", "PPP"),
            PacketProtocol::Malformed => named("malformed", "malformed"),
            PacketProtocol::Other => named("other", "other"),
        }
    }
}

/// What a protocol is called.
struct Names {
    filter: &'static str,
    column: &'static str,
}

/// As a list's column has it.
impl fmt::Display for PacketProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.names().column)
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
            assert_eq!(by_column, Some(if one.is_of_tcp() { PacketProtocol::Tcp } else { one }));
        }
        assert_eq!(PacketProtocol::named("gopher"), None);
        assert_eq!(PacketProtocol::named(""), None);
    }
}
