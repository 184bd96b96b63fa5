//! What comes of a run's seed?
//!
//! Everything that a host would choose by chance: where the wall clock starts, ports, initial sequence numbers and
//! timestamps. Each is drawn by what it is for, not in turn, so that one more connection changes no other.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use crate::error::Host;

/// The chances of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeds(u64);

impl Seeds {
    /// Linux's `ip_local_port_range`.
    pub(super) const PORTS: RangeInclusive<u16> = 32_768..=60_999;

    pub(super) fn new(seed: u64) -> Seeds {
        Seeds(seed)
    }

    /// When the run starts, in seconds since 1970: at a whole second of the four weeks from 2026-01-05 (a Monday), so
    /// that the times shown do not hang on how long a round trip is.
    pub(super) fn wall_clock(self) -> i64 {
        FIRST_START + (self.draw(1, 0) % FOUR_WEEKS) as i64
    }

    /// The first port that a client uses.
    pub(super) fn first_port(self, client: Ipv4Addr) -> u16 {
        let count = u64::from(Seeds::PORTS.end() - Seeds::PORTS.start()) + 1;
        Seeds::PORTS.start() + (self.draw(2, client.to_bits().into()) % count) as u16
    }

    /// What an end's initial sequence number comes of.
    pub(super) fn sequence_numbers(self, at: Host, client: Ipv4Addr, port: u16) -> u64 {
        self.draw(3 + side(at), u64::from(client.to_bits()) << 16 | u64::from(port))
    }

    /// What a host's TCP timestamps count from, for one client.
    pub(super) fn timestamps(self, at: Host, client: Ipv4Addr) -> u32 {
        self.draw(5 + side(at), client.to_bits().into()) as u32
    }

    fn draw(self, what: u64, which: u64) -> u64 {
        mix(mix(mix(self.0) ^ what) ^ which)
    }
}

fn side(at: Host) -> u64 {
    match at {
        Host::Server => 0,
        Host::Client => 1,
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): every input bit changes every output bit.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 2026-01-05T00:00:00Z.
const FIRST_START: i64 = 1_767_571_200;
const FOUR_WEEKS: u64 = 28 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::CLIENT;

    #[test]
    fn draws_differ_by_seed_purpose_and_host_and_are_always_the_same() {
        let seeds = Seeds::new(1);
        let all = [
            seeds.sequence_numbers(Host::Server, CLIENT, 40_000),
            seeds.sequence_numbers(Host::Client, CLIENT, 40_000),
            seeds.sequence_numbers(Host::Client, CLIENT, 40_001),
            Seeds::new(2).sequence_numbers(Host::Client, CLIENT, 40_000),
            u64::from(seeds.timestamps(Host::Client, CLIENT)),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[..place].contains(one));
        }
        assert_eq!(Seeds::new(1).sequence_numbers(Host::Client, CLIENT, 40_000), all[1]);
        // Captures that are kept as samples hang on it.
        assert_eq!(seeds.wall_clock(), 1_769_074_697);
    }

    #[test]
    fn ports_are_ephemeral_ones() {
        for seed in 0..1000 {
            assert!(Seeds::PORTS.contains(&Seeds::new(seed).first_port(CLIENT)));
        }
    }
}
