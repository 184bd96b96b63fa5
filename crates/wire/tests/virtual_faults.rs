//! What holds on a bad link?
#![allow(clippy::unwrap_used)]

mod testbed;

use std::io::ErrorKind;
use std::time::Duration;

use proptest::prelude::*;
use testbed::{Run, echo_server, on_the_wire, pattern, serve_each};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_wire::{Connector, Facts, Host, ImpairedBy, ImpairedFrame, Impairment, Stream, Vantage, WireOptions};

/// A browser would try again, too.
async fn connect(connector: &Connector) -> Stream {
    loop {
        match connector.connect().await {
            Ok(stream) => return stream,
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
    }
}

prop_compose! {
    fn bad_link()(
        seed: u64,
        rtt_us in 0_u64..=300_000,
        loss in 0.0..0.2,
        duplicate in 0.0..0.2,
        reorder in 0.0..0.2,
        down in proptest::option::of((0_u64..20_000, 0_u64..30_000)),
        at_client: bool,
        server_no_delay: bool,
        client_no_delay: bool,
    ) -> WireOptions {
        WireOptions {
            seed,
            rtt: Duration::from_micros(rtt_us),
            loss,
            duplicate,
            reorder,
            down: down.map(|(from, long)| (Duration::from_millis(from), Duration::from_millis(long))),
            vantage: if at_client { Vantage::Client } else { Vantage::Server },
            server_no_delay,
            client_no_delay,
            ..WireOptions::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_arrives_whole_and_in_order_and_the_run_ends(options in bad_link(), len in 1_usize..120_000) {
        let Run { result, frames } = on_the_wire(&options, echo_server, move |connectors, _| async move {
            let mut stream = connect(&connectors[0]).await;
            let sent = pattern(len);
            let mut heard = Vec::new();
            // Less at once than both buffers hold: an echo that is not read would stop everything.
            for part in sent.chunks(30_000) {
                stream.write_all(part).await.unwrap();
                let mut answer = vec![0; part.len()];
                stream.read_exact(&mut answer).await.unwrap();
                heard.extend_from_slice(&answer);
            }
            stream.shutdown().await.unwrap();
            stream.read_to_end(&mut heard).await.unwrap();
            heard
        });
        let outcome = result.unwrap();
        prop_assert!(outcome.client == pattern(len), "other bytes came back");
        let counts = outcome.facts.frames;
        prop_assert_eq!(counts.sent + counts.duplicated, counts.delivered + counts.lost);
        prop_assert_eq!(counts.recorded, frames.len() as u64);
    }

    #[test]
    fn turns_are_answered_one_by_one(options in bad_link(), turns in 1_u32..50, interval_ms in 0_u64..3000) {
        let Run { result, frames } = on_the_wire(
            &options,
            |listener, _, shutdown| serve_each(listener, shutdown, |mut stream| async move {
                let mut turn = [0; 4];
                while stream.read_exact(&mut turn).await.is_ok() {
                    stream.write_all(b"head").await?;
                    stream.write_all(&turn).await?;
                }
                Ok(())
            }),
            move |connectors, _| async move {
                let mut stream = connect(&connectors[0]).await;
                for turn in 0..turns {
                    stream.write_all(&turn.to_be_bytes()).await.unwrap();
                    let mut answer = [0; 8];
                    stream.read_exact(&mut answer).await.unwrap();
                    assert_eq!(answer[..4], *b"head");
                    assert_eq!(answer[4..], turn.to_be_bytes());
                    tokio::time::sleep(Duration::from_millis(interval_ms)).await;
                }
            },
        );
        result.unwrap();
        // Every byte of the answers is in the capture; what is there twice has the same bytes at the same place.
        let server: Vec<_> = frames.iter().filter(|f| f.from_server && !f.payload.is_empty()).collect();
        let connected = server[0].client;
        let isn = frames.iter().find(|f| f.from_server && f.syn && f.client == connected).unwrap().seq;
        let mut stream = vec![None; 8 * turns as usize];
        for frame in server {
            let start = frame.seq.wrapping_sub(isn).wrapping_sub(1) as usize;
            for (place, &byte) in stream[start..].iter_mut().zip(&frame.payload) {
                prop_assert!(place.is_none_or(|there| there == byte));
                *place = Some(byte);
            }
        }
        prop_assert!(stream.iter().all(Option::is_some));
    }
}

#[test]
fn each_end_of_the_link_sees_its_own_losses() {
    let run = |vantage| {
        let options = WireOptions { loss: 0.2, seed: 5, vantage, ..WireOptions::default() };
        let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, _| async move {
            let mut stream = connect(&connectors[0]).await;
            for _ in 0..50 {
                stream.write_all(b"?").await.unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
            }
        });
        (result.unwrap().facts.frames, frames)
    };
    let (server_counts, server) = run(Vantage::Server);
    let (client_counts, client) = run(Vantage::Client);
    assert!(server_counts.lost > 10);
    // The run is the same one, whoever watches.
    assert_eq!(server_counts.sent, client_counts.sent);
    let sent = |frames: &[testbed::Frame], server: bool| frames.iter().filter(|f| f.from_server == server).count();
    assert!(sent(&server, true) > sent(&client, true), "what the server sent and the link lost is seen at the server");
    assert!(sent(&server, false) < sent(&client, false), "what the client sent and the link lost is seen there");
    assert_eq!(sent(&server, true) + sent(&client, false), server_counts.sent as usize);
}

#[test]
fn every_impaired_frame_is_listed_with_its_number_at_either_end() {
    let run = |vantage| {
        let down = Some((Duration::from_secs(3), Duration::from_secs(3)));
        let options =
            WireOptions { loss: 0.1, duplicate: 0.1, reorder: 0.1, down, seed: 5, vantage, ..WireOptions::default() };
        let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, clock| async move {
            let mut stream = connect(&connectors[0]).await;
            for _ in 0..100 {
                stream.write_all(b"?").await.unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
            }
            clock.unix_nanos_at(Duration::ZERO)
        });
        let outcome = result.unwrap();
        let stamp = move |at: Duration| outcome.client + at.as_nanos() as u64;
        let Facts { frames: counts, impaired, .. } = outcome.facts;
        let of = |what| impaired.frames.iter().filter(|frame| frame.what == what).count() as u64;
        let listed = [Impairment::Dropped, Impairment::Doubled, Impairment::Reordered, Impairment::Delayed].map(of);
        assert_eq!(listed, [counts.lost, counts.duplicated, counts.reordered, counts.delayed]);
        assert!(listed.iter().all(|&count| count > 3), "{listed:?}");
        assert!(impaired.frames.iter().any(|frame| frame.by == ImpairedBy::Down));
        for entry in &impaired.frames {
            let seen_when_sent = (vantage == Vantage::Server) == (entry.to == Host::Client);
            assert_eq!(entry.frame.is_some(), seen_when_sent || entry.what != Impairment::Dropped, "{entry:?}");
            assert_eq!(entry.copy.is_some(), !seen_when_sent && entry.what == Impairment::Doubled, "{entry:?}");
            let there = |number: u64| &frames[number as usize - 1];
            let Some(number) = entry.frame else { continue };
            assert_eq!(there(number).from_server, entry.to == Host::Client, "{entry:?}");
            let at = if seen_when_sent { entry.sent } else { entry.arrived.unwrap() };
            assert_eq!(there(number).time_ns, stamp(at), "{entry:?}");
            if let Some(copy) = entry.copy {
                assert_eq!(there(copy), there(number));
            }
            if entry.what == Impairment::Reordered && !seen_when_sent {
                // Right behind the one that overtook it; an answer to that may have left in between.
                let earlier = frames[..number as usize - 1].iter().rev();
                let before = earlier.into_iter().find(|frame| frame.from_server == there(number).from_server);
                assert_eq!(before.unwrap().time_ns, there(number).time_ns, "{entry:?}");
            }
        }
        (impaired.frames, frames)
    };
    let (at_server, server_frames) = run(Vantage::Server);
    let (at_client, client_frames) = run(Vantage::Client);
    // One run, seen from both ends: the same frames were impaired, and each end lacks those that it lists as dropped.
    let fate = |frame: &ImpairedFrame| (frame.what, frame.by, frame.to, frame.sent, frame.arrived);
    assert!(at_server.iter().map(fate).eq(at_client.iter().map(fate)));
    let dropped = |list: &[ImpairedFrame], here: &[testbed::Frame], there: &[testbed::Frame]| {
        let numbers = list.iter().filter(|frame| frame.what == Impairment::Dropped).filter_map(|frame| frame.frame);
        for number in numbers {
            let frame = &here[number as usize - 1].bytes;
            assert!(there.iter().all(|other| other.bytes != *frame), "frame {number} has arrived");
        }
    };
    dropped(&at_server, &server_frames, &client_frames);
    dropped(&at_client, &client_frames, &server_frames);
}

#[test]
fn a_link_that_comes_back_is_recovered_from() {
    let options = WireOptions {
        down: Some((Duration::from_secs(9), Duration::from_secs(15))),
        vantage: Vantage::Client,
        ..WireOptions::default()
    };
    let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, clock| async move {
        let mut stream = connect(&connectors[0]).await;
        let mut done = Vec::new();
        for turn in 1..=4 {
            tokio::time::sleep_until(clock.instant_at(Duration::from_secs(10 * turn))).await;
            stream.write_all(b"?").await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
            done.push(clock.elapsed().as_secs());
        }
        done
    });
    // At 10 s nothing gets through: tried again after 1, 3, 7 and 15 s, the last at 25 s. And all is well after that.
    assert_eq!(result.unwrap().client, [25, 25, 30, 40]);
    assert_eq!(frames.iter().filter(|f| !f.from_server && !f.payload.is_empty()).count(), 4 + 4);
}

#[test]
fn nothing_but_the_answer_may_be_held_back_and_it_still_arrives() {
    // Half of all frames wait to be overtaken, and on a quiet connection nothing overtakes them.
    let options = WireOptions { reorder: 0.5, seed: 9, ..WireOptions::default() };
    let Run { result, .. } = on_the_wire(&options, echo_server, |connectors, clock| async move {
        let mut stream = connect(&connectors[0]).await;
        for _ in 0..100 {
            stream.write_all(b"?").await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
        }
        clock.elapsed()
    });
    let outcome = result.unwrap();
    assert_eq!(outcome.facts.frames.lost, 0);
    assert!(outcome.client < Duration::from_secs(60), "{:?}", outcome.client);
}
