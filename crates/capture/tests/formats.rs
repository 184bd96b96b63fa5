//! Does the reader give what the file holds, in every format and byte order?
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use std::io::{Read, Write};
use wirelab_capture::{
    Commented, CommentedWriter, Interface, LinkType, Precision, Reader, Settings, WriteError, Writer,
};

/// A frame without its lender.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    time_ns: u64,
    wire_len: u32,
    data: Vec<u8>,
    link: LinkType,
}

fn read_all(source: impl Read) -> Vec<Kept> {
    let mut reader = Reader::new(source).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        assert_eq!(frame.number, frames.len() as u64 + 1);
        frames.push(Kept {
            time_ns: frame.time_ns,
            wire_len: frame.wire_len,
            data: frame.data.to_vec(),
            link: frame.link,
        });
    }
    frames
}

fn format(bytes: &[u8]) -> String {
    Reader::new(bytes).unwrap().format()
}

/// Classic pcap by hand: every byte order, unit and record header.
fn pcap(magic: u32, big: bool, records: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let u32_of = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let u16_of = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut file = u32_of(magic).to_vec();
    file.extend([u16_of(2), u16_of(4)].concat());
    file.extend([u32_of(0), u32_of(0), u32_of(65_535), u32_of(1)].concat());
    for &(seconds, fraction, wire, data) in records {
        file.extend([u32_of(seconds), u32_of(fraction), u32_of(data.len() as u32), u32_of(wire)].concat());
        if magic == 0xa1b2_cd34 {
            file.extend([0xee; 8]);
        }
        file.extend(data);
    }
    file
}

/// A pcapng block by hand.
fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let u32_of = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = u32_of((12 + body.len() + padding) as u32);
    [&u32_of(kind)[..], &length, body, &vec![0; padding], &length].concat()
}

/// Fields of a pcapng block, in its byte order.
fn fields(big: bool, fields: &[(u64, usize)]) -> Vec<u8> {
    let one = |&(value, size): &(u64, usize)| {
        let bytes = value.to_be_bytes();
        let mut bytes = bytes[8 - size..].to_vec();
        if !big {
            bytes.reverse();
        }
        bytes
    };
    fields.iter().flat_map(one).collect()
}

fn option(big: bool, code: u64, value: &[u8]) -> Vec<u8> {
    let mut option = fields(big, &[(code, 2), (value.len() as u64, 2)]);
    option.extend(value);
    option.resize(option.len().next_multiple_of(4), 0);
    option
}

fn section(big: bool) -> Vec<u8> {
    block(big, 0x0a0d_0d0a, &fields(big, &[(0x1a2b_3c4d, 4), (1, 2), (0, 2), (u64::MAX, 8)]))
}

fn interface(big: bool, link: u64, snap: u64, options: &[u8]) -> Vec<u8> {
    block(big, 1, &[&fields(big, &[(link, 2), (0, 2), (snap, 4)])[..], options].concat())
}

fn enhanced(big: bool, interface: u64, ticks: u64, wire: u64, data: &[u8], options: &[u8]) -> Vec<u8> {
    let head =
        fields(big, &[(interface, 4), (ticks >> 32, 4), (ticks & 0xffff_ffff, 4), (data.len() as u64, 4), (wire, 4)]);
    let padding = vec![0; data.len().next_multiple_of(4) - data.len()];
    block(big, 6, &[&head, data, &padding, options].concat())
}

#[test]
fn classic_pcap_in_both_byte_orders_and_units() {
    let data = b"frame".as_slice();
    for big in [false, true] {
        for (magic, fraction, time_ns) in [
            (0xa1b2_c3d4, 999_999, 7_999_999_000),
            (0xa1b2_3c4d, 999_999_999, 7_999_999_999),
            (0xa1b2_cd34, 1, 7_000_001_000),
        ] {
            let file = pcap(magic, big, &[(7, fraction, 5, data), (8, 0, 60, data)]);
            let link = LinkType::ETHERNET;
            let expected = [
                Kept { time_ns, wire_len: 5, data: data.to_vec(), link },
                Kept { time_ns: 8_000_000_000, wire_len: 60, data: data.to_vec(), link },
            ];
            assert_eq!(read_all(&file[..]), expected, "{magic:x} {big}");
            assert_eq!(format(&file), "pcap");
        }
    }
}

