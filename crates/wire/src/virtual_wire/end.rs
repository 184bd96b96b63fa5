//! How does one end of one connection behave?
//!
//! Each end has a smoltcp interface and one socket of its own: smoltcp looks at every socket of an interface for every
//! packet, so one interface for a server with a thousand connections would do a million times the work of one.
//! [`Net`](super::net::Net) hands each frame to its end by the connection's addresses and ports.
//!
//! On top of smoltcp's TCP an end does what a program sees of Linux's:
//!
//! - Nagle's algorithm as Minshall modified it: a small segment waits only for another *small* one that is not
//!   acknowledged yet. (smoltcp's own waits for anything unacknowledged, and would hold back the end of every page.)
//! - acknowledgements leave by Linux's rules (`acknowledging.rs`). smoltcp is let to acknowledge at once whatever it is
//!   asked to send, and is not asked while an acknowledgement waits and there is nothing that it could go with.
//! - the acknowledgement of a FIN waits 40 ms for the program's own FIN.
//! - dropped with unread bytes: RST (RFC 2525, section 2.17), else FIN. New bytes that come for it afterwards are
//!   refused with RST, and not acknowledged first.
//! - it gives up on a host that does not answer: `tcp_syn_retries` (127 s), `tcp_retries2` (924 s).
//! - unread bytes outlast TIME-WAIT.

use std::cell::Cell;
use std::io;
use std::net::Ipv4Addr;
use std::task::Waker;
use std::time::Duration;

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::socket::tcp::{RecvError, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpCidr, Ipv4Cidr};

use super::acknowledging::{Acknowledging, FULL_SEGMENT};
use super::card::{Card, Segment};
use super::memory::{Held, Piece, RECEIVE_BUFFER};
use crate::options::{PORT, SERVER};

/// What is set on a socket, and what its random numbers are drawn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) no_delay: bool,
    /// After how long a silence it asks whether the other is still there.
    pub(super) keep_alive: Option<Duration>,
    pub(super) acknowledging: Acknowledging,
    /// For the initial sequence number.
    pub(super) seed: u64,
    /// What the timestamps count from.
    pub(super) timestamp_base: u32,
}

/// One end of a connection.
pub(super) struct End {
    interface: Interface,
    held: Held,
    card: Card,
    settings: Settings,
    acknowledging: Acknowledging,
    /// What was last acknowledged to the other host, and how much more it was told to send.
    acknowledged: u32,
    window: u32,
    /// How many bytes the program has read.
    read: usize,
    /// The end of what was last sent, and what the other host has acknowledged of it.
    sent: u32,
    sent_acknowledged: u32,
    /// The end of the last small segment sent, until it is acknowledged.
    small_in_flight: Option<u32>,
    /// Since when an answer is waited for, counted anew with everything that is heard.
    waiting_since: Option<Duration>,
    fin_wait_since: Option<Duration>,
    /// The sequence number after the FIN that was sent.
    fin_sent: Option<u32>,
    /// Until when the acknowledgement of a FIN waits for something to go with.
    hold_until: Option<Duration>,
    /// The program has dropped its stream, or never had one.
    orphaned: bool,
    /// Nothing is sent any more and nothing is due: only the program may still look.
    dead: bool,
    /// What broke the connection, until the program was told.
    failed: Option<io::ErrorKind>,
}

impl End {
    /// The client's end, which sends a SYN when it is next polled.
    pub(super) fn connecting(
        client: (Ipv4Addr, u16),
        settings: Settings,
        memory: Piece,
        now: Duration,
    ) -> io::Result<End> {
        let mut end = End::new(client.0, SERVER, settings, memory, now);
        let context = end.interface.context();
        let connected = end.held.socket(|socket| socket.connect(context, (SERVER, PORT), client));
        connected.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(end)
    }

    /// The server's end for a SYN that is about to be received.
    pub(super) fn listening(client: Ipv4Addr, settings: Settings, memory: Piece, now: Duration) -> io::Result<End> {
        let mut end = End::new(SERVER, client, settings, memory, now);
        end.orphaned = false;
        let listening = end.held.socket(|socket| socket.listen((SERVER, PORT)));
        listening.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(end)
    }

