//! How do connections and whole runs end on the virtual wire?
#![allow(clippy::unwrap_used)]

mod testbed;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use testbed::{Run, echo_server, on_the_wire, serve_each, shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_clock::Clock;
use wirelab_wire::{Connector, Error, Host, Listener, Outcome, Shutdown, Stop, WireOptions, virtual_wire};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Keeps what it accepts, and reads nothing of it.
async fn deaf_server(mut listener: Listener, _: Clock, mut shutdown: Shutdown) -> io::Result<()> {
    let mut kept = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            accepted = listener.accept() => kept.push(accepted?.0),
        }
    }
}

#[test]
fn a_half_closed_connection_still_carries_the_other_direction() {
    let Run { result, frames } = on_the_wire(
        &WireOptions::default(),
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |mut stream| async move {
                let mut all = Vec::new();
                stream.read_to_end(&mut all).await?;
                // Long after the client's FIN, and after a smoltcp TIME-WAIT would be over.
                tokio::time::sleep(ms(30_000)).await;
                stream.write_all(&all).await?;
                stream.shutdown().await
            })
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            stream.write_all(b"over").await.unwrap();
            stream.shutdown().await.unwrap();
            let write = stream.write_all(b"more").await.unwrap_err().kind();
            // The answer and the end are there long before they are read.
            tokio::time::sleep(ms(90_000)).await;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            (write, all)
        },
    );
    assert_eq!(result.unwrap().client, (ErrorKind::BrokenPipe, b"over".to_vec()));
    // A young connection acknowledges at once: the request, the FIN, the answer and the other FIN, each on its own.
    let expected = ["> S", "< SA", "> A", "> PA 4", "< A", "> FA", "< A", "< PA 4", "< FA", "> A", "> A"];
    assert_eq!(shape(&frames), expected);
}

#[test]
fn a_dropped_stream_closes_with_fin_after_what_was_written() {
    let Run { result, frames } = on_the_wire(
        &WireOptions::default(),
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |mut stream| async move {
                stream.write_all(b"bye").await?;
                Ok(())
            })
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            all
        },
    );
    assert_eq!(result.unwrap().client, b"bye");
    assert!(frames.iter().all(|frame| !frame.rst));
    assert_eq!(frames.iter().filter(|frame| frame.fin).count(), 2);
}

#[test]
fn a_stream_dropped_with_unread_bytes_resets_the_connection() {
    let Run { result, frames } = on_the_wire(
        &WireOptions::default(),
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |stream| async move {
                tokio::time::sleep(ms(1000)).await;
                drop(stream);
                Ok(())
            })
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            stream.write_all(b"unread").await.unwrap();
            let read = stream.read(&mut [0]).await.unwrap_err().kind();
            let write = stream.write(b"x").await.unwrap_err().kind();
            (read, write)
        },
    );
    assert_eq!(result.unwrap().client, (ErrorKind::ConnectionReset, ErrorKind::BrokenPipe));
    assert_eq!(shape(&frames).last().unwrap(), "< RA");
    assert!(frames.iter().all(|frame| !frame.fin));
}

/// The reset comes before the ACK has left, and the program still holds its stream when it would be due.
#[test]
fn a_reset_ends_the_wait_for_an_acknowledgement() {
    let options = WireOptions { server_quick_ack: false, ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(
        &options,
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |mut stream| async move {
                stream.write_all(b"unread").await?;
                tokio::time::sleep(ms(1000)).await;
                drop(stream);
                Ok(())
            })
        },
        |connectors, clock| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            tokio::time::sleep(ms(100)).await;
            stream.write_all(b"x").await.unwrap();
            drop(stream);
            tokio::time::sleep(ms(2000)).await;
            clock.elapsed()
        },
    );
    assert_eq!(result.unwrap().client, ms(2125));
    assert_eq!(shape(&frames)[3..], ["< PA 6", "> A", "> PA 1", "> RA"]);
}

#[test]
fn bytes_for_a_dropped_stream_are_answered_with_a_reset() {
    let Run { result, frames } = on_the_wire(
        &WireOptions::default(),
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |stream| async move {
                drop(stream);
                Ok(())
            })
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the server closed");
            stream.write_all(b"too late").await.unwrap();
            tokio::time::sleep(ms(1000)).await;
            stream.write(b"x").await.unwrap_err().kind()
        },
    );
    let kind = result.unwrap().client;
    assert!(matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{kind}");
    assert!(frames.last().unwrap().rst && frames.last().unwrap().from_server);
}

#[test]
fn nobody_listening_refuses() {
    let Run { result, frames } = on_the_wire(
        &WireOptions::default(),
        |listener, _, _| async move {
            drop(listener);
            Ok(())
        },
        |connectors, _| async move { connectors[0].connect().await.unwrap_err().kind() },
    );
    assert_eq!(result.unwrap().client, ErrorKind::ConnectionRefused);
    assert_eq!(shape(&frames), ["> S", "< RA"]);
}

