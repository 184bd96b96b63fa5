//! What does the virtual wire promise to programs that run on it?
#![allow(clippy::unwrap_used)]

mod bench_top;

use std::time::Duration;

use bench_top::{Run, echo_server, flags, on_the_wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_wire::Options;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// One connection: `turns` requests of 5 bytes, answered with as many, `interval` apart; then the client closes.
async fn talk(connectors: Vec<wirelab_wire::Connector>, turns: u32, interval: Duration) -> Vec<u8> {
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
        on_the_wire(&Options::default(), echo_server, |connectors, _| talk(connectors, 1, ms(0)));
    let outcome = result.unwrap();
    assert_eq!(outcome.client, b"00000");
    let shape: Vec<_> = frames.iter().map(|f| (f.from_server, flags(f), f.payload.len())).collect();
    assert_eq!(
        shape,
        [
            (false, "S".to_owned(), 0),
            (true, "SA".to_owned(), 0),
            (false, "A".to_owned(), 0),
            (false, "PA".to_owned(), 5),
            (true, "PA".to_owned(), 5),
            (false, "A".to_owned(), 0),
            (false, "FA".to_owned(), 0),
            (true, "FA".to_owned(), 0),
            (false, "A".to_owned(), 0),
        ]
    );
    assert_eq!(outcome.facts.frames.recorded, 9);
    assert_eq!(outcome.facts.frames.delivered, 9);
}
