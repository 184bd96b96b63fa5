//! Builds captures packet by packet: two hosts, Ethernet, IPv4, TCP. What a test says is what is on the wire.
#![allow(dead_code)]

pub mod ladder;
pub mod originals;
pub mod traffic;

use wirelab_analyze::{Analyzer, Capture, Layer, Settings, Tally};
use wirelab_capture::{Frame, LinkType};
use wirelab_catalog::App;
use wirelab_catalog::grammar::{ANYTHING, Grammar, TIME};
use wirelab_dissect::build::Tcp;
use wirelab_dissect::packet::Endpoint;
use wirelab_dissect::tcp::Flags;

/// The frames of a capture: when, and what.
pub type Frames = Vec<(u64, Vec<u8>)>;

/// One TCP connection that is being spoken.
pub struct Talk {
    client: Endpoint,
    server: Endpoint,
    seq: [u32; 2],
    now_ns: u64,
    pub frames: Frames,
}

impl Talk {
    pub fn new(port: u16) -> Talk {
        Talk {
            client: Endpoint { addr: [10, 0, 0, 2].into(), port },
            server: Endpoint { addr: [10, 0, 0, 1].into(), port: 8000 },
            seq: [1000, 0xffff_ff00],
            now_ns: 1_600_000_000_000_000_000,
            frames: Vec::new(),
        }
    }

    pub fn from(mut self, address: [u8; 4]) -> Talk {
        self.client.addr = address.into();
        self
    }

    /// Sets the time of the packets that follow: milliseconds from the start.
    pub fn at(&mut self, ms: f64) -> &mut Talk {
        self.now_ns = 1_600_000_000_000_000_000 + (ms * 1e6) as u64;
        self
    }

    /// SYN, SYN-ACK, ACK, with options as macOS and Linux send them: 78, 74 and 66 bytes.
    pub fn handshake(&mut self) -> &mut Talk {
        self.packet(true, Flags::SYN, &[], 44).packet(false, Flags::SYN | Flags::ACK, &[], 40).packet(
            true,
            Flags::ACK,
            &[],
            32,
        )
    }

    pub fn client(&mut self, data: &[u8]) -> &mut Talk {
        self.packet(true, Flags::PSH | Flags::ACK, data, 32)
    }

    pub fn server(&mut self, data: &[u8]) -> &mut Talk {
        self.packet(false, Flags::PSH | Flags::ACK, data, 32)
    }

    pub fn client_ack(&mut self) -> &mut Talk {
        self.packet(true, Flags::ACK, &[], 32)
    }

    pub fn server_ack(&mut self) -> &mut Talk {
        self.packet(false, Flags::ACK, &[], 32)
    }

    pub fn client_fin(&mut self) -> &mut Talk {
        self.packet(true, Flags::FIN | Flags::ACK, &[], 32)
    }

    pub fn server_fin(&mut self) -> &mut Talk {
        self.packet(false, Flags::FIN | Flags::ACK, &[], 32)
    }

    /// A packet of one side that begins where that side's last one ended.
    pub fn packet(&mut self, from_client: bool, flags: Flags, data: &[u8], header_len: usize) -> &mut Talk {
        let tcp = self.tcp(from_client, flags, data, header_len);
        self.seq[usize::from(!from_client)] = tcp.next_seq();
        self.push(tcp)
    }

    /// A packet with a sequence number of its own; nothing moves on.
    pub fn packet_at(
        &mut self,
        from_client: bool,
        flags: Flags,
        data: &[u8],
        header_len: usize,
        seq: u32,
    ) -> &mut Talk {
        let ack = self.ack(from_client, flags);
        self.raw(from_client, flags, data, header_len, seq, ack)
    }

    /// A packet with numbers of its own.
    pub fn raw(
        &mut self,
        from_client: bool,
        flags: Flags,
        data: &[u8],
        header_len: usize,
        seq: u32,
        ack: u32,
    ) -> &mut Talk {
        let tcp = self.tcp(from_client, flags, data, header_len);
        self.push(Tcp { seq, ack, ..tcp })
    }

    /// What one side would send now; a header longer than 20 bytes is filled with options that do nothing.
    fn tcp<'a>(&self, from_client: bool, flags: Flags, payload: &'a [u8], header_len: usize) -> Tcp<'a> {
        let (from, to) = if from_client { (self.client, self.server) } else { (self.server, self.client) };
        let ack = self.ack(from_client, flags);
        let options = &[1; 40][..header_len - 20];
        Tcp { seq: self.next_seq(from_client), ack, flags, options, payload, ..Tcp::new(from, to) }
    }

    /// What one side acknowledges now.
    fn ack(&self, from_client: bool, flags: Flags) -> u32 {
        if flags.ack() { self.next_seq(!from_client) } else { 0 }
    }

    fn push(&mut self, tcp: Tcp<'_>) -> &mut Talk {
        self.frames.push((self.now_ns, tcp.frame()));
        self
    }

    /// The sequence number of a side's next byte.
    pub fn next_seq(&self, client: bool) -> u32 {
        self.seq[usize::from(!client)]
    }

    /// Moves a side's sequence number on, as after a packet that was not captured.
    pub fn lose(&mut self, client: bool, bytes: u32) -> &mut Talk {
        let seq = &mut self.seq[usize::from(!client)];
        *seq = seq.wrapping_add(bytes);
        self
    }
}

