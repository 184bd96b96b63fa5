//! What was recorded so far, and what does it say?
//!
//! One analyzer takes the frames as they come, as it takes those of a file. What it says of each packet becomes a row at
//! once; what it says of the whole, a copy of it says whenever somebody asks. Whoever watches takes rows by their
//! number, at his own pace: nothing is kept for him, and nobody waits for him. Memory is bounded: so many rows, so many
//! bytes of packets, and what the analyzer keeps by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use wirelab_analyze::{Analyzer, Capture, Packet, Protocol, Settings};
use wirelab_capture::{Frame, LinkType, WriteError};
use wirelab_dissect::packet::plain;
use wirelab_report::PacketProtocol;
use wirelab_report::header_cuts::{Before, HeaderCuts};
use wirelab_report::html::ladder::{Step, Steps, slant};
use wirelab_wire::Recorder;

use crate::kept::Kept;
use crate::secrets::{Secrets, cover};

/// The capture so far of one wire.
#[derive(Debug)]
pub struct Recording {
    state: Mutex<State>,
    /// Counts whatever changes.
    news: watch::Sender<u64>,
    limits: Limits,
}

/// How much a recording keeps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows for who watches; older ones are only in the capture.
    pub rows: usize,
    /// Bytes of packets.
    pub bytes: usize,
    /// Whether cookies, tokens and such are kept as they are.
    pub secrets: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { rows: 20_000, bytes: 64 << 20, secrets: false }
    }
}

#[derive(Debug)]
struct State {
    analyzer: Analyzer,
    kept: Kept,
    secrets: Secrets,
    frames: u64,
    rows: VecDeque<Arc<Row>>,
    /// The number of the row that comes next.
    next: u64,
    /// How rows are drawn, and for which round trip in seconds.
    steps: Steps,
    trip: f64,
    cuts: HeaderCuts,
    /// The row with which the capture begins: those before were cleared away.
    begins: u64,
}

/// One packet, for who watches.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number among all rows, whatever was cleared; from 0.
    pub id: u64,
    /// What the analysis says of it.
    pub packet: Packet,
    /// Its protocol, as far as it was known when it was read.
    pub protocol: PacketProtocol,
    /// What its connection spoke then.
    pub spoken: Protocol,
    /// How far below the one before it stands in a ladder.
    pub step: Step,
    /// How far its arrow slants there.
    pub slant: f64,
    /// What of a WebSocket frame's header came before it.
    pub header: Before,
}

/// Some rows.
#[derive(Clone, Debug)]
pub struct Rows {
    /// In order.
    pub rows: Vec<Arc<Row>>,
    /// The row with which the capture begins.
    pub begins: u64,
    /// How many before the first of these are not kept any more.
    pub missed: u64,
}

impl Recording {
    /// An empty one, of a link with a round trip of so many seconds.
    pub fn new(limits: Limits, trip: f64) -> Recording {
        Recording { state: Mutex::new(State::new(&limits, 0, trip)), news: watch::Sender::new(0), limits }
    }

    /// What the wire hands its frames to.
    pub fn recorder(self: &Arc<Recording>) -> impl Recorder + use<> {
        let recording = Arc::clone(self);
        move |time_ns: u64, data: &[u8]| {
            recording.frame(time_ns, data);
            Ok(())
        }
    }

    /// Takes the next frame.
    fn frame(&self, time_ns: u64, data: &[u8]) {
        self.state().take(time_ns, data, &self.limits);
        self.news.send_modify(|count| *count += 1);
    }

    /// Tells when something has changed.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// At most so many rows from this number on.
    pub fn rows_from(&self, id: u64, most: usize) -> Rows {
        let state = self.state();
        let first = state.next - state.rows.len() as u64;
        let missed = first.saturating_sub(id.max(state.begins));
        let skip = id.saturating_sub(first).min(state.rows.len() as u64) as usize;
        Rows { rows: state.rows.iter().skip(skip).take(most).cloned().collect(), begins: state.begins, missed }
    }

    /// The row of a packet of this number in the capture, if it is still there.
    pub fn row(&self, number: u64) -> Option<Arc<Row>> {
        let state = self.state();
        let at = state.rows.partition_point(|row| row.id < state.begins || row.packet.number < number);
        state.rows.get(at).filter(|row| row.packet.number == number).cloned()
    }

    /// What was found so far.
    pub fn found(&self, name: &str) -> Capture {
        // Only the copy is made while the wire waits.
        let analyzer = self.state().analyzer.clone();
        analyzer.finish(name, Some(&format!("{name}.pcap")), "pcap")
    }

    /// The bytes of a packet of this number in the capture, where they are kept, shown to `look`.
    pub fn with_frame<T>(&self, number: u64, look: impl FnOnce(&Frame<'_>) -> T) -> Option<T> {
        self.state().kept.frame(number).map(|frame| look(&frame))
    }

    /// The capture so far as a file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn file(&self) -> Result<Vec<u8>, WriteError> {
        self.state().kept.file()
    }

    /// Packets of which only the headers are kept, and such as are not kept at all.
    pub fn lacks(&self) -> (u64, u64) {
        self.state().kept.lacks()
    }

    /// From now on ladders are drawn for this round trip, in seconds.
    pub fn draw_to(&self, trip: f64) {
        let mut state = self.state();
        (state.trip, state.steps) = (trip, Steps::new(Some(trip)));
    }

