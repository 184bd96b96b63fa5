//! Is the row of an update honest? The median where each has packets of its own, the mean where they share them, all that
//! their connections cost beside it, and what an update is taken to be.

#![allow(clippy::unwrap_used)]

mod talk;

use talk::{Frames, Talk, analyze, analyze_with, check, masked, unmasked};
use wirelab_analyze::model::Mean;
use wirelab_analyze::{Capture, Column, Kind, Settings, Tally};
use wirelab_dissect::tcp::Flags;

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

fn event(number: u32) -> Vec<u8> {
    format!("data: {number}\n\n").into_bytes()
}

/// An event stream; each number is how many events come in one packet with one ACK.
fn stream(together: &[u32]) -> Talk {
    let mut talk = Talk::new(1);
    talk.handshake().client(b"GET /feed HTTP/1.1\r\n\r\n").server(STREAM).client_ack();
    for &count in together {
        talk.server(&(0..count).flat_map(event).collect::<Vec<_>>()).client_ack();
    }
    talk
}

fn column(mean: Option<Mean>, column: Column) -> f64 {
    mean.map_or(f64::NAN, |mean| mean.column(column))
}

fn sum(capture: &Capture, kind: Kind) -> Tally {
    capture.exchanges.iter().filter(|one| one.kind == kind).map(|one| one.tally()).sum()
}

#[test]
fn events_of_one_packet_have_a_mean_and_no_median() {
    let capture = analyze(&stream(&[1, 1, 20]).frames);
    assert_eq!((capture.update_count, capture.updates_sharing_packets), (22, 20));
    assert_eq!((capture.per_update, capture.median_update, capture.push_only), (None, None, None));
    assert_eq!(capture.per_update_time, None);
    assert_eq!(column(capture.per_update_mean, Column::TotalPackets), 6.0 / 22.0);
    let mean = capture.per_update_mean.unwrap();
    assert_eq!((*mean.sum(), mean.parts()), (sum(&capture, Kind::Update), 22));
    assert_eq!(capture.update_row(), capture.per_update_mean);
    // Those without a packet of their own name the ones that hold them: the packet, and its ACK.
    let updates: Vec<_> = capture.exchanges.updates().collect();
    assert!(updates[2].packets == [11] && updates[2].shared_packets() == [12], "{:?}", updates[2]);
    assert!(updates[3].packets.is_empty() && updates[3].shared_packets() == [11, 12], "{:?}", updates[3]);
    assert!(updates[21].packets == [12] && updates[21].shared_packets() == [11], "{:?}", updates[21]);
    assert!(updates[0].shared_packets().is_empty());
}

#[test]
fn up_to_a_tenth_may_share_and_the_median_stands_for_all() {
    for (together, sharing, is_median) in [
        ([vec![1; 18], vec![2]].concat(), 2, true),
        ([vec![1; 17], vec![2]].concat(), 2, false),
        (vec![1; 3], 0, true),
        (vec![2], 2, false),
    ] {
        let capture = analyze(&stream(&together).frames);
        assert_eq!(capture.updates_sharing_packets, sharing, "{together:?}");
        assert_eq!(capture.per_update.is_some(), is_median, "{together:?}");
        assert!(capture.per_update_mean.is_some() && capture.update_range.is_some());
    }
}

#[test]
fn an_ack_of_several_is_shared_by_them() {
    let mut talk = stream(&[1]);
    talk.server(&event(1)).server(&event(2)).client_ack().server(&event(3)).client_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.updates_sharing_packets, 2);
    let shared: Vec<&[u64]> = capture.exchanges.updates().map(|one| one.shared_packets()).collect();
    assert_eq!(shared, [&[][..], &[11], &[], &[]], "the ACK belongs to the last one of those that it covers");
}

