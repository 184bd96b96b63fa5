//! How is a frame put together, with the right lengths and checksums?
//!
//! Tests and benchmarks of every part need frames of known content, without a network and without a captured file.
//! Everything here returns the bytes of one layer around those of the next:
//!
//! ```
//! use wirelab_dissect::build::{Tcp, ethernet};
//! let tcp = Tcp { payload: b"Hello!\n", ..Tcp::between("10.0.0.2:40000", "10.0.0.1:8000") };
//! assert_eq!(tcp.frame().len(), 14 + 20 + 20 + 7);
//! assert_eq!(tcp.frame(), ethernet(0x0800, &tcp.packet()));
//! ```

use crate::flags::Flags;
use crate::segment::Endpoint;
use std::net::{IpAddr, SocketAddr};

/// A TCP segment to be.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    /// Who sends it.
    pub source: Endpoint,
    /// To whom.
    pub destination: Endpoint,
    /// Its sequence number.
    pub seq: u32,
    /// Its acknowledgment number.
    pub ack: u32,
    /// Its flags.
    pub flags: Flags,
    /// The window field.
    pub window: u16,
    /// Its options; padded to a multiple of four bytes with "no operation", cut at 40.
    pub options: &'a [u8],
    /// Its payload.
    pub payload: &'a [u8],
}

impl<'a> Tcp<'a> {
    /// An empty segment with only ACK set between two endpoints, such as `10.0.0.2:40000` or `[fd00::2]:40000`.
    ///
    /// # Panics
    /// When one of them is no endpoint: it is for tests, which write them out.
    pub fn between(source: &str, destination: &str) -> Tcp<'a> {
        Tcp::new(endpoint(source), endpoint(destination))
    }

    /// The same, of endpoints that are there already.
    pub fn new(source: Endpoint, destination: Endpoint) -> Tcp<'a> {
        Tcp { source, destination, seq: 0, ack: 0, flags: Flags::ACK, window: 65_535, options: &[], payload: &[] }
    }

    /// The sequence number of what its sender sends next: SYN and FIN take one each (RFC 9293, section 3.4).
    pub fn next_seq(&self) -> u32 {
        let marks = u32::from(self.flags.syn()) + u32::from(self.flags.fin());
        self.seq.wrapping_add(self.payload.len() as u32 + marks)
    }

    /// The TCP header and payload.
    pub fn segment(&self) -> Vec<u8> {
        let mut options = self.options.get(..40).unwrap_or(self.options).to_vec();
        options.resize(options.len().next_multiple_of(4), 1);
        let words = (5 + options.len() / 4) as u16;
        let mut segment = Vec::with_capacity(20 + options.len() + self.payload.len());
        segment.extend_from_slice(&self.source.port.to_be_bytes());
        segment.extend_from_slice(&self.destination.port.to_be_bytes());
        segment.extend_from_slice(&self.seq.to_be_bytes());
        segment.extend_from_slice(&self.ack.to_be_bytes());
        segment.extend_from_slice(&(words << 12 | self.flags.0 & 0x1ff).to_be_bytes());
        segment.extend_from_slice(&self.window.to_be_bytes());
        segment.extend_from_slice(&[0; 4]);
        segment.extend_from_slice(&options);
        segment.extend_from_slice(self.payload);
        let sum = transport_checksum(self.source.addr, self.destination.addr, 6, &segment);
        set_u16(&mut segment, 16, sum);
        segment
    }

    /// The IP packet around it, of the version of the source's address.
    pub fn packet(&self) -> Vec<u8> {
        ip(self.source.addr, self.destination.addr, 6, &self.segment())
    }

    /// The Ethernet frame around that.
    pub fn frame(&self) -> Vec<u8> {
        ethernet(if self.source.addr.is_ipv4() { 0x0800 } else { 0x86dd }, &self.packet())
    }
}

/// An Ethernet frame between two locally administered addresses.
pub fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &ether_type.to_be_bytes()[..], payload].concat()
}

/// A VLAN tag and what follows it: the payload of a frame of type 0x8100 or 0x88a8.
pub fn vlan(id: u16, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&(id & 0x0fff).to_be_bytes()[..], &ether_type.to_be_bytes()[..], payload].concat()
}

