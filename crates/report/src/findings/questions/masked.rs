//! Where the words of a masked WebSocket frame are.

use wirelab_analyze::model::{Capture, Protocol};
use wirelab_catalog::App;

use super::{Evidence, Find, Known, Place, ReportFinding, Rule};
use crate::CaptureBytes;
use crate::transcript::payload;

pub const RULE: Rule = Rule {
    id: "masked-words",
    title: "Where the words of a masked frame are",
    place: Place::Question(
        "The client sends the words “get-time” over WebSocket, and the capture does not show them. Where are they?",
    ),
    means: "Each byte of a client's frame is combined by exclusive or with one of four key bytes, and the key stands in front of them. \
            Masking hides nothing from a reader of the capture. It keeps a page from choosing the bytes on the wire, so that a proxy \
            that does not know WebSocket cannot be tricked into seeing HTTP. The server does not mask.",
    looks: "A frame of the client with the mask bit, and four bytes of key before its payload.",
    mistaken: "Encryption: the key stands in front.",
    helps: "`wirelab show FILE --packet N` shows the words.",
    source: "RFC 6455, section 5.3",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let captures = known.captures().iter().enumerate().zip(known.bytes);
    let mut own = captures.filter(|((_, capture), _)| capture.app == Some(App::Ws));
    let found = own.find_map(|((at, capture), bytes)| Some((at, masked_frame(capture, bytes)?)));
    let Some((at, (number, key))) = found else { return Vec::new() };
    let text = format!("In packet {number}, masked with the key {key}, which stands in front of them.");
    vec![RULE.seen(text).shown_by([Evidence::packets(at, vec![number])])]
}

/// The first masked frame of the client that says these words and begins a packet, and its key in hexadecimal.
fn masked_frame(capture: &Capture, bytes: &CaptureBytes) -> Option<(u64, String)> {
    capture.packets.iter().filter(|packet| packet.from_client && packet.app_len >= 6).find_map(|packet| {
        let protocol = capture.connections.get(packet.connection as usize)?.protocol;
        let payload = payload(packet, bytes.frame(packet.number)?);
        let (head, rest) = payload.split_at_checked(2)?;
        let (key, masked) = rest.split_at_checked(4)?;
        let words: Vec<u8> = masked.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        let is_text = head == [0x81, 0x80 | WORDS.len() as u8];
        if protocol != Protocol::WebSocket || !is_text || !words.starts_with(WORDS) {
            return None;
        }
        let key: Vec<String> = key.iter().map(|byte| format!("{byte:02x}")).collect();
        Some((packet.number, key.join(" ")))
    })
}

/// What the client of the WebSocket app asks.
const WORDS: &[u8] = b"get-time";
