//! What does a connection cost that is held open?
//!
//! ```text
//! cargo bench -p wirelab-apps --bench held_connections
//! ```
//!
//! Starts each app in a process of its own, reads that process's resident memory from `/proc`, connects 1,000 clients
//! at once, reads it again when all have had an update, and divides the difference. So everything counts: tasks,
//! buffers, timers, what the allocator keeps; but not the kernel's socket buffers, which belong to no process. Then
//! each client gets (event stream) or asks for (the others) one update a second, and the server's processor time is
//! divided by the updates. Linux only; elsewhere it says so and ends.
//!
//! Fails when a WebSocket costs more than 8 KiB or an event stream more than 22 KiB.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use wirelab_apps::ServerOptions;
use wirelab_catalog::App;
use wirelab_clock::Clock;

const CLIENTS: usize = 1000;
const ROUNDS: usize = 5;

struct Case {
    app: App,
    /// What a client says to begin with, and how many bytes it then hears.
    begin: (&'static [u8], usize),
    /// The same for one more update.
    update: (&'static [u8], usize),
    limit_kib: Option<f64>,
}

/// One of each app: one that is missing does not compile.
const CASES: [Case; App::ALL.len()] = [
    Case { app: App::Tcp, begin: (b"time\n", 40), update: (b"time\n", 10), limit_kib: None },
    Case { app: App::Web, begin: (GET_PAGE, 549), update: (GET_PAGE, 549), limit_kib: None },
    Case { app: App::Ajax, begin: (GET_TIME, 128), update: (GET_TIME, 128), limit_kib: None },
    Case { app: App::Sse, begin: (GET_TIME, 132), update: (b"", 34), limit_kib: Some(22.0) },
    Case { app: App::Ws, begin: (UPGRADE, 129), update: (GET_TIME_FRAME, 22), limit_kib: Some(8.0) },
    Case { app: App::Poll, begin: (GET_POLL, 128), update: (GET_POLL, 128), limit_kib: None },
    Case { app: App::WsPush, begin: (PUSH_UPGRADE, 129), update: (b"", 22), limit_kib: Some(8.0) },
    Case { app: App::LongPoll, begin: (GET_NEXT, 128), update: (GET_NEXT, 128), limit_kib: None },
    Case { app: App::Iframe, begin: (GET_TINY, 172), update: (GET_TINY, 172), limit_kib: None },
    Case { app: App::Stream, begin: (GET_FEED, 120), update: (b"", 27), limit_kib: Some(22.0) },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, serve, app] = arguments.as_slice()
        && serve == "serve"
    {
        run_server(app);
        return ExitCode::SUCCESS;
    }
    if !cfg!(target_os = "linux") {
        println!("skipped: memory is read from /proc, which is Linux's");
        return ExitCode::SUCCESS;
    }
    println!("{CLIENTS} clients, one update a second each");
    println!("app    KiB per connection    µs of processor per update");
    let mut within = true;
    for case in &CASES {
        let (kib, micros) = measure(case);
        let verdict = match case.limit_kib {
            Some(limit) if kib > limit => {
                within = false;
                format!("   more than the limit of {limit}")
            }
            Some(limit) => format!("   limit {limit}"),
            None => String::new(),
        };
        println!("{:<6} {kib:>18.1} {micros:>25.1}{verdict}", case.app);
    }
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Memory per connection in KiB, and processor time per update in microseconds.
fn measure(case: &Case) -> (f64, f64) {
    let server = Server::start(case.app.name());
    sleep(Duration::from_millis(200));
    let empty = server.resident_kib();

    // All at once, which is harder than one after the other: what the beginnings need is needed a thousand times.
    let mut clients: Vec<TcpStream> = (0..CLIENTS).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    let mut all = |(words, length): (&[u8], usize)| {
        for client in &mut clients {
            client.write_all(words).unwrap();
        }
        for client in &mut clients {
            client.read_exact(&mut vec![0; length]).unwrap();
        }
    };
    all(case.begin);
    all(case.update);
    let held = server.resident_kib();

    let before = server.processor();
    let start = Instant::now();
    for round in 1..=ROUNDS {
        all(case.update);
        sleep((start + Duration::from_secs(round as u64)).saturating_duration_since(Instant::now()));
    }
    let spent = server.processor() - before;
    ((held - empty) / CLIENTS as f64, spent.as_secs_f64() * 1e6 / (CLIENTS * ROUNDS) as f64)
}

/// A server in a process of its own; ends with it.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(app: &str) -> Server {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["serve", app])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Server { process, address: address.trim().to_owned() }
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).unwrap()
    }

    fn resident_kib(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Time on a processor; the server has one thread.
    fn processor(&self) -> Duration {
        Duration::from_nanos(self.proc("schedstat").split_whitespace().next().unwrap().parse().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn run_server(app: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let (clock, options, forever) = (Clock::utc(), ServerOptions::default(), std::future::pending());
        let app = app.parse().unwrap();
        wirelab_apps::run(app, listener, clock, options, forever).await.unwrap();
    });
}

const GET_PAGE: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const GET_TIME: &[u8] = b"GET /time HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const GET_POLL: &[u8] = b"GET /poll HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const GET_NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const GET_TINY: &[u8] = b"GET /tiny HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const GET_FEED: &[u8] = b"GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const UPGRADE: &[u8] = b"GET /time HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n";
const PUSH_UPGRADE: &[u8] = b"GET /push HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n";
const GET_TIME_FRAME: &[u8] = b"\x81\x88\0\0\0\0get-time";
