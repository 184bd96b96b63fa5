//! What is told of losses where the link's own list is there, and what without it. The ladders are recorded at the server's
//! end, 10 ms from the client.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod talk;

use talk::ladder::{
    ACK, ASKED, BEGINNING, END, HEAD, HEAD_END, Line, PSH, REQUEST, after_the_beginning, analyzed_with, frames, time_ns,
};
use wirelab_analyze::link_record::{LinkFault, LinkFrame, LinkRecord, LinkSegment};
use wirelab_analyze::model::{FindingId, Kind, Sure};
use wirelab_analyze::{Capture, Cause, Settings};
use wirelab_dissect::build::endpoint;

/// A frame that the link dropped: when it was sent, whether to the client, its number in the capture, and its bytes.
fn dropped(ms: f64, to_client: bool, frame: Option<u64>, seq: u32, payload: usize) -> LinkFrame {
    let base: u32 = if to_client { 0xffff_ff00 } else { 7000 };
    LinkFrame {
        what: LinkFault::Dropped,
        option: "--loss 5%".into(),
        to_client,
        sent_ns: time_ns(ms),
        arrived_ns: None,
        frame,
        copy: None,
        bytes: 54 + payload as u32,
        segment: Some(LinkSegment {
            client: endpoint("10.0.0.2:40000"),
            server: endpoint("10.0.0.1:80"),
            seq: base.wrapping_add(seq),
            ack: None,
            payload: payload as u32,
            syn: false,
            fin: false,
        }),
    }
}

fn analyzed(lines: &[Line<'_>], dropped: Vec<LinkFrame>) -> Capture {
    let link = LinkRecord { at_server: true, round_trip_ns: 20_000_000, frames: dropped, complete_until_ns: None };
    analyzed_with(&frames(40_000, lines), Settings { link: Some(link), ..Settings::default() })
}

/// Milliseconds of the request by cause; those that have none are left out.
fn parts(capture: &Capture) -> Vec<(Cause, f64)> {
    let time = capture.exchanges.iter().find(|one| one.kind == Kind::Request).unwrap().time().unwrap();
    assert_eq!(time.likely().count(), 0, "all is known of a link with a list");
    Cause::ALL.iter().map(|&cause| (cause, time.of(cause) * 1e3)).filter(|(_, ms)| *ms > 0.0).collect()
}

/// A name, packets, what was dropped, and the parts of the request's time.
type Ladder<'a> = (&'a str, Vec<Line<'a>>, Vec<LinkFrame>, Vec<(Cause, f64)>);

#[test]
fn each_loss_is_booked_wherever_it_was() {
    let whole = [HEAD, b"body"].concat();
    let request = |ms: f64| -> Line<'static> { (ms, true, PSH, 1, 1, REQUEST) };
    let cases: Vec<Ladder<'_>> = vec![
        (
            "a request that was lost before the capture point",
            [
                &BEGINNING[..3],
                &[request(1100.0), (1100.0, false, PSH, 1, ASKED, &whole), (1120.0, true, ACK, ASKED, END, b"")],
            ]
            .concat(),
            vec![dropped(90.0, false, None, 1, REQUEST.len())],
            vec![(Cause::Network, 20.0), (Cause::Recovery, 1000.0)],
        ),
        (
            "an answer that had arrived, and an ACK of it that had not: nobody waited for the copy",
            after_the_beginning(&[
                (100.0, false, PSH, 1, ASKED, &whole),
                (400.0, false, PSH, 1, ASKED, &whole),
                (420.0, true, ACK, ASKED, END, b""),
            ]),
            vec![dropped(110.0, false, None, ASKED, 0)],
            vec![(Cause::Network, 20.0)],
        ),
        (
            "an answer that was lost behind the capture point",
            after_the_beginning(&[
                (100.0, false, PSH, 1, ASKED, &whole),
                (400.0, false, PSH, 1, ASKED, &whole),
                (420.0, true, ACK, ASKED, END, b""),
            ]),
            vec![dropped(100.0, true, Some(5), 1, whole.len())],
            vec![(Cause::Network, 20.0), (Cause::Recovery, 300.0)],
        ),
        (
            "a body that waits for the ACK of a head that was lost",
            after_the_beginning(&[
                (100.0, false, PSH, 1, ASKED, HEAD),
                (400.0, false, PSH, 1, ASKED, HEAD),
                (420.0, true, ACK, ASKED, HEAD_END, b""),
                (420.0, false, PSH, HEAD_END, ASKED, b"body"),
                (440.0, true, ACK, ASKED, END, b""),
            ]),
            vec![dropped(100.0, true, Some(5), 1, HEAD.len())],
            vec![(Cause::Network, 20.0), (Cause::Ack, 20.0), (Cause::Recovery, 300.0)],
        ),
        (
            "a body that comes with the copy of its head",
            after_the_beginning(&[
                (100.0, false, PSH, 1, ASKED, HEAD),
                (400.0, false, PSH, 1, ASKED, &whole),
                (420.0, true, ACK, ASKED, END, b""),
            ]),
            vec![dropped(100.0, true, Some(5), 1, HEAD.len())],
            vec![(Cause::Network, 20.0), (Cause::Recovery, 300.0)],
        ),
        (
            "a server that is slow, and nothing lost of it",
            after_the_beginning(&[(400.0, false, PSH, 1, ASKED, &whole), (420.0, true, ACK, ASKED, END, b"")]),
            vec![dropped(50.0, false, None, 1, 0)],
            vec![(Cause::Network, 20.0), (Cause::Server, 300.0)],
        ),
    ];
    for (name, lines, dropped, expected) in cases {
        assert_eq!(parts(&analyzed(&lines, dropped)), expected, "{name}");
    }
}

