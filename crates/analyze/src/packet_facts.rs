//! What has a connection to know of a packet, once its addresses were looked at?

use wirelab_dissect::packet::Segment;
use wirelab_dissect::tcp::Flags;

use crate::model::Layer;
use crate::observations::Fact;

/// A TCP segment and the packet that carried it, without its payload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PacketFacts {
    /// The frame, counted from 1.
    pub number: u64,
    pub time_ns: u64,
    /// Bytes below TCP.
    pub lower: u32,
    /// Bytes of the TCP header.
    pub tcp: u32,
    /// Bytes of the payload on the wire.
    pub app: u32,
    /// Where the payload begins in its frame.
    pub payload_offset: u32,
    pub seq: u32,
    /// Of meaning where the ACK flag is set.
    pub acknowledgment: u32,
    pub window: u16,
    pub flags: Flags,
    pub from_client: bool,
    /// Whether it brings what was on the wire before, or fills a gap, as far as can be told at once.
    pub is_again: bool,
    /// What there is to say of it in whichever exchange it belongs to.
    pub note: Option<Fact>,
    /// Its place among the kept packets, plus one; 0 where packets are not kept.
    pub kept_at: u32,
}

/// A byte of the capture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BytePlace {
    /// The frame, counted from 1.
    pub frame: u64,
    /// Bytes from the start of it.
    pub offset: u32,
}

impl PacketFacts {
    #[inline(always)]
    pub fn of(segment: &Segment<'_>, number: u64, time_ns: u64, from_client: bool) -> PacketFacts {
        PacketFacts {
            number,
            time_ns,
            lower: segment.lower_len,
            tcp: segment.header_len,
            app: segment.payload_len,
            payload_offset: segment.payload_offset,
            seq: segment.seq,
            acknowledgment: segment.ack,
            window: segment.window,
            flags: segment.flags,
            from_client,
            is_again: false,
            note: None,
            kept_at: 0,
        }
    }

    /// What stands in for a packet where none is in hand: at a time, as if one side had sent it.
    pub fn none(time_ns: u64, from_client: bool) -> PacketFacts {
        PacketFacts { time_ns, from_client, ..PacketFacts::default() }
    }

    /// The number that it acknowledges, where it acknowledges anything.
    #[inline]
    pub fn ack(&self) -> Option<u32> {
        self.flags.ack().then_some(self.acknowledgment)
    }

    /// Its bytes that are no payload.
    #[inline]
    pub fn headers(&self) -> [(Layer, u32); 2] {
        [(Layer::Lower, self.lower), (Layer::Tcp, self.tcp)]
    }

    /// Where its payload begins.
    pub fn payload_place(&self) -> BytePlace {
        BytePlace { frame: self.number, offset: self.payload_offset }
    }

    /// Where its acknowledgment number stands (RFC 9293, section 3.1).
    pub fn acknowledgment_place(&self) -> BytePlace {
        BytePlace { frame: self.number, offset: self.payload_offset.saturating_sub(self.tcp) + 8 }
    }
}
