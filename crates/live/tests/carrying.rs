//! Does what one side does reach the other, with the lab between as without it?
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod benches;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use benches::{Lab, pattern, wires};
use wirelab_catalog::App;
use wirelab_live::Target;
use wirelab_wire::WireKind;

/// What a server does with each connection.
type Serve = fn(TcpStream);

/// A real server, and the lab before it.
fn before(serve: Serve, wire: WireKind) -> (Lab, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || serve(stream));
        }
    });
    (Lab::start(Target::Server(address.to_string()), wire), address)
}

/// Does the same without the lab and with it, on each wire: what the client says of it must be the same.
fn same(serve: Serve, client: fn(TcpStream) -> String) {
    for wire in wires() {
        let (lab, address) = before(serve, wire);
        let alone = client(TcpStream::connect(address).unwrap());
        let carried = client(lab.connect());
        assert_eq!(carried, alone, "{wire:?}");
    }
}

fn echo(mut stream: TcpStream) {
    let mut from = stream.try_clone().unwrap();
    let _ = std::io::copy(&mut from, &mut stream);
    let _ = stream.shutdown(Shutdown::Write);
}

/// All that comes until the end, and how it ends.
fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Ok(_) => format!("{} then the end", String::from_utf8_lossy(&all)),
        Err(error) => format!("{} then {:?}", String::from_utf8_lossy(&all), error.kind()),
    }
}

#[test]
fn a_half_close_is_one() {
    same(
        |mut stream| {
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            stream.write_all(format!("{} bytes", all.len()).as_bytes()).unwrap();
        },
        |mut stream| {
            stream.write_all(&[b'x'; 5000]).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            rest(&mut stream)
        },
    );
}

#[test]
fn a_server_that_ends_first_is_heard_out() {
    same(
        |mut stream| {
            stream.write_all(b"bye").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            assert_eq!(all, b"after the end");
        },
        |mut stream| {
            let heard = rest(&mut stream);
            stream.write_all(b"after the end").unwrap();
            heard
        },
    );
}

#[test]
fn a_reset_is_one() {
    same(
        |mut stream| {
            stream.read_exact(&mut [0; 2]).unwrap();
            // With unread bytes, closing is a reset (RFC 2525, section 2.17).
            thread::sleep(Duration::from_millis(200));
            drop(stream);
        },
        |mut stream| {
            stream.write_all(b"hi, and what nobody reads").unwrap();
            rest(&mut stream)
        },
    );
}

#[test]
fn a_client_that_breaks_off_is_seen_by_the_server() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    for wire in wires() {
        let before_it = SEEN.load(Ordering::SeqCst);
        let (lab, _) = before(
            |mut stream| {
                stream.write_all(b"hello").unwrap();
                if stream.read(&mut [0; 9]).is_err_and(|error| error.kind() == ErrorKind::ConnectionReset) {
                    SEEN.fetch_add(1, Ordering::SeqCst);
                }
            },
            wire,
        );
        let stream = lab.connect();
        stream.peek(&mut [0; 5]).unwrap();
        // Its bytes are there, and never read.
        drop(stream);
        benches::until("the server sees a reset", || SEEN.load(Ordering::SeqCst) > before_it);
    }
}

#[test]
fn a_server_that_is_not_there_is_a_connection_that_breaks() {
    for wire in wires() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let lab = Lab::start(Target::Server(gone.to_string()), wire);
        assert_eq!(rest(&mut lab.connect()), " then ConnectionReset");
        let trouble = lab.bench.trouble.borrow().clone().unwrap();
        assert!(trouble.contains("refused"), "{trouble}");
    }
}

