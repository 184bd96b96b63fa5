//! What of a conversation is nobody else's business?
//!
//! A browser sends the cookies of everything that was ever served from this machine to every port of it, and whoever works on
//! a server has tokens in his requests. A page is projected, a capture is handed on. So values of fields that carry secrets
//! (`Cookie`, `Set-Cookie`, `Authorization` and such, RFC 6265, RFC 9110 section 11), and of such parameters of a request's target,
//! are overwritten before anything is kept or read, each byte by an asterisk: lengths stay, and so do all counts.
//!
//! ```text
//! GET /feed?token=********&page=2 HTTP/1.1
//! Cookie: **********************
//! ```
//!
//! What is in bodies and messages stays as it is, and so does what is compressed or encrypted.
//!
//! Lines are followed over segments, so that a value that goes on in the next one is masked there, too, and so is what is
//! sent again.

use std::collections::VecDeque;

use foldhash::HashMap;
use wirelab_dissect::packet::{Endpoint, Segment};

/// Finds secrets in what the two sides of each connection say.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    sides: HashMap<(Endpoint, Endpoint), Side>,
}

/// What one side is in the middle of.
#[derive(Debug)]
struct Side {
    /// The sequence number behind all that was seen.
    next: u32,
    place: Place,
    /// The first bytes of the line, or of the parameter, in small letters.
    name: Vec<u8>,
    /// What was masked last, from and to which sequence number.
    masked: VecDeque<(u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line: what it is will be seen.
    Name,
    /// In a target, before a parameter's name, in it, in a secret value.
    Target,
    Parameter,
    SecretParameter,
    /// Behind the colon of a secret field, and in its value.
    BeforeSecret,
    Secret,
    /// In a line that has none, until its end.
    Rest,
}

impl Secrets {
    /// Where the secrets of a segment's payload are, counted from its beginning.
    pub fn find(&mut self, segment: &Segment<'_>) -> Vec<(usize, usize)> {
        let key = (segment.source, segment.destination);
        if segment.flags.syn() || segment.flags.rst() {
            self.sides.remove(&key);
        }
        if segment.payload.is_empty() {
            return Vec::new();
        }
        if self.sides.len() >= MOST_SIDES {
            // A connection that goes on is followed again from its next line on.
            self.sides.clear();
        }
        self.sides.entry(key).or_insert_with(|| Side::new(segment.seq)).take(segment.seq, segment.payload)
    }
}

impl Side {
    fn new(next: u32) -> Side {
        Side { next, place: Place::Name, name: Vec::new(), masked: VecDeque::new() }
    }

    fn take(&mut self, seq: u32, payload: &[u8]) -> Vec<(usize, usize)> {
        let ahead = self.next.wrapping_sub(seq);
        // What comes behind a gap is read on as if there were none.
        let old = if ahead < 1 << 31 { (ahead as usize).min(payload.len()) } else { 0 };
        let mut found = self.found_before(seq, old);
        let new = payload.get(old..).unwrap_or_default();
        let mut at = 0;
        while let Some(rest @ [_, ..]) = new.get(at..) {
            let (len, is_secret) = self.step(rest);
            if is_secret && len > 0 {
                let (from, to) = (old + at, old + at + len);
                let seqs = (seq.wrapping_add(from as u32), seq.wrapping_add(to as u32));
                self.masked.push_back(seqs);
                if self.masked.len() > MOST_MASKED {
                    self.masked.pop_front();
                }
                found.push((from, to));
            }
            at += len;
        }
        if !new.is_empty() {
            self.next = seq.wrapping_add(payload.len() as u32);
        }
        found
    }

    /// What of the first `len` bytes was masked when they came before.
    fn found_before(&self, seq: u32, len: usize) -> Vec<(usize, usize)> {
        let len = len as i64;
        let place = |of: u32| i64::from(of.wrapping_sub(seq).cast_signed()).clamp(0, len) as usize;
        let runs = self.masked.iter().map(|&(from, to)| (place(from), place(to)));
        runs.filter(|(from, to)| from < to).collect()
    }

