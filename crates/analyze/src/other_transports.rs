//! What do the frames carry that are not counted, and how much is it?
//!
//! Every frame is either in the totals or here: the bytes of both together are those of the capture. Memory is bounded by
//! the protocols that there are, and by the flows that are known to be QUIC.
//!
//! QUIC is named where the bytes show it: a long header with a version that is known (RFC 9000, section 17.2), and from
//! there on the datagrams of that flow, both ways. What came of it before is UDP, as it is to everybody who did not see
//! the beginning.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;

use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::packet::{Endpoint, Skipped};
use wirelab_dissect::quic;
use wirelab_dissect::reassembly::Datagram;

use crate::flow::{Flow, Transport};
use crate::model::OtherTransport;

/// Counts frames without a TCP segment of their own, by what they carry.
#[derive(Clone, Debug, Default)]
pub(crate) struct OtherTransports {
    sums: BTreeMap<Other, Sum>,
    quic: QuicFlows,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    packets: u64,
    bytes: u64,
}

impl OtherTransports {
    /// Counts a frame.
    pub fn count(&mut self, skipped: &Skipped, frame: &Frame<'_>) {
        let other = self.of(skipped, frame);
        let sum = self.sums.entry(other).or_default();
        sum.packets += 1;
        sum.bytes += u64::from(frame.wire_len);
    }

    /// Takes back the fragments of a TCP packet that became whole: their bytes are in the totals now.
    pub fn take_back(&mut self, whole: &Datagram) {
        if let Some(sum) = self.sums.get_mut(&Other::TcpFragment) {
            sum.packets = sum.packets.saturating_sub(u64::from(whole.frames));
            sum.bytes = sum.bytes.saturating_sub(u64::from(whole.frame_bytes));
        }
    }

    /// One row for each protocol, the most bytes first.
    pub fn rows(&self) -> Vec<OtherTransport> {
        let mut sums: Vec<_> = self.sums.iter().filter(|(_, sum)| sum.packets > 0).collect();
        sums.sort_by_key(|(other, sum)| (std::cmp::Reverse(sum.bytes), **other));
        let row = |(other, sum): (&Other, &Sum)| OtherTransport {
            protocol: other.to_string(),
            packets: sum.packets,
            bytes: sum.bytes,
        };
        sums.into_iter().map(row).collect()
    }

    fn of(&mut self, skipped: &Skipped, frame: &Frame<'_>) -> Other {
        let from = |start: u32| frame.data.get(start as usize..).unwrap_or_default();
        match *skipped {
            Skipped::Udp { source, destination, start, len } => {
                let kept = from(start);
                let datagram = kept.get(..len as usize).unwrap_or(kept);
                if self.quic.has(source, destination, datagram) { Other::Quic } else { Other::Ip(UDP) }
            }
            // Router and neighbor solicitations and advertisements, and redirects (RFC 4861, section 4).
            Skipped::Ip { protocol: ICMPV6, start, .. } if matches!(from(start), [133..=137, ..]) => {
                Other::NeighborDiscovery
            }
            Skipped::Ip { protocol, .. } => Other::Ip(protocol),
            Skipped::Fragment(fragment) if fragment.protocol == TCP => Other::TcpFragment,
            Skipped::Fragment(fragment) => Other::Ip(fragment.protocol),
            Skipped::Arp => Other::Arp,
            Skipped::EtherType(ether_type) => Other::EtherType(ether_type),
            Skipped::Llc => Other::Llc,
            Skipped::Ppp(protocol) => Other::Ppp(protocol),
            Skipped::Link(link) => Other::Link(link.0),
            Skipped::Stop { .. } => Other::Unreadable,
        }
    }
}

/// What a frame carries that is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Quic,
    /// By its number in the IP header.
    Ip(u8),
    NeighborDiscovery,
    /// A fragment of a TCP packet that did not become whole.
    TcpFragment,
    Arp,
    EtherType(u16),
    Llc,
    Ppp(u16),
    /// A kind of link that is not decoded.
    Link(u16),
    /// Damaged, or cut too short.
    Unreadable,
}

/// The names are Wireshark's or the registry's (IANA, "Protocol Numbers" and "IEEE 802 Numbers").
impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Other::Quic => "QUIC",
            Other::NeighborDiscovery => "IPv6 neighbor discovery",
            Other::TcpFragment => "fragments of TCP packets",
            Other::Arp => "ARP",
            Other::Llc => "LLC",
            Other::Unreadable => "unreadable",
            Other::Ip(1) => "ICMP",
            Other::Ip(2) => "IGMP",
            Other::Ip(UDP) => "UDP",
            Other::Ip(33) => "DCCP",
            Other::Ip(50) => "ESP",
            Other::Ip(ICMPV6) => "ICMPv6",
            Other::Ip(88) => "EIGRP",
            Other::Ip(89) => "OSPF",
            Other::Ip(103) => "PIM",
            Other::Ip(112) => "VRRP",
            Other::Ip(132) => "SCTP",
            Other::Ip(136) => "UDP-Lite",
            Other::EtherType(0x8863) => "PPPoE discovery",
            Other::EtherType(0x8864) => "PPPoE",
            Other::EtherType(0x888e) => "EAPOL",
            Other::EtherType(0x88cc) => "LLDP",
            Other::Ip(protocol) => return write!(f, "IP protocol {protocol}"),
            Other::EtherType(ether_type) => return write!(f, "EtherType 0x{ether_type:04x}"),
            Other::Ppp(protocol) => return write!(f, "PPP protocol 0x{protocol:04x}"),
            Other::Link(link) => return write!(f, "{}", LinkType(link)),
        };
        f.write_str(name)
    }
}

/// Which flows are QUIC.
#[derive(Clone, Debug, Default)]
struct QuicFlows {
    known: HashSet<Flow>,
    /// By age: the oldest goes first.
    ages: VecDeque<Flow>,
}

impl QuicFlows {
    /// Whether this datagram is QUIC; what shows it makes its flow known.
    fn has(&mut self, source: Endpoint, destination: Endpoint, datagram: &[u8]) -> bool {
        let (flow, _) = Flow::of(Transport::Udp, source, destination);
        if self.known.contains(&flow) {
            return true;
        }
        if !quic::is_long_header(datagram) {
            return false;
        }
        if self.ages.len() >= MOST_FLOWS
            && let Some(oldest) = self.ages.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(flow);
        self.ages.push_back(flow);
        true
    }
}

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// About 2 MiB of flows.
const MOST_FLOWS: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use super::*;
    use wirelab_dissect::build::endpoint;

    #[test]
    fn the_oldest_of_too_many_flows_is_forgotten() {
        let long = [0xc0, 0, 0, 0, 1, 0, 0, 0, 0];
        let server = endpoint("10.0.0.1:443");
        let client =
            |number: usize| Endpoint { port: number as u16, ..endpoint(&format!("10.0.{}.2:1", number >> 16)) };
        let mut flows = QuicFlows::default();
        for number in 0..=MOST_FLOWS {
            assert!(flows.has(client(number), server, &long));
        }
        assert!(!flows.has(client(0), server, b"short"), "the first has made room");
        assert!(flows.has(server, client(1), b"short"), "the second has not, and goes both ways");
        assert_eq!((flows.known.len(), flows.ages.len()), (MOST_FLOWS, MOST_FLOWS));
    }
}
