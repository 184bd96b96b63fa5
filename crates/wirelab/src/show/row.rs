//! What does the list say of one packet?

use std::net::IpAddr;

use wirelab_analyze::model::{Packet, Protocol};
use wirelab_capture::Frame;
use wirelab_dissect::fields::{Field, headers};
use wirelab_dissect::packet::{Decoded, Endpoint, Segment, Skipped};
use wirelab_dissect::reassembly::Datagram;
use wirelab_dissect::tcp::{TcpOption, options};
use wirelab_report::{PacketProtocol, list};

/// One packet of a capture, TCP or not.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: u64,
    /// Since the first packet.
    pub time_s: f64,
    pub source: String,
    pub destination: String,
    pub protocol: PacketProtocol,
    pub frame_len: u32,
    /// How much of it was kept.
    pub captured: u32,
    pub info: String,
    /// What somebody wrote beside it into the file.
    pub comments: Vec<String>,
    /// What the analysis says of it, where it is TCP.
    pub packet: Option<Packet>,
    /// What its connection spoke when the analysis had read it.
    pub spoken: Protocol,
    /// Its bytes, where they will be shown.
    pub kept: Option<Kept>,
    /// What the fragments of its packet hold together, where this is the one that made it whole and its bytes are kept.
    pub whole: Option<Datagram>,
    ends: [Option<(IpAddr, Option<u16>)>; 2],
    /// The layers that a filter may ask for, besides the protocol.
    layers: [Option<PacketProtocol>; 2],
    /// What a TCP header says besides numbers and flags.
    options: String,
    /// The edges of what it acknowledges selectively, and its acknowledgment number, as they are in the header.
    sack: (Vec<(u32, u32)>, u32),
    /// The window scale that a SYN asks for.
    pub scale: Option<u8>,
}

/// A frame's bytes.
#[derive(Clone, Debug)]
pub struct Kept {
    pub time_ns: u64,
    pub link: wirelab_capture::LinkType,
    pub file_offset: u64,
    pub data: Vec<u8>,
}

/// What is kept of each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// What the list says of it.
    Words,
    /// Its bytes, too.
    Bytes,
}

impl Kept {
    /// The frame of this row again.
    pub fn frame(&self, row: &Row) -> Frame<'_> {
        Frame {
            number: row.number,
            time_ns: self.time_ns,
            wire_len: row.frame_len,
            data: &self.data,
            link: self.link,
            file_offset: self.file_offset,
        }
    }
}

impl Row {
    /// What the frame alone says; a TCP packet gets its words from [`Row::is`].
    pub fn new(frame: &Frame<'_>, decoded: &Decoded<'_>, first_ns: u64, keep: Keep) -> Row {
        let mut row = Row {
            number: frame.number,
            time_s: seconds_since(first_ns, frame.time_ns),
            source: "?".to_owned(),
            destination: "?".to_owned(),
            protocol: PacketProtocol::Other,
            frame_len: frame.wire_len,
            captured: frame.data.len() as u32,
            info: String::new(),
            comments: Vec::new(),
            packet: None,
            spoken: Protocol::None,
            kept: (keep == Keep::Bytes).then(|| Kept {
                time_ns: frame.time_ns,
                link: frame.link,
                file_offset: frame.file_offset,
                data: frame.data.to_vec(),
            }),
            whole: None,
            ends: [None; 2],
            layers: [None; 2],
            options: String::new(),
            sack: (Vec::new(), 0),
            scale: None,
        };
        match decoded {
            Decoded::Tcp(segment) => row.is_tcp(segment),
            Decoded::NotTcp(skipped) => row.is_not_tcp(frame, skipped),
        }
        row
    }

