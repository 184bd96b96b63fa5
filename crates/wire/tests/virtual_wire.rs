//! What does the virtual wire promise about frames and time?
#![allow(clippy::unwrap_used)]

mod testbed;

use std::time::{Duration, Instant};

use testbed::{Run, echo_server, on_the_wire, pattern, serve_each, shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_wire::{Connector, Vantage, WireOptions};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// One connection: `turns` requests of 5 bytes, answered with as many, `interval` apart; then the client closes.
async fn talk(connectors: Vec<Connector>, turns: u32, interval: Duration) -> Vec<u8> {
    let mut stream = connectors[0].connect().await.unwrap();
    let mut heard = Vec::new();
    for turn in 0..turns {
        if turn > 0 {
            tokio::time::sleep(interval).await;
        }
        stream.write_all(format!("{turn:05}").as_bytes()).await.unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.unwrap();
        heard.extend_from_slice(&answer);
    }
    heard
}

#[test]
fn an_echo_comes_back_and_the_capture_shows_how() {
    let Run { result, frames } =
        on_the_wire(&WireOptions::default(), echo_server, |connectors, _| talk(connectors, 1, ms(0)));
    let outcome = result.unwrap();
    assert_eq!(outcome.client, b"00000");
    assert_eq!(shape(&frames), ["> S", "< SA", "> A", "> PA 5", "< A", "< PA 5", "> A", "> FA", "< FA", "> A"]);
    assert_eq!(outcome.facts.frames.recorded, 10);
    assert_eq!(outcome.facts.frames.sent, 10);
    assert_eq!(outcome.facts.frames.delivered, 10);
}

#[test]
fn an_update_costs_three_frames_and_the_first_one_a_quick_ack_more() {
    let Run { result, frames } =
        on_the_wire(&WireOptions::default(), echo_server, |connectors, _| talk(connectors, 4, ms(10_000)));
    result.unwrap();
    assert_eq!(shape(&frames)[3..10], ["> PA 5", "< A", "< PA 5", "> A", "> PA 5", "< PA 5", "> A"]);

    let options = WireOptions { server_quick_ack: false, ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, _| talk(connectors, 4, ms(10_000)));
    result.unwrap();
    let shape = shape(&frames);
    for update in 0..4 {
        assert_eq!(shape[3 + 3 * update..6 + 3 * update], ["> PA 5", "< PA 5", "> A"]);
    }
    assert_eq!(shape.len(), 3 + 4 * 3 + 3);
    // Every header has timestamps: 14 of Ethernet, 20 of IP, 32 of TCP.
    assert!(frames.iter().skip(2).all(|frame| frame.bytes.len() == 66 + frame.payload.len()));
}

#[test]
fn the_round_trip_is_exact_to_the_nanosecond_at_either_end() {
    for rtt_ns in [0, 1, 1_000_000, 1_000_001, 12_345_678, 25_000_000, 25_500_000, 300_000_000, 1_000_000_000] {
        for vantage in [Vantage::Server, Vantage::Client] {
            let rtt = Duration::from_nanos(rtt_ns);
            let options = WireOptions { rtt, vantage, ..WireOptions::default() };
            let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, clock| async move {
                let _stream = connectors[0].connect().await.unwrap();
                clock.elapsed()
            });
            assert_eq!(result.unwrap().client, rtt, "as the client sees it");
            let shape = shape(&frames);
            assert_eq!(shape[..3], ["> S", "< SA", "> A"], "round trip {rtt:?}");
            let between = |a: usize, b: usize| frames[b].time_ns - frames[a].time_ns;
            // The server answers in no time, and so does the client: all of the round trip is between the others.
            let (at_once, round_trip) = match vantage {
                Vantage::Server => (between(0, 1), between(1, 2)),
                Vantage::Client => (between(1, 2), between(0, 1)),
            };
            assert_eq!((at_once, round_trip), (0, rtt_ns), "round trip {rtt:?}, {vantage:?}");
        }
    }
}

#[test]
fn timers_of_programs_stay_at_whole_milliseconds_beside_odd_round_trips() {
    let options = WireOptions { rtt: Duration::from_micros(25_501), ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, clock| async move {
        let mut stream = connectors[0].connect().await.unwrap();
        let mut times = vec![clock.elapsed()];
        for second in 1..=5 {
            tokio::time::sleep_until(clock.instant_at(Duration::from_secs(second))).await;
            times.push(clock.elapsed());
            stream.write_all(b"x").await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
            times.push(clock.elapsed());
        }
        times
    });
    let rtt = options.rtt;
    let expected: Vec<_> = std::iter::once(rtt)
        .chain((1..=5).flat_map(|second| [Duration::from_secs(second), Duration::from_secs(second) + rtt]))
        .collect();
    assert_eq!(result.unwrap().client, expected);
    // A second apart on the wire, too.
    let requests: Vec<_> = frames.iter().filter(|f| !f.from_server && !f.payload.is_empty()).collect();
    assert!(requests.windows(2).all(|pair| pair[1].time_ns - pair[0].time_ns == 1_000_000_000));
}