#[test]
fn who_is_slow_is_certain_where_the_link_is_known() {
    let whole = [HEAD, b"body"].concat();
    let lines = after_the_beginning(&[(400.0, false, PSH, 1, ASKED, &whole), (420.0, true, ACK, ASKED, END, b"")]);
    let sure = |capture: Capture| capture.findings.iter().find(|one| one.id == FindingId::SlowServer).unwrap().sure;
    assert_eq!(sure(analyzed(&lines, vec![dropped(50.0, false, None, 1, 0)])), Sure::Seen);
    assert_eq!(sure(analyzed_with(&frames(40_000, &lines), Settings::default())), Sure::Likely);
}

#[test]
fn the_story_of_a_loss_names_what_was_dropped_and_what_came_again() {
    let whole = [HEAD, b"body"].concat();
    let lines = after_the_beginning(&[
        (100.0, false, PSH, 1, ASKED, &whole),
        (400.0, false, PSH, 1, ASKED, &whole),
        (1000.0, false, PSH, 1, ASKED, &whole),
        (1020.0, true, ACK, ASKED, END, b""),
    ]);
    let of_two = vec![dropped(100.0, true, Some(5), 1, whole.len()), dropped(400.0, true, Some(6), 1, whole.len())];
    let capture = analyzed(&lines, of_two);
    let loss = capture.findings.iter().find(|one| one.id == FindingId::Loss).unwrap();
    assert_eq!(
        loss.text,
        "The link dropped 2 frames (--loss 5%). In the only exchange (GET /slow) 2 packets of 192 bytes were sent again: 2 after a \
         pause, as a time-out makes it. One exchange waited for that: 900 ms. Each copy of the same bytes came after a longer \
         pause: 300 ms and 600 ms (packets 6 and 7). The longest wait for lost bytes, 900 ms, was that of GET /slow: packet 5, to the \
         client, was dropped; packet 6, 300 ms later, was dropped too; packet 7, 900 ms later, arrived."
    );
    assert_eq!((loss.packets.as_slice(), loss.options.as_slice()), (&[5, 6, 7][..], &["--loss 5%".to_owned()][..]));
    assert_eq!((loss.cost.bytes, loss.cost.s), (192, 0.9));
    let [first, second] = capture.losses.as_slice() else { panic!("two losses, not {:?}", capture.losses) };
    assert_eq!((first.frame, first.again.len(), first.waited_s), (Some(5), 2, 0.9));
    assert_eq!((second.frame, second.again.len(), second.waited_s), (Some(6), 1, 0.6));

    // What the packets show alone has no link and no option.
    let alone = analyzed_with(&frames(40_000, &lines), Settings::default());
    let loss = alone.findings.iter().find(|one| one.id == FindingId::Loss).unwrap();
    assert_eq!(
        loss.text,
        "In the only exchange (GET /slow) 2 packets of 192 bytes were sent again: 2 after a pause, as a time-out makes it. One \
         exchange waited for that: 900 ms. Each copy of the same bytes came after a longer pause: 300 ms and 600 ms (packets 6 and 7)."
    );
    assert!(loss.options.is_empty() && alone.losses.is_empty());
}
