//! Which connection does each frame belong to?
//!
//! One pass over the frames. Memory grows with connections (a row each, more while they are open), with the rows of the
//! limit, and with what waits for earlier segments; not with frames.

use std::collections::VecDeque;

use hashbrown::HashTable;
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::ip::Fragment;
use wirelab_dissect::packet::{Decoded, Layer, Notes, Segment, Skipped, Stop, decode, plain};
use wirelab_dissect::reassembly::{Outcome, Reassembler};

use crate::book::Book;
use crate::connection::{Connection, Shared};
use crate::context::{Inflaters, Problems, Visitors};
use crate::finish;
use crate::flow::Flow;
use crate::model::{Capture, Packet, ProblemLayer, ProblemPlace, Protocol};
use crate::packets::Packets;
use crate::request_labels::RequestLabels;

/// What an analysis shall keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Rows of `exchanges` (and so of `updates`) that are kept.
    pub limit: usize,
    /// Packets that are kept for lists and pictures, those taken away not counted: none by default.
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
    /// The newest connection of each flow, by the flow.
    flows: HashTable<Slot>,
    hash: foldhash::fast::RandomState,
    /// The connection of the packet before.
    last: u32,
    /// Where to look for the connection that is put away when too many are open.
    oldest: usize,
    /// Connections that have ended, oldest first: put away when there are many.
    closing: VecDeque<u32>,
    /// Connections that were taken for ended because too many were open.
    pub(crate) forgotten: u64,
    /// Made with the first fragment.
    reassembler: Option<Box<Reassembler>>,
    /// TCP packets that came in fragments, and the frames of these.
    pub(crate) datagrams: u64,
    pub(crate) fragments: u64,
    /// Frames with fragments of packets that are not whole.
    pub(crate) unfinished_fragments: u64,
}

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
                visitors: Visitors::default(),
                packets: Packets::new(settings.keep_packets),
                waiting_budget: MOST_WAITING,
                owned: Vec::new(),
                request_labels: RequestLabels::default(),
                inflaters: Inflaters::default(),
                live: 0,
                spare: Vec::new(),
            },
            flows: HashTable::new(),
            hash: foldhash::fast::RandomState::default(),
            last: 0,
            oldest: 0,
            closing: VecDeque::new(),
            forgotten: 0,
            reassembler: None,
            datagrams: 0,
            fragments: 0,
            unfinished_fragments: 0,
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
        match plain(frame) {
            Some(segment) => self.segment(&segment, frame.number, frame.time_ns),
            None => self.other(frame),
        }
    }

    /// Takes a frame that is not of the usual kind.
    #[inline(never)]
    fn other(&mut self, frame: &Frame<'_>) {
        match decode(frame) {
            Decoded::Tcp(segment) => self.other_segment(&segment, frame.number, frame.time_ns),
            Decoded::NotTcp(skipped) => self.skip(&skipped, frame),
        }
    }

    /// Notes something that is wrong with the file itself: at this byte of it, in the frame where reading stopped.
    pub fn problem(&mut self, frame: Option<u64>, offset: u64, message: impl Into<String>) {
        self.shared.problems.add(ProblemPlace::File { frame, offset }, message);
    }

    /// Takes away the next kept packet, in the order of the capture, once it was read: a segment that waits for those
    /// before it, and all packets after it, are held back, as long as there is room to keep them. Its `exchange` counts
    /// all exchanges, whatever the row limit.
    ///
    /// A packet that was taken away makes room for another among [`Settings::keep_packets`], and is not in the
    /// [`Capture`] any more: so a capture of any length can be listed while it is read.
    pub fn take_packet(&mut self) -> Option<Packet> {
        self.shared.packets.take_settled()
    }

    /// What is spoken on a connection, as far as it is known by now.
    pub fn protocol(&self, connection: u32) -> Protocol {
        self.connections.get(connection as usize).map_or(Protocol::None, Connection::protocol)
    }

    /// There are no more frames: what still waits for others is given up. [`Analyzer::finish`] does the same.
    pub fn end(&mut self) {
        for connection in &mut self.connections {
            connection.end(&mut self.shared);
        }
    }

    /// The capture has ended: what was found in it. `name` is the file's name without its ending.
    pub fn finish(mut self, name: &str, file: Option<&str>, format: &str) -> Capture {
        self.end();
        finish::capture(self, name, file, format)
    }

    /// Takes a segment of a frame that is not of the usual kind.
    #[inline(never)]
    fn other_segment(&mut self, segment: &Segment<'_>, number: u64, time_ns: u64) {
        self.tunnelled += u64::from(segment.is_tunnelled());
        self.no_ip_length += u64::from(segment.notes.has(Notes::NO_IP_LENGTH));
        self.segment(segment, number, time_ns);
    }

    /// Takes a segment. Inlined where it was decoded, so that it never has to be put into memory.
    #[inline(always)]
    fn segment(&mut self, segment: &Segment<'_>, number: u64, time_ns: u64) {
        let (flow, swapped) = Flow::of(&segment.source, &segment.destination);
        let is_last = self.connections.get(self.last as usize).is_some_and(|last| last.flow == flow);
        let known = if is_last { Some(self.last) } else { self.find(&flow) };
        let index = match known {
            Some(index) if !self.is_reused(index, segment, swapped) => index,
            _ => self.open(known, &flow, swapped, segment.source.port < segment.destination.port, time_ns),
        };
        self.last = index;
        let Some(connection) = self.connections.get_mut(index as usize) else { return };
        let was_closing = connection.closing;
        connection.take(segment, swapped, number, time_ns, &mut self.shared);
        if connection.closing && !was_closing {
            self.closing.push_back(index);
            if self.closing.len() > MOST_CLOSING
                && let Some(old) = self.closing.pop_front()
            {
                self.put_away(old as usize);
            }
        }
    }

    #[inline(always)]
    fn find(&self, flow: &Flow) -> Option<u32> {
        let hash = flow.hash(&self.hash) as u32;
        let is_same = |slot: &Slot| {
            slot.hash == hash && self.connections.get(slot.connection as usize).is_some_and(|one| one.flow == *flow)
        };
        self.flows.find(spread(hash), is_same).map(|slot| slot.connection)
    }

    #[inline]
    fn is_reused(&self, index: u32, segment: &Segment<'_>, swapped: bool) -> bool {
        self.connections.get(index as usize).is_none_or(|connection| connection.is_reused_by(segment, swapped))
    }

    /// Begins a connection, instead of the one that had these endpoints before.
    #[inline(never)]
    fn open(&mut self, before: Option<u32>, flow: &Flow, swapped: bool, from_lower: bool, time_ns: u64) -> u32 {
        let index = self.connections.len() as u32;
        let hash = flow.hash(&self.hash) as u32;
        match self.flows.find_mut(spread(hash), |slot| Some(slot.connection) == before) {
            Some(slot) => slot.connection = index,
            None => {
                let slot = Slot { hash, connection: index };
                self.flows.insert_unique(spread(hash), slot, |slot| spread(slot.hash));
            }
        }
        if let Some(before) = before {
            self.put_away(before as usize);
        }
        if self.shared.live >= MOST_LIVE {
            self.put_oldest_away();
        }
        self.connections.push(Connection::new(index, *flow, swapped, from_lower, time_ns, &mut self.shared));
        index
    }

    fn put_away(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.end(&mut self.shared);
        }
    }

    /// Makes room where more connections are open than there is room for: the one that began first is taken for ended.
    /// Should it go on, it goes on as one of which the beginning was not captured.
    #[cold]
    fn put_oldest_away(&mut self) {
        let from = self.oldest;
        let live = |range: std::ops::Range<usize>| {
            let ones = self.connections.get(range.clone()).unwrap_or_default();
            ones.iter().position(Connection::is_live).map(|at| range.start + at)
        };
        let Some(index) = live(from..self.connections.len()).or_else(|| live(0..from)) else { return };
        self.oldest = index + 1;
        self.forgotten += 1;
        self.put_away(index);
    }

    /// A fragment: the one that makes its packet whole stands for all of it.
    fn fragment(&mut self, fragment: &Fragment, frame: &Frame<'_>) {
        self.unfinished_fragments += 1;
        match self.reassembler.get_or_insert_default().push(frame, fragment) {
            Outcome::Waiting => {}
            Outcome::Whole(datagram) => {
                let frames = u64::from(datagram.frames);
                self.unfinished_fragments = self.unfinished_fragments.saturating_sub(frames);
                match datagram.segment() {
                    Some(Ok(segment)) => {
                        self.skipped -= 1;
                        self.datagrams += 1;
                        self.fragments += frames;
                        self.other_segment(&segment, frame.number, frame.time_ns);
                    }
                    Some(Err(stop)) => self.stopped(&stop, frame.number),
                    None => {}
                }
            }
            Outcome::Refused(refused) => {
                let place = in_header(Layer::Ip, fragment.start, frame.number);
                self.shared.problems.add(place, refused.to_string());
            }
        }
    }

    fn stopped(&mut self, stop: &Stop, number: u64) {
        self.shared.problems.add(in_header(stop.layer, stop.offset, number), stop.problem.to_string());
    }

    fn skip(&mut self, skipped: &Skipped, frame: &Frame<'_>) {
        self.skipped += 1;
        match skipped {
            Skipped::Fragment(fragment) => self.fragment(fragment, frame),
            Skipped::Stop(stop) => self.stopped(stop, frame.number),
            Skipped::Link(link) if self.shared.problems.unknown_links.insert(link.0) => {
                self.shared.problems.add(
                    in_header(Layer::Link, 0, frame.number),
                    format!("{link} is not one that wirelab decodes: its frames are counted, not read"),
                );
            }
            _ => {}
        }
    }
}

/// A place in a header of a frame.
fn in_header(layer: Layer, offset: u32, frame: u64) -> ProblemPlace {
    ProblemPlace::Frame { frame, offset: offset.into(), layer: ProblemLayer::Header(layer) }
}

/// Where a flow's connection is found.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The flow's hash: the table grows without a look at the connections.
    hash: u32,
    /// An index into the connections.
    connection: u32,
}

/// A hash for a table that looks at the upper bits and the lower ones.
#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// Connections that have ended but may still get a late packet. Few, so that they stay in the processor's cache.
const MOST_CLOSING: usize = 64;
/// Connections that are open at the same time. At about 1 KiB each: what bounds the memory of a flood of SYNs.
const MOST_LIVE: usize = 1 << 18;
/// Bytes of segments that wait for earlier ones, over all connections.
const MOST_WAITING: usize = 32 << 20;
