//! A capture as a plain list of TCP packets, read by hand: what is judged shares none of this.
//!
//! Ethernet with VLAN tags, Linux "cooked" captures, raw IP and loopback; IPv4 without fragments and IPv6 (RFC 791,
//! RFC 8200); TCP (RFC 9293, section 3.1).

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use wirelab_capture::Reader;

/// Everything a capture has.
#[derive(Debug, Default)]
pub struct Packets {
    /// How many frames there are, and of how many only the beginning was kept.
    pub frames: u64,
    pub truncated: Vec<u64>,
    /// Frames that carry no TCP, or a fragment of it.
    pub others: Vec<u64>,
    pub other_bytes: u64,
    /// Whether a packet came in fragments, which are not put together here.
    pub has_fragments: bool,
    pub all: Vec<Packet>,
    /// The packets of each connection, by their place in `all`.
    pub connections: Vec<Vec<usize>>,
}

/// A TCP packet.
#[derive(Clone, Debug, Default)]
pub struct Packet {
    pub number: u64,
    pub ns: u64,
    pub bytes: u64,
    /// Ethernet and IP, and the header of TCP.
    pub headers: u64,
    pub options: i64,
    pub from: String,
    pub to: String,
    pub connection: usize,
    pub from_client: bool,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    pub has_ack: bool,
    pub seq: u32,
    pub ack: u32,
    pub window: u64,
    pub identification: u16,
    pub len: i64,
    pub payload: Vec<u8>,
    pub mss: Option<i64>,
    pub scale: Option<u32>,
    /// Its bytes, counted from its side's first, SYN and FIN included; and up to where it acknowledges the other side's.
    pub start: i64,
    pub end: i64,
    pub acks: i64,
}

impl Packet {
    /// Whether it takes up sequence numbers.
    pub fn is_sent(&self) -> bool {
        self.end > self.start
    }
}

/// Reads a capture. `is_client` tells the client of a connection whose SYN is not there.
pub fn read(path: &Path, is_client: impl Fn(&str, &str) -> bool) -> Packets {
    let mut reader = Reader::new(File::open(path).expect("a capture")).expect("a capture");
    let mut packets = Packets::default();
    // What was read before a file is cut short counts.
    while let Ok(Some(frame)) = reader.next_frame() {
        packets.frames += 1;
        if frame.is_truncated() {
            packets.truncated.push(frame.number);
        }
        packets.has_fragments |= is_fragment(frame.link.0, frame.data) == Some(true);
        match parse(frame.link.0, frame.data, u64::from(frame.wire_len)) {
            Some(mut packet) => {
                (packet.number, packet.ns) = (frame.number, frame.time_ns);
                packets.all.push(packet);
            }
            None => {
                packets.others.push(frame.number);
                packets.other_bytes += u64::from(frame.wire_len);
            }
        }
    }
    packets.connect(is_client);
    packets
}

