use wirelab_dissect::deflate::DeflateParams;
use wirelab_dissect::websocket::{Decoder, Messages, Side, Told};

/// What the messages of a stream are, and what is wrong with them.
fn messages(side: Side, deflate: Option<DeflateParams>, stream: &[u8]) -> (Vec<String>, String) {
    let mut decoder = Decoder::new(deflate);
    let mut messages = Messages::new(side, deflate);
    let (mut told, mut wrong) = (Vec::new(), Vec::new());
    let mut rest = stream;
    loop {
        let step = decoder.step(rest).unwrap();
        rest = &rest[step.consumed..];
        let Some(event) = step.event else {
            return (told, wrong.join(" "));
        };
        let seen = messages.see(&event);
        wrong.extend(seen.violations.iter().map(|violation| format!("{violation:?}")));
        told.extend(seen.told.map(|told| match told {
            Told::Message(message) => {
                assert!(message.compressed || message.payload_len == message.inflated_len);
                format!(
                    "{} {} {}+{} {:?} {}",
                    message.opcode.name(),
                    message.frames,
                    message.header_len,
                    message.payload_len,
                    String::from_utf8_lossy(message.text),
                    message.inflated_len
                )
            }
            Told::Close { code, reason } => format!("close {code:?} {reason:?}"),
            Told::Ping { payload } => format!("ping {payload:?}"),
            Told::Pong { payload } => format!("pong {payload:?}"),
        }));
    }
}

#[test]
fn frames_make_messages() {
    for (stream, told) in [
        (&b"\x81\x05Hello"[..], &[r#"text 1 2+5 "Hello" 5"#][..]),
        (b"\x01\x03Hel\x80\x02lo", &[r#"text 2 4+5 "Hello" 5"#]),
        (b"\x02\x01a\x89\x01!\x00\x00\x80\x01b", &["ping [33]", r#"binary 3 6+2 "ab" 2"#]),
        (b"\x88\x00", &["close None \"\""]),
        (b"\x88\x05\x03\xe9bye", &["close Some(1001) \"bye\""]),
        (b"\x8a\x00\x81\x00", &["pong []", r#"text 1 2+0 "" 0"#]),
    ] {
        let (found, wrong) = messages(Side::Server, None, stream);
        assert_eq!(
            (&found[..], wrong.as_str()),
            (&told.iter().map(|told| told.to_string()).collect::<Vec<_>>()[..], ""),
            "{stream:x?}"
        );
    }
}

#[test]
fn compressed_frames_make_messages() {
    let params = Some(DeflateParams::default());
    let stream = b"\x41\x03\xf2\x48\xcd\x89\x00\x80\x04\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00\x81\x02no";
    let (found, wrong) = messages(Side::Server, params, stream);
    assert_eq!(found, ["ping []", r#"text 2 4+7 "Hello" 5"#, r#"text 1 2+5 "Hello" 5"#, r#"text 1 2+2 "no" 2"#]);
    assert_eq!(wrong, "");
}

#[test]
fn each_broken_rule_is_named() {
    let deflate = Some(DeflateParams::default());
    for (side, deflate, stream, wrong) in [
        (Side::Server, None, &b"\x09\x00"[..], "FragmentedControl"),
        (Side::Server, None, &[&b"\x89\x7e\x00\x7e"[..], &[0; 126]].concat()[..], "LongControl"),
        (Side::Server, None, b"\x80\x00", "UnexpectedContinuation"),
        (Side::Server, None, b"\x01\x01a\x81\x01b", "InterruptedMessage"),
        (Side::Server, None, b"\x83\x00", "ReservedOpcode"),
        (Side::Server, None, b"\x8f\x00", "ReservedOpcode"),
        (Side::Server, None, b"\xc1\x00", "ReservedBits"),
        (Side::Server, None, b"\xa1\x00", "ReservedBits"),
        (Side::Server, deflate, b"\x91\x00", "ReservedBits"),
        (Side::Server, deflate, b"\xc1\x01\x00", ""),
        (Side::Server, deflate, b"\xc9\x00", "ReservedBits"),
        (Side::Server, deflate, b"\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00", "ReservedBits"),
        (Side::Server, None, b"\x81\x7e\x00\x01a", "LongLength"),
        (Side::Server, None, b"\x81\x7f\0\0\0\0\0\0\0\x01a", "LongLength"),
        (Side::Server, None, b"\x88\x01a", "ShortClose"),
        (Side::Server, None, b"\x88\x02\x03\xed", "CloseCode"),
        (Side::Server, None, b"\x88\x02\x00\x00", "CloseCode"),
        (Side::Server, None, b"\x88\x02\x0f\xa0", ""),
        (Side::Client, None, b"\x81\x00", "UnmaskedClient"),
        (Side::Client, None, b"\x81\x80abcd", ""),
        (Side::Server, None, b"\x81\x80abcd", "MaskedServer"),
        (Side::Server, None, b"\x88\x00\x81\x00", "AfterClose"),
        (Side::Server, None, b"\x81\x01\xff", "TextNotUtf8"),
        (Side::Server, None, b"\x82\x01\xff", ""),
        (Side::Server, None, b"\x88\x03\x03\xe8\xff", "TextNotUtf8"),
    ] {
        assert_eq!(messages(side, deflate, stream).1, wrong, "{stream:x?}");
    }
}

#[test]
fn an_interrupted_message_does_not_leak_into_the_next() {
    let (found, _) = messages(Side::Server, None, b"\x01\x01a\x81\x01b\x81\x01c");
    assert_eq!(found, [r#"text 1 2+1 "b" 1"#, r#"text 1 2+1 "c" 1"#]);
}
