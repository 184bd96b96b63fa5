//! Which packets come next, with everything that is known of them?
//!
//! A capture of any length goes through a window: a TCP packet leaves it when the analysis has read it, which is at once
//! unless it waits for a segment that was lost or overtaken, and all others leave with it in their order. So the first
//! lines of a large capture are there at once, and a pipe that is still being written is shown as it comes.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use wirelab_analyze::{Analyzer, Capture, Packet, Settings};
use wirelab_capture::{Commented, Reader};
use wirelab_dissect::packet::{Decoded, Skipped, decode};
use wirelab_dissect::reassembly::{Outcome, Reassembler};

use super::row::{Keep, Row};
use crate::failure::Failure;
use crate::reading::{self, Source};

/// Whether to go on with the next packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    On,
    Stop,
}

/// Reads a capture and hands each packet to `take`, in order. Gives what was found in what was read, without packets
/// and exchanges.
pub fn walk(path: &Path, keep: Keep, mut take: impl FnMut(Row) -> Result<Go, Failure>) -> Result<Capture, Failure> {
    let keep_bytes = keep == Keep::Bytes;
    let Source { read, shown } = reading::open(path).map_err(Failure::failed)?;
    let mut reader = Reader::new(read).map_err(|error| Failure::failed(format_args!("{shown}: {error}")))?;
    let mut window = Window {
        analyzer: Analyzer::new(Settings { limit: 0, keep_packets: MOST_WAITING, ..Settings::default() }),
        waiting: VecDeque::new(),
        next: None,
        scales: HashMap::new(),
    };
    // The analysis tells of packets that came in fragments, but does not keep their bytes.
    let mut reassembler = Reassembler::default();
    let mut first_ns = None;
    let mut go = Go::On;
    while go == Go::On {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                let first_ns = *first_ns.get_or_insert(frame.time_ns);
                let on = Commented::Frame(frame.number);
                let decoded = decode(&frame);
                let mut row = Row::new(&frame, &decoded, first_ns, keep);
                if keep_bytes
                    && let Decoded::NotTcp(Skipped::Fragment(fragment)) = &decoded
                    && let Outcome::Whole(datagram) = reassembler.push(&frame, fragment)
                {
                    row.whole = Some(datagram);
                }
                window.analyzer.frame(&frame);
                let comments = reader.take_comments().into_iter();
                row.comments = comments.filter(|one| one.on == on).map(|one| one.text).collect();
                window.waiting.push_back(row);
                go = window.settled(&mut take)?;
            }
            Ok(None) => break,
            Err(error) => {
                reading::note(&mut window.analyzer, &error, reader.frames() + 1);
                break;
            }
        }
    }
    window.analyzer.end();
    if go == Go::On {
        window.settled(&mut take)?;
    }
    Ok(window.analyzer.finish("", None, &reader.format()))
}

struct Window {
    analyzer: Analyzer,
    waiting: VecDeque<Row>,
    /// The packet that the analysis has read last.
    next: Option<Packet>,
    /// The window scales that the server and the client of a connection asked for in their SYNs.
    scales: HashMap<u32, [Option<u8>; 2]>,
}

impl Window {
    /// Hands on all packets about which nothing more will be known.
    fn settled(&mut self, take: &mut impl FnMut(Row) -> Result<Go, Failure>) -> Result<Go, Failure> {
        while let Some(number) = self.waiting.front().map(|first| first.number) {
            // Packets whose rows did not wait for them are out of date.
            while self.next.as_ref().is_none_or(|next| next.number < number) {
                self.next = self.analyzer.take_packet();
                if self.next.is_none() {
                    break;
                }
            }
            // A fragment, too, may have made a packet whole.
            let packet = self.next.take_if(|next| next.number == number);
            let awaits = self.waiting.front().is_some_and(Row::awaits_analysis);
            if awaits && packet.is_none() && self.waiting.len() <= MOST_WAITING {
                break;
            }
            let Some(mut row) = self.waiting.pop_front() else { break };
            if let Some(packet) = packet {
                let window = self.window_of(&packet, row.scale);
                let spoken = self.analyzer.protocol(packet.connection);
                row.is(packet, spoken, window);
            }
            if take(row)? == Go::Stop {
                return Ok(Go::Stop);
            }
        }
        Ok(Go::On)
    }

    /// The window in bytes (RFC 7323, section 2.3): scaled where both SYNs said how, and never in a SYN itself.
    fn window_of(&mut self, packet: &Packet, scale: Option<u8>) -> u32 {
        let announced = u32::from(packet.window);
        let side = usize::from(packet.from_client);
        if packet.flags.syn() {
            if let Some(known) = self.scales.entry(packet.connection).or_default().get_mut(side) {
                *known = scale;
            }
            return announced;
        }
        match self.scales.get(&packet.connection) {
            Some(scales @ [Some(_), Some(_)]) => announced << scales.get(side).copied().flatten().unwrap_or(0),
            _ => announced,
        }
    }
}

/// So many packets may wait for an earlier segment.
const MOST_WAITING: usize = 1024;