fn word(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

fn long(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

/// Whether an Ethernet frame has a fragment of an IPv4 packet.
fn is_fragment(link: u16, data: &[u8]) -> Option<bool> {
    let is_ipv4 = link == 1 && word(data, 12)? == 0x0800;
    Some(is_ipv4 && word(data, 20)? & 0x3fff != 0)
}

fn parse(link: u16, data: &[u8], wire_len: u64) -> Option<Packet> {
    let mut at = match link {
        1 => 12,
        113 => 14,
        276 => 0,
        0 | 108 => 4,
        _ => 0,
    };
    if matches!(link, 1 | 113 | 276) {
        let mut kind = word(data, at)?;
        at += if link == 276 { 20 } else { 2 };
        while matches!(kind, 0x8100 | 0x88a8) {
            kind = word(data, at + 2)?;
            at += 4;
        }
        if !matches!(kind, 0x0800 | 0x86dd) {
            return None;
        }
    }
    let mut packet = Packet { bytes: wire_len, ..Packet::default() };
    let (source, target, ip_payload);
    if data.get(at)? >> 4 == 4 {
        let header = usize::from(data[at] & 15) * 4;
        let fragment = word(data, at + 6)? & 0x3fff;
        if *data.get(at + 9)? != 6 || fragment != 0 {
            return None;
        }
        let total = usize::from(word(data, at + 2)?);
        // Captured before the card cut it, a packet may be too long for its own header (0).
        ip_payload = if total == 0 { wire_len as usize - at - header } else { total - header };
        packet.identification = word(data, at + 4)?;
        let address = |at: usize| Some(data.get(at..at + 4)?.iter().map(u8::to_string).collect::<Vec<_>>().join("."));
        (source, target) = (address(at + 12)?, address(at + 16)?);
        at += header;
    } else {
        if *data.get(at + 6)? != 6 {
            return None;
        }
        let total = usize::from(word(data, at + 4)?);
        ip_payload = if total == 0 { wire_len as usize - at - 40 } else { total };
        let address = |at: usize| {
            let octets: [u8; 16] = data.get(at..at + 16)?.try_into().ok()?;
            Some(format!("[{}]", std::net::Ipv6Addr::from(octets)))
        };
        (source, target) = (address(at + 8)?, address(at + 24)?);
        at += 40;
    }
    packet.from = format!("{source}:{}", word(data, at)?);
    packet.to = format!("{target}:{}", word(data, at + 2)?);
    (packet.seq, packet.ack) = (long(data, at + 4)?, long(data, at + 8)?);
    let header = usize::from(*data.get(at + 12)? >> 4) * 4;
    let flags = *data.get(at + 13)?;
    (packet.fin, packet.syn, packet.rst) = (flags & 1 > 0, flags & 2 > 0, flags & 4 > 0);
    packet.has_ack = flags & 16 > 0;
    packet.window = u64::from(word(data, at + 14)?);
    packet.len = (ip_payload - header) as i64;
    packet.options = header as i64 - 20;
    packet.headers = (at + header) as u64;
    // Padding counts as a header.
    packet.headers += wire_len - packet.headers - packet.len as u64;
    let mut options = data.get(at + 20..at + header).unwrap_or_default();
    while let [kind, rest @ ..] = options {
        let len = match kind {
            0 => break,
            1 => 1,
            _ => usize::from(*rest.first().unwrap_or(&2)).max(2),
        };
        match kind {
            2 => packet.mss = word(options, 2).map(i64::from),
            3 => packet.scale = options.get(2).map(|shift| u32::from(*shift)),
            _ => {}
        }
        options = options.get(len..).unwrap_or_default();
    }
    let begin = (at + header).min(data.len());
    packet.payload = data[begin..(begin + packet.len as usize).min(data.len())].to_vec();
    Some(packet)
}

impl Packets {
    /// Sorts packets to connections, and counts their bytes from the first.
    fn connect(&mut self, is_client: impl Fn(&str, &str) -> bool) {
        struct Open {
            connection: usize,
            client: String,
            syn: Option<u32>,
            /// The first number of either side, the client's first.
            base: [Option<u32>; 2],
            last: [i64; 2],
        }
        let mut open: HashMap<(String, String), Open> = HashMap::new();
        for (at, packet) in self.all.iter_mut().enumerate() {
            let mut key = (packet.from.clone(), packet.to.clone());
            if key.0 > key.1 {
                key = (key.1, key.0);
            }
            let opens = packet.syn && !packet.has_ack;
            let known = open.get(&key).filter(|known| !opens || known.syn == Some(packet.seq));
            if known.is_none() {
                let by_syn = packet.syn;
                let from_client = if by_syn { !packet.has_ack } else { is_client(&packet.from, &packet.to) };
                let client = if from_client { packet.from.clone() } else { packet.to.clone() };
                let syn = opens.then_some(packet.seq);
                let connection = self.connections.len();
                self.connections.push(Vec::new());
                open.insert(key.clone(), Open { connection, client, syn, base: [None; 2], last: [0; 2] });
            }
            let state = open.get_mut(&key).expect("it is open");
            packet.connection = state.connection;
            packet.from_client = packet.from == state.client;
            self.connections[state.connection].push(at);
            let own = usize::from(!packet.from_client);
            let base = *state.base[own].get_or_insert(packet.seq);
            packet.start = near(packet.seq, base, state.last[own]);
            packet.end = packet.start + packet.len + i64::from(packet.syn) + i64::from(packet.fin);
            state.last[own] = state.last[own].max(packet.end);
            packet.acks = i64::MIN;
            if packet.has_ack {
                let base = *state.base[1 - own].get_or_insert(packet.ack);
                packet.acks = near(packet.ack, base, state.last[1 - own]);
            }
        }
    }

    /// The packet of a number.
    pub fn of(&self, number: u64) -> Option<&Packet> {
        self.all.iter().find(|packet| packet.number == number)
    }
}

/// The position of a sequence number that is nearest to another position: numbers wrap (RFC 9293, section 3.4).
fn near(number: u32, base: u32, last: i64) -> i64 {
    let low = number.wrapping_sub(base);
    last + i64::from(low.wrapping_sub(last as u32) as i32)
}
