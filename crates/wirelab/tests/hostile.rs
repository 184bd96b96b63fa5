//! Whatever a capture, a file's name, a run.json or an argument holds: it is shown, and does nothing else.
//!
//! Every field of every protocol holds text that would move a terminal's cursor, set its title, turn the direction of
//! writing, run as a script or as a formula, and every form of output is looked at.
#![cfg(unix)]

mod lab;

use std::io::Write;
use std::process::Command;

use lab::{Lab, Ran};
use serde_json::Value;
use wirelab_capture::{LinkType, Writer};
use wirelab_dissect::build::{Tcp, endpoint};
use wirelab_dissect::packet::Endpoint;
use wirelab_dissect::tcp::Flags;

/// ECMA-48's sequences in seven and in eight bits, marks of direction, breaks of line, markup, formulas.
const HOSTILE: [&str; 4] = [
    "\u{1b}[2J\u{1b}]0;mine\u{7}\u{1b}P\u{8}\u{7f}\0",
    "\u{9b}2J\u{9d}0;mine\u{9c}\u{85}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{2028}\u{2029}\u{feff}",
    "<script>alert(1)</script><img/src=x/onerror=alert(1)>`|*_[x](javascript:alert(1))&lt;'\"",
    "=cmd|'/C'!A0,\"@SUM(1)",
];

