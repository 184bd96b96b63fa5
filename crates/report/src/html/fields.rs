//! The fields of a packet as HTML: a list a header, each field with the bytes it covers.

use serde::Serialize;
use wirelab_analyze::model::{Layer, Packet};
use wirelab_dissect::fields::Field;

use crate::html::hex;
use crate::html::svg::escape_into;

/// A line of the list of fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldRow {
    /// How deep it stands: 0 is a header, which has the class of its layer.
    pub depth: u8,
    /// The class of the layer that it begins in.
    pub class: &'static str,
    /// Where its bytes begin in the frame, and how many there are.
    pub bytes: (usize, usize),
    /// What it is called.
    pub name: String,
    /// Its value, with its meaning.
    pub said: String,
}

/// The fields of a packet, a row each; and whether there are more. Bits that are not set are left out: there are many,
/// and they say nothing.
pub fn rows(fields: &[Field], packet: &Packet) -> (Vec<FieldRow>, bool) {
    let mut rows = Vec::new();
    let whole = fields.iter().all(|header| {
        let room = rows.len() < MOST_ROWS;
        if room {
            rows.push(row(header, packet, 0));
            header.parts.iter().for_each(|part| add(&mut rows, part, packet, 1));
        }
        room
    });
    let more = !whole || rows.len() >= MOST_ROWS;
    (rows, more)
}

/// A field and its parts, as long as there is room.
fn add(rows: &mut Vec<FieldRow>, field: &Field, packet: &Packet, depth: u8) {
    if rows.len() >= MOST_ROWS || field.is_unset || field.abbr == "tcp.payload" {
        return;
    }
    rows.push(row(field, packet, depth));
    field.parts.iter().for_each(|part| add(rows, part, packet, depth.saturating_add(1)));
}

fn row(field: &Field, packet: &Packet, depth: u8) -> FieldRow {
    FieldRow {
        depth,
        class: class_at(packet, field.range.start),
        bytes: (field.range.start, field.range.len()),
        name: field.name.clone(),
        said: said(field, packet),
    }
}

/// The same as HTML, in the colours of their layers.
pub(crate) fn render(fields: &[Field], packet: &Packet) -> String {
    let mut html = String::new();
    let (rows, more) = rows(fields, packet);
    for (at, row) in rows.iter().enumerate() {
        let range = format!("{}+{}", row.bytes.0, row.bytes.1);
        if row.depth == 0 {
            html.push_str(&format!("<p class=\"g {}\" data-r=\"{range}\"><b>", row.class));
            escape_into(&mut html, &row.name);
            html.push_str("</b> ");
            escape_into(&mut html, &row.said);
            html.push_str("</p>");
            continue;
        }
        if at > 0 && rows.get(at - 1).is_some_and(|before| before.depth == 0) {
            html.push_str("<dl>");
        }
        let deep = if row.depth > 1 { " class=\"s\"" } else { "" };
        html.push_str(&format!("<div{deep} data-r=\"{range}\"><dt>"));
        escape_into(&mut html, &row.name);
        html.push_str("</dt><dd>");
        escape_into(&mut html, &row.said);
        html.push_str("</dd></div>");
        if rows.get(at + 1).is_none_or(|next| next.depth == 0) {
            html.push_str("</dl>");
        }
    }
    if more {
        html.push_str(&format!("<p>It has more fields: “wirelab show FILE --packet {}” lists all.</p>", packet.number));
    }
    html
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
