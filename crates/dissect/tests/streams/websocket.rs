use proptest::collection::vec;
use proptest::prelude::*;
use wirelab_dissect::deflate::DeflateParams;
use wirelab_dissect::websocket::{Decoder, Error, Event, FrameHeader, Mark, Opcode};

use crate::feed::{Decode, every_way, feed, listed, short};

pub struct Frames(pub Decoder);

impl Decode for Frames {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String> {
        let step = self.0.step(input).map_err(|error| format!("{error:?}"))?;
        let mark = match step.mark {
            Mark::Header => 'H',
            Mark::Payload => 'P',
        };
        Ok((step.consumed, mark, step.event.map(told)))
    }
}

fn told(event: Event<'_>) -> String {
    match event {
        Event::Frame(header) => {
            let fin = if header.fin { "" } else { " more" };
            let rsv: String = [(header.rsv1, " rsv1"), (header.rsv2, " rsv2"), (header.rsv3, " rsv3")]
                .iter()
                .filter(|(set, _)| *set)
                .map(|(_, name)| *name)
                .collect();
            format!("{} {}{fin}{rsv}", header.opcode.name(), header.len)
        }
        Event::FrameEnd { payload, inflated, .. } => {
            let inflated = inflated.map(|inflated| {
                let stopped = inflated.stopped.map(|error| format!(" {error:?}")).unwrap_or_default();
                format!(" = {:?} {}{stopped}", String::from_utf8_lossy(inflated.peek), inflated.len)
            });
            format!("end {:?}{}", String::from_utf8_lossy(payload), inflated.unwrap_or_default())
        }
    }
}

fn frames() -> Frames {
    Frames(Decoder::new(None))
}

fn check(cases: &[(&[u8], &str, &str)]) {
    for (stream, marks, events) in cases {
        let transcript = every_way(frames, stream);
        assert_eq!((short(&transcript.marks).as_str(), listed(&transcript).as_str()), (*marks, *events), "{stream:x?}");
    }
}

