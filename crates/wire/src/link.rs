//! What happens to a frame between the hosts?
//!
//! A [`Lane`] is one direction of the link: frames go in when a host sends them and come out, in order, when they
//! reach the other host, after half a round trip. On the way a frame may be lost, doubled or overtaken, by chances
//! drawn from the run's seed. A lane knows no clock and no socket: times are handed in, counted from the start of
//! the run, so that both wires share it and a test can turn it by hand.
//!
//! Where a capture on a host would see a frame follows from where it is recorded: at the sender's interface a frame
//! is seen before the link can lose it, and once; at the receiver's it is seen as often as it arrives.
//!
//! A frame is [admitted](Lane::admit), which decides its fate and lists it if it is impaired, and then
//! [carried](Lane::carry); in between its wire may record it.
//!
//! ```text
//!            admit, carry                         arrive(now)
//!   host ──┬───────────────────── lane ─────────────────────┬──► other host
//!          └ recorded here, if the                          └ recorded here, if the
//!            vantage is at this host                          vantage is at that one
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::Rng;
use rand_pcg::Pcg32;

use crate::error::Host;
use crate::facts::Frames;
use crate::impaired::{ImpairedBy, ImpairedFrame, ImpairedFrames, Impairment, Mark};
use crate::options::{Vantage, WireOptions};
use crate::tuning::{Quality, Tuning};

/// One direction of the link.
#[derive(Debug)]
pub struct Lane {
    to: Host,
    delay: Duration,
    chances: Chances,
    tuning: Tuning,
    turned: u64,
    /// Frames on the way, by when they arrive and then by when they were sent.
    on_the_way: BTreeMap<(Duration, u64), Carried>,
    /// A frame that waits to be overtaken, and until when at most.
    held: Option<(Duration, Carried)>,
    /// No frame arrives before this one's predecessor.
    last_due: Duration,
    next_number: u64,
    counts: Frames,
}

/// A frame on its way.
#[derive(Debug)]
struct Carried {
    frame: Vec<u8>,
    mark: Option<Mark>,
}

/// A frame that a host has sent, and what will come of it.
#[derive(Debug)]
pub struct Admitted {
    due: Duration,
    fate: Fate,
    /// Which of the impaired frames it is, if it is one.
    pub mark: Option<Mark>,
}

/// A frame that has reached the other host.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it was due.
    pub due: Duration,
    /// Its bytes.
    pub frame: Vec<u8>,
    /// Which of the impaired frames it is, if it is one.
    pub mark: Option<Mark>,
}

impl Lane {
    /// The direction towards `to`, where every frame takes half a round trip. The two directions draw from different chances.
    pub fn new(options: &WireOptions, to: Host) -> Lane {
        Lane {
            to,
            delay: one_way(options.rtt, to),
            chances: Chances::new(options, to),
            tuning: options.tuning.clone(),
            turned: 0,
            on_the_way: BTreeMap::new(),
            held: None,
            last_due: Duration::ZERO,
            next_number: 0,
            counts: Frames::default(),
        }
    }

    /// A host sends a frame at `now`: decides what becomes of it, and lists it if that is not what becomes of all.
    pub fn admit(&mut self, now: Duration, impaired: &mut ImpairedFrames) -> Admitted {
        self.counts.sent += 1;
        if let Some(quality) = self.tuning.news(&mut self.turned) {
            self.turn(quality);
        }
        let drawn = self.chances.draw();
        // Frames leave a host in order, but their time stamps may step back by a hair.
        let due = (now + self.delay).max(self.last_due);
        let (fate, listed) = if drawn.lost {
            (Fate::Lost, Some((Impairment::Dropped, ImpairedBy::Loss, None)))
        } else if self.chances.is_down(due) {
            (Fate::Lost, Some((Impairment::Dropped, ImpairedBy::Down, None)))
        } else if drawn.held && self.held.is_none() {
            // What waits is overtaken by the next frame; where none comes, a lone request must not wait forever.
            (Fate::Held, Some((Impairment::Delayed, ImpairedBy::Reorder, None)))
        } else if drawn.doubled {
            (Fate::Doubled, Some((Impairment::Doubled, ImpairedBy::Duplicate, Some(due))))
        } else {
            (Fate::Plain, None)
        };
        let mark = listed.and_then(|(what, by, arrived)| {
            let (to, sent) = (self.to, now);
            // What it is, is said when it is carried.
            let beginning = Vec::new();
            impaired.add(ImpairedFrame { what, by, to, sent, arrived, frame: None, copy: None, bytes: 0, beginning })
        });
        Admitted { due, fate, mark }
    }