    fn new(own: Ipv4Addr, other: Ipv4Addr, settings: Settings, memory: Piece, now: Duration) -> End {
        let mut card = Card::new(own, other);
        let interface = interface(own, &mut card, settings.seed, now);
        let mut held = Held::new(memory);
        held.socket(|socket| {
            socket.set_tsval_generator(Some(timestamp));
            socket.set_ack_delay(None);
            socket.set_nagle_enabled(false);
            if let Some(after) = settings.keep_alive {
                socket.set_keep_alive(Some(smoltcp::time::Duration::from_micros(after.as_micros() as u64)));
            }
        });
        End {
            interface,
            held,
            card,
            settings,
            acknowledging: settings.acknowledging,
            acknowledged: 0,
            window: 0,
            read: 0,
            sent: 0,
            sent_acknowledged: 0,
            small_in_flight: None,
            waiting_since: None,
            fin_wait_since: None,
            fin_sent: None,
            hold_until: None,
            orphaned: false,
            dead: false,
            failed: None,
        }
    }

    /// Gives the end up, and its memory back.
    pub(super) fn into_memory(self) -> Piece {
        self.held.into_memory()
    }

    /// Whether there is nobody for this segment: it brings new bytes for a program that has let go, or the end is
    /// dead. If so the end is over, and the segment is to be refused as one for no connection at all.
    pub(super) fn refuses(&mut self, segment: &Segment) -> bool {
        if self.orphaned && segment.payload_len > 0 {
            let past = segment.seq.wrapping_add(segment.payload_len).wrapping_sub(self.acknowledged);
            if (1..1 << 31).contains(&past) {
                self.fall_silent();
            }
        }
        self.dead
    }

    /// A frame has come for this end.
    pub(super) fn receive(&mut self, now: Duration, segment: &Segment, frame: Vec<u8>) {
        if let (Some(small), Some(ack)) = (self.small_in_flight, segment.ack)
            && ack.wrapping_sub(small) < 1 << 31
        {
            self.small_in_flight = None;
        }
        self.sent_acknowledged = segment.ack.unwrap_or(self.sent_acknowledged);
        self.waiting_since = None;
        if self.repeats_what_is_before_the_fin(segment) {
            self.note_waiting(now);
            return;
        }
        let (before, had) = (self.state(), self.heard());
        self.card.receive_frame(frame);
        if segment.fin && segment.payload_len == 0 && before == State::Established {
            self.take_in(now);
            if self.state() == State::CloseWait && self.held.socket(|socket| socket.send_queue()) == 0 {
                self.hold_until = Some(now + FIN_ACK_DELAY);
            } else {
                self.poll(now);
            }
        } else if segment.payload_len > 0 && !segment.fin && !segment.syn {
            self.take_in(now);
            let new = (self.heard() - had) as u32;
            if new == 0 {
                // Old bytes, or such as come early: smoltcp has answered them by itself.
                self.acknowledging.received_again();
                self.transmit(now);
            } else if self.acknowledging.received(now, new, segment.payload_len, segment.psh) {
                self.poll(now);
            } else {
                self.transmit(now);
            }
        } else if segment.fin || segment.syn || segment.rst {
            self.poll(now);
        } else {
            self.take_in(now);
            self.transmit(now);
        }
        if segment.rst && !matches!(before, State::Closed | State::TimeWait) && self.state() == State::Closed {
            self.failed = Some(match before {
                State::SynSent => io::ErrorKind::ConnectionRefused,
                _ => io::ErrorKind::ConnectionReset,
            });
        }
        // A handshake was reset. smoltcp would listen again, but here each SYN gets an end of its own.
        self.dead |= self.state() == State::Listen;
    }

    /// Sends what is to be sent at `now`, unless that is nothing but an acknowledgement that may wait.
    pub(super) fn transmit(&mut self, now: Duration) {
        if self.acknowledging.due().is_none() || self.has_more_to_send() {
            self.poll(now);
        } else {
            self.note_waiting(now);
        }
    }

