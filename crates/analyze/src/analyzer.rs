//! Which connection does each frame belong to?
//!
//! One pass over the frames. Memory grows with connections (a row each, more while they are open), with the rows of the
//! limit, and with what waits for earlier segments; not with frames.
//!
//! TCP alone is followed. UDP with QUIC would be added beside it: its datagrams come from
//! [`decode`] as a case of their own, [`Analyzer::other`] hands them to what follows a QUIC
//! connection as [`connection`](crate::tcp_connection) follows one of TCP (order, gaps and acknowledgments are QUIC's, RFC 9000),
//! found by its [`Flow`]. From there on nothing changes: a packet in hand, the conversation that its bytes go on with, and
//! the same exchanges.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use hashbrown::HashTable;
use wirelab_capture::Frame;
use wirelab_catalog::App;
use wirelab_dissect::ip::Fragment;
use wirelab_dissect::packet::{Decoded, Segment, Skipped, Stop, StopLayer, decode, plain};
use wirelab_dissect::reassembly::{Outcome, Reassembler};

use crate::capture_state::CaptureState;
use crate::finish;
use crate::flow::{Flow, Transport};
use crate::frames::Frames;
use crate::link_record::LinkRecord;
use crate::model::{Capture, Packet, ProblemLayer, ProblemPlace, Protocol};
use crate::open_connections::{OpenConnections, OpenPlace};
use crate::tcp_connection::{Came, TcpConnection};

/// What an analysis shall keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Rows of `exchanges` (and so of `updates`) that are kept.
    pub limit: usize,
    /// Packets that are kept for lists and pictures, those taken away not counted: none by default.
    pub keep_packets: usize,
    /// What an update is, whichever app spoke: the exchanges of this label ("GET /time"), with their kind in brackets where
    /// the label alone means others too. Without it, wirelab's own apps have theirs, and of other captures it is the most
    /// repeated exchange.
    pub update: Option<String>,
    /// What is known of the link beside the capture: then the time of what it impaired is told exactly.
    pub link: Option<LinkRecord>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { limit: 10_000, keep_packets: 0, update: None, link: None }
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
///
/// While frames still come, a copy says what was found so far: `analyzer.clone().finish(…)`. It costs as much as there are
/// connections and rows, not frames. What a copy is given more is read as in the original, but for compressed messages
/// that build on earlier ones.
#[derive(Clone, Debug)]
pub struct Analyzer {
    frames: Frames,
    connections: Vec<TcpConnection>,
    open_connections: OpenConnections,
    capture_state: CaptureState,
    /// The newest connection of each flow, by the flow.
    flows: HashTable<Slot>,
    hash: foldhash::fast::RandomState,
    /// Where the connection of the packet before was found.
    last: Option<Slot>,
    /// Where to look for the connection that is put away when too many are open.
    oldest: usize,
    /// Connections that have ended, oldest first: put away when there are many.
    closing: VecDeque<u32>,
    /// Connections that were taken for ended because too many were open.
    forgotten: u64,
    /// Made with the first fragment.
    reassembler: Option<Box<Reassembler>>,
    /// Which app it is, where that was said.
    told: Option<App>,
    /// What an update shall be taken to be, where that was said.
    update: Option<String>,
}

/// For whoever reads a capture: frame by frame, then the end.
impl Analyzer {
    /// An analyzer that has seen nothing yet.
    pub fn new(settings: Settings) -> Analyzer {
        Analyzer {
            frames: Frames::default(),
            connections: Vec::new(),
            open_connections: OpenConnections::default(),
            capture_state: CaptureState::new(settings.limit, settings.keep_packets, settings.link),
            flows: HashTable::new(),
            hash: foldhash::fast::RandomState::default(),
            last: None,
            oldest: 0,
            closing: VecDeque::new(),
            forgotten: 0,
            reassembler: None,
            told: None,
            update: settings.update,
        }
    }

    /// Takes the next frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.frames.count(frame);
        if self.frames.count == 1 {
            self.capture_state.packets.begin(frame.time_ns);
        }
        match plain(frame) {
            Some(segment) => self.segment(&segment, frame.number, frame.time_ns),
            None => self.other(frame),
        }
    }

    /// Notes something that is wrong with the file itself: at this byte of it, in the frame where reading stopped.
    pub fn problem(&mut self, frame: Option<u64>, offset: u64, message: impl Into<String>) {
        self.capture_state.problems.add(ProblemPlace::File { frame, offset }, message);
    }

    /// Says which of wirelab's apps this is a capture of. Where nobody says it, it is told by what was said in it.
    pub fn is_of(&mut self, app: App) {
        self.told = Some(app);
    }

    /// The capture has ended: what was found in it. `name` is the file's name without its ending.
    pub fn finish(mut self, name: &str, file: Option<&str>, format: &str) -> Capture {
        self.end();
        let Analyzer { frames, connections, capture_state, forgotten, told, update, .. } = self;
        let app = told.or_else(|| capture_state.recognition.app());
        finish::capture(
            finish::Found { app, update, frames, connections, capture_state, forgotten },
            name,
            file,
            format,
        )
    }
}

