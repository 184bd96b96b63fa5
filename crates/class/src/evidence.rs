//! What is there to ask about? One capture, as the analyzer and the decoders read it.

use wirelab_analyze::model::{Capture, Exchange, Kind, Packet};
use wirelab_report::{CaptureBytes, fields};

/// A capture that questions are about, with its bytes.
#[derive(Debug)]
pub struct Evidence {
    /// What the exercise calls it.
    pub name: String,
    /// What was found in it, packets included.
    pub capture: Capture,
    /// Its frames.
    pub bytes: CaptureBytes,
}

impl Evidence {
    /// The file that a student opens.
    pub fn file(&self) -> String {
        format!("{}.pcap", self.name)
    }

    /// Its packets in order.
    pub fn packets(&self) -> &[Packet] {
        &self.capture.packets
    }

    /// The updates, in order.
    pub fn updates(&self) -> Vec<&Exchange> {
        self.capture.exchanges.iter().filter(|exchange| exchange.kind == Kind::Update).collect()
    }

    /// What a field of a packet says, by its name in display filters.
    pub fn field(&self, packet: u64, name: &str) -> Option<String> {
        let frame = self.bytes.frame(packet)?;
        let tree = fields::of(&self.capture, frame);
        tree.iter().find_map(|field| field.find(name)).map(|field| field.value.clone())
    }

    /// The same as a number, in decimal or in hexadecimal.
    pub fn number(&self, packet: u64, name: &str) -> Option<u64> {
        let text = self.field(packet, name)?;
        match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    }

    /// The payload of a packet.
    pub fn payload(&self, packet: &Packet) -> &[u8] {
        let frame = self.bytes.frame(packet.number).map_or(&[][..], |frame| &frame.data);
        let rest = frame.get(packet.payload_offset as usize..).unwrap_or_default();
        rest.get(..packet.app_len as usize).unwrap_or(rest)
    }
}