    /// Adds what the analysis says of a TCP packet. `spoken` is what its connection speaks, `window` what it announces in
    /// bytes.
    pub fn is(&mut self, packet: Packet, spoken: Protocol, window: u32) {
        self.protocol = PacketProtocol::of(&packet, spoken);
        let whole = if self.is_fragment() { " (packet whole with this fragment)" } else { "" };
        self.info = if packet.words.text.is_empty() && self.protocol.is_of_tcp() {
            let ack = packet.ack.map_or(String::new(), |ack| format!(" Ack={ack}"));
            let plain = format!(
                "[{}] Seq={}{ack} Win={window} Len={}{}{sack}",
                packet.flags,
                packet.seq,
                packet.app_len,
                self.options,
                sack = self.selectively(packet.ack),
            );
            match packet.analysis {
                Some(name) => format!("[{name}] {plain}"),
                None => plain,
            }
        } else {
            list::described(&packet)
        };
        if packet.app_len > 0 && (packet.flags.fin() || packet.flags.syn()) {
            self.info += &format!(" [{}]", packet.flags);
        }
        self.info += whole;
        self.spoken = spoken;
        self.packet = Some(packet);
    }

    /// What is acknowledged selectively, counted from where the acknowledgment number is: `ack`.
    fn selectively(&self, ack: Option<u64>) -> String {
        let (edges, header) = &self.sack;
        if edges.is_empty() {
            return String::new();
        }
        // Both edges are within half the number space of the acknowledgment number (RFC 2018, section 3).
        let place = |edge: u32| match ack {
            Some(ack) => ack.cast_signed() + i64::from(edge.wrapping_sub(*header).cast_signed()),
            None => i64::from(edge),
        };
        let edges: Vec<String> = edges.iter().map(|&(from, to)| format!("{}-{}", place(from), place(to))).collect();
        format!(" SACK={}", edges.join(","))
    }

    /// Whether TCP carries it, so that the analysis has more to say.
    pub fn awaits_analysis(&self) -> bool {
        self.is_in(PacketProtocol::Tcp) && self.packet.is_none()
    }

    /// Whether it is a fragment: one that made its packet whole carries what that packet says.
    pub fn is_fragment(&self) -> bool {
        self.is_in(PacketProtocol::Fragment)
    }

    /// The bytes that its packet's payload is in: its frame, or what its fragments hold together.
    pub fn data(&self) -> &[u8] {
        match (&self.whole, &self.kept) {
            (Some(whole), _) => &whole.data,
            (None, Some(kept)) if !self.is_fragment() => &kept.data,
            _ => &[],
        }
    }

    /// Its payload, as far as it was captured and kept.
    pub fn payload(&self) -> &[u8] {
        let Some(packet) = &self.packet else { return &[] };
        let rest = self.data().get(packet.payload_offset as usize..).unwrap_or_default();
        rest.get(..packet.app_len as usize).unwrap_or(rest)
    }

