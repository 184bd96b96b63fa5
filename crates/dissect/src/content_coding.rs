//! What does compressed content say (RFC 9110, section 8.4.1)?
//!
//! For reading only: what is counted are the bytes of the wire. gzip (RFC 1952), deflate, which in HTTP means zlib's format
//! (RFC 1950) and of some servers bare DEFLATE (RFC 1951), and Zstandard (RFC 8878). What ends too early, as an event stream
//! does that goes on, is given as far as it goes; and whatever it grows to, no more of it than was asked for.
//! What was compressed while it was made can be read as it comes, too: [`Inflating`].

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use crate::deflate::{Context, Inflater, Limits};
use crate::http1::Coding;
use crate::stream::after;
use crate::zstd::{Wanted, Zstd};

/// Content that was compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// What it says.
    pub bytes: Vec<u8>,
    /// Where that ends.
    pub end: PlainEnd,
}

/// Where what could be decompressed ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainEnd {
    /// With the content.
    Whole,
    /// Where the bytes at hand end, or make no sense any more.
    Broken,
    /// Where it grew beyond what was asked for.
    TooLong,
}

/// Decompresses content, at most so many bytes of it. `None` where it is not compressed, or in a way that is not known here.
pub fn decode(coding: Coding, content: &[u8], most: usize) -> Option<Plain> {
    match coding {
        Coding::Gzip => Some(read(MultiGzDecoder::new(content), most)),
        Coding::Deflate if is_zlib(content) => Some(read(ZlibDecoder::new(content), most)),
        Coding::Deflate => Some(read(DeflateDecoder::new(content), most)),
        Coding::Zstd => Some(match StreamingDecoder::new(content) {
            Ok(decoder) => read(decoder, most),
            Err(_) => Plain { bytes: Vec::new(), end: PlainEnd::Broken },
        }),
        Coding::Identity | Coding::Brotli | Coding::Other => None,
    }
}

/// Decompresses content as its bytes come. Nothing of it is kept but what later bytes may refer to.
///
/// A copy cannot read on in what builds on earlier bytes.
#[derive(Clone, Debug)]
pub struct Inflating {
    coding: Coding,
    place: Place,
}

/// Where in compressed content a stream is.
#[derive(Clone, Debug)]
enum Place {
    /// Before the data: the bytes so far.
    Head(Vec<u8>),
    Data(Inflater),
    /// Behind the data of gzip: so many bytes of its sums are to come.
    Sums(usize),
    Zstd(Box<Zstd>),
    /// Behind all of it.
    Behind,
    /// Nothing more can be read.
    Broken,
}

impl Inflating {
    /// For content in this coding, to be read: of Zstandard, some megabytes. `None` where it cannot be read as it comes.
    pub fn words(coding: Coding) -> Option<Inflating> {
        Inflating::of(coding, Wanted::Words)
    }

    /// The same of which only the length matters.
    pub fn length(coding: Coding) -> Option<Inflating> {
        Inflating::of(coding, Wanted::Length)
    }

    fn of(coding: Coding, wanted: Wanted) -> Option<Inflating> {
        let place = match coding {
            Coding::Gzip | Coding::Deflate => Place::Head(Vec::new()),
            Coding::Zstd => Place::Zstd(Box::new(Zstd::new(wanted))),
            Coding::Identity | Coding::Brotli | Coding::Other => return None,
        };
        Some(Inflating { coding, place })
    }

