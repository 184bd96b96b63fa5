//! Packets and bytes of one exchange, in as little room as they need.
//!
//! A [`Tally`] without the columns that follow from the others. Every packet of every capture is booked here, and each
//! open connection has one or two of these, so both size and speed count.

use crate::ledger::PacketMeta;
use crate::model::{Part, Tally};

/// What an exchange cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Costs {
    pub packets: u32,
    pub app_packets: u32,
    /// Packets that brought nothing new.
    pub repeated_packets: u32,
    /// Of the content: bytes of a server's time.
    pub useful: u32,
    pub lower: u64,
    pub tcp: u64,
    pub parts: Parts,
}

/// App bytes by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub request_head: u64,
    pub response_head: u64,
    pub framing: u64,
    pub content: u64,
    pub retransmitted: u64,
}

impl Parts {
    /// Those of a tally.
    pub fn of_tally(tally: &Tally) -> Parts {
        Parts {
            request_head: tally.request_head_bytes,
            response_head: tally.response_head_bytes,
            framing: tally.framing_bytes,
            content: tally.content_bytes,
            retransmitted: tally.retransmitted_bytes,
        }
    }

    /// All of them together.
    #[inline]
    pub fn sum(&self) -> u64 {
        self.request_head + self.response_head + self.framing + self.content + self.retransmitted
    }

    /// The bytes of one kind.
    #[inline]
    pub fn of(&mut self, part: Part) -> &mut u64 {
        match part {
            Part::RequestHead => &mut self.request_head,
            Part::ResponseHead => &mut self.response_head,
            Part::Framing => &mut self.framing,
            Part::Content | Part::Useful => &mut self.content,
            Part::Retransmitted => &mut self.retransmitted,
        }
    }

    /// Adds those of another.
    #[inline]
    pub fn add(&mut self, other: &Parts) {
        self.request_head += other.request_head;
        self.response_head += other.response_head;
        self.framing += other.framing;
        self.content += other.content;
        self.retransmitted += other.retransmitted;
    }
}

impl Costs {
    /// Adds a packet with its headers and everything below; its payload is added by [`Costs::bytes`].
    #[inline]
    pub fn packet(&mut self, meta: &PacketMeta) {
        // Saturating for form's sake: 2^32 packets of one exchange are a capture of at least 200 GB.
        self.packets = self.packets.saturating_add(1);
        self.app_packets += u32::from(meta.app > 0);
        self.lower += u64::from(meta.lower);
        self.tcp += u64::from(meta.tcp);
    }

    /// Adds payload bytes.
    #[inline]
    pub fn bytes(&mut self, part: Part, len: u64) {
        *self.parts.of(part) += len;
        if part == Part::Useful {
            self.useful = self.useful.saturating_add(len as u32);
        }
    }

    /// Whether nothing was booked.
    pub fn is_empty(&self) -> bool {
        *self == Costs::default()
    }

    /// All columns.
    #[inline]
    pub fn tally(&self) -> Tally {
        let app_bytes = self.parts.sum();
        Tally {
            total_packets: u64::from(self.packets),
            app_packets: u64::from(self.app_packets),
            frame_bytes: self.lower + self.tcp + app_bytes,
            lower_bytes: self.lower,
            tcp_bytes: self.tcp,
            app_bytes,
            request_head_bytes: self.parts.request_head,
            response_head_bytes: self.parts.response_head,
            framing_bytes: self.parts.framing,
            content_bytes: self.parts.content,
            retransmitted_bytes: self.parts.retransmitted,
            useful_bytes: u64::from(self.useful),
            retransmitted_packets: u64::from(self.repeated_packets),
        }
    }
}