    /// The ports at both ends, where it has any.
    pub fn ports(&self) -> impl Iterator<Item = u16> + '_ {
        self.ends.iter().filter_map(|end| end.and_then(|(_, port)| port))
    }

    /// The addresses at both ends, where it has any.
    pub fn hosts(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.ends.iter().filter_map(|end| end.map(|(host, _)| host))
    }

    /// Whether this is its protocol, or one below.
    pub fn has_protocol(&self, wanted: PacketProtocol) -> bool {
        self.protocol == wanted || self.is_in(wanted)
    }

    /// Whether this is the layer that carries it, or the one below.
    fn is_in(&self, layer: PacketProtocol) -> bool {
        self.layers.contains(&Some(layer))
    }

    fn is_tcp(&mut self, segment: &Segment<'_>) {
        self.is_between(segment.source, segment.destination);
        self.protocol = PacketProtocol::Tcp;
        self.layers[1] = Some(PacketProtocol::Tcp);
        self.info = format!("[{}]", segment.flags);
        self.options = said_by(segment.options);
        let edges = options(segment.options).filter_map(|option| match option {
            TcpOption::Sack(blocks) => Some(blocks.iter().collect::<Vec<_>>()),
            _ => None,
        });
        self.sack = (edges.flatten().collect(), segment.ack);
        self.scale = options(segment.options).find_map(|option| match option {
            TcpOption::WindowScale(shift) => Some(shift.min(14)),
            _ => None,
        });
    }

    fn is_not_tcp(&mut self, frame: &Frame<'_>, skipped: &Skipped) {
        let tree = headers(frame);
        let says = |abbr: &str| tree.iter().find_map(|field| field.find(abbr)).map(|field| field.value.clone());
        if let (Some(source), Some(destination)) = (says("eth.src"), says("eth.dst")) {
            (self.source, self.destination) = (source, destination);
        }
        let last = |abbr: &str| tree.iter().rev().find(|field| field.abbr == abbr).map(|field| field.value.clone());
        let name_of = |field: &Field| field.meaning.clone();
        (self.protocol, self.info) = match *skipped {
            Skipped::Arp => (PacketProtocol::Arp, last("arp").unwrap_or_default()),
            Skipped::Udp { source, destination, len, .. } => {
                self.is_between(source, destination);
                self.layers[1] = Some(PacketProtocol::Udp);
                (PacketProtocol::Udp, format!("Len={len}"))
            }
            Skipped::Ip { protocol, source, destination, .. } => {
                self.is_among(source, destination);
                match protocol {
                    1 => (PacketProtocol::Icmp, last("icmp").unwrap_or_default()),
                    58 => (PacketProtocol::Icmpv6, last("icmpv6").unwrap_or_default()),
                    2 => (PacketProtocol::Igmp, String::new()),
                    _ => (ip_of(source), tree.last().and_then(name_of).unwrap_or_default()),
                }
            }
            Skipped::Fragment(fragment) => {
                self.is_among(fragment.source, fragment.destination);
                self.layers[1] = Some(PacketProtocol::Fragment);
                let end = fragment.offset + fragment.len;
                let more = if fragment.more { ", more follows" } else { "" };
                let carried = match fragment.protocol {
                    6 => "TCP".to_owned(),
                    17 => "UDP".to_owned(),
                    other => format!("protocol {other}"),
                };
                let (id, offset) = (fragment.id, fragment.offset);
                let info = format!("Fragment of {carried}, id 0x{id:04x}, bytes {offset} to {end}{more}");
                (ip_of(fragment.source), info)
            }
            Skipped::EtherType(ether_type) => (PacketProtocol::Other, format!("EtherType 0x{ether_type:04x}")),
            Skipped::Llc => (PacketProtocol::Llc, String::new()),
            Skipped::Ppp(protocol) => (PacketProtocol::Ppp, format!("protocol 0x{protocol:04x}")),
            Skipped::Link(link) => (PacketProtocol::Other, link.to_string()),
            Skipped::Stop { stop, hosts } => {
                self.layers[1] = Some(PacketProtocol::Malformed);
                if let Some([source, destination]) = hosts {
                    self.is_among(source, destination);
                }
                (PacketProtocol::Malformed, format!("[{stop}]"))
            }
        };
    }

    fn is_between(&mut self, source: Endpoint, destination: Endpoint) {
        self.is_among(source.addr, destination.addr);
        self.source = source.to_string();
        self.destination = destination.to_string();
        self.ends = [source, destination].map(|end| Some((end.addr, Some(end.port))));
    }

    fn is_among(&mut self, source: IpAddr, destination: IpAddr) {
        self.source = source.to_string();
        self.destination = destination.to_string();
        self.ends = [source, destination].map(|host| Some((host, None)));
        self.layers[0] = Some(ip_of(source));
    }
}

fn ip_of(address: IpAddr) -> PacketProtocol {
    if address.is_ipv4() { PacketProtocol::Ip } else { PacketProtocol::Ipv6 }
}

/// Seconds from the first packet to this one; a clock that was set back gives negative ones.
fn seconds_since(first_ns: u64, time_ns: u64) -> f64 {
    time_ns.wrapping_sub(first_ns).cast_signed() as f64 / 1e9
}

/// TCP options as Wireshark writes them into its list, but for timestamps.
fn said_by(raw: &[u8]) -> String {
    let mut text = String::new();
    for option in options(raw) {
        match option {
            TcpOption::MaximumSegmentSize(size) => text += &format!(" MSS={size}"),
            TcpOption::WindowScale(shift) => text += &format!(" WS={}", 1u32 << shift.min(14)),
            TcpOption::SackPermitted => text += " SACK_PERM",
            TcpOption::Malformed { kind, .. } => text += &format!(" [malformed option {kind}]"),
            // Nearly every packet has timestamps: they would push all else off the line. The fields show them.
            TcpOption::Timestamps { .. } | TcpOption::NoOperation | TcpOption::Unknown { .. } => {}
            // Relative, as all numbers of the list are: only the analysis knows to what.
            TcpOption::Sack(_) => {}
        }
    }
    text
}
