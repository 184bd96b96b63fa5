//! Of which captures must each rule of a report speak, and of which look-alikes not?

use super::{ANSWER, REQUEST};
use crate::Report;
use crate::findings::ReportFinding;
use crate::sample::{Era, Film, five, report, run, web};

/// Captures of one report, and what a rule must say of them, or nothing.
pub(super) struct Told {
    pub id: &'static str,
    pub name: &'static str,
    pub report: Report,
    pub says: Option<&'static str>,
}

pub(super) fn told() -> Vec<Told> {
    let says = |id, name, report, text| Told { id, name, report, says: Some(text) };
    let not = |id, name, report| Told { id, name, report, says: None };
    // raw TCP, full page, Ajax, event stream, WebSocket
    let of = |era, which: &[usize]| {
        report(
            five(era).into_iter().enumerate().filter(|(at, _)| which.contains(at)).map(|(_, one)| one).collect(),
            Some(run()),
        )
    };
    let (now, then) = (|which: &[usize]| of(Era::Now, which), |which: &[usize]| of(Era::Then, which));
    let all = || now(&[0, 1, 2, 3, 4]);
    let once =
        || report(vec![Film::new().connect().client(0, REQUEST).server(0, ANSWER).client_ack(0).develop("once")], None);
    let page = |film: Film| report(vec![film.develop("webapp")], None);
    vec![
        says(
            "update-cost",
            "five ways",
            all(),
            "The same 8 characters cost 166 bytes with SSE and 1221 with the full page; all in, 981.7 and 1800.7",
        ),
        not("update-cost", "nothing repeats", once()),
        says(
            "no-updates",
            "nothing repeats",
            once(),
            "6 TCP packets and 484 bytes, 15 % of them payload; no exchange that can be read repeats",
        ),
        not("no-updates", "five ways", all()),
        says(
            "update-span",
            "five ways",
            all(),
            "One update of the server's time takes 2 packets and 166 bytes on the wire with SSE, and 3 packets and 1221 bytes with the full page: 7.4 times as much.",
        ),
        says(
            "update-span",
            "one way",
            now(&[2]),
            "One update with Ajax takes 3 packets and 613 bytes on the wire, 415 of them above TCP.",
        ),
        not("update-span", "nothing repeats", once()),
        says(
            "heads-and-headers",
            "five ways",
            all(),
            "HTTP heads make 48 % of a full-page update, and every update repeats them; in an SSE update 80 % of the bytes are link, IP and TCP headers, which come with every packet.",
        ),
        not("heads-and-headers", "ways without heads", now(&[0, 3, 4])),
        says(
            "pushed-or-asked",
            "an event stream and a WebSocket",
            now(&[3, 4]),
            "The WebSocket client here asks for each update, and SSE is pushed without being asked: of what only the server pushes and its ACK, WebSocket takes 154 bytes and SSE 166.",
        ),
        not("pushed-or-asked", "an event stream and Ajax", now(&[2, 3])),
        says(
            "useful-share",
            "five ways",
            all(),
            "Of one update's bytes, from 0.66 % to 4.8 % are the time; the rest is the way there",
        ),
        not("useful-share", "nothing repeats", once()),
        says(
            "heads-each-time",
            "five ways",
            all(),
            "Full page sends 588 bytes of HTTP heads with an update to bring 435 bytes of content. Raw TCP, SSE and WebSocket send none.",
        ),
        says(
            "heads-each-time",
            "ways without heads",
            now(&[0, 3]),
            "No update here carries an HTTP head: what differs is framing and the number of packets.",
        ),
        not("heads-each-time", "nothing repeats", once()),
        says(
            "packets-of-update",
            "now",
            all(),
            "A full page costs five packets in 2021, three now; all in, from 6.0 to 7.0",
        ),
        says(
            "packets-of-update",
            "as then",
            then(&[2]),
            "One update costs to the byte what it cost in 2021; all in, 9.0 packets and 1437.3 bytes",
        ),
        not("packets-of-update", "nothing repeats", once()),
        says(
            "push-span",
            "three that push",
            all(),
            "Pushed, an update is 2 packets in each capture; 24 bytes lie between raw TCP and SSE",
        ),
        not("push-span", "two that cannot", now(&[1, 2])),
        says(
            "whole-span",
            "five ways",
            all(),
            "From first packet to last: 1279 bytes with raw TCP, 5402 with the full page",
        ),
        not("whole-span", "no capture", report(vec![], None)),
        says(
            "break-even",
            "five ways",
            all(),
            "WebSocket starts dearer than Ajax and is cheaper from the third update on",
        ),
        not("break-even", "one way", now(&[4])),
        says(
            "crossing",
            "a WebSocket overtakes Ajax",
            now(&[2, 4]),
            "WebSocket (2741 bytes once, 234 each) has cost less than Ajax (1747 once, 613 each) from update 3 on.",
        ),
        not("crossing", "a full page never overtakes raw TCP", now(&[0, 1])),
        says("slowest-update", "five ways", all(), "No update took longer than 25 ms"),
        not("slowest-update", "nothing repeats", once()),
        says(
            "load",
            "five ways",
            all(),
            "For 10 000 clients and one update a second: 13.3 Mbit/s with SSE, 97.7 with the full page",
        ),
        not("load", "nothing repeats", once()),
        says(
            "handshake-of-2021",
            "another SYN",
            now(&[2]),
            "ajaxapp: The 3 packets of the handshake carry 112 bytes of TCP header, 3 and 116 in 2021; the first SYN here has 40.",
        ),
        not("handshake-of-2021", "another number of updates", page(web(Era::Now, 2))),
        says(
            "one-segment",
            "head and body at once",
            now(&[1]),
            "webapp: Head and body of the answer leave in one packet, and one ACK answers for both: three packets an update, five in 2021.",
        ),
        not("one-segment", "head and body apart", then(&[1])),
        says(
            "acks-of-2021",
            "the answer carries the ACK",
            page(web(Era::Then, 3).without_lone_acks()),
            "webapp: As many packets with data as in 2021, and 1 packet fewer without, in page. Here the answers carry the ACKs of what was asked.",
        ),
        not("acks-of-2021", "an answer in fewer segments has fewer packets with data, too", now(&[1])),
        says(
            "packet-more",
            "an ACK of its own in the first update",
            report(vec![acked_once().develop("once")], None),
            "once: Update 1 takes four packets where the median takes three. Packet 5 is an ACK on its own: the server's TCP acknowledged the request at once, and did not wait for the answer, which came soon after it and could have carried the ACK.",
        ),
        not("packet-more", "all updates alike", then(&[1])),
        says(
            "parts-of-2021",
            "another request",
            now(&[1]),
            "webapp: The request's head takes 471 bytes (client profile \"firefox\"); Firefox 89 sent 371 in 2021.",
        ),
        not("parts-of-2021", "the same request", then(&[1])),
        says(
            "headers-of-2021",
            "padding",
            page(web(Era::Now, 3).all_padded(4)),
            "webapp: Below TCP the 3 packets of an update take 114 bytes, not the 102 that Ethernet and IPv4 without options take (34 a packet).",
        ),
        not("headers-of-2021", "the usual headers, and more packets", then(&[1])),
        says(
            "ending-of-2021",
            "no RST",
            now(&[4]),
            "wsapp: Closing takes 8 packets and 538 bytes, 9 packets and 580 in 2021. The browser of 2021 had closed its socket when the server's last bytes arrived, and its TCP answered them with two RST; here there is no RST.",
        ),
        not("ending-of-2021", "closed as then", now(&[0])),
        says(
            "miscount-of-2021",
            "as many packets with data as in its capture",
            then(&[4]),
            "wsapp: 13 packets with data here; the published table says 12. Its own capture holds 13 too: three of the page, two of the upgrade, six of the updates, two close frames.",
        ),
        not("miscount-of-2021", "one fewer", now(&[4])),
        says("packets-of-page", "at once", now(&[1]), "3 packets here: two with data and one that only acknowledge."),
        says(
            "packets-of-page",
            "apart",
            then(&[1]),
            "5 packets here: three with data and two that only acknowledge. Its answer comes in several segments, of which a later one waited until the one before was acknowledged.",
        ),
        not("packets-of-page", "Ajax loads no page", now(&[2])),
        says(
            "stream-or-websocket",
            "both",
            now(&[3, 4]),
            "As the apps are: SSE 166 bytes, WebSocket 234. Pushed only: SSE 166, WebSocket 154.",
        ),
        not("stream-or-websocket", "one of them", now(&[3])),
        says(
            "useful-at-best",
            "five ways",
            all(),
            "At best 4.8 % (SSE, 166 bytes), at worst 0.66 % (the full page, 1221 bytes). Of the leanest update 132 bytes are headers below the payload, in 2 packets.",
        ),
        not("useful-at-best", "one way", now(&[1])),
        says(
            "websocket-pays-off",
            "Ajax and WebSocket",
            now(&[2, 4]),
            "From update 3 on. Before the first update WebSocket has cost 2741 bytes and Ajax 1747; then each update adds 234 and 613.",
        ),
        not("websocket-pays-off", "SSE and WebSocket", now(&[3, 4])),
        says(
            "masked-words",
            "a masked question",
            now(&[4]),
            "In packet 15, masked with the key 36 0d 29 16, which stands in front of them.",
        ),
        not("masked-words", "an event stream is not masked", now(&[3])),
        says("websocket-connections", "one visitor", now(&[4]), "Two here."),
        not("websocket-connections", "no WebSocket", now(&[3])),
        says(
            "round-trips",
            "five ways",
            all(),
            "Raw TCP 25 ms (1 round trip), Full page 25 ms (1 round trip), Ajax 25 ms (1 round trip), SSE 12.5 ms (½ round trip), WebSocket 25 ms (1 round trip).",
        ),
        not("round-trips", "one way", now(&[1])),
    ]
}