/// For whoever lists packets while they are still read.
impl Analyzer {
    /// Takes away the next kept packet, in the order of the capture, once it was read: a segment that waits for those
    /// before it, and all packets after it, are held back, as long as there is room to keep them. Its `exchange` counts
    /// all exchanges, whatever the row limit.
    ///
    /// A packet that was taken away makes room for another among [`Settings::keep_packets`], and is not in the
    /// [`Capture`] any more: so a capture of any length can be listed while it is read.
    pub fn take_packet(&mut self) -> Option<Packet> {
        self.capture_state.packets.take_settled()
    }

    /// What is spoken on a connection, as far as it is known by now.
    pub fn protocol(&self, connection: u32) -> Protocol {
        self.connections.get(connection as usize).map_or(Protocol::None, |one| one.protocol(&self.open_connections))
    }

    /// There are no more frames: what still waits for others is given up, so that the packets that are left can be taken
    /// away. [`Analyzer::finish`] does the same.
    pub fn end(&mut self) {
        for connection in &mut self.connections {
            connection.end(&mut self.capture_state, &mut self.open_connections);
        }
    }
}

/// From a frame to its TCP segment.
impl Analyzer {
    /// Takes a frame that is not of the usual kind.
    #[inline(never)]
    fn other(&mut self, frame: &Frame<'_>) {
        match decode(frame) {
            Decoded::Tcp(segment) => self.other_segment(&segment, frame),
            Decoded::NotTcp(skipped) => self.skip(&skipped, frame),
        }
    }

    #[inline(never)]
    fn other_segment(&mut self, segment: &Segment<'_>, frame: &Frame<'_>) {
        self.frames.note(segment);
        self.segment(segment, frame.number, frame.time_ns);
    }

    /// A fragment: the one that makes its packet whole stands for all of it.
    fn fragment(&mut self, fragment: &Fragment, frame: &Frame<'_>) {
        self.frames.unfinished_fragments += 1;
        match self.reassembler.get_or_insert_default().push(frame, fragment) {
            Outcome::Waiting => {}
            Outcome::Whole(datagram) => {
                let frames = u64::from(datagram.frames);
                self.frames.unfinished_fragments = self.frames.unfinished_fragments.saturating_sub(frames);
                match datagram.segment() {
                    Some(Ok(segment)) => {
                        self.frames.whole(&datagram);
                        self.other_segment(&segment, frame);
                    }
                    Some(Err(stop)) => self.stopped(&stop, frame.number),
                    None => {}
                }
            }
            Outcome::Refused(refused) => {
                let place = in_header(StopLayer::Ip, fragment.start, frame.number);
                self.capture_state.problems.add(place, refused.to_string());
            }
        }
    }

    fn stopped(&mut self, stop: &Stop, number: u64) {
        self.capture_state.problems.add(in_header(stop.layer, stop.offset, number), stop.problem.to_string());
    }

    fn skip(&mut self, skipped: &Skipped, frame: &Frame<'_>) {
        self.frames.skip(skipped, frame);
        match skipped {
            Skipped::Fragment(fragment) => self.fragment(fragment, frame),
            Skipped::Stop { stop, .. } => self.stopped(stop, frame.number),
            Skipped::Link(link) if self.capture_state.problems.unknown_links.insert(link.0) => {
                self.capture_state.problems.add(
                    in_header(StopLayer::Link, 0, frame.number),
                    format!("{link} is not one that wirelab decodes: its frames are counted, not read"),
                );
            }
            _ => {}
        }
    }
}

