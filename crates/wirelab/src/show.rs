//! `wirelab show`: the packets of a capture, one by one.

use std::io::{self, BufWriter, Write};

use wirelab_analyze::model::Packet;
use wirelab_analyze::{Capture, Kind, Settings};
use wirelab_report::fields;
use wirelab_report::list::{self, Follow, Style};
use wirelab_report::{CaptureBytes, FrameBytes};

use crate::failure::{Failure, Status};
use crate::flags::Show;
use crate::{reading, terminal};

/// Prints what was asked for.
pub fn show(flags: &Show) -> Result<(), Failure> {
    let mut bytes = CaptureBytes::new(flags.limit);
    let settings = Settings { keep_packets: flags.limit, ..Settings::default() };
    let capture = reading::read(&flags.file, settings, |frame| bytes.push(frame)).map_err(Failure::failed)?;
    if let Some(number) = flags.follow.or(flags.connection)
        && capture.connections.len() <= number as usize
    {
        return Err(Failure::failed(format_args!(
            "{} has no connection {number}: they count from 0, and there are {}",
            flags.file.display(),
            capture.connections.len()
        )));
    }
    // Buffered, as a capture may have very many lines.
    let mut out = BufWriter::with_capacity(1 << 16, anstream::stdout().lock());
    terminal::written(write(&mut out, flags, &capture, &bytes)?.and_then(|()| out.flush()))?;
    let left_out = capture.totals.total_packets.saturating_sub(capture.packets.len() as u64);
    if left_out > 0 {
        terminal::say(format_args!("{left_out} more packets are not shown; --limit shows more"));
    }
    for problem in &capture.problems {
        let sentence = reading::sentence(&flags.file.display().to_string(), problem);
        terminal::say(format_args!("wirelab: {sentence}"));
    }
    if capture.problems.is_empty() { Ok(()) } else { Err(Failure::already_said(Status::Failed)) }
}

fn write(
    out: &mut impl Write,
    flags: &Show,
    capture: &Capture,
    bytes: &CaptureBytes,
) -> Result<io::Result<()>, Failure> {
    let style = Style { colour: true };
    if let Some(number) = flags.packet {
        let frame = bytes.frame(number).ok_or_else(|| {
            Failure::failed(format_args!(
                "{} has no packet {number}: they count from 1, and {} were read",
                flags.file.display(),
                capture.frames
            ))
        })?;
        return Ok(out.write_all(tree(capture, frame).as_bytes()));
    }
    if let Some(connection) = flags.follow {
        let form = if flags.hex { Follow::Hex } else { Follow::Text };
        return Ok(list::follow(out, capture, bytes, connection, form, style));
    }
    let chosen: Vec<&Packet> = capture.packets.iter().filter(|packet| is_chosen(flags, capture, packet)).collect();
    if chosen.is_empty() && !capture.packets.is_empty() {
        return Err(Failure::failed(format_args!("no packet of {} is as asked for", flags.file.display())));
    }
    Ok(if flags.json {
        list::json(out, capture, chosen)
    } else if flags.hex {
        list::hex(out, capture, bytes, chosen, style)
    } else {
        list::packets(out, capture, chosen, style)
    })
}

/// Whether a packet passes every filter.
fn is_chosen(flags: &Show, capture: &Capture, packet: &Packet) -> bool {
    let port = |port: u16| {
        let ending = format!(":{port}");
        let (source, destination) = list::ends(capture, packet);
        source.ends_with(&ending) || destination.ends_with(&ending)
    };
    flags.connection.is_none_or(|connection| packet.connection == connection)
        && flags.protocol.as_ref().is_none_or(|name| list::protocol(capture, packet).eq_ignore_ascii_case(name))
        && flags.port.is_none_or(port)
        && flags.exchange.as_ref().is_none_or(|wanted| is_of_exchange(wanted, capture, packet))
}

/// Whether a packet belongs to an exchange of this kind, this update, or with this label.
fn is_of_exchange(wanted: &str, capture: &Capture, packet: &Packet) -> bool {
    let Some(exchange) = packet.exchange.and_then(|index| capture.exchanges.get(index)) else { return false };
    let name = match exchange.index {
        Some(index) if exchange.kind == Kind::Update => format!("update {index}"),
        _ => exchange.kind.name().to_owned(),
    };
    wanted.eq_ignore_ascii_case(exchange.kind.name())
        || wanted.eq_ignore_ascii_case(&name)
        || wanted.eq_ignore_ascii_case(&exchange.label)
}

/// The fields of a packet as a tree, with the bytes that each covers.
fn tree(capture: &Capture, frame: &FrameBytes) -> String {
    let mut text = String::new();
    for field in fields::of(capture, frame) {
        field.write_tree(&mut text);
    }
    text
}
