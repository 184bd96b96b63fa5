//! Is the TCP segment found in every kind of frame, and is what is wrong named where there is none?
#![allow(clippy::unwrap_used)]

mod frames;

use frames::{PAYLOAD, V4, V6, frame, samples};
use proptest::prelude::*;
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::build::{self, Tcp, ethernet, ipv4};
use wirelab_dissect::packet::{Decoded, Notes, Problem, Segment, Skipped, Stop, StopLayer, decode};
use wirelab_dissect::reassembly::{Bounds, Outcome, Reassembler, Refused};
use wirelab_dissect::tcp::{Flags, TcpOption, options};

fn segment<'a>(frame: &Frame<'a>) -> Segment<'a> {
    match decode(frame) {
        Decoded::Tcp(segment) => segment,
        other => panic!("{other:?}"),
    }
}

fn skipped(frame: &Frame<'_>) -> Skipped {
    match decode(frame) {
        Decoded::NotTcp(skipped) => skipped,
        other => panic!("{other:?}"),
    }
}

/// What must hold of whatever is decoded.
fn consistent(frame: &Frame<'_>) {
    match decode(frame) {
        Decoded::Tcp(segment) => {
            let sum = u64::from(segment.lower_len) + u64::from(segment.header_len) + u64::from(segment.payload_len);
            assert_eq!(sum, u64::from(frame.wire_len));
            assert!((20..=60).contains(&segment.header_len));
            assert!(segment.payload.len() as u64 <= u64::from(segment.payload_len));
            assert!(segment.options.len() as u32 <= segment.header_len - 20);
            let begin = segment.payload_offset as usize;
            if !segment.payload.is_empty() {
                assert_eq!(&frame.data[begin..begin + segment.payload.len()], segment.payload);
            }
            assert!(u64::from(segment.payload_offset) + u64::from(segment.payload_len) <= u64::from(frame.wire_len));
            assert!(options(segment.options).count() <= 40);
        }
        Decoded::NotTcp(Skipped::Stop { stop, .. }) => {
            assert!(stop.offset <= frame.wire_len);
            assert!(!stop.to_string().is_empty());
        }
        Decoded::NotTcp(Skipped::Fragment(fragment)) => assert!(fragment.start + fragment.len <= frame.wire_len),
        Decoded::NotTcp(_) => {}
    }
}

#[test]
fn every_kind_of_frame() {
    for sample in samples() {
        let frame = sample.frame();
        consistent(&frame);
        match (decode(&frame), sample.payload) {
            (Decoded::Tcp(segment), Some(payload)) => {
                assert_eq!(segment.payload_len, payload, "{}", sample.name);
                assert_eq!(segment.payload, PAYLOAD, "{}", sample.name);
                assert_eq!((segment.header_len, segment.seq, segment.ack), (32, 1_000, 2_000), "{}", sample.name);
                assert_eq!((segment.source.port, segment.destination.port), (40_000, 8_000), "{}", sample.name);
                assert_eq!(segment.flags, Flags::PSH | Flags::ACK, "{}", sample.name);
                assert_eq!(segment.is_tunnelled(), sample.tunnel, "{}", sample.name);
                assert_eq!(segment.lower_len, frame.wire_len - 32 - payload, "{}", sample.name);
            }
            (Decoded::NotTcp(Skipped::Stop { stop, .. }), _) => panic!("{}: {stop}", sample.name),
            (Decoded::NotTcp(_), None) => {}
            (other, _) => panic!("{}: {other:?}", sample.name),
        }
    }
}

/// The snap length may cut a frame anywhere: the lengths stay those of the wire, or it is said what is missing.
#[test]
fn every_prefix_of_every_frame_as_the_snap_length_cuts_it() {
    for sample in samples() {
        for cut in 0..sample.data.len() {
            let frame = Frame { data: &sample.data[..cut], ..sample.frame() };
            consistent(&frame);
            match (decode(&frame), sample.payload) {
                (Decoded::Tcp(segment), Some(payload)) => {
                    assert_eq!((segment.header_len, segment.payload_len), (32, payload), "{} {cut}", sample.name);
                    assert!(PAYLOAD.starts_with(segment.payload));
                    let header_cut = cut < segment.payload_offset as usize;
                    assert_eq!(segment.notes.has(Notes::HEADER_CUT), header_cut, "{} {cut}", sample.name);
                }
                (Decoded::NotTcp(Skipped::Stop { stop, .. }), _) => {
                    assert!(matches!(stop.problem, Problem::NotKept { .. }), "{} {cut}: {stop}", sample.name);
                }
                (Decoded::NotTcp(_), None) => {}
                (Decoded::NotTcp(other), Some(_)) => panic!("{} {cut}: {other:?}", sample.name),
                (Decoded::Tcp(_), None) => panic!("{} {cut}", sample.name),
            }
        }
    }
}

