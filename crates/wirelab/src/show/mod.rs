//! `wirelab show`: the packets of a capture, one by one.
//!
//! ```text
//! file -> walk (rows in order, a window of them) -> filter -> print (list, bytes, JSON lines)
//!                                                        \-> fields (one packet) / conversation (one connection)
//! ```

mod fields;
pub mod filter;
mod print;
mod row;
mod walk;
mod wireshark;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use wirelab_analyze::model::ExchangeName;
use wirelab_analyze::{Capture, Exchange, Finding, Protocol, Settings};
use wirelab_capture::Frame;
use wirelab_report::CaptureBytes;
use wirelab_report::header_cuts::{Before, HeaderCuts};
use wirelab_report::list::{self, Follow};
use wirelab_report::text::Colours;

pub use row::{Keep, Row};
pub use walk::{Go, walk};

use crate::failure::{Failure, Status};
use crate::flags::Show;
use crate::show::filter::Filter;
use crate::{reading, terminal};
use filter::Named;
use print::Form;

/// Prints what was asked for.
pub fn show(flags: &Show) -> Result<(), Failure> {
    let capture = match (flags.packet, flags.follow) {
        (Some(number), _) => one_packet(flags, number)?,
        (None, Some(connection)) => conversation(flags, connection)?,
        (None, None) => packets(flags)?,
    };
    // What the list does not say of itself: why reading ended early.
    if reading::is_whole(&flags.file, &capture) { Ok(()) } else { Err(Failure::already_said(Status::Failed)) }
}

/// The list: a line a packet, with bytes or as JSON where asked for.
fn packets(flags: &Show) -> Result<Capture, Failure> {
    let filter = filter(flags)?;
    let mut out = out();
    let form = match (flags.json, flags.hex) {
        (true, _) => Form::Json,
        (false, true) => Form::Hex,
        (false, false) => Form::List,
    };
    let mut printer = print::Printer::new(form, colours());
    // Whoever watches a recorder wants each packet as it comes.
    let at_once = is_standard_input(&flags.file);
    let mut left = flags.limit.unwrap_or(u64::MAX);
    let mut seen = 0;
    let capture = walk(&flags.file, if flags.hex { Keep::Bytes } else { Keep::Words }, |row| {
        seen += 1;
        if !filter.matches(&row) {
            return Ok(Go::On);
        }
        let written = printer.print(&mut out, &row).and_then(|()| if at_once { out.flush() } else { Ok(()) });
        terminal::written(written)?;
        left -= 1;
        Ok(if left == 0 { Go::Stop } else { Go::On })
    })?;
    terminal::written(out.flush())?;
    if let Some(connection) = flags.connection
        && left > 0
    {
        has_connection(&flags.file, &capture, connection)?;
    }
    if printer.count() == 0 && seen > 0 {
        return Err(Failure::failed(format_args!(
            "none of the {seen} packets of {} is as asked for",
            shown(&flags.file)
        )));
    }
    Ok(capture)
}

/// The fields of one packet.
fn one_packet(flags: &Show, number: u64) -> Result<Capture, Failure> {
    let (mut found, mut seen) = (None, 0);
    let mut cuts = HeaderCuts::default();
    let capture = walk(&flags.file, Keep::Bytes, |row| {
        seen = row.number;
        if row.number < number {
            if let Some(packet) = &row.packet
                && row.spoken == Protocol::WebSocket
            {
                cuts.see(packet, row.payload());
            }
            return Ok(Go::On);
        }
        found = Some(row);
        Ok(Go::Stop)
    })?;
    let Some(row) = found else {
        return Err(Failure::failed(format_args!(
            "{} has no packet {number}: they count from 1, and {seen} were read",
            shown(&flags.file)
        )));
    };
    let header = row.packet.as_ref().map_or(Before::Nothing, |packet| cuts.before(packet));
    let said = fields::said(&row, &capture, &header, evidence_of(&flags.file, number)?);
    let mut out = out();
    let written = if flags.json {
        fields::json(&mut out, &row, said)
    } else {
        fields::tree(&mut out, &row, &said, flags.hex, colours())
    };
    terminal::written(written.and_then(|()| out.flush()))?;
    Ok(capture)
}

/// What a packet is evidence of. What was found in a capture is known only at its end, so that it is read once more; of what
/// can be read only once it is not known.
fn evidence_of(file: &Path, number: u64) -> Result<Vec<Finding>, Failure> {
    if !fs::metadata(file).is_ok_and(|file| file.is_file()) {
        return Ok(Vec::new());
    }
    let settings = Settings { limit: MOST_EXCHANGES, ..Settings::default() };
    let mut findings = reading::read(file, settings).map_err(Failure::failed)?.findings;
    findings.retain(|finding| finding.packets.binary_search(&number).is_ok());
    Ok(findings)
}

