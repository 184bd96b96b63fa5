//! The packets of a capture in a terminal: a list, their bytes, and what the two ends said.
//!
//! ```text
//!     17  10.268215  client → server  WebSocket    80  text "get-time" masked
//! ```

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use wirelab_analyze::model::{Capture, Packet, Protocol};
use wirelab_dissect::visible::{is_visible, visible};

use crate::bytes::CaptureBytes;
use crate::numbers::with_plain_spaces;
use crate::packet_protocol::PacketProtocol;
use crate::spoken_frames::SpokenFrames;
use crate::text::Colours;
use crate::transcript::{self, is_content};

/// How a conversation is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// As text; what is not text as dots.
    Text,
    /// In hexadecimal with the text beside.
    Hex,
}

/// The packet list: number, time, source, destination, protocol, length, what it says.
///
/// # Errors
/// Where `out` cannot be written.
pub fn packets<'a>(
    out: &mut impl Write,
    capture: &Capture,
    packets: impl IntoIterator<Item = &'a Packet>,
    colours: Colours,
) -> io::Result<()> {
    let width = endpoint_width(capture);
    for packet in packets {
        line(out, capture, packet, width, colours)?;
    }
    Ok(())
}

/// The same, each packet followed by its bytes.
///
/// # Errors
/// Where `out` cannot be written.
pub fn hex<'a>(
    out: &mut impl Write,
    capture: &Capture,
    bytes: &CaptureBytes,
    packets: impl IntoIterator<Item = &'a Packet>,
    colours: Colours,
) -> io::Result<()> {
    let width = endpoint_width(capture);
    for packet in packets {
        line(out, capture, packet, width, colours)?;
        match bytes.frame(packet.number) {
            Some(frame) => {
                hex_lines(out, &frame.data)?;
                let cut = u64::from(packet.frame_len).saturating_sub(frame.data.len() as u64);
                if cut > 0 {
                    writeln!(out, "      {cut} more bytes on the wire were not captured")?;
                }
            }
            None => writeln!(out, "      its bytes were not kept")?,
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What was said on a connection: the client's words and the server's, told apart by an arrow and by colour.
///
/// # Errors
/// Where `out` cannot be written.
pub fn follow(
    out: &mut impl Write,
    capture: &Capture,
    bytes: &CaptureBytes,
    connection: u32,
    form: Follow,
    colours: Colours,
) -> io::Result<()> {
    let Some(ends) = capture.connections.get(connection as usize) else { return Ok(()) };
    writeln!(out, "connection {connection}: client {}, server {}, {}", ends.client, ends.server, ends.protocol)?;
    let mut frames = (ends.protocol == Protocol::WebSocket).then(SpokenFrames::new);
    for turn in transcript::turns(capture, bytes, connection) {
        let who = if turn.from_client { CLIENT } else { SERVER };
        let arrow = if turn.from_client { ">" } else { "<" };
        let numbers: Vec<String> = turn.packets.iter().map(u64::to_string).collect();
        let noun = if numbers.len() == 1 { "packet" } else { "packets" };
        let side = if turn.from_client { "client" } else { "server" };
        writeln!(out)?;
        let head = format!("{arrow} {side}, {noun} {}, {} bytes", numbers.join(" "), turn.bytes.len());
        writeln!(out, "{}", colours.paint(who.bold(), &head))?;
        match form {
            Follow::Hex => hex_lines(out, &turn.bytes)?,
            Follow::Text => {
                let mut say = |said: &str| {
                    let mut lines = said.lines();
                    lines.try_for_each(|said| writeln!(out, "{}", colours.paint(who, &format!("  {said}"))))
                };
                match (turn.content(), frames.as_mut().and_then(|frames| frames.read(&turn))) {
                    (None, Some(frames)) => say(&frames)?,
                    (None, None) => say(&readable(&turn.bytes))?,
                    (Some(content), _) => {
                        let before = turn.runs().take_while(|(layer, _)| !is_content(*layer));
                        say(&readable(&before.flat_map(|(_, run)| run).copied().collect::<Vec<_>>()))?;
                        say(&readable(&content.plain.bytes))?;
                        writeln!(out, "  ({})", with_plain_spaces(&content.describe()))?;
                    }
                }
            }
        }
        if turn.missing > 0 {
            writeln!(out, "  {} bytes of this were not captured", turn.missing)?;
        }
    }
    Ok(())
}

/// Who sent a packet, and to whom.
fn ends(capture: &Capture, packet: &Packet) -> (String, String) {
    match capture.connections.get(packet.connection as usize) {
        Some(connection) if packet.from_client => (connection.client.to_string(), connection.server.to_string()),
        Some(connection) => (connection.server.to_string(), connection.client.to_string()),
        None => ("?".to_owned(), "?".to_owned()),
    }
}

/// The protocol of a packet.
fn protocol(capture: &Capture, packet: &Packet) -> PacketProtocol {
    let connection = capture.connections.get(packet.connection as usize);
    PacketProtocol::of(packet, connection.map_or(Protocol::None, |connection| connection.protocol))
}

fn line(out: &mut impl Write, capture: &Capture, packet: &Packet, width: usize, colours: Colours) -> io::Result<()> {
    let (source, destination) = ends(capture, packet);
    let who = if packet.from_client { CLIENT } else { SERVER };
    let who = if packet.app_len == 0 { who.dimmed() } else { who };
    let text = format!(
        "{:>5} {:>11.6}  {source:<width$} \u{2192} {destination:<width$}  {:<9} {:>5}  {}",
        packet.number,
        packet.time_s,
        protocol(capture, packet),
        packet.frame_len,
        described(packet),
    );
    writeln!(out, "{}", colours.paint(who, text.trim_end()))
}

/// What a packet says, with what Wireshark would call it.
pub fn described(packet: &Packet) -> String {
    let info = packet.info();
    let info = visible(&info);
    match packet.analysis {
        Some(name) => format!("[{name}] {info}"),
        None => info.into_owned(),
    }
}

fn endpoint_width(capture: &Capture) -> usize {
    capture
        .connections
        .iter()
        .flat_map(|one| [one.client, one.server])
        .map(|end| end.to_string().len())
        .max()
        .unwrap_or(0)
}

/// Bytes in lines of 16: offset, hexadecimal, text.
///
/// # Errors
/// Where `out` cannot be written.
pub fn hex_lines(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    for (at, row) in bytes.chunks(16).enumerate() {
        let mut digits = String::with_capacity(50);
        for (place, byte) in row.iter().enumerate() {
            digits.push_str(if place == 8 { "  " } else { " " });
            digits.push_str(&format!("{byte:02x}"));
        }
        let text: String = row.iter().map(|&byte| shown(byte)).collect();
        writeln!(out, "      {:04x} {digits:<50}  {text}", at * 16)?;
    }
    Ok(())
}

/// A byte as a reader may see it: itself where it prints, else a dot.
pub fn shown(byte: u8) -> char {
    if (0x20..0x7f).contains(&byte) { char::from(byte) } else { '.' }
}

/// Payload as text: UTF-8 where it is, else printable ASCII with dots; line ends stay, what else is none to see is a dot.
pub fn readable(bytes: &[u8]) -> String {
    let clean = |c: char| if is_visible(c) || matches!(c, '\n' | '\t') { c } else { '.' };
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace("\r\n", "\n").chars().map(clean).collect(),
        Err(_) => {
            let text: String = bytes
                .iter()
                .map(|&b| if matches!(b, b'\n' | b'\r' | b'\t') { char::from(b) } else { shown(b) })
                .collect();
            text.replace("\r\n", "\n").chars().map(clean).collect()
        }
    }
}

/// The client's words: red, as Wireshark has them.
pub const CLIENT: Style = AnsiColor::Red.on_default();
/// The server's words: blue.
pub const SERVER: Style = AnsiColor::Blue.on_default();
