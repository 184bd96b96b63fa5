//! What does each byte of one packet say?

use std::io::{self, Write};

use serde::Serialize;
use wirelab_analyze::Capture;
use wirelab_dissect::fields::Field;
use wirelab_report::fields;
use wirelab_report::list::{self, Style};

use super::print::{Form, JsonLine, Printer};
use super::row::Row;

/// The packet as a line, and its fields as a tree: which bytes, what they are, what they say.
pub fn tree(out: &mut impl Write, row: &Row, capture: &Capture, hex: bool, style: Style) -> io::Result<()> {
    Printer::new(Form::List, style).print(out, row)?;
    let mut text = String::new();
    if let Some(packet) = &row.packet {
        let side = if packet.from_client { "the client" } else { "the server" };
        let exchange = packet.exchange.map_or(String::new(), |exchange| format!(", exchange {exchange}"));
        text += &format!("connection {}{exchange}, from {side}\n", packet.connection);
    }
    let cut = row.frame_len.saturating_sub(row.captured);
    if cut > 0 {
        text += &format!("the last {cut} of its {} bytes were not captured\n", row.frame_len);
    }
    for field in all(row, capture) {
        field.write_tree(&mut text);
    }
    out.write_all(text.as_bytes())?;
    match &row.kept {
        Some(kept) if hex => {
            writeln!(out)?;
            list::hex_lines(out, &kept.data)
        }
        _ => Ok(()),
    }
}

/// The same as one JSON object.
pub fn json(out: &mut impl Write, row: &Row, capture: &Capture) -> io::Result<()> {
    #[derive(Serialize)]
    struct Whole<'a> {
        #[serde(flatten)]
        line: JsonLine<'a>,
        fields: Vec<Field>,
    }
    serde_json::to_writer(&mut *out, &Whole { line: JsonLine::of(row), fields: all(row, capture) })?;
    writeln!(out)
}

/// Headers and payload.
fn all(row: &Row, capture: &Capture) -> Vec<Field> {
    let Some(kept) = &row.kept else { return Vec::new() };
    // What came in fragments is not in the last of them alone.
    let packet = row.packet.as_ref().filter(|_| !row.is_fragment());
    let connection = packet.and_then(|packet| capture.connections.get(packet.connection as usize));
    let spoken = connection.map_or("none", |connection| connection.protocol.name());
    fields::of_packet(&kept.frame(row), packet, spoken)
}
