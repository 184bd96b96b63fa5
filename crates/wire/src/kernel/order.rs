//! In which order did the frames pass?
//!
//! A frame that a host sends gets its time from the kernel, but the relay reads it a little later; a frame that the
//! relay delivers gets its time from the relay. Taken as they come to hand, the two would now and then be recorded
//! in the wrong order. So frames wait here until none with an earlier time can follow.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::impaired::Mark;

/// A frame with its time since the start of the run, and which of the impaired frames it is, if it is one.
pub type Stamped = (Duration, Vec<u8>, Option<Mark>);

/// The same before its turn: ordered by its time, and then by when it came.
type Waiting = (Duration, u64, Vec<u8>, Option<Mark>);

/// Frames to be recorded, put in order of their times; those of equal times stay in the order in which they came.
#[derive(Debug, Default)]
pub struct Order {
    waiting: BinaryHeap<Reverse<Waiting>>,
    next_number: u64,
    last: Duration,
}

impl Order {
    /// Takes a frame in.
    pub fn put(&mut self, at: Duration, frame: Vec<u8>, mark: Option<Mark>) {
        self.waiting.push(Reverse((at, self.next_number, frame, mark)));
        self.next_number += 1;
    }

    /// Gives out, in order, the frames that came no later than `until`. Times never step back: a frame that turns up
    /// after all gets the time of the one before it.
    pub fn take(&mut self, until: Duration) -> Vec<Stamped> {
        let mut taken = Vec::new();
        while self.next().is_some_and(|at| at <= until) {
            if let Some(Reverse((at, _, frame, mark))) = self.waiting.pop() {
                self.last = self.last.max(at);
                taken.push((self.last, frame, mark));
            }
        }
        taken
    }

    /// The time of the earliest frame that waits.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.peek().map(|Reverse((at, ..))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    #[test]
    fn frames_come_out_in_order_of_time_and_equal_ones_as_they_came() {
        let mut order = Order::default();
        for (at, frame) in [(30, 1), (10, 2), (20, 3), (10, 4)] {
            order.put(us(at), vec![frame], None);
        }
        assert_eq!(order.next(), Some(us(10)));
        assert_eq!(order.take(us(20)), [(us(10), vec![2], None), (us(10), vec![4], None), (us(20), vec![3], None)]);
        assert_eq!(order.take(us(29)), []);
        assert_eq!(order.take(Duration::MAX), [(us(30), vec![1], None)]);
        assert_eq!(order.next(), None);
    }

    #[test]
    fn a_frame_that_turns_up_too_late_does_not_turn_time_back() {
        let mut order = Order::default();
        order.put(us(50), vec![1], None);
        order.take(us(60));
        order.put(us(40), vec![2], None);
        assert_eq!(order.take(us(60)), [(us(50), vec![2], None)]);
    }
}
