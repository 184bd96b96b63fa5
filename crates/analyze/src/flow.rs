//! Which two endpoints is a packet between, whichever of them sent it, and over which transport?
//!
//! The key by which a packet's connection is found. It names the transport, so that what follows another one, UDP with QUIC,
//! shares the table with TCP: its datagrams between the same addresses and ports are another flow.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use wirelab_dissect::packet::Endpoint;

/// Two endpoints in an order that both directions share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    first: Endpoint,
    second: Endpoint,
    transport: Transport,
}

/// What carries the bytes between two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    /// Not followed: only whether a flow is QUIC is kept of it.
    Udp,
}

impl Flow {
    /// The flow of a packet, and whether it was sent by the flow's second endpoint.
    #[inline(always)]
    pub fn of(transport: Transport, source: Endpoint, destination: Endpoint) -> (Flow, bool) {
        // Any order does; by ports it is mostly found at once.
        let by_second = (source.port, source.addr) > (destination.port, destination.addr);
        let (first, second) = if by_second { (destination, source) } else { (source, destination) };
        (Flow { first, second, transport }, by_second)
    }

    /// The two endpoints, first and second.
    pub fn endpoints(&self) -> [Endpoint; 2] {
        [self.first, self.second]
    }
}

/// In few words: every packet is looked up by it. (Flows of two transports between the same ends may share a hash.)
impl Hash for Flow {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        for end in [self.first, self.second] {
            match end.addr {
                IpAddr::V4(addr) => state.write_u64(u64::from(addr.to_bits()) << 16 | u64::from(end.port)),
                IpAddr::V6(addr) => {
                    state.write_u128(addr.to_bits());
                    state.write_u16(end.port);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_one_flow_and_give_their_endpoints_back() {
        for (a, b) in [
            ("10.0.0.1:80", "10.0.0.2:4000"),
            ("10.0.0.1:80", "10.0.0.1:79"),
            ("[fe80::1]:1", "[fe80::1]:2"),
            ("[2001:db8::ffff]:65535", "[::1]:0"),
            ("127.0.0.1:5", "127.0.0.1:5"),
        ] {
            let [a, b] = [a, b].map(|text| {
                let socket: std::net::SocketAddr = text.parse().unwrap();
                Endpoint { addr: socket.ip(), port: socket.port() }
            });
            let (there, swapped) = Flow::of(Transport::Tcp, a, b);
            let (back, other) = Flow::of(Transport::Tcp, b, a);
            assert_eq!(there, back);
            assert!(swapped != other || a == b);
            let [first, second] = there.endpoints();
            assert_eq!(if swapped { (second, first) } else { (first, second) }, (a, b));
        }
    }

    #[test]
    fn an_ipv4_address_is_not_the_ipv6_address_that_maps_it() {
        let port = 80;
        let v4 = Endpoint { addr: "10.0.0.1".parse().unwrap(), port };
        let v6 = Endpoint { addr: "::ffff:10.0.0.1".parse().unwrap(), port };
        assert_ne!(Flow::of(Transport::Tcp, v4, v4).0, Flow::of(Transport::Tcp, v6, v6).0);
    }
}