/// A frame may also have been that short on the wire.
#[test]
fn every_prefix_of_every_frame_as_a_short_frame() {
    for sample in samples() {
        for cut in 0..sample.data.len() {
            consistent(&frame(sample.link, &sample.data[..cut]));
        }
    }
}

#[test]
fn padding_is_never_payload() {
    let ack = Tcp { payload: &[], options: &[], ..V4 };
    let mut data = ack.frame();
    assert_eq!(data.len(), 54);
    data.resize(60, 0);
    let found = segment(&frame(LinkType::ETHERNET, &data));
    assert_eq!((found.lower_len, found.header_len, found.payload_len, found.payload), (40, 20, 0, &[][..]));
}

#[test]
fn lengths_of_segmentation_offload_and_lengths_that_lie() {
    let mut data = V4.frame();
    for (total, payload, notes) in [
        (0u16, PAYLOAD.len(), Notes::NO_IP_LENGTH),
        (1_000, PAYLOAD.len(), Notes::IP_LENGTH_TOO_LARGE),
        (20 + 32 + 3, 3, Notes::default()),
    ] {
        data[16..18].copy_from_slice(&total.to_be_bytes());
        let found = segment(&frame(LinkType::ETHERNET, &data));
        assert_eq!((found.payload_len as usize, found.notes), (payload, notes), "{total}");
    }
    let mut data = V6.frame();
    data[18..20].fill(0);
    assert_eq!(segment(&frame(LinkType::ETHERNET, &data)).payload, PAYLOAD);
}

#[test]
fn jumbograms() {
    let payload = vec![b'x'; 70_000];
    let segment_bytes = Tcp { payload: &payload, ..V6 }.segment();
    let length = (segment_bytes.len() + 8) as u32;
    let hop = [&[6, 0, 0xc2, 4], &length.to_be_bytes()[..]].concat();
    let mut packet = build::ip(V6.source.addr, V6.destination.addr, 0, &[hop, segment_bytes].concat());
    packet[4..6].fill(0);
    packet.extend([0; 5]);
    let found = segment(&frame(LinkType::RAW, &packet));
    assert_eq!((found.payload_len, found.lower_len, found.notes), (70_000, 40 + 8 + 5, Notes::default()));
}

#[test]
fn what_cannot_be_decoded_is_named_with_its_place() {
    let with = |at: usize, byte: u8| {
        let mut data = V4.frame();
        data[at] = byte;
        data
    };
    let wire = V4.frame().len() as u32;
    let read = Some(["10.0.0.2", "10.0.0.1"].map(|host| host.parse().unwrap()));
    for (data, layer, offset, hosts, problem) in [
        (vec![1; 13], StopLayer::Link, 0, None, Problem::Short { needed: 14, found: 13 }),
        (with(14, 0x55), StopLayer::Ip, 14, None, Problem::Version { expected: "4 or 6", found: 5 }),
        (with(14, 0x44), StopLayer::Ipv4, 14, None, Problem::HeaderLength { least: 20, found: 16 }),
        (with(17, 19), StopLayer::Ipv4, 14, None, Problem::TotalLength { least: 20, found: 19 }),
        (with(17, 39), StopLayer::Tcp, 34, read, Problem::Short { needed: 20, found: 19 }),
        (with(46, 0x40), StopLayer::Tcp, 34, read, Problem::HeaderLength { least: 20, found: 16 }),
        (with(46, 0xf0), StopLayer::Tcp, 34, read, Problem::HeaderTooLong { most: wire - 34, found: 60 }),
        (ethernet(0x86dd, &[0x60; 39]), StopLayer::Ipv6, 22, None, Problem::Short { needed: 16, found: 16 }),
    ] {
        let stop = skipped(&frame(LinkType::ETHERNET, &data));
        if layer == StopLayer::Ipv6 {
            assert!(
                matches!(stop, Skipped::Stop { stop: Stop { layer: StopLayer::Ipv6, .. }, hosts: None }),
                "{stop:?}"
            );
        } else {
            assert_eq!(stop, Skipped::Stop { stop: Stop { layer, offset, problem }, hosts });
        }
    }
    let data = [&[9, 9, 9, 9], &V4.packet()[..]].concat();
    assert_eq!(
        skipped(&frame(LinkType::NULL, &data)),
        Skipped::Stop {
            stop: Stop { layer: StopLayer::Link, offset: 0, problem: Problem::Family { found: 0x0909_0909 } },
            hosts: None
        }
    );
    assert_eq!(skipped(&frame(LinkType(147), &data)), Skipped::Link(LinkType(147)));
    let sentence = Stop { layer: StopLayer::Tcp, offset: 34, problem: Problem::HeaderLength { least: 20, found: 16 } };
    assert_eq!(
        sentence.to_string(),
        "TCP header at byte 34 of the frame: a header of at least 20 bytes expected, 16 found"
    );
}

