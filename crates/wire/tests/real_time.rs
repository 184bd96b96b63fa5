//! Does a virtual wire in real time carry what it carries in its own, at the time that it takes?
#![allow(clippy::unwrap_used)]

mod testbed;

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use testbed::{Run, echo_server, in_real_time, on_the_wire, pattern, serve_each, shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_clock::Clock;
use wirelab_wire::{Connector, Quality, Stream, Tuning, WireOptions};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Says a word, and waits for it to come back.
async fn ask(stream: &mut Stream) -> Duration {
    let asked = Instant::now();
    stream.write_all(b"hello").await.unwrap();
    stream.read_exact(&mut [0; 5]).await.unwrap();
    asked.elapsed()
}

#[test]
fn frames_take_the_time_that_the_link_says_and_are_those_of_virtual_time() {
    let talk = |connectors: Vec<Connector>, _: Clock| async move {
        let mut stream = connectors[0].connect().await.unwrap();
        let mut took = Vec::new();
        for _ in 0..3 {
            took.push(ask(&mut stream).await);
            // Longer than an acknowledgement waits for something to go with.
            tokio::time::sleep(ms(100)).await;
        }
        took
    };
    let options = WireOptions { rtt: ms(30), ..WireOptions::default() };
    let Run { result, frames } = in_real_time(&options, echo_server, talk);
    for took in result.unwrap().client {
        assert!((ms(30)..ms(300)).contains(&took), "{took:?}");
    }
    // Recorded at the server: from its answer to the client's acknowledgement it is a round trip.
    let handshake = frames[2].time_ns - frames[1].time_ns;
    assert!((30_000_000..300_000_000).contains(&handshake), "{handshake}");
    assert_eq!(shape(&frames), shape(&on_the_wire(&options, echo_server, talk).frames));
}

#[test]
fn a_link_is_turned_while_it_carries() {
    let tuning = Tuning::default();
    let options = WireOptions { rtt: Duration::ZERO, tuning: tuning.clone(), ..WireOptions::default() };
    let Run { result, .. } = in_real_time(&options, echo_server, move |connectors, _| async move {
        let mut stream = connectors[0].connect().await.unwrap();
        ask(&mut stream).await;
        tuning.set(Quality { rtt: ms(80), loss: 0.0 });
        let slow = ask(&mut stream).await;
        tuning.set(Quality { rtt: ms(1), loss: 0.0 });
        (slow, ask(&mut stream).await)
    });
    let (slow, fast) = result.unwrap().client;
    assert!(slow >= ms(80), "{slow:?}");
    assert!(fast < ms(80), "{fast:?}");
}

#[test]
fn programs_reach_the_world_outside() {
    let outside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = outside.local_addr().unwrap();
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = outside.accept().unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        stream.write_all(&all).unwrap();
    });
    // More than a window, and than any buffer on the way.
    let sent = pattern(600_000);
    let expected = sent.clone();
    let options = WireOptions { rtt: ms(2), ..WireOptions::default() };
    let server = move |listener, _, shutdown| {
        serve_each(listener, shutdown, move |mut near| async move {
            let mut far = tokio::net::TcpStream::connect(address).await?;
            tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
        })
    };
    let Run { result, .. } = in_real_time(&options, server, |connectors, _| async move {
        let stream = connectors[0].connect().await.unwrap();
        let (mut read, mut write) = tokio::io::split(stream);
        let mut all = Vec::new();
        let writing = async {
            write.write_all(&sent).await.unwrap();
            write.shutdown().await.unwrap();
        };
        tokio::join!(writing, read.read_to_end(&mut all)).1.unwrap();
        all
    });
    assert!(result.unwrap().client == expected);
    answering.join().unwrap();
}

#[test]
fn a_connection_that_is_broken_off_is_reset() {
    let Run { result, frames } = in_real_time(
        &WireOptions { rtt: ms(2), ..WireOptions::default() },
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |mut stream| async move {
                stream.read_exact(&mut [0; 5]).await?;
                stream.write_all(b"lost").await?;
                stream.reset();
                io::Result::Ok(())
            })
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.map_err(|error| error.kind())
        },
    );
    assert_eq!(result.unwrap().client, Err(ErrorKind::ConnectionReset));
    assert!(shape(&frames).iter().any(|frame| frame.starts_with("< R")), "{:?}", shape(&frames));
}
