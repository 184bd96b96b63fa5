//! How fast does virtual time pass, and what does a client more cost?
//!
//! `cargo bench -p wirelab-wire`: first a table of one run each, then divan's statistics of the same runs.
//! The run is the usual timeline: each client connects, asks for an update of 5 bytes at 0, 10, 20 and 30 s, and
//! closes at 40 s. The resident memory is the process's peak so far, where the system tells it.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io;
use std::time::{Duration, Instant};

use divan::counter::ItemsCount;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_clock::Clock;
use wirelab_wire::{Connector, Listener, Outcome, Shutdown, Stop, Stream, WireOptions, virtual_wire};

const CLIENTS: [u32; 4] = [1, 100, 1000, 4000];

fn main() {
    println!("clients   frames  virtual s   wall ms  virtual s/s   frames/s  peak resident");
    for clients in CLIENTS {
        let begun = Instant::now();
        let outcome = timeline(clients);
        let wall = begun.elapsed().as_secs_f64();
        let (frames, passed) = (outcome.facts.frames.recorded as f64, outcome.client.as_secs_f64());
        println!(
            "{clients:7} {frames:8} {passed:10.1} {:9.1} {:12.0} {:10.0}  {}",
            wall * 1e3,
            passed / wall,
            frames / wall,
            peak_resident().map_or("?".to_owned(), |kib| format!("{} KiB", kib)),
        );
    }
    divan::main();
}

#[divan::bench(args = CLIENTS, sample_count = 10, sample_size = 1)]
fn forty_seconds(bencher: divan::Bencher<'_, '_>, clients: u32) {
    let frames = timeline(clients).facts.frames.recorded;
    bencher.counter(ItemsCount::new(frames)).bench(|| timeline(clients));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn a_body_of_ten_megabytes(bencher: divan::Bencher<'_, '_>) {
    bencher.counter(divan::counter::BytesCount::new(10_000_000_u32)).bench(|| {
        let server = |listener, _, shutdown| {
            serve(listener, shutdown, async |mut stream: Stream| stream.write_all(&vec![b'x'; 10_000_000]).await)
        };
        run(1, server, |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            let mut buffer = vec![0; 65_536];
            while stream.read(&mut buffer).await.unwrap() > 0 {}
        })
    });
}

/// The usual timeline for each of the clients, and how much time passed in it.
fn timeline(clients: u32) -> Outcome<Duration> {
    let server = |listener, _, shutdown| {
        serve(listener, shutdown, async |mut stream: Stream| {
            let mut request = [0; 5];
            while stream.read_exact(&mut request).await.is_ok() {
                stream.write_all(&request).await?;
            }
            Ok(())
        })
    };
    run(clients, server, |connectors, clock| async move {
        let clients: Vec<_> = connectors.into_iter().map(|one| tokio::spawn(client(one, clock.clone()))).collect();
        for client in clients {
            client.await.unwrap().unwrap();
        }
        clock.elapsed()
    })
}

async fn client(connector: Connector, clock: Clock) -> io::Result<()> {
    let mut stream = connector.connect().await?;
    for update in 0..4 {
        tokio::time::sleep_until(clock.instant_at(Duration::from_secs(10 * update))).await;
        stream.write_all(b"time\n").await?;
        stream.read_exact(&mut [0; 5]).await?;
    }
    tokio::time::sleep_until(clock.instant_at(Duration::from_secs(40))).await;
    Ok(())
}

async fn serve<F>(mut listener: Listener, mut shutdown: Shutdown, each: F) -> io::Result<()>
where
    F: AsyncFn(Stream) -> io::Result<()> + Copy + Send + 'static,
{
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async move {
            loop {
                tokio::select! {
                    biased;
                    () = &mut shutdown => return Ok(()),
                    accepted = listener.accept() => {
                        let stream = accepted?.0;
                        tokio::task::spawn_local(async move { each(stream).await });
                    }
                }
            }
        })
        .await
}

fn run<T, S, SF, C, CF>(clients: u32, server: S, client: C) -> Outcome<T>
where
    S: FnOnce(Listener, Clock, Shutdown) -> SF + Send + 'static,
    SF: Future<Output = io::Result<()>>,
    C: FnOnce(Vec<Connector>, Clock) -> CF + Send + 'static,
    CF: Future<Output = T>,
    T: Send + 'static,
{
    let options = WireOptions { clients, ..WireOptions::default() };
    // What a capture file costs is not the wire's; but every frame is looked at.
    let recorder = |_, frame: &[u8]| {
        divan::black_box(frame);
        Ok(())
    };
    virtual_wire::run(&options, Stop::new(), recorder, server, client).unwrap()
}

/// The largest resident size of this process so far, in KiB (Linux).
fn peak_resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