#[test]
fn headers_without_end_are_stopped() {
    let mut data = V4.frame().split_off(14);
    for _ in 0..200 {
        data = vlan_of(&data);
    }
    let data = ethernet(0x8100, &data);
    assert!(matches!(
        skipped(&frame(LinkType::ETHERNET, &data)),
        Skipped::Stop { stop: Stop { problem: Problem::TooDeep { .. }, .. }, .. }
    ));
}

fn vlan_of(payload: &[u8]) -> Vec<u8> {
    build::vlan(1, 0x8100, payload)
}

#[test]
fn tcp_options() {
    let raw = [
        2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7, 5, 10, 0, 0, 0, 10, 0, 0, 0, 20, 254, 3, 9,
        2, 3, 0,
    ];
    let mut iterator = options(&raw);
    let found: Vec<TcpOption<'_>> = iterator.by_ref().collect();
    assert_eq!(
        found[..5],
        [
            TcpOption::MaximumSegmentSize(1460),
            TcpOption::SackPermitted,
            TcpOption::Timestamps { value: 1, echo: 2 },
            TcpOption::NoOperation,
            TcpOption::WindowScale(7),
        ]
    );
    let TcpOption::Sack(blocks) = found[5] else { panic!("{found:?}") };
    assert_eq!(blocks.iter().collect::<Vec<_>>(), [(10, 20)]);
    assert_eq!(found[6], TcpOption::Unknown { kind: 254, data: &[9] });
    assert_eq!(found[7..], [TcpOption::Malformed { kind: 2, length: 3 }]);
    for (raw, last) in [
        (&[0, 2, 4][..], None),
        (&[8], Some(TcpOption::Malformed { kind: 8, length: 0 })),
        (&[8, 1, 1], Some(TcpOption::Malformed { kind: 8, length: 1 })),
        (&[8, 10, 0, 0], Some(TcpOption::Malformed { kind: 8, length: 10 })),
    ] {
        assert_eq!(options(raw).last(), last);
    }
    assert_eq!((Flags::SYN | Flags::ACK).to_string(), "SYN, ACK");
    assert_eq!(Flags::default().to_string(), "None");
}

/// Fragments of one segment, each as a frame.
fn fragments(payload: &[u8], size: usize, id: u16) -> Vec<Vec<u8>> {
    build::fragments(&Tcp { payload, ..V4 }.packet(), id, size).iter().map(|piece| ethernet(0x0800, piece)).collect()
}

fn push(reassembler: &mut Reassembler, data: &[u8]) -> Outcome {
    let frame = frame(LinkType::ETHERNET, data);
    match skipped(&frame) {
        Skipped::Fragment(fragment) => reassembler.push(&frame, &fragment),
        other => panic!("{other:?}"),
    }
}

#[test]
fn fragments_in_any_order_give_the_segment() {
    let payload: Vec<u8> = (0..=255).collect();
    let mut frames = fragments(&payload, 64, 7);
    assert_eq!(frames.len(), 5);
    for turn in 0..frames.len() {
        frames.rotate_left(turn);
        let mut reassembler = Reassembler::default();
        let (last, others) = frames.split_last().unwrap();
        for frame in others.iter().chain(others) {
            assert!(matches!(push(&mut reassembler, frame), Outcome::Waiting));
        }
        let Outcome::Whole(datagram) = push(&mut reassembler, last) else { panic!("not whole") };
        let segment = datagram.segment().unwrap().unwrap();
        assert_eq!(segment.payload, payload);
        let frame_bytes: usize = frames.iter().map(Vec::len).sum();
        assert_eq!((datagram.frames, datagram.frame_bytes as usize), (5, frame_bytes));
        assert_eq!((segment.lower_len + segment.header_len + segment.payload_len) as usize, frame_bytes);
        assert_eq!(reassembler.kept_bytes(), 0);
    }
}

