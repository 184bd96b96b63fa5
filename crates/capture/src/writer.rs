//! How is a capture written so that it is a valid file whenever the writing ends?
//!
//! Only whole records are handed to the output, each in one `write_all` with the others that wait. So whatever ends the
//! process, the file is a valid capture up to its last whole record; what was not handed over yet is lost. Without a
//! buffer (the default), that is nothing.
//!
//! The layout is in `pcap.rs`. Always little-endian; microseconds unless nanoseconds are asked for.

use crate::error::WriteError;
use crate::frame::LinkType;
use std::io::Write;

/// The unit in which a file keeps the fraction of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// What every tool reads.
    #[default]
    Microseconds,
    /// What most tools read.
    Nanoseconds,
}

/// What a capture file shall be like.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The kind of link that all frames are of.
    pub link: LinkType,
    /// Frames are cut to this length.
    pub snap_length: u32,
    /// The unit of time.
    pub precision: Precision,
    /// How many bytes may wait before they are handed over; with 0 every frame is handed over at once.
    pub buffer: usize,
}

impl Settings {
    /// Microseconds, nothing cut, every frame handed over at once.
    pub fn new(link: LinkType) -> Settings {
        Settings { link, snap_length: 262_144, precision: Precision::Microseconds, buffer: 0 }
    }
}

/// Writes a classic pcap file.
pub struct Writer<W: Write> {
    out: W,
    settings: Settings,
    waiting: Vec<u8>,
    frames: u64,
    handed_over: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a capture in microseconds that hands over every frame at once.
    pub fn create(out: W, link: LinkType, snap_length: u32) -> Result<Writer<W>, WriteError> {
        Writer::with(out, Settings { snap_length, ..Settings::new(link) })
    }

    /// Begins a capture; the file header is handed over at once.
    pub fn with(out: W, settings: Settings) -> Result<Writer<W>, WriteError> {
        let magic: u32 = match settings.precision {
            Precision::Microseconds => 0xa1b2_c3d4,
            Precision::Nanoseconds => 0xa1b2_3c4d,
        };
        let mut waiting = Vec::with_capacity(settings.buffer + 24);
        waiting.extend_from_slice(&magic.to_le_bytes());
        waiting.extend_from_slice(&2u16.to_le_bytes());
        waiting.extend_from_slice(&4u16.to_le_bytes());
        waiting.extend_from_slice(&[0; 8]); // time zone and accuracy: zero in every file there is
        waiting.extend_from_slice(&settings.snap_length.to_le_bytes());
        waiting.extend_from_slice(&u32::from(settings.link.0).to_le_bytes());
        let mut writer = Writer { out, settings, waiting, frames: 0, handed_over: 0 };
        writer.hand_over()?;
        Ok(writer)
    }

    /// Adds a frame: when it was seen (nanoseconds since 1970), its length on the wire, and its bytes.
    pub fn write(&mut self, time_ns: u64, wire_len: u32, data: &[u8]) -> Result<(), WriteError> {
        let frame = self.frames + 1;
        if (data.len() as u64) > u64::from(wire_len) {
            return Err(WriteError::Length { frame, kept: data.len() as u64, wire: wire_len });
        }
        let seconds = time_ns / 1_000_000_000;
        let fraction = (time_ns % 1_000_000_000) as u32;
        let Ok(seconds32) = u32::try_from(seconds) else { return Err(WriteError::Time { frame, seconds }) };
        let fraction = match self.settings.precision {
            Precision::Microseconds => fraction / 1_000,
            Precision::Nanoseconds => fraction,
        };
        let kept = data.len().min(self.settings.snap_length as usize);
        self.waiting.extend_from_slice(&seconds32.to_le_bytes());
        self.waiting.extend_from_slice(&fraction.to_le_bytes());
        self.waiting.extend_from_slice(&(kept as u32).to_le_bytes());
        self.waiting.extend_from_slice(&wire_len.to_le_bytes());
        self.waiting.extend_from_slice(data.get(..kept).unwrap_or_default());
        self.frames = frame;
        if self.waiting.len() >= self.settings.buffer { self.hand_over() } else { Ok(()) }
    }

    /// How many frames have been written.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Hands over what waits, and flushes the output.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.hand_over()?;
        self.out.flush().map_err(|source| WriteError::Io { frames: self.handed_over, source })
    }

    /// Ends the capture and gives the output back.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.flush()?;
        Ok(self.out)
    }

    fn hand_over(&mut self) -> Result<(), WriteError> {
        let result = self.out.write_all(&self.waiting);
        // Cleared also after a failure: a second try would write records twice, behind a torn one.
        self.waiting.clear();
        result.map_err(|source| WriteError::Io { frames: self.handed_over, source })?;
        self.handed_over = self.frames;
        Ok(())
    }
}
