//! The program while it serves, as a person with netcat or a browser meets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A program that serves, until it is ended.
pub struct Served {
    pub child: Child,
    pub line: String,
    pub port: u16,
}

/// Starts it, and waits for the line with its address.
pub fn started(mut command: Command) -> Served {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
    let port = line.trim_end().trim_end_matches('/').rsplit([':', ' ']).next().and_then(|port| port.parse().ok());
    Served { child, port: port.unwrap_or_else(|| panic!("no port in {line:?}")), line }
}

impl Served {
    /// A connection to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
        stream
    }

    /// A request and its answer, over a connection that stays open.
    pub fn ask(&self, request: &str) -> (TcpStream, String) {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            let count = stream.read(&mut piece).expect("an answer");
            assert_ne!(count, 0, "no whole answer: {answer:?}");
            answer.extend(&piece[..count]);
        }
        (stream, String::from_utf8(answer).expect("text"))
    }

    /// Ctrl-C; gives the exit status.
    pub fn end(self) -> Option<i32> {
        self.end_with_words().0
    }

    /// Ctrl-C; gives the exit status and what was said on standard error.
    pub fn end_with_words(mut self) -> (Option<i32>, String) {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill");
        let mut said = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        (self.child.wait().expect("it ends").code(), said)
    }
}