    /// Takes an admitted frame along.
    pub fn carry(&mut self, admitted: Admitted, frame: Vec<u8>, impaired: &mut ImpairedFrames) {
        let Admitted { due, fate, mark } = admitted;
        impaired.is(mark, &frame);
        match fate {
            Fate::Lost => {
                self.counts.lost += 1;
                return;
            }
            Fate::Held => {
                self.held = Some((due + PATIENCE, Carried { frame, mark }));
                return;
            }
            Fate::Doubled => {
                self.counts.duplicated += 1;
                self.put(due, Carried { frame: frame.clone(), mark });
            }
            Fate::Plain => {}
        }
        self.last_due = due;
        self.put(due, Carried { frame, mark });
        if let Some((_, overtaken)) = self.held.take() {
            self.counts.reordered += 1;
            if let Some(entry) = impaired.entry(overtaken.mark) {
                (entry.what, entry.arrived) = (Impairment::Reordered, Some(due));
            }
            self.put(due, overtaken);
        }
    }

    /// When the next frame arrives, as things stand.
    pub fn next_due(&self) -> Option<Duration> {
        let queued = self.on_the_way.keys().next().map(|&(due, _)| due);
        let held = self.held.as_ref().map(|&(until, _)| until);
        match (queued, held) {
            (Some(queued), Some(held)) => Some(queued.min(held)),
            (queued, held) => queued.or(held),
        }
    }

    /// The next frame that has arrived by `now`.
    pub fn arrive(&mut self, now: Duration, impaired: &mut ImpairedFrames) -> Option<Arrival> {
        if let Some((until, late)) = self.held.take_if(|held| held.0 <= now) {
            let entry = impaired.entry(late.mark);
            if self.chances.is_down(until) {
                self.counts.lost += 1;
                if let Some(entry) = entry {
                    (entry.what, entry.by) = (Impairment::Dropped, ImpairedBy::Down);
                }
            } else {
                self.counts.delayed += 1;
                if let Some(entry) = entry {
                    entry.arrived = Some(until);
                }
                self.last_due = self.last_due.max(until);
                self.put(until, late);
            }
        }
        let entry = self.on_the_way.first_entry()?;
        let due = entry.key().0;
        if due > now {
            return None;
        }
        self.counts.delivered += 1;
        let Carried { frame, mark } = entry.remove();
        Some(Arrival { due, frame, mark })
    }

    /// Whether no frame is on the way.
    pub fn is_empty(&self) -> bool {
        self.on_the_way.is_empty() && self.held.is_none()
    }

    /// What was done so far. Nothing is `recorded` here: the lane does not know what its wire records.
    pub fn counts(&self) -> Frames {
        self.counts
    }

    #[cold]
    fn turn(&mut self, quality: Quality) {
        self.delay = one_way(quality.rtt, self.to);
        self.chances.lost = threshold(quality.loss);
    }

    fn put(&mut self, due: Duration, carried: Carried) {
        self.on_the_way.insert((due, self.next_number), carried);
        self.next_number += 1;
    }
}

/// How much of a round trip is the way to this host. Both halves together are the round trip to the nanosecond, odd ones
/// too.
pub fn one_way(rtt: Duration, to: Host) -> Duration {
    let there = rtt / 2;
    match to {
        Host::Server => there,
        Host::Client => rtt - there,
    }
}

/// Whether frames towards `to` are recorded when they are sent (the vantage is at the other end) or when they arrive.
pub fn recorded_when_sent(vantage: Vantage, to: Host) -> bool {
    match vantage {
        Vantage::Server => to == Host::Client,
        Vantage::Client => to == Host::Server,
    }
}

