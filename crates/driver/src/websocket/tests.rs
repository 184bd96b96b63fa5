use proptest::prelude::*;

use super::*;

fn read<'a>(segments: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Received>, usize), FrameError> {
    let mut reader = MessageReader::default();
    let mut input = BytesMut::new();
    let mut all = Vec::new();
    for segment in segments {
        input.extend_from_slice(segment);
        while let Some(received) = reader.next(&mut input)? {
            all.push(received);
        }
    }
    Ok((all, input.len()))
}

fn whole(bytes: &[u8]) -> Result<Vec<Received>, FrameError> {
    read([bytes]).map(|(all, _)| all)
}

/// RFC 6455, section 5.7; and a long one of each length form.
#[test]
fn what_a_server_may_say() {
    let hello = || Received::Text("Hello".into());
    assert_eq!(whole(b"\x81\x05Hello").unwrap(), [hello()]);
    assert_eq!(whole(b"\x01\x03Hel\x80\x02lo").unwrap(), [hello()]);
    assert_eq!(whole(b"\x01\x03Hel\x89\x01p\x80\x02lo").unwrap(), [Received::Ping(Bytes::from_static(b"p")), hello()]);
    assert_eq!(whole(b"\x8a\x05Hello\x82\x01\xff").unwrap(), [Received::Pong, Received::Binary(vec![0xff].into())]);
    assert_eq!(whole(b"\x88\x00").unwrap(), [Received::Close { code: None, reason: String::new() }]);
    assert_eq!(whole(b"\x88\x05\x03\xe9bye").unwrap(), [Received::Close { code: Some(1001), reason: "bye".into() }]);
    let medium = [b"\x82\x7e\x01\x00".as_slice(), &[7; 256]].concat();
    assert_eq!(whole(&medium).unwrap(), [Received::Binary(vec![7; 256].into())]);
}

#[test]
fn what_it_may_not() {
    let table: [(&[u8], &str); 18] = [
        (b"\x81\x85\x01\x02\x03\x04Hello", "masked"),
        (b"\xc1\x05Hello", "reserved bit"),
        (b"\x91\x05Hello", "reserved bit"),
        (b"\x83\x00", "opcode 0x3"),
        (b"\x8b\x00", "opcode 0xb"),
        (b"\x80\x01x", "nothing to continue"),
        (b"\x01\x01x\x81\x01y", "before the one in fragments"),
        (b"\x09\x00", "control frame"),
        (b"\x89\x7e\x00\x7e", "control frame"),
        (b"\x81\x7e\x00\x05Hello", "least number"),
        (b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05Hello", "least number"),
        (b"\x81\x7f\x00\x00\x00\x00\x7f\xff\xff\xff", "more than 65536 bytes"),
        (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "more than 65536 bytes"),
        (b"\x81\x02\xc3\x28", "not UTF-8"),
        (b"\x88\x01x", "payload of 1 byte"),
        (b"\x88\x02\x03\xed", "must not be sent"),
        (b"\x88\x02\x00\x01", "must not be sent"),
        (b"\x88\x03\x03\xe8\xff", "not UTF-8"),
    ];
    for (bytes, expected) in table {
        let error = whole(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{} gave {error:?}", bytes.escape_ascii());
        assert!(read(bytes.chunks(1)).is_err(), "{}, byte by byte", bytes.escape_ascii());
    }
    let fragment = [b"\x01\x7e\xff\xff".as_slice(), &[b'x'; 65_535]].concat();
    let more = [b"\x00\x02xx".as_slice()].concat();
    assert_eq!(whole(&[fragment, more].concat()), Err(FrameError::TooLong));
}

#[test]
fn what_the_client_says() {
    // The first request of the capture of 2021, with its mask; and the close frame.
    let request = text("get-time", [0x36, 0x0d, 0x29, 0x16]);
    assert_eq!(request, *b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73");
    assert_eq!(close(Some(1001), [0x19, 0xdb, 0x13, 0x62]), *b"\x88\x82\x19\xdb\x13\x62\x1a\x32");
    assert_eq!(close(None, [1, 2, 3, 4]), *b"\x88\x80\x01\x02\x03\x04");
    assert_eq!(pong(Bytes::from_static(b"ab"), [1, 1, 1, 1]), *b"\x8a\x82\x01\x01\x01\x01\x60\x63");
}

proptest! {
    #[test]
    fn any_segmentation_gives_the_same(
        messages in prop::collection::vec(("[a-z]{0,300}", any::<bool>(), 0u8..4), 1..5),
        tail in prop::collection::vec(any::<u8>(), 0..6),
        cuts in prop::collection::vec(0usize..1500, 0..8),
    ) {
        let mut bytes = Vec::new();
        for (text, fragmented, kind) in &messages {
            let put = |bytes: &mut Vec<u8>, opcode, is_final, payload: &str| {
                let frame = Frame::message(Bytes::copy_from_slice(payload.as_bytes()), OpCode::Data(opcode), is_final);
                frame.format(bytes).unwrap();
            };
            match (kind, fragmented) {
                (0, _) => bytes.extend_from_slice(b"\x89\x02hi"),
                (_, true) => {
                    let (first, rest) = text.split_at(text.len() / 2);
                    put(&mut bytes, Data::Text, false, first);
                    put(&mut bytes, Data::Continue, true, rest);
                }
                (_, false) => put(&mut bytes, Data::Binary, true, text),
            }
        }
        bytes.extend_from_slice(&tail);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let whole = read([bytes.as_slice()]);
        prop_assert_eq!(&read(cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]])), &whole);
        prop_assert_eq!(&read(bytes.chunks(1)), &whole);
        if tail.is_empty() {
            prop_assert_eq!(whole.map(|(all, left)| (all.len(), left)), Ok((messages.len(), 0)));
        }
    }
}