    /// Begins anew. Connections that are open go on, and are then such as were joined midway.
    pub fn clear(&self) {
        let mut state = self.state();
        // What is secret in a connection that goes on stays known.
        let secrets = std::mem::take(&mut state.secrets);
        *state = State { secrets, ..State::new(&self.limits, state.next, state.trip) };
        drop(state);
        self.news.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(limits: &Limits, begins: u64, trip: f64) -> State {
        State {
            analyzer: Analyzer::new(Settings { keep_packets: MOST_WAITING, ..Settings::default() }),
            kept: Kept::new(limits.bytes),
            secrets: Secrets::default(),
            frames: 0,
            rows: VecDeque::new(),
            next: begins,
            steps: Steps::new(Some(trip)),
            trip,
            cuts: HeaderCuts::default(),
            begins,
        }
    }

    fn take(&mut self, time_ns: u64, data: &[u8], limits: &Limits) {
        self.frames += 1;
        let covered = if limits.secrets { None } else { self.without_secrets(data) };
        let data = covered.as_deref().unwrap_or(data);
        let whole = Frame {
            number: self.frames,
            // As exact as the file will have it, so that it says the same when it is read.
            time_ns: time_ns - time_ns % 1000,
            wire_len: data.len() as u32,
            data,
            link: LinkType::ETHERNET,
            file_offset: 0,
        };
        let data = self.kept.share(&whole);
        let frame = Frame { data, ..whole };
        self.kept.push(&frame);
        self.analyzer.frame(&frame);
        while let Some(packet) = self.analyzer.take_packet() {
            let spoken = self.analyzer.protocol(packet.connection);
            let protocol = PacketProtocol::of(&packet, spoken);
            let header = if spoken == Protocol::WebSocket { self.header_before(&packet) } else { Before::Nothing };
            let step = self.steps.next(packet.time_s);
            if self.rows.len() >= limits.rows {
                self.rows.pop_front();
            }
            self.rows.push_back(Arc::new(Row {
                id: self.next,
                packet,
                protocol,
                spoken,
                step,
                slant: slant(Some(self.trip)),
                header,
            }));
            self.next += 1;
        }
    }
}

impl State {
    /// A frame with its secrets covered; `None` where it has none.
    fn without_secrets(&mut self, data: &[u8]) -> Option<Vec<u8>> {
        let whole = Frame {
            number: 0,
            time_ns: 0,
            wire_len: data.len() as u32,
            data,
            link: LinkType::ETHERNET,
            file_offset: 0,
        };
        let segment = plain(&whole)?;
        let found = self.secrets.find(&segment);
        if found.is_empty() {
            return None;
        }
        let mut covered = data.to_vec();
        cover(&mut covered, (segment.payload_offset, segment.header_len), &found);
        Some(covered)
    }

    /// What of a WebSocket frame's header came before this packet, which is taken note of.
    fn header_before(&mut self, packet: &Packet) -> Before {
        let before = self.cuts.before(packet);
        let data = self.kept.frame(packet.number).map_or(&[][..], |frame| frame.data);
        let payload = data.get(packet.payload_offset as usize..).unwrap_or_default();
        self.cuts.see(packet, payload.get(..packet.app_len as usize).unwrap_or(payload));
        before
    }
}

/// So many packets may wait for an earlier segment.
const MOST_WAITING: usize = 1024;

#[cfg(test)]
mod tests {
    use wirelab_dissect::build::Tcp;
    use wirelab_dissect::packet::Endpoint;
    use wirelab_dissect::tcp::Flags;

    use super::*;

    /// A recording of so many pushes of the server, of one byte each.
    fn recorded(pushes: u32, limits: Limits) -> Recording {
        let [client, server] =
            [(2, 40_000), (1, 8000)].map(|(host, port)| Endpoint { addr: [10, 0, 0, host].into(), port });
        let recording = Recording::new(limits, 0.025);
        for push in 0..pushes {
            let tcp = Tcp { seq: 1 + push, flags: Flags::ACK | Flags::PSH, payload: b"x", ..Tcp::new(server, client) };
            recording.frame(1_000_000_007 * u64::from(push + 1), &tcp.frame());
        }
        recording
    }

    fn ids(rows: &Rows) -> Vec<u64> {
        rows.rows.iter().map(|row| row.id).collect()
    }

    #[test]
    fn rows_are_taken_by_number_and_old_ones_are_missed() {
        let recording = recorded(5, Limits { rows: 3, ..Limits::default() });
        let rows = recording.rows_from(0, 2);
        assert_eq!((ids(&rows), rows.missed), (vec![2, 3], 2));
        let rows = recording.rows_from(4, 9);
        assert_eq!((ids(&rows), rows.missed), (vec![4], 0));
        assert!(recording.rows_from(5, 9).rows.is_empty());
        assert!(recording.rows_from(u64::MAX, 9).rows.is_empty());
    }

    #[test]
    fn clearing_begins_anew_and_numbers_go_on() {
        let recording = recorded(2, Limits::default());
        let mut news = recording.news();
        recording.clear();
        assert!(news.has_changed().unwrap());
        news.mark_unchanged();
        let rows = recording.rows_from(0, 9);
        assert_eq!((rows.begins, rows.missed, rows.rows.len()), (2, 0, 0));
        assert_eq!(recording.found("x").frames, 0);
        recording.frame(1, &[0; 60]);
        assert!(news.has_changed().unwrap());
        assert_eq!(recording.found("x").frames, 1);
    }

    #[test]
    fn what_is_found_is_what_an_analysis_of_the_file_finds() {
        let recording = recorded(4, Limits::default());
        let file = recording.file().unwrap();
        let mut reader = wirelab_capture::Reader::new(file.as_slice()).unwrap();
        let mut analyzer = Analyzer::new(Settings::default());
        while let Some(frame) = reader.next_frame().unwrap() {
            analyzer.frame(&frame);
        }
        assert_eq!(recording.found("x"), analyzer.finish("x", Some("x.pcap"), "pcap"));
    }
}