#[test]
fn a_frame_knows_its_place_in_the_file() {
    let file = pcap(0xa1b2_c3d4, false, &[(7, 0, 5, b"first"), (8, 0, 9, b"second")]);
    let mut reader = Reader::new(&file[..]).unwrap();
    let first = reader.next_frame().unwrap().unwrap();
    assert_eq!((first.number, first.file_offset, first.is_truncated()), (1, 24 + 16, false));
    let second = reader.next_frame().unwrap().unwrap();
    assert_eq!((second.number, second.file_offset, second.is_truncated()), (2, 24 + 16 + 5 + 16, true));
    assert!(reader.next_frame().unwrap().is_none());
    assert!(reader.next_frame().unwrap().is_none());
}

#[test]
fn the_upper_half_of_the_link_type_is_not_part_of_it() {
    let mut file = pcap(0xa1b2_c3d4, false, &[(0, 0, 1, b"x")]);
    file[20..24].copy_from_slice(&0xf000_0001_u32.to_le_bytes());
    assert_eq!(read_all(&file[..])[0].link, LinkType::ETHERNET);
}

#[test]
fn pcapng_units_of_time() {
    // if_tsresol, if_tsoffset, ticks, nanoseconds.
    let table: [(Option<u8>, Option<i64>, u64, u64); 11] = [
        (None, None, 1_500_000, 1_500_000_000),
        (Some(6), None, 1_500_000, 1_500_000_000),
        (Some(9), None, 1_500_000_001, 1_500_000_001),
        (Some(0), None, 3, 3_000_000_000),
        (Some(3), None, 3, 3_000_000),
        (Some(12), None, 1_500_000_000_999, 1_500_000_000),
        (Some(40), None, u64::MAX, 0),
        (Some(0x80 | 10), None, 1536, 1_500_000_000),
        (Some(0x80), None, 2, 2_000_000_000),
        (Some(0xff), None, u64::MAX, 0),
        (Some(6), Some(-1), 1_500_000, 500_000_000),
    ];
    for big in [false, true] {
        for (resolution, offset, ticks, time_ns) in table {
            let mut options = Vec::new();
            options.extend(resolution.map_or(vec![], |resolution| option(big, 9, &[resolution])));
            options.extend(offset.map_or(vec![], |offset| option(big, 14, &fields(big, &[(offset as u64, 8)]))));
            options.extend(option(big, 0, &[]));
            let file = [section(big), interface(big, 1, 0, &options), enhanced(big, 0, ticks, 3, b"abc", &[])].concat();
            assert_eq!(read_all(&file[..])[0].time_ns, time_ns, "{resolution:?} {offset:?} {ticks}");
        }
    }
    // Before 1970 there is nothing.
    let options = option(false, 14, &fields(false, &[(-10_i64 as u64, 8)]));
    let file = [section(false), interface(false, 1, 0, &options), enhanced(false, 0, 1, 3, b"abc", &[])].concat();
    assert_eq!(read_all(&file[..])[0].time_ns, 0);
}

#[test]
fn pcapng_sections_interfaces_and_every_kind_of_packet() {
    for (first, second) in [(false, true), (true, false)] {
        let file = [
            section(first),
            interface(first, 1, 0, &[]),
            interface(first, 101, 4, &[]),
            enhanced(first, 1, 1, 3, b"raw", &[]),
            // A name resolution block, and one of a kind that does not exist: gone over.
            block(first, 4, &[0; 8]),
            block(first, 0x7777, b"nothing to see here"),
            // Simple: of interface 0.
            block(first, 3, &[&fields(first, &[(5, 4)])[..], b"simpl"].concat()),
            section(second),
            interface(second, 113, 4, &[]),
            // Simple, cut by the snap length.
            block(second, 3, &[&fields(second, &[(500, 4)])[..], b"simp"].concat()),
            // Obsolete: interface 2, drops 2.
            block(
                second,
                2,
                &[&fields(second, &[(0, 2), (9, 2), (0, 4), (2, 4), (3, 4), (64, 4)])[..], b"old\0"].concat(),
            ),
        ]
        .concat();
        let kept = |time_ns, wire_len, data: &[u8], link| Kept { time_ns, wire_len, data: data.to_vec(), link };
        assert_eq!(
            read_all(&file[..]),
            [
                kept(1_000, 3, b"raw", LinkType::RAW),
                kept(0, 5, b"simpl", LinkType::ETHERNET),
                kept(0, 500, b"simp", LinkType::LINUX_SLL),
                kept(2_000, 64, b"old", LinkType::LINUX_SLL),
            ]
        );
        assert_eq!(format(&file), "pcapng");
    }
}

