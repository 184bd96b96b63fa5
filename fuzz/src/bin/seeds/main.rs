//! Writes into `corpus/` what the targets begin with: small captures and frames of the kinds there are, and what was said
//! in the sample captures.
//!
//! ```text
//! cd fuzz && cargo run --bin seeds
//! ```

mod streams;

use std::fs;
use std::io;
use std::path::Path;
use wirelab_capture::{LinkType, Precision, Settings, Writer};
use wirelab_dissect::build::{Tcp, endpoint, ethernet, ip, ipv4, udp, vlan};
use wirelab_fuzz::LINKS;

fn main() -> io::Result<()> {
    let frames = frames();
    for (index, (link, frame)) in frames.iter().enumerate() {
        let choice = LINKS.iter().position(|known| known == link).unwrap_or(0) as u8;
        write("packet", &format!("frame-{index}"), &[&[choice, 0], &frame[..]].concat())?;
        write("packet", &format!("frame-{index}-cut"), &[&[choice, 9], &frame[..frame.len() - 9]].concat())?;
    }
    for precision in [Precision::Microseconds, Precision::Nanoseconds] {
        let settings = Settings { precision, ..Settings::new(LinkType::ETHERNET) };
        let mut writer = Writer::with(Vec::new(), settings).map_err(io::Error::other)?;
        for (link, frame) in &frames {
            if *link == 1 {
                writer.write(1_000_000_000, frame.len() as u32, frame).map_err(io::Error::other)?;
            }
        }
        let file = writer.finish().map_err(io::Error::other)?;
        capture(&format!("{precision:?}.pcap"), &file)?;
    }
    for big in [false, true] {
        capture(&format!("big-{big}.pcapng"), &pcapng(big, &frames[0].1))?;
    }
    streams::write_all()
}

fn capture(name: &str, bytes: &[u8]) -> io::Result<()> {
    write("reader", name, bytes)?;
    write("analyze", name, bytes)
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

/// Frames by link type.
fn frames() -> Vec<(u16, Vec<u8>)> {
    let options = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7];
    let v4 = Tcp { payload: b"time\n", options: &options, ..Tcp::between("10.0.0.2:40000", "10.0.0.1:8000") };
    let v6 = Tcp { payload: b"time\n", ..Tcp::between("[fd00::2]:40000", "[fd00::1]:8000") };
    let (from, to) = (v4.source.addr, v4.destination.addr);
    let (packet, packet6) = (v4.packet(), v6.packet());
    let hop = [&[6, 0, 5, 2, 0, 0, 1, 0], &v6.segment()[..]].concat();
    let part = [&[6, 0, 0, 1, 0, 0, 0, 9], &v6.segment()[..24]].concat();
    let vxlan = [&[8, 0, 0, 0, 0, 0, 7, 0], &v4.frame()[..]].concat();
    let gtp = [&[0x34, 255, 0, 50, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0], &packet[..]].concat();
    let over = |port: &str, inner: &[u8]| {
        let (a, b) = (endpoint("10.1.0.2:5000"), endpoint(port));
        ethernet(0x0800, &ip(a.addr, b.addr, 17, &udp(a, b, inner)))
    };
    vec![
        (1, v4.frame()),
        (1, v6.frame()),
        (1, ethernet(0x88a8, &vlan(1, 0x8100, &vlan(2, 0x0800, &packet)))),
        (1, ethernet(0x8864, &[&[0x11, 0, 0, 7, 0, 67, 0, 0x21], &packet[..]].concat())),
        (1, ethernet(0x8847, &[&[0, 1, 1, 64], &packet[..]].concat())),
        (1, ethernet(0x86dd, &ip(v6.source.addr, v6.destination.addr, 0, &hop))),
        (1, ethernet(0x86dd, &ip(v6.source.addr, v6.destination.addr, 44, &part))),
        (1, ethernet(0x0800, &ipv4(from, to, 6, 1, 0x2000, &v4.segment()[..24]))),
        (1, ethernet(0x0800, &ip(from, to, 47, &[&[0x30, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0, 1], &packet[..]].concat()))),
        (1, ethernet(0x0800, &ip(from, to, 4, &packet))),
        (1, over("10.1.0.1:4789", &vxlan)),
        (1, over("10.1.0.1:2152", &gtp)),
        (0, [&[2, 0, 0, 0], &packet[..]].concat()),
        (9, [&[0xff, 3, 0, 0x21], &packet[..]].concat()),
        (101, packet6),
        (113, [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], &packet[..]].concat()),
        (276, [&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &packet[..]].concat()),
    ]
}

fn pcapng(big: bool, frame: &[u8]) -> Vec<u8> {
    let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let words = |values: &[u32]| values.iter().flat_map(|value| word(*value)).collect::<Vec<u8>>();
    let block = |kind: u32, body: &[u8]| {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let length = word((12 + body.len() + padding.len()) as u32);
        [&word(kind)[..], &length, body, &padding, &length].concat()
    };
    let halves =
        |a: u16, b: u16| if big { u32::from(a) << 16 | u32::from(b) } else { u32::from(b) << 16 | u32::from(a) };
    let length = frame.len() as u32;
    let resolution = [words(&[halves(9, 1)]), vec![9, 0, 0, 0], words(&[0])].concat();
    let section = block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, halves(1, 0), u32::MAX, u32::MAX]));
    let interface = block(1, &[words(&[halves(1, 0), 0]), resolution].concat());
    [
        section.clone(),
        interface.clone(),
        block(6, &[&words(&[0, 1, 2, length, length]), frame].concat()),
        block(3, &[&words(&[length]), frame].concat()),
        block(5, &words(&[0, 1, 2])),
        section,
        interface,
        block(2, &[&words(&[halves(0, 0), 1, 2, length, length]), frame].concat()),
    ]
    .concat()
}
