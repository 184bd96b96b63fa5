//! What did each side of a connection say, byte by byte, and what do these bytes say?
//!
//! Read as plainly as it can be, each time from the first byte on: TLS records (RFC 8446, section 5.1), frames of HTTP/2
//! (RFC 9113, section 4.1), answers over HTTP/1.1 (RFC 9112), events (WHATWG HTML, section 9.2.6), frames of WebSocket
//! (RFC 6455, section 5.2), and what was compressed (RFC 9110, section 8.4.1; RFC 7692).

use std::io::Read;

use flate2::{Decompress, FlushDecompress};

use super::walk::Walk;

/// What one side said, as far as it is in the capture without a gap.
#[derive(Default)]
pub struct Said {
    pub bytes: Vec<u8>,
    /// Of each byte: the place of the packet that brought it.
    pub places: Vec<usize>,
    /// Whether all that its side sent is there.
    pub is_whole: bool,
}

impl Said {
    /// What a side of a connection said.
    pub fn of(walk: &Walk<'_>, client: bool) -> Said {
        let own = || walk.packets.iter().enumerate().filter(|(_, packet)| packet.from_client == client);
        let mut said = Said::default();
        let Some(first) = own().map(|(_, packet)| packet.start + i64::from(packet.syn)).min() else { return said };
        let mut next = first;
        let mut end = first;
        let mut left: Vec<_> = own().filter(|(_, packet)| packet.len > 0).collect();
        end = end.max(left.iter().map(|(_, packet)| packet.start + packet.len).max().unwrap_or(end));
        while let Some(at) = left.iter().position(|(_, packet)| packet.start <= next) {
            let (place, packet) = left.remove(at);
            let known = (next - packet.start) as usize;
            if let Some(new) = packet.payload.get(known..).filter(|new| !new.is_empty()) {
                said.bytes.extend(new);
                said.places.extend(new.iter().map(|_| place));
                next += new.len() as i64;
            }
        }
        said.is_whole = next == end;
        said
    }

    /// Its records of TLS: their type, where each begins, and how long what it carries is, as far as they are there.
    pub fn tls_records(&self) -> Vec<(u8, usize, usize)> {
        let (mut records, mut at) = (Vec::new(), 0);
        while let Some([kind, 3, _, high, low]) = self.bytes.get(at..at + 5) {
            let len = usize::from(*high) << 8 | usize::from(*low);
            records.push((*kind, at, len));
            at += 5 + len;
        }
        records
    }

    /// Its frames of HTTP/2: type, stream, where each begins, and the length of what it carries.
    pub fn http2_frames(&self, client: bool) -> Vec<(u8, u32, usize, usize)> {
        let (mut frames, mut at) = (Vec::new(), if client { PREFACE.len() } else { 0 });
        while let Some([a, b, c, kind, _, stream @ ..]) = self.bytes.get(at..at + 9) {
            let len = [a, b, c].iter().fold(0, |len, byte| len << 8 | usize::from(**byte));
            let stream = stream.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)) & 0x7fff_ffff;
            frames.push((*kind, stream, at, len));
            at += 9 + len;
        }
        frames
    }

    /// Where a line ends that begins at a place, with its line feed.
    fn line(&self, at: usize) -> Option<usize> {
        self.bytes.get(at..)?.iter().position(|byte| *byte == b'\n').map(|len| at + len + 1)
    }

    /// The head that begins at a place: its first line, its fields, and where it ends.
    fn head(&self, mut at: usize) -> Option<Head> {
        let mut lines = Vec::new();
        loop {
            let end = self.line(at)?;
            let line = String::from_utf8_lossy(&self.bytes[at..end]).trim().to_owned();
            at = end;
            match line.as_str() {
                "" if lines.is_empty() => {}
                "" => return Some(Head { first: lines.remove(0), fields: lines, end }),
                _ => lines.push(line),
            }
        }
    }
}

/// What a client of HTTP/2 begins with.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The head of a request or an answer.
struct Head {
    first: String,
    fields: Vec<String>,
    end: usize,
}

impl Head {
    fn field(&self, name: &str) -> Option<String> {
        let of = |line: &String| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
        };
        self.fields.iter().find_map(of)
    }
}

/// An answer over HTTP/1.1.
pub struct Answer {
    /// Where its first byte came.
    pub place: usize,
    pub content_type: String,
    pub coding: String,
    pub extensions: Option<String>,
    pub is_websocket: bool,
    /// What it says, without the lines of its chunks, and where each byte came.
    pub content: Vec<u8>,
    pub places: Vec<usize>,
    /// How many bytes that were announced did not come; of one in chunks, `Some(0)` where the last did not.
    pub missing: Option<u64>,
}

