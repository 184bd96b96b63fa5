//! Is what could be read given, and what is wrong named, whatever the file?
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use std::io::{self, Write};
use wirelab_capture::{CommentedWriter, Interface, LinkType, ReadError, Reader, Settings, WriteError, Writer};

fn sample() -> Vec<u8> {
    let mut writer = Writer::create(Vec::new(), LinkType::ETHERNET, 65_535).unwrap();
    for (number, data) in [&b"first"[..], b"second one", b"third"].iter().enumerate() {
        writer.write(number as u64 * 1_000_000, data.len() as u32, data).unwrap();
    }
    writer.finish().unwrap()
}

/// A section, an interface, an enhanced packet, an unknown block, an enhanced packet.
fn pcapng_sample() -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = (12 + body.len() as u32).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    [
        block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX])),
        block(1, &words(&[1, 65_535])),
        block(6, &words(&[0, 0, 1, 8, 8, 0x1111_1111, 0x2222_2222])),
        block(0x7777, &words(&[1, 2, 3])),
        block(6, &words(&[0, 0, 2, 4, 60, 0x3333_3333])),
    ]
    .concat()
}

/// How many frames there were, and what ended it.
fn read(bytes: &[u8]) -> (u64, Option<ReadError>) {
    let mut reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return (0, Some(error)),
    };
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => assert!(frame.data.len() <= frame.wire_len as usize),
            Ok(None) => return (reader.frames(), None),
            Err(error) => {
                assert!(reader.next_frame().unwrap().is_none(), "nothing comes after an error");
                return (reader.frames(), Some(error));
            }
        }
    }
}

#[test]
fn what_is_no_capture_is_named() {
    for (bytes, sentence) in [
        (&b""[..], "this is an empty file, not a capture: record it again, and let the recorder end before it is read"),
        (b"a,b\n1,2\n", "this is not a capture but a text file: "),
        (b"hi", "this is not a capture but a text file: "),
        (b"<!DOCTYPE html>\n<html>", "this is not a capture but an HTML page"),
        (b"  <HTML lang=en>", "this is not a capture but an HTML page"),
        (b"PK\x03\x04____", "this is not a capture but a zip archive"),
        (b"\x7fELF\x02\x01\x01", "this is not a capture but a file that begins with the bytes 7f 45 4c 46"),
        (&[0; 100], "this is not a capture but a file that begins with zeros"),
        (b"snoop\0\0\0", "this is not a capture but a snoop capture"),
    ] {
        let (frames, error) = read(bytes);
        let error = error.unwrap().to_string();
        assert_eq!(frames, 0);
        assert!(error.starts_with(sentence), "{error}");
    }
}

#[test]
fn a_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    // Where a directory cannot even be opened, there is nothing to read from.
    let Ok(file) = std::fs::File::open(directory.path()) else { return };
    let error = Reader::new(file).err().unwrap();
    assert_eq!(error.to_string(), "this is a directory, not a capture: name the files in it");
}

