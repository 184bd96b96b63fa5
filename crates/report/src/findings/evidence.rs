//! Which packets and exchanges of which capture show something?

use schemars::JsonSchema;
use serde::Serialize;
use wirelab_analyze::model::Capture;

/// What shows something in one capture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evidence {
    /// The capture: an index into `captures`.
    pub capture: usize,
    /// The packets that show it, in order; at most 1,000.
    pub packets: Vec<u64>,
    /// How many more there are.
    pub packets_left_out: u64,
    /// The exchanges that it is about: indices into the capture's `exchanges`, in order; at most 1,000.
    pub exchanges: Vec<usize>,
    /// How many more there are.
    pub exchanges_left_out: u64,
}

impl Evidence {
    /// These exchanges of a capture, with all of their packets.
    pub(super) fn of(at: usize, capture: &Capture, exchanges: impl IntoIterator<Item = usize>) -> Evidence {
        let mut exchanges: Vec<usize> = exchanges.into_iter().collect();
        exchanges.sort_unstable();
        exchanges.dedup();
        let all = exchanges.iter().filter_map(|at| capture.exchanges.get(*at));
        let packets = all.flat_map(|one| one.packets.iter().copied()).collect();
        Evidence { exchanges, ..Evidence::packets(at, packets) }.bounded()
    }

    /// These packets of a capture.
    pub(super) fn packets(at: usize, mut packets: Vec<u64>) -> Evidence {
        packets.sort_unstable();
        packets.dedup();
        Evidence { capture: at, packets, ..Evidence::default() }.bounded()
    }

    fn bounded(mut self) -> Evidence {
        self.packets_left_out += self.packets.len().saturating_sub(MOST) as u64;
        self.packets.truncate(MOST);
        self.exchanges_left_out += self.exchanges.len().saturating_sub(MOST) as u64;
        self.exchanges.truncate(MOST);
        self
    }
}

/// Packets, and exchanges, that a finding names of a capture.
const MOST: usize = 1000;