/// The answers of a connection that begins with HTTP/1.1. What comes behind one that changes to WebSocket is its content.
pub fn answers(client: &Said, server: &Said) -> Vec<Answer> {
    let mut methods = Vec::new();
    let mut at = 0;
    while let Some(head) = client.head(at) {
        let Some((method, _)) = head.first.split_once(' ').filter(|_| head.first.contains(" HTTP/1.")) else { break };
        methods.push(method.to_owned());
        let len = head.field("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
        at = head.end + len;
        if head.field("transfer-encoding").is_some() {
            let Some(end) = chunks(client, head.end).end else { break };
            at = end;
        }
    }
    let (mut all, mut at, mut asked) = (Vec::new(), 0, methods.into_iter());
    while let Some(head) = server.head(at).filter(|head| head.first.starts_with("HTTP/1.")) {
        let status: u16 = head.first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let began = at;
        at = head.end;
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let method = asked.next().unwrap_or_default();
        let length: Option<usize> = head.field("content-length").and_then(|len| len.parse().ok());
        let rest = server.bytes.len() - at;
        let is_empty = method == "HEAD" || status == 204 || status == 304;
        let is_chunked = head.field("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked"));
        let body = match length {
            _ if is_empty => Body::default(),
            _ if is_chunked && status != 101 => chunks(server, at),
            Some(length) if status != 101 => {
                let here = length.min(rest);
                Body { bytes: (at..at + here).collect(), end: (here == length).then_some(at + here), length }
            }
            _ => Body { bytes: (at..server.bytes.len()).collect(), end: Some(server.bytes.len()), length: rest },
        };
        let missing = (body.end.is_none() && !is_empty).then(|| body.length.saturating_sub(body.bytes.len()) as u64);
        all.push(Answer {
            place: server.places[began],
            content_type: head.field("content-type").unwrap_or_default(),
            coding: head.field("content-encoding").unwrap_or_default(),
            extensions: head.field("sec-websocket-extensions"),
            is_websocket: status == 101 && head.field("upgrade").is_some_and(|to| to == "websocket"),
            content: body.bytes.iter().map(|at| server.bytes[*at]).collect(),
            places: body.bytes.iter().map(|at| server.places[*at]).collect(),
            missing,
        });
        match body.end {
            Some(end) if !is_empty => at = end,
            _ if is_empty => {}
            _ => break,
        }
    }
    all
}

/// Where the bytes of a body are, where it ends, and how many were announced.
#[derive(Default)]
struct Body {
    bytes: Vec<usize>,
    end: Option<usize>,
    length: usize,
}

/// A body in chunks that begins at a place (RFC 9112, section 7.1).
fn chunks(said: &Said, mut at: usize) -> Body {
    let mut body = Body::default();
    while let Some(data) = said.line(at) {
        let line = String::from_utf8_lossy(&said.bytes[at..data]).into_owned();
        let digits: String = line.chars().take_while(char::is_ascii_hexdigit).collect();
        let Ok(len) = usize::from_str_radix(&digits, 16) else { break };
        let end = (data + len).min(said.bytes.len());
        body.bytes.extend(data..end);
        at = data + len + 2;
        if len == 0 {
            body.end = Some(at.min(said.bytes.len()));
            return body;
        }
        if at > said.bytes.len() {
            break;
        }
    }
    body.length = body.bytes.len();
    body
}

impl Answer {
    /// What its content says, with the place of each byte: as it was, or decompressed. `None` where it cannot be.
    pub fn plain(&self) -> Option<(Vec<u8>, Vec<usize>)> {
        match self.coding.as_str() {
            "" | "identity" => Some((self.content.clone(), self.places.clone())),
            "zstd" => {
                let mut plain = Vec::new();
                let mut places = Vec::new();
                // What a byte of the wire adds is what can be read with it, and not without it.
                let mut ends: Vec<usize> =
                    (1..self.places.len()).filter(|at| self.places[*at] != self.places[*at - 1]).collect();
                ends.push(self.content.len());
                for end in ends {
                    plain = unzstd(&self.content[..end])?;
                    places.resize(plain.len().max(places.len()), self.places[end - 1]);
                }
                Some((plain, places))
            }
            "gzip" | "deflate" => {
                let at = match (self.coding.as_str(), self.content.as_slice()) {
                    ("gzip", [0x1f, 0x8b, 8, 0, ..]) => 10,
                    ("gzip", _) => return None,
                    (_, [first, second, ..])
                        if first & 15 == 8 && (u32::from(*first) << 8 | u32::from(*second)).is_multiple_of(31) =>
                    {
                        2
                    }
                    _ => 0,
                };
                let mut decompress = Decompress::new(false);
                let (mut plain, mut places) = (Vec::new(), Vec::new());
                for (byte, place) in self.content.iter().zip(&self.places).skip(at) {
                    inflate(&mut decompress, &[*byte], &mut plain).ok()?;
                    places.resize(plain.len(), *place);
                }
                Some((plain, places))
            }
            _ => None,
        }
    }

