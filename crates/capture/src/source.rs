//! What kind of source is this, told by its first bytes: a capture, a compressed one, or something else?

use crate::error::ReadError;
use ruzstd::decoding::BlockDecodingStrategy;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use std::io::{self, Read};

/// How a capture is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// Told by the magic: RFC 1952, section 2.3.1, and RFC 8878, section 3.1.1.
    pub(crate) fn of(first: [u8; 4]) -> Option<Compression> {
        match first {
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] => Some(Compression::Zstd),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }

    /// The decompressed bytes of a source, as they come.
    pub(crate) fn open<'r>(self, source: impl Read + 'r) -> Box<dyn Read + 'r> {
        match self {
            Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(source)),
            Compression::Zstd => Box::new(Zstd { source: io::BufReader::new(source), decoder: FrameDecoder::new() }),
        }
    }
}

/// Decompresses a row of zstd frames.
struct Zstd<R> {
    source: io::BufReader<R>,
    decoder: FrameDecoder,
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(into);
            }
            if self.decoder.is_finished() {
                if !self.next_frame()? {
                    return Ok(0);
                }
            } else {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| failed(&error))?;
            }
        }
    }
}

impl<R: Read> Zstd<R> {
    /// Opens the next frame that holds data. `false`: the source ended.
    fn next_frame(&mut self) -> io::Result<bool> {
        use io::BufRead;
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.source).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(failed(&error)),
            }
        }
    }
}

/// The decoder wraps what the source said: an early end is told apart from damage. Its own words are for who wrote it.
fn failed(error: &FrameDecoderError) -> io::Error {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(io.kind(), "the zstd data ends early"),
                kind => io::Error::new(kind, io.to_string()),
            };
        }
        cause = error.source();
    }
    let what = match error {
        FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_)) => {
            "what follows the last whole zstd frame is no zstd frame"
        }
        FrameDecoderError::ReadFrameHeaderError(_) | FrameDecoderError::FrameHeaderError(_) => {
            "the header of a zstd frame is damaged"
        }
        FrameDecoderError::WindowSizeTooBig { .. } => {
            "the zstd data needs more memory than its format recommends to allow"
        }
        FrameDecoderError::DictNotProvided { .. } => {
            "the zstd data was compressed with a dictionary, which is not here"
        }
        _ => "the zstd data is damaged",
    };
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Says what a source is that is no capture.
pub(crate) fn stranger(first: &[u8]) -> ReadError {
    let text = first.iter().all(|&byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..));
    let lower: Vec<u8> = first.iter().take(64).map(u8::to_ascii_lowercase).collect();
    let lower = lower.trim_ascii_start();
    let found = match first {
        [b'P', b'K', 3, 4, ..] => "a zip archive (unpack it first)".into(),
        [b'B', b'Z', b'h', ..] => "a bzip2 file (decompress it first)".into(),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "an xz file (decompress it first)".into(),
        [b's', b'n', b'o', b'o', b'p', 0, ..] => "a snoop capture (editcap turns it into pcap)".into(),
        [b'%', b'P', b'D', b'F', ..] => "a PDF document".into(),
        _ if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") => {
            "an HTML page (was a login or an error page saved instead of the file?)".into()
        }
        _ if text => "a text file".into(),
        _ if first.iter().all(|&byte| byte == 0) => "a file that begins with zeros".into(),
        _ => {
            let bytes: Vec<String> = first.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            format!("a file that begins with the bytes {}", bytes.join(" "))
        }
    };
    ReadError::NotACapture { found }
}