    /// Reads on: how many bytes, and whether they are secret.
    fn step(&mut self, bytes: &[u8]) -> (usize, bool) {
        let until = |ends: fn(u8) -> bool| bytes.iter().position(|&byte| ends(byte)).unwrap_or(bytes.len());
        match self.place {
            Place::Rest => match memchr::memchr(b'\n', bytes) {
                Some(end) => {
                    self.begin(Place::Name);
                    (end + 1, false)
                }
                None => (bytes.len(), false),
            },
            Place::Secret => match until(|byte| matches!(byte, b'\r' | b'\n')) {
                0 => self.go(Place::Rest, 0),
                len => (len, true),
            },
            Place::SecretParameter => match until(ends_value) {
                0 => self.go(Place::Target, 0),
                len => (len, true),
            },
            _ => self.letter(bytes.first().copied().unwrap_or_default()),
        }
    }

    /// Reads one byte of a name, or of what stands before one.
    fn letter(&mut self, byte: u8) -> (usize, bool) {
        let next = match (self.place, byte) {
            (_, b'\n') => Place::Name,
            (Place::BeforeSecret, b' ' | b'\t') => Place::BeforeSecret,
            (Place::BeforeSecret, _) => return self.go(Place::Secret, 0),
            (Place::Name, b':') if FIELDS.contains(&self.name.as_slice()) => Place::BeforeSecret,
            (Place::Name, b' ') if self.name.iter().all(u8::is_ascii_lowercase) => Place::Target,
            (Place::Target, b'?' | b'&') => Place::Parameter,
            (Place::Target, b' ') => Place::Rest,
            (Place::Target, _) => Place::Target,
            (Place::Parameter, b'=') if PARAMETERS.contains(&self.name.as_slice()) => Place::SecretParameter,
            (Place::Parameter, b'=') => Place::Target,
            (Place::Parameter, b'&') => return self.go(Place::Target, 0),
            (Place::Name | Place::Parameter, _) if self.name.len() < LONGEST_NAME && is_of_a_name(byte) => {
                self.name.push(byte.to_ascii_lowercase());
                return (1, false);
            }
            (Place::Parameter, _) => Place::Target,
            _ => Place::Rest,
        };
        self.go(next, 1)
    }

    fn go(&mut self, place: Place, len: usize) -> (usize, bool) {
        self.begin(place);
        (len, false)
    }