#[test]
fn the_programs_clock_and_the_stamps_agree() {
    let options = WireOptions { vantage: Vantage::Client, seed: 3, ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, clock| async move {
        tokio::time::sleep(ms(1500)).await;
        let before = clock.unix_nanos();
        connectors[0].connect().await.unwrap();
        (before, clock.unix_nanos(), clock.http_date())
    });
    let (before, after, date) = result.unwrap().client;
    assert_eq!((frames[0].time_ns, frames[1].time_ns), (before, after));
    assert!(date.contains("Jan 2026") || date.contains("Feb 2026"), "{date}");
}

#[test]
fn hours_pass_in_a_moment_and_idle_connections_survive_them() {
    let real = Instant::now();
    let Run { result, frames } =
        on_the_wire(&WireOptions::default(), echo_server, |connectors, _| talk(connectors, 25, ms(3_600_000)));
    assert_eq!(result.unwrap().client.len(), 125);
    let hours = (frames.last().unwrap().time_ns - frames[0].time_ns) / 3_600_000_000_000;
    assert_eq!(hours, 24);
    assert!(real.elapsed() < ms(20_000), "a day took {:?}", real.elapsed());
}

#[test]
fn large_bodies_arrive_whole_in_full_frames() {
    for len in [20_000, 1_000_000] {
        let Run { result, frames } = on_the_wire(
            &WireOptions::default(),
            move |listener, _, shutdown| {
                serve_each(listener, shutdown, move |mut stream| async move {
                    stream.read_exact(&mut [0]).await?;
                    stream.write_all(&pattern(len)).await?;
                    stream.shutdown().await
                })
            },
            |connectors, _| async move {
                let mut stream = connectors[0].connect().await.unwrap();
                stream.write_all(b"?").await.unwrap();
                let mut body = Vec::new();
                stream.read_to_end(&mut body).await.unwrap();
                body
            },
        );
        assert!(result.unwrap().client == pattern(len), "a body of {len} bytes");
        let data: Vec<_> = frames.iter().filter(|f| f.from_server && !f.payload.is_empty()).collect();
        assert_eq!(data.iter().map(|f| f.payload.len()).sum::<usize>(), len, "nothing was sent twice");
        let full = data.iter().filter(|f| f.bytes.len() == 1514).count();
        assert!(data.len() - full <= 1 + data.len() / 20, "{full} of {} frames are full", data.len());
    }
}

#[test]
fn a_client_with_little_to_send_from_still_sends_all() {
    let sent = pattern(20_000);
    let told = sent.clone();
    let send = |connectors: Vec<Connector>, clock: wirelab_clock::Clock| async move {
        let mut stream = connectors[0].connect().await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(&mut stream);
        let mut heard = vec![0; told.len()];
        let (written, read) = tokio::join!(writer.write_all(&told), reader.read_exact(&mut heard));
        written.and(read).unwrap();
        (heard, clock.elapsed())
    };
    let options = WireOptions { client_send_buffer: 2048, ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(&options, echo_server, send);
    let (heard, took) = result.unwrap().client;
    assert!(heard == sent);
    // 2048 bytes a round trip.
    assert!(took >= 9 * options.rtt, "{took:?}");
    let sizes = frames.iter().filter(|frame| !frame.from_server).map(|frame| frame.payload.len());
    assert_eq!(sizes.sum::<usize>(), sent.len());
}

#[test]
fn two_writes_are_two_frames_and_with_nagle_the_second_waits_for_the_answer_to_the_first() {
    for (server_no_delay, expected) in [
        (false, ["> PA 1", "< PA 100", "> A", "< PA 50", "> A"]),
        (true, ["> PA 1", "< PA 100", "< PA 50", "> A", "> A"]),
    ] {
        let options = WireOptions { server_no_delay, server_quick_ack: false, ..WireOptions::default() };
        let Run { result, frames } = on_the_wire(
            &options,
            |listener, _, shutdown| {
                serve_each(listener, shutdown, |mut stream| async move {
                    while stream.read(&mut [0]).await? > 0 {
                        stream.write_all(&[b'h'; 100]).await?;
                        stream.write_all(&[b'b'; 50]).await?;
                    }
                    Ok(())
                })
            },
            |connectors, _| async move {
                let mut stream = connectors[0].connect().await.unwrap();
                for _ in 0..3 {
                    stream.write_all(b"?").await.unwrap();
                    stream.read_exact(&mut [0; 150]).await.unwrap();
                    tokio::time::sleep(ms(1000)).await;
                }
            },
        );
        result.unwrap();
        let shape = shape(&frames);
        for update in 0..3 {
            assert_eq!(shape[3 + 5 * update..8 + 5 * update], expected, "no delay: {server_no_delay}");
        }
    }
}

#[test]
fn nagle_does_not_hold_back_the_end_of_a_large_write() {
    let Run { result, frames } = on_the_wire(
        &WireOptions { server_no_delay: false, server_quick_ack: false, ..WireOptions::default() },
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |mut stream| async move {
                stream.read_exact(&mut [0]).await?;
                stream.write_all(&pattern(4000)).await?;
                stream.read(&mut [0]).await.map(drop)
            })
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            stream.write_all(b"?").await.unwrap();
            stream.read_exact(&mut [0; 4000]).await.unwrap();
        },
    );
    result.unwrap();
    assert_eq!(shape(&frames)[4..7], ["< A 1448", "< A 1448", "< PA 1104"]);
    assert_eq!(frames[4].time_ns, frames[6].time_ns);
}

