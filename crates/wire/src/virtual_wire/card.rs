//! Where do a host's packets leave and arrive?
//!
//! A [`Card`] is the network card of one end: smoltcp puts IP packets in and takes them out, the link sees Ethernet
//! frames. smoltcp runs on medium IP, and the header is put in front here, with fixed addresses: so no ARP is ever
//! needed, just as on the kernel wire, where the neighbours are permanent.
//!
//! ```text
//!   0        6        12   14
//!   +--------+--------+----+------------------------+
//!   | to     | from   |0800| IP packet, up to 1500  |     02:00 + the host's IPv4 address
//!   +--------+--------+----+------------------------+
//! ```

use std::net::Ipv4Addr;

use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use smoltcp::wire::{Ipv4Packet, TcpPacket};

use crate::options::MTU;

/// The card of one end of a connection.
pub(super) struct Card {
    header: [u8; HEADER],
    arrived: Option<Vec<u8>>,
    left: Vec<Vec<u8>>,
}

impl Card {
    pub(super) fn new(own: Ipv4Addr, other: Ipv4Addr) -> Card {
        let mut header = [0; HEADER];
        header[..6].copy_from_slice(&hardware_address(other));
        header[6..12].copy_from_slice(&hardware_address(own));
        header[12..].copy_from_slice(&[0x08, 0x00]);
        Card { header, arrived: None, left: Vec::new() }
    }

    /// A frame has come from the link.
    pub(super) fn receive_frame(&mut self, frame: Vec<u8>) {
        self.arrived = Some(frame);
    }

    /// The frames that were sent since the last call, oldest first.
    pub(super) fn sent_frames(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.left)
    }
}

/// The Ethernet address of a host: locally administered, and told from its IPv4 address.
fn hardware_address(host: Ipv4Addr) -> [u8; 6] {
    let [a, b, c, d] = host.octets();
    [0x02, 0, a, b, c, d]
}

impl Device for Card {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Arrived, Leaving<'_>)> {
        let frame = self.arrived.take()?;
        Some((Arrived(frame), Leaving(self)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Leaving<'_>> {
        Some(Leaving(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU as usize;
        // No offload: every checksum is made, and checked, in software, so that it is right in the capture.
        capabilities.checksum = ChecksumCapabilities::default();
        capabilities
    }
}

pub(super) struct Arrived(Vec<u8>);

impl RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0.get(HEADER..).unwrap_or_default())
    }
}

pub(super) struct Leaving<'a>(&'a mut Card);

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = vec![0; HEADER + len];
        let (header, packet) = frame.split_at_mut(HEADER);
        header.copy_from_slice(&self.0.header);
        let result = f(packet);
        self.0.left.push(frame);
        result
    }
}

/// What the wire itself needs to know of a frame: whose it is, and what it says of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) source: (Ipv4Addr, u16),
    pub(super) destination: (Ipv4Addr, u16),
    pub(super) seq: u32,
    pub(super) ack: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) psh: bool,
    /// Not scaled: no host here scales.
    pub(super) window: u32,
    pub(super) payload_len: u32,
}

impl Segment {
    /// None of what is not TCP over IPv4, which no host here sends.
    pub(super) fn of(frame: &[u8]) -> Option<Segment> {
        let ip = Ipv4Packet::new_checked(frame.get(HEADER..)?).ok()?;
        let tcp = TcpPacket::new_checked(ip.payload()).ok()?;
        Some(Segment {
            source: (ip.src_addr(), tcp.src_port()),
            destination: (ip.dst_addr(), tcp.dst_port()),
            seq: tcp.seq_number().0 as u32,
            ack: tcp.ack().then_some(tcp.ack_number().0 as u32),
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            psh: tcp.psh(),
            window: tcp.window_len().into(),
            payload_len: tcp.payload().len() as u32,
        })
    }
}

const HEADER: usize = 14;
