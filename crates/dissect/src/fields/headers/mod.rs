//! What does each byte of a frame's headers mean?
//!
//! The headers of a frame as a tree, each field with Wireshark's filter name, its place in the frame, its value and, where
//! there is one, what the value means. It goes the way of [`crate::packet::decode`] with the same openers of headers, so
//! both always agree. What the TCP payload means, [`super::of`] says; [`Field::moved`] puts it behind the headers.

mod network;
mod others;
mod transport;

use crate::cursor::Cursor;
use crate::fields::{Field, count};
use crate::reassembly::Datagram;
use crate::segment::{self, Next, Notes, Skipped};
use crate::stop::{Stop, StopLayer};
use crate::{ip, link};
use std::fmt::Display;
use std::ops::Range;
use wirelab_capture::{Frame, LinkType};

/// The headers of a frame, from the link up to the outermost TCP segment, as far as they can be read.
pub fn headers(frame: &Frame<'_>) -> Vec<Field> {
    let mut cursor = Cursor::new(frame.data, frame.wire_len);
    let mut fields = Vec::new();
    if let Err(stop) = walk(frame, &mut cursor, &mut fields) {
        let at = stop.offset.min(frame.wire_len);
        fields.push(field("_ws.malformed", "Malformed packet", at..frame.wire_len, stop));
    }
    fields
}

/// The TCP header of what came in fragments. Ranges count from the start of what they hold together.
pub fn segment(datagram: &Datagram) -> Vec<Field> {
    let len = datagram.data.len() as u32;
    let cursor = Cursor::new(&datagram.data, len);
    let network = segment::Header {
        source: datagram.source,
        destination: datagram.destination,
        protocol: datagram.protocol,
        identification: 0,
    };
    let whole = Header { bytes: &datagram.data, at: 0, end: len };
    transport::tcp(cursor, &network, len, whole).into_iter().collect()
}

/// Goes the way of [`crate::packet::decode`], and describes each header that it opened.
fn walk(frame: &Frame<'_>, cursor: &mut Cursor<'_>, fields: &mut Vec<Field>) -> Result<(), Stop> {
    let mut notes = Notes::default();
    let mut next = link::open(frame.link, cursor)?;
    fields.extend(link_header(frame.link, Header::between(frame, 0, cursor.at())));
    for _ in 0..DEEPEST {
        let begin = cursor.at();
        let opened = match next {
            Next::Ethernet => link::ethernet(cursor)?,
            Next::EtherType(ether_type) => link::ether_type(cursor, ether_type)?,
            Next::Ppp(protocol) => link::ppp(protocol),
            Next::Ip => ip::open(cursor, &mut notes)?,
            Next::Transport(header) if header.protocol == ip::TCP => {
                let whole = Header::between(frame, begin, begin + cursor.left());
                fields.push(transport::tcp(*cursor, &header, frame.wire_len, whole)?);
                trailer(begin + cursor.left(), frame, fields);
                return Ok(());
            }
            Next::Transport(header) => ip::transport(cursor, header)?,
            Next::End(skipped) => {
                end(skipped, Header::between(frame, begin, begin + cursor.left()), fields);
                trailer(begin + cursor.left(), frame, fields);
                return Ok(());
            }
        };
        let header = Header::between(frame, begin, cursor.at());
        match next {
            _ if header.range().is_empty() => {}
            Next::Ethernet => fields.push(network::ethernet(header)),
            Next::EtherType(ether_type) => fields.push(network::tag(ether_type, header)),
            Next::Ip => fields.push(network::ip(header)),
            Next::Transport(segment::Header { protocol: 17, .. }) => fields.push(transport::udp(header)),
            _ => fields.push(field("data", "Tunnel header", header.range(), bytes_of(header.range()))),
        }
        next = opened;
    }
    Err(cursor.stop(StopLayer::Tunnel, crate::packet::Problem::TooDeep { most: DEEPEST }))
}

fn link_header(link: LinkType, header: Header<'_>) -> Option<Field> {
    let (abbr, name) = match link {
        LinkType::ETHERNET => return Some(network::ethernet(header)),
        LinkType::LINUX_SLL => ("sll", "Linux cooked capture v1"),
        LinkType::LINUX_SLL2 => ("sll", "Linux cooked capture v2"),
        LinkType::NULL | LinkType::LOOP => ("null", "Null/Loopback"),
        LinkType::PPP => ("ppp", "Point-to-Point Protocol"),
        _ => return None,
    };
    Some(field(abbr, name, header.range(), bytes_of(header.range())))
}