/// From a segment to its connection.
impl Analyzer {
    /// Takes a segment. Inlined where it was decoded, so that it never has to be put into memory.
    #[inline(always)]
    pub(crate) fn segment(&mut self, segment: &Segment<'_>, number: u64, time_ns: u64) {
        let (flow, by_second) = Flow::of(Transport::Tcp, segment.source, segment.destination);
        let known = match self.last {
            Some(last) if self.is_between(last.connection, &flow) => Some(last),
            _ => self.find(&flow),
        };
        let slot = match known {
            Some(slot) if !self.is_reused(slot.connection, segment, by_second) => slot,
            _ => {
                // Until a SYN or the first bytes say otherwise: the lower port serves.
                let client_sent = segment.source.port >= segment.destination.port;
                let opened = self.open(known, &flow, by_second == client_sent, time_ns);
                if !segment.flags.syn() {
                    self.begins_midway(opened.connection, number);
                }
                opened
            }
        };
        self.last = Some(slot);
        let Some(connection) = self.connections.get_mut(slot.connection as usize) else { return };
        let was_closing = connection.closing;
        let came = Came { by_second, number, time_ns };
        connection.take(segment, came, slot.open, &mut self.capture_state, &mut self.open_connections);
        if connection.closing && !was_closing {
            self.closing.push_back(slot.connection);
            if self.closing.len() > MOST_CLOSING
                && let Some(old) = self.closing.pop_front()
            {
                self.put_away(old as usize);
            }
        }
    }

    #[inline(always)]
    fn find(&self, flow: &Flow) -> Option<Slot> {
        let hash = self.hash.hash_one(flow) as u32;
        let is_same = |slot: &Slot| slot.hash == hash && self.is_between(slot.connection, flow);
        self.flows.find(spread(hash), is_same).copied()
    }

    #[inline(always)]
    fn is_between(&self, connection: u32, flow: &Flow) -> bool {
        self.connections.get(connection as usize).is_some_and(|one| one.record.flow == *flow)
    }

    #[inline]
    fn is_reused(&self, index: u32, segment: &Segment<'_>, by_second: bool) -> bool {
        self.connections.get(index as usize).is_none_or(|connection| connection.is_reused_by(segment, by_second))
    }

    /// Begins a connection, instead of the one that had these endpoints before.
    #[inline(never)]
    fn open(&mut self, before: Option<Slot>, flow: &Flow, client_is_second: bool, time_ns: u64) -> Slot {
        if let Some(before) = before {
            self.put_away(before.connection as usize);
        }
        if self.open_connections.count() >= MOST_OPEN {
            self.put_oldest_away();
        }
        let connection = self.connections.len() as u32;
        let open = self.open_connections.add(connection);
        self.connections.push(TcpConnection::new(connection, *flow, client_is_second, time_ns, open));
        let slot = Slot { hash: self.hash.hash_one(flow) as u32, connection, open };
        match self
            .flows
            .find_mut(spread(slot.hash), |slot| before.is_some_and(|before| slot.connection == before.connection))
        {
            Some(known) => *known = slot,
            None => {
                self.flows.insert_unique(spread(slot.hash), slot, |slot| spread(slot.hash));
            }
        }
        slot
    }

    /// The first packet of a connection is not its beginning.
    #[cold]
    fn begins_midway(&mut self, connection: u32, number: u64) {
        if let Some(connection) = self.connections.get_mut(connection as usize) {
            connection.record.midway = true;
        }
        self.frames.midway(number);
    }

    fn put_away(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.end(&mut self.capture_state, &mut self.open_connections);
        }
    }

    /// Makes room where more connections are open than there is room for: the one that began first is taken for ended.
    /// Should it go on, it goes on as one of which the beginning was not captured.
    #[cold]
    fn put_oldest_away(&mut self) {
        let from = self.oldest;
        let open = |range: std::ops::Range<usize>| {
            let ones = self.connections.get(range.clone()).unwrap_or_default();
            ones.iter().position(TcpConnection::is_open).map(|at| range.start + at)
        };
        let Some(index) = open(from..self.connections.len()).or_else(|| open(0..from)) else { return };
        self.oldest = index + 1;
        self.forgotten += 1;
        self.put_away(index);
    }
}

/// A place in a header of a frame.
fn in_header(layer: StopLayer, offset: u32, frame: u64) -> ProblemPlace {
    ProblemPlace::Frame { frame, offset: offset.into(), layer: ProblemLayer::Header(layer) }
}

/// Where a flow's connection is found.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The flow's hash: the table grows without a look at the connections.
    hash: u32,
    /// An index into the connections.
    connection: u32,
    /// Where what it needs while packets come was put when it began.
    open: OpenPlace,
}

/// A hash for a table that looks at the upper bits and the lower ones.
#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// Connections that have ended but may still get a late packet. Few, so that they stay in the processor's cache.
const MOST_CLOSING: usize = 64;
/// Connections that are open at the same time. At about 1 KiB each: what bounds the memory of a flood of SYNs.
const MOST_OPEN: usize = 1 << 18;
