//! How is a capture written so that it is a valid file whenever the writing ends?
//!
//! pcap-file knows the layout. Only whole records are handed to the output, each in one `write_all` with the others that
//! wait. So whatever ends the process, the file is a valid capture up to its last whole record; what was not handed over
//! yet is lost. Without a buffer (the default), that is nothing.
//!
//! Always little-endian; microseconds unless nanoseconds are asked for.

use crate::error::WriteError;
use crate::frame::LinkType;
use crate::whole_records::WholeRecords;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapTsResolution, PcapValidationError, PcapWriteError, PcapWriter};
use pcap_file::{DataLink, Endianness};
use std::io::{self, Write};
use std::time::Duration;

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
    file: PcapWriter<WholeRecords<W>>,
    settings: Settings,
    /// Bytes that were written and not handed over.
    waiting: usize,
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
        let header = PcapHeader {
            snaplen: settings.snap_length,
            datalink: DataLink::from(u32::from(settings.link.0)),
            ts_resolution: match settings.precision {
                Precision::Microseconds => PcapTsResolution::MicroSecond,
                Precision::Nanoseconds => PcapTsResolution::NanoSecond,
            },
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let file = PcapWriter::with_header(WholeRecords::new(out, settings.buffer), header);
        let file = file.map_err(|error| failed(0, 0, error))?;
        let mut writer = Writer { file, settings, waiting: 0, frames: 0, handed_over: 0 };
        writer.hand_over()?;
        Ok(writer)
    }

    /// Adds a frame: when it was seen (nanoseconds since 1970), its length on the wire, and its bytes.
    pub fn write(&mut self, time_ns: u64, wire_len: u32, data: &[u8]) -> Result<(), WriteError> {
        let frame = self.frames + 1;
        if (data.len() as u64) > u64::from(wire_len) {
            return Err(WriteError::Length { frame, kept: data.len() as u64, wire: wire_len });
        }
        let kept = data.get(..self.settings.snap_length as usize).unwrap_or(data);
        let record = PcapPacket::new(Duration::from_nanos(time_ns), wire_len, kept).map_err(PcapWriteError::from);
        let written = record.and_then(|record| self.file.write_packet(&record));
        self.waiting += written.map_err(|error| failed(frame, self.handed_over, error))?;
        self.frames = frame;
        if self.waiting >= self.settings.buffer { self.hand_over() } else { Ok(()) }
    }

    /// How many frames have been written.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Ends the capture: hands over what waits, flushes the output and gives it back.
    pub fn finish(self) -> Result<W, WriteError> {
        let frames = self.handed_over;
        self.file.into_inner().finish().map_err(|source| WriteError::Io { frames, source })
    }

    fn hand_over(&mut self) -> Result<(), WriteError> {
        self.waiting = 0;
        self.file.flush().map_err(|error| failed(self.frames, self.handed_over, error))?;
        self.handed_over = self.frames;
        Ok(())
    }
}

/// What pcap-file said of this frame, in our words.
fn failed(frame: u64, handed_over: u64, error: PcapWriteError) -> WriteError {
    match error {
        PcapWriteError::Io(source) | PcapWriteError::FieldWriteFailed(_, source) => {
            WriteError::Io { frames: handed_over, source }
        }
        PcapWriteError::Validation(PcapValidationError::TimestampTooBig(time)) => {
            WriteError::Time { frame, seconds: time.as_secs() }
        }
        PcapWriteError::Validation(other) => WriteError::Io { frames: handed_over, source: io::Error::other(other) },
    }
}
