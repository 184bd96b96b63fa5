//! The fields of TCP and UDP.

use super::network::hex16;
use super::{Header, bytes_of, field, verdict};
use crate::build::transport_checksum;
use crate::cursor::Cursor;
use crate::fields::Field;
use crate::ip;
use crate::segment::{self, Notes};
use crate::stop::Stop;
use crate::tcp::{self, TcpOption, options};

/// A TCP segment: its header, options and payload. `whole` is the segment with its payload.
pub(super) fn tcp(
    cursor: Cursor<'_>,
    network: &segment::Header,
    wire_len: u32,
    whole: Header<'_>,
) -> Result<Field, Stop> {
    let segment = tcp::segment(cursor, wire_len, network, Notes::default())?;
    let header_len = segment.header_len as usize;
    let sum = field("tcp.checksum", "Checksum", whole.place(16, 2), hex16(whole.number(16, 2)));
    let meaning = if whole.is_whole() {
        verdict(transport_checksum(network.source, network.destination, ip::TCP, whole.bytes))
    } else {
        "unverified: the frame was cut"
    };
    let mut children = vec![
        whole.field("tcp.srcport", "Source port", 0, 2),
        whole.field("tcp.dstport", "Destination port", 2, 2),
        whole.field("tcp.seq_raw", "Sequence number", 4, 4),
        whole.field("tcp.ack_raw", "Acknowledgment number", 8, 4),
        field("tcp.hdr_len", "Header length", whole.place(12, 1), header_len).meaning("bytes"),
        flags(whole, segment.flags),
        whole.field("tcp.window_size_value", "Window", 14, 2),
        sum.meaning(meaning),
        whole.field("tcp.urgent_pointer", "Urgent pointer", 18, 2),
    ];
    if header_len > 20 {
        let place = whole.place(20, header_len - 20);
        let list = options_of(segment.options, place.start);
        children.push(field("tcp.options", "Options", place.clone(), bytes_of(place)).with(list));
    }
    if segment.payload_len > 0 {
        let place = whole.place(header_len, segment.payload_len as usize);
        children.push(field("tcp.payload", "Payload", place.clone(), bytes_of(place)));
    }
    Ok(field("tcp", "Transmission Control Protocol", whole.place(0, header_len), segment.flags).with(children))
}

fn flags(header: Header<'_>, flags: tcp::Flags) -> Field {
    let bits = [
        ("tcp.flags.ae", "Accurate ECN", 8),
        ("tcp.flags.cwr", "Congestion window reduced", 7),
        ("tcp.flags.ece", "ECN-Echo", 6),
        ("tcp.flags.urg", "Urgent", 5),
        ("tcp.flags.ack", "Acknowledgment", 4),
        ("tcp.flags.push", "Push", 3),
        ("tcp.flags.reset", "Reset", 2),
        ("tcp.flags.syn", "Syn", 1),
        ("tcp.flags.fin", "Fin", 0),
    ];
    let children = bits.map(|(abbr, name, bit)| header.bit(abbr, name, 12, 2, bit)).to_vec();
    let value = format!("0x{:03x}", flags.0);
    field("tcp.flags", "Flags", header.place(12, 2), value).meaning(flags).with(children)
}

fn options_of(raw: &[u8], begin: u32) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut iterator = options(raw);
    let mut from = 0;
    while let Some(option) = iterator.next() {
        let to = if let TcpOption::Malformed { .. } = option { raw.len() } else { iterator.position() };
        let place = begin + from as u32..begin + to as u32;
        fields.push(match option {
            TcpOption::NoOperation => field("tcp.options.nop", "No operation", place, 1),
            TcpOption::MaximumSegmentSize(size) => {
                field("tcp.options.mss_val", "Maximum segment size", place, size).meaning("bytes")
            }
            TcpOption::WindowScale(shift) => field("tcp.options.wscale.shift", "Window scale", place, shift)
                .meaning(format_args!("the window counts {} bytes", 1u64 << shift.min(14))),
            TcpOption::SackPermitted => field("tcp.options.sack_perm", "Selective acknowledgment permitted", place, 1),
            TcpOption::Sack(blocks) => {
                let blocks: Vec<String> = blocks.iter().map(|(from, to)| format!("{from}-{to}")).collect();
                field("tcp.options.sack", "Selective acknowledgment", place, blocks.join(" "))
            }
            TcpOption::Timestamps { value, echo } => {
                let (first, second) = (place.start + 2..place.start + 6, place.start + 6..place.start + 10);
                field("tcp.options.timestamp", "Timestamps", place, format_args!("{value}, {echo}")).with(vec![
                    field("tcp.options.timestamp.tsval", "Timestamp value", first, value),
                    field("tcp.options.timestamp.tsecr", "Timestamp echo reply", second, echo),
                ])
            }
            TcpOption::Unknown { kind, data } => field("tcp.options.unknown", "Unknown option", place, kind)
                .meaning(format_args!("{} bytes of content", data.len())),
            TcpOption::Malformed { kind, length } => field("tcp.options.malformed", "Malformed option", place, kind)
                .meaning(format_args!("it says that it has {length} bytes")),
        });
        from = to;
    }
    if from < raw.len() {
        fields.push(field("tcp.options.eol", "End of options", begin + from as u32..begin + raw.len() as u32, 0));
    }
    fields
}

/// The eight bytes of UDP.
pub(super) fn udp(header: Header<'_>) -> Field {
    let sum = field("udp.checksum", "Checksum", header.place(6, 2), hex16(header.number(6, 2)));
    let children = vec![
        header.field("udp.srcport", "Source port", 0, 2),
        header.field("udp.dstport", "Destination port", 2, 2),
        header.field("udp.length", "Length", 4, 2),
        sum.meaning("unverified"),
    ];
    field("udp", "User Datagram Protocol", header.range(), bytes_of(header.range())).with(children)
}