/// What the client and the server say, with `{}` where the text goes: each place that a decoder knows.
const PLACES: [(&str, &str); 39] = [
    ("{} / HTTP/1.1\r\nHost: a\r\n\r\n", OK),
    ("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", OK),
    ("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", OK),
    ("GET / {}\r\nHost: a\r\n\r\n", OK),
    ("GET / HTTP/1.1{}\r\nHost: a\r\n\r\n", OK),
    ("GET / HTTP/1.1\r\n{}: a\r\n\r\n", OK),
    ("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", OK),
    ("GET / HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", OK),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: {}\r\n\r\n", OK),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\nx", OK),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {}\r\n\r\nx", OK),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\n{}", OK),
    (GET, "HTTP/1.1 200 {}\r\nContent-Length: 0\r\n\r\n"),
    (GET, "HTTP/1.1 {}\r\nContent-Length: 0\r\n\r\n"),
    (GET, "{} 200 OK\r\nContent-Length: 0\r\n\r\n"),
    (GET, "HTTP/1.1 200 OK\r\nServer: {}\r\nContent-Length: 0\r\n\r\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: 0\r\n\r\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: 3\r\n\r\nabc"),
    (GET, "HTTP/1.1 200 OK\r\n\r\n{}"),
    (GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;{}\r\na\r\n0\r\n\r\n"),
    (GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\na\r\n0\r\n\r\n"),
    (GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: {}\r\n\r\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: {}\ndata: a\n\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: a\ndata: {}\n\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: {}\ndata: a\n\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: {}\ndata: a\n\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: {}\ndata: a\n\n"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{}: a\ndata: a\n\n"),
    (UPGRADE, "HTTP/1.1 101 {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    (UPGRADE, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: {}\r\n\r\n"),
    (UPGRADE, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: {}\r\n\r\n"),
    (
        UPGRADE,
        "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n\u{1}TEXT",
    ),
    (UPGRADE, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\u{1}CLOSE"),
    ("time\n", "Server time: {}\n"),
    ("{}\n", "Hello!\n"),
    ("{}", "{}"),
    ("\u{1}HELLO", "{}"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\u{1}GZIP"),
    (GET, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n\u{1}GZIP"),
];
const GET: &str = "GET /time HTTP/1.1\r\nHost: a\r\n\r\n";
const UPGRADE: &str = "GET /time HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What one side says: the text in its place, and what is no text put together around it.
fn said(template: &str, text: &str) -> Vec<u8> {
    let (template, rest) = template.split_once('\u{1}').unwrap_or((template, ""));
    let mut bytes = template.replace("{}", text).into_bytes();
    let frame = |opcode: u8, payload: &[u8]| [&[0x80 | opcode, payload.len() as u8], payload].concat();
    match rest {
        "TEXT" => bytes.extend(frame(1, text.as_bytes())),
        "CLOSE" => bytes.extend(frame(8, &[&[3, 0xe8], text.as_bytes()].concat())),
        "GZIP" => {
            let mut encoder = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::default());
            write!(encoder, "event: {text}\ndata: {text}\n\n").expect("memory");
            encoder.finish().expect("memory");
        }
        "HELLO" => {
            // RFC 6066, section 3, and RFC 8446, section 4.1.2: a ClientHello with nothing but a server's name.
            let part = |length: usize, content: Vec<u8>| {
                [&(content.len() as u32).to_be_bytes()[4 - length..], &content].concat()
            };
            let name = part(2, [vec![0], part(2, text.as_bytes().to_vec())].concat());
            let extensions = part(2, [vec![0, 0], part(2, name)].concat());
            let hello =
                [vec![3, 3], vec![7; 32], vec![0], part(2, vec![0x13, 1]), part(1, vec![0]), extensions].concat();
            bytes.extend([vec![22, 3, 1], part(2, [vec![1], part(3, hello)].concat())].concat());
        }
        _ => {}
    }
    bytes
}

/// A connection for each place, frame by frame with its time.
fn frames(places: &[(&str, &str)], text: &str) -> Vec<(u64, Vec<u8>)> {
    let mut frames = Vec::new();
    let mut time_ns = 1_000_000_000;
    for (number, (client, server)) in (0..).zip(places) {
        let client_end = Endpoint { addr: [10, 0, 0, 2].into(), port: 40_000 + number };
        let ends = [client_end, endpoint("10.0.0.1:8000")];
        let mut seq = [1u32, 1];
        for (from, flags, payload) in [
            (0, Flags::SYN, Vec::new()),
            (1, Flags::SYN | Flags::ACK, Vec::new()),
            (0, Flags::ACK, Vec::new()),
            (0, Flags::ACK, said(client, text)),
            (1, Flags::ACK, said(server, text)),
            (0, Flags::ACK | Flags::FIN, Vec::new()),
            (1, Flags::ACK | Flags::FIN, Vec::new()),
        ] {
            let to = 1 - from;
            let tcp = Tcp { seq: seq[from], ack: seq[to], flags, payload: &payload, ..Tcp::new(ends[from], ends[to]) };
            seq[from] = tcp.next_seq();
            frames.push((time_ns, tcp.frame()));
            time_ns += 10_000_000;
        }
    }
    frames
}

/// A capture of one connection for each place.
fn capture(text: &str) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::create(&mut file, LinkType::ETHERNET, 65_535).expect("a capture");
    for (time_ns, frame) in frames(&PLACES, text) {
        writer.write(time_ns, frame.len() as u32, &frame).expect("written");
    }
    drop(writer);
    file
}

/// A capture whose own words hold the text: comments on the file, on the interface and on every packet, and all else that
/// a pcapng file may say in words (draft-ietf-opsawg-pcapng, sections 3.5.1 and 4).
fn commented(text: &str) -> Vec<u8> {
    let padded = |bytes: &[u8]| [bytes, &[0; 3][..bytes.len().wrapping_neg() % 4]].concat();
    let block = |kind: u32, body: Vec<u8>| {
        let length = (body.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes(), &length, body.as_slice(), &length].concat()
    };
    let options = |codes: &[u16]| -> Vec<u8> {
        let option = |&code: &u16| {
            [&code.to_le_bytes()[..], &(text.len() as u16).to_le_bytes(), &padded(text.as_bytes())].concat()
        };
        [codes.iter().flat_map(option).collect(), vec![0; 4]].concat()
    };
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8], &options(&[1, 1, 2, 3, 4])].concat();
    let interface = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &options(&[1, 2, 3, 12, 15])].concat();
    // A name for 10.0.0.1, by a server of names.
    let name = [&[10, 0, 0, 1], text.replace('\0', "").as_bytes(), &[0]].concat();
    let names = [&[1, 0], &(name.len() as u16).to_le_bytes()[..], &padded(&name), &[0; 4], &options(&[1, 2])].concat();
    let mut file = [block(0x0a0d_0d0a, section), block(1, interface), block(4, names)].concat();
    for (time_ns, frame) in frames(&[(GET, OK), (UPGRADE, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")], "") {
        let micros = time_ns / 1000;
        let words = [0, (micros >> 32) as u32, micros as u32, frame.len() as u32, frame.len() as u32];
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        file.extend(block(6, [words, padded(&frame), options(&[1, 1])].concat()));
    }
    file
}

/// Runs the program with arguments that may hold anything but a separator.
fn run(lab: &Lab, arguments: &[&str]) -> Ran {
    let mut command: Command = lab.command("");
    Ran::of(command.args(arguments).output().expect("it starts"))
}

/// The colours that the program itself writes, taken away; no text of ours holds such a sequence.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(after.len());
        plain.push_str(before);
        if after[end..].starts_with('m') {
            rest = &after[end + 1..];
        } else {
            plain.push_str("\u{1b}[");
            rest = after;
        }
    }
    plain + rest
}

fn assert_harmless(what: &str, text: &str) {
    let plain = text.replace("\r\n", "\n");
    let acts = |c: char| match c {
        '\n' | '\t' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => true,
        _ => false,
    };
    if let Some(at) = plain.find(acts) {
        let around: String = plain[at..].chars().take(40).collect();
        panic!("{what} holds {around:?}");
    }
}

