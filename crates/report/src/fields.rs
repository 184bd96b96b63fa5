//! What each byte of a packet says: its headers and its payload, field by field, as the decoders name them.

use wirelab_analyze::model::{Capture, Layer, Packet, Protocol};
use wirelab_capture::Frame;
use wirelab_dissect::fields::{self, Field, PayloadKind};
use wirelab_dissect::reassembly::Datagram;
use wirelab_dissect::{Sniff, http1, http2, tls};

use crate::bytes::FrameBytes;
use crate::header_cuts::Before;

/// The fields of a frame; the payload's too where the frame is a packet that was analysed. Ranges count from the
/// start of the frame.
pub fn of(capture: &Capture, frame: &FrameBytes) -> Vec<Field> {
    let packet = crate::lookup::packet(capture, frame.number);
    let connection = packet.and_then(|packet| capture.connections.get(packet.connection as usize));
    let spoken = connection.map_or(Protocol::None, |connection| connection.protocol);
    of_packet(&frame.frame(), packet, spoken, &Before::Nothing)
}

/// The same for a single packet. `spoken` is what its connection speaks, `header` what of a frame's header came before.
pub fn of_packet(frame: &Frame<'_>, packet: Option<&Packet>, spoken: Protocol, header: &Before) -> Vec<Field> {
    let mut tree = fields::headers(frame);
    if let Some(packet) = packet {
        tree.extend(payload(packet, spoken, frame.data, header));
        // A trailer is behind the payload.
        tree.sort_by_key(|field| field.range.start);
    }
    tree
}

/// The fields of a packet that came in fragments. Ranges count from the start of what they hold together.
pub fn of_fragments(datagram: &Datagram, packet: &Packet, spoken: Protocol, header: &Before) -> Vec<Field> {
    let mut tree = fields::segment(datagram);
    tree.extend(payload(packet, spoken, &datagram.data, header));
    tree
}

fn payload(packet: &Packet, spoken: Protocol, data: &[u8], header: &Before) -> Vec<Field> {
    let start = packet.payload_offset as usize;
    let end = start.saturating_add(packet.app_len as usize).min(data.len());
    let payload = data.get(start..end).unwrap_or_default();
    if payload.is_empty() {
        return Vec::new();
    }
    // The rest of something that began in an earlier packet stands before what begins in this one.
    let (rest, kind) = begin(packet, spoken, payload);
    let rest = rest.min(payload.len());
    let (before, from) = payload.split_at(rest);
    let mut tree: Vec<Field> = Vec::new();
    if !before.is_empty() {
        tree.extend(fields::of(PayloadKind::Data, before).into_iter().map(|field| field.moved(start)));
    }
    if !from.is_empty() {
        // Behind content, a frame begins whatever came before.
        let mut in_front = packet.spans.iter().map(|span| span.layer).take_while(|layer| *layer != Layer::Framing);
        let begins = in_front.any(|layer| layer != Layer::Retransmitted);
        let fields = match header {
            Before::Header { bytes, packet } if kind == PayloadKind::WebSocket && !begins => {
                begun(bytes, *packet, from)
            }
            Before::Unknown if kind == PayloadKind::WebSocket && !begins => {
                let fields = fields::of(PayloadKind::Data, from).into_iter();
                fields.map(|field| field.meaning(UNKNOWN)).collect()
            }
            _ => fields::of(kind, from),
        };
        tree.extend(fields.into_iter().map(|field| field.moved(start + rest)));
    }
    tree
}

/// A WebSocket frame whose header began in an earlier packet: what was in that one has no place here.
fn begun(before: &[u8], packet: u64, from: &[u8]) -> Vec<Field> {
    let mut fields = fields::of(PayloadKind::WebSocket, &[before, from].concat());
    let count = before.len();
    let noun = if count == 1 { "byte" } else { "bytes" };
    for field in &mut fields {
        move_back(field, count);
    }
    if let Some(first) = fields.first_mut() {
        first.meaning = Some(format!("its first {count} {noun} came before, from packet {packet} on"));
    }
    fields
}

fn move_back(field: &mut Field, by: usize) {
    field.range = field.range.start.saturating_sub(by)..field.range.end.saturating_sub(by);
    field.parts.iter_mut().for_each(|part| move_back(part, by));
}

const UNKNOWN: &str =
    "a packet before it is missing or came late, so it is not known where in a WebSocket frame this is";

/// Where in a payload something begins, and what.
fn begin(packet: &Packet, spoken: Protocol, payload: &[u8]) -> (usize, PayloadKind) {
    if http1::sniff_response(payload) == Sniff::Yes {
        return (0, PayloadKind::HttpResponse);
    }
    if matches!(spoken, Protocol::Http | Protocol::Sse | Protocol::WebSocket)
        && http1::sniff_request(payload) == Sniff::Yes
    {
        return (0, PayloadKind::HttpRequest);
    }
    // Content in front goes on from an earlier packet; what follows it begins here.
    let is_content = |layer: Layer| matches!(layer, Layer::Content | Layer::Useful | Layer::Retransmitted);
    let before: u32 = packet.spans.iter().take_while(|span| is_content(span.layer)).map(|span| span.len).sum();
    let first = packet.spans.iter().map(|span| span.layer).find(|layer| !is_content(*layer));
    let from = payload.get(before as usize..).unwrap_or_default();
    match (spoken, first) {
        (Protocol::Lines, _) => (0, PayloadKind::Lines),
        (Protocol::Tls, _) if tls::sniff(from) == Sniff::Yes => (before as usize, PayloadKind::Tls),
        (Protocol::Tls, Some(layer)) if !matches!(layer, Layer::RequestHead | Layer::ResponseHead) => {
            (before as usize, PayloadKind::Tls)
        }
        (Protocol::Http2, Some(Layer::Framing)) => (before as usize, PayloadKind::Http2),
        (Protocol::Http2, _) if http2::sniff(payload) == Sniff::Yes => (0, PayloadKind::Http2),
        (Protocol::WebSocket, Some(Layer::Framing)) => (before as usize, PayloadKind::WebSocket),
        (Protocol::Sse, Some(Layer::Framing)) if before == 0 && !is_chunk(from) => (0, PayloadKind::EventStream),
        (Protocol::Sse, Some(Layer::Framing)) if is_chunk(from) => {
            (before as usize, PayloadKind::Chunks { events: true })
        }
        (Protocol::Http, Some(Layer::Framing)) if is_chunk(from) => {
            (before as usize, PayloadKind::Chunks { events: false })
        }
        (_, Some(Layer::ResponseHead)) if http1::sniff_response(from) == Sniff::Yes => {
            (before as usize, PayloadKind::HttpResponse)
        }
        (_, Some(Layer::RequestHead)) if http1::sniff_request(from) == Sniff::Yes => {
            (before as usize, PayloadKind::HttpRequest)
        }
        _ => (payload.len(), PayloadKind::Data),
    }
}

/// Whether a chunk's size line stands here.
fn is_chunk(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    (1..=16).contains(&digits) && matches!(bytes.get(digits), Some(b'\r' | b';' | b'\n'))
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
