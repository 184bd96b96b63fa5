//! The tables published with "From Sockets to WebSockets" in 2021, from captures rebuilt packet by packet.
//!
//! The lengths, the order and the times of the packets are facts of the original captures; the payloads are our own
//! texts of the same lengths. One published figure can't be right and is not reproduced: the WebSocket capture has 13
//! packets with payload, not 12. (The byte sums of the published row do count all 13: 34 x 34 + 1104 + 1903 = 4163.)
#![allow(clippy::unwrap_used)]

mod talk;

use talk::{analyze, originals};
use wirelab_analyze::{Capture, Kind, Layer, Tally};
use wirelab_catalog::App;

/// Total packets, app packets, frame bytes, TCP bytes, app bytes.
fn columns(tally: &Tally) -> [u64; 5] {
    [tally.total_packets, tally.app_packets, tally.frame_bytes, tally.layers[Layer::Tcp], tally.app_bytes]
}

fn per_update(capture: &Capture) -> [u64; 5] {
    columns(&capture.per_update.unwrap())
}

fn push_only(capture: &Capture) -> Option<[u64; 5]> {
    capture.push_only.as_ref().map(columns)
}

#[test]
fn tcpapp() {
    let capture = analyze(&originals::tcpapp([49, 207, 214, 44], 22374));
    assert_eq!(capture.app, Some(App::Tcp));
    assert_eq!(columns(&capture.totals), [18, 7, 1283, 596, 75]);
    assert_eq!(per_update(&capture), [3, 2, 213, 96, 15]);
    assert_eq!(push_only(&capture), Some([2, 1, 142, 64, 10]));
    let packets: Vec<u64> = capture.exchanges.updates().map(|one| one.tally().total_packets).collect();
    assert_eq!(packets, [4, 3, 3], "the first update has the quick ACK of a young connection");
    assert_eq!(capture.update_range.as_ref().unwrap().max.total_packets, 4);
    assert_eq!(capture.median_update, Some(2));
    assert_eq!(capture.totals.useful_bytes, 4 * 8);
}

#[test]
fn webapp() {
    let capture = analyze(&originals::webapp([49, 207, 214, 44], 22374));
    assert_eq!(capture.app, Some(App::Web));
    assert_eq!(columns(&capture.totals), [27, 12, 5468, 884, 3666]);
    assert_eq!(per_update(&capture), [5, 3, 1253, 160, 923]);
    assert_eq!(push_only(&capture), None);
    let kinds: Vec<Kind> = capture.exchanges.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::Setup, Kind::Page, Kind::Update, Kind::Update, Kind::Update, Kind::Close]);
}

#[test]
fn ajaxapp() {
    let capture = analyze(&originals::ajaxapp([49, 207, 214, 44], 22374));
    assert_eq!(capture.app, Some(App::Ajax));
    assert_eq!(columns(&capture.totals), [27, 12, 4316, 884, 2514]);
    assert_eq!(per_update(&capture), [5, 3, 745, 160, 415]);
    assert_eq!(push_only(&capture), None);
}

#[test]
fn sseapp() {
    let capture = analyze(&originals::sseapp([49, 207, 214, 44], 22374));
    assert_eq!(capture.app, Some(App::Sse));
    assert_eq!(columns(&capture.totals), [21, 8, 3015, 692, 1609]);
    assert_eq!(per_update(&capture), [2, 1, 166, 64, 34]);
    assert_eq!(push_only(&capture), Some([2, 1, 166, 64, 34]));
    assert_eq!(capture.connections[0].row().sse_events, 3);
    assert_eq!(capture.connections[0].protocol.name(), "sse");
    // 34 app bytes: chunk size 4, "data: " 6, two line ends 2, chunk end 2, and the JSON text of 20 with the time in it.
    let update = capture.per_update.unwrap();
    assert_eq!((update.layers[Layer::Framing], update.layers[Layer::Content], update.useful_bytes), (14, 20, 8));
}

#[test]
fn wsapp() {
    let capture = analyze(&originals::wsapp([49, 207, 214, 44], 22374));
    assert_eq!(capture.app, Some(App::Ws));
    assert_eq!(columns(&capture.totals), [34, 13, 4163, 1104, 1903]);
    assert_eq!(per_update(&capture), [3, 2, 234, 96, 36]);
    assert_eq!(push_only(&capture), Some([2, 1, 154, 64, 22]));
    let frames = capture.connections[1].row().websocket_frames;
    assert_eq!((frames.text, frames.close), (6, 2));
    let update = capture.per_update.unwrap();
    assert_eq!((update.layers[Layer::Framing], update.layers[Layer::Content], update.useful_bytes), (8, 28, 8));
}
