//! What does Zstandard content say, as its bytes come (RFC 8878)?
//!
//! Each whole block is decompressed with its last byte. What later blocks may refer to, the window, is kept by the decompressor,
//! which hands nothing of it on until the frame has ended. How much it is can be told at once, and where only that matters, so
//! much is kept and no more. Events are looked at where they are kept: up to a bound all of them stay there.

use std::fmt;
use std::io::{self, Write};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::deflate::Limits;
use crate::stream::after;

/// Decompresses frames of one side.
pub(crate) struct Zstd {
    decoder: FrameDecoder,
    /// The header, or the block, that is not whole yet.
    begun: Vec<u8>,
    frame: Frame,
    wanted: Wanted,
    bytes_in: u64,
    bytes_out: u64,
}

/// What is to be known of the content?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// What it says, block by block: for at most [`MOST_KEPT`] bytes.
    Words,
    /// How long it is.
    Length,
}

/// The frame under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// Its header is not whole yet.
    Header,
    /// `kept`: how many bytes of it are kept.
    Blocks { has_checksum: bool, window: usize, kept: usize },
    /// What came before it is not here.
    Lost,
}

/// It is no Zstandard, or it grows beyond measure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Zstd {
    pub(crate) fn new(wanted: Wanted) -> Zstd {
        Zstd { decoder: decoder(), begun: Vec::new(), frame: Frame::Header, wanted, bytes_in: 0, bytes_out: 0 }
    }

    /// Decompresses the next bytes: how many come out. Hands them on where they are wanted.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<u64, Unreadable> {
        let before = self.bytes_out;
        self.bytes_in += bytes.len() as u64;
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while let Some(taken) = self.step(rest, out)? {
            rest = after(rest, taken);
        }
        self.begun = rest.to_vec();
        Ok(self.bytes_out - before)
    }

    /// Reads a header or a block from the beginning of these bytes: how long it is, or `None` where it is not whole.
    fn step(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<Option<usize>, Unreadable> {
        let (has_checksum, window, kept) = match self.frame {
            Frame::Header => return self.header(bytes),
            Frame::Blocks { has_checksum, window, kept } => (has_checksum, window, kept),
            Frame::Lost => return Err(Unreadable),
        };
        let Some([low, middle, high]) = bytes.first_chunk() else { return Ok(None) };
        let header = u32::from_le_bytes([*low, *middle, *high, 0]);
        let (is_last, size) = (header & 1 == 1, (header >> 3) as usize);
        let len = match header >> 1 & 3 {
            // Once, to be repeated.
            1 => 1,
            0 | 2 if size <= LARGEST_BLOCK => size,
            _ => return Err(Unreadable),
        };
        let len = 3 + len + if is_last && has_checksum { 4 } else { 0 };
        let Some(block) = bytes.get(..len) else { return Ok(None) };
        self.blocks(block)?;
        let kept = self.look(kept, window, out)?;
        if is_last {
            (self.decoder, self.frame) = (decoder(), Frame::Header);
        } else {
            self.frame = Frame::Blocks { has_checksum, window, kept };
        }
        Ok(Some(len))
    }

    /// The header of a frame (section 3.1.1.1).
    fn header(&mut self, bytes: &[u8]) -> Result<Option<usize>, Unreadable> {
        let mut rest = bytes;
        if self.decoder.reset(&mut rest).is_err() {
            // Perhaps only as it is not whole.
            return if bytes.len() < LONGEST_HEADER { Ok(None) } else { Err(Unreadable) };
        }
        let has_checksum = bytes.get(4).is_some_and(|descriptor| descriptor & 4 > 0);
        self.frame = Frame::Blocks { has_checksum, window: window(bytes), kept: 0 };
        // An empty block that says that it is the last: now the decompressor lets its window be looked at.
        self.blocks(&[1, 0, 0, 0, 0, 0, 0])?;
        Ok(Some(bytes.len() - rest.len()))
    }

    fn blocks(&mut self, mut bytes: &[u8]) -> Result<(), Unreadable> {
        let read = self.decoder.decode_blocks(&mut bytes, BlockDecodingStrategy::UptoBlocks(1));
        read.map(|_| ()).map_err(|_| Unreadable)
    }

    /// Looks at what is kept, of which so many bytes are known, and lets go what nobody needs: how many bytes stay.
    fn look(&mut self, known: usize, window: usize, out: &mut dyn FnMut(&[u8])) -> Result<usize, Unreadable> {
        let kept = self.decoder.can_collect();
        self.bytes_out += kept.saturating_sub(known) as u64;
        let Limits { ratio, free, .. } = Limits::default();
        if self.bytes_out > free && self.bytes_out / ratio > self.bytes_in {
            return Err(Unreadable);
        }
        let let_go = match self.wanted {
            Wanted::Words if kept > MOST_KEPT => return Err(Unreadable),
            Wanted::Words => {
                self.decoder.collect_to_writer(Look { known, out }).map_err(|_| Unreadable)?;
                0
            }
            Wanted::Length if kept > window => {
                self.decoder.collect_to_writer(LetGo(kept - window)).map_err(|_| Unreadable)?
            }
            Wanted::Length => 0,
        };
        Ok(kept - let_go)
    }
}

/// A copy stands where the original does, but has not what was decompressed before: what builds on it cannot be read.
impl Clone for Zstd {
    fn clone(&self) -> Zstd {
        let frame = if self.frame == Frame::Header { Frame::Header } else { Frame::Lost };
        Zstd { decoder: decoder(), begun: self.begun.clone(), frame, ..*self }
    }
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd").field("frame", &self.frame).field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// Looks at what is kept, beyond so many bytes, and takes none of it.
struct Look<'a> {
    known: usize,
    out: &'a mut dyn FnMut(&[u8]),
}

