//! How fast are frames read from memory?
#![allow(clippy::unwrap_used, missing_docs)]

use divan::counter::{BytesCount, ItemsCount};
use wirelab_capture::{LinkType, Reader, Settings, Writer};

fn main() {
    divan::main();
}

/// A capture of frames of this size, 32 MiB in all.
fn pcap(size: usize) -> Vec<u8> {
    let data = vec![0x5a; size];
    let settings = Settings { buffer: 1 << 20, ..Settings::new(LinkType::ETHERNET) };
    let mut writer = Writer::with(Vec::new(), settings).unwrap();
    for number in 0..(32 << 20) / (size + 16) {
        writer.write(number as u64 * 1_000, size as u32, &data).unwrap();
    }
    writer.finish().unwrap()
}

fn pcapng(size: usize) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = (12 + body.len() as u32).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let size = size.next_multiple_of(4);
    let packet = block(6, &[words(&[0, 0, 1, size as u32, size as u32]), vec![0x5a; size]].concat());
    let head = [block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX])), block(1, &words(&[1, 0]))].concat();
    [head, packet.repeat((32 << 20) / (size + 32))].concat()
}

fn read(bencher: divan::Bencher<'_, '_>, file: &[u8]) {
    let walk = || {
        let mut reader = Reader::new(file).unwrap();
        let mut total = 0u64;
        while let Some(frame) = reader.next_frame().unwrap() {
            total += u64::from(frame.wire_len) + u64::from(frame.data.first().copied().unwrap_or(0));
        }
        (total, reader.frames())
    };
    let (_, frames) = walk();
    bencher.counter(ItemsCount::new(frames)).counter(BytesCount::new(file.len())).bench(walk);
}

#[divan::bench(args = [78, 160, 1514])]
fn classic(bencher: divan::Bencher<'_, '_>, size: usize) {
    read(bencher, &pcap(size));
}

#[divan::bench(args = [78, 160, 1514])]
fn next_generation(bencher: divan::Bencher<'_, '_>, size: usize) {
    read(bencher, &pcapng(size));
}

/// What the library that writes would take to read.
#[divan::bench(args = [78, 160, 1514])]
fn classic_by_pcap_file(bencher: divan::Bencher<'_, '_>, size: usize) {
    let file = pcap(size);
    bencher.counter(BytesCount::new(file.len())).bench(|| {
        let mut reader = pcap_file::pcap::PcapReader::new(&file[..]).unwrap();
        let mut total = 0u64;
        while let Some(packet) = reader.next_packet() {
            let packet = packet.unwrap();
            total += u64::from(packet.orig_len()) + u64::from(packet.data().first().copied().unwrap_or(0));
        }
        total
    });
}

/// The same of pcapng.
#[divan::bench(args = [78, 160, 1514])]
fn next_generation_by_pcap_file(bencher: divan::Bencher<'_, '_>, size: usize) {
    let file = pcapng(size);
    bencher.counter(BytesCount::new(file.len())).bench(|| {
        let mut reader = pcap_file::pcapng::PcapNgReader::new(&file[..]).unwrap();
        let mut total = 0u64;
        while let Some(block) = reader.next_block() {
            if let pcap_file::pcapng::Block::EnhancedPacket(packet) = block.unwrap().0 {
                total += u64::from(packet.original_len) + u64::from(packet.data.first().copied().unwrap_or(0));
            }
        }
        total
    });
}

/// How long writing takes.
#[divan::bench(args = [78, 1514])]
fn writing(bencher: divan::Bencher<'_, '_>, size: usize) {
    bencher.bench(|| pcap(size).len());
}
