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

/// App bytes by what they are: one number a [`Part`], but that useful bytes count as content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts([u64; 5]);

impl Parts {
    /// Those of a tally.
    pub fn of_tally(tally: &Tally) -> Parts {
        Parts([
            tally.request_head_bytes,
            tally.response_head_bytes,
            tally.framing_bytes,
            tally.content_bytes,
            tally.retransmitted_bytes,
        ])
    }

    /// The same columns of a tally, the others 0.
    #[inline]
    pub fn tally(&self) -> Tally {
        let [request_head_bytes, response_head_bytes, framing_bytes, content_bytes, retransmitted_bytes] = self.0;
        Tally {
            app_bytes: self.sum(),
            request_head_bytes,
            response_head_bytes,
            framing_bytes,
            content_bytes,
            retransmitted_bytes,
            ..Tally::default()
        }
    }

    /// All of them together.
    #[inline]
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The bytes of one kind.
    #[inline]
    pub fn of(&mut self, part: Part) -> &mut u64 {
        let [request_head, response_head, framing, content, retransmitted] = &mut self.0;
        match part {
            Part::RequestHead => request_head,
            Part::ResponseHead => response_head,
            Part::Framing => framing,
            Part::Content | Part::Useful => content,
            Part::Retransmitted => retransmitted,
        }
    }

    /// Adds those of another.
    #[inline]
    pub fn add(&mut self, other: &Parts) {
        for (all, more) in self.0.iter_mut().zip(other.0) {
            *all += more;
        }
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
        let parts = self.parts.tally();
        Tally {
            total_packets: u64::from(self.packets),
            app_packets: u64::from(self.app_packets),
            frame_bytes: self.lower + self.tcp + parts.app_bytes,
            lower_bytes: self.lower,
            tcp_bytes: self.tcp,
            useful_bytes: u64::from(self.useful),
            retransmitted_packets: u64::from(self.repeated_packets),
            ..parts
        }
    }
}
