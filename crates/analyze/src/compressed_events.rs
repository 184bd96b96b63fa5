//! How many events came with a part of a compressed event stream?
//!
//! Which bytes of the wire are an event's cannot be said of compressed ones: all are the request's. But where one ends can be
//! read as they come, if each was flushed, and so can how many came at once.

use wirelab_dissect::content_coding::Inflating;
use wirelab_dissect::http1::Coding;
use wirelab_dissect::sse;

use crate::capture_state::MayInflate;
use crate::packet_in_hand::PacketInHand;

/// A compressed event stream that is being received.
#[derive(Clone, Debug)]
pub(crate) struct CompressedEvents {
    inflating: Inflating,
    decoder: sse::Decoder,
    _may_inflate: MayInflate,
}

impl CompressedEvents {
    /// A stream in this coding; `None` where it cannot be read, or too many others are.
    pub fn new(coding: Coding, packet: &PacketInHand<'_>) -> Option<CompressedEvents> {
        let inflating = Inflating::new(coding)?;
        let may_inflate = packet.capture_state.inflaters.one_more()?;
        Some(CompressedEvents { inflating, decoder: sse::Decoder::new(), _may_inflate: may_inflate })
    }

    /// Bytes are missing: nothing behind them can be read.
    pub fn lose(&mut self) {
        self.inflating.end();
    }

    /// How many events end in the next bytes.
    pub fn count(&mut self, bytes: &[u8]) -> u64 {
        let mut count = 0;
        self.inflating.push(bytes, &mut |mut plain| {
            while !plain.is_empty() {
                let step = self.decoder.step(plain);
                count += u64::from(matches!(step.event, Some(sse::Event::Message { .. })));
                if step.consumed == 0 && step.event.is_none() {
                    return;
                }
                plain = plain.get(step.consumed..).unwrap_or_default();
            }
        });
        count
    }
}