    /// Where each event of an event stream ends: those that say something.
    pub fn events(&self) -> Option<Vec<usize>> {
        let (plain, places) = self.plain()?;
        let (mut ends, mut has_data, mut line) = (Vec::new(), false, Vec::new());
        for (byte, place) in plain.iter().zip(&places) {
            match byte {
                b'\n' if line.is_empty() => {
                    if std::mem::take(&mut has_data) {
                        ends.push(*place);
                    }
                }
                b'\n' => {
                    has_data |= line.starts_with(b"data:") || line == b"data";
                    line.clear();
                }
                // A lone CR is a line's end too, which nobody here writes.
                b'\r' => {}
                other => line.push(*other),
            }
        }
        Some(ends)
    }
}

/// A frame of WebSocket that is there to its end.
pub struct Frame {
    pub opcode: u8,
    pub fin: bool,
    pub is_compressed: bool,
    pub payload: Vec<u8>,
    /// Where its last byte came.
    pub place: usize,
}

/// The frames in these bytes.
pub fn frames(bytes: &[u8], places: &[usize]) -> Vec<Frame> {
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some([first, second]) = bytes.get(at..at + 2) {
        let wide = match second & 127 {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(extended) = bytes.get(at + 2..at + 2 + wide) else { break };
        let len = match wide {
            0 => usize::from(second & 127),
            _ => extended.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)),
        };
        let mask_at = at + 2 + wide;
        let data_at = mask_at + if second & 128 > 0 { 4 } else { 0 };
        let Some(data) = bytes.get(data_at..data_at + len) else { break };
        let mask = &bytes[mask_at..data_at];
        let unmasked = |(at, byte): (usize, &u8)| byte ^ mask.get(at % 4).copied().unwrap_or(0);
        all.push(Frame {
            opcode: first & 15,
            fin: first & 128 > 0,
            is_compressed: first & 64 > 0,
            payload: data.iter().enumerate().map(unmasked).collect(),
            place: places[data_at + len - 1],
        });
        at = data_at + len;
    }
    all
}

/// How many bytes each compressed message of a side has on the wire and says, and where it ends.
pub fn compressed_messages(frames: &[Frame], takes_over: bool) -> Vec<(u64, u64, usize)> {
    let (mut all, mut decompress) = (Vec::new(), Decompress::new(false));
    let (mut is_compressed, mut wire, mut plain) = (false, 0, Vec::new());
    for frame in frames.iter().filter(|frame| frame.opcode < 8) {
        if frame.opcode > 0 {
            (is_compressed, wire) = (frame.is_compressed, 0);
            plain.clear();
        }
        if !is_compressed {
            continue;
        }
        wire += frame.payload.len() as u64;
        let mut payload = frame.payload.clone();
        if frame.fin {
            payload.extend([0, 0, 255, 255]);
        }
        if inflate(&mut decompress, &payload, &mut plain).is_err() {
            return all;
        }
        if frame.fin {
            all.push((wire, plain.len() as u64, frame.place));
            if !takes_over {
                decompress.reset(false);
            }
        }
    }
    all
}

/// Decompresses the next bytes.
fn inflate(decompress: &mut Decompress, mut bytes: &[u8], plain: &mut Vec<u8>) -> Result<(), ()> {
    let mut buffer = [0; 1024];
    loop {
        let (read, written) = (decompress.total_in(), decompress.total_out());
        let status = decompress.decompress(bytes, &mut buffer, FlushDecompress::Sync).map_err(|_| ())?;
        let taken = (decompress.total_in() - read) as usize;
        let made = (decompress.total_out() - written) as usize;
        plain.extend(&buffer[..made]);
        bytes = &bytes[taken..];
        if status == flate2::Status::StreamEnd || bytes.is_empty() && made < buffer.len() || taken + made == 0 {
            return Ok(());
        }
    }
}

/// What these bytes of zstd say, as far as whole blocks of it are here.
fn unzstd(bytes: &[u8]) -> Option<Vec<u8>> {
    // Behind the last whole block, one without content that says that it is the last (RFC 8878, section 3.1.1.2).
    let Some(descriptor) = bytes.get(4) else { return Some(Vec::new()) };
    let window = usize::from(descriptor & 32 == 0);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = match (descriptor >> 6, window) {
        (0, 0) => 1,
        (0, _) => 0,
        (code, _) => 1 << code,
    };
    let mut at = 5 + window + dictionary + size;
    if at > bytes.len() {
        return Some(Vec::new());
    }
    while let Some([a, b, c]) = bytes.get(at..at + 3) {
        let header = usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16;
        let len = if header >> 1 & 3 == 1 { 1 } else { header >> 3 };
        if at + 3 + len > bytes.len() || header & 1 == 1 {
            break;
        }
        at += 3 + len;
    }
    let is_whole = bytes.get(at).is_some_and(|header| header & 1 == 1);
    let end = [bytes.get(..at)?, &[1, 0, 0, 0, 0, 0, 0]].concat();
    let mut plain = Vec::new();
    for bytes in [Some(bytes).filter(|_| is_whole), Some(end.as_slice())].into_iter().flatten() {
        plain.clear();
        if ruzstd::decoding::StreamingDecoder::new(bytes).ok()?.read_to_end(&mut plain).is_ok() {
            break;
        }
    }
    Some(plain)
}
