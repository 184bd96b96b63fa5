//! What each byte of a packet says: fields by name, with value and meaning.

use std::net::{Ipv4Addr, Ipv6Addr};

use wirelab_analyze::model::{Capture, Packet};

use crate::html::layer::Layer;
use crate::html::svg::escape_into;
use crate::transcript;

/// One field of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The layer whose colour it has.
    pub layer: Layer,
    /// How deep it stands: 0 is a header, 1 a field of it, 2 a part of that.
    pub depth: u8,
    /// Its name in the standard's words.
    pub name: String,
    /// What it says here.
    pub value: String,
    /// Its first byte in the frame.
    pub from: usize,
    /// Its length in bytes; a field of some bits has the length of the byte they are in.
    pub len: usize,
}

/// The fields of a packet.
pub fn of(capture: &Capture, packet: &Packet, frame: &crate::FrameBytes) -> Vec<Field> {
    let mut fields = Fields { data: &frame.data, list: Vec::new() };
    let payload = packet.payload_offset as usize;
    let tcp = payload.saturating_sub(packet.tcp_len as usize);
    fields.below(frame.link, tcp);
    fields.tcp(tcp, packet);
    crate::html::payload::add(&mut fields.list, capture, packet, transcript::payload(packet, frame));
    fields.list
}

/// The fields as HTML: a list a header, each field with the bytes it covers.
pub fn render(fields: &[Field]) -> String {
    let mut html = String::new();
    let mut open = false;
    for field in fields {
        if field.depth == 0 {
            if open {
                html.push_str("</dl>");
            }
            html.push_str(&format!(
                "<p class=\"g {}\" data-r=\"{}+{}\"><b>",
                field.layer.class(),
                field.from,
                field.len
            ));
            escape_into(&mut html, &field.name);
            html.push_str("</b> ");
            escape_into(&mut html, &field.value);
            html.push_str("</p>");
            open = false;
            continue;
        }
        if !open {
            html.push_str("<dl>");
            open = true;
        }
        let deep = if field.depth > 1 { " class=\"s\"" } else { "" };
        html.push_str(&format!("<div{deep} data-r=\"{}+{}\"><dt>", field.from, field.len));
        escape_into(&mut html, &field.name);
        html.push_str("</dt><dd>");
        escape_into(&mut html, &field.value);
        html.push_str("</dd></div>");
    }
    if open {
        html.push_str("</dl>");
    }
    html
}

/// A frame being named.
struct Fields<'a> {
    data: &'a [u8],
    list: Vec<Field>,
}