impl Write for Look<'_> {
    fn write(&mut self, kept: &[u8]) -> io::Result<usize> {
        // Nothing was ever taken, so that it is in one piece.
        (self.out)(after(kept, self.known));
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes so many bytes.
struct LetGo(usize);

impl Write for LetGo {
    fn write(&mut self, kept: &[u8]) -> io::Result<usize> {
        let taken = kept.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How far back blocks of a frame with this header refer at most (section 3.1.1.1.2).
fn window(header: &[u8]) -> usize {
    match after(header, 4) {
        [descriptor, window, ..] if descriptor & 32 == 0 => {
            let base = 1 << (10 + (window >> 3));
            base + base / 8 * usize::from(window & 7)
        }
        // To all of it: no more than the decompressor takes.
        _ => LARGEST_WINDOW as usize,
    }
}

fn decoder() -> FrameDecoder {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(LARGEST_WINDOW);
    decoder
}

/// What is kept of what comes at once.
pub(crate) const MOST_KEPT: usize = 2 << 20;
/// What content in HTTP may refer back to (RFC 9659, section 3).
const LARGEST_WINDOW: u64 = 8 << 20;
/// Section 3.1.1.2.4.
const LARGEST_BLOCK: usize = 128 << 10;
/// Magic number and section 3.1.1.1.
const LONGEST_HEADER: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    /// Four events of a stream, each flushed, and its end, as zstd 1.5 compresses them.
    const EVENTS: [&[u8]; 5] = [
        b"\x28\xb5\x2f\xfd\x04\x58\xb0\x01\x00data: {\"price\": 100, \"name\": \"an event of a stream\"}\n\n",
        b"\x4c\0\0\x08\x37\x02\0\0\x29\xd9\x53\x40",
        b"\x5c\0\0\x18\x64\x31\x34\x02\0\0\x89\x08\x60\x03",
        b"\x5c\0\0\x18\x64\x32\x31\x02\0\0\x89\x08\x60\x03",
        b"\x01\0\0\x05\x18\x3c\x51",
    ];

    fn event(price: u32) -> String {
        format!("data: {{\"price\": {price}, \"name\": \"an event of a stream\"}}\n\n")
    }

    /// What comes out of pieces, and how much it is.
    fn read<'a>(wanted: Wanted, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<(u64, String)>, Unreadable> {
        let mut zstd = Zstd::new(wanted);
        let of = |piece| {
            let mut plain = Vec::new();
            let len = zstd.push(piece, &mut |bytes| plain.extend_from_slice(bytes))?;
            Ok((len, String::from_utf8_lossy(&plain).into_owned()))
        };
        pieces.into_iter().map(of).collect()
    }

    #[test]
    fn each_event_that_was_flushed_comes_out_with_its_last_byte() {
        let events = [event(100), event(107), event(114), event(121), String::new()];
        let with_len = events.clone().map(|event| (event.len() as u64, event));
        assert_eq!(read(Wanted::Words, EVENTS).unwrap(), with_len);
        let lengths = events.clone().map(|event| (event.len() as u64, String::new()));
        assert_eq!(read(Wanted::Length, EVENTS).unwrap(), lengths);
        let bytes = EVENTS.concat();
        let one_by_one = read(Wanted::Words, bytes.chunks(1)).unwrap();
        let said: Vec<&str> =
            one_by_one.iter().map(|(_, said)| said.as_str()).filter(|said| !said.is_empty()).collect();
        assert_eq!(said, events[..4]);
        // One frame may follow another.
        let twice = [EVENTS.concat(), EVENTS.concat()].concat();
        let all = events.concat().repeat(2);
        assert_eq!(read(Wanted::Words, [twice.as_slice()]).unwrap(), [(all.len() as u64, all)]);
    }

    #[test]
    fn what_grows_beyond_measure_ends() {
        let compress =
            |plain: &[u8]| ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest);
        let zeros = compress(&vec![0; 20 << 20]);
        for wanted in [Wanted::Words, Wanted::Length] {
            assert_eq!(read(wanted, zeros.chunks(100)), Err(Unreadable), "{wanted:?}");
        }
        // Numbers that hardly repeat: more than is kept, and no bomb.
        let long: Vec<u8> = (0..700_000u32).flat_map(|number| number.wrapping_mul(0x9e37_79b1).to_le_bytes()).collect();
        let compressed = compress(&long);
        assert_eq!(read(Wanted::Words, compressed.chunks(1000)), Err(Unreadable));
        let mut len = 0;
        let mut zstd = Zstd::new(Wanted::Length);
        for piece in compressed.chunks(1000) {
            len += zstd.push(piece, &mut |_| {}).unwrap();
            assert!(zstd.begun.len() <= LARGEST_BLOCK + 1000);
            assert!(
                matches!(zstd.frame, Frame::Blocks { kept, window, .. } if kept <= window) || len == long.len() as u64
            );
        }
        assert_eq!(len, long.len() as u64);
    }

    #[test]
    fn what_is_no_zstd_is_unreadable() {
        for bytes in [&b"data: no zstd, and long enough\n\n"[..], b"\x28\xb5\x2f\xfd\x00\x58\x07\0\0\0"] {
            assert_eq!(read(Wanted::Words, [bytes]), Err(Unreadable), "{bytes:?}");
        }
    }

    #[test]
    fn a_window_is_as_large_as_its_header_says() {
        for (descriptor, byte, size) in
            [(0, 0, 1 << 10), (4, 0x58, 2 << 20), (0, 0x09, (2 << 10) + (1 << 8)), (32, 0x58, 8 << 20)]
        {
            assert_eq!(window(&[0x28, 0xb5, 0x2f, 0xfd, descriptor, byte]), size);
        }
    }
}
