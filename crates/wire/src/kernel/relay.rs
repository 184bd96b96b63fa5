//! Who carries the frames from one host to the other?
//!
//! One thread in the wire's namespace, with a packet socket on each cable. A frame that a host sends waits half a
//! round trip in the [`Lane`] of its direction and is then handed to the other host; on the way it is recorded once,
//! with the time at which it left or reached the host of the vantage.
//!
//! The relay also knows when the run is over: when the client is done, nothing is on the way, the link has been
//! silent for a while and no socket waits for an acknowledgement. Only then is the server told to stop, and what that
//! stirs up is no longer recorded.

use std::io::PipeReader;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use wirelab_clock::Clock;

use super::control::{Control, answer};
use super::network;
use super::order::{Order, Stamped};
use super::settled::Sockets;
use super::sys::PacketSocket;
use crate::error::{Error, Host};
use crate::facts::Frames;
use crate::impaired::ImpairedFrames;
use crate::link::{Arrival, Lane, recorded_when_sent};
use crate::options::WireOptions;

/// Frames on their way to the recorder.
pub type Batch = Vec<Stamped>;

/// The relay of one run.
pub struct Relay<'a> {
    options: &'a WireOptions,
    clock: &'a Clock,
    control: &'a Control,
    rope: PipeReader,
    to_server: Way,
    to_client: Way,
    impaired: ImpairedFrames,
    sockets: [Sockets; 2],
    order: Order,
    /// `None` once nothing is recorded any more.
    recorder: Option<SyncSender<Batch>>,
    recorded: u64,
    /// Frames that the host they were for had no room for.
    without_room: u64,
    /// What was done until nothing was recorded any more.
    carried: Option<Relayed>,
    /// When the last frame passed.
    last_passed: Duration,
    buffer: Box<[u8]>,
}

/// What a relay did in a run.
#[derive(Debug, Default)]
pub struct Relayed {
    /// With how many frames.
    pub frames: Frames,
    /// Which of them it did not carry once and in order.
    pub impaired: ImpairedFrames,
}

/// One direction: taken from one cable, handed to the other.
struct Way {
    /// The cable of the host that sends.
    from_cable: PacketSocket,
    lane: Lane,
    recorded_when_sent: bool,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Working,
    Draining { since: Duration },
    Closing { since: Duration },
}

