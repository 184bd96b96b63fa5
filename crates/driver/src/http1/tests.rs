use proptest::prelude::*;

use super::*;

/// What a response comes to: status, body, whether its end was found, and what is left after it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    status: u16,
    body: Vec<u8>,
    ended: bool,
    left: Vec<u8>,
}

fn read<'a>(segments: impl IntoIterator<Item = &'a [u8]>) -> Result<Read, HttpError> {
    let mut reader = ResponseReader::new();
    let mut input = BytesMut::new();
    let mut read = Read { status: 0, body: Vec::new(), ended: false, left: Vec::new() };
    for segment in segments {
        input.extend_from_slice(segment);
        while let Some(part) = reader.next(&mut input)? {
            match part {
                Part::Head(head) => read.status = head.status,
                Part::Data(data) => read.body.extend_from_slice(&data),
                Part::End => read.ended = true,
            }
        }
    }
    read.ended |= reader.closed().is_some();
    read.left = input.to_vec();
    Ok(read)
}

fn whole(response: &str) -> Result<Read, HttpError> {
    read([response.as_bytes()])
}

fn body(response: &str) -> String {
    let read = whole(response).unwrap();
    assert!(read.ended && read.left.is_empty(), "{response:?} gave {read:?}");
    String::from_utf8(read.body).unwrap()
}

#[test]
fn every_kind_of_body() {
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "hello");
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "");
    assert_eq!(body("HTTP/1.1 204 No Content\r\n\r\n"), "");
    assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nuntil the close"), "until the close");
    assert_eq!(body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), "ok");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(body(&format!("{chunked}5\r\nhello\r\n1C;note=x\r\n{}\r\n0\r\n\r\n", "y".repeat(28))).len(), 33);
    assert_eq!(body(&format!("{chunked}002\r\nok\r\n0\r\nTrailer: x\r\n\r\n")), "ok");
}

#[test]
fn bytes_after_the_end_are_left() {
    let read = whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1").unwrap();
    assert_eq!((read.ended, read.left), (true, b"HTTP/1.1".to_vec()));
    let read = whole("HTTP/1.1 101 Switching Protocols\r\n\r\n\x01\x02").unwrap();
    assert_eq!((read.status, read.left), (101, vec![1, 2]));
}

#[test]
fn what_is_refused() {
    let table = [
        ("SSH-2.0-OpenSSH_9.9\r\n", "cannot be read"),
        ("HTTP/2 200\r\n\r\n", "cannot be read"),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "cannot be read"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "length is not clear"),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", "length is not clear"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", "length is not clear"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "both"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "length is not clear"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk size"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "chunk size"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "chunk size"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "chunk size"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n", "after 2 bytes"),
    ];
    for (response, expected) in table {
        let error = whole(response).unwrap_err().to_string();
        assert!(error.contains(expected), "{response:?} gave {error:?}");
        let bytewise = read(response.as_bytes().chunks(1)).unwrap_err().to_string();
        assert!(bytewise.contains(expected), "{response:?}, byte by byte, gave {bytewise:?}");
    }
}

#[test]
fn nothing_is_endless() {
    let head = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(HEAD_LIMIT));
    assert_eq!(whole(&head), Err(HttpError::HeadTooLong));
    assert_eq!(read(head.as_bytes().chunks(1000)), Err(HttpError::HeadTooLong));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let extension = format!("{chunked}5;{}", "x".repeat(LINE_LIMIT));
    assert!(matches!(whole(&extension), Err(HttpError::ChunkSize { .. })));
    let trailer = format!("{chunked}0\r\n{}", "a: b\r\n".repeat(HEAD_LIMIT / 6 + 1));
    assert_eq!(whole(&trailer), Err(HttpError::TrailerTooLong));
    assert_eq!(read(trailer.as_bytes().chunks(7)), Err(HttpError::TrailerTooLong));
    let zeros = format!("{chunked}{}", "0".repeat(LINE_LIMIT + 1));
    assert!(matches!(read(zeros.as_bytes().chunks(1)), Err(HttpError::ChunkSize { .. })));
}

#[test]
fn every_prefix_waits_for_more() {
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n";
    for length in 0..response.len() {
        let read = whole(&response[..length]).unwrap();
        assert!(!read.ended, "ended after {length} bytes");
    }
}

#[test]
fn fields_and_persistence() {
    let head = |fields: &str| {
        let mut input = BytesMut::from(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes());
        match ResponseReader::new().next(&mut input) {
            Ok(Some(Part::Head(head))) => head,
            other => panic!("{other:?}"),
        }
    };
    assert!(head("Content-Length: 1\r\n").persistent());
    assert!(!head("Content-Length: 1\r\nConnection: Close\r\n").persistent());
    assert!(!head("").persistent());
    let listing = head("connection: keep-alive, Upgrade\r\nContent-Length:  0 \r\n");
    assert!(listing.lists("Connection", "upgrade") && !listing.lists("Connection", "up"));
    assert_eq!(listing.field("content-length"), Some("0"));
}

/// A response, or something near one.
fn responses() -> impl Strategy<Value = Vec<u8>> {
    let framing = prop_oneof![
        Just("Content-Length: 12\r\n\r\n"),
        Just("Transfer-Encoding: chunked\r\n\r\n"),
        Just("Connection: close\r\n\r\n"),
        Just("\r\n"),
        Just("Content-Length: x\r\n\r\n"),
    ];
    let body = prop_oneof![
        Just("5\r\nhello\r\n1c\r\nthe twenty-eight bytes of it\r\n0\r\n\r\n".to_owned()),
        Just("5\r\nhello\r\n0\r\nTrailer: x\r\n\r\nleft over".to_owned()),
        Just("twelve bytesand more".to_owned()),
        "[0-9a-f;\r\n]{0,40}",
    ];
    (any::<bool>(), framing, body).prop_map(|(interim, framing, body)| {
        let interim = if interim { "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" } else { "" };
        format!("{interim}HTTP/1.1 200 OK\r\nServer: x\r\n{framing}{body}").into_bytes()
    })
}

proptest! {
    #[test]
    fn any_segmentation_gives_the_same(response in responses(), cuts in prop::collection::vec(0usize..250, 0..8)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(response.len())).collect();
        cuts.extend([0, response.len()]);
        cuts.sort_unstable();
        let segments = cuts.windows(2).map(|pair| &response[pair[0]..pair[1]]);
        let (cut, bytewise, whole) = (read(segments), read(response.chunks(1)), read([response.as_slice()]));
        match whole {
            Ok(whole) => prop_assert_eq!((cut, bytewise), (Ok(whole.clone()), Ok(whole))),
            Err(_) => prop_assert!(cut.is_err() && bytewise.is_err()),
        }
    }

    #[test]
    fn garbage_never_panics(garbage in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(garbage.chunks(3));
    }
}
