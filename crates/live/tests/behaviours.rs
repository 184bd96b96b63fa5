//! Twenty things that servers and clients do: with the lab between they come to the same as without it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod benches;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use benches::{Lab, pattern, wires};
use wirelab_live::Target;

/// What one side does with a connection, and what it says of it.
type Does = fn(&mut TcpStream) -> String;

const BEHAVIOURS: &[(&str, Does, Does)] = &[
    ("an answer with a length", |s| said(s, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), |s| asks(s, GET)),
    (
        "an answer in chunks, with a trailer",
        |s| said(s, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nDigest: x\r\n\r\n"),
        |s| asks(s, GET),
    ),
    ("an answer that ends with its connection", |s| said(s, b"HTTP/1.0 200 OK\r\n\r\nall there is"), |s| asks(s, GET)),
    ("an answer without a body", |s| said(s, b"HTTP/1.1 204 No Content\r\n\r\n"), |s| asks(s, GET)),
    (
        "two requests, one after the other",
        |s| (0..2).map(|_| request(s) + &tell(s, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")).collect(),
        |s| (0..2).map(|_| tell(s, GET.as_bytes()) + &exactly(s, 39)).collect(),
    ),
    (
        "three requests at once",
        |s| (0..3).map(|_| request(s) + &tell(s, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")).collect(),
        |s| tell(s, GET.repeat(3).as_bytes()) + &exactly(s, 3 * 39),
    ),
    (
        "a body that waits for 100 Continue",
        |s| {
            request(s)
                + &tell(s, b"HTTP/1.1 100 Continue\r\n\r\n")
                + &exactly(s, 4)
                + &tell(s, b"HTTP/1.1 204 No Content\r\n\r\n")
        },
        |s| {
            let head = b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
            tell(s, head) + &exactly(s, 25) + &tell(s, b"body") + &rest(s)
        },
    ),
    (
        "an upgrade, after which both speak",
        |s| {
            request(s)
                + &tell(s, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
                + &exactly(s, 6)
                + &tell(s, b"\x81\x02ok")
                + &rest(s)
        },
        |s| {
            let head = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
            tell(s, head) + &exactly(s, 77) + &tell(s, b"\x81\x80abcd") + &exactly(s, 4) + &end(s)
        },
    ),
    (
        "events, each when it is due",
        |s| {
            let head = tell(s, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            let events: String = (0..3)
                .map(|_| {
                    thread::sleep(Duration::from_millis(30));
                    tell(s, b"data: x\n\n")
                })
                .collect();
            head + &events
        },
        |s| asks(s, GET),
    ),
    (
        "a head of 30 KiB",
        |s| format!("{} bytes", request(s).len()) + &tell(s, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        |s| asks(s, &format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "y".repeat(30 << 10))),
    ),
    (
        "a request that comes byte by byte",
        |s| request(s) + &tell(s, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        |s| {
            GET.bytes().for_each(|byte| {
                tell(s, &[byte]);
            });
            rest(s)
        },
    ),
    (
        "a large body up",
        |s| request(s) + &sum(s, 700_000) + &tell(s, b"HTTP/1.1 204 No Content\r\n\r\n"),
        |s| {
            tell(s, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 700000\r\n\r\n")
                + &tell(s, &pattern(700_000))
                + &rest(s)
        },
    ),
    ("a large answer", |s| request(s) + &tell(s, &pattern(900_000)), |s| tell(s, GET.as_bytes()) + &sum(s, 900_000)),
    (
        "a server that speaks first",
        |s| tell(s, b"220 ready\r\n") + &rest(s),
        |s| exactly(s, 11) + &tell(s, b"QUIT\r\n") + &end(s),
    ),
    ("a server that closes at once", |_| "closed".to_owned(), rest),
    ("a client that closes at once", rest, |s| end(s)),
    (
        "a client that ends its side, and is answered",
        |s| rest(s) + &tell(s, b"heard it all"),
        |s| tell(s, b"x\n") + &end(s) + &rest(s),
    ),
    (
        "a server that ends its side, and hears more",
        |s| end(s) + &rest(s),
        |s| rest(s) + &tell(s, b"after the end") + &end(s),
    ),
    (
        "bytes of no protocol",
        |s| {
            let said = exactly(s, 5);
            tell(s, &[0x16, 3, 3, 0, 1, 0]) + &said
        },
        |s| tell(s, &[0x16, 3, 1, 0, 0]) + &rest(s),
    ),
    (
        "a reset in the middle of an answer",
        |s| {
            let asked = exactly(s, 4);
            tell(s, b"half");
            thread::sleep(Duration::from_millis(150));
            // Closed with unread bytes: that is a reset (RFC 2525, section 2.17).
            asked
        },
        |s| tell(s, GET.as_bytes()) + &exactly(s, 4) + &rest(s),
    ),
    (
        "lines, asked slowly",
        |s| (0..2).map(|_| line(s) + &tell(s, b"yes\n")).collect(),
        |s| {
            (0..2)
                .map(|_| {
                    thread::sleep(Duration::from_millis(60));
                    tell(s, b"WELL?\n") + &exactly(s, 4)
                })
                .collect()
        },
    ),
];

#[test]
fn with_the_lab_between_all_is_as_without_it() {
    assert!(BEHAVIOURS.len() >= 20);
    for wire in wires() {
        for &(name, server, client) in BEHAVIOURS {
            let alone = both(server, client, |address| TcpStream::connect(address).unwrap());
            let mut lab = None;
            let carried = both(server, client, |address| {
                lab.insert(Lab::start(Target::Server(address.to_string()), wire)).connect()
            });
            assert_eq!(carried, alone, "{name}, {wire:?}");
        }
    }
}

/// What the server and the client say of one connection.
fn both(server: Does, client: Does, connect: impl FnOnce(SocketAddr) -> TcpStream) -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let said = server(&mut stream);
        drop(stream);
        tell.send(said).unwrap();
    });
    let mut stream = connect(address);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let of_client = client(&mut stream);
    drop(stream);
    (told.recv_timeout(PATIENCE).unwrap(), of_client)
}

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Reads a request and answers it.
fn said(stream: &mut TcpStream, answer: &[u8]) -> String {
    request(stream) + &tell(stream, answer)
}

/// Asks, and hears all that comes.
fn asks(stream: &mut TcpStream, request: &str) -> String {
    tell(stream, request.as_bytes()) + &rest(stream)
}

fn tell(stream: &mut TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).map_or_else(|error| format!("{:?}", error.kind()), |()| String::new())
}

fn end(stream: &mut TcpStream) -> String {
    stream.shutdown(Shutdown::Write).map_or_else(|error| format!("{:?}", error.kind()), |()| String::new())
}

/// A head, up to its empty line.
fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return format!("cut after {} bytes", head.len()),
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn line(stream: &mut TcpStream) -> String {
    let mut line = String::new();
    BufReader::with_capacity(1, stream).read_line(&mut line).unwrap();
    line
}

fn exactly(stream: &mut TcpStream, len: usize) -> String {
    let mut bytes = vec![0; len];
    stream
        .read_exact(&mut bytes)
        .map_or_else(|error| format!("{:?}", error.kind()), |()| format!("{}|", String::from_utf8_lossy(&bytes)))
}

/// So many bytes, which must be the pattern.
fn sum(stream: &mut TcpStream, len: usize) -> String {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).unwrap();
    assert!(bytes == pattern(len));
    format!("{len} bytes")
}

/// All that comes until the end, and how it ends.
fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Ok(_) => format!("{} then the end", String::from_utf8_lossy(&all)),
        Err(error) => format!("{} then {:?}", String::from_utf8_lossy(&all), error.kind()),
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
