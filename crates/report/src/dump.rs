//! pcap/NAME.txt: a capture for reading without a tool.
//!
//! First the packets in one line each, then each packet with its bytes, then what the two ends said on each
//! connection, as text and, where that does not show it all, in hexadecimal.

use std::io::{self, Write};

use wirelab_analyze::model::{Capture, Column};
use wirelab_dissect::visible::{is_visible, visible};

use crate::bytes::CaptureBytes;
use crate::list::{self, Follow};
use crate::numbers::count;
use crate::text::Colours;
use crate::transcript;

/// Writes the text of a capture.
///
/// # Errors
/// Where `out` cannot be written.
pub fn render(out: &mut impl Write, capture: &Capture, bytes: &CaptureBytes) -> io::Result<()> {
    let plain = Colours::None;
    let name = capture.file.as_deref().unwrap_or(&capture.name);
    let t = &capture.totals;
    writeln!(out, "{}: {}, {} bytes", visible(name), count(t.total_packets, "TCP packet"), t.frame_bytes)?;
    let said = |column: Column| format!("{} {}", column.short(), column.of(t));
    writeln!(out, "{} = {}", said(Column::FrameBytes), Column::SUMMANDS.map(said).join(" + "))?;
    section(out, "Packets")?;
    list::packets(out, capture, &capture.packets, plain)?;
    left_out(out, capture)?;
    section(out, "Bytes")?;
    list::hex(out, capture, bytes, &capture.packets, plain)?;
    section(out, "Conversations")?;
    for connection in 0..capture.connections.len() as u32 {
        list::follow(out, capture, bytes, connection, Follow::Text, plain)?;
        let turns = transcript::turns(capture, bytes, connection);
        if turns.iter().any(|turn| !is_text(&turn.bytes)) {
            writeln!(out, "\nThe same in hexadecimal:\n")?;
            list::follow(out, capture, bytes, connection, Follow::Hex, plain)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn section(out: &mut impl Write, title: &str) -> io::Result<()> {
    writeln!(out, "\n{title}\n{}\n", "-".repeat(title.len()))
}

fn left_out(out: &mut impl Write, capture: &Capture) -> io::Result<()> {
    let shown = capture.packets.len() as u64;
    if shown < capture.totals.total_packets {
        writeln!(out, "... {} more that were not kept", capture.totals.total_packets - shown)?;
    }
    Ok(())
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(|c| is_visible(c) || matches!(c, '\n' | '\r' | '\t')))
}