#[test]
fn pcapng_comments_are_kept() {
    let file = [
        block(
            false,
            0x0a0d_0d0a,
            &[
                fields(false, &[(0x1a2b_3c4d, 4), (1, 2), (0, 2), (u64::MAX, 8)]),
                option(false, 1, b"of the capture"),
                option(false, 0, b""),
            ]
            .concat(),
        ),
        interface(false, 1, 0, &option(false, 1, b"of an interface")),
        enhanced(false, 0, 1, 5, b"first", &[]),
        enhanced(false, 0, 2, 6, b"second", &[option(false, 2, &[0; 4]), option(false, 1, b"of a frame")].concat()),
    ]
    .concat();
    let mut reader = Reader::new(&file[..]).unwrap();
    while reader.next_frame().unwrap().is_some() {}
    let comments: Vec<_> = reader.comments().iter().map(|c| (c.on, c.text.as_str())).collect();
    assert_eq!(
        comments,
        [
            (Commented::Section, "of the capture"),
            (Commented::Interface, "of an interface"),
            (Commented::Frame(2), "of a frame")
        ]
    );
}

#[test]
fn a_block_longer_than_the_buffer_is_gone_over() {
    let file = [
        section(false),
        interface(false, 1, 0, &[]),
        block(false, 0x7777, &vec![1; 40 * 1024 * 1024]),
        enhanced(false, 0, 1, 3, b"abc", &[]),
    ]
    .concat();
    assert_eq!(read_all(&file[..]).len(), 1);
}

/// Bytes, and stretches whose content does not matter and is not even written.
enum Piece {
    Bytes(Vec<u8>),
    Anything(u64),
}

struct Vast(std::collections::VecDeque<Piece>);

impl Read for Vast {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = match self.0.front_mut() {
            None => return Ok(0),
            Some(Piece::Bytes(bytes)) => {
                let count = bytes.len().min(into.len());
                into[..count].copy_from_slice(&bytes[..count]);
                bytes.drain(..count);
                if !bytes.is_empty() {
                    return Ok(count);
                }
                count
            }
            Some(Piece::Anything(left)) => {
                let count = (*left).min(into.len() as u64);
                *left -= count;
                if *left > 0 {
                    return Ok(count as usize);
                }
                count as usize
            }
        };
        self.0.pop_front();
        Ok(count)
    }
}

#[test]
fn offsets_beyond_four_gibibytes() {
    let mut pieces = vec![Piece::Bytes([section(false), interface(false, 1, 0, &[])].concat())];
    let length = 0x8000_0000_u32;
    for _ in 0..3 {
        pieces.push(Piece::Bytes([0x7777_u32.to_le_bytes(), length.to_le_bytes()].concat()));
        pieces.push(Piece::Anything(u64::from(length) - 12));
        pieces.push(Piece::Bytes(length.to_le_bytes().to_vec()));
    }
    pieces.push(Piece::Bytes(enhanced(false, 0, 1, 3, b"abc", &[])));
    let mut reader = Reader::new(Vast(pieces.into())).unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    assert_eq!((frame.data, frame.file_offset), (&b"abc"[..], 28 + 20 + 3 * u64::from(length) + 28));
    assert!(reader.next_frame().unwrap().is_none());
}

#[test]
fn compressed_captures_are_told_by_content() {
    let file = pcap(0xa1b2_c3d4, false, &[(1, 2, 5, b"first"), (3, 4, 6, b"second")]);
    let (one, two) = file.split_at(50);
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd =
        |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Uncompressed);
    // A skippable frame of zstd: magic, length, that many bytes.
    let skippable = [&0x184d_2a53_u32.to_le_bytes()[..], &3u32.to_le_bytes(), b"xyz"].concat();
    for (name, bytes) in [
        ("pcap+gzip", gzip(&file)),
        ("pcap+gzip", [gzip(one), gzip(two)].concat()),
        ("pcap+zstd", zstd(&file)),
        ("pcap+zstd", [zstd(one), skippable, zstd(two)].concat()),
    ] {
        assert_eq!(format(&bytes), name);
        assert_eq!(read_all(&bytes[..]), read_all(&file[..]), "{name}");
        // Cut anywhere, it gives at most what was there, and an error that says where.
        for cut in 5..bytes.len() {
            let Ok(mut reader) = Reader::new(&bytes[..cut]) else { continue };
            while let Ok(Some(_)) = reader.next_frame() {}
            assert!(reader.frames() <= 2);
        }
    }
}

