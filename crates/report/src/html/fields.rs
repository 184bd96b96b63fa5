//! The fields of a packet as HTML: a list a header, each field with the bytes it covers.

use wirelab_analyze::model::{Layer, Packet};
use wirelab_dissect::fields::Field;

use crate::html::hex;
use crate::html::svg::escape_into;

/// The fields of a packet, in the colours of their layers. Bits that are not set are left out: there are many, and they
/// say nothing.
pub fn render(fields: &[Field], packet: &Packet) -> String {
    let mut html = String::new();
    let mut left = MOST_ROWS;
    for header in fields {
        if left == 0 {
            break;
        }
        left -= 1;
        html.push_str(&format!(
            "<p class=\"g {}\" data-r=\"{}\"><b>",
            class_at(packet, header.range.start),
            range(header)
        ));
        escape_into(&mut html, &header.name);
        html.push_str("</b> ");
        escape_into(&mut html, &said(header, packet));
        html.push_str("</p>");
        if !header.parts.is_empty() {
            html.push_str("<dl>");
            for part in &header.parts {
                field(&mut html, part, packet, 0, &mut left);
            }
            html.push_str("</dl>");
        }
    }
    if left == 0 {
        html.push_str(&format!("<p>It has more fields: “wirelab show FILE --packet {}” lists all.</p>", packet.number));
    }
    html
}

/// A field and its parts, as long as there are rows left.
fn field(html: &mut String, field: &Field, packet: &Packet, depth: u8, left: &mut usize) {
    if *left == 0 || field.is_unset || field.abbr == "tcp.payload" {
        return;
    }
    *left -= 1;
    let deep = if depth > 0 { " class=\"s\"" } else { "" };
    html.push_str(&format!("<div{deep} data-r=\"{}\"><dt>", range(field)));
    escape_into(html, &field.name);
    html.push_str("</dt><dd>");
    escape_into(html, &said(field, packet));
    html.push_str("</dd></div>");
    for part in &field.parts {
        self::field(html, part, packet, depth + 1, left);
    }
}

/// The value with its meaning; numbers that a reader counts from the connection's start are given so too.
fn said(field: &Field, packet: &Packet) -> String {
    let mut text: String = field.value.chars().take(LONGEST).collect();
    if field.value.chars().count() > LONGEST {
        text.push('\u{2026}');
    }
    if let Some(meaning) = &field.meaning {
        text.push_str(&format!(" ({meaning})"));
    }
    match field.abbr {
        "tcp.seq" | "tcp.seq_raw" => text.push_str(&format!(", {} from the start", packet.seq)),
        "tcp.ack" | "tcp.ack_raw" => {
            if let Some(ack) = packet.ack {
                text.push_str(&format!(", {ack} from the start"));
            }
        }
        _ => {}
    }
    text
}

fn range(field: &Field) -> String {
    format!("{}+{}", field.range.start, field.range.len())
}

/// The class of the layer that the byte at this place of the frame belongs to.
fn class_at(packet: &Packet, place: usize) -> &'static str {
    let mut end = 0_usize;
    for (layer, len) in hex::layers(packet) {
        end = end.saturating_add(len);
        if place < end {
            return layer.class();
        }
    }
    Layer::Content.class()
}

/// Rows of fields that are shown of a packet: one may hold thousands of tiny messages.
const MOST_ROWS: usize = 400;
/// Characters of a value that are shown; the bytes beside show all.
const LONGEST: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Era, five};

    #[test]
    fn thousands_of_fields_are_shown_as_far_as_there_is_room() {
        let lab = five(Era::Now);
        let packet = &lab[0].0.packets[0];
        let frame = |at: usize| Field::new("Frame", "x", at..at + 1).with(vec![Field::new("FIN", "1", at..at + 1)]);
        let many = vec![Field::new("All", "", 0..9).with((0..5_000).map(frame).collect())];
        let html = render(&many, packet);
        assert!(html.len() < 60_000 && html.contains("has more fields"), "{} bytes", html.len());
        assert_eq!(html.matches("<div").count(), html.matches("</div>").count());
        assert!(!render(&many[..0], packet).contains("more fields"));
    }
}
