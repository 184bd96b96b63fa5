//! Enough of Ethernet, IPv4 and TCP to look at what a wire has recorded.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

/// A recorded TCP segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub time_ns: u64,
    pub frame_len: usize,
    pub from_server: bool,
    pub seq: u32,
    pub flags: u8,
    pub payload: Vec<u8>,
}

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const ACK: u8 = 0x10;

impl Segment {
    /// Its flags and direction in a word: `>S` is a SYN of the client, `<SA` the answer, `>P5` five bytes of the client.
    pub fn word(&self) -> String {
        let mut word = if self.from_server { "<" } else { ">" }.to_owned();
        for (flag, letter) in [(SYN, 'S'), (FIN, 'F'), (RST, 'R')] {
            if self.flags & flag != 0 {
                word.push(letter);
            }
        }
        if self.payload.is_empty() {
            word.push('A');
        } else {
            word.push_str(&format!("P{}", self.payload.len()));
        }
        word.replace(">SA", ">S")
    }
}

/// A frame with its time.
pub type Stamped = (u64, Vec<u8>);

/// What a run has recorded.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<Stamped>>>);

impl Recording {
    /// A recorder that puts frames in here.
    pub fn recorder(&self) -> impl FnMut(u64, &[u8]) -> std::io::Result<()> + Send + 'static {
        let frames = self.0.clone();
        move |time_ns, frame| {
            frames.lock().unwrap().push((time_ns, frame.to_vec()));
            Ok(())
        }
    }

    pub fn frames(&self) -> Vec<Stamped> {
        self.0.lock().unwrap().clone()
    }

    /// Every frame as the TCP segment that it must be: nothing else passes on a wire. Checks what must be true of all.
    pub fn segments(&self) -> Vec<Segment> {
        let frames = self.frames();
        assert!(frames.is_sorted_by_key(|&(time_ns, _)| time_ns), "recorded in order of time");
        frames.iter().map(|(time_ns, frame)| segment(*time_ns, frame)).collect()
    }

    /// How many segments with a payload were sent, counting those that were sent again once.
    pub fn said(&self) -> usize {
        let segments = self.segments();
        let with_payload = segments.iter().filter(|segment| !segment.payload.is_empty());
        with_payload.map(|segment| (segment.from_server, segment.seq)).collect::<HashSet<_>>().len()
    }

    pub fn words(&self) -> Vec<String> {
        self.segments().iter().map(Segment::word).collect()
    }
}

fn segment(time_ns: u64, frame: &[u8]) -> Segment {
    assert!(frame.len() <= 1514, "a frame of {} bytes", frame.len());
    let be16 = |bytes: &[u8], at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    assert_eq!(be16(frame, 12), 0x0800, "IPv4 only: {frame:02x?}");
    let ip = &frame[14..];
    let header_len = usize::from(ip[0] & 0xf) * 4;
    assert_eq!(usize::from(be16(ip, 2)), ip.len(), "no padding on a virtual link");
    assert_eq!(ip[9], 6, "TCP only: {frame:02x?}");
    assert_eq!(sum(&ip[..header_len]), 0xffff, "IP checksum of {frame:02x?}");
    let address = |at: usize| Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]);
    let from_server = address(12) == wirelab_wire::SERVER;
    let (source, destination) = if from_server {
        (wirelab_wire::SERVER, wirelab_wire::CLIENT)
    } else {
        (wirelab_wire::CLIENT, wirelab_wire::SERVER)
    };
    assert_eq!((address(12), address(16)), (source, destination));
    let hardware = |address: Ipv4Addr| [&[2, 0][..], &address.octets()[..]].concat();
    assert_eq!(frame[..6], hardware(destination), "hardware address of the receiver");
    assert_eq!(frame[6..12], hardware(source), "hardware address of the sender");

    let tcp = &ip[header_len..];
    let mut pseudo = [&ip[12..20], &[0, 6][..], &(tcp.len() as u16).to_be_bytes()[..], tcp].concat();
    if pseudo.len() % 2 == 1 {
        pseudo.push(0);
    }
    assert_eq!(sum(&pseudo), 0xffff, "TCP checksum of {frame:02x?}");
    Segment {
        time_ns,
        frame_len: frame.len(),
        from_server,
        seq: u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]),
        flags: tcp[13],
        payload: tcp[usize::from(tcp[12] >> 4) * 4..].to_vec(),
    }
}

/// The one's complement sum of RFC 1071, over an even number of bytes.
fn sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
