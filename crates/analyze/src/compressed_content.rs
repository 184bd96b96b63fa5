//! How large is the compressed content of an answer, and how many events came with a part of it?
//!
//! Which bytes of the wire are an event's cannot be said of compressed ones: all are the request's. But where one ends can be
//! read as they come, if each was flushed, and so can how many came at once.

use wirelab_dissect::content_coding::Inflating;
use wirelab_dissect::http1::{Coding, Content};
use wirelab_dissect::sse;

use crate::capture_state::{MayInflate, Weight};
use crate::exchange::ExchangeId;
use crate::packet_in_hand::PacketInHand;

/// The compressed content of an answer that is being received.
#[derive(Clone, Debug)]
pub(crate) struct CompressedContent {
    /// `None` where it cannot be read, or not any more.
    reading: Option<(Inflating, MayInflate)>,
    /// Where it is an event stream.
    events: Option<sse::Decoder>,
}

impl CompressedContent {
    /// Content in this coding: cold, as little is compressed of what is measured.
    #[cold]
    pub fn new(coding: Coding, content: Content, packet: &PacketInHand<'_>) -> CompressedContent {
        let is_stream = content == Content::EventStream;
        let weight = match (coding, is_stream) {
            (Coding::Zstd, true) => Weight::ZstdEvents,
            (Coding::Zstd, false) => Weight::Zstd,
            _ => Weight::Deflate,
        };
        let inflating = if is_stream { Inflating::words(coding) } else { Inflating::length(coding) };
        let reading = inflating.and_then(|inflating| Some((inflating, packet.capture_state.inflaters.room(weight)?)));
        CompressedContent { reading, events: is_stream.then(sse::Decoder::new) }
    }

    /// Bytes are missing: nothing behind them can be read.
    pub fn lose(&mut self) {
        self.reading = None;
    }

    /// Reads the next bytes of an exchange.
    #[cold]
    pub fn read(&mut self, bytes: &[u8], exchange: ExchangeId, packet: &mut PacketInHand<'_>) {
        let Some((inflating, _)) = &mut self.reading else { return packet.compressed_unread(exchange, bytes.len()) };
        let mut events = 0;
        let decoder = &mut self.events;
        let len = inflating.push(bytes, &mut |plain| {
            if let Some(decoder) = decoder {
                events += ends(decoder, plain);
            }
        });
        if inflating.is_broken() {
            self.reading = None;
            return packet.compressed_unread(exchange, bytes.len());
        }
        packet.capture_state.messages_inside += events;
        packet.compressed_content(exchange, bytes.len(), len);
    }
}

/// How many events end in the next bytes of a stream.
fn ends(decoder: &mut sse::Decoder, mut plain: &[u8]) -> u64 {
    let mut count = 0;
    while !plain.is_empty() {
        let step = decoder.step(plain);
        count += u64::from(matches!(step.event, Some(sse::Event::Message { .. })));
        if step.consumed == 0 && step.event.is_none() {
            break;
        }
        plain = plain.get(step.consumed..).unwrap_or_default();
    }
    count
}
