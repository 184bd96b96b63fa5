//! What does compressed content say (RFC 9110, section 8.4.1)?
//!
//! For reading only: what is counted are the bytes of the wire. gzip (RFC 1952), deflate, which in HTTP means zlib's format
//! (RFC 1950) and of some servers bare DEFLATE (RFC 1951), and Zstandard (RFC 8878). What ends too early, as an event stream
//! does that goes on, is given as far as it goes; and whatever it grows to, no more of it than was asked for.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use crate::http1::Coding;

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

    #[test]
    fn what_is_not_compressed_or_unknown_is_left_alone() {
        for coding in [Coding::Identity, Coding::Brotli, Coding::Other] {
            assert_eq!(decode(coding, b"abc", 1000), None);
        }
        let plain = decode(Coding::Gzip, b"not gzip", 1000).unwrap();
        assert_eq!((plain.bytes.len(), plain.end), (0, PlainEnd::Broken));
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(text in proptest::collection::vec(0..4_u8, 0..3000)) {
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
            }
        }

        #[test]
        fn nothing_is_too_strange_for_it(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
                prop_assert!(decode(coding, &content, 1000).unwrap().bytes.len() <= 1000);
            }
        }
    }
}