#[test]
fn a_connection_that_was_not_accepted_is_reset_when_the_listener_goes() {
    let Run { result, frames } = on_the_wire(
        &WireOptions::default(),
        |listener, _, _| async move {
            tokio::time::sleep(ms(1000)).await;
            drop(listener);
            Ok(())
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            stream.read(&mut [0]).await.unwrap_err().kind()
        },
    );
    assert_eq!(result.unwrap().client, ErrorKind::ConnectionReset);
    assert_eq!(shape(&frames), ["> S", "< SA", "> A", "< RA"]);
}

#[test]
fn a_connection_attempt_that_is_given_up_leaves_nothing_behind() {
    let options = WireOptions { rtt: ms(1000), ..WireOptions::default() };
    let Run { result, frames } = on_the_wire(&options, echo_server, |connectors, _| async move {
        tokio::time::timeout(ms(300), connectors[0].connect()).await.is_err()
    });
    assert!(result.unwrap().client);
    // The answer to the SYN finds nobody.
    assert_eq!(shape(&frames), ["> S", "< SA", "> R"]);
}

#[test]
fn a_link_that_stays_down_makes_a_connection_time_out_as_linux_does() {
    let options = WireOptions { down: Some((Duration::ZERO, Duration::from_secs(10_000))), ..WireOptions::default() };
    let Run { result, .. } = on_the_wire(&options, echo_server, |connectors, clock| async move {
        let kind = connectors[0].connect().await.unwrap_err().kind();
        (kind, clock.elapsed())
    });
    assert_eq!(result.unwrap().client, (ErrorKind::TimedOut, Duration::from_secs(127)));

    let options = WireOptions { down: Some((ms(5000), Duration::from_secs(10_000))), ..WireOptions::default() };
    let Run { result, .. } = on_the_wire(&options, echo_server, |connectors, clock| async move {
        let mut stream = connectors[0].connect().await.unwrap();
        tokio::time::sleep_until(clock.instant_at(ms(6000))).await;
        stream.write_all(b"anyone?").await.unwrap();
        let kind = stream.read(&mut [0]).await.unwrap_err().kind();
        (kind, clock.elapsed())
    });
    assert_eq!(result.unwrap().client, (ErrorKind::TimedOut, Duration::from_secs(930)));
}

#[test]
fn a_reader_that_waits_stops_the_writer_and_loses_nothing() {
    let Run { result, .. } = on_the_wire(
        &WireOptions::default(),
        |listener, _, shutdown| {
            serve_each(listener, shutdown, |mut stream| async move {
                stream.write_all(&testbed::pattern(400_000)).await?;
                stream.shutdown().await
            })
        },
        |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            let mut all = Vec::new();
            for wait in [1000, 200_000, 10, 5000] {
                tokio::time::sleep(ms(wait)).await;
                let mut part = vec![0; 70_000];
                stream.read_exact(&mut part).await.unwrap();
                all.extend_from_slice(&part);
            }
            stream.read_to_end(&mut all).await.unwrap();
            all
        },
    );
    assert!(result.unwrap().client == testbed::pattern(400_000));
}

#[test]
fn the_link_falls_quiet_before_the_server_is_told_to_stop() {
    let Run { result, frames } = on_the_wire(
        &WireOptions { rtt: ms(1000), ..WireOptions::default() },
        |listener, clock, shutdown| async move {
            let told = Arc::new(AtomicU32::new(0));
            let shutdown: Shutdown = Box::pin({
                let told = told.clone();
                async move {
                    shutdown.await;
                    told.store(clock.elapsed().as_millis() as u32, Ordering::Relaxed);
                }
            });
            echo_server(listener, Clock::utc(), shutdown).await?;
            // SYN, SYN/ACK; ACK and FIN; FIN; ACK; and 300 ms of silence.
            assert_eq!(told.load(Ordering::Relaxed), 2800);
            Ok(())
        },
        |connectors, _| async move { drop(connectors[0].connect().await.unwrap()) },
    );
    result.unwrap();
    assert_eq!(shape(&frames), ["> S", "< SA", "> A", "> FA", "< FA", "> A"]);
}

#[test]
fn a_server_may_still_talk_when_it_is_told_to_stop_but_that_is_not_recorded() {
    let Run { result, frames } = on_the_wire(
        &WireOptions::default(),
        |mut listener, _, shutdown| async move {
            let (mut stream, _) = listener.accept().await?;
            shutdown.await;
            stream.write_all(b"stopping").await?;
            stream.shutdown().await?;
            tokio::time::sleep(ms(5000)).await;
            // The client's host acknowledged it all, though the client never read.
            stream.write(b"more").await.map(drop).or(Ok(()))
        },
        |connectors, _| async move { connectors[0].connect().await.unwrap() },
    );
    let outcome = result.unwrap();
    assert_eq!(shape(&frames), ["> S", "< SA", "> A"]);
    assert_eq!((outcome.facts.frames.sent, outcome.facts.frames.recorded), (3, 3));
    // The client's stream outlives the run, and can then do nothing but be dropped.
    drop(outcome.client);
}