impl WireOptions {
    /// Why no wire can follow these options, if so.
    pub fn fault(&self) -> Option<String> {
        if self.rtt > LONGEST_RTT {
            return Some(format!("a round trip of {:?} was asked for; it may be 0 to 1 s", self.rtt));
        }
        if self.clients == 0 {
            return Some("no client was asked for; there must be at least one".to_owned());
        }
        if self.client_send_buffer == 0 {
            return Some("a client that can send nothing was asked for; it needs a byte at least".to_owned());
        }
        let shares = [("loss", self.loss), ("duplicates", self.duplicate), ("reordering", self.reorder)];
        shares.iter().find(|(_, share)| !(0.0..=LARGEST_SHARE).contains(share)).map(|(name, share)| {
            format!("a share of {share} for {name} was asked for; it may be 0 to {LARGEST_SHARE} (0 to 50%)")
        })
    }

    /// Whether frames may be lost, doubled or reordered on purpose.
    pub fn impaired(&self) -> bool {
        self.loss > 0.0 || self.duplicate > 0.0 || self.reorder > 0.0 || self.down.is_some()
    }
}

/// The chances of one direction, drawn from the run's seed.
#[derive(Debug)]
struct Chances {
    draws: Pcg32,
    lost: u64,
    doubled: u64,
    held: u64,
    down: Option<(Duration, Duration)>,
}

/// What the chances have in store for one frame.
struct Drawn {
    lost: bool,
    doubled: bool,
    held: bool,
}

/// What becomes of one frame.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Plain,
    Lost,
    Held,
    Doubled,
}

impl Chances {
    fn new(options: &WireOptions, to: Host) -> Chances {
        let stream = match to {
            Host::Server => 1,
            Host::Client => 2,
        };
        Chances {
            draws: Pcg32::new(options.seed, stream),
            lost: threshold(options.loss),
            doubled: threshold(options.duplicate),
            held: threshold(options.reorder),
            down: options.down,
        }
    }

    /// Always three draws, so that the fate of the n-th frame for one chance does not depend on the other chances.
    fn draw(&mut self) -> Drawn {
        let mut happens = |threshold: u64| u64::from(self.draws.next_u32()) < threshold;
        Drawn { lost: happens(self.lost), doubled: happens(self.doubled), held: happens(self.held) }
    }

    /// Whether nothing arrives at `due`.
    fn is_down(&self, due: Duration) -> bool {
        self.down.is_some_and(|(from, how_long)| due >= from && due - from < how_long)
    }
}

/// The share as a bound for 32 random bits.
fn threshold(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 4_294_967_296.0) as u64
}