#[test]
fn what_is_shared_with_handshake_and_close_or_acknowledged_by_the_way_is_not_shared() {
    // Each answer is acknowledged by the next request; the last one together with the server's FIN.
    let mut talk = Talk::new(1);
    talk.packet(true, Flags::SYN, &[], 32).packet(false, Flags::SYN | Flags::ACK, &[], 32);
    for _ in 0..3 {
        talk.client(b"GET /a HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    }
    talk.server_fin().client_ack().client_fin().server_ack();
    let capture = analyze(&talk.frames);
    assert_eq!((capture.update_count, capture.updates_sharing_packets), (3, 0));
    assert_eq!(capture.per_update.unwrap().total_packets, 2);
}

/// So many connections of one client, each with so many requests.
fn polls(connections: u16, requests: usize) -> Frames {
    let mut frames = Vec::new();
    for port in 0..connections {
        let mut talk = Talk::new(1000 + port);
        talk.handshake();
        for _ in 0..requests {
            talk.client(b"GET /a HTTP/1.1\r\n\r\n")
                .server(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
                .client_ack();
        }
        talk.client_fin().server_fin().client_ack();
        frames.extend(talk.frames);
    }
    frames
}

#[test]
fn all_in_has_every_packet_of_the_connections_that_carried_updates() {
    // Another connection carries none.
    let mut other = Talk::new(9);
    other.handshake().client(b"GET /b HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for (connections, requests) in [(1, 10), (10, 1), (4, 3)] {
        let frames = [polls(connections, requests), other.frames.clone()].concat();
        let capture = analyze(&frames);
        let updates = u64::from(connections) * requests as u64;
        assert_eq!((capture.update_count, capture.update_connections), (updates, Some(connections.into())));
        let without = capture.totals.zip(sum_of_last(&capture), |all, last| all - last);
        assert_eq!(capture.per_update_all_in, Mean::of(without, updates));
        // Whatever rows are kept.
        let few = analyze_with(&frames, Settings { limit: 2, ..Settings::default() });
        assert_eq!(few.per_update_all_in, capture.per_update_all_in);
    }
}

fn sum_of_last(capture: &Capture) -> Tally {
    capture.connections.last().unwrap().tally()
}

#[test]
fn where_nobody_can_tell_which_connections_carried_updates_it_is_said() {
    let mut frames = Vec::new();
    for path in 0..40 {
        let mut talk = Talk::new(2000 + path);
        talk.handshake().client(format!("GET /{path} HTTP/1.1\r\n\r\n").as_bytes());
        talk.server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").client_fin().server_fin().client_ack();
        frames.extend(talk.frames);
    }
    frames.extend(polls(2, 2));
    let whole = analyze(&frames);
    assert_eq!(whole.per_update_of.as_deref(), Some("GET /a"));
    assert_eq!(whole.update_connections, Some(2));
    let few = analyze_with(&frames, Settings { limit: 5, ..Settings::default() });
    assert_eq!((few.update_connections, few.per_update_all_in), (None, None));
    assert_eq!(few.per_update_mean, whole.per_update_mean);
}

/// A list asked for often, and a price asked for twice, once in vain; a WebSocket at the path of the list.
fn mixed() -> Frames {
    let mut talk = Talk::new(1);
    talk.handshake();
    for (path, status) in [("list", 200), ("price", 200), ("list", 200), ("price", 404), ("list", 304), ("list", 304)] {
        talk.client(format!("GET /{path} HTTP/1.1\r\n\r\n").as_bytes());
        talk.server(format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n").as_bytes()).client_ack();
    }
    let mut other = Talk::new(2);
    other.handshake().client(b"GET /list HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    other.server(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n").client_ack();
    other.client(&masked(1, b"a")).server(&unmasked(1, b"b")).client_ack();
    [talk.frames, other.frames].concat()
}

#[test]
fn answers_of_another_status_are_other_exchanges() {
    let capture = analyze(&mixed());
    let groups: Vec<(&str, u64, Kind)> =
        capture.groups.iter().map(|group| (&*group.label, group.count, group.kind)).collect();
    for expected in [
        ("GET /list", 2, Kind::Update),
        ("GET /price", 1, Kind::Request),
        ("GET /price 404", 1, Kind::Request),
        ("GET /list 304", 2, Kind::Request),
        ("GET /list", 1, Kind::Subscribe),
    ] {
        assert!(groups.contains(&expected), "{expected:?} in {groups:?}");
    }
}

#[test]
fn what_an_update_is_may_be_said() {
    let chosen = |label: &str| {
        let capture = analyze_with(
            &mixed(),
            Settings { update: Some(label.to_owned()), keep_packets: 100, ..Settings::default() },
        );
        check(&capture);
        (capture.update_count, capture.per_update_of)
    };
    for (label, count, of) in [
        ("GET /list", 2, "GET /list"),
        ("GET /list 304", 2, "GET /list 304"),
        ("GET /price 404", 1, "GET /price 404"),
        ("GET /list (subscribe)", 1, "GET /list"),
        ("handshake", 2, "handshake"),
    ] {
        assert_eq!(chosen(label), (count, Some(of.to_owned())), "{label}");
    }
    for none in ["get /list", "GET /lis", "GET /list (page)", ""] {
        assert_eq!(chosen(none), (0, None), "{none}");
    }
}

#[test]
fn what_was_said_to_be_an_update_is_one_of_the_labs_apps_too() {
    let frames = talk::originals::ajaxapp([10, 0, 0, 9], 4000);
    assert_eq!(analyze(&frames).per_update_of.as_deref(), Some("update"));
    let capture = analyze_with(&frames, Settings { update: Some("GET /".to_owned()), ..Settings::default() });
    assert_eq!((capture.app, capture.update_count, capture.per_update_of.as_deref()), (None, 1, Some("GET /")));
}