    /// Decompresses the next bytes: how many come out. Hands them on in pieces where they are wanted. Nothing more comes behind
    /// bytes that make no sense, or where it grows beyond measure.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> u64 {
        let mut count = 0;
        let mut out = |plain: &[u8]| {
            count += plain.len() as u64;
            out(plain);
        };
        while !bytes.is_empty() {
            match &mut self.place {
                Place::Head(head) => {
                    let Some((first, rest)) = bytes.split_first() else { break };
                    head.push(*first);
                    bytes = rest;
                    self.begin(&mut out);
                }
                Place::Data(inflater) => match inflater.push_to_end(bytes, &mut out) {
                    Ok(None) => break,
                    Ok(Some(behind)) => {
                        bytes = after(bytes, bytes.len() - behind);
                        self.place = if self.coding == Coding::Gzip { Place::Sums(SUMS) } else { Place::Behind };
                    }
                    Err(_) => self.end(),
                },
                Place::Sums(left) => {
                    let taken = bytes.len().min(*left);
                    bytes = after(bytes, taken);
                    *left -= taken;
                    if *left == 0 {
                        // Another member may follow (RFC 1952, section 2.2).
                        self.place = Place::Head(Vec::new());
                    }
                }
                Place::Zstd(zstd) => {
                    return zstd.push(bytes, &mut out).unwrap_or_else(|_| {
                        self.end();
                        0
                    });
                }
                Place::Behind | Place::Broken => break,
            }
        }
        count
    }

    /// Looks whether the data begins.
    fn begin(&mut self, out: &mut dyn FnMut(&[u8])) {
        let Place::Head(head) = &self.place else { return };
        let data_at = match self.coding {
            Coding::Gzip => match gzip_head(head) {
                Ok(Some(data_at)) => data_at,
                Ok(None) if head.len() < MOST_HEAD => return,
                _ => return self.end(),
            },
            _ if head.len() < 2 => return,
            _ if is_zlib(head) => 2,
            _ => 0,
        };
        let mut inflater = Inflater::new(Context::TakenOver, Limits { bytes: u64::MAX, ..Limits::default() });
        // The first bytes of bare DEFLATE may be all of it.
        self.place = match inflater.push_to_end(after(head, data_at), out) {
            Ok(None) => Place::Data(inflater),
            Ok(Some(_)) => Place::Behind,
            Err(_) => Place::Broken,
        };
    }

    /// Nothing more can be read: bytes are missing.
    pub fn end(&mut self) {
        self.place = Place::Broken;
    }

    /// Whether nothing more can be read.
    pub fn is_broken(&self) -> bool {
        matches!(self.place, Place::Broken)
    }
}

/// Where the data of gzip begins (RFC 1952, section 2.3); `Ok(None)` before the head ends.
fn gzip_head(head: &[u8]) -> Result<Option<usize>, ()> {
    let magic = [0x1f, 0x8b, 8];
    if head.iter().zip(&magic).any(|(found, expected)| found != expected) {
        return Err(());
    }
    let Some(flags) = head.get(3).filter(|_| head.len() >= 10) else { return Ok(None) };
    let mut at = 10;
    if flags & 4 > 0 {
        let Some([low, high]) = after(head, at).first_chunk() else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes([*low, *high]));
    }
    // A name, and a comment.
    for flag in [8, 16] {
        if flags & flag > 0 {
            let Some(len) = after(head, at).iter().position(|byte| *byte == 0) else { return Ok(None) };
            at += len + 1;
        }
    }
    at += usize::from(flags & 2);
    Ok((head.len() >= at).then_some(at))
}

fn read(mut decoder: impl Read, most: usize) -> Plain {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match decoder.read(&mut piece) {
            Ok(0) => return Plain { bytes, end: PlainEnd::Whole },
            Ok(len) => {
                let room = most.saturating_sub(bytes.len());
                bytes.extend_from_slice(piece.get(..len.min(room)).unwrap_or_default());
                if len > room {
                    return Plain { bytes, end: PlainEnd::TooLong };
                }
            }
            Err(_) => return Plain { bytes, end: PlainEnd::Broken },
        }
    }
}

