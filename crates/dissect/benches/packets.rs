//! How long does it take to find the TCP segment of a frame?
//!
//! `cargo bench -p wirelab-dissect --bench packets`
#![allow(clippy::unwrap_used, missing_docs)]

use divan::counter::ItemsCount;
use std::hint::black_box;
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::build::{Tcp, ethernet, vlan};
use wirelab_dissect::fields::headers;
use wirelab_dissect::packet::{Decoded, decode};

fn main() {
    divan::main();
}

const STAMP: [u8; 12] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];

fn v4() -> Vec<u8> {
    Tcp { payload: &[b'x'; 100], options: &STAMP, ..Tcp::between("10.0.0.2:40000", "10.0.0.1:8000") }.frame()
}

fn v6() -> Vec<u8> {
    Tcp { payload: &[b'x'; 100], options: &STAMP, ..Tcp::between("[fd00::2]:40000", "[fd00::1]:8000") }.frame()
}

/// A thousand frames of one kind, one after the other in memory as in a reader's buffer.
fn decode_all(bencher: divan::Bencher<'_, '_>, data: &[u8]) {
    let many = data.repeat(1_000);
    bencher.counter(ItemsCount::new(1_000u32)).bench(|| {
        let mut sum = 0u64;
        for (number, data) in (1..).zip(black_box(&many).chunks_exact(data.len())) {
            let wire_len = data.len() as u32;
            let frame = Frame { number, time_ns: 0, wire_len, data, link: LinkType::ETHERNET, file_offset: 0 };
            if let Decoded::Tcp(segment) = decode(&frame) {
                sum += u64::from(segment.payload_len) + u64::from(segment.seq) + u64::from(segment.source.port);
            }
        }
        sum
    });
}

#[divan::bench]
fn ethernet_ipv4_tcp(bencher: divan::Bencher<'_, '_>) {
    decode_all(bencher, &v4());
}

#[divan::bench]
fn ethernet_ipv6_tcp(bencher: divan::Bencher<'_, '_>) {
    decode_all(bencher, &v6());
}

#[divan::bench]
fn two_vlan_tags(bencher: divan::Bencher<'_, '_>) {
    let inner = v4().split_off(14);
    decode_all(bencher, &ethernet(0x88a8, &vlan(1, 0x8100, &vlan(2, 0x0800, &inner))));
}

#[divan::bench]
fn the_tree_of_fields(bencher: divan::Bencher<'_, '_>) {
    let data = v4();
    let wire_len = data.len() as u32;
    let frame = Frame { number: 1, time_ns: 0, wire_len, data: &data, link: LinkType::ETHERNET, file_offset: 0 };
    bencher.bench(|| headers(black_box(&frame)));
}
