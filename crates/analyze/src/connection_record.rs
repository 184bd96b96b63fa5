//! What is kept of a connection for good?
//!
//! There is one of these for each connection of the capture, closed ones too: it is kept small.

use wirelab_dissect::packet::Endpoint;

use crate::counts::Counts;
use crate::exchange_table::GroupBits;
use crate::flow::Flow;
use crate::model::{Protocol, Tally};
use crate::open_exchanges::{ClosedExchanges, ClosedSums};
use crate::packet_facts::PacketFacts;

/// What is kept of a connection.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionRecord {
    pub flow: Flow,
    /// Whether the flow's second endpoint is the client.
    pub client_is_second: bool,
    /// Its number, and what its closed exchanges come to.
    pub closed: ClosedExchanges,
    /// Whether its beginning is not in the capture.
    pub midway: bool,
    pub first_ns: u64,
    pub last_ns: u64,
    pub rtt_ns: Option<u64>,
    pub counts: Counts,
    /// What was spoken, once it has ended.
    pub protocol: Protocol,
    totals: Totals,
}

/// Counted as packets come; what the bytes are is summed up from the exchanges.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    packets: u64,
    app_packets: u64,
    frame: u64,
    app: u64,
}

impl ConnectionRecord {
    pub fn new(number: u32, flow: Flow, client_is_second: bool, time_ns: u64) -> ConnectionRecord {
        ConnectionRecord {
            flow,
            client_is_second,
            closed: ClosedExchanges { connection: number, groups: GroupBits::default(), sums: ClosedSums::default() },
            midway: false,
            first_ns: time_ns,
            last_ns: time_ns,
            rtt_ns: None,
            counts: Counts::default(),
            protocol: Protocol::None,
            totals: Totals::default(),
        }
    }

    /// The client's endpoint and the server's.
    pub fn ends(&self) -> (Endpoint, Endpoint) {
        let [a, b] = self.flow.endpoints();
        if self.client_is_second { (b, a) } else { (a, b) }
    }

    /// Counts a packet.
    #[inline]
    pub fn count(&mut self, packet: &PacketFacts) {
        self.last_ns = self.last_ns.max(packet.time_ns);
        let totals = &mut self.totals;
        totals.packets += 1;
        totals.app_packets += u64::from(packet.app > 0);
        totals.frame += u64::from(packet.lower) + u64::from(packet.tcp) + u64::from(packet.app);
        totals.app += u64::from(packet.app);
    }

    /// Whether no packet was counted yet.
    pub fn is_new(&self) -> bool {
        self.totals.packets == 0
    }

    /// Its packets and bytes.
    pub fn tally(&self) -> Tally {
        let Totals { packets, app_packets, frame, app } = self.totals;
        let ClosedSums { layers, useful, repeated_packets } = self.closed.sums;
        // Packets and bytes were counted as they came; what the bytes are, and which were repeated, the exchanges know.
        Tally {
            total_packets: packets,
            app_packets,
            frame_bytes: frame,
            app_bytes: app,
            layers,
            useful_bytes: useful,
            retransmitted_packets: repeated_packets,
        }
    }
}
