//! Questions that are answered with bytes and arithmetic.

use wirelab_analyze::model::Packet;
use wirelab_report::list::shown;

use super::{Asked, asked, count};
use crate::answer::{Answer, Counted};
use crate::dice::Dice;
use crate::evidence::Evidence;

/// A packet that is one masked frame with a payload: it, its key, and what is masked.
fn masked<'a>(evidence: &'a Evidence, dice: &mut Dice) -> Option<(&'a Packet, [u8; 4], &'a [u8])> {
    let of = |packet: &'a Packet| -> Option<(&'a Packet, [u8; 4], &'a [u8])> {
        // FIN and text; masked, and shorter than 126 bytes (RFC 6455, section 5.2).
        let [0x81, length @ 0x81..0xfe, key @ ..] = evidence.payload(packet) else { return None };
        let (key, payload) = key.split_first_chunk::<4>()?;
        (packet.is_masked() && payload.len() == usize::from(length & 0x7f)).then_some((packet, *key, payload))
    };
    let all: Vec<_> = evidence.packets().iter().filter_map(of).collect();
    dice.pick(&all).copied()
}

pub fn masking_key(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let (packet, key, _) = masked(evidence, dice)?;
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    asked(
        format!("What is the masking key of the WebSocket frame in packet {}, in hexadecimal?", packet.number),
        Answer::Hex(digits),
    )
}

pub fn unmask(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let (packet, key, payload) = masked(evidence, dice)?;
    let places: Vec<(usize, u8)> = payload.iter().copied().enumerate().collect();
    let (at, byte) = *dice.pick(&places)?;
    let key = key.get(at % 4)?;
    asked(
        format!(
            "Byte {} of the masked payload of packet {} is 0x{byte:02x}. Which letter or sign is it when the key is undone?",
            at + 1,
            packet.number
        ),
        Answer::Text(shown(byte ^ key).to_string()),
    )
}

pub fn relative_number(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let is_meant = |packet: &&Packet| packet.app_len > 0 && packet.seq > 1;
    let all: Vec<&Packet> = evidence.packets().iter().filter(is_meant).collect();
    let packet = dice.pick(&all)?;
    let first = evidence
        .packets()
        .iter()
        .find(|one| one.connection == packet.connection && one.from_client == packet.from_client && one.flags.syn())?;
    let text = format!(
        "The SYN in packet {} has number {}. Packet {} has {}: which is it, counted from the SYN's as 0?",
        first.number,
        evidence.number(first.number, RAW)?,
        packet.number,
        evidence.number(packet.number, RAW)?
    );
    count(text, packet.seq, Counted::Plain)
}

pub fn next_number(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let all: Vec<&Packet> =
        evidence.packets().iter().filter(|packet| packet.app_len > 0 && !packet.flags.fin()).collect();
    let packet = dice.pick(&all)?;
    let raw = u32::try_from(evidence.number(packet.number, RAW)?).ok()?;
    count(
        format!(
            "Which raw sequence number will the first new byte have that the same side sends after packet {}?",
            packet.number
        ),
        raw.wrapping_add(packet.app_len).into(),
        Counted::Plain,
    )
}

pub fn mss(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let all: Vec<&Packet> = evidence.packets().iter().filter(|packet| packet.flags.syn()).collect();
    let packet = dice.pick(&all)?;
    // Kind 2, four bytes long (RFC 9293, section 3.7.1).
    let size = evidence.number(packet.number, "tcp.options.mss_val")?;
    let text = format!(
        "The options of packet {} have the bytes 02 04 {:02x} {:02x}. How long may a segment be that is sent to it?",
        packet.number,
        size >> 8,
        size & 0xff
    );
    count(text, size, Counted::Bytes)
}

pub fn window_in_bytes(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let all: Vec<&Packet> =
        evidence.packets().iter().filter(|packet| !packet.flags.syn() && packet.ack.is_some()).collect();
    let packet = dice.pick(&all)?;
    let scale = |from_client: bool| {
        let of_side = |one: &&Packet| one.connection == packet.connection && one.from_client == from_client;
        let syn = evidence.packets().iter().filter(|one| one.flags.syn()).find(of_side)?;
        evidence.number(syn.number, "tcp.options.wscale.shift").map(|shift| (syn.number, shift))
    };
    // Windows are scaled where both SYNs say so (RFC 7323, section 1.3).
    let ((syn, shift), _) = (scale(packet.from_client)?, scale(!packet.from_client)?);
    let text = format!(
        "Packet {} announces the window {}, and the SYN of its side, packet {syn}, a scale of {shift}. How many bytes may the other side send?",
        packet.number, packet.window
    );
    count(text, u64::from(packet.window).checked_shl(u32::try_from(shift).ok()?)?, Counted::Bytes)
}

pub fn chunk_size(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let of = |packet: &Packet| -> Option<(u64, String)> {
        let payload = evidence.payload(packet);
        let end = payload.windows(2).position(|pair| pair == b"\r\n")?;
        let digits = std::str::from_utf8(payload.get(..end)?).ok()?;
        let is_size = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        // A chunk that is whole in its packet (RFC 9112, section 7.1).
        let size = is_size.then(|| usize::from_str_radix(digits, 16).ok()).flatten().filter(|size| *size > 0)?;
        (payload.get(end + 2..)?.get(size..)?.starts_with(b"\r\n")).then(|| (packet.number, digits.to_owned()))
    };
    let all: Vec<(u64, String)> =
        evidence.packets().iter().filter(|packet| !packet.from_client).filter_map(of).collect();
    let (packet, digits) = dice.pick(&all)?;
    let size = u64::from_str_radix(digits, 16).ok()?;
    count(
        format!("The payload of packet {packet} begins with a chunk size of {digits}. How many bytes has the chunk?"),
        size,
        Counted::Bytes,
    )
}

const RAW: &str = "tcp.seq_raw";
