//! Which two endpoints is a packet between, whichever of them sent it?
//!
//! Every packet is looked up by these, so they are packed into few words. IPv4 needs two; IPv6 five.

use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wirelab_dissect::packet::Endpoint;

/// Two endpoints in an order that both directions share.
///
/// IPv4: address and port of each in a word. IPv6: the addresses in two words each, then both ports. The last word
/// tells them apart: a set bit above the ports means IPv6.
#[derive(Clone, Copy, Debug, Eq)]
pub(crate) struct Flow([u64; 5]);

impl PartialEq for Flow {
    /// Word by word: the first two mostly tell, and a comparison of memory costs more.
    #[inline]
    fn eq(&self, other: &Flow) -> bool {
        let ([a, b, c, d, e], [v, w, x, y, z]) = (self.0, other.0);
        a == v && b == w && e == z && (e == 0 || (c == x && d == y))
    }
}

impl Flow {
    /// The flow of a packet, and whether it was sent by the flow's second endpoint.
    #[inline(always)]
    pub fn of(source: &Endpoint, destination: &Endpoint) -> (Flow, bool) {
        if let (IpAddr::V4(from), IpAddr::V4(to)) = (source.addr, destination.addr) {
            let from = u64::from(from.to_bits()) << 16 | u64::from(source.port);
            let to = u64::from(to.to_bits()) << 16 | u64::from(destination.port);
            return if from <= to { (Flow([from, to, 0, 0, 0]), false) } else { (Flow([to, from, 0, 0, 0]), true) };
        }
        let from = (bits(source.addr), source.port);
        let to = (bits(destination.addr), destination.port);
        let (first, second, swapped) = if from <= to { (from, to, false) } else { (to, from, true) };
        let ports = u64::from(first.1) << 16 | u64::from(second.1) | IPV6;
        let flow = [(first.0 >> 64) as u64, first.0 as u64, (second.0 >> 64) as u64, second.0 as u64, ports];
        (Flow(flow), swapped)
    }

    /// A hash that nobody outside can foresee.
    #[inline(always)]
    pub fn hash(&self, state: &impl BuildHasher) -> u64 {
        let mut hasher = state.build_hasher();
        let [a, b, c, d, e] = self.0;
        hasher.write_u64(a);
        hasher.write_u64(b);
        if e != 0 {
            hasher.write_u64(c);
            hasher.write_u64(d);
            hasher.write_u64(e);
        }
        hasher.finish()
    }

    /// The two endpoints, first and second.
    pub fn endpoints(&self) -> [Endpoint; 2] {
        let [a, b, c, d, e] = self.0;
        if e == 0 {
            return [a, b].map(|word| Endpoint {
                addr: IpAddr::V4(Ipv4Addr::from_bits((word >> 16) as u32)),
                port: word as u16,
            });
        }
        let of = |high: u64, low: u64, port: u64| Endpoint {
            addr: IpAddr::V6(Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low))),
            port: port as u16,
        };
        [of(a, b, e >> 16), of(c, d, e)]
    }
}

fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped().to_bits(),
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

const IPV6: u64 = 1 << 32;

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
            let (there, swapped) = Flow::of(&a, &b);
            let (back, other) = Flow::of(&b, &a);
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
        assert_ne!(Flow::of(&v4, &v4).0, Flow::of(&v6, &v6).0);
    }
}