/// Gives its pieces one a read, as a pipe does, and fails the test when it is asked for more than was needed.
struct Pipe {
    pieces: std::collections::VecDeque<Vec<u8>>,
    /// How often it was read.
    reads: std::rc::Rc<std::cell::Cell<usize>>,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        let piece = self.pieces.pop_front().unwrap_or_default();
        into[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

#[test]
fn a_pipe_gives_each_frame_as_soon_as_it_is_whole() {
    let file = pcap(0xa1b2_c3d4, false, &[(1, 0, 5, b"first"), (2, 0, 6, b"second"), (3, 0, 5, b"third")]);
    let (header, rest) = file.split_at(24);
    let (first, rest) = rest.split_at(21);
    let (half, rest) = rest.split_at(18);
    let reads = std::rc::Rc::new(std::cell::Cell::new(0));
    let pieces = [header, first, half, rest].iter().map(|piece| piece.to_vec()).collect();
    let mut reader = Reader::new(Pipe { pieces, reads: reads.clone() }).unwrap();
    assert_eq!(reads.get(), 1, "the header tells what it is");
    // Reads until then, and the frame that must be there.
    for (so_far, data) in [(2, "first"), (4, "second"), (4, "third")] {
        assert_eq!(reader.next_frame().unwrap().unwrap().data, data.as_bytes());
        assert_eq!(reads.get(), so_far, "{data}");
    }
    assert!(reader.next_frame().unwrap().is_none());
}

#[test]
fn frames_larger_than_the_buffer() {
    let data = vec![7; 600_000];
    let mut writer = Writer::create(Vec::new(), LinkType::ETHERNET, 1_000_000).unwrap();
    for number in 0..5 {
        writer.write(number, 600_000, &data).unwrap();
        writer.write(number, 3, b"abc").unwrap();
    }
    let file = writer.finish().unwrap();
    let frames = read_all(&file[..]);
    assert_eq!(frames.len(), 10);
    assert!(frames.iter().step_by(2).all(|frame| frame.data == data));
}

fn packets() -> impl Strategy<Value = Vec<(u32, u32, Vec<u8>, u32)>> {
    let data = prop_oneof![1 => Just(Vec::new()), 9 => proptest::collection::vec(any::<u8>(), 0..300)];
    let packet = (any::<u32>(), 0..1_000_000u32, data, 0..2_000u32);
    proptest::collection::vec(packet, 0..30)
}

proptest! {
    /// The bytes of a written file are those that are put together by hand, and are read as what was written.
    #[test]
    fn what_is_written_is_what_the_format_says(packets in packets(), nano in any::<bool>(), chunk in 1..500usize) {
        let (precision, magic, unit) =
            if nano { (Precision::Nanoseconds, 0xa1b2_3c4d, 1) } else { (Precision::Microseconds, 0xa1b2_c3d4, 1_000) };
        let settings = Settings { precision, snap_length: 65_535, ..Settings::new(LinkType::ETHERNET) };
        let mut writer = Writer::with(Vec::new(), settings).unwrap();
        let mut expected = Vec::new();
        for (seconds, fraction, data, more) in &packets {
            let time_ns = u64::from(*seconds) * 1_000_000_000 + u64::from(*fraction) * unit;
            let wire_len = data.len() as u32 + more;
            // What is smaller than the unit is left out.
            writer.write(time_ns + unit / 2, wire_len, data).unwrap();
            expected.push(Kept { time_ns, wire_len, data: data.clone(), link: LinkType::ETHERNET });
        }
        let file = writer.finish().unwrap();
        let records: Vec<_> = packets.iter().map(|(s, f, data, more)| (*s, *f, data.len() as u32 + more, &data[..])).collect();
        prop_assert_eq!(&file, &pcap(magic, false, &records));
        prop_assert_eq!(&read_all(&file[..]), &expected);
        // In pieces, and in the other byte order, the same.
        let pieces = pcap(magic, true, &records).chunks(chunk).map(<[u8]>::to_vec).collect();
        prop_assert_eq!(&read_all(Pipe { pieces, reads: Default::default() }), &expected);
    }

    /// The same of a file with comments.
    #[test]
    fn what_is_written_with_comments_is_what_the_format_says(
        packets in packets(),
        comments in proptest::collection::vec(proptest::collection::vec("[a-zß→]{0,9}", 0..3), 30),
        nano in any::<bool>(),
        buffer in 0..2_000usize,
    ) {
        let (precision, resolution, unit) =
            if nano { (Precision::Nanoseconds, 9, 1) } else { (Precision::Microseconds, 6, 1_000) };
        let options = |comments: &[&str]| {
            let mut options: Vec<u8> = comments.iter().flat_map(|text| option(false, 1, text.as_bytes())).collect();
            if !comments.is_empty() {
                options.extend(option(false, 0, &[]));
            }
            options
        };
        let of_the_capture = ["first", "second"];
        let mut writer = CommentedWriter::create(Vec::new(), &of_the_capture, buffer).unwrap();
        let head = fields(false, &[(0x1a2b_3c4d, 4), (1, 2), (0, 2), (u64::MAX, 8)]);
        let mut expected = block(false, 0x0a0d_0d0a, &[head, options(&of_the_capture)].concat());
        let links = [LinkType::ETHERNET, LinkType::LINUX_SLL2];
        let numbers = links.map(|link| writer.interface(Interface { link, snap_length: 250, precision }).unwrap());
        for link in links {
            let time = [option(false, 9, &[resolution]), option(false, 0, &[])].concat();
            expected.extend(interface(false, u64::from(link.0), 250, &time));
        }
        let mut frames = Vec::new();
        let mut said: Vec<_> = of_the_capture.map(|text| (Commented::Section, text.to_owned())).into();
        for (place, ((seconds, fraction, data, more), comments)) in packets.iter().zip(&comments).enumerate() {
            let ticks = u64::from(*seconds) * (1_000_000_000 / unit) + u64::from(*fraction);
            let wire_len = data.len() as u32 + more;
            let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
            writer.write(numbers[place % 2], ticks * unit + unit / 2, wire_len, data, &comments).unwrap();
            let kept = &data[..data.len().min(250)];
            expected.extend(enhanced(false, place as u64 % 2, ticks, u64::from(wire_len), kept, &options(&comments)));
            frames.push(Kept { time_ns: ticks * unit, wire_len, data: kept.to_vec(), link: links[place % 2] });
            said.extend(comments.iter().map(|text| (Commented::Frame(place as u64 + 1), (*text).to_owned())));
        }
        prop_assert_eq!(writer.frames(), frames.len() as u64);
        let file = writer.finish().unwrap();
        prop_assert_eq!(&file, &expected);
        prop_assert_eq!(&read_all(&file[..]), &frames);
        let mut reader = Reader::new(&file[..]).unwrap();
        let mut read = Vec::new();
        while reader.next_frame().unwrap().is_some() {
            read.extend(reader.take_comments().into_iter().map(|comment| (comment.on, comment.text)));
        }
        read.extend(reader.take_comments().into_iter().map(|comment| (comment.on, comment.text)));
        prop_assert_eq!(read, said);
    }
}

#[test]
fn every_link_type_is_written_as_its_number() {
    for number in 0..=u16::MAX {
        let file = Writer::create(Vec::new(), LinkType(number), 65_535).unwrap().finish().unwrap();
        assert_eq!(file[20..24], u32::from(number).to_le_bytes());
    }
}

#[test]
fn comments_that_are_taken_never_become_too_many() {
    let comment = "x".repeat(65_535);
    let mut writer = CommentedWriter::create(Vec::new(), &[], 0).unwrap();
    let interface = writer.interface(Interface::new(LinkType::RAW)).unwrap();
    for _ in 0..40 {
        writer.write(interface, 0, 1, b"x", &[&comment]).unwrap();
    }
    let too_long = writer.write(interface, 0, 1, b"x", &["short", &"y".repeat(65_536)]).unwrap_err();
    assert!(matches!(too_long, WriteError::Comment { on: Commented::Frame(41), length: 65_536 }), "{too_long}");
    let wrong = writer.write(interface, 0, 1, b"xy", &[]).unwrap_err();
    assert!(matches!(wrong, WriteError::Length { frame: 41, kept: 2, wire: 1 }), "{wrong}");
    let file = writer.finish().unwrap();
    let mut reader = Reader::new(&file[..]).unwrap();
    while reader.next_frame().unwrap().is_some() {}
    assert_eq!(reader.comments().len(), 15, "what a reader keeps has a bound");
    let mut reader = Reader::new(&file[..]).unwrap();
    let mut taken = 0;
    while reader.next_frame().unwrap().is_some() {
        taken += reader.take_comments().len();
    }
    assert_eq!(taken, 40);
}

/// Gives one byte a read: no record is whole before it is asked for.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let Some((&first, rest)) = self.0.split_first() else { return Ok(0) };
        into[0] = first;
        self.0 = rest;
        Ok(1)
    }
}