/// Runs it with frames that go nowhere.
fn run<T, S, SF, C, CF>(stop: Stop, server: S, client: C) -> Result<Outcome<T>, Error>
where
    S: FnOnce(Listener, Clock, Shutdown) -> SF + Send + 'static,
    SF: Future<Output = io::Result<()>>,
    C: FnOnce(Vec<Connector>, Clock) -> CF + Send + 'static,
    CF: Future<Output = T>,
    T: Send + 'static,
{
    virtual_wire::run(&WireOptions::default(), stop, |_, _| Ok(()), server, client)
}

#[test]
fn a_wait_for_nothing_ends_with_a_sentence() {
    let real = Instant::now();
    let error = run(Stop::new(), deaf_server, |connectors, _| async move {
        let mut stream = connectors[0].connect().await.unwrap();
        stream.write_all(b"hello?").await.unwrap();
        stream.read(&mut [0]).await.map(drop)
    })
    .unwrap_err();
    assert!(matches!(error, Error::Stuck(_)), "{error}");
    assert!(error.to_string().contains("never comes"), "{error}");
    assert!(real.elapsed() < ms(20_000));
}

#[test]
fn a_server_that_does_not_stop_is_dropped() {
    let dropped = Arc::new(AtomicU32::new(0));
    struct Count(Arc<AtomicU32>);
    impl Drop for Count {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Count(dropped.clone());
    let deaf = |_: Listener, _: Clock, _: Shutdown| async move {
        let _count = count;
        std::future::pending().await
    };
    assert_eq!(run(Stop::new(), deaf, |_, _| async { 7 }).unwrap().client, 7);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn errors_and_panics_of_either_side_end_the_run_and_are_told() {
    let forever = |_: Vec<Connector>, _: Clock| std::future::pending::<()>();
    let error = run(Stop::new(), |_, _, _| async { Err(io::Error::other("no templates")) }, forever).unwrap_err();
    assert_eq!(error.to_string(), "the server failed: no templates");
    let error = run(Stop::new(), |_, _, _| async { panic!("a bug in {}", "here") }, forever).unwrap_err();
    assert!(matches!(&error, Error::Panicked { host: Host::Server, message } if message == "a bug in here"));
    let error = run(Stop::new(), echo_server, |_, _| async { panic!("another") }).map(|_: Outcome<()>| ()).unwrap_err();
    assert!(matches!(&error, Error::Panicked { host: Host::Client, message } if message == "another"));
}

#[test]
fn a_recorder_that_cannot_write_ends_the_run() {
    let recorder = {
        let mut room = 4;
        move |_, _: &[u8]| {
            room -= 1;
            if room < 0 { Err(io::Error::new(ErrorKind::StorageFull, "disk full")) } else { Ok(()) }
        }
    };
    let error =
        virtual_wire::run(&WireOptions::default(), Stop::new(), recorder, echo_server, |connectors, _| async move {
            let mut stream = connectors[0].connect().await.unwrap();
            loop {
                stream.write_all(b"x").await.unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
            }
        })
        .map(|_: Outcome<()>| ())
        .unwrap_err();
    assert!(matches!(&error, Error::Recorder(source) if source.kind() == ErrorKind::StorageFull), "{error}");
}

#[test]
fn a_busy_run_is_interrupted_from_another_thread() {
    let stop = Stop::new();
    let (begun, wait) = std::sync::mpsc::channel();
    std::thread::spawn({
        let stop = stop.clone();
        move || {
            wait.recv().unwrap();
            stop.now();
        }
    });
    let error = run(stop, echo_server, move |connectors, _| async move {
        let mut stream = connectors[0].connect().await.unwrap();
        begun.send(()).unwrap();
        loop {
            stream.write_all(b"x").await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
        }
    })
    .map(|_: Outcome<()>| ())
    .unwrap_err();
    assert!(matches!(error, Error::Interrupted), "{error}");

    let stopped = Stop::new();
    stopped.now();
    let error = run(stopped, echo_server, |_, _| async {}).unwrap_err();
    assert!(matches!(error, Error::Interrupted), "{error}");
}

#[test]
fn options_that_cannot_be_followed_start_nothing() {
    let options = WireOptions { rtt: ms(1001), ..WireOptions::default() };
    let error = virtual_wire::run(&options, Stop::new(), |_, _| Ok(()), echo_server, |_, _| async {}).unwrap_err();
    assert!(matches!(error, Error::Options(_)), "{error}");
}
