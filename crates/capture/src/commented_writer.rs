//! How is a capture written with words beside the frames?
//!
//! As pcapng (draft-ietf-opsawg-pcapng, section 4): one section, which can have comments of its own; an interface for each
//! kind of link; and enhanced packets, each with the comments on it. As in the classic file only whole blocks are handed
//! to the output, and the layout is pcap-file's work.

use crate::comment::Commented;
use crate::error::WriteError;
use crate::frame::LinkType;
use crate::whole_records::WholeRecords;
use crate::writer::Precision;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriteError, PcapNgWriter};
use pcap_file::{DataLink, Endianness};
use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

/// Writes a pcapng file with comments.
///
/// ```
/// use wirelab_capture::{CommentedWriter, Interface, LinkType};
///
/// # fn main() -> Result<(), wirelab_capture::WriteError> {
/// let mut writer = CommentedWriter::create(Vec::new(), &["one frame, made up"], 0)?;
/// let interface = writer.interface(Interface::new(LinkType::RAW))?;
/// writer.write(interface, 1_500_000_000, 20, &[0x45; 20], &["a header alone"])?;
/// let file = writer.finish()?;
/// # assert_eq!(file.len() % 4, 0);
/// # Ok(())
/// # }
/// ```
pub struct CommentedWriter<W: Write> {
    file: PcapNgWriter<WholeRecords<W>>,
    snap_lengths: Vec<u32>,
    buffer: usize,
    frames: u64,
    handed_over: u64,
}

/// What frames are seen on.
#[derive(Clone, Copy, Debug)]
pub struct Interface {
    /// The kind of link.
    pub link: LinkType,
    /// Its frames are cut to this length; 0 for no limit.
    pub snap_length: u32,
    /// The unit of time, which the file keeps as if_tsresol.
    pub precision: Precision,
}

/// An interface that a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceNumber(u32);

impl Interface {
    /// Nanoseconds, and nothing cut.
    pub fn new(link: LinkType) -> Interface {
        Interface { link, snap_length: 0, precision: Precision::Nanoseconds }
    }
}

impl<W: Write> CommentedWriter<W> {
    /// Begins a capture, with comments on all of it; so many bytes may wait before they are handed over.
    pub fn create(out: W, comments: &[&str], buffer: usize) -> Result<CommentedWriter<W>, WriteError> {
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            options: options(comments, Commented::Section, SectionHeaderOption::Common)?,
            ..SectionHeaderBlock::default()
        };
        let file = PcapNgWriter::with_section_header(WholeRecords::new(out, buffer), section);
        let file = file.map_err(|error| WriteError::Io { frames: 0, source: source(error) })?;
        let mut writer = CommentedWriter { file, snap_lengths: Vec::new(), buffer, frames: 0, handed_over: 0 };
        writer.hand_over()?;
        Ok(writer)
    }

    /// Adds an interface; frames can then be written to it.
    pub fn interface(&mut self, interface: Interface) -> Result<InterfaceNumber, WriteError> {
        let Interface { link, snap_length, precision } = interface;
        let resolution = match precision {
            Precision::Microseconds => InterfaceTsResolution::MICRO,
            Precision::Nanoseconds => InterfaceTsResolution::NANO,
        };
        let number = InterfaceNumber(self.snap_lengths.len() as u32);
        self.add(InterfaceDescriptionBlock {
            linktype: DataLink::from(u32::from(link.0)),
            snaplen: snap_length,
            options: vec![InterfaceDescriptionOption::IfTsResol(resolution)],
        })?;
        self.snap_lengths.push(if snap_length == 0 { u32::MAX } else { snap_length });
        Ok(number)
    }

    /// Adds a frame: where and when it was seen (nanoseconds since 1970), its length on the wire, its bytes, and the
    /// comments on it.
    pub fn write(
        &mut self,
        interface: InterfaceNumber,
        time_ns: u64,
        wire_len: u32,
        data: &[u8],
        comments: &[&str],
    ) -> Result<(), WriteError> {
        let frame = self.frames + 1;
        if (data.len() as u64) > u64::from(wire_len) {
            return Err(WriteError::Length { frame, kept: data.len() as u64, wire: wire_len });
        }
        let snap_length = self.snap_lengths.get(interface.0 as usize).map_or(data.len(), |&length| length as usize);
        self.add(EnhancedPacketBlock {
            interface_id: interface.0,
            timestamp: Duration::from_nanos(time_ns),
            original_len: wire_len,
            data: Cow::Borrowed(data.get(..snap_length).unwrap_or(data)),
            options: options(comments, Commented::Frame(frame), EnhancedPacketOption::Common)?,
        })?;
        self.frames = frame;
        if self.file.get_ref().waiting() >= self.buffer { self.hand_over() } else { Ok(()) }
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

    fn add<'a>(&mut self, block: impl PcapNgBlock<'a>) -> Result<(), WriteError> {
        let written = self.file.write_pcapng_block(block);
        written.map_err(|error| WriteError::Io { frames: self.handed_over, source: source(error) })?;
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), WriteError> {
        let handed = self.file.get_mut().flush();
        handed.map_err(|source| WriteError::Io { frames: self.handed_over, source })?;
        self.handed_over = self.frames;
        Ok(())
    }
}

/// Comments as the options of a block; each must fit into one.
fn options<'a, O>(
    comments: &[&'a str],
    on: Commented,
    option: impl Fn(CommonOption<'a>) -> O,
) -> Result<Vec<O>, WriteError> {
    let one = |&comment: &&'a str| match comment.len() {
        0..=MOST_COMMENT => Ok(option(CommonOption::Comment(Cow::Borrowed(comment)))),
        length => Err(WriteError::Comment { on, length }),
    };
    comments.iter().map(one).collect()
}

fn source(error: PcapNgWriteError) -> io::Error {
    match error {
        PcapNgWriteError::Io(source) => source,
        other => io::Error::other(other),
    }
}

/// The most bytes of one comment: the length of an option has 16 bits.
pub const MOST_COMMENT: usize = 65_535;
