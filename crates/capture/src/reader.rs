//! Which frames are in this capture?
//!
//! pcap-file, which writes the captures, can read them too. This reader is our own for two reasons. It is faster: it lends
//! each frame from its one buffer, and takes a third of the time for small frames (`benches/reader.rs` reads with both).
//! And it is sturdier: it reads what pcap-file refuses though tools write it (units of time below a nanosecond, fractions
//! beyond a second, swapped lengths, Kuznetsov's record headers, compressed files), bounds what a file's claims can cost,
//! and where a file is damaged it says at which frame and byte.

use crate::comment::Comment;
use crate::error::ReadError;
use crate::frame::Frame;
use crate::pcap;
use crate::pcapng;
use crate::record::{AtHand, Record};
use crate::source::{Compression, stranger};
use crate::window::Window;
use std::io::Read;

/// Walks the frames of a capture from any source of bytes: pcap or pcapng, also compressed, told by content.
///
/// It keeps one buffer, lends each frame from it, and reads only while the next frame is not whole: a pipe that is still
/// being written gives its frames as they come. The buffer has 256 KiB. A record that is larger makes it grow to the next
/// power of two: 512 KiB for the largest that is believed as a rule (256 KiB and its header), and at most 32 MiB for a
/// file that states a larger snap length, or has a block of up to 17 MiB.
pub struct Reader<'r> {
    window: Window<'r>,
    format: Format,
    compression: Option<Compression>,
    frames: u64,
    /// After an error, or the end, there is nothing more.
    ended: bool,
}

enum Format {
    Pcap(pcap::Header),
    PcapNg(pcapng::Section),
}

impl<'r> Reader<'r> {
    /// Reads as much as tells what the source is.
    pub fn new(source: impl Read + 'r) -> Result<Reader<'r>, ReadError> {
        let mut window = Window::new(Box::new(source));
        let mut first = peek(&mut window)?;
        let compression = Compression::of(first);
        if let Some(compression) = compression {
            window = Window::new(compression.open(window.into_source()));
            first = peek(&mut window)?;
        }
        let format = if pcap::Header::is_magic(first) {
            Format::Pcap(pcap::Header::read(&mut window)?)
        } else if pcapng::Section::is_magic(first) {
            Format::PcapNg(pcapng::Section::default())
        } else {
            return Err(stranger(window.bytes()));
        };
        Ok(Reader { window, format, compression, frames: 0, ended: false })
    }

    /// The next frame, borrowed from the reader's buffer; `None` at the end.
    ///
    /// After an error there is nothing more to read: what was given out before it stands.
    // Always: the compiler takes it for too large, and a frame that is returned in memory is copied once more.
    #[inline(always)]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ReadError> {
        // A record as nearly all are is read here, within the caller's loop; any other is a call.
        match &self.format {
            Format::Pcap(header) => {
                if let Some(next) = header.at_hand(&self.window) {
                    return Ok(Some(self.give(next)));
                }
            }
            Format::PcapNg(section) => {
                if let Some(next) = section.at_hand(&self.window) {
                    return Ok(Some(self.give(next)));
                }
            }
        }
        let Some(record) = self.next_record()? else { return Ok(None) };
        self.frames += 1;
        let data = self.window.behind(record.back, record.kept as usize);
        Ok(Some(record.frame(self.frames, data)))
    }

    /// Goes on by this record.
    #[inline]
    fn give(&mut self, next: AtHand) -> Frame<'_> {
        let AtHand { record, head, whole } = next;
        self.frames += 1;
        record.frame(self.frames, self.window.take(whole, head, record.kept as usize))
    }

    /// The next record, of any kind, read from the source if it must be.
    #[inline(never)]
    fn next_record(&mut self) -> Result<Option<Record>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        let number = self.frames + 1;
        let record = match &mut self.format {
            Format::Pcap(header) => header.record(&mut self.window, number),
            Format::PcapNg(section) => section.record(&mut self.window, number),
        };
        if !matches!(record, Ok(Some(_))) {
            self.ended = true;
            self.window.close();
        }
        record
    }

    /// What kind of file it is: `pcap`, `pcapng`, `pcap+gzip` and so on.
    pub fn format(&self) -> String {
        let format = match self.format {
            Format::Pcap(_) => "pcap",
            Format::PcapNg(_) => "pcapng",
        };
        match self.compression {
            Some(compression) => format!("{format}+{}", compression.name()),
            None => format.into(),
        }
    }

    /// How many frames have been given out.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The comments met so far and not taken away, up to 1 MiB of them; those on a frame are there with the frame.
    /// Only pcapng has any.
    pub fn comments(&self) -> &[Comment] {
        match &self.format {
            Format::Pcap(_) => &[],
            Format::PcapNg(section) => section.comments.waiting(),
        }
    }

    /// Takes the comments away that were met since the last time; taken after each frame, none is ever too many.
    pub fn take_comments(&mut self) -> Vec<Comment> {
        match &mut self.format {
            Format::Pcap(_) => Vec::new(),
            Format::PcapNg(section) => section.comments.take(),
        }
    }
}

/// The first four bytes.
fn peek(window: &mut Window<'_>) -> Result<[u8; 4], ReadError> {
    let whole = window.need_for(4, 1, 0, 4)?;
    match window.bytes() {
        [] => Err(ReadError::Empty),
        bytes => match bytes.first_chunk::<4>() {
            Some(&first) if whole => Ok(first),
            _ => Err(stranger(bytes)),
        },
    }
}
