//! When does an end acknowledge what it has received?
//!
//! RFC 9293, section 3.8.6.3, lets a receiver wait up to half a second, and asks for an ACK of at least every second
//! full segment. smoltcp knows a fixed delay or none. Programs see Linux's rules (`tcp_input.c`, `tcp_output.c`,
//! `tcp_timer.c`, as of 6.18), so an end follows these:
//!
//! - more than one full segment is acknowledged at once;
//! - so is what comes in the *quick* phase: the first 16 ACKs of a connection, and of one that was silent for longer than
//!   its retransmission time-out;
//! - else the ACK waits, at first 40 ms, in the hope that an answer takes it along. Programs that read a small segment
//!   end that wait, unless the connection is
//! - *interactive* (pingpong mode): it has answered something within the delay. There an ACK always waits, and when no answer
//!   comes in time, the connection is not interactive any more.
//!
//! Nothing here sends: [`End`](super::end::End) asks, and tells what has left.

use std::time::Duration;

/// The rules of one end, and what they remember.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledging {
    round_trip: Duration,
    /// Received in order and not acknowledged yet.
    pending: u32,
    /// How many small segments are among it, up to two.
    small: u8,
    /// How many ACKs may still leave at once.
    quick: u32,
    interactive: bool,
    /// How long the next ACK may wait; `None` before anything has come.
    delay: Option<Duration>,
    last_received: Duration,
    /// What the other host's full segments seem to be.
    largest: u32,
    /// The last smaller segment that could be a full one.
    last: u32,
    due: Option<Duration>,
}

impl Acknowledging {
    /// For a new connection over a link with this round trip.
    pub(super) fn new(start: Start, round_trip: Duration) -> Acknowledging {
        Acknowledging {
            round_trip,
            pending: 0,
            small: 0,
            quick: 0,
            interactive: start == Start::Delayed,
            delay: None,
            last_received: Duration::ZERO,
            largest: LEAST_MSS,
            last: 0,
            due: None,
        }
    }

    /// New bytes came in order, in a segment of `len` bytes: whether they are to be acknowledged at once.
    pub(super) fn received(&mut self, now: Duration, new: u32, len: u32, pushed: bool) -> bool {
        self.pending += new;
        self.measure(len, pushed);
        let gap = now.saturating_sub(self.last_received);
        match self.delay {
            None => {
                self.quick = self.quick.max(MOST_QUICK);
                self.delay = Some(SHORTEST_DELAY);
            }
            Some(delay) if gap <= SHORTEST_DELAY / 2 => self.delay = Some(delay / 2 + SHORTEST_DELAY / 2),
            Some(delay) if gap < delay => self.delay = Some((delay / 2 + gap).min(self.time_out())),
            Some(_) if gap > self.time_out() => self.quick = self.quick.max(MOST_QUICK),
            Some(_) => {}
        }
        self.last_received = now;
        if self.pending > self.largest || (self.quick > 0 && !self.interactive) {
            return true;
        }
        let wait = self.wait();
        if self.due.is_some_and(|due| due <= now + wait / 4) {
            return true;
        }
        self.due = Some(self.due.map_or(now + wait, |due| due.min(now + wait)));
        false
    }

    /// Something came that was there before: the other host may have missed an ACK.
    pub(super) fn received_again(&mut self) {
        self.quick = MOST_QUICK;
        self.interactive = false;
        self.delay = Some(SHORTEST_DELAY);
    }

    /// The program has read, and left nothing if `emptied`: whether to acknowledge now.
    pub(super) fn read(&self, emptied: bool) -> bool {
        let small = self.small == 2 || (self.small == 1 && !self.interactive);
        self.is_pending() && (self.pending > self.largest || (emptied && small))
    }

    /// The wait is over, and the ACK is about to be sent; or never, if the connection was reset meanwhile.
    pub(super) fn time_out_at(&mut self, now: Duration) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = None;
        if self.interactive {
            self.interactive = false;
            self.delay = Some(SHORTEST_DELAY);
        } else {
            self.delay = self.delay.map(|delay| (delay * 2).min(self.time_out()));
        }
    }

    /// A segment left that acknowledges all that has come, and has `len` bytes of its own.
    pub(super) fn sent(&mut self, now: Duration, len: u32) {
        if self.is_pending() && self.quick > 0 {
            self.quick -= 1;
            if self.quick == 0 {
                self.delay = Some(SHORTEST_DELAY);
            }
        }
        (self.pending, self.small, self.due) = (0, 0, None);
        if len > 0 && self.delay.is_some_and(|delay| now.saturating_sub(self.last_received) < delay) {
            self.interactive = true;
        }
    }

    /// How many bytes wait to be acknowledged.
    pub(super) fn pending(&self) -> u32 {
        self.pending
    }

    fn is_pending(&self) -> bool {
        self.pending > 0
    }

    /// Until when an ACK waits for something to go with.
    pub(super) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// What is a full segment of the other host's, and is this a small one? A length that comes twice in a row is full,
    /// if it is not too small for that.
    fn measure(&mut self, len: u32, pushed: bool) {
        if len >= self.largest {
            self.largest = len.min(FULL_SEGMENT);
            self.small = self.small.max(pushed.into());
            return;
        }
        let may_be_full = len + OPTIONS >= LEAST_MSS || (!pushed && len + OPTIONS >= SMALLEST_MSS);
        if may_be_full && std::mem::replace(&mut self.last, len) == len {
            self.largest = len;
            return;
        }
        self.small = (self.small + 1).min(2);
    }

    /// How long an ACK waits.
    fn wait(&self) -> Duration {
        let delay = self.delay.unwrap_or(SHORTEST_DELAY);
        let most = if self.interactive || self.small > 0 { LONGEST_DELAY } else { LONGEST_DELAY_OF_BULK };
        if delay > SHORTEST_DELAY { delay.min(most).min(self.round_trip.max(SHORTEST_DELAY)) } else { delay }
    }

    /// The retransmission time-out of a steady link: the round trip and the least that Linux adds.
    fn time_out(&self) -> Duration {
        self.round_trip + LEAST_VARIATION
    }
}

