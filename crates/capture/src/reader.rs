//! Which frames are in this capture?

use crate::error::ReadError;
use crate::frame::Frame;
use crate::pcap;
use crate::window::Window;
use std::io::Read;

/// Walks the frames of a capture, from any source of bytes, told by content.
///
/// It keeps one buffer, lends each frame from it, and reads only while the next frame is not whole: a pipe that is still
/// being written gives its frames as they come.
pub struct Reader<'r> {
    window: Window<'r>,
    format: Format,
    frames: u64,
    /// After an error, or the end, there is nothing more.
    ended: bool,
}

enum Format {
    Pcap(pcap::Header),
}

impl<'r> Reader<'r> {
    /// Reads as much as tells what the source is.
    pub fn new(source: impl Read + 'r) -> Result<Reader<'r>, ReadError> {
        let mut window = Window::new(Box::new(source));
        let whole = window.need(4).map_err(|source| ReadError::Io { offset: 0, source })?;
        let Some(&first) = window.bytes().first_chunk::<4>().filter(|_| whole) else {
            return Err(if window.len() == 0 {
                ReadError::Empty
            } else {
                ReadError::NotACapture { found: format!("a file of {} bytes", window.len()) }
            });
        };
        if !pcap::Header::is_magic(first) {
            return Err(ReadError::NotACapture { found: "something else".into() });
        }
        let format = Format::Pcap(pcap::Header::read(&mut window)?);
        Ok(Reader { window, format, frames: 0, ended: false })
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
        };
        match record {
            Ok(Some(record)) => {
                self.frames = number;
                Ok(Some(Frame {
                    number,
                    time_ns: record.time_ns,
                    wire_len: record.wire_len,
                    data: self.window.consumed(record.kept as usize),
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
        match self.format {
            Format::Pcap(_) => "pcap".into(),
        }
    }

    /// How many frames have been given out.
    pub fn frames(&self) -> u64 {
        self.frames
    }
}