#[test]
fn hundreds_of_clients_talk_each_from_an_address_of_its_own() {
    const CLIENTS: u32 = 500;
    let options = WireOptions { clients: CLIENTS, ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, _| async move {
        let clients: Vec<_> = connectors.into_iter().map(|one| tokio::spawn(talk(vec![one], 3, ms(1000)))).collect();
        let mut heard = 0;
        for client in clients {
            heard += client.await.unwrap().len();
        }
        heard
    });
    assert_eq!(result.unwrap().client, 15 * CLIENTS as usize);
    let mut addresses: Vec<_> = frames.iter().map(|frame| frame.client.0).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), CLIENTS as usize);
    assert_eq!(addresses[0], std::net::Ipv4Addr::new(10, 0, 0, 2));
    assert_eq!(frames.len(), (3 + 4 + 2 * 3 + 3) * CLIENTS as usize);
}

#[test]
fn more_clients_at_once_than_the_listener_queues_try_again_and_get_in() {
    // Linux's somaxconn is 4096.
    let options = WireOptions { clients: 4200, ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, clock| async move {
        let clients: Vec<_> =
            connectors.into_iter().map(|one| tokio::spawn(async move { one.connect().await })).collect();
        let mut streams = Vec::new();
        for client in clients {
            streams.push(client.await.unwrap().unwrap());
        }
        (streams.len(), clock.elapsed())
    });
    assert_eq!(result.unwrap().client, (4200, ms(1025)));
    assert_eq!(frames.iter().filter(|frame| frame.syn && !frame.from_server).count(), 4200 + 104);
}

#[test]
fn a_client_may_have_many_connections_at_once() {
    let Run { result, frames } = on_the_wire(&WireOptions::default(), echo_server, |connectors, _| async move {
        let mut streams = Vec::new();
        for _ in 0..40 {
            streams.push(connectors[0].connect().await.unwrap());
        }
        for (number, stream) in streams.iter_mut().enumerate() {
            stream.write_all(&[number as u8]).await.unwrap();
        }
        for (number, stream) in streams.iter_mut().enumerate() {
            assert_eq!(stream.read_u8().await.unwrap(), number as u8);
        }
    });
    result.unwrap();
    let mut ports: Vec<_> = frames.iter().map(|frame| frame.client.1).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 40);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_times_and_another_one_does_not() {
    let run = |seed| {
        let options = WireOptions {
            seed,
            loss: 0.1,
            duplicate: 0.05,
            reorder: 0.1,
            clients: 5,
            rtt: Duration::from_micros(12_501),
            ..WireOptions::default()
        };
        let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, _| async move {
            let clients: Vec<_> =
                connectors.into_iter().map(|one| tokio::spawn(talk(vec![one], 20, ms(700)))).collect();
            for client in clients {
                client.await.unwrap();
            }
        });
        result.unwrap();
        frames
    };
    let first = run(11);
    assert!(first.len() > 5 * 60);
    // At the same time as other wires, and after them.
    let others: Vec<_> = (0..3).map(|_| std::thread::spawn(move || run(11))).collect();
    for other in others {
        assert!(other.join().unwrap() == first, "another run with the same seed differs");
    }
    assert!(run(12) != first);
}

#[test]
fn two_wires_run_at_once_and_a_wire_runs_inside_a_runtime() {
    let on_a_thread = || {
        let run = on_the_wire(&WireOptions::default(), echo_server, |connectors, _| talk(connectors, 3, ms(10_000)));
        run.result.unwrap();
        run.frames
    };
    let other = std::thread::spawn(on_a_thread);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let here = runtime.block_on(async { on_a_thread() });
    assert!(here == other.join().unwrap());
}
