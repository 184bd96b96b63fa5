//! What is there to count of frames, whatever they carry?

use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::packet::{Notes, Segment, Skipped};
use wirelab_dissect::reassembly::Datagram;

use crate::findings::FrameFacts;
use crate::observations::Room;
use crate::other_transports::OtherTransports;

/// The frames of a capture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames {
    pub count: u64,
    /// Without TCP, or not to be decoded.
    pub skipped: u64,
    /// What these carry.
    pub other_transports: OtherTransports,
    pub truncated: u64,
    /// The numbers of frames that findings are about, and how many more may be kept.
    pub facts: FrameFacts,
    room: Room,
    pub first_ns: u64,
    pub last_ns: u64,
    pub links: Vec<LinkType>,
    /// TCP packets that came through a tunnel.
    pub tunnelled: u64,
    /// TCP packets whose IP header says length 0.
    pub no_ip_length: u64,
    /// TCP packets that came in fragments, and the frames of these.
    pub datagrams: u64,
    pub fragments: u64,
    /// Frames with fragments of packets that are not whole.
    pub unfinished_fragments: u64,
}

impl Frames {
    /// Counts a frame.
    #[inline]
    pub fn count(&mut self, frame: &Frame<'_>) {
        if self.count == 0 {
            self.first_ns = frame.time_ns;
        }
        self.count += 1;
        self.last_ns = self.last_ns.max(frame.time_ns);
        if frame.is_truncated() {
            self.truncate(frame.number);
        }
        if self.links.last() != Some(&frame.link) && !self.links.contains(&frame.link) {
            self.links.push(frame.link);
        }
    }

    #[cold]
    fn truncate(&mut self, number: u64) {
        self.truncated += 1;
        self.facts.truncated.add(number, &mut self.room);
    }

    /// A connection is new whose beginning is not in the capture.
    #[cold]
    pub fn midway(&mut self, number: u64) {
        self.facts.midway.add(number, &mut self.room);
    }

    /// Counts what is unusual about a TCP packet.
    pub fn note(&mut self, segment: &Segment<'_>) {
        self.tunnelled += u64::from(segment.is_tunnelled());
        self.no_ip_length += u64::from(segment.notes.has(Notes::NO_IP_LENGTH));
    }

    /// Counts a frame without a TCP segment of its own.
    pub fn skip(&mut self, skipped: &Skipped, frame: &Frame<'_>) {
        self.skipped += 1;
        self.other_transports.count(skipped, frame);
        self.facts.others.add(frame.number, &mut self.room);
    }

    /// A TCP packet became whole with the last of its fragments, which is no skipped frame any more.
    pub fn whole(&mut self, packet: &Datagram) {
        self.skipped -= 1;
        self.other_transports.take_back(packet);
        self.datagrams += 1;
        self.fragments += u64::from(packet.frames);
    }

    /// The time from the first frame to the last.
    pub fn duration_ns(&self) -> u64 {
        self.last_ns.saturating_sub(self.first_ns)
    }
}