    /// Sends what is to be sent at `now`, and lets time pass for the socket.
    pub(super) fn poll(&mut self, now: Duration) {
        if self.dead {
            return;
        }
        // smoltcp forgets a socket, unread bytes and all, when its TIME-WAIT ends: not before the program let go.
        if self.state() == State::TimeWait && !self.orphaned {
            self.take_in(now);
            return;
        }
        self.hold_until = None;
        self.set_timestamp(now);
        let hold_small = !self.settings.no_delay && self.small_in_flight.is_some();
        self.held.socket(|socket| socket.set_nagle_enabled(hold_small));
        self.held.set(|sockets| self.interface.poll(instant(now), &mut self.card, sockets));
        self.note_waiting(now);
    }

    /// Takes the frame in that has come, and sends no more than what answers it directly.
    fn take_in(&mut self, now: Duration) {
        self.set_timestamp(now);
        self.held.set(|sockets| self.interface.poll_ingress_single(instant(now), &mut self.card, sockets));
    }

    /// The frames that were sent since the last call, oldest first.
    pub(super) fn sent_frames(&mut self, now: Duration) -> Vec<Vec<u8>> {
        let frames = self.card.sent_frames();
        for segment in frames.iter().filter_map(|frame| Segment::of(frame)) {
            if let Some(ack) = segment.ack {
                self.acknowledged = ack;
                self.window = segment.window;
                self.acknowledging.sent(now, segment.payload_len);
            }
            if segment.syn || segment.payload_len > 0 {
                self.sent = segment.seq.wrapping_add(segment.payload_len).wrapping_add(segment.syn.into());
            }
            if segment.fin {
                self.fin_sent = Some(segment.seq.wrapping_add(segment.payload_len).wrapping_add(1));
            }
            if (1..FULL_SEGMENT).contains(&segment.payload_len) {
                self.small_in_flight = Some(segment.seq.wrapping_add(segment.payload_len));
            }
        }
        frames
    }

    /// When this end next needs its [`time_out`](End::time_out), if nothing comes before.
    pub(super) fn due(&mut self, now: Duration) -> Option<Duration> {
        let given_up = self.waiting_since.map(|since| since + self.patience());
        let fin_wait = self.fin_wait_since.map(|since| since + FIN_WAIT_2);
        let due = [given_up, fin_wait, self.socket_due(now)].into_iter().flatten().min();
        due.filter(|_| !self.dead)
    }

    /// Whether more is to come of this end by itself than the end of a TIME-WAIT or of an abandoned FIN-WAIT-2.
    pub(super) fn is_busy(&mut self, now: Duration) -> bool {
        !self.dead && self.state() != State::TimeWait && self.socket_due(now).is_some()
    }

    fn socket_due(&mut self, now: Duration) -> Option<Duration> {
        if self.hold_until.is_some() {
            return self.hold_until;
        }
        // smoltcp would say that there is something to send at once. What it waits for besides takes far longer.
        if let Some(due) = self.acknowledging.due() {
            return Some(due);
        }
        if self.state() == State::TimeWait && !self.orphaned {
            return None;
        }
        let at = self.held.set(|sockets| self.interface.poll_at(instant(now), sockets))?;
        let at = Duration::from_micros(at.total_micros() as u64);
        // What is due at once was done by the poll before this. Should smoltcp still say so, time must pass.
        Some(if at > now { at } else { now + Duration::from_millis(1) })
    }

    /// Its timer has run out.
    pub(super) fn time_out(&mut self, now: Duration) {
        if self.waiting_since.is_some_and(|since| now >= since + self.patience()) {
            self.failed = Some(io::ErrorKind::TimedOut);
            self.fall_silent();
        } else if self.fin_wait_since.is_some_and(|since| now >= since + FIN_WAIT_2) {
            self.fall_silent();
        } else {
            self.acknowledging.time_out_at(now);
            self.poll(now);
        }
    }