#[test]
fn all_bytes_arrive_both_ways_at_once() {
    for wire in wires() {
        let (lab, _) = before(echo, wire);
        let stream = lab.connect();
        let sent = pattern(3_000_000);
        let expected = sent.clone();
        let mut writer = stream.try_clone().unwrap();
        let writing = thread::spawn(move || {
            writer.write_all(&sent).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut all = Vec::new();
        (&stream).read_to_end(&mut all).unwrap();
        writing.join().unwrap();
        assert!(all == expected, "{wire:?}: {} bytes", all.len());
    }
}

#[test]
fn a_reader_that_waits_holds_the_writer_up() {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    const ALL: usize = 64 << 20;
    for wire in wires() {
        TAKEN.store(0, Ordering::SeqCst);
        let (lab, _) = before(
            |mut stream| {
                let piece = vec![b'x'; 1 << 16];
                for _ in 0..ALL / piece.len() {
                    stream.write_all(&piece).unwrap();
                    TAKEN.fetch_add(piece.len(), Ordering::SeqCst);
                }
            },
            wire,
        );
        let mut stream = lab.connect();
        stream.read_exact(&mut [0; 1]).unwrap();
        // Until all buffers on the way are full.
        let mut before_it = usize::MAX;
        benches::until("the writer stands still", || {
            let taken = TAKEN.load(Ordering::SeqCst);
            thread::sleep(Duration::from_millis(300));
            std::mem::replace(&mut before_it, taken) == taken
        });
        assert!(TAKEN.load(Ordering::SeqCst) < ALL / 2, "{wire:?}: {TAKEN:?}");
        // And it goes on where it is read. The virtual wire's window makes the rest of it long.
        stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
        benches::until("the writer goes on", || TAKEN.load(Ordering::SeqCst) > before_it);
    }
}

#[test]
fn hundreds_of_connections_are_carried_at_once() {
    for wire in wires() {
        let (lab, _) = before(echo, wire);
        let mut streams: Vec<TcpStream> = (0..300).map(|_| lab.connect()).collect();
        for (number, stream) in streams.iter_mut().enumerate() {
            stream.write_all(format!("this is {number:03}").as_bytes()).unwrap();
        }
        for (number, stream) in streams.iter_mut().enumerate() {
            let mut said = [0; 11];
            stream.read_exact(&mut said).unwrap();
            assert_eq!(said, *format!("this is {number:03}").as_bytes(), "{wire:?}");
        }
    }
}

#[test]
fn of_a_large_transfer_the_sums_are_whole() {
    const LEN: usize = 8 << 20;
    for wire in wires() {
        let (lab, _) = before(
            |mut stream| {
                stream.read_exact(&mut [0; 1]).unwrap();
                stream.write_all(&pattern(LEN)).unwrap();
            },
            wire,
        );
        let mut stream = lab.connect();
        stream.write_all(b"?").unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        assert!(all == pattern(LEN));
        drop(stream);
        benches::until("the end is recorded", || lab.found().totals.app_bytes as usize > LEN);
        let found = lab.found();
        assert_eq!(found.totals.app_bytes as usize, LEN + 1, "{wire:?}");
        assert!(found.truncated_frames > 0);
        let file = lab.bench.recording.file().unwrap();
        assert!(file.len() < 4 << 20, "{}", file.len());
    }
}

#[test]
fn an_update_costs_what_it_costs_in_a_run() {
    for wire in wires() {
        let lab = Lab::start(Target::App(App::Ajax), wire);
        let mut stream = lab.connect();
        let mut get = |target: &str, ending: &str| {
            let host = lab.bench.address;
            stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
            let mut all = Vec::new();
            while !String::from_utf8_lossy(&all).ends_with(ending) {
                let mut piece = [0; 4096];
                let read = stream.read(&mut piece).unwrap();
                assert!(read > 0, "{}", String::from_utf8_lossy(&all));
                all.extend_from_slice(&piece[..read]);
            }
            // A person clicks no sooner.
            thread::sleep(Duration::from_millis(150));
        };
        get("/", "</script>\n");
        for _ in 0..4 {
            get("/time", "}\n");
        }
        let found = lab.found();
        assert_eq!(found.app, Some(App::Ajax), "{wire:?}");
        let updates: Vec<u64> = found.exchanges.updates().map(|update| update.tally().total_packets).collect();
        assert_eq!(updates[1..], [3, 3, 3], "{wire:?}");
        let rows = lab.bench.recording.rows_from(0, 1000).rows;
        assert_eq!(rows.len() as u64, found.totals.total_packets);
        assert!(rows.iter().any(|row| row.packet.info().contains("GET /time")));
    }
}

#[test]
fn settings_hold_from_the_next_connection_on() {
    for wire in wires() {
        let lab = Lab::start(Target::App(App::Web), wire);
        let fetch = || {
            let mut stream = lab.connect();
            let head = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", lab.bench.address);
            stream.write_all(head.as_bytes()).unwrap();
            assert!(rest(&mut stream).ends_with("then the end"));
        };
        fetch();
        lab.bench.settings.send_modify(|settings| {
            settings.style = wirelab_apps::AnswerStyle::Split;
            settings.quality.rtt = Duration::from_millis(120);
        });
        fetch();
        let found = lab.found();
        let ways: Vec<f64> = found.connections.iter().filter_map(|connection| connection.rtt_s()).collect();
        assert!(ways[0] < 0.1 && ways[1] >= 0.119, "{wire:?}: {ways:?}");
        let said = |connection: u32| {
            let rows = lab.bench.recording.rows_from(0, 1000).rows;
            let is_answer = |row: &&Arc<wirelab_live::Row>| {
                !row.packet.from_client && row.packet.connection == connection && row.packet.app_len > 0
            };
            rows.iter().filter(is_answer).count()
        };
        assert_eq!([said(0), said(1)], [1, 2], "{wire:?}");
    }
}

#[test]
fn secrets_reach_the_server_and_are_not_kept() {
    for wire in wires() {
        let (lab, _) = before(echo, wire);
        let mut stream = lab.connect();
        let request = "GET /?token=SESAME HTTP/1.1\r\nHost: localhost\r\nCookie: id=SESAME\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut back = vec![0; request.len()];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, request.as_bytes());
        drop(stream);
        let found = lab.found();
        let file = lab.bench.recording.file().unwrap();
        assert!(!file.windows(6).any(|bytes| bytes == b"SESAME"), "{wire:?}");
        assert!(file.windows(9).any(|bytes| bytes == b"*********"));
        assert!(!format!("{found:?}").contains("SESAME"));
        assert!(!format!("{:?}", lab.bench.recording.rows_from(0, 1000)).contains("SESAME"));
    }
}

#[test]
fn requests_of_other_peoples_pages_are_not_carried() {
    let evil = "http://evil.example";
    for (fields, status) in [
        (format!("Host: {}", "127.0.0.1"), "200"),
        ("Host: evil.example".to_owned(), "421"),
        (format!("Host: localhost\r\nOrigin: {evil}"), "403"),
        ("Host: localhost\r\nOrigin: null".to_owned(), "403"),
        // A page that an engineer serves on this machine, at another port.
        ("Host: localhost:1\r\nOrigin: http://localhost:5173".to_owned(), "200"),
        ("Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors".to_owned(), "403"),
        (
            "Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document"
                .to_owned(),
            "200",
        ),
        (format!("Host: localhost\r\nOrigin: {evil}\r\nConnection: Upgrade\r\nUpgrade: websocket"), "403"),
    ] {
        let lab = Lab::start(Target::App(App::Web), WireKind::Virtual);
        let mut stream = lab.connect();
        // In pieces, which says nothing.
        let head = format!("GET / HTTP/1.1\r\n{fields}\r\nX: y\r\n\r\n");
        for piece in head.as_bytes().chunks(11) {
            stream.write_all(piece).unwrap();
        }
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{fields}");
        if status != "200" {
            thread::sleep(Duration::from_millis(50));
            let found = lab.found();
            assert_eq!(found.groups.iter().filter(|group| group.label.contains("GET")).count(), 0, "{fields}");
        }
    }
}

#[test]
fn a_later_request_of_another_page_is_not_carried_either() {
    let lab = Lab::start(Target::App(App::Ajax), WireKind::Virtual);
    let mut stream = lab.connect();
    let host = lab.bench.address;
    stream.write_all(format!("GET /time HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    let mut piece = [0; 4096];
    assert!(stream.read(&mut piece).unwrap() > 0);
    stream.write_all(b"GET /time HTTP/1.1\r\nHost: evil.example\r\n\r\n").unwrap();
    assert!(rest(&mut stream).ends_with("ConnectionReset"));
}