/// Answered at once, but the first time 5 ms after an ACK.
fn acked_once() -> Film {
    let mut film = Film::new().connect();
    for round in 0..3 {
        film = film.wait(1000).client(0, REQUEST);
        if round == 0 {
            film = film.server_ack(0).wait(5);
        }
        film = film.server(0, ANSWER).client_ack(0);
    }
    film.wait(1000).close(0)
}

#[test]
fn each_rule_speaks_of_what_it_must_and_of_nothing_else() {
    let mut wrong = Vec::new();
    for Told { id, name, report, says } in told() {
        let said: Vec<&ReportFinding> = report.findings.iter().filter(|one| one.id == id).collect();
        let plain = said.first().map(|finding| crate::numbers::with_plain_spaces(&finding.text));
        if plain.as_deref() != says {
            wrong.push(format!("{id}, {name}: {plain:?}"));
        }
        for evidence in said.iter().flat_map(|finding| &finding.evidence) {
            let capture = &report.analysis.captures[evidence.capture];
            assert!(
                evidence.packets.iter().all(|number| (1..=capture.frames).contains(number)),
                "{id}, {name}: {evidence:?}"
            );
            assert!(evidence.exchanges.iter().all(|at| *at < capture.exchanges.len()), "{id}, {name}: {evidence:?}");
        }
        assert!(said.iter().all(|finding| !finding.evidence.is_empty()), "{id}, {name}: no evidence");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Of what is none of the lab's own, nothing is said of 2021, of the lab's apps or of its wire.
#[test]
fn of_strangers_nothing_of_the_lab_is_said() {
    let strangers = five(Era::Now).into_iter().map(|(mut capture, bytes)| {
        capture.app = None;
        (capture, bytes)
    });
    let report = report(strangers.collect(), None);
    for finding in &report.findings {
        assert!(!finding.is_of_numbers() || finding.id == "packet-more", "{finding:?}");
        for word in ["2021", "Firefox", "wirelab", "WebSocket", "Ajax", "the time", "server's time"] {
            assert!(!finding.text.contains(word), "{word}: {}", finding.text);
        }
    }
}