    /// The program no longer holds its stream.
    pub(super) fn release(&mut self, now: Duration) {
        self.orphaned = true;
        match self.state() {
            State::SynSent | State::Listen => self.fall_silent(),
            _ if self.held.socket(|socket| socket.recv_queue()) > 0 => self.held.socket(|socket| socket.abort()),
            _ => self.held.socket(|socket| socket.close()),
        }
        self.poll(now);
    }

    /// Breaks the connection off with RST.
    pub(super) fn reset(&mut self, now: Duration) {
        self.orphaned = true;
        self.held.socket(|socket| socket.abort());
        self.poll(now);
    }

    /// Whether nothing is left that anybody could ask of it.
    pub(super) fn is_over(&self) -> bool {
        self.dead || (self.orphaned && self.state() == State::Closed)
    }

    /// Whether the program still holds its stream.
    pub(super) fn is_held(&self) -> bool {
        !self.orphaned
    }

    pub(super) fn is_synchronized(&self) -> bool {
        !matches!(self.state(), State::Closed | State::Listen | State::SynSent | State::SynReceived)
    }

    /// What broke the connection: told once, as Linux does. Afterwards it is at its end.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failed.take().map(|kind| {
            let what = match kind {
                io::ErrorKind::TimedOut => "the other host did not answer",
                io::ErrorKind::ConnectionRefused => "the other host refused the connection",
                _ => "the other host reset the connection",
            };
            io::Error::new(kind, what)
        })
    }

    /// How many bytes there are to read.
    pub(super) fn readable(&self) -> usize {
        self.held.look(|socket| socket.recv_queue())
    }

    /// Reads into `into`: None when there is nothing yet, `Some(0)` at the end.
    pub(super) fn read(&mut self, into: &mut [u8], now: Duration) -> Option<io::Result<usize>> {
        match self.held.socket(|socket| socket.recv_slice(into)) {
            Ok(0) => None,
            Ok(read) => {
                self.read += read;
                let emptied = self.held.socket(|socket| socket.recv_queue()) == 0;
                // There may be a window to announce. It must not take the acknowledgement of a FIN with it.
                if self.hold_until.is_none() && (self.acknowledging.read(emptied) || self.window_has_doubled()) {
                    self.poll(now);
                } else if self.hold_until.is_none() {
                    self.transmit(now);
                }
                Some(Ok(read))
            }
            Err(RecvError::Finished) => Some(Ok(0)),
            Err(RecvError::InvalidState) => Some(self.take_failure().map_or(Ok(0), Err)),
        }
    }

    /// Takes in what fits of `bytes`, for the next poll to send.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.socket(|socket| socket.send_slice(bytes)).map_err(|_| {
            let closed = || io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed for sending");
            self.take_failure().unwrap_or_else(closed)
        })
    }

    /// Nothing more will be sent: FIN.
    pub(super) fn finish(&mut self, now: Duration) {
        self.held.socket(|socket| socket.close());
        self.poll(now);
    }

    pub(super) fn wake_when_readable(&mut self, waker: &Waker) {
        self.held.socket(|socket| socket.register_recv_waker(waker));
    }

    pub(super) fn wake_when_writable(&mut self, waker: &Waker) {
        self.held.socket(|socket| socket.register_send_waker(waker));
    }

    pub(super) fn state(&self) -> State {
        self.held.look(|socket| socket.state())
    }

    /// How many bytes have come in order.
    fn heard(&mut self) -> usize {
        self.read + self.held.socket(|socket| socket.recv_queue())
    }

    /// Whether there is something to send that would take an acknowledgement along.
    fn has_more_to_send(&mut self) -> bool {
        if matches!(self.state(), State::FinWait1 | State::Closing | State::LastAck | State::Closed) {
            return true;
        }
        let in_flight = self.sent.wrapping_sub(self.sent_acknowledged) as usize;
        let unsent = self.held.socket(|socket| socket.send_queue()).saturating_sub(in_flight);
        unsent >= FULL_SEGMENT as usize || (unsent > 0 && (self.settings.no_delay || self.small_in_flight.is_none()))
    }

    /// Whether the program has read so much that the other host may now send twice of what it knows of.
    fn window_has_doubled(&mut self) -> bool {
        let window = self.window.saturating_sub(self.acknowledging.pending()) as usize;
        RECEIVE_BUFFER - self.held.socket(|socket| socket.recv_queue()) >= 2 * window
    }

    /// Ends without a word, as a kernel does that has waited long enough. Whoever waits is woken.
    fn fall_silent(&mut self) {
        self.held.socket(|socket| socket.abort());
        self.dead = true;
    }

    fn note_waiting(&mut self, now: Duration) {
        let state = self.state();
        let unanswered = match state {
            State::SynSent | State::SynReceived | State::FinWait1 | State::Closing | State::LastAck => true,
            State::Established | State::CloseWait => self.held.socket(|socket| socket.send_queue()) > 0,
            State::Closed | State::Listen | State::FinWait2 | State::TimeWait => false,
        };
        self.waiting_since = if unanswered { Some(self.waiting_since.unwrap_or(now)) } else { None };
        let abandoned = state == State::FinWait2 && self.orphaned;
        self.fin_wait_since = if abandoned { Some(self.fin_wait_since.unwrap_or(now)) } else { None };
    }

    /// Whether it is an acknowledgement that says nothing new while the FIN alone is on the way. smoltcp 0.14 takes
    /// three of them for a loss, finds no bytes to repeat, and forgets to repeat the FIN at all: so it is not told.
    fn repeats_what_is_before_the_fin(&mut self, segment: &Segment) -> bool {
        let bare = segment.payload_len == 0 && !segment.syn && !segment.fin && !segment.rst;
        bare && matches!(self.state(), State::FinWait1 | State::Closing | State::LastAck)
            && self.held.socket(|socket| socket.send_queue()) == 0
            && self.fin_sent.is_some_and(|fin| segment.ack == Some(fin.wrapping_sub(1)))
    }

    fn set_timestamp(&self, now: Duration) {
        TIMESTAMP.set(self.settings.timestamp_base.wrapping_add(now.as_millis() as u32));
    }

    fn patience(&self) -> Duration {
        match self.state() {
            State::SynSent | State::SynReceived => SYN_RETRIES,
            _ => DATA_RETRIES,
        }
    }
}

