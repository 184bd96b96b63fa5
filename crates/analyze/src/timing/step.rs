//! What is there to know of a packet that brings new bytes: when it came, and what these had waited for?

use super::sent::Fill;
use crate::model::Cause;
use crate::packet_facts::PacketFacts;

/// A packet that brings new bytes, and what these had waited for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Step {
    /// When the packet passed, and when its bytes could be read, which is later where those before them were missing.
    pub(super) passed_ns: u64,
    pub(super) now_ns: u64,
    pub(super) from_client: bool,
    /// Since when bytes of its side waited for others before them; 0 where none did.
    pub(super) hole_ns: u64,
    pub(super) release: Option<Release>,
    /// How the segment before it was filled.
    pub(super) before: Fill,
    /// Whether it begins with bytes that had passed.
    pub(super) behind_copy: bool,
    /// Whether there may be something to say of it: what, stands in a [`Noteworthy`].
    pub(super) noteworthy: bool,
    /// How long nobody had sent anything before it.
    pub quiet_ns: u64,
}

/// What there may be to say of a packet. There is one for all packets, as most have none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noteworthy {
    /// How many packets it is on the wire, where it was captured before it was cut into as many as its receiver takes; else 0.
    pub pieces: u32,
    /// How many bytes fit in one.
    pub fits: u32,
    /// The segment of the same side before it, where it follows that closely and both are small; else 0.
    pub(super) follows: u64,
    pub(super) ahead: Option<Ahead>,
    /// Where nobody had sent anything for long: the packet that came last; else 0.
    pub(super) last: u64,
    /// Whether the segment before it left no room in the window, whatever else its sender kept to.
    pub(super) no_room: bool,
    /// The segment before it, and the last ACK of it.
    pub(super) before: u64,
    pub(super) ack: u64,
}

/// An ACK on its own that came before the answer that could have carried it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    /// The packets: what is answered, and the ACK.
    pub(super) asked: u64,
    pub(super) ack: u64,
    /// How long the ACK took, and the answer after that.
    pub(super) after_ns: u64,
    pub(super) then_ns: u64,
    /// The bytes of the ACK.
    pub(super) bytes: u16,
    /// Whether its side had sent no bytes before.
    pub(super) is_first: bool,
}

/// An ACK that let a segment go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    /// What the segment had waited for.
    pub(super) wait: Cause,
    pub(super) ack_ns: u64,
    /// When the segment that it called forth can have come.
    pub(super) due_ns: u64,
    /// How long the other side had held the ACK.
    pub(super) held_ns: u64,
}

impl Step {
    /// Bytes that can be read at `now_ns`, of a packet that waited for those before them if it passed earlier.
    #[inline]
    pub fn of(packet: &PacketFacts, now_ns: u64) -> Step {
        let hole_ns = if packet.time_ns < now_ns { packet.time_ns } else { 0 };
        Step { passed_ns: packet.time_ns, now_ns, from_client: packet.from_client, hole_ns, ..Step::default() }
    }

    /// When its bytes can be read.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// Whose bytes they are.
    #[inline]
    pub fn is_from_client(&self) -> bool {
        self.from_client
    }

    /// Whether there may be something to say of it.
    #[inline]
    pub fn is_noteworthy(&self) -> bool {
        self.noteworthy
    }

    /// All was said of it: what follows in the packet is another exchange's.
    pub fn is_noted(&mut self) {
        self.noteworthy = false;
    }

    /// Whether nothing that is known kept it from coming earlier: no ACK, no window and no bytes before it.
    pub fn came_freely(&self) -> bool {
        self.release.is_none() && self.hole_ns == 0
    }
}
