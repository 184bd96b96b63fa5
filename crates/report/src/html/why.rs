//! Why is this packet here? One or two sentences a packet, from its flags and its neighbours.

use wirelab_analyze::model::{Capture, FindingId, Packet, TcpAnalysis};

use crate::lookup::shows;
use crate::numbers::duration;

/// The sentence, and the part of the learning section that says more.
pub fn of(capture: &Capture, packet: &Packet) -> (String, &'static str) {
    let flags = packet.flags;
    if flags.syn() && !flags.ack() {
        return ("It opens a connection: the client says with which number it begins to count bytes, and what its TCP can do.".to_owned(), "why-handshake");
    }
    if flags.syn() {
        return ("The server agrees to the connection and begins its own count.".to_owned(), "why-handshake");
    }
    if flags.rst() {
        return (
            "It breaks the connection off: bytes came for a connection that this side has already given up.".to_owned(),
            "why-close",
        );
    }
    if let Some(name) = packet.analysis.filter(|name| name.is_retransmission()) {
        let why = match name {
            _ if shows(capture, FindingId::CapturedTwice, packet.number) => {
                return ("It is in the capture twice: recorded a second time, not sent again.".to_owned(), "why-again");
            }
            TcpAnalysis::FastRetransmission => "duplicate ACKs asked for its bytes",
            TcpAnalysis::SpuriousRetransmission => "its bytes had been acknowledged before",
            _ => "its bytes had been on the wire before, or fill a gap, and were not acknowledged",
        };
        return (format!("A {name}: {why}."), "why-again");
    }
    if flags.fin() {
        return (
            "This side has nothing more to send. The other may still speak until it sends a FIN of its own.".to_owned(),
            "why-close",
        );
    }
    if packet.is_masked() {
        return (
            format!(
                "A masked WebSocket frame: {}. Its key stands before the payload and undoes the mask.",
                packet.info()
            ),
            "why-mask",
        );
    }
    if let Some((part, ack)) = held_back(capture, packet) {
        return (
            format!(
                "The next part of a message that was written in parts. TCP held it back until packet {ack} acknowledged the part before, packet {part}: Nagle's algorithm."
            ),
            "why-nagle",
        );
    }
    if packet.app_len > 0 {
        let side = if packet.from_client { "client" } else { "server" };
        return (
            format!(
                "The {side} has something to say: {} bytes. The ACK that every packet carries rides along for nothing.",
                packet.app_len
            ),
            "why-data",
        );
    }
    bare_ack(capture, packet)
}

/// The packet with the part before and the ACK that this one waited for, where that was found.
fn held_back(capture: &Capture, packet: &Packet) -> Option<(u64, u64)> {
    if packet.from_client || packet.app_len == 0 {
        return None;
    }
    // The findings say whether it waited; the packets before it, for what.
    let waited =
        [FindingId::AckWait, FindingId::NagleDelayedAck].into_iter().any(|id| shows(capture, id, packet.number));
    let exchange = packet.exchange.filter(|_| waited)?;
    let mut before = capture
        .packets
        .iter()
        .rev()
        .skip_while(|other| other.number >= packet.number)
        .take(50)
        .filter(|other| other.connection == packet.connection && other.exchange == Some(exchange));
    let ack = before.next().filter(|ack| ack.from_client && ack.app_len == 0)?;
    let part = before.next().filter(|part| !part.from_client && part.app_len > 0)?;
    Some((part.number, ack.number))
}

fn bare_ack(capture: &Capture, packet: &Packet) -> (String, &'static str) {
    let before = capture
        .packets
        .iter()
        .rev()
        .skip_while(|other| other.number >= packet.number)
        .take(50)
        .filter(|other| other.connection == packet.connection && other.from_client != packet.from_client)
        .find(|other| other.app_len > 0 || other.flags.syn() || other.flags.fin());
    match before {
        Some(other) if other.flags.syn() => {
            ("The third step of the handshake: the client has the server's SYN.".to_owned(), "why-handshake")
        }
        Some(other) if other.flags.fin() => {
            (format!("It acknowledges the FIN of packet {}.", other.number), "why-close")
        }
        Some(other) => {
            let waited = (packet.time_s - other.time_s).max(0.0);
            (
                format!(
                    "TCP's receipt for packet {}, {} later where the frames were stamped. Nothing was to be said that could have carried \
                     it, so it travels alone: headers and no data.",
                    other.number,
                    duration(waited)
                ),
                "why-ack",
            )
        }
        None => ("TCP's receipt for what came before.".to_owned(), "why-ack"),
    }
}