fn assert_ran(what: &str, ran: &Ran) {
    assert!((0..=2).contains(&ran.status), "{what}: {}: {}", ran.status, ran.stderr);
    assert_harmless(&format!("{what}: standard output"), &without_colours(&ran.stdout));
    assert_harmless(&format!("{what}: standard error"), &ran.stderr);
    assert!(ran.stderr.lines().all(|line| !line.starts_with("forged")), "{what}: {}", ran.stderr);
}

/// No field of a CSV begins as a formula does.
fn assert_no_formula(csv: &str) {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in csv.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' | '\r' | '\n' if !quoted => fields.push(String::new()),
            c => fields.last_mut().expect("a field").push(c),
        }
    }
    for field in fields {
        assert!(!field.starts_with(['=', '+', '@', '\t']), "{field:?}");
        assert!(!field.starts_with('-') || field.parse::<f64>().is_ok(), "{field:?}");
    }
}

/// No markup but that of the report's own templates.
fn assert_no_markup(what: &str, text: &str) {
    for markup in ["<script>alert", "<img", "onerror=alert(1)>", "href=\"javascript"] {
        if let Some(at) = text.find(markup) {
            let line = text[..at].lines().last().unwrap_or_default();
            panic!("{what} holds {markup} after {line}");
        }
    }
}

#[test]
fn what_a_capture_holds() {
    let lab = Lab::new();
    for (number, text) in HOSTILE.iter().enumerate() {
        let file = format!("hostile-{number}.pcap");
        lab.write(&file, capture(text));
        assert_capture(&lab, &file, PLACES.len());
    }
}

#[test]
fn what_a_capture_says_of_itself() {
    let lab = Lab::new();
    for (number, text) in HOSTILE.iter().enumerate() {
        let file = format!("hostile-{number}.pcapng");
        lab.write(&file, commented(text));
        let packet = run(&lab, &["show", &file, "--json", "--packet", "1"]);
        let packet: Value = serde_json::from_str(&packet.stdout).expect("JSON");
        assert!(packet["comments"][0].as_str().is_some_and(|said| said == text.trim_end_matches('\0')), "{packet}");
        assert_capture(&lab, &file, 2);
    }
}

/// No form of output of a capture with so many connections of seven packets, nor of the same with comments, acts.
fn assert_capture(lab: &Lab, file: &str, connections: usize) {
    assert_forms(lab, file, connections);
    assert_ran(&format!("annotate {file}"), &run(lab, &["annotate", file, "-o", "annotated.pcapng"]));
    assert_forms(lab, "annotated.pcapng", 2);
    std::fs::remove_file(lab.path("annotated.pcapng")).expect("removed");
}

fn assert_forms(lab: &Lab, file: &str, connections: usize) {
    for format in ["table", "markdown", "csv", "json"] {
        let ran = run(lab, &["--color", "always", "analyze", "--format", format, file]);
        assert_ran(&format!("analyze {format} {file}"), &ran);
        match format {
            "json" => drop(serde_json::from_str::<Value>(&ran.stdout).expect("JSON")),
            "csv" => assert_no_formula(&ran.stdout),
            "markdown" => assert_no_markup("Markdown", &ran.stdout),
            _ => {}
        }
    }
    assert_ran(&format!("analyze --explain {file}"), &run(lab, &["--color", "always", "analyze", "--explain", file]));
    for form in [&[][..], &["--hex"], &["--json"], &["--filter", "http"]] {
        let ran = run(lab, &[&["--color", "always", "show", file], form].concat());
        assert_ran(&format!("show {file} {form:?}"), &ran);
        if form == ["--json"] {
            ran.stdout.lines().for_each(|line| drop(serde_json::from_str::<Value>(line).expect("JSON")));
        }
    }
    for connection in 0..connections {
        let ran = run(lab, &["show", file, "--follow", &connection.to_string(), "--color=always"]);
        assert_ran(&format!("show {file} --follow {connection}"), &ran);
        for packet in [connection * 7 + 4, connection * 7 + 5] {
            let ran = run(lab, &["show", file, "--packet", &packet.to_string()]);
            assert_ran(&format!("show {file} --packet {packet}"), &ran);
            let ran = run(lab, &["show", file, "--json", "--packet", &packet.to_string()]);
            assert_ran(&format!("show {file} --json --packet {packet}"), &ran);
            serde_json::from_str::<Value>(&ran.stdout).expect("JSON");
        }
    }
    assert_ran(&format!("report {file}"), &run(lab, &["report", file]));
    assert_report(lab);
}