/// How an end acknowledges its first segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At once, as Linux does.
    Quick,
    /// With a delay, as Linux does where `TCP_QUICKACK` is 0.
    Delayed,
}

/// Linux's `TCP_ATO_MIN` and `TCP_DELACK_MIN`.
const SHORTEST_DELAY: Duration = Duration::from_millis(40);
/// `TCP_DELACK_MAX`.
const LONGEST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY_OF_BULK: Duration = Duration::from_millis(500);
/// `TCP_RTO_MIN`.
const LEAST_VARIATION: Duration = Duration::from_millis(200);
/// `TCP_MAX_QUICKACKS`.
const MOST_QUICK: u32 = 16;
/// What every host takes (RFC 9293, section 3.7.1): `TCP_MSS_DEFAULT`.
const LEAST_MSS: u32 = 536;
/// `TCP_MIN_MSS`.
const SMALLEST_MSS: u32 = 88;
/// The timestamps in a header.
const OPTIONS: u32 = 12;
/// The payload of a full frame: MTU less 20 of IP, 20 of TCP and 12 of timestamps.
pub(super) const FULL_SEGMENT: u32 = 1448;

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn rules(start: Start) -> Acknowledging {
        Acknowledging::new(start, ms(25))
    }

    /// A small message comes, and the program reads it: whether it is acknowledged at once.
    fn message(rules: &mut Acknowledging, at: u64) -> bool {
        let now = rules.received(ms(at), 10, 10, true) || rules.read(true);
        if now {
            rules.sent(ms(at), 0);
        }
        now
    }

    #[test]
    fn a_young_connection_acknowledges_at_once_and_one_without_quick_acks_does_not() {
        assert!(rules(Start::Quick).received(ms(100), 10, 10, true));
        let mut delayed = rules(Start::Delayed);
        assert!(!delayed.received(ms(100), 10, 10, true) && !delayed.read(true));
        assert_eq!(delayed.due(), Some(ms(140)));
    }

    #[test]
    fn the_quick_phase_ends_after_sixteen() {
        let mut quick = rules(Start::Quick);
        let at_once = (0..40).filter(|n| {
            let now = quick.received(ms(n * 30), 10, 10, true);
            quick.sent(ms(n * 30), 0);
            now
        });
        assert_eq!(at_once.count(), 16);
    }

    #[test]
    fn who_answers_in_time_is_interactive_and_waits_from_then_on() {
        let mut server = rules(Start::Quick);
        assert!(message(&mut server, 0));
        server.sent(ms(10), 5);
        for at in [1000, 11_000] {
            assert!(!message(&mut server, at));
            assert_eq!(server.due(), Some(ms(at + 40)));
            server.sent(ms(at + 1), 5);
            assert_eq!(server.due(), None);
        }
        // An answer that comes too late ends that, and the next message is acknowledged when it is read.
        assert!(!message(&mut server, 12_000));
        server.time_out_at(ms(12_040));
        server.sent(ms(12_040), 0);
        server.sent(ms(12_500), 5);
        assert!(message(&mut server, 13_000));
    }

    #[test]
    fn who_never_answers_in_time_acknowledges_each_message_that_is_read() {
        let mut client = rules(Start::Quick);
        for at in (0..100).map(|n| n * 10_000) {
            assert!(message(&mut client, at));
            client.sent(ms(at + 5000), 8);
        }
    }

    #[test]
    fn every_second_full_segment_is_acknowledged() {
        let mut bulk = rules(Start::Delayed);
        let acknowledged: Vec<bool> = (0..6)
            .map(|_| {
                let now = bulk.received(ms(100), FULL_SEGMENT, FULL_SEGMENT, false);
                if now {
                    bulk.sent(ms(100), 0);
                }
                now
            })
            .collect();
        assert_eq!(acknowledged, [false, true, false, true, false, true]);
    }

    #[test]
    fn what_comes_again_is_answered_at_once_and_so_is_what_follows() {
        let mut rules = rules(Start::Delayed);
        assert!(!message(&mut rules, 0));
        rules.sent(ms(1), 5);
        rules.received_again();
        assert!(message(&mut rules, 300));
    }
}