#[test]
fn the_examples_of_the_standard() {
    // RFC 6455 section 5.7.
    check(&[
        (b"\x81\x05Hello", "H2 P5", r#"2 text 5; 7 end "Hello""#),
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "H6 P5", r#"6 text 5; 11 end "Hello""#),
        (b"\x01\x03Hel\x80\x02lo", "H2 P3 H2 P2", r#"2 text 3 more; 5 end "Hel"; 7 continuation 2; 9 end "lo""#),
        (b"\x89\x05Hello", "H2 P5", r#"2 ping 5; 7 end "Hello""#),
        (b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "H6 P5", r#"6 pong 5; 11 end "Hello""#),
        (b"\x89\x00\x8a\x80abcd", "H8", r#"2 ping 0; 2 end ""; 8 pong 0; 8 end """#),
        (b"\x88\x02\x03\xe8", "H2 P2", "2 close 2; 4 end \"\\u{3}\u{fffd}\""),
        (b"\xf3\x01x", "H2 P1", r#"2 reserved 1 rsv1 rsv2 rsv3; 3 end "x""#),
        (
            b"\x82\x7e\x00\x01x\x82\x7f\0\0\0\0\0\0\0\x01x",
            "H4 P1 H10 P1",
            r#"4 binary 1; 5 end "x"; 15 binary 1; 16 end "x""#,
        ),
        (b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xffx", "", "error: LengthTooLarge { found: 18446744073709551615 }"),
        (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffx", "H10 P1", "10 binary 9223372036854775807"),
    ]);
    for (len, header) in [(256usize, &b"\x82\x7e\x01\x00"[..]), (65536, b"\x82\x7f\0\0\0\0\0\x01\0\0")] {
        let stream = [header, &vec![b'x'; len]].concat();
        let transcript = feed(&mut frames(), [&stream[..]]);
        assert_eq!(short(&transcript.marks), format!("H{} P{len}", header.len()));
        let peek = "x".repeat(128);
        assert_eq!(listed(&transcript), format!("{} binary {len}; {} end {peek:?}", header.len(), stream.len()));
        assert_eq!(feed(&mut frames(), stream.chunks(7)), transcript);
    }
}

#[test]
fn a_payload_steps_over_missing_bytes() {
    let mut decoder = Decoder::new(None);
    assert!(!decoder.skip(1), "nothing says what is missing before a header");
    decoder.step(b"\x81\x8a\x01\x02\x03\x04").unwrap();
    // The first four bytes are here, three are missing, and the last three don't belong to the peek.
    decoder.step(b"\x60\x60\x60\x60").unwrap();
    assert!(!decoder.skip(7));
    assert!(decoder.skip(3));
    let step = decoder.step(b"\x60\x60\x60\x81").unwrap();
    let Some(Event::FrameEnd { payload, .. }) = step.event else { panic!("{step:?}") };
    assert_eq!((step.consumed, payload), (3, &b"abcd"[..]));
    assert!(decoder.is_idle());
}

#[test]
fn compressed_payload_is_inflated() {
    let with = |params: DeflateParams| move || Frames(Decoder::new(Some(params)));
    let plain = DeflateParams::default();
    // RFC 7692 section 7.2.3, one frame each; the last in two frames.
    for (stream, said) in [
        (&b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"[..], "Hello"),
        (b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello"),
        (b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello"),
        (b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello"),
        (b"\xc1\x01\x00", ""),
    ] {
        let transcript = every_way(with(plain), stream);
        let end = &transcript.events.last().unwrap().1;
        assert!(end.ends_with(&format!("= {said:?} {}", said.len())), "{end}");
    }
    let split = b"\x41\x03\xf2\x48\xcd\x89\x01!\x80\x04\xc9\xc9\x07\x00\x81\x02no";
    let transcript = every_way(with(plain), split);
    let ends: Vec<&str> =
        transcript.events.iter().map(|(_, event)| event.as_str()).filter(|event| event.starts_with("end")).collect();
    assert!(ends[0].contains(" = "), "{ends:?}");
    assert_eq!((ends[1], ends[3]), ("end \"!\"", "end \"no\""));
    let len = |end: &str| end.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    assert_eq!(len(ends[0]) + len(ends[2]), 5);
    // RFC 7692 section 7.2.3.2: the second "Hello" refers back to the first.
    let twice = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    assert!(listed(&every_way(with(plain), twice)).ends_with("= \"Hello\" 5"));
    // Masked, so it is the client's parameters that count.
    let masked = |payload: &[u8]| {
        let key = [1, 2, 3, 4];
        let mut frame = vec![0xc1, 0x80 | payload.len() as u8, 1, 2, 3, 4];
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    };
    let first = masked(b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    let again = [first.clone(), first.clone()].concat();
    let alone = DeflateParams { client_no_context_takeover: true, ..plain };
    for params in [plain, alone] {
        assert_eq!(listed(&every_way(with(params), &again)).matches("= \"Hello\" 5").count(), 2);
    }
    // Without a window from before, a reference to it is corrupt or gives other bytes, but never what was meant.
    let back = [first, masked(b"\xf2\x00\x11\x00\x00")].concat();
    assert_eq!(listed(&every_way(with(plain), &back)).matches("= \"Hello\" 5").count(), 2);
    assert_eq!(listed(&every_way(with(alone), &back)).matches("= \"Hello\" 5").count(), 1);
}

#[test]
fn what_cannot_be_inflated_is_said_and_decoding_goes_on() {
    let with = || Frames(Decoder::new(Some(DeflateParams::default())));
    let transcript = every_way(with, b"\xc1\x03\xff\xff\xff\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x81\x02ok");
    let ends: Vec<&str> =
        transcript.events.iter().map(|(_, event)| event.as_str()).filter(|event| event.starts_with("end")).collect();
    assert!(ends[0].ends_with("Corrupt"), "{ends:?}");
    assert!(ends[1].ends_with("Lost"), "{ends:?}");
    assert_eq!(ends[2], "end \"ok\"");
    let mut decoder = with();
    feed(&mut decoder, [&b"\xc1\x07\xf2\x48"[..]]);
    assert!(decoder.0.skip(2));
    let transcript = feed(&mut decoder, [&b"\xc9\x07\x00"[..]]);
    assert!(transcript.events[0].1.ends_with("Lost"), "{transcript:?}");
}

#[test]
fn frames_agree_with_tungstenite() {
    use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
    for (opcode, ours) in [
        (OpCode::Data(Data::Text), Opcode::Text),
        (OpCode::Data(Data::Binary), Opcode::Binary),
        (OpCode::Data(Data::Continue), Opcode::Continuation),
        (OpCode::Control(Control::Close), Opcode::Close),
        (OpCode::Control(Control::Ping), Opcode::Ping),
        (OpCode::Control(Control::Pong), Opcode::Pong),
    ] {
        for len in [0u64, 1, 125, 126, 127, 65535, 65536, 1 << 40] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let theirs = tungstenite::protocol::frame::FrameHeader { opcode, mask, ..Default::default() };
                let mut bytes = Vec::new();
                theirs.format(len, &mut bytes).unwrap();
                let found = FrameHeader::read(&bytes).unwrap().unwrap();
                assert_eq!((found.opcode, found.mask, found.len, found.fin), (ours, mask, len, true));
                assert_eq!(usize::from(found.header_len), bytes.len());
                assert!(found.has_minimal_length());
                for end in 0..bytes.len() {
                    assert_eq!(FrameHeader::read(&bytes[..end]), Ok(None));
                }
            }
        }
    }
    assert_eq!(FrameHeader::read(b"\x82\x7f\x80\0\0\0\0\0\0\0"), Err(Error::LengthTooLarge { found: 1 << 63 }));
}

proptest! {
    /// What tungstenite sends, these decoders hear.
    #[test]
    fn messages_agree_with_tungstenite(
        messages in vec((any::<bool>(), vec(any::<u8>(), 0..300)), 1..5), mask in any::<Option<[u8; 4]>>(),
    ) {
        use tungstenite::protocol::frame::{Frame, coding::{Data, OpCode}};
        let mut stream = Vec::new();
        for (fin, payload) in &messages {
            let mut frame = Frame::message(payload.clone(), OpCode::Data(Data::Binary), *fin);
            frame.header_mut().mask = mask;
            frame.format(&mut stream).unwrap();
        }
        let mut decoder = Decoder::new(None);
        let mut rest = &stream[..];
        let mut heard = Vec::new();
        loop {
            let step = decoder.step(rest).unwrap();
            if let Some(Event::FrameEnd { header, payload, .. }) = step.event {
                heard.push((header.fin, header.len, payload.to_vec()));
            }
            if step.consumed == 0 && step.event.is_none() {
                break;
            }
            rest = &rest[step.consumed..];
        }
        let sent: Vec<_> = messages.iter().map(|(fin, payload)| (*fin, payload.len() as u64, payload[..payload.len().min(128)].to_vec())).collect();
        prop_assert_eq!(heard, sent);
    }
}
