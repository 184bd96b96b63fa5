//! Which connection does each frame belong to?
//!
//! One pass over the frames. Memory grows with connections (a row each, more while they are open), with the rows of the
//! limit, and with what waits for earlier segments; not with frames.

use std::collections::{HashMap, HashSet, VecDeque};

use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::packet::{Decoded, Endpoint, Segment, Skipped, decode};

use crate::book::Book;
use crate::connection::{Connection, Shared};
use crate::context::Problems;
use crate::finish;
use crate::model::Capture;
use crate::packets::Packets;

/// What an analysis shall keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Rows of `exchanges` (and so of `updates`) that are kept.
    pub limit: usize,
    /// Packets that are kept for lists and pictures: none by default.
    pub keep_packets: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { limit: 10_000, keep_packets: 0 }
    }
}

/// Takes the frames of one capture and gives a [`Capture`].
///
/// ```
/// use wirelab_analyze::{Analyzer, Settings};
///
/// let analyzer = Analyzer::new(Settings::default());
/// let capture = analyzer.finish("empty", None, "pcap");
/// assert_eq!(capture.totals.total_packets, 0);
/// ```
#[derive(Debug)]
pub struct Analyzer {
    pub(crate) frames: u64,
    pub(crate) skipped: u64,
    pub(crate) truncated: u64,
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
    pub(crate) links: Vec<LinkType>,
    pub(crate) tunnelled: u64,
    pub(crate) no_ip_length: u64,
    pub(crate) connections: Vec<Connection>,
    pub(crate) shared: Shared,
    flows: HashMap<FlowKey, u32, foldhash::fast::RandomState>,
    last: Option<(FlowKey, u32)>,
    /// Connections that have ended, oldest first: put away when there are many.
    closing: VecDeque<u32>,
}

/// Two endpoints, in an order that both directions share.
type FlowKey = (Endpoint, Endpoint);

impl Analyzer {
    /// An analyzer that has seen nothing yet.
    pub fn new(settings: Settings) -> Analyzer {
        Analyzer {
            frames: 0,
            skipped: 0,
            truncated: 0,
            first_ns: 0,
            last_ns: 0,
            links: Vec::new(),
            tunnelled: 0,
            no_ip_length: 0,
            connections: Vec::new(),
            shared: Shared {
                book: Book::new(settings.limit),
                problems: Problems::default(),
                visitors: HashSet::new(),
                packets: Packets::new(settings.keep_packets),
                waiting_budget: MOST_WAITING,
                owned: Vec::new(),
            },
            flows: HashMap::default(),
            last: None,
            closing: VecDeque::new(),
        }
    }

    /// Takes the next frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        if self.frames == 0 {
            self.first_ns = frame.time_ns;
            self.shared.packets.begin(frame.time_ns);
        }
        self.frames += 1;
        self.last_ns = self.last_ns.max(frame.time_ns);
        self.truncated += u64::from(frame.is_truncated());
        if self.links.last() != Some(&frame.link) && !self.links.contains(&frame.link) {
            self.links.push(frame.link);
        }
        match decode(frame) {
            Decoded::Tcp(segment) => self.segment(&segment, frame.number, frame.time_ns),
            Decoded::NotTcp(skipped) => self.skip(&skipped, frame),
        }
    }

    /// Notes something that is wrong with the file itself: frame 0, or the frame where reading stopped.
    pub fn problem(&mut self, frame: u64, offset: u64, message: impl Into<String>) {
        self.shared.problems.add(frame, offset, "file", message);
    }

    /// The capture has ended: what was found in it. `name` is the file's name without its ending.
    pub fn finish(mut self, name: &str, file: Option<&str>, format: &str) -> Capture {
        for connection in &mut self.connections {
            connection.end(&mut self.shared);
        }
        finish::capture(self, name, file, format)
    }

    fn segment(&mut self, segment: &Segment<'_>, number: u64, time_ns: u64) {
        self.tunnelled += u64::from(segment.is_tunnelled());
        self.no_ip_length += u64::from(segment.notes.has(wirelab_dissect::packet::Notes::NO_IP_LENGTH));
        self.shared.packets.at(segment.payload_offset);
        let (a, b) = (segment.source, segment.destination);
        let key = if a <= b { (a, b) } else { (b, a) };
        let known = match self.last {
            Some((last, index)) if last == key => Some(index),
            _ => self.flows.get(&key).copied(),
        };
        let reused = known
            .and_then(|index| self.connections.get(index as usize))
            .is_none_or(|connection| connection.is_reused_by(segment));
        let index = match known {
            Some(index) if !reused => index,
            _ => {
                let index = self.connections.len() as u32;
                self.connections.push(Connection::new(index, segment, time_ns));
                self.flows.insert(key, index);
                if let Some(old) = known.and_then(|old| self.connections.get_mut(old as usize)) {
                    old.end(&mut self.shared);
                }
                index
            }
        };
        self.last = Some((key, index));
        let Some(connection) = self.connections.get_mut(index as usize) else { return };
        let was_closing = connection.closing;
        connection.take(segment, number, time_ns, &mut self.shared);
        if connection.closing && !was_closing {
            self.closing.push_back(index);
            if self.closing.len() > MOST_CLOSING
                && let Some(old) = self.closing.pop_front()
                && let Some(connection) = self.connections.get_mut(old as usize)
            {
                connection.end(&mut self.shared);
            }
        }
    }

    fn skip(&mut self, skipped: &Skipped, frame: &Frame<'_>) {
        self.skipped += 1;
        match skipped {
            Skipped::Stop(stop) => {
                let (offset, layer) = (u64::from(stop.offset), stop.layer.name());
                self.shared.problems.add(frame.number, offset, layer, stop.problem.to_string());
            }
            Skipped::Link(link) if self.shared.problems.unknown_links.insert(link.0) => {
                self.shared.problems.add(
                    frame.number,
                    0,
                    "link",
                    format!("{link} is not one that wirelab decodes: its frames are counted, not read"),
                );
            }
            _ => {}
        }
    }
}

/// Connections that have ended but may still get a late packet.
const MOST_CLOSING: usize = 1024;
/// Bytes of segments that wait for earlier ones, over all connections.
const MOST_WAITING: usize = 32 << 20;
