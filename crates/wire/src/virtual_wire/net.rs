//! Who is on the link, and what happens next?
//!
//! All that a run holds: the ends of all connections, the two lanes of the link between them, and the timers. Nothing
//! here waits; [`clock`](super::clock) moves the time to [`Net::next_event`] and calls [`Net::run_due`]. Streams call
//! in between, at the time it is then.
//!
//! Everything happens in an order that follows from the seed and the clock alone: events by their time, at the same
//! time first arrivals (towards the server, then towards the clients, in the order sent), then timers (in the order
//! set). No hash map is ever walked.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::acknowledging::{Acknowledging, Start};
use super::card::Segment;
use super::clock::Idle;
use super::end::{End, Settings, refusal};
use super::memory::Memory;
use super::seeds::Seeds;
use crate::error::Host;
use crate::facts::Frames;
use crate::impaired::{ImpairedFrames, Mark};
use crate::link::{Arrival, Lane, recorded_when_sent};
use crate::options::{CLIENT, PORT, SERVER, Vantage, WireOptions};
use crate::recorder::Recorder;
use crate::tuning::Tuning;

/// One end of one connection: there are only connections between a client's port and the server's one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) at: Host,
    pub(super) client: Ipv4Addr,
    pub(super) port: u16,
}

/// A [`Net`] as its streams share it.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Net>>);

impl Shared {
    pub(super) fn new(net: Net) -> Shared {
        Shared(Arc::new(Mutex::new(net)))
    }

    /// For one call: no await between. A panic of an app never happens inside, so a poisoned lock is a whole one.
    pub(super) fn lock(&self) -> MutexGuard<'_, Net> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All that a run holds.
pub(super) struct Net {
    started: Instant,
    wall_ns: u64,
    vantage: Vantage,
    seeds: Seeds,
    round_trip: Duration,
    tuning: Tuning,
    server: Sockets,
    client: Sockets,
    to_server: Lane,
    to_client: Lane,
    impaired: ImpairedFrames,
    recorded: u64,
    /// None when nothing is recorded any more.
    recorder: Option<Box<dyn Recorder>>,
    /// The run has ended: streams can do nothing any more, and its clock may be gone.
    over: bool,
    recorder_failed: Option<io::Error>,
    server_memory: Memory,
    client_memory: Memory,
    /// Boxed: the map has room for more than there are.
    ends: HashMap<Key, Box<Entry>>,
    timers: BTreeMap<(Duration, u64), Key>,
    timers_set: u64,
    /// How many ends have something to come by themselves.
    busy: usize,
    /// The port that each client tries next.
    next_port: HashMap<Ipv4Addr, u16>,
    listening: bool,
    /// Handshakes begun and connections not accepted yet: bounded together.
    handshakes: usize,
    to_accept: VecDeque<Key>,
    acceptor: Option<Waker>,
    last_event: Duration,
    idle: Arc<Idle>,
}

/// What is set on the sockets of a host.
#[derive(Clone, Copy, Debug)]
struct Sockets {
    no_delay: bool,
    keep_alive: Option<Duration>,
    start: Start,
}

/// An end and what the net keeps beside it.
struct Entry {
    end: End,
    timer: Option<(Duration, u64)>,
    busy: bool,
    /// A server's end whose handshake is not done.
    handshake: bool,
}

impl Net {
    pub(super) fn new(
        options: &WireOptions,
        started: Instant,
        wall_ns: u64,
        recorder: Box<dyn Recorder>,
        idle: Arc<Idle>,
    ) -> Net {
        Net {
            started,
            wall_ns,
            vantage: options.vantage,
            seeds: Seeds::new(options.seed),
            round_trip: options.rtt,
            tuning: options.tuning.clone(),
            server: Sockets {
                no_delay: options.server_no_delay,
                keep_alive: options.server_keep_alive,
                start: if options.server_quick_ack { Start::Quick } else { Start::Delayed },
            },
            client: Sockets { no_delay: options.client_no_delay, keep_alive: None, start: Start::Quick },
            to_server: Lane::new(options, Host::Server),
            to_client: Lane::new(options, Host::Client),
            impaired: ImpairedFrames::default(),
            recorded: 0,
            recorder: Some(recorder),
            over: false,
            recorder_failed: None,
            server_memory: Memory::new(options.clients, SERVER_SEND_BUFFER),
            client_memory: Memory::new(options.clients, options.client_send_buffer),
            ends: HashMap::new(),
            timers: BTreeMap::new(),
            timers_set: 0,
            busy: 0,
            next_port: HashMap::new(),
            listening: true,
            handshakes: 0,
            to_accept: VecDeque::new(),
            acceptor: None,
            last_event: Duration::ZERO,
            idle,
        }
    }

    /// Time passed since the start of the run.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// When the next frame arrives or the next timer runs out.
    pub(super) fn next_event(&self) -> Option<Duration> {
        let timer = self.timers.first_key_value().map(|(&(due, _), _)| due);
        [self.to_server.next_due(), self.to_client.next_due(), timer].into_iter().flatten().min()
    }