/// What is not decoded further.
fn end(skipped: Skipped, header: Header<'_>, fields: &mut Vec<Field>) {
    let rest = header.range();
    let last = match skipped {
        Skipped::Arp => others::arp(header),
        Skipped::Udp { .. } => field("udp.payload", "UDP payload", rest.clone(), bytes_of(rest)),
        Skipped::Ip { protocol: 1, .. } => others::icmp(4, header),
        Skipped::Ip { protocol: 58, .. } => others::icmp(6, header),
        Skipped::Ip { protocol, .. } => {
            let data = field("data", "Data of another protocol", rest.clone(), bytes_of(rest));
            match network::protocol_name(protocol) {
                Some(name) => data.meaning(name),
                None => data.meaning(format_args!("IP protocol {protocol}")),
            }
        }
        Skipped::Fragment(fragment) => field("ip.fragment", "Fragment of an IP packet", rest.clone(), bytes_of(rest))
            .meaning(format_args!("bytes {} to {}", fragment.offset, fragment.offset + fragment.len)),
        Skipped::EtherType(ether_type) => field("data", "Data of another protocol", rest.clone(), bytes_of(rest))
            .meaning(format_args!("EtherType 0x{ether_type:04x}")),
        Skipped::Llc => field("llc", "Logical-Link Control", rest.clone(), bytes_of(rest)),
        Skipped::Ppp(protocol) => field("data", "Data of another protocol", rest.clone(), bytes_of(rest))
            .meaning(format_args!("PPP protocol 0x{protocol:04x}")),
        Skipped::Link(link) => {
            field("data", "Frame of a link that is not decoded", rest.clone(), bytes_of(rest)).meaning(link)
        }
        Skipped::Stop { stop, .. } => field("_ws.malformed", "Malformed packet", rest, stop),
    };
    fields.push(last);
}

fn trailer(from: u32, frame: &Frame<'_>, fields: &mut Vec<Field>) {
    if from < frame.wire_len {
        let range = from..frame.wire_len;
        fields.push(field("eth.trailer", "Padding or trailer", range.clone(), bytes_of(range)));
    }
}

fn bytes_of(range: Range<u32>) -> String {
    count(u64::from(range.end.saturating_sub(range.start)))
}

/// A field with the name that Wireshark's filters have for it.
fn field(abbr: &'static str, name: &str, range: Range<u32>, value: impl Display) -> Field {
    Field::new(name, value.to_string(), range.start as usize..range.end as usize).abbr(abbr)
}

/// The bytes of one header that were kept, and where they are in the frame.
#[derive(Clone, Copy)]
struct Header<'a> {
    bytes: &'a [u8],
    at: u32,
    end: u32,
}

impl<'a> Header<'a> {
    fn between(frame: &Frame<'a>, from: u32, to: u32) -> Header<'a> {
        let rest = frame.data.get(from as usize..).unwrap_or_default();
        let bytes = rest.get(..to.saturating_sub(from) as usize).unwrap_or(rest);
        Header { bytes, at: from, end: to }
    }

    fn range(&self) -> Range<u32> {
        self.at..self.end
    }

    /// The place of some of its bytes in the frame.
    fn place(&self, from: usize, len: usize) -> Range<u32> {
        let from = self.at + from as u32;
        from..from + len as u32
    }

    /// A number in network byte order; 0 where it was not kept.
    fn number(&self, from: usize, len: usize) -> u64 {
        let bytes = self.bytes.get(from..from + len).unwrap_or_default();
        bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    /// Whether all of it was kept.
    fn is_whole(&self) -> bool {
        self.bytes.len() as u32 == self.end - self.at
    }

    /// A field of this header whose value is a number.
    fn field(&self, abbr: &'static str, name: &'static str, from: usize, len: usize) -> Field {
        field(abbr, name, self.place(from, len), self.number(from, len))
    }

    /// A single bit of it.
    fn bit(&self, abbr: &'static str, name: &'static str, from: usize, len: usize, bit: u32) -> Field {
        let set = self.number(from, len) >> bit & 1;
        let field = field(abbr, name, self.place(from, len), set);
        if set == 1 { field.meaning("Set") } else { field.unset("Not set") }
    }
}

/// What a checksum over these bytes, itself included, says.
fn verdict(sum: u16) -> &'static str {
    if sum == 0 { "good" } else { "bad (or left to the network card)" }
}

const DEEPEST: u32 = 64;
