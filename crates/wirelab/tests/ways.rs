//! `docs/ways.md` compares all apps, and says of what others claim whether it holds: every figure in it is measured here.
//! `UPDATE_DOCS=1 cargo test -p wirelab --test ways` writes it again.

mod lab;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lab::Lab;
use serde_json::Value;

/// Everything at its default, and then an hour of silence with what is needed to get through it.
const UPDATES: &str = "run-all --apps all --wire virtual --seed 1";
const SILENCE: &str =
    "run-all --apps all --wire virtual --seed 1 --interval 1h --updates 1 --poll-every 10s --heartbeat 30s --hold 30s";

/// What is measured of one app.
struct Way {
    title: &'static str,
    /// Packets and bytes before the first update.
    setup: (u64, u64),
    update: (u64, u64),
    heads: u64,
    framing: u64,
    /// Bytes asked and answered in vain for each update.
    vain: u64,
    /// From a change to the client, in milliseconds; none where the client asks when it likes.
    late_ms: Option<f64>,
    /// Bytes that an hour without anything new costs.
    hour: u64,
    who: &'static str,
    needs: &'static str,
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Whether an exchange told its client nothing.
fn is_vain(label: &str) -> bool {
    [", nothing new", " 304", " 204"].iter().any(|ending| label.ends_with(ending))
}

/// Packets and bytes of the groups that are meant.
fn sum(capture: &Value, is_meant: impl Fn(&str, &str) -> bool) -> (u64, u64) {
    let groups = capture["groups"].as_array().expect("groups");
    let meant = groups
        .iter()
        .filter(|group| is_meant(group["kind"].as_str().expect("a kind"), group["label"].as_str().expect("a label")));
    meant.fold((0, 0), |sum, group| (sum.0 + number(&group["total_packets"]), sum.1 + number(&group["frame_bytes"])))
}

/// The captures of a run and, by their names, how late each update was on average: from when it was due.
fn run(command: &str) -> (BTreeMap<String, Value>, BTreeMap<String, f64>) {
    let lab = Lab::new();
    lab.done(command);
    let results: Value = serde_json::from_slice(&lab.read("reports/results.json")).expect("JSON");
    let made: Value = serde_json::from_slice(&lab.read("pcap/run.json")).expect("JSON");
    let captures = results["captures"].as_array().expect("captures").iter();
    let captures = captures.map(|capture| (capture["app"].as_str().expect("an app").to_owned(), capture.clone()));
    let late = made["captures"].as_array().expect("captures").iter().map(|capture| {
        let steps = capture["steps"].as_array().expect("steps").iter();
        let late: Vec<f64> = steps
            .filter(|step| step["name"].as_str().expect("a name").starts_with("update"))
            .map(|step| 1000.0 * (step["done_s"].as_f64().expect("a time") - step["due_s"].as_f64().expect("a time")))
            .collect();
        (capture["app"].as_str().expect("an app").to_owned(), late.iter().sum::<f64>() / late.len() as f64)
    });
    (captures.collect(), late.collect())
}

fn measured() -> BTreeMap<&'static str, Way> {
    let (updates, late) = run(UPDATES);
    let (silence, _) = run(SILENCE);
    let ways = WAYS.map(|(app, title, who, needs)| {
        let (capture, quiet) = (&updates[app], &silence[app]);
        let update = &capture["per_update"];
        let spent = sum(quiet, |kind, label| kind == "control" || is_vain(label)).1;
        let hours = quiet["duration_s"].as_f64().expect("a time") / 3600.0;
        let vain = sum(capture, |_, label| is_vain(label)).1;
        let way = Way {
            title,
            setup: sum(capture, |kind, _| ["setup", "greeting", "page", "subscribe"].contains(&kind)),
            update: (number(&update["total_packets"]), number(&update["frame_bytes"])),
            heads: number(&update["request_head_bytes"]) + number(&update["response_head_bytes"]),
            framing: number(&update["framing_bytes"]),
            vain: vain / number(&capture["update_count"]),
            late_ms: match app {
                "poll" | "long-poll" => Some(late[app]),
                "sse" | "stream" | "ws-push" => Some(
                    1000.0
                        * capture["per_update_time"]["total_s"]
                            .as_f64()
                            .or_else(|| capture["updates"][0]["time"]["total_s"].as_f64())
                            .expect("a time"),
                ),
                _ => None,
            },
            hour: (spent as f64 / hours).round() as u64,
            who,
            needs,
        };
        (app, way)
    });
    ways.into_iter().collect()
}

