//! Which frames are in this capture?

use crate::error::ReadError;
use crate::frame::Frame;
use crate::source::{Compression, stranger};
use crate::window::Window;
use crate::{pcap, pcapng};
use std::io::Read;

/// Walks the frames of a capture from any source of bytes: pcap or pcapng, also compressed, told by content.
///
/// It keeps one buffer, lends each frame from it, and reads only while the next frame is not whole: a pipe that is still
/// being written gives its frames as they come. The buffer has 256 KiB, and grows to the largest record it meets: 256 KiB
/// again, or what the file states as its snap length, at most 17 MiB.
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

/// A comment that somebody wrote into a pcapng file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The frame it was written to; `None` for the whole capture or an interface.
    pub frame: Option<u64>,
    /// What it says.
    pub text: String,
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
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        let number = self.frames + 1;
        let record = match &mut self.format {
            Format::Pcap(header) => header.record(&mut self.window, number),
            Format::PcapNg(section) => section.record(&mut self.window, number),
        };
        match record {
            Ok(Some(record)) => {
                self.frames = number;
                Ok(Some(Frame {
                    number,
                    time_ns: record.time_ns,
                    wire_len: record.wire_len,
                    data: self.window.behind(record.back, record.kept as usize),
                    link: record.link,
                    file_offset: record.file_offset,
                }))
            }
            Ok(None) => {
                self.ended = true;
                Ok(None)
            }
            Err(error) => {
                self.ended = true;
                Err(error)
            }
        }
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

    /// The comments met so far, up to 1 MiB of them. Only pcapng has any.
    pub fn comments(&self) -> &[Comment] {
        match &self.format {
            Format::Pcap(_) => &[],
            Format::PcapNg(section) => &section.comments,
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