#[test]
fn a_file_cut_anywhere_gives_the_frames_before_and_says_where() {
    let file = sample();
    let ends = [24, 24 + 16 + 5, 24 + 16 + 5 + 16 + 10, 24 + 3 * 16 + 20];
    for cut in 1..file.len() {
        let (frames, error) = read(&file[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        assert_eq!(frames, whole as u64, "cut at {cut}");
        match error {
            None => assert!(ends.contains(&cut), "cut at {cut}"),
            Some(ReadError::Cut { frame, offset, needed, found }) => {
                assert_eq!((frame, offset), (whole as u64 + 1, ends[whole] as u64));
                assert_eq!(found, (cut - ends[whole]) as u64);
                assert!(needed > found);
            }
            Some(ReadError::Header { .. } | ReadError::NotACapture { .. }) => assert!(cut < 24, "cut at {cut}"),
            Some(other) => panic!("cut at {cut}: {other}"),
        }
    }
}

#[test]
fn a_pcapng_file_cut_anywhere_gives_the_frames_before_and_says_where() {
    let file = pcapng_sample();
    let ends = [28u64, 48, 88, 112, 148];
    assert_eq!(file.len(), 148);
    for cut in 4..file.len() {
        let (frames, error) = read(&file[..cut]);
        assert_eq!(frames, u64::from(cut >= 88), "cut at {cut}");
        match error {
            None => assert!(ends.contains(&(cut as u64)), "cut at {cut}"),
            Some(ReadError::Cut { frame, offset, needed, found }) => {
                assert_eq!(frame, frames + 1);
                assert_eq!(offset, ends.iter().copied().filter(|end| *end <= cut as u64).max().unwrap_or(0));
                assert_eq!(found, cut as u64 - offset);
                assert!(needed > found);
            }
            Some(other) => panic!("cut at {cut}: {other}"),
        }
    }
    assert_eq!(read(&file).0, 2);
}

#[test]
fn lying_lengths_are_refused_with_their_place() {
    let mut file = sample();
    // The length of the second frame.
    file[45 + 8..45 + 12].copy_from_slice(&300_000u32.to_le_bytes());
    let (frames, error) = read(&file);
    assert_eq!(frames, 1);
    assert_eq!(
        error.unwrap().to_string(),
        "the record of frame 2 at byte 45 is damaged: a length of at most 262144 bytes expected, 300000 found; \
         nothing behind it can be trusted"
    );
    // In a pcapng file: the block's length, the length behind it, the packet's length, its interface.
    for (at, value, sentence) in [
        (52, 13, "the record of frame 1 at byte 48 is damaged: a block of 32 to "),
        (52, u32::MAX, "the record of frame 1 at byte 48 is damaged: a block of 32 to "),
        (84, 44, "the record of frame 1 at byte 48 is damaged: the block's length again, 40 expected, 44 found"),
        (68, 9, "the record of frame 1 at byte 48 is damaged: a length of at most 8 bytes expected, 9 found"),
        (56, 1, "the record of frame 1 at byte 48 is damaged: one of the 1 interfaces described before expected"),
        (8, 0, "the record of frame 1 at byte 0 is damaged: the byte-order mark 1a2b3c4d expected, 00000000 found"),
        (12, 7, "the record of frame 1 at byte 0 is damaged: pcapng version 1 expected, version 7 found"),
        (108, 0, "the record of frame 2 at byte 88 is damaged: the block's length again, 24 expected, 0 found"),
    ] {
        let mut file = pcapng_sample();
        file[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        let error = read(&file).1.unwrap().to_string();
        assert!(error.starts_with(sentence), "{error}");
    }
}

#[test]
fn a_header_of_another_version_is_refused() {
    let mut file = sample();
    file[4] = 9;
    assert_eq!(
        read(&file).1.unwrap().to_string(),
        "the file header is damaged at byte 4: pcap version 2 expected, version 9.4 found"
    );
}

proptest! {
    /// Whatever a byte is changed to, reading ends, and gives no more frames than there can be.
    #[test]
    fn flipped_bytes_never_hurt(at in any::<prop::sample::Index>(), value in any::<u8>(), ng in any::<bool>()) {
        let mut file = if ng { pcapng_sample() } else { sample() };
        let at = at.index(file.len());
        file[at] = value;
        let (frames, _) = read(&file);
        prop_assert!(frames <= file.len() as u64 / 16);
    }

    #[test]
    fn any_bytes_behind_a_magic_never_hurt(
        mut bytes in proptest::collection::vec(any::<u8>(), 4..600),
        magic in prop::sample::select(vec![
            0xa1b2_c3d4_u32, 0xd4c3_b2a1, 0xa1b2_3c4d, 0x4d3c_b2a1, 0xa1b2_cd34, 0x34cd_b2a1, 0x0a0d_0d0a,
            0x1f8b_0800, 0x28b5_2ffd,
        ]),
    ) {
        bytes[..4].copy_from_slice(&magic.to_be_bytes());
        read(&bytes);
    }
}

/// Takes so many bytes, then the disk is full. Remembers how it was written to.
struct Disk {
    room: usize,
    writes: Vec<usize>,
    held: Vec<u8>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room);
        if count == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= count;
        self.writes.push(count);
        self.held.extend(&bytes[..count]);
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn only_whole_records_are_handed_over() {
    for (buffer, writes) in [(0, vec![24, 26, 26, 26, 26]), (60, vec![24, 78, 26]), (1000, vec![24, 104])] {
        let disk = Disk { room: usize::MAX, writes: Vec::new(), held: Vec::new() };
        let mut writer = Writer::with(disk, Settings { buffer, ..Settings::new(LinkType::ETHERNET) }).unwrap();
        for _ in 0..4 {
            writer.write(1, 10, b"0123456789").unwrap();
        }
        let disk = writer.finish().unwrap();
        assert_eq!(disk.writes, writes, "buffer {buffer}");
        assert_eq!(read(&disk.held).0, 4);
    }
    // The section, and with the first frame the interface; a frame of 44 bytes, one with a comment of 56.
    for (buffer, writes) in [(0, vec![28, 76, 56, 44, 56]), (110, vec![28, 132, 100]), (1000, vec![28, 232])] {
        let disk = Disk { room: usize::MAX, writes: Vec::new(), held: Vec::new() };
        let mut writer = CommentedWriter::create(disk, &[], buffer).unwrap();
        let interface = writer.interface(Interface::new(LinkType::ETHERNET)).unwrap();
        for comments in [&[][..], &["seen"], &[], &["seen"]] {
            writer.write(interface, 1, 10, b"0123456789", comments).unwrap();
        }
        let disk = writer.finish().unwrap();
        assert_eq!(disk.writes, writes, "buffer {buffer}");
        assert_eq!(read(&disk.held).0, 4);
    }
}

#[test]
fn a_full_disk_is_an_error_that_says_so() {
    let disk = Disk { room: 24 + 26 + 10, writes: Vec::new(), held: Vec::new() };
    let mut writer = Writer::create(disk, LinkType::ETHERNET, 65_535).unwrap();
    writer.write(1, 10, b"0123456789").unwrap();
    let error = writer.write(1, 10, b"0123456789").unwrap_err();
    assert!(matches!(&error, WriteError::Io { frames: 1, source } if source.kind() == io::ErrorKind::StorageFull));
    assert!(error.to_string().starts_with("writing the capture failed after 1 frames: "), "{error}");
    let disk = Disk { room: 28 + 76 + 10, writes: Vec::new(), held: Vec::new() };
    let mut writer = CommentedWriter::create(disk, &[], 0).unwrap();
    let interface = writer.interface(Interface::new(LinkType::ETHERNET)).unwrap();
    writer.write(interface, 1, 10, b"0123456789", &[]).unwrap();
    let error = writer.write(interface, 1, 10, b"0123456789", &[]).unwrap_err();
    assert!(matches!(&error, WriteError::Io { frames: 1, source } if source.kind() == io::ErrorKind::StorageFull));
}

#[test]
fn what_a_pcap_file_cannot_say_is_refused() {
    let mut writer = Writer::create(Vec::new(), LinkType::ETHERNET, 4).unwrap();
    assert!(matches!(writer.write((u64::from(u32::MAX) + 1) * 1_000_000_000, 1, b"x"), Err(WriteError::Time { .. })));
    assert!(matches!(writer.write(0, 1, b"xy"), Err(WriteError::Length { frame: 1, kept: 2, wire: 1 })));
    writer.write(0, 6, b"abcdef").unwrap();
    let file = writer.finish().unwrap();
    let mut reader = Reader::new(&file[..]).unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    assert_eq!((frame.data, frame.wire_len), (&b"abcd"[..], 6));
}
