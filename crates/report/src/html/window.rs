//! What of a capture the page shows: all of a small one, the beginning and the median update of a large one.

use std::collections::BTreeSet;

use wirelab_analyze::model::Capture;

use crate::bytes::CaptureBytes;
use crate::html::fields;
use crate::lookup;
use crate::numbers::{count, grouped};

/// The packets and exchanges of a capture that are shown one by one.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Numbers of packets.
    pub packets: BTreeSet<u64>,
    /// Exchanges, as indices into the capture's.
    pub exchanges: Vec<usize>,
    /// What was left out, in a sentence.
    pub note: Option<String>,
}

impl Window {
    /// Chooses what to show of a capture with a budget of bytes of HTML.
    pub fn new(capture: &Capture, bytes: Option<&CaptureBytes>, share: Share) -> Window {
        let mut packets = BTreeSet::new();
        let mut spent = 0;
        let cost = |number: u64| {
            let Some(frame) = bytes.and_then(|bytes| bytes.frame(number)) else { return PACKET };
            let packet = lookup::packet(capture, number);
            // Of many tiny messages the fields outgrow the bytes by far: what they take is known only from themselves.
            let fields = packet.map_or(0, |packet| fields::render(&crate::fields::of(capture, frame), packet).len());
            PACKET.max(fields) + frame.data.len() * PER_BYTE
        };
        // The median update first: the table of one update leads to it, wherever it is.
        for &number in lookup::median_update(capture).iter().flat_map(|median| &median.packets).take(60) {
            if spent > share.packets {
                break;
            }
            spent += cost(number);
            packets.insert(number);
        }
        for packet in &capture.packets {
            if spent < share.packets {
                spent += cost(packet.number);
            }
            if spent > share.packets {
                break;
            }
            packets.insert(packet.number);
        }
        let mut exchanges: Vec<usize> = (0..capture.exchanges.len().min(share.exchanges)).collect();
        if let Some(median) = capture
            .exchanges
            .iter()
            .position(|exchange| exchange.index().is_some() && exchange.index() == capture.median_update)
            && median >= share.exchanges
        {
            exchanges.push(median);
        }
        let note = note(capture, packets.len(), exchanges.len());
        Window { packets, exchanges, note }
    }

    /// Whether a packet is shown one by one.
    pub fn shows(&self, number: u64) -> bool {
        self.packets.contains(&number)
    }
}

fn note(capture: &Capture, packets: usize, exchanges: usize) -> Option<String> {
    let all = capture.totals.total_packets;
    let mut said = Vec::new();
    if (packets as u64) < all {
        said.push(format!("{} of {} are shown one by one", grouped(packets as u64), count(all, "packet")));
    }
    let rows: u64 = capture.groups.iter().map(|group| group.count).sum();
    if (exchanges as u64) < rows {
        said.push(format!("{} of {}", grouped(exchanges as u64), count(rows, "exchange")));
    }
    if said.is_empty() {
        return None;
    }
    let file = capture.file.as_deref().unwrap_or(&capture.name);
    Some(format!(
        "To keep this page small, {}: the first ones and the median update. All are counted in every table; “wirelab show {file}” lists them all.",
        said.join(", and ")
    ))
}

/// What of the page one capture may take: all captures together take no more than the page has room for.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Bytes of HTML for packets.
    pub packets: usize,
    /// Exchanges with a panel of their own.
    pub exchanges: usize,
    /// Packets in its picture.
    pub ladder: usize,
    /// Bytes of all transcripts.
    pub said: usize,
}

impl Share {
    /// That of each of so many captures.
    pub fn of(captures: usize) -> Share {
        let of = |all: usize| all / captures.max(1);
        Share {
            packets: of(BYTES_OF_PACKETS),
            exchanges: MOST_EXCHANGES.min(of(EXCHANGES_OF_ALL)),
            ladder: MOST_ARROWS.min(of(ARROWS_OF_ALL)),
            said: MOST_SAID.min(of(SAID_OF_ALL)),
        }
    }
}

/// Bytes of HTML for packets, over all captures.
const BYTES_OF_PACKETS: usize = 2_600_000;
/// HTML that one packet takes besides its bytes.
const PACKET: usize = 5_000;
/// HTML that one byte of a packet takes.
const PER_BYTE: usize = 5;
/// Exchanges with a panel of their own.
const MOST_EXCHANGES: usize = 120;
const EXCHANGES_OF_ALL: usize = 1_200;
/// Packets in the picture of a capture.
const MOST_ARROWS: usize = 60;
const ARROWS_OF_ALL: usize = 1_200;
/// Bytes of all transcripts of a capture.
const MOST_SAID: usize = 96 << 10;
const SAID_OF_ALL: usize = 960 << 10;