    fn begin(&mut self, place: Place) {
        self.place = place;
        self.name.clear();
    }
}

/// Writes asterisks over these parts of a frame's payload, and the right checksum for it (RFC 9293, section 3.1).
pub(crate) fn cover(frame: &mut [u8], (payload_offset, header_len): (u32, u32), secrets: &[(usize, usize)]) {
    for &(from, to) in secrets {
        let start = payload_offset as usize;
        if let Some(run) = frame.get_mut(start + from..start + to) {
            run.fill(b'*');
        }
    }
    let tcp = (payload_offset - header_len) as usize;
    // An IPv4 header ends with the two addresses that the checksum covers.
    let Some(addresses) = frame.get(tcp.saturating_sub(8)..tcp).map(<[u8]>::to_vec) else { return };
    if let Some(checksum) = frame.get_mut(tcp + 16..tcp + 18) {
        checksum.fill(0);
    }
    let bytes = frame.get(tcp..).unwrap_or_default();
    let byte = |pair: &[u8], at: usize| pair.get(at).copied().unwrap_or(0);
    let words = |bytes: &[u8]| -> u32 {
        bytes.chunks(2).map(|pair| u32::from(byte(pair, 0)) << 8 | u32::from(byte(pair, 1))).sum()
    };
    let mut sum = words(&addresses) + 6 + bytes.len() as u32 + words(bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let checksum = !(sum as u16);
    if let Some(place) = frame.get_mut(tcp + 16..tcp + 18) {
        place.copy_from_slice(&checksum.to_be_bytes());
    }
}

fn ends_value(byte: u8) -> bool {
    matches!(byte, b'&' | b' ' | b'#' | b'\r' | b'\n')
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Fields whose values are secrets, in small letters.
const FIELDS: &[&[u8]] = &[
    b"cookie",
    b"set-cookie",
    b"authorization",
    b"proxy-authorization",
    b"x-api-key",
    b"api-key",
    b"x-auth-token",
    b"x-access-token",
    b"x-csrf-token",
    b"x-xsrf-token",
    b"x-amz-security-token",
];
/// Parameters of a target whose values are secrets.
const PARAMETERS: &[&[u8]] = &[
    b"token",
    b"access_token",
    b"id_token",
    b"refresh_token",
    b"auth",
    b"api_key",
    b"apikey",
    b"key",
    b"password",
    b"secret",
    b"client_secret",
    b"session",
    b"sessionid",
    b"sig",
    b"signature",
    b"code",
];
/// No name above is longer.
const LONGEST_NAME: usize = 24;
/// Sides of connections that are followed at a time.
const MOST_SIDES: usize = 16_384;
/// Runs that are remembered of one, should they be sent again.
const MOST_MASKED: usize = 32;

#[cfg(test)]
mod tests {
    use wirelab_capture::{Frame, LinkType};
    use wirelab_dissect::build::{Tcp, endpoint};
    use wirelab_dissect::packet::plain;
    use wirelab_dissect::tcp::Flags;

    use super::*;

    /// What is left to see of these segments, sent at these places of the stream.
    fn masked(segments: &[(u32, &str)]) -> Vec<String> {
        let ends = [endpoint("10.0.0.2:4000"), endpoint("10.0.0.1:8000")];
        let mut secrets = Secrets::default();
        let see = |&(at, text): &(u32, &str)| {
            let tcp = Tcp {
                seq: (u32::MAX - 5).wrapping_add(at),
                flags: Flags::ACK,
                payload: text.as_bytes(),
                ..Tcp::new(ends[0], ends[1])
            };
            let mut data = tcp.frame();
            let wire_len = data.len() as u32;
            let frame =
                |data| Frame { number: 1, time_ns: 0, wire_len, data, link: LinkType::ETHERNET, file_offset: 0 };
            let (found, place) = {
                let whole = data.clone();
                let segment = plain(&frame(&whole)).unwrap();
                (secrets.find(&segment), (segment.payload_offset, segment.header_len))
            };
            cover(&mut data, place, &found);
            let said = String::from_utf8(data[54..].to_vec()).unwrap();
            // As the builder makes it, with the right checksum.
            let expected = Tcp { payload: said.as_bytes(), ..tcp }.frame();
            assert_eq!(data, expected);
            said
        };
        segments.iter().map(see).collect()
    }

    fn one(text: &str) -> String {
        masked(&[(0, text)]).remove(0)
    }

    #[test]
    fn values_of_secret_fields_and_parameters_are_masked_and_nothing_else() {
        for (said, seen) in [
            (
                "GET / HTTP/1.1\r\nCookie: a=b; c=d\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.1\r\nCookie: ********\r\nHost: x\r\n\r\n",
            ),
            ("HTTP/1.1 200 OK\r\nSet-Cookie:id=1\r\n\r\nok", "HTTP/1.1 200 OK\r\nSet-Cookie:****\r\n\r\nok"),
            (
                "GET / HTTP/1.1\r\nauthorization:  Bearer xyz\r\n\r\n",
                "GET / HTTP/1.1\r\nauthorization:  **********\r\n\r\n",
            ),
            ("GET /a?token=abc&page=2&key=q HTTP/1.1\r\n\r\n", "GET /a?token=***&page=2&key=* HTTP/1.1\r\n\r\n"),
            ("GET /a?mytoken=abc&&token=&token HTTP/1.1\r\n\r\n", "GET /a?mytoken=abc&&token=&token HTTP/1.1\r\n\r\n"),
            ("GET /cookie:a HTTP/1.1\r\nX-Cookie: a\r\n\r\n", "GET /cookie:a HTTP/1.1\r\nX-Cookie: a\r\n\r\n"),
            ("time\nbye\n", "time\nbye\n"),
        ] {
            assert_eq!(one(said), seen);
        }
    }

    #[test]
    fn it_does_not_matter_where_segments_are_cut() {
        let said = "GET /?auth=12345 HTTP/1.1\r\nCookie: id=abcdef\r\nHost: x\r\n\r\n";
        let whole = one(said);
        assert_eq!(whole.matches('*').count(), 5 + 9);
        for cut in 1..said.len() {
            let (first, second) = said.split_at(cut);
            assert_eq!(masked(&[(0, first), (cut as u32, second)]).concat(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_sent_again_is_masked_again() {
        let said = "GET / HTTP/1.1\r\nCookie: id=abcdef\r\n\r\n";
        let seen = masked(&[(0, said), (0, said), (20, &said[20..30])]);
        assert_eq!(seen[1], seen[0]);
        assert_eq!(seen[2], seen[0][20..30]);
    }
}