impl<'a> Relay<'a> {
    /// Takes the cables in the calling thread's namespace in hand. `threads` are the `/proc` folders of the hosts.
    pub fn new(
        options: &'a WireOptions,
        clock: &'a Clock,
        control: &'a Control,
        rope: PipeReader,
        threads: &[impl AsRef<Path>; 2],
        recorder: SyncSender<Batch>,
    ) -> Result<Relay<'a>, Error> {
        Ok(Relay {
            options,
            clock,
            control,
            rope,
            to_server: Way::new(options, Host::Server)?,
            to_client: Way::new(options, Host::Client)?,
            impaired: ImpairedFrames::default(),
            sockets: threads.each_ref().map(|thread| Sockets::of(thread.as_ref())),
            order: Order::default(),
            recorder: Some(recorder),
            recorded: 0,
            without_room: 0,
            carried: None,
            last_passed: Duration::ZERO,
            buffer: vec![0; LARGEST_FRAME].into_boxed_slice(),
        })
    }

    /// Carries frames until the run is over, and says what it did.
    pub fn run(mut self) -> Result<Relayed, Error> {
        let mut stage = Stage::Working;
        loop {
            let read_until = self.clock.elapsed();
            let all_read = self.take_in()?;
            self.hand_over()?;
            if self.control.is_cut() {
                break;
            }
            match self.next_stage(stage) {
                Some(next) => stage = next,
                None => break,
            }
            if all_read {
                self.record(read_until.saturating_sub(READING_DELAY));
                self.wait(stage)?;
            }
        }
        self.stop_recording();
        self.relayed()
    }

    /// Takes what the hosts have sent; says whether that was all.
    fn take_in(&mut self) -> Result<bool, Error> {
        let mut all = true;
        for way in [&mut self.to_server, &mut self.to_client] {
            let mut left = BURST;
            loop {
                let received = way.from_cable.receive(&mut self.buffer).map_err(link("receiving a frame"))?;
                let Some(received) = received else { break };
                let sent_at = self.clock.elapsed().saturating_sub(received.age);
                // Longer ones cannot be: the buffer holds the longest that Ethernet's length and offloads allow.
                let frame = self.buffer.get(..received.len).unwrap_or(&self.buffer);
                let admitted = way.lane.admit(sent_at, &mut self.impaired);
                if way.recorded_when_sent && self.recorder.is_some() {
                    self.order.put(sent_at, frame.to_vec(), admitted.mark);
                }
                way.lane.carry(admitted, frame.to_vec(), &mut self.impaired);
                self.last_passed = sent_at.max(self.last_passed);
                left -= 1;
                if left == 0 {
                    all = false;
                    break;
                }
            }
        }
        Ok(all)
    }

    /// Gives the hosts what has arrived.
    fn hand_over(&mut self) -> Result<(), Error> {
        let cables = [&self.to_client.from_cable, &self.to_server.from_cable];
        let lanes = [&mut self.to_server.lane, &mut self.to_client.lane];
        let seen_before = [self.to_server.recorded_when_sent, self.to_client.recorded_when_sent];
        for ((cable, lane), seen_before) in cables.into_iter().zip(lanes).zip(seen_before) {
            loop {
                // Taken before the frame is handed over: an answer to it then always has a later time.
                let now = self.clock.elapsed();
                let Some(Arrival { frame, mark, .. }) = lane.arrive(now, &mut self.impaired) else { break };
                self.last_passed = now;
                if !cable.send(&frame).map_err(link("handing a frame over"))? {
                    self.without_room += 1;
                    continue;
                }
                if !seen_before && self.recorder.is_some() {
                    self.order.put(now, frame, mark);
                }
            }
        }
        Ok(())
    }

    /// Where the run stands now; `None` when it is over.
    fn next_stage(&mut self, stage: Stage) -> Option<Stage> {
        let now = self.clock.elapsed();
        match stage {
            Stage::Working if self.control.is_done(Host::Client) => Some(Stage::Draining { since: now }),
            Stage::Working => Some(stage),
            Stage::Draining { since } => {
                let quiet = now.saturating_sub(self.last_passed.max(since)) >= self.quiet_time()
                    && self.is_empty()
                    && self.sockets.iter().all(Sockets::are_settled);
                if !quiet && now - since < self.longest_drain() {
                    return Some(stage);
                }
                if !quiet {
                    tracing::warn!("the link did not fall quiet within {:?}; the capture ends here", now - since);
                }
                self.stop_recording();
                self.control.close();
                Some(Stage::Closing { since: now })
            }
            Stage::Closing { since } => {
                if now - since >= LONGEST_CLOSING {
                    tracing::warn!("the server did not stop within {LONGEST_CLOSING:?} and was dropped");
                    return None;
                }
                (!self.control.is_done(Host::Server)).then_some(stage)
            }
        }
    }

    /// Waits for a frame, for one to arrive, or for the bell.
    fn wait(&mut self, stage: Stage) -> Result<(), Error> {
        let now = self.clock.elapsed();
        let lanes = [&self.to_server.lane, &self.to_client.lane];
        let arrival = lanes.iter().filter_map(|lane| lane.next_due()).min().map(|due| due.saturating_sub(SPIN));
        if arrival.is_some_and(|at| at <= now) {
            // So close that a sleep might end too late: go round until it is there.
            std::hint::spin_loop();
            return Ok(());
        }
        let look = match stage {
            Stage::Working => None,
            Stage::Draining { since } => {
                // When silence has lasted long enough; where it has, a socket still waits for something.
                let quiet = self.last_passed.max(since) + self.quiet_time();
                Some(if quiet > now { quiet } else { now + LOOK_AGAIN })
            }
            Stage::Closing { since } => Some(since + LONGEST_CLOSING),
        };
        let record = self.order.next().map(|at| at + READING_DELAY);
        let until = [arrival, look, record].into_iter().flatten().min();
        let timeout = until.map(|until| TimeSpec::from_duration(until.saturating_sub(now)));
        let mut fds = [
            PollFd::new(self.to_server.from_cable.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.to_client.from_cable.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.rope.as_fd(), PollFlags::POLLIN),
        ];
        match ppoll(&mut fds, timeout, None) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(link("waiting for a frame")(error.into())),
        }
        if fds[2].any() == Some(true) {
            answer(&self.rope);
        }
        Ok(())
    }

    /// Passes what came until then to the recorder.
    fn record(&mut self, until: Duration) {
        let Some(recorder) = &self.recorder else { return };
        let batch = self.order.take(until);
        if batch.is_empty() {
            return;
        }
        for (_, _, mark) in &batch {
            self.recorded += 1;
            self.impaired.recorded(*mark, self.recorded);
        }
        if recorder.send(batch).is_err() {
            // The recorder has failed, and has said so itself.
            self.recorder = None;
            self.control.cut();
        }
    }

    /// What follows is no part of the run: the server's end is not recorded, and not counted.
    fn stop_recording(&mut self) {
        self.record(Duration::MAX);
        self.recorder = None;
        if self.carried.is_none() {
            self.carried = Some(Relayed { frames: self.carried(), impaired: self.impaired.clone().in_order() });
        }
    }

    fn is_empty(&self) -> bool {
        self.to_server.lane.is_empty() && self.to_client.lane.is_empty()
    }

    /// How long the link must have been silent: longer than a delayed acknowledgement waits (40 to 200 ms in Linux),
    /// and long enough for any answer to come.
    fn quiet_time(&self) -> Duration {
        (self.options.rtt * 3).max(SHORTEST_QUIET)
    }

    /// How long the link may take to fall quiet. Where frames are lost, a FIN may need several attempts, each with twice
    /// the time-out of the one before.
    fn longest_drain(&self) -> Duration {
        let base = if self.options.impaired() { LONGEST_DRAIN_IMPAIRED } else { LONGEST_DRAIN };
        base + self.quiet_time()
    }

    /// What the lanes did so far.
    fn carried(&self) -> Frames {
        let mut sum = Frames { recorded: self.recorded, overflowed: self.without_room, ..Frames::default() };
        for way in [&self.to_server, &self.to_client] {
            let counts = way.lane.counts();
            sum.sent += counts.sent;
            sum.delivered += counts.delivered;
            sum.lost += counts.lost;
            sum.duplicated += counts.duplicated;
            sum.reordered += counts.reordered;
            sum.delayed += counts.delayed;
        }
        sum.delivered -= self.without_room;
        sum
    }

    fn relayed(self) -> Result<Relayed, Error> {
        let mut relayed = self.carried.unwrap_or_default();
        for way in [self.to_server, self.to_client] {
            let overflowed = way.from_cable.overflowed().map_err(link("counting frames that found no room"))?;
            relayed.frames.overflowed += overflowed;
        }
        if relayed.frames.overflowed > 0 {
            let overflowed = relayed.frames.overflowed;
            tracing::warn!("the machine was too busy to carry {overflowed} frames; TCP sent them again");
        }
        Ok(relayed)
    }
}

impl Way {
    fn new(options: &WireOptions, to: Host) -> Result<Way, Error> {
        let cable = network::index(to.other().cable())?;
        Ok(Way {
            from_cable: PacketSocket::open(cable).map_err(network::setup("opening a packet socket"))?,
            lane: Lane::new(options, to),
            recorded_when_sent: recorded_when_sent(options.vantage, to),
        })
    }
}

fn link(step: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Link { step, source }
}

/// The last moments before an arrival are spent awake: a sleep may end a little late. Longer makes it worse on a
/// machine with few cores, where the hosts need them.
const SPIN: Duration = Duration::from_micros(300);
/// How much later than the time of a frame the relay may get to read it.
const READING_DELAY: Duration = Duration::from_millis(5);
/// How many frames are taken in from one host before others get their turn.
const BURST: u32 = 64;
const LARGEST_FRAME: usize = 1 << 16;
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const SHORTEST_QUIET: Duration = Duration::from_millis(300);
const LONGEST_DRAIN: Duration = Duration::from_secs(5);
const LONGEST_DRAIN_IMPAIRED: Duration = Duration::from_secs(30);
const LONGEST_CLOSING: Duration = Duration::from_secs(5);
