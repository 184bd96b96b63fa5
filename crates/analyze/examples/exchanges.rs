//! Analyses captures and prints one line each: what a profiler runs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs::File;

use wirelab_analyze::{Analyzer, Settings};
use wirelab_capture::Reader;

fn main() {
    for path in std::env::args().skip(1) {
        let mut reader = Reader::new(File::open(&path).unwrap()).unwrap();
        let mut analyzer = Analyzer::new(Settings::default());
        while let Some(frame) = reader.next_frame().unwrap() {
            analyzer.frame(&frame);
        }
        let capture = analyzer.finish(&path, None, "pcap");
        println!(
            "{path}: {:?}, {} connections, {} groups",
            capture.totals,
            capture.connections.len(),
            capture.groups.len()
        );
    }
}
