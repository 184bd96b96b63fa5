//! `wirelab live`, as a person with a terminal beside the browser meets it.
#![cfg(unix)]

mod lab;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use lab::Lab;
use lab::served::{Served, started};

/// Starts it with its output in a file, for a reader that lags behind would hold it up.
fn live(lab: &Lab, arguments: &str) -> Served {
    started(lab.command(&format!("live {arguments} --no-page --port 0")))
}

/// A GET and its answer, with the connection to go on with.
fn get(served: &Served, target: &str) -> (TcpStream, String) {
    served.ask(&format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", served.port))
}

/// Ctrl-C; gives the exit status and all that was said on standard output.
fn end(mut served: Served) -> (Option<i32>, String) {
    Command::new("kill").args(["-INT", &served.child.id().to_string()]).status().expect("kill");
    let mut said = String::new();
    served.child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
    (served.child.wait().expect("it ends").code(), said)
}

fn lines(said: &str, word: &str) -> usize {
    said.lines().filter(|line| line.contains(word)).count()
}

#[test]
fn the_ladder_of_an_app_grows_and_its_capture_says_the_same() {
    for wire in ["virtual", "auto"] {
        let lab = Lab::new();
        let served = live(&lab, &format!("ajax --wire {wire} --pcap-dir kept"));
        let (mut stream, page) = get(&served, "/");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        let host = served.port;
        for _ in 0..2 {
            thread::sleep(Duration::from_millis(150));
            stream.write_all(format!("GET /time HTTP/1.1\r\nHost: 127.0.0.1:{host}\r\n\r\n").as_bytes()).expect("sent");
            assert!(stream.read(&mut [0; 2000]).expect("an answer") > 0);
        }
        // Exchanges are summed up once they have been silent.
        thread::sleep(Duration::from_millis(700));
        drop(stream);
        thread::sleep(Duration::from_millis(200));
        let (status, said) = end(served);
        assert_eq!(status, Some(0), "{said}");
        assert_eq!(lines(&said, "═══ GET /time ═══"), 2, "{said}");
        assert_eq!(lines(&said, "update 2, GET /time: 3 packets, "), 1, "{said}");
        assert_eq!(lines(&said, "page, GET /: "), 1, "{said}");
        assert_eq!(lines(&said, "The whole capture"), 1, "{said}");
        let json = lab.analysis("kept/ajaxapp.pcap");
        let found = &json["captures"][0];
        assert_eq!(found["app"], "ajax");
        let shown = said.lines().filter(|line| line.contains("  client ") && line.ends_with(" bytes")).count();
        assert_eq!(found["totals"]["total_packets"], shown, "{said}");
    }
}

#[test]
fn a_server_of_ones_own_is_reached_through_the_wire() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut asked = String::new();
            stream.read_to_string(&mut asked).expect("text");
            stream.write_all(asked.to_uppercase().as_bytes()).expect("sent");
        }
    });
    let lab = Lab::new();
    let served = live(&lab, &format!("--to {address} --rtt 40ms --wire virtual"));
    assert_eq!(served.line, format!("127.0.0.1:{}\n", served.port));
    let mut stream = served.connect();
    stream.write_all(b"hello\n").expect("sent");
    stream.shutdown(Shutdown::Write).expect("half closed");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("text");
    assert_eq!(said, "HELLO\n");
    thread::sleep(Duration::from_millis(700));
    let (status, said) = end(served);
    assert_eq!(status, Some(0));
    assert!(said.contains("FIN, ACK"), "{said}");
    // Of a server that is not the lab's, nothing is said about 2021.
    assert!(!said.contains("2021"), "{said}");
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let lab = Lab::new();
    for (arguments, status, sentence) in [
        ("live --no-page ws sse", 2, "a terminal shows the packets of one app"),
        ("live --no-page --to localhost", 2, "--to wants the host and the port"),
        ("live --no-page --to https://localhost", 2, "--to carries bytes as they are"),
        ("live --no-page ws --rtt 2s", 2, "it may be 0 to 1 s"),
        ("live --no-page ws --loss 60%", 2, "it may be 0 to 0.5"),
        ("live --no-page ws --interval 1ms", 2, "--interval must be from 10ms to 24h, not 1ms"),
        ("live --no-page ws --to localhost:1", 2, "cannot be used with"),
    ] {
        let ran = lab.run(arguments);
        assert_eq!(ran.status, status, "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(sentence), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let lab = Lab::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let ran = lab.run(&format!("live ws --no-page --wire virtual --port {port}"));
    assert_eq!(ran.status, 3);
    assert!(ran.stderr.contains(&format!("port {port} of 127.0.0.1 is in use")), "{}", ran.stderr);
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let lab = Lab::new();
    let mut command = lab.command("live tcp --no-page --wire virtual --port 0");
    let output = fs::File::create(lab.path("said")).expect("a file");
    let mut child = command.stdout(Stdio::piped()).stderr(output).spawn().expect("it starts");
    let mut address = [0; 64];
    let count = child.stdout.as_mut().expect("a pipe").read(&mut address).expect("a line");
    let address = String::from_utf8_lossy(&address[..count]).trim().replace("nc ", "").replace(' ', ":");
    drop(child.stdout.take());
    let mut stream = TcpStream::connect(&address).expect("a connection");
    assert!(stream.read(&mut [0; 99]).is_ok());
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{}", lab.text("said"));
}
