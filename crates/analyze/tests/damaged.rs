//! Files that are damaged: cut, with other bytes, with lengths that lie, with nothing where something should be.
//! Whatever is in a file, an analysis comes to an end and its sums hold.
#![allow(clippy::unwrap_used)]

mod talk;

use proptest::prelude::*;
use talk::traffic::{Pieces, bodies, conversations};
use wirelab_analyze::{Analyzer, Capture, Settings};
use wirelab_capture::{LinkType, Reader, Writer};

/// A small capture of the five apps and of long bodies.
fn file() -> Vec<u8> {
    let mut frames = conversations(0);
    frames.truncate(120);
    frames.extend(bodies(0, Pieces::Short).into_iter().take(30));
    frames.sort_by_key(|(time, _)| *time);
    let mut writer = Writer::create(Vec::new(), LinkType::ETHERNET, 65535).unwrap();
    for (time, frame) in frames {
        writer.write(time, frame.len() as u32, &frame).unwrap();
    }
    writer.finish().unwrap()
}

/// Analyses what can be read of a file, and checks the sums; `None` where it is no capture.
fn analyze(bytes: &[u8]) -> Option<Capture> {
    let mut reader = Reader::new(bytes).ok()?;
    let mut analyzer = Analyzer::new(Settings { limit: 50, keep_packets: 60, ..Settings::default() });
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => analyzer.frame(&frame),
            Ok(None) => break,
            Err(error) => {
                analyzer.problem(None, 0, error.to_string());
                break;
            }
        }
    }
    let capture = analyzer.finish("damaged", None, &reader.format());
    talk::check(&capture);
    assert_eq!(capture.frames, capture.totals.total_packets + capture.skipped_frames);
    Some(capture)
}

#[test]
fn a_file_cut_anywhere_gives_the_frames_before_the_cut() {
    let file = file();
    let whole = analyze(&file).unwrap();
    assert!(whole.problems.is_empty());
    let mut frames = 0;
    for end in (0..file.len()).step_by(37) {
        let Some(capture) = analyze(&file[..end]) else {
            assert!(end < 24);
            continue;
        };
        assert!(capture.frames >= frames && capture.frames <= whole.frames);
        frames = capture.frames;
    }
}

#[test]
fn a_file_of_zeros_is_no_capture() {
    for len in [0, 1, 3, 4, 24, 100_000] {
        assert!(analyze(&vec![0; len]).is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn other_bytes_keep_the_sums(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = file();
        for (at, byte) in damage {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        analyze(&file);
    }

    #[test]
    fn lengths_that_lie_keep_the_sums(
        lies in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..5, any::<u16>()), 1..12),
    ) {
        let mut file = file();
        // Where the records begin, while they are as they were.
        let mut records = Vec::new();
        let mut at = 24;
        while let Some(header) = file.get(at..at + 16) {
            records.push(at);
            at += 16 + u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        }
        for (record, field, value) in lies {
            let at = records[record.index(records.len())];
            // The kept length, the wire length, the IP header and its length, the TCP header's length.
            let place = at + [8, 12, 16 + 14, 16 + 16, 16 + 46][field];
            file[place..place + 2].copy_from_slice(&value.to_le_bytes());
        }
        analyze(&file);
    }

    #[test]
    fn runs_of_zeros_keep_the_sums(from in any::<prop::sample::Index>(), len in 1usize..600) {
        let mut file = file();
        let from = from.index(file.len() - 24) + 24;
        let to = (from + len).min(file.len());
        file[from..to].fill(0);
        analyze(&file);
    }
}