    /// When the last event was.
    pub(super) fn last_event(&self) -> Duration {
        self.last_event
    }

    /// Lets happen what is due by `now`. False if that was nothing.
    pub(super) fn run_due(&mut self, now: Duration) -> bool {
        let mut any = false;
        loop {
            if let Some(arrival) = self.to_server.arrive(now, &mut self.impaired) {
                self.deliver(now, Host::Server, arrival);
            } else if let Some(arrival) = self.to_client.arrive(now, &mut self.impaired) {
                self.deliver(now, Host::Client, arrival);
            } else if let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
                let key = entry.remove();
                if let Some(entry) = self.ends.get_mut(&key) {
                    entry.timer = None;
                    entry.end.time_out(now);
                }
                self.follow_up(now, key);
            } else {
                return any;
            }
            self.last_event = now;
            any = true;
        }
    }

    /// Whether no frame is on the way and no end has more to say by itself.
    pub(super) fn is_quiet(&self) -> bool {
        self.to_server.is_empty() && self.to_client.is_empty() && self.busy == 0
    }

    /// Why the recorder took no more, once.
    pub(super) fn take_recorder_failure(&mut self) -> Option<io::Error> {
        self.recorder_failed.take()
    }

    /// The client's work is done: what comes now is not part of the capture.
    pub(super) fn stop_recording(&mut self) {
        self.recorder = None;
    }

    /// The run is over, for streams that are dropped only later.
    pub(super) fn end(&mut self) {
        self.recorder = None;
        self.over = true;
    }

    /// What the link did so far.
    pub(super) fn frames(&self) -> Frames {
        let (there, back) = (self.to_server.counts(), self.to_client.counts());
        Frames {
            sent: there.sent + back.sent,
            delivered: there.delivered + back.delivered,
            recorded: self.recorded,
            lost: there.lost + back.lost,
            duplicated: there.duplicated + back.duplicated,
            reordered: there.reordered + back.reordered,
            delayed: there.delayed + back.delayed,
            overflowed: 0,
        }
    }

    /// Which frames the link impaired so far.
    pub(super) fn impaired(&self) -> ImpairedFrames {
        self.impaired.clone().in_order()
    }

    /// Begins a connection from `client`.
    pub(super) fn connect(&mut self, client: Ipv4Addr) -> io::Result<Key> {
        if self.over {
            return Err(io::Error::new(io::ErrorKind::NetworkDown, "the run is over"));
        }
        let now = self.now();
        let key = self.free_port(client)?;
        let settings = self.settings(key, self.client);
        let mut end = End::connecting((client, key.port), settings, self.client_memory.take(), now)?;
        end.poll(now);
        self.add(key, end, false);
        self.follow_up(now, key);
        Ok(key)
    }

    /// The next connection that is ready to be accepted, or the waker to call then.
    pub(super) fn accept(&mut self, waker: &Waker) -> Option<Key> {
        let key = self.to_accept.pop_front();
        if key.is_none() {
            self.acceptor = Some(waker.clone());
        }
        key
    }

    /// Nobody accepts any more. What was not accepted is reset, as Linux does.
    pub(super) fn stop_listening(&mut self) {
        if !std::mem::replace(&mut self.listening, false) || self.over {
            return;
        }
        let now = self.now();
        while let Some(key) = self.to_accept.pop_front() {
            if let Some(entry) = self.ends.get_mut(&key) {
                entry.end.reset(now);
            }
            self.follow_up(now, key);
        }
    }

    /// What a stream does with its end, as one system call: what it causes is sent before this returns. None after
    /// the run.
    pub(super) fn call<T>(&mut self, key: Key, does: impl FnOnce(&mut End, Duration) -> T) -> Option<T> {
        if self.over {
            return None;
        }
        let now = self.now();
        let result = does(&mut self.ends.get_mut(&key)?.end, now);
        self.follow_up(now, key);
        Some(result)
    }

    fn free_port(&mut self, client: Ipv4Addr) -> io::Result<Key> {
        let first = self.seeds.first_port(client);
        let port = self.next_port.entry(client).or_insert(first);
        for _ in Seeds::PORTS {
            let key = Key { at: Host::Client, client, port: *port };
            *port = if *port == *Seeds::PORTS.end() { *Seeds::PORTS.start() } else { *port + 1 };
            let other = Key { at: Host::Server, ..key };
            if !self.ends.contains_key(&key) && !self.ends.contains_key(&other) {
                return Ok(key);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrNotAvailable, format!("all ports of {client} are taken")))
    }

    fn settings(&self, key: Key, sockets: Sockets) -> Settings {
        let round_trip = self.tuning.quality().map_or(self.round_trip, |quality| quality.rtt);
        Settings {
            no_delay: sockets.no_delay,
            keep_alive: sockets.keep_alive,
            acknowledging: Acknowledging::new(sockets.start, round_trip),
            seed: self.seeds.sequence_numbers(key.at, key.client, key.port),
            timestamp_base: self.seeds.timestamps(key.at, key.client),
        }
    }