fn document() -> String {
    let ways = measured();
    let mut text = BEGINNING.to_owned();
    text.push_str(
        "| way | set-up | one update | in vain | change to client | an hour of silence | who speaks | needs |\n",
    );
    text.push_str("| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |\n");
    for (app, ..) in WAYS {
        let way = &ways[app];
        let late = way.late_ms.map_or("when it asks".to_owned(), |ms| format!("{ms:.1} ms"));
        writeln!(
            text,
            "| {} (`{app}`) | {} packets, {} | {} packets, {} | {} | {late} | {} | {} | {} |",
            way.title, way.setup.0, way.setup.1, way.update.0, way.update.1, way.vain, way.hour, way.who, way.needs
        )
        .expect("a string takes every write");
    }
    let of = |app: &str| &ways[app];
    let (ajax, page, ws, push, poll, long) =
        (of("ajax"), of("web"), of("ws"), of("ws-push"), of("poll"), of("long-poll"));
    text.push_str(BETWEEN);
    for (claim, verdict, why) in [
        (
            "the header fields of a request and its reply take 800 to 2,000 bytes, 871 in the example".to_owned(),
            "not here",
            format!(
                "{} bytes with Ajax and {} with the page (Firefox, no cookies, a server that says little). The example has nine cookies, \
                 and fields that browsers send no more; each cookie is sent with every request",
                ajax.heads, page.heads
            ),
        ),
        (
            "a WebSocket message has 2 to 6 bytes of overhead".to_owned(),
            "holds for what it counts",
            format!(
                "{} bytes of framing on a message that is pushed, {} on a question and its answer, as a client's has a mask of 4. \
                 From 126 bytes of payload on it is 2 more, from 65,536 on 8 more. Ethernet, IP and TCP take 66 a packet, and the ACK is one: \
                 that is {} bytes on the wire for 20 of payload",
                push.framing, ws.framing, push.update.1
            ),
        ),
        (
            "HTTP makes a new connection every time".to_owned(),
            "no longer",
            "every way here asks on one connection that is kept (RFC 9112, section 9.3): the set-up is paid once"
                .to_owned(),
        ),
        (
            "polling waits for the next interval".to_owned(),
            "holds",
            format!(
                "{:.0} ms on average, asking every 2 s: half of that and a round trip. And {} bytes are spent in vain for each update",
                poll.late_ms.unwrap_or_default(),
                poll.vain
            ),
        ),
        (
            "long polling waits for nothing if a request is there, and for the next request else".to_owned(),
            "holds",
            format!(
                "{:.1} ms, half a round trip, where a request was waiting. A change within the round trip that the next request takes is told with \
                 that. It pays heads for each update all the same: {} bytes",
                long.late_ms.unwrap_or_default(),
                long.heads
            ),
        ),
        (
            "over a WebSocket nothing is waited for".to_owned(),
            "holds where the server pushes",
            format!(
                "{:.1} ms, half a round trip. So do an event stream and a stream of lines, over plain HTTP. A client that asks over its \
                 WebSocket waits a round trip",
                push.late_ms.unwrap_or_default()
            ),
        ),
        (
            "HTTP goes one way, and the server only responds".to_owned(),
            "holds of who begins",
            format!(
                "but one request can have an answer without end: then an update is {} bytes with an event stream and {} with lines, \
                 {} over a WebSocket",
                of("sse").update.1,
                of("stream").update.1,
                push.update.1
            ),
        ),
    ] {
        writeln!(text, "| {claim} | {verdict} | {why} |").expect("a string takes every write");
    }
    text.push_str(END);
    text
}

#[test]
fn the_comparison_is_what_is_measured() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ways.md");
    let document = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&place, &document).expect("docs/ways.md");
    }
    assert_eq!(fs::read_to_string(&place).expect("docs/ways.md"), document, "UPDATE_DOCS=1 writes it again");
}

/// Each app, what it is called, who may speak on its connection, and what it needs.
const WAYS: [(&str, &str, &str, &str); 10] = [
    ("tcp", "Lines over TCP", "both", "no browser speaks it"),
    ("web", "The page again", "the client", "any browser"),
    ("iframe", "A frame in a page", "the client", "any browser"),
    ("ajax", "Ajax", "the client", "a script"),
    ("poll", "Polling", "the client", "a script"),
    ("long-poll", "Long polling", "the client; the server answers when it likes", "a script; proxies that wait"),
    ("stream", "Streaming", "the server, once asked", "`fetch`; proxies that pass on what comes"),
    ("sse", "Server-sent events", "the server, once asked", "`EventSource`; proxies that pass on what comes"),
    ("ws", "WebSocket, asked", "both", "`WebSocket`; proxies that let HTTP be upgraded"),
    ("ws-push", "WebSocket, pushed", "both", "`WebSocket`; proxies that let HTTP be upgraded"),
];

const BEGINNING: &str = "\
# Every way to get an update, side by side

All figures are frame bytes, measured on the virtual wire with a round trip of 25 ms and the requests of Firefox; a test holds this page
to them. `wirelab run-all --apps all` makes the captures, `wirelab serve NAME` opens one.

- *Set-up* is what is paid before the first update: handshakes, page, subscription.
- *In vain* is what is asked and answered for each update without telling anything new, asking every 2 s for a value that changes every
  10 s.
- *Change to client* is how old a value is when the client has it, on average. Who asks when it likes learns nothing of a change before.
- *An hour of silence* is what keeps a connection known to be there while nothing changes: `--heartbeat 30s`, `--hold 30s`; polling asks
  every 10 s. Where nothing is held open it costs nothing, and without a heartbeat the others do not either.

";

const BETWEEN: &str = "
## What is said of them

A lecture on WebSockets (NP II, Universidad Complutense de Madrid) sets HTTP and WebSocket side by side. What it says, and what is
measured here:

| it is said that | that | measured |
| --- | --- | --- |
";

const END: &str = "
Conditions: HTTP/1.1 without TLS, no proxy between, answers of 20 bytes, no cookies, no loss. TLS adds records to each message, and HTTP/2
makes repeated header fields small. What browsers limit (six connections to a host over HTTP/1.1, of which each event stream and each stream
of lines holds one) was not measured here.
";