#[test]
fn fragments_are_kept_within_bounds() {
    let mut reassembler = Reassembler::new(Bounds { packets: 10, bytes: 2_000 });
    for id in 0..1_000 {
        let frames = fragments(&[b'x'; 500], 256, id);
        assert!(matches!(push(&mut reassembler, &frames[0]), Outcome::Waiting));
        assert!(reassembler.kept_bytes() <= 2_000);
    }
    // The youngest are still there.
    let mut rest = fragments(&[b'x'; 500], 256, 999).split_off(1);
    assert!(matches!(push(&mut reassembler, &rest.remove(0)), Outcome::Waiting));
    assert!(matches!(push(&mut reassembler, &rest.remove(0)), Outcome::Whole(_)));
}

#[test]
fn fragments_that_contradict_each_other_are_given_up() {
    let piece = |field: u16, len: usize| {
        ethernet(0x0800, &ipv4(V4.source.addr, V4.destination.addr, 6, 1, field, &vec![0; len]))
    };
    for (first, second, why) in [
        (piece(0x2000, 64), piece(0x2004, 64), Refused::Overlap),
        (piece(0x0008, 64), piece(0x2010, 64), Refused::Overlap),
        (piece(0x2010, 64), piece(0x0008, 8), Refused::Overlap),
        (piece(0x2000, 64), piece(0x3fff, 64), Refused::TooLarge),
    ] {
        let mut reassembler = Reassembler::default();
        assert!(matches!(push(&mut reassembler, &first), Outcome::Waiting));
        let Outcome::Refused(found) = push(&mut reassembler, &second) else { panic!("not refused") };
        assert_eq!(found, why);
        assert_eq!(reassembler.kept_bytes(), 0);
    }
    let whole = piece(0x2000, 64);
    let cut = Frame { data: &whole[..60], ..frame(LinkType::ETHERNET, &whole) };
    let Skipped::Fragment(fragment) = skipped(&cut) else { panic!() };
    assert!(matches!(Reassembler::default().push(&cut, &fragment), Outcome::Refused(Refused::Cut)));
}

fn links() -> impl Strategy<Value = LinkType> {
    prop::sample::select(vec![0u16, 1, 9, 12, 14, 101, 108, 113, 228, 229, 276, 147]).prop_map(LinkType)
}

proptest! {
    #[test]
    fn random_bytes_never_hurt(
        link in links(),
        data in proptest::collection::vec(any::<u8>(), 0..200),
        more in 0..5_000u32,
    ) {
        consistent(&Frame { wire_len: data.len() as u32 + more, ..frame(link, &data) });
    }

    #[test]
    fn flipped_bytes_never_hurt(
        sample in any::<prop::sample::Index>(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        as_snap in any::<bool>(),
    ) {
        let samples = samples();
        let sample = sample.get(&samples);
        let mut data = sample.data.clone();
        for (at, value) in flips {
            let at = at.index(data.len());
            data[at] = value;
        }
        let whole = data.len() as u32;
        data.truncate(cut.index(data.len() + 1));
        let wire_len = if as_snap { whole } else { data.len() as u32 };
        consistent(&Frame { wire_len, ..frame(sample.link, &data) });
    }

    /// Any segment that can be built is found again.
    #[test]
    fn built_segments_are_found_again(
        payload in proptest::collection::vec(any::<u8>(), 0..1_400),
        options in proptest::collection::vec(any::<u8>(), 0..40),
        seq in any::<u32>(), ack in any::<u32>(), flags in 0..512u16, window in any::<u16>(), six in any::<bool>(),
    ) {
        let tcp = Tcp {
            payload: &payload, options: &options, seq, ack, flags: Flags(flags), window, ..if six { V6 } else { V4 }
        };
        let data = tcp.frame();
        let frame = frame(LinkType::ETHERNET, &data);
        let found = segment(&frame);
        prop_assert_eq!((found.source, found.destination), (tcp.source, tcp.destination));
        prop_assert_eq!((found.seq, found.ack, found.flags, found.window), (seq, ack, Flags(flags), window));
        prop_assert_eq!(found.payload, &payload[..]);
        prop_assert!(found.options.starts_with(&options));
        let sum = build::transport_checksum(tcp.source.addr, tcp.destination.addr, 6, &data[if six { 54 } else { 34 }..]);
        prop_assert_eq!(sum, 0);
    }
}
