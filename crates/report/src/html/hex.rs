//! The bytes of a packet with its layers marked.

use serde::Serialize;
use wirelab_analyze::model::{Layer, Packet};

use crate::html::svg::escape_into;
use crate::list::shown;

/// Three columns of text: offsets, bytes, characters. Runs of one layer are one element, also across lines, so that the
/// page stays small; the page's script splits them into bytes when a packet is opened.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Hex {
    /// "0000\n0010\n…".
    pub offsets: String,
    /// The bytes, marked; safe HTML.
    pub bytes: String,
    /// The characters, marked; safe HTML.
    pub characters: String,
    /// Bytes on the wire that the capture does not hold.
    pub missing: u64,
}

/// The bytes of a frame, as its packet divides them.
pub(crate) fn render(packet: &Packet, data: &[u8]) -> Hex {
    let mut hex = Hex { missing: u64::from(packet.frame_len).saturating_sub(data.len() as u64), ..Hex::default() };
    for at in (0..data.len()).step_by(16) {
        if at > 0 {
            hex.offsets.push('\n');
        }
        hex.offsets.push_str(&format!("{at:04x}"));
    }
    let mut at = 0_usize;
    for (layer, len) in layers(packet) {
        let end = at.saturating_add(len).min(data.len());
        let Some(run) = data.get(at..end).filter(|run| !run.is_empty()) else { continue };
        hex.bytes.push_str(&format!("<i class=\"{}\">", layer.class()));
        hex.characters.push_str(&format!("<i class=\"{}\">", layer.class()));
        for (place, &byte) in (at..end).zip(run) {
            hex.bytes.push_str(&format!("{byte:02x}"));
            escape_into(&mut hex.characters, shown(byte).encode_utf8(&mut [0; 4]));
            if place + 1 < data.len() {
                if place % 16 == 15 {
                    hex.bytes.push('\n');
                    hex.characters.push('\n');
                } else {
                    hex.bytes.push(' ');
                }
            }
        }
        hex.bytes.push_str("</i>");
        hex.characters.push_str("</i>");
        at = end;
    }
    hex
}

/// The layers of a frame in the order of its bytes: below TCP, TCP, the parts of the payload, and what is behind it.
pub fn layers(packet: &Packet) -> Vec<(Layer, usize)> {
    let payload = packet.payload_offset as usize;
    let tcp = (packet.tcp_len as usize).min(payload);
    let mut layers = vec![(Layer::Lower, payload - tcp), (Layer::Tcp, tcp)];
    layers.extend(packet.spans.iter().map(|span| (span.layer, span.len as usize)));
    let trailer = (packet.frame_len as usize).saturating_sub(payload + packet.app_len as usize);
    layers.push((Layer::Lower, trailer));
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Era, five};

    #[test]
    fn every_byte_is_there_once_and_escaped() {
        for (capture, bytes) in five(Era::Now) {
            for packet in &capture.packets {
                let data = &bytes.frame(packet.number).unwrap().data;
                let hex = render(packet, data);
                let digits: Vec<String> = strip(&hex.bytes).split_whitespace().map(str::to_owned).collect();
                let wanted: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(digits, wanted, "{} packet {}", capture.name, packet.number);
                assert_eq!(hex.offsets.lines().count(), hex.bytes.lines().count());
                assert_eq!(hex.bytes.lines().count(), hex.characters.lines().count());
                let sum: usize = layers(packet).iter().map(|(_, len)| len).sum();
                assert_eq!(sum, data.len());
            }
        }
    }

    fn strip(html: &str) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        text
    }
}