/// What both sides of a connection said.
fn conversation(flags: &Show, connection: u32) -> Result<Capture, Failure> {
    let (mut bytes, mut packets, mut kept) = (CaptureBytes::new(usize::MAX, usize::MAX), Vec::new(), 0);
    let mut capture = walk(&flags.file, Keep::Bytes, |row| {
        let (Some(packet), Some(frame)) = (&row.packet, &row.kept) else { return Ok(Go::On) };
        if packet.connection != connection || packet.app_len == 0 {
            return Ok(Go::On);
        }
        let data = row.data();
        bytes.push(&Frame { data, ..frame.frame(&row) });
        kept += data.len() + PACKET_COST;
        packets.push(packet.clone());
        Ok(if kept > MOST_KEPT { Go::Stop } else { Go::On })
    })?;
    has_connection(&flags.file, &capture, connection)?;
    capture.packets = packets;
    let form = if flags.hex { Follow::Hex } else { Follow::Text };
    let mut out = out();
    let written = list::follow(&mut out, &capture, &bytes, connection, form, colours());
    terminal::written(written.and_then(|()| out.flush()))?;
    if kept > MOST_KEPT {
        terminal::say(format_args!(
            "wirelab: this conversation is long: what its first {} packets say is shown; `wirelab show FILE --connection {connection} --hex` lists all of them",
            capture.packets.len()
        ));
    }
    Ok(capture)
}

fn has_connection(file: &Path, capture: &Capture, connection: u32) -> Result<(), Failure> {
    match capture.connections.len() {
        count if count > connection as usize => Ok(()),
        0 => Err(Failure::failed(format_args!("{} has no connections: there is no TCP in it", shown(file)))),
        count => Err(Failure::failed(format_args!(
            "{} has no connection {connection}: they count from 0, and there are {count}",
            shown(file)
        ))),
    }
}

/// All that the flags ask for at once.
fn filter(flags: &Show) -> Result<Filter, Failure> {
    let mut filter = flags.filter.clone().unwrap_or(Filter::Any);
    if let Some(connection) = flags.connection.map(u64::from) {
        filter = filter.and(Filter::Connection(connection..=connection));
    }
    if let Some(protocol) = flags.protocol {
        filter = filter.and(Filter::Protocol(protocol));
    }
    if let Some(port) = flags.port.map(u64::from) {
        filter = filter.and(Filter::Port(port..=port));
    }
    if let Some(exchange) = &flags.exchange {
        filter = filter.and(Filter::exchange(exchange));
    }
    if !filter.needs_names() {
        return Ok(filter);
    }
    if is_standard_input(&flags.file) {
        return Err(Failure::usage(
            "which exchanges have such a name is known only at the end, and standard input can be read only once; save \
             it to a file first, or give an exchange's number",
        ));
    }
    let settings = Settings { limit: MOST_EXCHANGES, ..Settings::default() };
    let capture = reading::read(&flags.file, settings).map_err(Failure::failed)?;
    Ok(filter.with_names(&|words| exchanges_called(words, &capture)))
}

/// The exchanges of this kind, the update of this number, or those with this label.
fn exchanges_called(words: &str, capture: &Capture) -> Named {
    let name: Option<ExchangeName> = words.parse().ok();
    let is_called = |exchange: &Exchange| {
        name.is_some_and(|name| name.is_of(exchange)) || exchange.label.eq_ignore_ascii_case(words)
    };
    let mut named = Named::default();
    for exchange in capture.exchanges.iter().filter(|exchange| is_called(exchange)) {
        named.exchanges.extend(usize::try_from(exchange.order()));
        named.packets.extend(exchange.shared_packets());
    }
    named
}

/// Standard output, buffered, as a capture may have very many lines.
fn out() -> impl Write {
    BufWriter::with_capacity(1 << 16, anstream::stdout().lock())
}

fn colours() -> Colours {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => Colours::None,
        _ => Colours::Ansi,
    }
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

fn shown(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

/// Of a conversation so many bytes are kept before it is shown.
const MOST_KEPT: usize = 32 << 20;
/// What a packet takes up besides its bytes.
const PACKET_COST: usize = 400;
/// Names are looked for in so many exchanges.
pub const MOST_EXCHANGES: usize = 1 << 20;
