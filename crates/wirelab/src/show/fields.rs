//! What does each byte of one packet say?

use std::io::{self, Write};

use serde::Serialize;
use wirelab_analyze::{Capture, Finding, Protocol};
use wirelab_dissect::fields::Field;
use wirelab_report::header_cuts::Before;
use wirelab_report::text::{Colours, WIDTH, wrapped};
use wirelab_report::{fields, found, json as lines, list};

use super::print::{Form, JsonLine, Printer};
use super::row::Row;

/// What the bytes of a packet say.
pub struct Said {
    /// Its frame, byte by byte.
    frame: Vec<Field>,
    /// Of the fragment that made its packet whole: what they all hold together.
    whole: Option<Whole>,
    /// What it is evidence of.
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Whole {
    fragments: u32,
    bytes: usize,
    fields: Vec<Field>,
}

/// Reads the bytes of a packet. `header` is what of a WebSocket frame's header came before it.
pub fn said(row: &Row, capture: &Capture, header: &Before, findings: Vec<Finding>) -> Said {
    let packet = row.packet.as_ref();
    let connection = packet.and_then(|packet| capture.connections.get(packet.connection as usize));
    let spoken = connection.map_or(Protocol::None, |connection| connection.protocol);
    // What came in fragments is not in the last of them alone.
    let own = packet.filter(|_| !row.is_fragment());
    let frame = row.kept.as_ref().map(|kept| fields::of_packet(&kept.frame(row), own, spoken, header));
    let whole = packet.zip(row.whole.as_ref()).map(|(packet, datagram)| Whole {
        fragments: datagram.frames,
        bytes: datagram.data.len(),
        fields: fields::of_fragments(datagram, packet, spoken, header),
    });
    Said { frame: frame.unwrap_or_default(), whole, findings }
}

/// The packet as a line, and its fields as a tree: which bytes, what they are, what they say.
pub fn tree(out: &mut impl Write, row: &Row, said: &Said, hex: bool, colours: Colours) -> io::Result<()> {
    Printer::new(Form::List, colours).print(out, row)?;
    let mut text = String::new();
    if let Some(packet) = &row.packet {
        let side = if packet.from_client { "the client" } else { "the server" };
        let exchange = packet.exchange.map_or(String::new(), |exchange| format!(", exchange {exchange}"));
        text += &format!("connection {}{exchange}, from {side}\n", packet.connection);
    }
    for finding in &said.findings {
        text += &wrapped(&format!("found here: {}: {}", finding.id, found::sentence(finding)), WIDTH, "");
    }
    let cut = row.frame_len.saturating_sub(row.captured);
    if cut > 0 {
        text += &format!("the last {cut} of its {} bytes were not captured\n", row.frame_len);
    }
    for field in &said.frame {
        field.write_tree(&mut text);
    }
    if let Some(Whole { fragments, bytes, fields }) = &said.whole {
        text +=
            &format!("{fragments} fragments, the last one here, hold {bytes} bytes together, counted from 0 again:\n");
        for field in fields {
            field.write_tree(&mut text);
        }
    } else if row.is_fragment() && row.whole.is_none() {
        text += "what its packet says is shown with the fragment that makes it whole\n";
    }
    out.write_all(text.as_bytes())?;
    match &row.kept {
        Some(kept) if hex => {
            writeln!(out)?;
            list::hex_lines(out, &kept.data)?;
            match &row.whole {
                Some(whole) => {
                    writeln!(out)?;
                    list::hex_lines(out, &whole.data)
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The same as one JSON object.
pub fn json(out: &mut impl Write, row: &Row, said: Said) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        #[serde(flatten)]
        line: JsonLine<'a>,
        fields: Vec<Field>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reassembled: Option<Whole>,
        findings: Vec<Finding>,
    }
    let line = Line { line: JsonLine::of(row), fields: said.frame, reassembled: said.whole, findings: said.findings };
    lines::write_line(&line, out)
}