/// How long a held frame waits to be overtaken: less than Linux's shortest retransmission time-out of 200 ms.
const PATIENCE: Duration = Duration::from_millis(40);
const LONGEST_RTT: Duration = Duration::from_secs(1);
const LARGEST_SHARE: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// 10 ms each way.
    fn to(options: &WireOptions, host: Host) -> Lane {
        Lane::new(&WireOptions { rtt: ms(20), ..options.clone() }, host)
    }

    fn lane(options: &WireOptions) -> Lane {
        to(options, Host::Server)
    }

    /// Sends frames 0, 1, 2, … one each millisecond, and gives back what arrives: (due in ms, frame).
    fn carry(lane: Lane, frames: u16) -> (Vec<(u64, u16)>, Frames) {
        let (arrived, counts, _) = carry_and_list(lane, frames);
        (arrived, counts)
    }

    /// The same, with the list of impaired frames, in which numbers count what arrives.
    fn carry_and_list(mut lane: Lane, frames: u16) -> (Vec<(u64, u16)>, Frames, ImpairedFrames) {
        let mut impaired = ImpairedFrames::default();
        for number in 0..frames {
            send(&mut lane, ms(number.into()), &number.to_be_bytes(), &mut impaired);
        }
        let mut arrived = Vec::new();
        while let Some(due) = lane.next_due() {
            // What was held may have been lost to a link that was down.
            let Some(arrival) = lane.arrive(due, &mut impaired) else { continue };
            assert_eq!(arrival.due, due);
            arrived.push((due.as_millis() as u64, u16::from_be_bytes([arrival.frame[0], arrival.frame[1]])));
            impaired.recorded(arrival.mark, arrived.len() as u64);
        }
        assert!(lane.is_empty());
        (arrived, lane.counts(), impaired)
    }

    fn send(lane: &mut Lane, now: Duration, frame: &[u8], impaired: &mut ImpairedFrames) {
        let admitted = lane.admit(now, impaired);
        lane.carry(admitted, frame.to_vec(), impaired);
    }

    #[test]
    fn without_impairments_every_frame_arrives_once_in_order_after_the_delay() {
        let (arrived, counts) = carry(lane(&WireOptions::default()), 500);
        assert_eq!(arrived, (0..500).map(|n| (u64::from(n) + 10, n)).collect::<Vec<_>>());
        assert_eq!(counts, Frames { sent: 500, delivered: 500, ..Frames::default() });
    }

    #[test]
    fn nothing_arrives_before_its_time() {
        let (mut lane, mut impaired) = (lane(&WireOptions::default()), ImpairedFrames::default());
        send(&mut lane, ms(5), &[1], &mut impaired);
        assert_eq!(lane.arrive(ms(14), &mut impaired), None);
        assert_eq!(lane.arrive(ms(15), &mut impaired), Some(Arrival { due: ms(15), frame: vec![1], mark: None }));
    }

    #[test]
    fn a_stamp_that_steps_back_does_not_reorder() {
        let (mut lane, mut impaired) = (lane(&WireOptions::default()), ImpairedFrames::default());
        send(&mut lane, ms(5), &[1], &mut impaired);
        send(&mut lane, ms(4), &[2], &mut impaired);
        for frame in [vec![1], vec![2]] {
            assert_eq!(lane.arrive(ms(15), &mut impaired), Some(Arrival { due: ms(15), frame, mark: None }));
        }
    }

    #[test]
    fn losses_follow_the_seed_and_the_direction() {
        let options = WireOptions { loss: 0.1, seed: 7, ..WireOptions::default() };
        let (first, counts) = carry(lane(&options), 2000);
        assert_eq!(carry(lane(&options), 2000).0, first);
        assert_ne!(carry(to(&options, Host::Client), 2000).0, first);
        assert_ne!(carry(lane(&WireOptions { seed: 8, ..options }), 2000).0, first);
        assert_eq!(counts.lost + counts.delivered, 2000);
        assert!((140..260).contains(&counts.lost), "{} of 2000 lost at 10%", counts.lost);
    }

    #[test]
    fn other_chances_do_not_change_which_frames_are_lost() {
        let plain = WireOptions { loss: 0.1, seed: 7, ..WireOptions::default() };
        let all = WireOptions { duplicate: 0.2, ..plain.clone() };
        let frames = |options: &WireOptions| {
            let mut numbers: Vec<_> = carry(lane(options), 1000).0.into_iter().map(|(_, n)| n).collect();
            numbers.dedup();
            numbers
        };
        assert_eq!(frames(&plain), frames(&all));
    }

    #[test]
    fn a_doubled_frame_arrives_twice_in_a_row() {
        let options = WireOptions { duplicate: 0.5, seed: 1, ..WireOptions::default() };
        let (arrived, counts) = carry(lane(&options), 100);
        assert!(counts.duplicated > 30);
        assert_eq!(counts.delivered, 100 + counts.duplicated);
        assert!(arrived.is_sorted());
    }

    #[test]
    fn a_held_frame_is_overtaken_by_the_next_one_only() {
        let options = WireOptions { reorder: 0.2, seed: 3, ..WireOptions::default() };
        let (arrived, counts) = carry(lane(&options), 1000);
        assert!(counts.reordered > 100);
        assert_eq!(arrived.len(), 1000);
        for (place, &(_, number)) in arrived.iter().enumerate() {
            assert!(place.abs_diff(usize::from(number)) <= 2, "frame {number} arrived in place {place}");
        }
        let overtaken = arrived.windows(2).filter(|pair| pair[1].1 < pair[0].1).count() as u64;
        assert_eq!(overtaken, counts.reordered);
    }

    #[test]
    fn a_held_frame_that_nothing_follows_arrives_late_but_arrives() {
        let options = WireOptions { reorder: 0.5, ..WireOptions::default() };
        // The first seed whose first frame is held.
        let late = (0..64)
            .map(|seed| carry(lane(&WireOptions { seed, ..options.clone() }), 1).0)
            .find(|arrived| arrived[0].0 != 10)
            .expect("one seed in two");
        assert_eq!(late, [(50, 0)]);
    }

    #[test]
    fn nothing_arrives_while_the_link_is_down() {
        let options = WireOptions { down: Some((ms(20), ms(15))), ..WireOptions::default() };
        let (arrived, counts) = carry(lane(&options), 50);
        assert!(arrived.iter().all(|&(due, _)| !(20..35).contains(&due)));
        assert_eq!(counts.lost, 15);
    }

    #[test]
    fn what_the_link_did_is_listed_frame_by_frame_and_adds_up() {
        let down = Some((ms(300), ms(100)));
        let options = WireOptions { loss: 0.1, duplicate: 0.1, reorder: 0.1, down, seed: 5, ..WireOptions::default() };
        let (arrived, counts, list) = carry_and_list(lane(&options), 1000);
        let of = |what| list.frames.iter().filter(move |frame| frame.what == what);
        assert_eq!(of(Impairment::Dropped).count() as u64, counts.lost);
        assert_eq!(of(Impairment::Doubled).count() as u64, counts.duplicated);
        assert_eq!(of(Impairment::Reordered).count() as u64, counts.reordered);
        assert_eq!(of(Impairment::Delayed).count() as u64, counts.delayed);
        assert!([counts.lost, counts.duplicated, counts.reordered].iter().all(|&count| count > 50), "{counts:?}");
        assert_eq!(list.left_out, 0);
        for entry in &list.frames {
            // Frame n is sent at n ms, and takes 10.
            let number = entry.sent.as_millis() as u16;
            assert_eq!((entry.bytes, entry.beginning.as_slice()), (2, number.to_be_bytes().as_slice()));
            let times: Vec<_> = arrived.iter().filter(|&&(_, frame)| frame == number).map(|&(at, _)| ms(at)).collect();
            match entry.what {
                Impairment::Dropped => assert_eq!((times.len(), entry.arrived, entry.frame), (0, None, None)),
                Impairment::Doubled => assert_eq!(times, [entry.arrived.unwrap(); 2]),
                Impairment::Reordered | Impairment::Delayed => assert_eq!(times, [entry.arrived.unwrap()]),
            }
            for number_there in [entry.frame, entry.copy].into_iter().flatten() {
                assert_eq!(arrived[number_there as usize - 1].1, number);
            }
            assert_eq!(entry.copy.is_some(), entry.what == Impairment::Doubled);
            let is_down = (300..400).contains(&(number + 10));
            assert!(entry.by != ImpairedBy::Down || is_down || entry.what == Impairment::Dropped);
        }
    }

    #[test]
    fn each_end_sees_what_a_capture_there_would_see() {
        assert!(recorded_when_sent(Vantage::Server, Host::Client));
        assert!(!recorded_when_sent(Vantage::Server, Host::Server));
        assert!(recorded_when_sent(Vantage::Client, Host::Server));
        assert!(!recorded_when_sent(Vantage::Client, Host::Client));
    }

    #[test]
    fn options_that_cannot_be_followed_are_named() {
        let good = WireOptions::default();
        assert_eq!(good.fault(), None);
        assert_eq!(WireOptions { rtt: Duration::ZERO, loss: 0.5, ..good.clone() }.fault(), None);
        for (options, word) in [
            (WireOptions { rtt: ms(1001), ..good.clone() }, "round trip"),
            (WireOptions { client_send_buffer: 0, ..good.clone() }, "send nothing"),
            (WireOptions { loss: 0.51, ..good.clone() }, "loss"),
            (WireOptions { loss: f64::NAN, ..good.clone() }, "loss"),
            (WireOptions { duplicate: -0.1, ..good.clone() }, "duplicates"),
            (WireOptions { reorder: 1.0, ..good.clone() }, "reordering"),
            (WireOptions { clients: 0, ..good.clone() }, "client"),
        ] {
            let fault = options.fault().expect("a fault");
            assert!(fault.contains(word), "{fault}");
        }
    }
}
