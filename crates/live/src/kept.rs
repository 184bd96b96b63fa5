//! Which bytes of the capture so far are kept?
//!
//! All of small packets. Of a large transfer the first megabyte: what one side sends on a connection is kept whole as long
//! as it is no more than 1 MiB, and 64 KiB for each second that passed; of what goes beyond, the headers are kept, as
//! a capture with a snap length does, so that the packets still count. And when all that is kept would take too much
//! memory, further packets are counted, and not kept.

use foldhash::{HashMap, HashMapExt};
use wirelab_capture::{Frame, LinkType, WriteError, Writer};
use wirelab_dissect::packet::{Endpoint, plain};

/// The frames that are kept, in order from the first.
#[derive(Debug)]
pub(crate) struct Kept {
    data: Vec<u8>,
    index: Vec<Place>,
    most: usize,
    budgets: HashMap<(Endpoint, Endpoint), Budget>,
    /// Frames of which only the headers are kept.
    cut: u64,
    /// Frames that are not kept at all.
    left_out: u64,
}

/// Where a frame is.
#[derive(Clone, Copy, Debug)]
struct Place {
    time_ns: u64,
    at: u32,
    len: u32,
    wire_len: u32,
}

/// How much of what one side sends may still be kept whole.
#[derive(Clone, Copy, Debug)]
struct Budget {
    bytes: u64,
    seen_ns: u64,
}

impl Kept {
    /// Nothing yet; will keep at most so many bytes.
    pub fn new(most: usize) -> Kept {
        let most = most.min(u32::MAX as usize);
        Kept { data: Vec::new(), index: Vec::new(), most, budgets: HashMap::new(), cut: 0, left_out: 0 }
    }

    /// How much of the next frame is kept, were there room for it.
    pub fn share<'a>(&mut self, frame: &Frame<'a>) -> &'a [u8] {
        let Some(segment) = plain(frame).filter(|segment| segment.payload_len > SMALL) else { return frame.data };
        if self.budgets.len() >= MOST_BUDGETS {
            self.budgets.retain(|_, budget| frame.time_ns.saturating_sub(budget.seen_ns) < FULL_AGAIN_NS);
        }
        let whole = Budget { bytes: WHOLE, seen_ns: frame.time_ns };
        let budget = self.budgets.entry((segment.source, segment.destination)).or_insert(whole);
        let passed = frame.time_ns.saturating_sub(budget.seen_ns);
        budget.bytes = (budget.bytes + passed / NS_A_BYTE).min(WHOLE);
        // What is less than a byte's time is not lost.
        budget.seen_ns += passed - passed % NS_A_BYTE;
        match budget.bytes.checked_sub(segment.payload_len.into()) {
            Some(left) => {
                budget.bytes = left;
                frame.data
            }
            None => {
                self.cut += 1;
                frame.data.get(..segment.payload_offset as usize).unwrap_or(frame.data)
            }
        }
    }

    /// Keeps the next frame, if there is room.
    pub fn push(&mut self, frame: &Frame<'_>) {
        if self.left_out > 0 || self.data.len() + frame.data.len() + self.index.len() * size_of::<Place>() > self.most {
            // Those that are kept are the first ones, without gaps.
            self.left_out += 1;
            return;
        }
        self.index.push(Place {
            time_ns: frame.time_ns,
            at: self.data.len() as u32,
            len: frame.data.len() as u32,
            wire_len: frame.wire_len,
        });
        self.data.extend_from_slice(frame.data);
    }

    /// The frame of this number, where it is kept.
    pub fn frame(&self, number: u64) -> Option<Frame<'_>> {
        let place = self.index.get(usize::try_from(number.checked_sub(1)?).ok()?)?;
        Some(self.at(number, place))
    }

    /// The capture as a file.
    pub fn file(&self) -> Result<Vec<u8>, WriteError> {
        let mut writer = Writer::create(Vec::with_capacity(self.data.len() + 24), LinkType::ETHERNET, SNAP_LENGTH)?;
        for (number, place) in (1..).zip(&self.index) {
            let frame = self.at(number, place);
            writer.write(frame.time_ns, frame.wire_len, frame.data)?;
        }
        writer.finish()
    }

    /// Frames of which only the headers are kept, and such as are not kept at all.
    pub fn lacks(&self) -> (u64, u64) {
        (self.cut, self.left_out)
    }

    fn at(&self, number: u64, place: &Place) -> Frame<'_> {
        let start = place.at as usize;
        Frame {
            number,
            time_ns: place.time_ns,
            wire_len: place.wire_len,
            data: self.data.get(start..start + place.len as usize).unwrap_or_default(),
            link: LinkType::ETHERNET,
            file_offset: 0,
        }
    }
}