fn assert_report(lab: &Lab) {
    for name in lab.list("reports") {
        let text = lab.text(&format!("reports/{name}"));
        assert_harmless(&name, &text);
        match name.rsplit('.').next() {
            Some("csv") => assert_no_formula(&text),
            Some("json") => drop(serde_json::from_str::<Value>(&text).expect("JSON")),
            _ => assert_no_markup(&name, &text),
        }
    }
}

#[test]
fn what_files_and_arguments_are_called() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --updates 1");
    for text in HOSTILE {
        let text = &format!("{text}\nforged: a line").replace(['\0', '/'], "");
        let name = &format!("{text}.pcap");
        lab.write(name, lab.read("pcap/wsapp.pcap"));
        for command in [
            &["analyze", name][..],
            &["analyze", "--format", "markdown", name],
            &["analyze", "--format", "csv", name],
            &["analyze", "--format", "json", name],
            &["show", name],
            &["show", name, "--packet", "99999"],
            &["show", name, "--filter", "udp"],
            &["show", "pcap/wsapp.pcap", "--filter", text],
            &["show", "pcap/wsapp.pcap", "--exchange", text],
            &["show", "pcap/wsapp.pcap", "--protocol", text],
            &["analyze", text],
            &["analyze", text, name, "--format", text],
            &["report", name],
            &["report", text],
            &["report", "--pcap-dir", text],
            &["report", "--templates", text],
            &["report", "--report-dir", name],
            &["run", text],
            &["run", "tcp", "--interval", text],
            &["run", "tcp", "--wire", "virtual", "--pcap-dir", name],
            &[text],
            &["run", &format!("--{text}")],
        ] {
            let ran = run(&lab, command);
            assert_ran(&format!("{command:?}"), &ran);
            if command[0] == "report" && ran.status == 0 {
                assert_report(&lab);
            }
        }
        lab.write(&format!("{name}.cut.pcap"), &lab.read("pcap/wsapp.pcap")[..1000]);
        assert_ran("a cut capture", &run(&lab, &["analyze", &format!("{name}.cut.pcap")]));
        assert_ran("a cut capture", &run(&lab, &["show", &format!("{name}.cut.pcap")]));
        // As folders, and as the captures of a run.
        let folder = format!("folder-{text}");
        for file in lab.list("pcap") {
            lab.write(&format!("{folder}/{file}"), lab.read(&format!("pcap/{file}")));
        }
        assert_ran("two folders", &run(&lab, &["report", "pcap", &folder]));
        assert_report(&lab);
        std::fs::remove_file(lab.path(&format!("{folder}/run.json"))).expect("removed");
        lab.write(&format!("{folder}/{name}"), lab.read("pcap/wsapp.pcap"));
        assert_ran("a folder", &run(&lab, &["report", &folder]));
        assert_report(&lab);
    }
}

/// Every text of a JSON value, but for those that a run.json would be refused for.
fn texts<'a>(value: &'a mut Value, name: &str, take: &mut impl FnMut(&'a mut String)) {
    match value {
        Value::String(text)
            if !["schema", "sha256", "file", "app", "apps", "kind", "server", "client", "vantage"].contains(&name) =>
        {
            take(text)
        }
        Value::Array(all) => all.iter_mut().for_each(|one| texts(one, name, take)),
        Value::Object(all) => all.iter_mut().for_each(|(name, one)| texts(one, name, take)),
        _ => {}
    }
}

#[test]
fn what_a_run_json_says() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --updates 1");
    lab.done("run-all --wire virtual --seed 1 --replay --pcap-dir other");
    let run_json = lab.text("pcap/run.json");
    for text in HOSTILE {
        let mut value: Value = serde_json::from_str(&run_json).expect("JSON");
        let mut count = 0;
        texts(&mut value, "", &mut |said| {
            said.push_str(text);
            count += 1;
        });
        value["wire"]["facts"][text] = text.into();
        value["wire"]["socket_options"][text] = text.into();
        value["wire"]["offloads"][text] = true.into();
        assert!(count > 20, "{count}");
        lab.write("pcap/run.json", value.to_string());
        let ran = run(&lab, &["report"]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_ran("report", &ran);
        assert_report(&lab);
        assert_ran("report of two", &run(&lab, &["report", "pcap", "other"]));
        assert_report(&lab);
        for broken in [
            format!("{{\"schema\": {}}}", Value::from(text)),
            text.to_owned(),
            run_json.replace("\"seed\": 1", &format!("\"seed\": {}", Value::from(text))),
        ] {
            lab.write("pcap/run.json", broken);
            let ran = run(&lab, &["report"]);
            assert_eq!(ran.status, 1, "{}", ran.stderr);
            assert_ran("a broken run.json", &ran);
        }
    }
}