/// All that a reader says of a source: frames with their places, and how it ended.
fn all_said(source: impl Read) -> Vec<String> {
    let mut reader = match Reader::new(source) {
        Ok(reader) => reader,
        Err(error) => return vec![error.to_string()],
    };
    let mut said = Vec::new();
    let end = loop {
        match reader.next_frame() {
            Ok(Some(frame)) => said.push(format!("{frame:?}")),
            Ok(None) => break String::new(),
            Err(error) => break error.to_string(),
        }
    };
    assert!(reader.next_frame().unwrap().is_none(), "nothing comes after the end");
    said.push(format!("{end} {} {:?}", reader.frames(), reader.comments()));
    said
}

/// Classic files of every kind; the lengths on the wire are anything.
fn any_classic() -> impl Strategy<Value = Vec<u8>> {
    let magic = prop::sample::select(vec![0xa1b2_c3d4_u32, 0xa1b2_3c4d, 0xa1b2_cd34]);
    (magic, any::<bool>(), 2..5u16, packets()).prop_map(|(magic, big, minor, packets)| {
        let records: Vec<_> =
            packets.iter().map(|(s, fraction, data, wire)| (*s, *fraction, *wire, &data[..])).collect();
        let mut file = pcap(magic, big, &records);
        file[6..8].copy_from_slice(&if big { minor.to_be_bytes() } else { minor.to_le_bytes() });
        file
    })
}

