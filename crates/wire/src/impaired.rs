//! Which frames did the link not carry once and in order?
//!
//! A list that the two lanes of a wire write and the wire completes: a lane knows what happens to a frame, the wire
//! knows which number the frame got in the capture. So a lane gives each such frame a [`Mark`], and whoever records a
//! frame with a mark tells the list its number. The list is bounded; beyond that frames are only counted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Host;

/// What a link does to a frame on purpose, besides delaying it as it delays all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Impairment {
    /// It never arrives.
    Dropped,
    /// It arrives twice.
    Doubled,
    /// It is held until the next one has overtaken it.
    Reordered,
    /// It was held, but none came to overtake it: it is only late.
    Delayed,
}

/// Which option of the wire made the link do so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImpairedBy {
    /// The share of losses.
    Loss,
    /// The share of duplicates.
    Duplicate,
    /// The share of reordering.
    Reorder,
    /// The time in which the link was down.
    Down,
}

/// One frame that was impaired. Times count from the start of the run on the wire's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpairedFrame {
    /// What happened to it.
    pub what: Impairment,
    /// Why.
    pub by: ImpairedBy,
    /// Where it was going.
    pub to: Host,
    /// When it left the other host.
    pub sent: Duration,
    /// When it arrived; a doubled one arrives twice at that time. `None` if it never did.
    pub arrived: Option<Duration>,
    /// Its number in the capture, from 1. `None` if the capture point never saw it.
    pub frame: Option<u64>,
    /// The number of its second copy, if the capture point saw that too.
    pub copy: Option<u64>,
    /// How many bytes it has.
    pub bytes: u32,
    /// The first of them, at most [`ImpairedFrames::BEGINNING`]: its headers. They say what was lost where no capture does.
    pub beginning: Vec<u8>,
}

/// All impaired frames of a run, in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpairedFrames {
    /// The first of them.
    pub frames: Vec<ImpairedFrame>,
    /// How many more there were.
    pub left_out: u64,
}

/// Which entry of the list a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

impl ImpairedFrames {
    /// How many frames are listed.
    pub const MOST: usize = 10_000;
    /// How many bytes of a frame are kept: the headers of Ethernet, IPv4 and TCP at their longest.
    pub const BEGINNING: usize = 14 + 60 + 60;

    /// The frame with this mark was recorded as number `number` of the capture: itself first, its copy second.
    pub fn recorded(&mut self, mark: Option<Mark>, number: u64) {
        if let Some(entry) = self.entry(mark) {
            match entry.frame {
                None => entry.frame = Some(number),
                Some(_) => entry.copy = Some(number),
            }
        }
    }

    /// In the order in which they were sent: the stamps of two directions may come a hair out of order.
    pub fn in_order(mut self) -> ImpairedFrames {
        self.frames.sort_by_key(|frame| frame.sent);
        self
    }

    pub(crate) fn add(&mut self, frame: ImpairedFrame) -> Option<Mark> {
        if self.frames.len() == ImpairedFrames::MOST {
            self.left_out += 1;
            return None;
        }
        self.frames.push(frame);
        Some(Mark(self.frames.len() - 1))
    }

    /// The frame with this mark is this one.
    pub(crate) fn is(&mut self, mark: Option<Mark>, frame: &[u8]) {
        if let Some(entry) = self.entry(mark) {
            entry.bytes = frame.len() as u32;
            entry.beginning = frame.iter().take(ImpairedFrames::BEGINNING).copied().collect();
        }
    }

    pub(crate) fn entry(&mut self, mark: Option<Mark>) -> Option<&mut ImpairedFrame> {
        self.frames.get_mut(mark?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled(sent: u64) -> ImpairedFrame {
        let sent = Duration::from_millis(sent);
        let (what, by) = (Impairment::Doubled, ImpairedBy::Duplicate);
        let to = Host::Client;
        ImpairedFrame { what, by, to, sent, arrived: None, frame: None, copy: None, bytes: 0, beginning: vec![] }
    }

    #[test]
    fn numbers_go_to_the_frame_with_the_mark_and_then_to_its_copy() {
        let mut list = ImpairedFrames::default();
        let (first, second) = (list.add(doubled(7)), list.add(doubled(3)));
        list.recorded(second, 4);
        list.recorded(first, 5);
        list.recorded(None, 6);
        list.recorded(second, 7);
        let numbers: Vec<_> = list.in_order().frames.iter().map(|frame| (frame.frame, frame.copy)).collect();
        assert_eq!(numbers, [(Some(4), Some(7)), (Some(5), None)]);
    }

    #[test]
    fn what_is_beyond_the_bound_is_counted() {
        let mut list = ImpairedFrames::default();
        for sent in 0..ImpairedFrames::MOST as u64 {
            assert!(list.add(doubled(sent)).is_some());
        }
        assert_eq!(list.add(doubled(0)), None);
        assert_eq!((list.frames.len(), list.left_out), (ImpairedFrames::MOST, 1));
    }
}