/// Payloads up to this are always kept.
const SMALL: u32 = 256;
/// Of one side of a connection, kept whole at once.
const WHOLE: u64 = 1 << 20;
/// 64 KiB a second.
const NS_A_BYTE: u64 = 1_000_000_000 / (64 << 10);
const FULL_AGAIN_NS: u64 = WHOLE * NS_A_BYTE;
/// Sides that are remembered before those are forgotten that have sent nothing for long.
const MOST_BUDGETS: usize = 4096;
/// Longer than any frame of the link.
const SNAP_LENGTH: u32 = 65_535;

#[cfg(test)]
mod tests {
    use wirelab_dissect::build::Tcp;
    use wirelab_dissect::tcp::Flags;

    use super::*;

    fn ends() -> [Endpoint; 2] {
        [(2, 40_000), (1, 8000)].map(|(host, port)| Endpoint { addr: [10, 0, 0, host].into(), port })
    }

    /// How long frames with such payloads are kept, sent at such times in milliseconds.
    fn kept(most: usize, sent: impl IntoIterator<Item = (u64, usize)>) -> (Vec<usize>, (u64, u64)) {
        let [client, server] = ends();
        let mut kept = Kept::new(most);
        let mut lens = Vec::new();
        for (number, (ms, payload)) in (1..).zip(sent) {
            let payload = vec![b'x'; payload];
            let data = Tcp { flags: Flags::ACK, payload: &payload, ..Tcp::new(server, client) }.frame();
            let wire_len = data.len() as u32;
            let frame = Frame {
                number,
                time_ns: ms * 1_000_000,
                wire_len,
                data: &data,
                link: LinkType::ETHERNET,
                file_offset: 0,
            };
            let data = kept.share(&frame);
            kept.push(&Frame { data, ..frame });
            lens.push(kept.frame(number).map_or(0, |frame| frame.data.len().saturating_sub(54)));
        }
        (lens, kept.lacks())
    }

    #[test]
    fn of_a_large_transfer_the_first_megabyte_is_kept_and_then_as_much_as_time_gives() {
        // A megabyte is 1,024 times 1,024; then only headers, but for what is small; a second later, 64 more.
        let burst = std::iter::repeat_n((0, 1024), 1030).chain([(0, 100)]);
        let later = std::iter::repeat_n((1000, 1024), 70);
        let (lens, lacks) = kept(usize::MAX, burst.chain(later));
        assert!(lens[..1024].iter().all(|&len| len == 1024));
        assert!(lens[1024..1030].iter().all(|&len| len == 0));
        assert_eq!(lens[1030], 100);
        assert_eq!(lens[1031..].iter().filter(|&&len| len == 1024).count(), 64);
        assert_eq!(lacks, (6 + 6, 0));
    }

    #[test]
    fn what_finds_no_room_is_counted_and_nothing_after_it_is_kept() {
        let (lens, lacks) = kept(1000, [(0, 500), (1, 1000), (2, 10)]);
        assert_eq!((lens, lacks), (vec![500, 0, 0], (0, 2)));
    }

    #[test]
    fn the_file_says_what_was_on_the_wire() {
        let [client, server] = ends();
        let data = Tcp { flags: Flags::ACK, payload: b"hello", ..Tcp::new(server, client) }.frame();
        let mut kept = Kept::new(1 << 20);
        let frame =
            Frame { number: 1, time_ns: 5_000, wire_len: 99, data: &data, link: LinkType::ETHERNET, file_offset: 0 };
        kept.push(&frame);
        let file = kept.file().unwrap();
        let mut reader = wirelab_capture::Reader::new(file.as_slice()).unwrap();
        let read = reader.next_frame().unwrap().unwrap();
        assert_eq!((read.time_ns, read.wire_len, read.data), (5_000, 99, data.as_slice()));
    }
}