impl Fields<'_> {
    fn add(&mut self, layer: Layer, depth: u8, name: &str, value: String, from: usize, len: usize) {
        self.list.push(Field { layer, depth, name: name.to_owned(), value, from, len });
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.data.get(at).copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.data.get(at..at.checked_add(2)?)?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.data.get(at..at.checked_add(4)?)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }

    /// Link and IP headers, up to the TCP header. What is not plain Ethernet with IP is named as a whole.
    fn below(&mut self, link: wirelab_capture::LinkType, tcp: usize) {
        if self.list_below(link, tcp).is_none() {
            self.list.clear();
            self.add(Layer::Lower, 0, "Link and IP", format!("{tcp} bytes of headers below TCP ({link})"), 0, tcp);
        }
    }

    fn list_below(&mut self, link: wirelab_capture::LinkType, tcp: usize) -> Option<()> {
        let mut at = 0;
        if link == wirelab_capture::LinkType::ETHERNET {
            at = self.ethernet()?;
        } else if link != wirelab_capture::LinkType::RAW {
            return None;
        }
        match self.byte(at)? >> 4 {
            4 => self.ipv4(at, tcp),
            6 => self.ipv6(at, tcp),
            _ => None,
        }
    }

    fn ethernet(&mut self) -> Option<usize> {
        let mac = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
        let mut at = 12;
        while matches!(self.u16(at)?, 0x8100 | 0x88a8) {
            at += 4;
        }
        let kind = self.u16(at)?;
        let (to, from) = (mac(self.data.get(0..6)?), mac(self.data.get(6..12)?));
        self.add(Layer::Lower, 0, "Ethernet", format!("{} bytes (IEEE 802.3)", at + 2), 0, at + 2);
        self.add(Layer::Lower, 1, "Destination", to, 0, 6);
        self.add(Layer::Lower, 1, "Source", from, 6, 6);
        for tag in (12..at).step_by(4) {
            let id = self.u16(tag + 2)? & 0xfff;
            self.add(Layer::Lower, 1, "VLAN", format!("{id} (802.1Q tag)"), tag, 4);
        }
        let name = match kind {
            0x0800 => "IPv4",
            0x86dd => "IPv6",
            _ => return None,
        };
        self.add(Layer::Lower, 1, "Type", format!("{name} (0x{kind:04x})"), at, 2);
        Some(at + 2)
    }

    fn ipv4(&mut self, at: usize, tcp: usize) -> Option<()> {
        let head = usize::from(self.byte(at)? & 15) * 4;
        if at + head != tcp || self.byte(at + 9)? != 6 {
            return None;
        }
        let total = self.u16(at + 2)?;
        self.add(Layer::Lower, 0, "IPv4", format!("{head} bytes (RFC 791)"), at, head);
        self.add(Layer::Lower, 1, "Version, header length", format!("4, {head} bytes"), at, 1);
        self.add(Layer::Lower, 1, "DSCP, ECN", format!("0x{:02x}", self.byte(at + 1)?), at + 1, 1);
        self.add(
            Layer::Lower,
            1,
            "Total length",
            format!("{total}: {head} here, {} for TCP and its payload", usize::from(total).saturating_sub(head)),
            at + 2,
            2,
        );
        self.add(Layer::Lower, 1, "Identification", self.u16(at + 4)?.to_string(), at + 4, 2);
        let flags = self.u16(at + 6)?;
        let may = if flags & 0x4000 != 0 { "don't fragment" } else { "may be fragmented" };
        self.add(Layer::Lower, 1, "Flags, fragment offset", format!("{may}, {}", (flags & 0x1fff) * 8), at + 6, 2);
        self.add(Layer::Lower, 1, "Time to live", format!("{} hops", self.byte(at + 8)?), at + 8, 1);
        self.add(Layer::Lower, 1, "Protocol", "6, TCP".to_owned(), at + 9, 1);
        self.add(Layer::Lower, 1, "Header checksum", format!("0x{:04x}", self.u16(at + 10)?), at + 10, 2);
        self.add(Layer::Lower, 1, "Source", Ipv4Addr::from(self.u32(at + 12)?).to_string(), at + 12, 4);
        self.add(Layer::Lower, 1, "Destination", Ipv4Addr::from(self.u32(at + 16)?).to_string(), at + 16, 4);
        if head > 20 {
            self.add(Layer::Lower, 1, "Options", format!("{} bytes", head - 20), at + 20, head - 20);
        }
        Some(())
    }

    fn ipv6(&mut self, at: usize, tcp: usize) -> Option<()> {
        if at + 40 > tcp {
            return None;
        }
        let address = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).to_string());
        let length = self.u16(at + 4)?;
        let (source, destination) =
            (address(self.data.get(at + 8..at + 24)?)?, address(self.data.get(at + 24..at + 40)?)?);
        self.add(Layer::Lower, 0, "IPv6", format!("{} bytes (RFC 8200)", tcp - at), at, tcp - at);
        self.add(Layer::Lower, 1, "Version, class, flow label", format!("0x{:08x}", self.u32(at)?), at, 4);
        self.add(Layer::Lower, 1, "Payload length", length.to_string(), at + 4, 2);
        self.add(Layer::Lower, 1, "Next header", self.byte(at + 6)?.to_string(), at + 6, 1);
        self.add(Layer::Lower, 1, "Hop limit", self.byte(at + 7)?.to_string(), at + 7, 1);
        self.add(Layer::Lower, 1, "Source", source, at + 8, 16);
        self.add(Layer::Lower, 1, "Destination", destination, at + 24, 16);
        if tcp > at + 40 {
            self.add(Layer::Lower, 1, "Extension headers", format!("{} bytes", tcp - at - 40), at + 40, tcp - at - 40);
        }
        Some(())
    }

    /// The TCP header (RFC 9293, section 3.1).
    fn tcp(&mut self, at: usize, packet: &Packet) {
        let len = packet.tcp_len as usize;
        self.add(Layer::Tcp, 0, "TCP", format!("{len} bytes (RFC 9293)"), at, len);
        if self.tcp_fields(at, packet).is_none() {
            self.add(Layer::Tcp, 1, "Header", "cut short by the snap length".to_owned(), at, len);
        }
    }

    fn tcp_fields(&mut self, at: usize, packet: &Packet) -> Option<()> {
        self.add(Layer::Tcp, 1, "Source port", self.u16(at)?.to_string(), at, 2);
        self.add(Layer::Tcp, 1, "Destination port", self.u16(at + 2)?.to_string(), at + 2, 2);
        let seq = self.u32(at + 4)?;
        self.add(Layer::Tcp, 1, "Sequence number", format!("{} (raw {seq})", packet.seq), at + 4, 4);
        let raw = self.u32(at + 8)?;
        let ack = match packet.ack {
            Some(ack) => format!("{ack} (raw {raw}): the next byte expected"),
            None => format!("{raw}, no meaning without ACK"),
        };
        self.add(Layer::Tcp, 1, "Acknowledgement number", ack, at + 8, 4);
        self.add(Layer::Tcp, 1, "Data offset", format!("{} bytes of header", packet.tcp_len), at + 12, 1);
        self.add(Layer::Tcp, 1, "Flags", flags(&packet.flags), at + 13, 1);
        self.add(Layer::Tcp, 1, "Window", format!("{} (before scaling)", packet.window), at + 14, 2);
        self.add(Layer::Tcp, 1, "Checksum", format!("0x{:04x}", self.u16(at + 16)?), at + 16, 2);
        self.add(Layer::Tcp, 1, "Urgent pointer", self.u16(at + 18)?.to_string(), at + 18, 2);
        self.options(at + 20, at + packet.tcp_len as usize)
    }

    fn options(&mut self, mut at: usize, end: usize) -> Option<()> {
        while at < end {
            let kind = self.byte(at)?;
            if kind == 0 {
                self.add(Layer::Tcp, 1, "Option: end of list", "padding follows".to_owned(), at, end - at);
                return Some(());
            }
            if kind == 1 {
                let run = self.data.get(at..end)?.iter().take_while(|&&byte| byte == 1).count();
                self.add(
                    Layer::Tcp,
                    1,
                    "Option: no-operation",
                    format!("{run} \u{d7}, keeps the next one aligned"),
                    at,
                    run,
                );
                at += run;
                continue;
            }
            let len = usize::from(self.byte(at + 1)?).clamp(2, end - at);
            let (name, value) = match kind {
                2 => ("maximum segment size", format!("{} bytes of payload at most", self.u16(at + 2)?)),
                3 => ("window scale", format!("window \u{d7} {}", 1_u32 << self.byte(at + 2)?.min(14))),
                4 => ("SACK permitted", "may acknowledge in pieces (RFC 2018)".to_owned()),
                5 => ("SACK", format!("{} received in pieces", crate::numbers::count((len as u64 - 2) / 8, "block"))),
                8 => ("timestamps", format!("value {}, echo {} (RFC 7323)", self.u32(at + 2)?, self.u32(at + 6)?)),
                _ => ("other", format!("kind {kind}, {len} bytes")),
            };
            self.add(Layer::Tcp, 1, &format!("Option: {name}"), value, at, len);
            at += len;
        }
        Some(())
    }
}

/// The flags with their meaning.
fn flags(flags: &str) -> String {
    let said: Vec<String> = flags
        .split(", ")
        .map(|flag| {
            let meaning = match flag {
                "SYN" => "opens",
                "ACK" => "acknowledges",
                "PSH" => "hand it over now",
                "FIN" => "nothing more to send",
                "RST" => "breaks off",
                _ => return flag.to_owned(),
            };
            format!("{flag} ({meaning})")
        })
        .collect();
    said.join(", ")
}
