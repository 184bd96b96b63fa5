//! What kind of packet is this? What its flags and its payload say, in words. Why it is where it is, only a finding knows.

use wirelab_analyze::model::{Capture, Packet, TcpAnalysis};

/// What its kind means, and the part of the learning section that says more.
pub fn of(packet: &Packet) -> (String, &'static str) {
    let flags = packet.flags;
    if flags.syn() && !flags.ack() {
        return (
            "It asks for a connection: with which number its side begins to count bytes, and what its TCP can do."
                .to_owned(),
            "why-handshake",
        );
    }
    if flags.syn() {
        return ("It agrees to a connection, and begins the count of its own side.".to_owned(), "why-handshake");
    }
    if flags.rst() {
        return ("It breaks the connection off, in both directions at once.".to_owned(), "why-close");
    }
    if let Some(name) = packet.analysis.filter(|name| name.is_retransmission()) {
        return (format!("A {name}: {}.", meaning(name)), "why-again");
    }
    if flags.fin() {
        return (
            "Its side has nothing more to send. The other may still speak until it sends a FIN of its own.".to_owned(),
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
    match packet.app_len {
        0 => ("It carries no data: it says only up to where its side has received.".to_owned(), "why-ack"),
        bytes => (format!("It carries {bytes} bytes of data, and an acknowledgement number besides."), "why-data"),
    }
}

/// What Wireshark calls so.
fn meaning(name: TcpAnalysis) -> &'static str {
    match name {
        TcpAnalysis::FastRetransmission => "bytes that came again behind duplicate ACKs",
        TcpAnalysis::SpuriousRetransmission => "bytes that came again though they had been acknowledged",
        _ => "bytes that were on the wire before, or fill a gap, and had not been acknowledged",
    }
}

/// What a packet is evidence of, each with its id.
pub fn found(capture: &Capture, number: u64) -> Vec<String> {
    let shows = capture.findings.iter().filter(|finding| finding.packets.binary_search(&number).is_ok());
    shows.map(|finding| format!("{} ({})", finding.id.title(), finding.id)).collect()
}