/// The answer of a host with nobody at that port: RST to anything but RST.
pub(super) fn refusal(own: Ipv4Addr, other: Ipv4Addr, frame: Vec<u8>, now: Duration) -> Vec<Vec<u8>> {
    let mut card = Card::new(own, other);
    let mut interface = interface(own, &mut card, 0, now);
    card.receive_frame(frame);
    interface.poll(instant(now), &mut card, &mut SocketSet::new(Vec::new()));
    card.sent_frames()
}

fn interface(own: Ipv4Addr, card: &mut Card, seed: u64, now: Duration) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = seed;
    let mut interface = Interface::new(config, card, instant(now));
    // A wide network, so that no client's address is its broadcast address. The list has room for two.
    interface.update_ip_addrs(|addresses| {
        let _ = addresses.push(IpCidr::Ipv4(Ipv4Cidr::new(own, 8)));
    });
    interface
}

fn instant(now: Duration) -> Instant {
    Instant::from_micros(now.as_micros() as i64)
}

thread_local! {
    /// What [`timestamp`] says: smoltcp takes a plain function, so the time is left here before each poll.
    static TIMESTAMP: Cell<u32> = const { Cell::new(0) };
}

/// The timestamp of RFC 7323: milliseconds, as on Linux.
fn timestamp() -> u32 {
    TIMESTAMP.get()
}

const FIN_ACK_DELAY: Duration = Duration::from_millis(40);
const SYN_RETRIES: Duration = Duration::from_secs(127);
const DATA_RETRIES: Duration = Duration::from_secs(924);
/// How long a FIN-WAIT-2 lasts that no program holds: `tcp_fin_timeout`.
const FIN_WAIT_2: Duration = Duration::from_secs(60);
