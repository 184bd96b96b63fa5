//! `wirelab serve`, as a person with netcat or a browser meets it.
#![cfg(unix)]

mod lab;

use std::io::{Read, Write};

use lab::Lab;
use lab::served::{Served, started};

fn serve(lab: &Lab, app: &str) -> Served {
    started(lab.command(&format!("serve {app} --port 0")))
}

#[test]
fn raw_tcp_for_netcat() {
    let lab = Lab::new();
    let served = serve(&lab, "tcp");
    assert_eq!(served.line, format!("nc 127.0.0.1 {}\n", served.port));
    let mut stream = served.connect();
    stream.write_all(b"time\nbye\n").expect("sent");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("text");
    assert!(said.starts_with("Hello!\nServer time: ") && said.ends_with("Good bye!\n"), "{said}");
    assert_eq!(served.end(), Some(0));
}

#[test]
fn pages_for_browsers() {
    let lab = Lab::new();
    for app in ["web", "ajax", "sse", "ws"] {
        let served = serve(&lab, app);
        assert_eq!(served.line, format!("http://127.0.0.1:{}/\n", served.port));
        let mut stream = served.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("text");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("Server time"), "{app}: {page}");
        assert_eq!(served.end(), Some(0), "{app}");
    }
}

#[test]
fn ctrl_c_ends_it_though_a_client_is_there() {
    let lab = Lab::new();
    let served = serve(&lab, "sse");
    let mut stream = served.connect();
    stream.write_all(b"GET /time HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut first = [0; 15];
    stream.read_exact(&mut first).expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    assert_eq!(served.end(), Some(0));
}

#[test]
fn pages_of_other_servers_are_kept_out_unless_their_host_is_allowed() {
    let lab = Lab::new();
    let foreign = "GET / HTTP/1.1\r\nHost: evil.example:8000\r\nConnection: close\r\n\r\n";
    let handshake = "GET /time HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example:8000\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n";
    for (flags, page, socket) in [("", "421", "403"), (" --allow-host evil.example", "200", "101")] {
        let served = serve(&lab, &format!("ws{flags}"));
        for (request, status) in [(foreign, page), (handshake, socket)] {
            let mut stream = served.connect();
            stream.write_all(request.as_bytes()).expect("sent");
            let mut first = [0; 12];
            stream.read_exact(&mut first).expect("an answer");
            assert_eq!(first.as_slice(), format!("HTTP/1.1 {status}").as_bytes(), "{flags}: {request}");
        }
        assert_eq!(served.end(), Some(0));
    }
    let ran = lab.run("serve ws --allow-host http://evil.example/");
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("expected a host"), "{}", ran.stderr);
}

#[test]
fn a_request_and_then_the_end_is_answered() {
    let lab = Lab::new();
    let served = serve(&lab, "ajax");
    for turn in 0..50 {
        let mut stream = served.connect();
        stream.write_all(b"GET /time HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("half closed");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\"}\n"), "{turn}: {answer:?}");
    }
    assert_eq!(served.end(), Some(0));
}

#[test]
fn at_the_limit_of_open_files_clients_are_turned_away_and_a_line_says_so() {
    const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let lab = Lab::new();
    let mut command = lab.command_of(std::path::Path::new("/bin/sh"), "");
    command.args(["-c", "ulimit -n 80; exec \"$0\" serve web --port 0", env!("CARGO_BIN_EXE_wirelab")]);
    let served = started(command);
    let clients: Vec<_> = (0..48).map(|_| served.ask(GET)).collect();
    assert!(clients.iter().all(|(_, answer)| answer.starts_with("HTTP/1.1 200 ")));
    for _ in 0..10 {
        assert!(served.ask(GET).1.starts_with("HTTP/1.1 503 "));
    }
    // Silent ones take what else there is of descriptors, for 2 s; the others wait that long, and hear the same.
    let silent: Vec<_> = (0..40).map(|_| served.connect()).collect();
    assert!(served.ask(GET).1.starts_with("HTTP/1.1 503 "));
    drop((clients, silent));
    let (status, said) = served.end_with_words();
    assert_eq!(status, Some(0));
    assert!(said.contains("places for clients: 48, as 80 files may be open"), "{said}");
    assert_eq!(said.matches("all 48 places for clients are taken").count(), 1, "{said}");
    assert!(!said.contains("no connection can be accepted"), "{said}");
}

#[test]
fn the_log_goes_to_standard_error_where_it_is_asked_for() {
    let lab = Lab::new();
    for (flag, variable, shown) in [
        ("", None, false),
        (" --log debug", None, true),
        (" --log wirelab_apps::http=debug", None, true),
        (" --log wirelab_apps::tcp=debug", None, false),
        ("", Some("debug"), true),
        ("", Some("hyper=trace,wirelab_apps=debug"), true),
        (" --log warn", Some("debug"), false),
        ("", Some("wirelab_apps=loud"), false),
    ] {
        let mut command = lab.command(&format!("serve ajax --port 0{flag}"));
        command.env_remove("RUST_LOG").envs(variable.map(|text| ("RUST_LOG", text)));
        let served = started(command);
        served.ask("GET /time?x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let (_, said) = served.end_with_words();
        let line = "DEBUG wirelab_apps::http: answered asked=\"GET /time?x\" status=200\n";
        assert_eq!(said.contains(line), shown, "{flag}, {variable:?}: {said}");
        assert_eq!(said.contains("RUST_LOG is not understood"), variable == Some("wirelab_apps=loud"), "{said}");
    }
    let ran = lab.run("doctor --log loud");
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("expected off, error, warn"), "{}", ran.stderr);
}
