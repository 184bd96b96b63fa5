//! What each byte of a packet says: its headers and its payload, field by field, as the decoders name them.

use wirelab_analyze::model::{Capture, Packet, Part};
use wirelab_dissect::fields::{self, Field, Kind};

use crate::bytes::FrameBytes;
use crate::transcript;

/// The fields of a frame; the payload's too where the frame is a packet that was analysed. Ranges count from the
/// start of the frame.
pub fn of(capture: &Capture, frame: &FrameBytes) -> Vec<Field> {
    let mut fields = fields::headers(&frame.frame());
    if let Some(packet) = crate::lookup::packet(capture, frame.number) {
        let payload = transcript::payload(packet, frame);
        if !payload.is_empty() {
            let start = packet.payload_offset as usize;
            fields.extend(
                fields::of(kind(capture, packet, payload), payload).into_iter().map(|field| field.moved(start)),
            );
        }
    }
    fields
}

/// What a payload begins with: told by its first part, by what its connection speaks, and by its first bytes.
fn kind(capture: &Capture, packet: &Packet, payload: &[u8]) -> Kind {
    let protocol = capture.connections.get(packet.connection as usize).map_or("", |c| c.protocol.as_str());
    let first = packet.spans.first().map(|span| span.part);
    match (protocol, first) {
        ("lines", _) => Kind::Lines,
        ("tls", _) => Kind::Tls,
        ("http2", _) => Kind::Http2,
        (_, Some(Part::ResponseHead)) if payload.starts_with(b"HTTP/") => Kind::HttpResponse,
        (_, Some(Part::RequestHead)) if payload.first().is_some_and(u8::is_ascii_uppercase) => Kind::HttpRequest,
        ("websocket", Some(Part::Framing)) => Kind::WebSocket,
        ("sse", Some(Part::Framing))
            if payload.first().is_some_and(u8::is_ascii_hexdigit) && !payload.starts_with(b"data") =>
        {
            Kind::Chunks { events: true }
        }
        ("sse", Some(Part::Framing)) => Kind::EventStream,
        ("http", Some(Part::Framing)) => Kind::Chunks { events: false },
        _ => Kind::Data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Era, five};

    /// The top fields of a frame follow one another and are all of it.
    #[test]
    fn every_byte_of_every_packet_is_named() {
        for (capture, bytes) in five(Era::Now) {
            for frame in bytes.frames() {
                let fields = of(&capture, frame);
                let end = fields.iter().fold(0, |end, field| {
                    assert_eq!(field.range.start, end, "{} packet {}", capture.name, frame.number);
                    field.range.end
                });
                assert_eq!(end, frame.data.len(), "{} packet {}", capture.name, frame.number);
            }
        }
    }
}
