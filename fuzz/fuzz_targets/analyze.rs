//! A whole capture: whatever is in the file, the sums hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirelab_analyze::{Analyzer, Settings, Tally};
use wirelab_capture::Reader;

fuzz_target!(|data: &[u8]| {
    let Ok(mut reader) = Reader::new(data) else { return };
    // Few rows and packets are kept, so that what lies beyond them is reached, too.
    let mut analyzer = Analyzer::new(Settings { limit: 20, keep_packets: 50, ..Settings::default() });
    let mut frames = 0;
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                frames += 1;
                analyzer.frame(&frame);
            }
            Ok(None) => break,
            Err(error) => {
                analyzer.problem(None, 0, error.to_string());
                break;
            }
        }
    }
    let capture = analyzer.finish("fuzz", None, &reader.format());
    assert_eq!(capture.frames, frames);
    assert_eq!(capture.totals.total_packets + capture.skipped_frames, frames);
    assert!(capture.totals.adds_up(), "{:?}", capture.totals);
    let connections: Tally = capture.connections.iter().map(|one| one.tally()).sum();
    assert_eq!(connections, capture.totals);
    let groups: Tally = capture.groups.iter().map(|one| one.tally).sum();
    assert_eq!(groups, capture.totals);
    if capture.rows_left_out == 0 {
        let exchanges: Tally = capture.exchanges.iter().map(|one| one.tally()).sum();
        assert_eq!(exchanges, capture.totals);
    }
    for exchange in capture.exchanges.iter() {
        assert!(exchange.tally().adds_up(), "{exchange:?}");
    }
    for packet in &capture.packets {
        assert_eq!(packet.spans.iter().map(|span| span.len).sum::<u32>(), packet.app_len, "packet {}", packet.number);
    }
});
