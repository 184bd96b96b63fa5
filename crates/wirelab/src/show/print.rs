//! How do the packets of a list look: lines, bytes, JSON?

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::Style;
use serde::{Serialize, Serializer};
use wirelab_analyze::model::{Column, Packet, Tally};
use wirelab_dissect::tcp::Flags;
use wirelab_dissect::visible::visible;
use wirelab_report::list::{self, CLIENT, SERVER};
use wirelab_report::text::Colours;
use wirelab_report::{PacketProtocol, json};

use super::row::Row;

/// What is written for a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    List,
    /// A line, and its bytes below.
    Hex,
    /// A JSON object on a line.
    Json,
}

/// Writes packets, one by one.
pub struct Printer {
    form: Form,
    colours: Colours,
    /// Widths of the two columns for addresses: they grow as wider ones come.
    widths: [usize; 2],
    count: u64,
}

impl Printer {
    pub fn new(form: Form, colours: Colours) -> Printer {
        Printer { form, colours, widths: [LEAST_WIDTH; 2], count: 0 }
    }

    /// How many were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Writes the next packet; before the first one, what the columns are.
    pub fn print(&mut self, out: &mut impl Write, row: &Row) -> io::Result<()> {
        self.count += 1;
        if self.form == Form::Json {
            return json::write_line(&JsonLine::of(row), out);
        }
        for (width, end) in self.widths.iter_mut().zip([&row.source, &row.destination]) {
            *width = (*width).max(end.len());
        }
        if self.count == 1 {
            self.heading(out)?;
        }
        self.line(out, row)?;
        for comment in &row.comments {
            writeln!(out, "      comment: {}", visible(comment))?;
        }
        if self.form == Form::Hex {
            let data = row.kept.as_ref().map_or(&[][..], |kept| &kept.data);
            list::hex_lines(out, data)?;
            let cut = row.frame_len.saturating_sub(row.captured);
            if cut > 0 {
                writeln!(out, "      {cut} more bytes on the wire were not captured")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn heading(&self, out: &mut impl Write) -> io::Result<()> {
        let [source, destination] = self.widths;
        let (number, time, length) = ("No.", "Time", "Length");
        let heading = format!(
            "{number:>6} {time:>11}  {:<source$}   {:<destination$}  {:<9} {length:>6}  {:>8}  Info",
            "Source", "Destination", "Protocol", "Exchange"
        );
        self.painted(out, Style::new().bold(), &heading)
    }

    fn line(&self, out: &mut impl Write, row: &Row) -> io::Result<()> {
        let [source, destination] = self.widths;
        // By its number: what it is called, the end of the capture decides.
        let exchange = row.packet.as_ref().and_then(|packet| packet.exchange);
        let exchange = exchange.map_or(String::new(), |exchange| exchange.to_string());
        let line = format!(
            "{:>6} {:>11.6}  {:<source$} \u{2192} {:<destination$}  {:<9} {:>6}  {exchange:>8}  {}",
            row.number,
            row.time_s,
            row.source,
            row.destination,
            row.protocol,
            row.frame_len,
            visible(&row.info)
        );
        self.painted(out, ansi(row), line.trim_end())
    }

    fn painted(&self, out: &mut impl Write, style: Style, text: &str) -> io::Result<()> {
        writeln!(out, "{}", self.colours.paint(style, text))
    }
}

/// Red from the client, blue from the server, dim without payload.
fn ansi(row: &Row) -> Style {
    match &row.packet {
        Some(Packet { from_client: true, app_len: 1.., .. }) => CLIENT,
        Some(Packet { from_client: true, .. }) => CLIENT.dimmed(),
        Some(Packet { app_len: 1.., .. }) => SERVER,
        Some(_) => SERVER.dimmed(),
        None => Style::new(),
    }
}

/// A packet as a program reads it. What it does not have is left out.
#[derive(Serialize)]
pub struct JsonLine<'a> {
    number: u64,
    time_s: f64,
    source: &'a str,
    destination: &'a str,
    protocol: PacketProtocol,
    frame_bytes: u32,
    captured_bytes: u32,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    tcp: Option<JsonTcp>,
    info: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    comments: &'a [String],
}

/// Of a TCP packet, what the analysis says.
#[derive(Serialize)]
struct JsonTcp {
    connection: u32,
    exchange: Option<usize>,
    from_client: bool,
    #[serde(flatten)]
    bytes: JsonBytes,
    #[serde(serialize_with = "displayed")]
    flags: Flags,
    seq: u64,
    ack: Option<u64>,
    window: u16,
    analysis: Option<String>,
}

/// Its bytes in the columns that add up to the frame.
struct JsonBytes(Tally);

impl Serialize for JsonBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Column::SUMMANDS.map(|column| (column.name(), column.of(&self.0))))
    }
}

impl<'a> JsonLine<'a> {
    pub fn of(row: &'a Row) -> JsonLine<'a> {
        JsonLine {
            number: row.number,
            time_s: row.time_s,
            source: &row.source,
            destination: &row.destination,
            protocol: row.protocol,
            frame_bytes: row.frame_len,
            captured_bytes: row.captured,
            tcp: row.packet.as_ref().map(|packet| JsonTcp {
                connection: packet.connection,
                exchange: packet.exchange,
                from_client: packet.from_client,
                bytes: JsonBytes(packet.tally()),
                flags: packet.flags,
                seq: packet.seq,
                ack: packet.ack,
                window: packet.window,
                analysis: packet.analysis.map(|name| name.to_string()),
            }),
            info: &row.info,
            comments: &row.comments,
        }
    }
}

fn displayed<S: Serializer>(what: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(what)
}

/// Room for an IPv4 address with its port, so that the columns seldom move.
const LEAST_WIDTH: usize = 21;
