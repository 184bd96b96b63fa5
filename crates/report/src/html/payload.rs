//! The fields of a payload, as the decoders name them.

use wirelab_analyze::model::{Capture, Packet, Part};
use wirelab_dissect::fields::{self, Kind};

use crate::html::fields::Field;
use crate::html::layer::Layer;

/// Adds the payload's fields to a packet's.
pub fn add(list: &mut Vec<Field>, capture: &Capture, packet: &Packet, payload: &[u8]) {
    if payload.is_empty() {
        return;
    }
    let base = packet.payload_offset as usize;
    for field in fields::of(kind(capture, packet), payload) {
        let layer = layer_at(packet, field.range.start);
        push(list, &field, packet, base, 0, layer);
    }
}

fn push(list: &mut Vec<Field>, field: &fields::Field, packet: &Packet, base: usize, depth: u8, layer: Layer) {
    list.push(Field {
        layer,
        depth,
        name: field.name.clone(),
        value: shortened(&field.value),
        from: base + field.range.start,
        len: field.range.len(),
    });
    for part in &field.parts {
        push(list, part, packet, base, depth.saturating_add(1), layer_at(packet, part.range.start));
    }
}

/// What a payload begins with: told by its first part, and by what its connection speaks.
pub fn kind(capture: &Capture, packet: &Packet) -> Kind {
    let protocol = capture.connections.get(packet.connection as usize).map_or("", |c| c.protocol.as_str());
    let first = packet.spans.first().map(|span| span.part);
    match (first, protocol) {
        (Some(Part::RequestHead), "http" | "sse" | "websocket") => Kind::HttpRequest,
        (Some(Part::ResponseHead), "http" | "sse" | "websocket") => Kind::HttpResponse,
        (Some(Part::Framing), "websocket") => Kind::WebSocket,
        (Some(Part::Framing), "sse") => {
            if packet.info.starts_with("data:") || packet.info.starts_with("event") {
                Kind::EventStream
            } else {
                Kind::Chunks { events: true }
            }
        }
        (Some(Part::Framing), "http") => Kind::Chunks { events: false },
        (Some(_), "lines") => Kind::Lines,
        (Some(_), "tls") => Kind::Tls,
        (Some(_), "http2") => Kind::Http2,
        _ => Kind::Data,
    }
}

/// The layer of the payload's byte at this place.
fn layer_at(packet: &Packet, place: usize) -> Layer {
    let mut end = 0;
    for span in &packet.spans {
        end += span.len as usize;
        if place < end {
            return Layer::of_part(span.part);
        }
    }
    Layer::Content
}

fn shortened(value: &str) -> String {
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value.chars().take(LONGEST).chain(['\u{2026}']).collect()
}

/// Characters of a value that are shown; the bytes beside show all.
const LONGEST: usize = 160;