/// An IP packet, of the version of the source's address, without options or extension headers.
///
/// Both addresses must be of one version; otherwise the destination is written as zeros.
pub fn ip(source: IpAddr, destination: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match source {
        IpAddr::V4(_) => ipv4(source, destination, protocol, 0, 0x4000, payload),
        IpAddr::V6(_) => {
            let head = [&[0x60, 0, 0, 0], &(payload.len() as u16).to_be_bytes()[..], &[protocol, 64]].concat();
            [head, octets(source, 16), octets(destination, 16), payload.to_vec()].concat()
        }
    }
}

/// An IPv4 packet with this identification, and this field of flags and fragment offset.
pub fn ipv4(source: IpAddr, destination: IpAddr, protocol: u8, id: u16, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0x45, 0];
    header.extend_from_slice(&((20 + payload.len()) as u16).to_be_bytes());
    header.extend_from_slice(&id.to_be_bytes());
    header.extend_from_slice(&fragment.to_be_bytes());
    header.extend_from_slice(&[64, protocol, 0, 0]);
    header.extend(octets(source, 4));
    header.extend(octets(destination, 4));
    let sum = checksum([&header[..]]);
    set_u16(&mut header, 10, sum);
    [&header, payload].concat()
}

/// An IPv4 packet without options, cut into fragments of this identification with at most so many bytes of content each
/// (RFC 791, section 3.2), in their order. All but the last hold a multiple of eight bytes, and at least eight.
pub fn fragments(packet: &[u8], id: u16, size: usize) -> Vec<Vec<u8>> {
    let Some((&[.., protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3], content)) = packet.split_first_chunk::<20>()
    else {
        return Vec::new();
    };
    let (source, destination) = (IpAddr::from([s0, s1, s2, s3]), IpAddr::from([d0, d1, d2, d3]));
    let eights = (size / 8).max(1);
    let pieces = content.chunks(eights * 8);
    let last = pieces.len().saturating_sub(1);
    let field = |index: usize| (index * eights) as u16 | if index < last { MORE_FRAGMENTS } else { 0 };
    pieces.enumerate().map(|(index, piece)| ipv4(source, destination, protocol, id, field(index), piece)).collect()
}

/// A UDP datagram.
pub fn udp(source: Endpoint, destination: Endpoint, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    for field in [source.port, destination.port, (8 + payload.len()) as u16, 0] {
        datagram.extend_from_slice(&field.to_be_bytes());
    }
    datagram.extend_from_slice(payload);
    let sum = transport_checksum(source.addr, destination.addr, 17, &datagram);
    set_u16(&mut datagram, 6, if sum == 0 { 0xffff } else { sum });
    datagram
}

/// An endpoint, such as `10.0.0.2:40000` or `[fd00::2]:40000`.
///
/// # Panics
/// When it is none: it is for tests, which write them out.
pub fn endpoint(text: &str) -> Endpoint {
    match text.parse::<SocketAddr>() {
        Ok(address) => Endpoint { addr: address.ip(), port: address.port() },
        Err(error) => panic!("{text}: {error}"),
    }
}

/// The checksum of a TCP segment or UDP datagram with its pseudo-header (RFC 9293, section 3.1; RFC 8200, section 8.1).
pub fn transport_checksum(source: IpAddr, destination: IpAddr, protocol: u8, data: &[u8]) -> u16 {
    let size = if source.is_ipv4() { 4 } else { 16 };
    let pseudo = [octets(source, size), octets(destination, size)].concat();
    checksum([&pseudo[..], &(data.len() as u32).to_be_bytes(), &[0, 0, 0, protocol], data])
}

/// The Internet checksum (RFC 1071) of these pieces, of which only the last may have an odd length.
pub fn checksum<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u16 {
    let mut sum = 0u64;
    for piece in pieces {
        let (pairs, odd) = piece.as_chunks::<2>();
        sum += pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum::<u64>();
        sum += odd.first().map_or(0, |&byte| u64::from(byte) << 8);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn octets(address: IpAddr, size: usize) -> Vec<u8> {
    let mut octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    octets.resize(size, 0);
    octets
}

fn set_u16(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

/// The bit of an IPv4 header's fragment field that says that others follow.
const MORE_FRAGMENTS: u16 = 0x2000;
