//! `wirelab serve`, as a person with netcat or a browser meets it.
#![cfg(unix)]

mod lab;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lab::Lab;

struct Served {
    child: Child,
    line: String,
    port: u16,
}

fn serve(lab: &Lab, app: &str) -> Served {
    let mut child = lab
        .command(&format!("serve {app} --port 0"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
    let port = line.trim_end().trim_end_matches('/').rsplit([':', ' ']).next().and_then(|port| port.parse().ok());
    Served { child, port: port.unwrap_or_else(|| panic!("no port in {line:?}")), line }
}

impl Served {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
        stream
    }

    /// Ctrl-C; gives the exit status.
    fn end(mut self) -> Option<i32> {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill");
        self.child.wait().expect("it ends").code()
    }
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