/// Analyses frames, and checks what must hold for every capture.
pub fn analyze(frames: &[(u64, Vec<u8>)]) -> Capture {
    analyze_with(frames, Settings { limit: 10_000, keep_packets: 100_000, ..Settings::default() })
}

pub fn analyze_with(frames: &[(u64, Vec<u8>)], settings: Settings) -> Capture {
    let mut analyzer = Analyzer::new(settings);
    let mut offset = 24;
    for (index, (time_ns, data)) in frames.iter().enumerate() {
        analyzer.frame(&Frame {
            number: index as u64 + 1,
            time_ns: *time_ns,
            wire_len: data.len() as u32,
            data,
            link: LinkType::ETHERNET,
            file_offset: offset + 16,
        });
        offset += 16 + data.len() as u64;
    }
    let capture = analyzer.finish("test", None, "pcap");
    check(&capture);
    let all: u64 = frames.iter().map(|(_, data)| data.len() as u64).sum();
    let others: u64 = capture.other_transports.iter().map(|other| other.bytes).sum();
    assert_eq!(capture.totals.frame_bytes + others, all, "every frame is counted once");
    capture
}

/// The sums that hold on every capture.
pub fn check(capture: &Capture) {
    assert!(capture.totals.adds_up(), "totals: {:?}", capture.totals);
    let connections: Tally = capture.connections.iter().map(|one| one.tally()).sum();
    assert_eq!(connections, capture.totals, "connections add up to the totals");
    let groups: Tally = capture.groups.iter().map(|one| one.tally).sum();
    assert_eq!(groups, capture.totals, "groups add up to the totals");
    if capture.rows_left_out == 0 {
        let exchanges: Tally = capture.exchanges.iter().map(|one| one.tally()).sum();
        assert_eq!(exchanges, capture.totals, "exchanges add up to the totals");
    }
    for exchange in capture.exchanges.iter() {
        assert!(exchange.tally().adds_up(), "{exchange:?}");
        assert!(exchange.push().adds_up(), "{exchange:?}");
    }
    for packet in &capture.packets {
        let spans: u32 = packet.spans.iter().map(|span| span.len).sum();
        assert_eq!(spans, packet.app_len, "packet {}", packet.number);
        assert!(packet.exchange.is_some() || capture.rows_left_out > 0, "packet {} belongs nowhere", packet.number);
    }
}

/// What was said, without what it cost: for comparing two ways of cutting the same conversation.
pub fn said(capture: &Capture) -> Vec<String> {
    let mut lines: Vec<String> = capture
        .exchanges
        .iter()
        // A last byte that is sent again by itself looks like a keep-alive, to Wireshark too.
        .filter(|one| *one.label != *"TCP keep-alive")
        .map(|one| {
            let tally = one.tally();
            let said = Layer::ALL.iter().filter(|layer| layer.is_payload() && **layer != Layer::Retransmitted);
            let bytes: Vec<String> = said.map(|&layer| format!("{} {}", layer.name(), tally.of(layer))).collect();
            format!("{} {:?} {}", one.kind.name(), one.label, bytes.join(", "))
        })
        .collect();
    for one in capture.connections.iter().map(wirelab_analyze::Connection::row) {
        lines.push(format!(
            "{} requests {} responses {} events {} frames {:?} missing {}",
            one.protocol,
            one.http_requests,
            one.http_responses,
            one.sse_events,
            one.websocket_frames,
            one.missing_bytes
        ));
    }
    lines
}

/// An HTTP head of exactly this length, padded with a field.
pub fn head(start: &str, fields: &str, length: usize) -> Vec<u8> {
    let mut text = format!("{start}\r\n{fields}");
    let rest = length.checked_sub(text.len() + 2).expect("a longer head");
    match rest {
        0 => {}
        1..=8 => panic!("no room for a field in {rest} bytes"),
        _ => text += &format!("X-Pad: {}\r\n", "x".repeat(rest - 9)),
    }
    text += "\r\n";
    assert_eq!(text.len(), length);
    text.into_bytes()
}

/// A page of exactly this length with a time in it.
pub fn page(app: App, time: &str, length: usize) -> Vec<u8> {
    let Grammar::Http { page, .. } = app.descriptor().grammar else { panic!("{app} has no page") };
    let mut text = page.replace(ANYTHING, "").replace(TIME, time);
    let rest = length.checked_sub(text.len()).expect("a longer page");
    text += &" ".repeat(rest);
    text.into_bytes()
}

/// A masked WebSocket frame from a client.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x36, 0x0d, 0x29, 0x16];
    let mut frame = vec![0x80 | opcode, 0x80 | payload.len() as u8];
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A WebSocket frame from a server.
pub fn unmasked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode, payload.len() as u8];
    frame.extend(payload);
    frame
}
