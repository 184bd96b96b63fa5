//! However a conversation is cut into segments, and however these are reordered or repeated on the way, what was said
//! stays the same, and so do the sums.
#![allow(clippy::unwrap_used)]

mod talk;

use proptest::prelude::*;
use talk::{Talk, analyze, masked, said, unmasked};
use wirelab_dissect::tcp::Flags;

/// What one side says before the other speaks.
type Burst = (bool, Vec<u8>);

fn http() -> Vec<Burst> {
    let get = b"GET /time?x=1 HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nAccept: */*\r\n\r\n".to_vec();
    let chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
        a;x=y\r\n{\"time\": \"\r\na\r\n12:34:56\"}\r\n0\r\nTrailer: x\r\n\r\n"
        .to_vec();
    let plain =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"time\":\"12:34:56\"}\n"
            .to_vec();
    let post = b"POST /form HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello world".to_vec();
    let nothing = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n".to_vec();
    vec![(true, get.clone()), (false, chunked), (true, get), (false, plain), (true, post), (false, nothing)]
}

fn events() -> Vec<Burst> {
    let mut stream =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for event in [
        "data: {\"time\": \"11:42:01\"}\n\n",
        ": keep-alive\n\n",
        "event: price\r\nid: 7\r\ndata: a\r\ndata: b\r\n\r\n",
        "retry: 3000\ndata: {\"time\": \"11:42:02\"}\n\n",
    ] {
        stream.extend(format!("{:x}\r\n{event}\r\n", event.len()).into_bytes());
    }
    vec![(true, b"GET /time HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n".to_vec()), (false, stream)]
}

fn websocket() -> Vec<Burst> {
    let mut bursts = vec![
        (true, b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".to_vec()),
        (false, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".to_vec()),
    ];
    for second in 10..13 {
        bursts.push((true, masked(1, b"get-time")));
        bursts.push((false, unmasked(1, format!("{{\"time\": \"09:43:{second}\"}}").as_bytes())));
    }
    let mut first = unmasked(1, b"a message in ");
    first[0] &= 0x7f;
    bursts.push((false, [first, unmasked(9, b"ping"), unmasked(0, b"two frames")].concat()));
    bursts.push((true, [masked(10, b"ping"), masked(8, &[3, 233])].concat()));
    bursts.push((false, unmasked(8, &[])));
    bursts
}

fn lines() -> Vec<Burst> {
    vec![
        (false, b"Hello!\nServer time: 09:31:35\n\n".to_vec()),
        (true, b"time\n".to_vec()),
        (false, b"09:31:45\n\n".to_vec()),
        (true, b"what\n".to_vec()),
        (false, b"I do not understand: what\n\n".to_vec()),
        (true, b"time\n".to_vec()),
        (false, b"09:31:55\n\n".to_vec()),
        (true, b"bye\n".to_vec()),
        (false, b"Good bye!\n".to_vec()),
    ]
}

/// How one burst is sent: where it is cut, in which order the pieces come, and which of them come twice.
#[derive(Clone, Debug)]
struct Cutting {
    cuts: Vec<prop::sample::Index>,
    order: Vec<u32>,
    twice: Vec<bool>,
}

fn cutting() -> impl Strategy<Value = Cutting> {
    (
        prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        prop::collection::vec(any::<u32>(), 8),
        prop::collection::vec(prop::bool::weighted(0.2), 8),
    )
        .prop_map(|(cuts, order, twice)| Cutting { cuts, order, twice })
}

/// Speaks the bursts, each one cut as told, and closes.
fn speak(bursts: &[Burst], cuttings: &[Cutting]) -> Talk {
    let mut talk = Talk::new(40_000);
    talk.handshake();
    for (index, (from_client, data)) in bursts.iter().enumerate() {
        talk.at(index as f64 * 1000.0);
        let start = talk.next_seq(*from_client);
        let mut pieces: Vec<(u32, &[u8], u32, bool)> = Vec::new();
        match cuttings.get(index % cuttings.len().max(1)) {
            None => pieces.push((start, data, 0, false)),
            Some(cutting) => {
                let mut cuts: Vec<usize> = cutting.cuts.iter().map(|cut| cut.index(data.len())).collect();
                cuts.extend([0, data.len()]);
                cuts.sort_unstable();
                cuts.dedup();
                for (at, pair) in cuts.windows(2).enumerate() {
                    let (order, twice) = (cutting.order[at % 8], cutting.twice[at % 8]);
                    pieces.push((start.wrapping_add(pair[0] as u32), &data[pair[0]..pair[1]], order, twice));
                }
                pieces.sort_by_key(|piece| piece.2);
            }
        }
        for (seq, data, _, twice) in pieces {
            talk.packet_at(*from_client, Flags::PSH | Flags::ACK, data, 32, seq);
            if twice {
                talk.packet_at(*from_client, Flags::PSH | Flags::ACK, data, 32, seq);
            }
        }
        talk.lose(*from_client, data.len() as u32);
        if *from_client {
            talk.server_ack()
        } else {
            talk.client_ack()
        };
    }
    talk.client_fin().server_fin().client_ack();
    talk
}

/// For connections of several: the order of exchanges may change with the order of packets, what was said may not.
fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_was_said_does_not_depend_on_the_segments(
        which in 0usize..4,
        cuttings in prop::collection::vec(cutting(), 10),
    ) {
        let bursts = [http, events, websocket, lines][which]();
        let whole = analyze(&speak(&bursts, &[]).frames);
        let cut = analyze(&speak(&bursts, &cuttings).frames);
        prop_assert_eq!(sorted(said(&cut)), sorted(said(&whole)));
        prop_assert_eq!(cut.app, whole.app);
        prop_assert_eq!(cut.update_count, whole.update_count);
    }

    #[test]
    fn frames_of_any_bytes_keep_the_sums(
        bursts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 1..80)), 1..12),
        cuttings in prop::collection::vec(cutting(), 4),
    ) {
        analyze(&speak(&bursts, &cuttings).frames);
    }

    #[test]
    fn damaged_conversations_keep_the_sums(
        which in 0usize..4,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..8),
        drops in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        cuttings in prop::collection::vec(cutting(), 6),
    ) {
        let bursts = [http, events, websocket, lines][which]();
        let mut frames = speak(&bursts, &cuttings).frames;
        for drop in drops {
            frames.remove(drop.index(frames.len()));
        }
        for (frame, byte, with) in flips {
            let at = frame.index(frames.len());
            let frame = &mut frames[at].1;
            let byte = byte.index(frame.len());
            frame[byte] ^= with;
        }
        analyze(&frames);
    }
}
