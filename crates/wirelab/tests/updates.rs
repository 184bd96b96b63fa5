//! What one update is said to cost, where updates share packets, connections are opened for each, or somebody says what an
//! update is.

mod lab;

use insta::assert_snapshot;
use lab::Lab;
use wirelab_capture::{LinkType, Settings, Writer};
use wirelab_dissect::build::Tcp;
use wirelab_dissect::tcp::Flags;

/// What the two sides of a connection say, one packet each: whether the client does, and what; the client acknowledges.
fn file(connections: &[&[(bool, &[u8])]]) -> Vec<u8> {
    let mut frames = Vec::new();
    for (port, said) in (40_000..).zip(connections) {
        let (client, server) = (format!("10.0.0.2:{port}"), "10.0.0.1:80");
        let (mut asked, mut answered) = (1001, 5001);
        let up = Tcp { flags: Flags::ACK, ..Tcp::between(&client, server) };
        let down = Tcp { flags: Flags::ACK, ..Tcp::between(server, &client) };
        frames.push(Tcp { seq: 1000, flags: Flags::SYN, ..up }.frame());
        frames.push(Tcp { seq: 5000, ack: 1001, flags: Flags(Flags::SYN.0 | Flags::ACK.0), ..down }.frame());
        frames.push(Tcp { seq: 1001, ack: 5001, ..up }.frame());
        for &(from_client, payload) in *said {
            if from_client {
                frames.push(Tcp { seq: asked, ack: answered, payload, ..up }.frame());
                asked += payload.len() as u32;
            } else {
                frames.push(Tcp { seq: answered, ack: asked, payload, ..down }.frame());
                answered += payload.len() as u32;
                frames.push(Tcp { seq: asked, ack: answered, ..up }.frame());
            }
        }
    }
    let mut file = Vec::new();
    let mut writer = Writer::with(&mut file, Settings::new(LinkType::ETHERNET)).expect("a header");
    for (number, frame) in (0u64..).zip(frames) {
        writer.write(1_600_000_000_000_000_000 + number * 1_000_000, frame.len() as u32, &frame).expect("a record");
    }
    writer.finish().expect("an end");
    file
}

/// A stream of which something on the way held two events back.
fn held() -> Vec<u8> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let events = b"data: 1\n\ndata: 2\n\ndata: 3\n\n";
    file(&[&[(true, b"GET /feed HTTP/1.1\r\n\r\n"), (false, head), (false, events), (false, b"data: 4\n\n")]])
}

/// A connection for each request; one of them is for something else, one in vain.
fn polled() -> Vec<u8> {
    let (ask, other) = (b"GET /price HTTP/1.1\r\n\r\n", b"GET /news HTTP/1.1\r\n\r\n");
    let (ok, not) =
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let one: &[(bool, &[u8])] = &[(true, ask), (false, ok)];
    file(&[one, one, one, &[(true, ask), (false, not)], &[(true, other), (false, ok)]])
}

#[test]
fn updates_that_share_a_packet() {
    let lab = Lab::new();
    lab.write("held.pcap", held());
    assert_snapshot!("held", lab.done("analyze held.pcap").stdout);
    let shown = lab.command("show held.pcap --json --exchange").arg("update 3").output().expect("it runs");
    let shown = String::from_utf8(shown.stdout).expect("text");
    let numbers: Vec<&str> =
        shown.lines().filter_map(|line| line.split("\"number\":").nth(1)?.split([',', '}']).next()).collect();
    assert_eq!(numbers, ["7", "8"], "{shown}");
    lab.done("report held.pcap");
    let page = String::from_utf8(lab.read("reports/index.html")).expect("text");
    for said in [
        "On average an update takes",
        "3 of 4 share a packet or an ACK",
        "all in ",
        "An update costs 63.0 bytes on average",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn a_connection_for_each_update() {
    let lab = Lab::new();
    lab.write("polled.pcap", polled());
    assert_snapshot!("polled", lab.done("analyze polled.pcap").stdout);
    assert_snapshot!("polled_markdown", lab.done("analyze polled.pcap --format markdown").stdout);
    lab.done("report polled.pcap");
    assert!(lab.text("reports/index.html").contains(">An update costs 225 bytes<"));
    let page = String::from_utf8(lab.read("reports/index.html")).expect("text");
    assert!(
        page.contains("Lines that begin at what is paid once and rise by what each update costs: polled 0 + 387 each.")
    );
}

#[test]
fn somebody_says_what_an_update_is() {
    let lab = Lab::new();
    lab.write("polled.pcap", polled());
    lab.write("held.pcap", held());
    let said = |label: &str, files: &str| {
        let mut command = lab.command(&format!("analyze {files} --format csv --update"));
        let ran = command.arg(label).output().expect("it runs");
        (ran.status.code(), String::from_utf8(ran.stdout).expect("text"), String::from_utf8(ran.stderr).expect("text"))
    };
    let (code, out, _) = said("GET /news", "polled.pcap");
    assert!(code == Some(0) && out.contains("\nper_update,polled,,GET /news,3,"), "{out}");
    let (code, out, error) = said("get /news", "polled.pcap held.pcap");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_snapshot!("no_such_label", error);
    let (code, _, error) = said("GET /news", "polled.pcap held.pcap");
    assert_eq!(
        (code, error.as_str()),
        (Some(0), "wirelab: held: no exchange is called 'GET /news', so it has no updates\n")
    );
    let mut command = lab.command("report polled.pcap --update");
    let ran = command.arg("GET /nothing").output().expect("it runs");
    assert_eq!(ran.status.code(), Some(2));
    assert!(!lab.path("reports").exists());
}

#[test]
fn two_captures_with_the_same_labels_are_told_apart() {
    let lab = Lab::new();
    lab.write("a.pcap", polled());
    lab.write("b.pcap", polled());
    std::fs::create_dir(lab.path("c")).expect("a folder");
    lab.write("c/b.pcap", polled());
    assert_snapshot!("alike", lab.done("report a.pcap b.pcap c/b.pcap").stdout);
}

/// What is paid once is one client's, however many there are.
#[test]
fn many_clients_pay_once_each() {
    let lab = Lab::new();
    let lines = |clients: u32| {
        lab.done(&format!("run-all --wire virtual --seed 1 --updates 3 --clients {clients}"));
        let page = lab.text("reports/index.html");
        let said = page.split("Lines that begin at what is paid once").nth(1).expect("a picture of growing costs");
        let crossings = page.split("The crossings in words").nth(1).expect("crossings");
        [said.split('<').next(), crossings.split("</details>").next()].map(|part| part.unwrap_or_default().to_owned())
    };
    let one = lines(1);
    assert!(one[0].contains("WebSocket 2674 + 234 each"), "{one:?}");
    assert_eq!(lines(20), one);
}
