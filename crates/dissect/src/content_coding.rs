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

/// Decompresses gzip and deflate as their bytes come. Nothing of it is kept.
#[derive(Clone, Debug)]
pub struct Inflating {
    coding: Coding,
    /// The first bytes, until it is known what they are.
    head: Vec<u8>,
    /// What is behind them; `None` before, and where nothing more can be read.
    inflater: Option<Inflater>,
    has_ended: bool,
}

impl Inflating {
    /// For content in this coding. `None` where it cannot be read as it comes.
    pub fn new(coding: Coding) -> Option<Inflating> {
        let is_known = matches!(coding, Coding::Gzip | Coding::Deflate);
        is_known.then(|| Inflating { coding, head: Vec::new(), inflater: None, has_ended: false })
    }

    /// Decompresses the next bytes, and hands on what comes out, in pieces: nothing more behind bytes that make no sense, or
    /// where it grows beyond measure.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(&[u8])) {
        while self.inflater.is_none() && !self.has_ended {
            let Some((first, rest)) = bytes.split_first() else { return };
            self.head.push(*first);
            bytes = rest;
            self.begin(out);
        }
        if let Some(inflater) = &mut self.inflater
            && inflater.push(bytes, out).is_err()
        {
            self.end();
        }
    }

    /// Looks whether the data begins.
    fn begin(&mut self, out: &mut dyn FnMut(&[u8])) {
        let head = self.head.as_slice();
        let data_at = match (self.coding, head.len()) {
            // RFC 1952, section 2.3: no flag is set where content is compressed that has no name of a file.
            (Coding::Gzip, 10) if head.starts_with(&[0x1f, 0x8b, 8, 0]) => 10,
            (Coding::Gzip, 10) => return self.end(),
            (Coding::Deflate, 2) if is_zlib(head) => 2,
            (Coding::Deflate, 2) => 0,
            _ => return,
        };
        let mut inflater = Inflater::new(Context::TakenOver, Limits { bytes: u64::MAX, ..Limits::default() });
        if inflater.push(after(head, data_at), out).is_ok() {
            self.inflater = Some(inflater);
        } else {
            self.end();
        }
    }

    /// Nothing more can be read: bytes are missing.
    pub fn end(&mut self) {
        (self.has_ended, self.inflater, self.head) = (true, None, Vec::new());
    }
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
        let (mut inflating, mut plain) = (Inflating::new(coding).unwrap(), Vec::new());
        for piece in content.chunks(piece) {
            inflating.push(piece, &mut |bytes| plain.extend_from_slice(bytes));
        }
        plain
    }

    #[test]
    fn each_event_that_was_flushed_comes_out_with_its_last_byte() {
        let (mut encoder, mut inflating) =
            (GzEncoder::new(Vec::new(), Compression::default()), Inflating::new(Coding::Gzip).unwrap());
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            let mut plain = Vec::new();
            inflating.push(&std::mem::take(encoder.get_mut()), &mut |bytes| plain.extend_from_slice(bytes));
            assert_eq!(plain, event.as_bytes());
        }
    }

    #[test]
    fn a_bomb_that_comes_in_pieces_ends_too() {
        assert!(inflated(Coding::Gzip, &gzip(&vec![0; 10 << 20]), 100).len() < 2 << 20);
    }

    #[test]
    fn what_is_not_compressed_or_unknown_is_left_alone() {
        for coding in [Coding::Identity, Coding::Brotli, Coding::Other] {
            assert_eq!(decode(coding, b"abc", 1000), None);
            assert!(Inflating::new(coding).is_none());
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
                if coding != Coding::Zstd {
                    // Behind the end stands a sum, which may look like more.
                    prop_assert!(inflated(coding, &content, piece).starts_with(&text), "{:?}", coding);
                }
            }
        }

        #[test]
        fn nothing_is_too_strange_for_it(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
                prop_assert!(decode(coding, &content, 1000).unwrap().bytes.len() <= 1000);
                if coding != Coding::Zstd {
                    inflated(coding, &content, 7);
                    inflated(coding, &[&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &content].concat(), 7);
                }
            }
        }
    }
}