/// pcapng with blocks of every kind; sometimes the length of a block, which it has twice, is not true.
fn any_next_generation() -> impl Strategy<Value = Vec<u8>> {
    let comments = prop::option::of(1..4usize);
    let wrong = prop::option::of((0..4usize, prop::sample::select(vec!["first", "last", "both"]), 1..9u8));
    (any::<bool>(), packets(), 0..4usize, comments, wrong).prop_map(|(big, packets, clock, comments, wrong)| {
        let clock = match clock {
            0 => vec![],
            1 => option(big, 9, &[9]),
            2 => option(big, 9, &[0x8a]),
            _ => option(big, 14, &fields(big, &[(3_600, 8)])),
        };
        let mut file = [section(big), interface(big, 1, 65_535, &clock)].concat();
        for (number, (high, low, data, wire)) in packets.iter().enumerate() {
            let (ticks, wire) = (u64::from(*high) << 20 | u64::from(*low), u64::from(*wire));
            let is_commented = comments.is_some_and(|each| number % each == 0);
            let comment = if is_commented { option(big, 1, b"a comment") } else { vec![] };
            let mut packet = enhanced(big, 0, ticks, wire, data, &comment);
            if let Some((_, which, bits)) = wrong.filter(|wrong| wrong.0 == number) {
                let (byte, last) = (if big { 3 } else { 0 }, packet.len() - 4);
                packet[4 + byte] ^= if which == "last" { 0 } else { bits };
                packet[last + byte] ^= if which == "first" { 0 } else { bits };
            }
            file.extend(packet);
            if number % 5 == 4 {
                file.extend(block(big, 3, &[&fields(big, &[(wire, 4)])[..], data].concat()));
                file.extend(block(big, 0x7777, data));
            }
        }
        file
    })
}

proptest! {
    /// A record that is whole in the buffer is read in another way than one that is not: both say the same.
    #[test]
    fn what_is_at_hand_is_read_as_what_comes_byte_by_byte(
        mut file in prop_oneof![any_classic(), any_next_generation()],
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let behind_magic = file.len() - 4;
        for (at, byte) in damage {
            file[4 + at.index(behind_magic)] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(4 + cut.index(behind_magic));
        }
        prop_assert_eq!(all_said(&file[..]), all_said(Drops(&file)));
    }
}
