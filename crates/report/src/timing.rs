//! What does a client wait, in time and in round trips?
//!
//! Frames are stamped at one end of the link. What a client waits is worked out from that: at the server's end half a
//! round trip is missing on either side of an answer, at the client's end nothing is.

use wirelab_analyze::model::{Capture, Exchange, Kind};
use wirelab_dissect::tcp::Flags;

use crate::lookup;
use crate::numbers::significant;

/// Whether frames were stamped at the server: there the SYN-ACK follows its SYN at once, and the ACK comes a round trip later.
pub fn stamped_at_server(capture: &Capture) -> bool {
    for (at, _) in capture.connections.iter().enumerate() {
        let mut handshake = capture.packets.iter().filter(|p| p.connection as usize == at).take(3);
        if let (Some(syn), Some(answer), Some(ack)) = (handshake.next(), handshake.next(), handshake.next())
            && syn.flags == Flags::SYN
            && answer.flags == Flags::SYN | Flags::ACK
        {
            return answer.time_s - syn.time_s <= ack.time_s - answer.time_s;
        }
    }
    true
}

/// From the first SYN until the last byte with the first time is at the client.
pub fn first_time(capture: &Capture, trip: f64) -> Option<f64> {
    let exchange = capture.exchanges.iter().find(|e| matches!(e.kind, Kind::Greeting | Kind::Page))?;
    let packets = lookup::packets(capture, exchange);
    let last = lookup::server_data(&packets).last()?.time_s;
    let begin = capture.packets.first()?.time_s;
    Some(last - begin + if stamped_at_server(capture) { trip } else { 0.0 })
}

/// What the client waits for one update: from its request, or from when the server sent it.
pub fn wait(capture: &Capture, update: &Exchange, trip: f64) -> Option<f64> {
    let packets = lookup::packets(capture, update);
    let last = lookup::server_data(&packets).last()?.time_s;
    let at_server = stamped_at_server(capture);
    match packets.iter().find(|packet| packet.from_client && packet.app_len > 0) {
        Some(request) => Some((last - request.time_s).max(0.0) + if at_server { trip } else { 0.0 }),
        None => Some(trip / 2.0),
    }
}

/// A time in round trips: "1", "2", "½".
pub fn trips(seconds: f64, trip: f64) -> String {
    if trip <= 0.0 {
        return "\u{2013}".to_owned();
    }
    let halves = (seconds / trip * 2.0).round() / 2.0;
    match halves {
        0.5 => "\u{bd}".to_owned(),
        h if h.fract() == 0.5 => format!("{}\u{bd}", h.trunc()),
        h => significant(h, 3),
    }
}
