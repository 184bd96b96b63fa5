//! How many frames a second does the analyzer take, from memory?
//!
//! `cargo bench -p wirelab-analyze --bench analyze`. Whole files, and other programs beside: `benches/compare.sh`.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/talk/mod.rs"]
mod talk;

use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use talk::Frames;
use talk::traffic::{Pieces, bodies, conversations};
use wirelab_analyze::{Analyzer, Settings};
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::packet::decode;

fn main() {
    divan::main();
}

/// The five apps, a hundred conversations side by side.
#[divan::bench]
fn small_packets(bencher: Bencher<'_, '_>) {
    analyze(bencher, conversations(0), Settings::default());
}

/// Full segments: a long body, chunks, WebSocket messages.
#[divan::bench]
fn large_packets(bencher: Bencher<'_, '_>) {
    analyze(bencher, bodies(0, Pieces::Long), Settings::default());
}

/// The same, with a chunk a segment, and a message and a ping.
#[divan::bench]
fn large_packets_of_pieces(bencher: Bencher<'_, '_>) {
    analyze(bencher, bodies(0, Pieces::Short), Settings::default());
}

/// With every packet kept for lists and pictures.
#[divan::bench]
fn small_packets_kept(bencher: Bencher<'_, '_>) {
    analyze(bencher, conversations(0), Settings { keep_packets: usize::MAX, ..Settings::default() });
}

/// Only from the link to TCP.
#[divan::bench]
fn headers(bencher: Bencher<'_, '_>) {
    measure(bencher, conversations(0), |frames| {
        for frame in in_order(frames) {
            black_box(decode(&frame));
        }
    });
}

fn analyze(bencher: Bencher<'_, '_>, frames: Frames, settings: Settings) {
    measure(bencher, frames, |frames| {
        let mut analyzer = Analyzer::new(settings.clone());
        for frame in in_order(frames) {
            analyzer.frame(&frame);
        }
        black_box(analyzer.finish("bench", None, "pcap"));
    });
}

fn measure(bencher: Bencher<'_, '_>, mut frames: Frames, run: impl Fn(&Frames)) {
    frames.sort_by_key(|(time, _)| *time);
    let bytes: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
    bencher.counter(ItemsCount::new(frames.len())).counter(BytesCount::new(bytes)).bench_local(|| run(&frames));
}

fn in_order(frames: &Frames) -> impl Iterator<Item = Frame<'_>> {
    frames.iter().zip(1..).map(|((time_ns, data), number)| Frame {
        number,
        time_ns: *time_ns,
        wire_len: data.len() as u32,
        data,
        link: LinkType::ETHERNET,
        file_offset: 0,
    })
}
