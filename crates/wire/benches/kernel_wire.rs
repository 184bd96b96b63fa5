//! How true are the times of the kernel wire on this machine, and how much does it carry?
//!
//! Prints the time it takes to set up, the percentiles of a round trip of 25 ms, and the throughput without delay.

#![allow(clippy::print_stdout)]

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_clock::Clock;
use wirelab_wire::{Connector, Listener, Shutdown, Stop, WireOptions, kernel};

fn main() {
    if let Err(refusal) = kernel::probe().and_then(|()| kernel::enter()) {
        println!("skipped: {refusal}");
        return;
    }
    for _ in 0..3 {
        round_trips();
    }
    throughput();
}

fn round_trips() {
    let options = WireOptions { rtt: Duration::from_millis(25), server_no_delay: true, ..WireOptions::default() };
    let client = |connectors: Vec<Connector>, _: Clock| async move {
        let mut took = Vec::new();
        let mut stream = connectors[0].connect().await?;
        for _ in 0..PINGS {
            let sent = Instant::now();
            stream.write_all(b"12345").await?;
            stream.read_exact(&mut [0; 5]).await?;
            took.push(sent.elapsed());
        }
        took.sort_unstable();
        Ok::<_, io::Error>(took)
    };
    let outcome = kernel::run(&options, Stop::new(), |_, _| Ok(()), echo, client).expect("a run");
    let took = outcome.client.expect("round trips");
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
    let setup_ms = outcome.facts.setup_us as f64 / 1000.0;
    println!(
        "set up in {setup_ms:.1} ms; round trip of 25 ms: least {:.2}, p50 {:.2}, p90 {:.2}, p99 {:.2}, most {:.2} ms",
        at(0),
        at(50),
        at(90),
        at(99),
        at(100)
    );
}

fn throughput() {
    let options = WireOptions { rtt: Duration::ZERO, ..WireOptions::default() };
    let client = |connectors: Vec<Connector>, _: Clock| async move {
        let mut stream = connectors[0].connect().await?;
        let (begun, mut buffer, mut all) = (Instant::now(), vec![0; 1 << 16], 0);
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok::<_, io::Error>((all, begun.elapsed())),
                len => all += len,
            }
        }
    };
    let flood = |mut listener: Listener, _: Clock, shutdown: Shutdown| async move {
        let (mut stream, _) = listener.accept().await?;
        stream.write_all(&vec![0; FLOOD]).await?;
        drop(stream);
        shutdown.await;
        Ok(())
    };
    let outcome = kernel::run(&options, Stop::new(), |_, _| Ok(()), flood, client).expect("a run");
    let (bytes, took) = outcome.client.expect("all bytes");
    let frames = outcome.facts.frames;
    println!(
        "{} MB in {took:.2?}: {:.0} MB/s, {:.0} frames/s; {} frames found no room",
        bytes / 1_000_000,
        bytes as f64 / took.as_secs_f64() / 1e6,
        frames.delivered as f64 / took.as_secs_f64(),
        frames.overflowed
    );
}

async fn echo(mut listener: Listener, _: Clock, shutdown: Shutdown) -> io::Result<()> {
    let (mut stream, _) = listener.accept().await?;
    let mut buffer = [0; 64];
    loop {
        match stream.read(&mut buffer).await? {
            0 => break,
            len => stream.write_all(&buffer[..len]).await?,
        }
    }
    drop(stream);
    shutdown.await;
    Ok(())
}

const PINGS: usize = 200;
const FLOOD: usize = 200_000_000;