/// Whether it begins as zlib's format does (RFC 1950, section 2.2): method 8, and a check that fits.
fn is_zlib(content: &[u8]) -> bool {
    matches!(content, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

/// Behind the data of gzip: a checksum and a size.
const SUMS: usize = 8;
/// A longer head of gzip is none that HTTP has.
const MOST_HEAD: usize = 4096;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let zeros = vec![0; 10 << 20];
        for (coding, content) in
            [(Coding::Gzip, gzip(&zeros)), (Coding::Deflate, zlib(&zeros)), (Coding::Zstd, zstd(&zeros))]
        {
            let plain = decode(coding, &content, 1000).unwrap();
            assert_eq!((plain.bytes.len(), plain.end), (1000, PlainEnd::TooLong), "{coding:?}");
        }
    }

    #[test]
    fn a_stream_that_goes_on_is_read_as_far_as_it_goes() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
        }
        let plain = decode(Coding::Gzip, encoder.get_ref(), 1000).unwrap();
        assert_eq!((plain.bytes.as_slice(), plain.end), (&b"data: 1\n\ndata: 2\n\n"[..], PlainEnd::Broken));
    }

    /// What comes out of a stream that comes in pieces of so many bytes.
    fn inflated(coding: Coding, content: &[u8], piece: usize) -> Vec<u8> {
        let (mut inflating, mut plain) = (Inflating::words(coding).unwrap(), Vec::new());
        for piece in content.chunks(piece) {
            inflating.push(piece, &mut |bytes| plain.extend_from_slice(bytes));
        }
        plain
    }

    #[test]
    fn each_event_that_was_flushed_comes_out_with_its_last_byte() {
        let (mut encoder, mut inflating) =
            (GzEncoder::new(Vec::new(), Compression::default()), Inflating::words(Coding::Gzip).unwrap());
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            let mut plain = Vec::new();
            inflating.push(&std::mem::take(encoder.get_mut()), &mut |bytes| plain.extend_from_slice(bytes));
            assert_eq!(plain, event.as_bytes());
        }
    }

    #[test]
    fn a_head_of_gzip_may_have_a_name_and_more() {
        let (plain, gzip) = (b"data: 1\n\n", gzip(b"data: 1\n\n"));
        let data = gzip.get(10..).unwrap();
        for (flags, fields) in
            [(8, &b"a name\0"[..]), (16, b"a comment\0"), (4 | 8, b"\x02\0xx\0"), (2, b"cc"), (30, b"\0\0\0\0cc")]
        {
            let content = [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3][..], fields, data].concat();
            assert_eq!(inflated(Coding::Gzip, &content, 1), plain, "{flags}");
            let twice = content.repeat(2);
            assert_eq!(inflated(Coding::Gzip, &twice, 3), plain.repeat(2), "{flags}");
        }
        let mut endless = Inflating::words(Coding::Gzip).unwrap();
        endless.push(&[&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], &[b'x'; 5000]].concat(), &mut |_| {});
        assert!(endless.is_broken());
    }

    #[test]
    fn a_bomb_that_comes_in_pieces_ends_too() {
        assert!(inflated(Coding::Gzip, &gzip(&vec![0; 10 << 20]), 100).len() < 2 << 20);
    }

    #[test]
    fn what_is_not_compressed_or_unknown_is_left_alone() {
        for coding in [Coding::Identity, Coding::Brotli, Coding::Other] {
            assert_eq!(decode(coding, b"abc", 1000), None);
            assert!(Inflating::words(coding).is_none());
        }
        let plain = decode(Coding::Gzip, b"not gzip", 1000).unwrap();
        assert_eq!((plain.bytes.len(), plain.end), (0, PlainEnd::Broken));
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(text in proptest::collection::vec(0..4_u8, 0..3000), piece in 1..40_usize) {
            let all = [
                (Coding::Gzip, gzip(&text)),
                (Coding::Deflate, zlib(&text)),
                (Coding::Deflate, raw(&text)),
                (Coding::Zstd, zstd(&text)),
            ];
            for (coding, content) in all {
                let plain = decode(coding, &content, 1 << 20).unwrap();
                prop_assert_eq!((&plain.bytes, plain.end), (&text, PlainEnd::Whole), "{:?}", coding);
                let cut = decode(coding, content.get(..content.len() / 2).unwrap(), 1 << 20).unwrap();
                prop_assert!(text.starts_with(&cut.bytes));
                prop_assert_eq!(&inflated(coding, &content, piece), &text, "{:?}", coding);
            }
        }

        #[test]
        fn nothing_is_too_strange_for_it(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
                prop_assert!(decode(coding, &content, 1000).unwrap().bytes.len() <= 1000);
                for head in [&b""[..], b"\x1f\x8b\x08\x1f\0\0\0\0\0\x03", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x28\xb5\x2f\xfd\x04\x58"] {
                    inflated(coding, &[head, &content].concat(), 7);
                    let mut inflating = Inflating::length(coding).unwrap();
                    inflating.push(&[head, &content].concat(), &mut |_| {});
                }
            }
        }
    }
}
