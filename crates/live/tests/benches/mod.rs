//! A bench under test, and what there is to wait for.
#![allow(dead_code)]

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use wirelab_analyze::Capture;
use wirelab_apps::AnswerStyle;
use wirelab_live::bench::{Bench, Ending, Plan};
use wirelab_live::recording::Limits;
use wirelab_live::{Settings, Target};
use wirelab_wire::{Quality, Stop, WireKind, kernel};

/// A bench with what it needs; all of it ends with this.
pub struct Lab {
    pub bench: Arc<Bench>,
    stop: Stop,
    ending: Option<Ending>,
    pub outside: Runtime,
}

impl Lab {
    pub fn start(target: Target, wire: WireKind) -> Lab {
        let outside = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let stop = Stop::new();
        let plan = Plan {
            target,
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            wire,
            settings: Settings {
                quality: Quality { rtt: Duration::from_millis(4), loss: 0.0 },
                style: AnswerStyle::Coalesced,
                interval: Duration::from_secs(1),
            },
            allowed: Vec::new(),
            rewrite_host: false,
            connections: 1000,
            limits: Limits::default(),
            seed: 1,
        };
        let (bench, ending) = Bench::start(plan, outside.handle(), stop.clone()).unwrap();
        Lab { bench: Arc::new(bench), stop, ending: Some(ending), outside }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.bench.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// What was found, once nothing new has come for a while.
    pub fn found(&self) -> Capture {
        let mut frames = 0;
        until("the wire is quiet", || {
            thread::sleep(Duration::from_millis(60));
            let now = self.bench.recording.found("test").frames;
            std::mem::replace(&mut frames, now) == now
        });
        self.bench.recording.found("test")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.now();
        let ended = self.ending.take().unwrap().join().unwrap();
        if !thread::panicking() {
            assert!(matches!(ended, Err(wirelab_wire::Error::Interrupted)), "{ended:?}");
        }
    }
}

/// The wires that can be had here. A user namespace is not for a process with threads, so the kernel's needs rights.
pub fn wires() -> Vec<WireKind> {
    if kernel::privileged() {
        vec![WireKind::Virtual, WireKind::Kernel]
    } else {
        eprintln!("skipped: the kernel wire, for want of rights");
        vec![WireKind::Virtual]
    }
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Bytes that are not all alike.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

const PATIENCE: Duration = Duration::from_secs(30);
