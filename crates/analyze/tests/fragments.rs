//! TCP packets that came in IP fragments.
#![allow(clippy::unwrap_used)]

use wirelab_analyze::model::Note;
mod talk;

use talk::{Frames, Talk, analyze, check, head};
use wirelab_analyze::Layer;
use wirelab_dissect::build;

/// The fragments of an Ethernet frame's packet, each in a frame.
fn fragments(frame: &[u8], id: u16, size: usize) -> Vec<Vec<u8>> {
    build::fragments(&frame[14..], id, size).iter().map(|piece| build::ethernet(0x0800, piece)).collect()
}

fn conversation() -> Frames {
    let mut talk = Talk::new(20_000);
    talk.handshake();
    talk.client(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
    talk.server(&[&head("HTTP/1.1 200 OK", "Content-Length: 900\r\n", 200)[..], &[b'x'; 900]].concat());
    talk.client_ack().client_fin().server_fin().client_ack();
    talk.frames
}

#[test]
fn a_packet_in_fragments_is_one_packet_with_the_bytes_of_all_its_frames() {
    let whole = analyze(&conversation());
    let mut frames = Frames::new();
    for (at, (time, frame)) in conversation().into_iter().enumerate() {
        if frame.len() > 800 {
            // The last comes first: the order of fragments is the network's.
            frames.extend(fragments(&frame, at as u16, 400).into_iter().rev().map(|frame| (time, frame)));
        } else {
            frames.push((time, frame));
        }
    }
    let cut = analyze(&frames);
    check(&cut);
    assert_eq!((cut.frames, cut.skipped_frames), (whole.frames + 2, 2));
    // Two more frames, each with an Ethernet and an IP header of its own.
    assert_eq!(cut.totals.frame_bytes, whole.totals.frame_bytes + 2 * 34);
    assert_eq!(cut.totals.layers[Layer::Lower], whole.totals.layers[Layer::Lower] + 2 * 34);
    assert_eq!(
        (cut.totals.app_bytes, cut.totals.layers[Layer::Tcp]),
        (whole.totals.app_bytes, whole.totals.layers[Layer::Tcp])
    );
    assert_eq!(talk::said(&cut), talk::said(&whole));
    let answer = cut.exchanges.iter().find(|one| *one.label == *"GET /long").unwrap();
    assert_eq!(answer.packets[1], 7, "numbered as the frame that completes it: 3 + 1 + 3");
    assert!(cut.notes.contains(&Note::Fragmented { packets: 1, frames: 3 }), "{:?}", cut.notes);
}

#[test]
fn fragments_that_never_become_whole_are_said() {
    let mut frames = conversation();
    let (time, last) = frames.iter().find(|(_, frame)| frame.len() > 800).cloned().unwrap();
    frames.extend(fragments(&last, 77, 400).into_iter().take(2).map(|frame| (time, frame)));
    let capture = analyze(&frames);
    check(&capture);
    assert_eq!(capture.skipped_frames, 2);
    assert!(capture.notes.contains(&Note::UnfinishedFragments { frames: 2 }), "{:?}", capture.notes);
}
