//! The same conversation in every format that captures come in, each file written out byte by byte.

use std::io::Write;

use super::*;

/// Numbers as a writer of this byte order puts them.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        }
    }

    fn u32s(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| self.u32(*value)).collect()
    }

    fn u64(self, value: u64) -> [u8; 8] {
        match self {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        }
    }
}

/// Classic pcap, its times in units of so many nanoseconds.
fn pcap(order: Order, unit: u64, frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let magic = if unit == 1 { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let mut file = [&order.u32(magic)[..], &order.u16(2), &order.u16(4), &order.u32s(&[0, 0, 65_535, 1])].concat();
    for (ns, frame) in frames {
        let (seconds, rest) = ((ns / 1_000_000_000) as u32, (ns % 1_000_000_000 / unit) as u32);
        file.extend(order.u32s(&[seconds, rest, frame.len() as u32, frame.len() as u32]));
        file.extend(frame);
    }
    file
}

/// An interface of a pcapng section: its link, and the unit and the start of its times.
#[derive(Clone, Copy)]
struct Interface {
    link: LinkType,
    /// The option if_tsresol, where it is there.
    resolution: Option<u8>,
    /// The option if_tsoffset, in seconds.
    offset: u64,
}

const ETHERNET: Interface = Interface { link: LinkType::ETHERNET, resolution: None, offset: 0 };

impl Interface {
    fn ticks(self, ns: u64) -> u64 {
        let ns = ns - self.offset * 1_000_000_000;
        match self.resolution.unwrap_or(6) {
            power if power & 0x80 != 0 => ((u128::from(ns) << (power & 0x7f)) / 1_000_000_000) as u64,
            power => ns / 10_u64.pow(9 - u32::from(power)),
        }
    }

    /// The frame of an IP packet on this link.
    fn frame(self, packet: &[u8]) -> Vec<u8> {
        match self.link {
            LinkType::RAW => packet.to_vec(),
            LinkType::LINUX_SLL => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], packet].concat(),
            _ => ethernet(0x0800, packet),
        }
    }
}

/// A section of a pcapng file that is being written.
struct Section {
    order: Order,
    file: Vec<u8>,
}

impl Section {
    fn new(order: Order, interfaces: &[Interface]) -> Section {
        let mut section = Section { order, file: Vec::new() };
        let version = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &[0xff; 8]].concat();
        section.block(0x0a0d_0d0a, &[&version[..], &section.option(4, b"a writer"), &[0; 4]].concat());
        for interface in interfaces {
            let mut body = [&order.u16(interface.link.0)[..], &[0, 0], &order.u32(65_535)].concat();
            if let Some(resolution) = interface.resolution {
                body.extend(section.option(9, &[resolution]));
            }
            if interface.offset > 0 {
                body.extend(section.option(14, &order.u64(interface.offset)));
            }
            section.block(1, &[&body[..], &[0; 4]].concat());
        }
        // Blocks that hold no packets: names, statistics, and one of nobody's.
        section.block(4, &[0; 4]);
        section.block(0x0bad_cafe, b"a word");
        section
    }

    fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
        [&self.order.u16(code)[..], &self.order.u16(value.len() as u16), value, &padding].concat()
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let length = self.order.u32((12 + body.len() + padding.len()) as u32);
        self.file.extend([&self.order.u32(kind)[..], &length, body, &padding, &length].concat());
    }

    fn enhanced(&mut self, index: u32, ticks: u64, frame: &[u8]) {
        let length = frame.len() as u32;
        let head = self.order.u32s(&[index, (ticks >> 32) as u32, ticks as u32, length, length]);
        let comment = self.option(1, b"of this packet");
        let padding = vec![0; frame.len().next_multiple_of(4) - frame.len()];
        self.block(6, &[&head[..], frame, &padding, &comment, &[0; 4]].concat());
    }

    /// The packet block of before there were enhanced ones.
    fn obsolete(&mut self, index: u16, ticks: u64, frame: &[u8]) {
        let length = frame.len() as u32;
        let order = self.order;
        let rest = order.u32s(&[(ticks >> 32) as u32, ticks as u32, length, length]);
        self.block(2, &[&order.u16(index)[..], &order.u16(0), &rest, frame].concat());
    }

    fn simple(&mut self, frame: &[u8]) {
        let length = self.order.u32(frame.len() as u32);
        self.block(3, &[&length, frame].concat());
    }
}

/// Interfaces of different links and units, the packets on each in turn.
fn interfaces(order: Order, packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let kinds = [
        ETHERNET,
        Interface { link: LinkType::RAW, resolution: Some(9), offset: 0 },
        Interface { link: LinkType::LINUX_SLL, resolution: Some(0x80 | 20), offset: 0 },
        Interface { link: LinkType::ETHERNET, resolution: Some(3), offset: 1_000_000_000 },
    ];
    let mut section = Section::new(order, &kinds);
    for (at, (ns, packet)) in packets.iter().enumerate() {
        let interface = kinds[at % kinds.len()];
        section.enhanced((at % kinds.len()) as u32, interface.ticks(*ns), &interface.frame(packet));
    }
    section.file
}

/// A section a packet: their byte orders, links and units change.
fn sections(packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for (at, (ns, packet)) in packets.iter().enumerate() {
        let order = if at % 2 == 0 { Order::Little } else { Order::Big };
        let link = if at % 3 == 0 { LinkType::RAW } else { LinkType::ETHERNET };
        let interface = Interface { link, resolution: (at % 4 > 1).then_some(9), offset: 0 };
        let mut section = Section::new(order, &[interface]);
        section.enhanced(0, interface.ticks(*ns), &interface.frame(packet));
        file.extend(section.file);
    }
    file
}

fn gzip(file: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(file).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn on_every_format_of_a_capture() {
    if !tshark_is_there() {
        return;
    }
    let talk = plain(Talk::new());
    let packets = &talk.packets;
    let frames: Vec<(u64, Vec<u8>)> = packets.iter().map(|(ns, packet)| (*ns, ethernet(0x0800, packet))).collect();
    let mut files = Vec::new();
    for (order, name) in [(Order::Little, "little-endian"), (Order::Big, "big-endian")] {
        files.push((format!("pcap, {name}"), pcap(order, 1000, &frames)));
        files.push((format!("pcap, {name}, nanoseconds"), pcap(order, 1, &frames)));
        files.push((format!("pcapng, {name}, several interfaces"), interfaces(order, packets)));
        let mut obsolete = Section::new(order, &[ETHERNET]);
        let mut simple = Section::new(order, &[ETHERNET]);
        for (ns, frame) in &frames {
            obsolete.obsolete(0, ETHERNET.ticks(*ns), frame);
            simple.simple(frame);
        }
        files.push((format!("pcapng, {name}, obsolete packet blocks"), obsolete.file));
        files.push((format!("pcapng, {name}, simple packet blocks"), simple.file));
    }
    files.push(("pcapng, several sections".into(), sections(packets)));
    for at in [1, 2, files.len() - 1] {
        let (name, file) = &files[at];
        files.push((format!("{name}, gzip"), gzip(file)));
    }
    let lab = Lab::new();
    let mut differences = Vec::new();
    for (name, file) in files {
        let case = Case { name, ..case("", &talk) };
        lab.write("case.pcap", file);
        differences.extend(compared(&lab, &case));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