    fn add(&mut self, key: Key, end: End, handshake: bool) {
        self.handshakes += usize::from(handshake);
        self.ends.insert(key, Box::new(Entry { end, timer: None, busy: false, handshake }));
    }

    fn deliver(&mut self, now: Duration, to: Host, Arrival { frame, mark, .. }: Arrival) {
        if !recorded_when_sent(self.vantage, to) {
            self.record(now, &frame, mark);
        }
        let Some(segment) = Segment::of(&frame) else { return };
        let ((client, port), (own, _)) = match to {
            Host::Server => (segment.source, segment.destination),
            Host::Client => (segment.destination, segment.destination),
        };
        let key = Key { at: to, client, port };
        let opens = to == Host::Server && segment.syn && segment.ack.is_none() && !segment.rst;
        if opens && self.listening && !self.ends.contains_key(&key) && segment.destination == (SERVER, PORT) {
            if self.handshakes + self.to_accept.len() >= BACKLOG {
                // As Linux: no answer, and the client tries again.
                return;
            }
            let settings = self.settings(key, self.server);
            // Only a port of 0 could fail here.
            if let Ok(end) = End::listening(client, settings, self.server_memory.take(), now) {
                self.add(key, end, true);
            }
        }
        if let Some(entry) = self.ends.get_mut(&key) {
            let refused = entry.end.refuses(&segment);
            if !refused {
                entry.end.receive(now, &segment, frame);
                return self.follow_up(now, key);
            }
            self.follow_up(now, key);
        }
        for refusal in refusal(own, segment.source.0, frame, now) {
            self.send(now, to, refusal);
        }
    }

    /// After anything that an end did: sends its frames, sets its timer, announces or forgets it.
    fn follow_up(&mut self, now: Duration, key: Key) {
        let Some(entry) = self.ends.get_mut(&key) else { return };
        if entry.handshake && (entry.end.is_synchronized() || entry.end.is_over()) {
            entry.handshake = false;
            self.handshakes -= 1;
            if !entry.end.is_over() {
                if self.listening {
                    self.to_accept.push_back(key);
                    if let Some(waker) = self.acceptor.take() {
                        waker.wake();
                    }
                } else {
                    entry.end.reset(now);
                }
            }
        }
        let frames = entry.end.sent_frames(now);
        let over = entry.end.is_over();
        let due = entry.end.due(now).filter(|_| !over);
        let busy = !over && entry.end.is_busy(now);
        self.busy = self.busy + usize::from(busy) - usize::from(entry.busy);
        entry.busy = busy;
        if due != entry.timer.map(|(due, _)| due) {
            if let Some(timer) = entry.timer.take() {
                self.timers.remove(&timer);
            }
            if let Some(due) = due {
                let timer = (due, self.timers_set);
                self.timers_set += 1;
                self.timers.insert(timer, key);
                entry.timer = Some(timer);
            }
        }
        // A stream may still want to know how its end ended; without one, nobody does.
        if over
            && !entry.end.is_held()
            && let Some(entry) = self.ends.remove(&key)
        {
            let memory = match key.at {
                Host::Server => &mut self.server_memory,
                Host::Client => &mut self.client_memory,
            };
            memory.give_back(entry.end.into_memory());
        }
        for frame in frames {
            self.send(now, key.at, frame);
        }
        // What follows may come before what the clock waits for.
        self.idle.ask();
    }

    fn send(&mut self, now: Duration, from: Host, frame: Vec<u8>) {
        let to = match from {
            Host::Server => Host::Client,
            Host::Client => Host::Server,
        };
        let (lane, impaired) = self.towards(to);
        let admitted = lane.admit(now, impaired);
        if recorded_when_sent(self.vantage, to) {
            self.record(now, &frame, admitted.mark);
        }
        let (lane, impaired) = self.towards(to);
        lane.carry(admitted, frame, impaired);
    }

    fn towards(&mut self, to: Host) -> (&mut Lane, &mut ImpairedFrames) {
        let lane = match to {
            Host::Server => &mut self.to_server,
            Host::Client => &mut self.to_client,
        };
        (lane, &mut self.impaired)
    }

    fn record(&mut self, now: Duration, frame: &[u8], mark: Option<Mark>) {
        let Some(recorder) = &mut self.recorder else { return };
        if self.recorder_failed.is_some() {
            return;
        }
        let stamp = self.wall_ns + u64::try_from(now.as_nanos()).unwrap_or(u64::MAX - self.wall_ns);
        match recorder(stamp, frame) {
            Ok(()) => {
                self.recorded += 1;
                self.impaired.recorded(mark, self.recorded);
            }
            Err(error) => self.recorder_failed = Some(error),
        }
    }
}

/// The address of the client with this number, from 0.
pub(super) fn client_address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(CLIENT.to_bits() + number)
}

const SERVER_SEND_BUFFER: usize = 65_536;
/// Linux's `somaxconn`.
const BACKLOG: usize = 4096;
