//! Writes a large capture for measuring: `big_capture KIND PACKETS FILE`.
//!
//! `small`: the five conversations of 2021 over and over, from other addresses and ports, a hundred at a time side by
//! side: about 160 bytes a packet, one connection for every 21 packets. `large`: full segments, a third of them each of a
//! long body, of chunks, and of WebSocket messages, of 16 KiB; `pieces`: the same with a chunk a segment, and a message and a
//! ping a segment.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "../tests/talk/mod.rs"]
mod talk;

use std::fs::File;
use std::io::BufWriter;

use talk::traffic::{Pieces, bodies, conversations};
use wirelab_capture::{LinkType, Writer};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, packets, path] = args.as_slice() else {
        return usage();
    };
    let frames_of: fn(u64) -> talk::Frames = match kind.as_str() {
        "small" => conversations,
        "large" => |batch| bodies(batch, Pieces::Long),
        "pieces" => |batch| bodies(batch, Pieces::Short),
        _ => return usage(),
    };
    let packets: u64 = packets.parse().expect("a number of packets");
    let out = BufWriter::with_capacity(1 << 20, File::create(path).expect("a file that can be written"));
    let mut writer = Writer::create(out, LinkType::ETHERNET, 65535).expect("room for the header");
    let mut written = 0;
    let mut batch = 0u64;
    while written < packets {
        let mut frames = frames_of(batch);
        frames.sort_by_key(|(time, _)| *time);
        for (time, frame) in frames.into_iter().take((packets - written) as usize) {
            // Batches follow one another, 50 s apart.
            writer.write(time + batch * 50_000_000_000, frame.len() as u32, &frame).expect("room for a frame");
            written += 1;
        }
        batch += 1;
    }
    writer.finish().expect("room for the last frames");
}

fn usage() {
    eprintln!("usage: big_capture small|large|pieces PACKETS FILE");
    std::process::exit(2);
}
