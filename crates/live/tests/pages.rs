//! Who gets what of the pages, and what do they say?
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod benches;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use benches::{Lab, until};
use serde_json::Value;
use wirelab_catalog::App;
use wirelab_live::{Target, site};
use wirelab_wire::WireKind;

/// The pages of one bench.
struct Pages {
    lab: Lab,
    address: SocketAddr,
}

impl Pages {
    fn of(app: App) -> Pages {
        let lab = Lab::start(Target::App(app), WireKind::Virtual);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let shown = site::Lab {
            benches: vec![Arc::clone(&lab.bench)],
            wire: WireKind::Virtual,
            allowed: Vec::new(),
            hints: vec!["Click.".to_owned()],
            visit: None,
        };
        lab.outside.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            site::serve(shown, listener, std::future::pending()).await
        });
        Pages { lab, address }
    }

    /// Sends a request with these fields, and gives the connection on which the answer comes.
    fn send(&self, line: &str, fields: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let host = if fields.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let len = body.len();
        let request =
            format!("{line} HTTP/1.1\r\n{host}{fields}Content-Length: {len}\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// The head and the body of the answer.
    fn ask(&self, line: &str, fields: &str, body: &str) -> (String, Vec<u8>) {
        let mut all = Vec::new();
        self.send(line, fields, body).read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        (String::from_utf8(all[..end].to_vec()).unwrap(), all[end + 4..].to_vec())
    }

    fn own(&self) -> String {
        format!("Origin: http://{}\r\n", self.address)
    }

    /// The status of a request.
    fn status(&self, line: &str, fields: &str, body: &str) -> u16 {
        self.ask(line, fields, body).0.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Fetches the app's page over the wire.
    fn visit(&self) {
        let mut stream = self.lab.connect();
        let head = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.lab.bench.address);
        stream.write_all(head.as_bytes()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }

    /// The rows of events from there on, until so many have come: the numbers of their packets, and the last event's id.
    fn rows(&self, fields: &str, enough: usize) -> (Vec<u64>, u64) {
        let mut lines = BufReader::new(self.send("GET /bench/web/events?from=0", fields, "")).lines();
        let (mut numbers, mut id, mut event) = (Vec::new(), 0, String::new());
        while numbers.len() < enough {
            let line = lines.next().unwrap().unwrap();
            if let Some(name) = line.strip_prefix("event: ") {
                event = name.to_owned();
            } else if let Some(last) = line.strip_prefix("id: ") {
                id = last.parse().unwrap();
            } else if let Some(data) = line.strip_prefix("data: ")
                && event == "rows"
            {
                let data: Value = serde_json::from_str(data).unwrap();
                numbers.extend(data["rows"].as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()));
            }
        }
        (numbers, id)
    }
}

#[test]
fn only_the_labs_own_pages_may_ask() {
    let pages = Pages::of(App::Web);
    let own = pages.own();
    for (line, fields, status) in [
        ("GET /", String::new(), 200),
        ("GET /bench/web", String::new(), 200),
        ("GET /bench/none", String::new(), 404),
        ("GET /nothing", String::new(), 404),
        ("GET /", "Host: evil.example\r\n".to_owned(), 421),
        ("GET /lab.json", "Host: evil.example\r\n".to_owned(), 421),
        ("GET /lab.json", own.clone(), 200),
        ("GET /lab.json", "Origin: http://evil.example\r\n".to_owned(), 403),
        ("GET /lab.json", "Origin: null\r\n".to_owned(), 403),
        // The bench's own page, which may be anybody's server: at another port.
        ("GET /lab.json", format!("Origin: http://{}\r\n", pages.lab.bench.address), 403),
        (
            "GET /lab.json",
            "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n".to_owned(),
            403,
        ),
        (
            "GET /",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n".to_owned(),
            200,
        ),
        (
            "GET /",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n".to_owned(),
            403,
        ),
        ("POST /bench/web/clear", own.clone(), 204),
        ("POST /bench/web/clear", String::new(), 403),
        ("POST /bench/web/clear", "Sec-Fetch-Site: same-origin\r\n".to_owned(), 204),
        ("POST /bench/web/clear", "Origin: http://evil.example\r\n".to_owned(), 403),
        ("GET /bench/web/clear", own.clone(), 405),
        ("GET /bench/web/packet/7", own.clone(), 404),
        ("GET /bench/web/packet/x", own.clone(), 400),
    ] {
        assert_eq!(pages.status(line, &fields, ""), status, "{line} {fields}");
    }
}

#[test]
fn a_policy_forbids_all_scripts_but_the_labs() {
    let pages = Pages::of(App::Web);
    for target in ["/", "/bench/web", "/live/bench.js", "/lab.json"] {
        let (head, _) = pages.ask(&format!("GET {target}"), "", "");
        let head = head.to_lowercase();
        for field in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; ",
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(head.contains(field), "{target}: {field} in {head}");
        }
    }
    // Nothing on the pages needs more than that.
    for target in ["/", "/bench/web"] {
        let (_, page) = pages.ask(&format!("GET {target}"), "", "");
        let page = String::from_utf8(page).unwrap();
        assert!(!page.contains("<style") && !page.contains(" style="), "{page}");
        assert!(page.split_whitespace().all(|word| !(word.starts_with("on") && word.contains('='))), "{page}");
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\" src=\"/live/"), "{script}");
        }
    }
}

#[test]
fn no_script_makes_html_of_what_it_is_told() {
    for script in ["bench", "elements", "index", "ladder", "list", "packet", "sums", "terminal"] {
        let path = format!("{}/../../templates/live/{script}.js", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "srcdoc",
            "eval(",
            "Function(",
        ] {
            assert!(!text.contains(word), "{script}: {word}");
        }
    }
}

#[test]
fn rows_come_with_numbers_and_go_on_where_they_were() {
    let pages = Pages::of(App::Web);
    pages.visit();
    pages.lab.found();
    let (numbers, last) = pages.rows("", 10);
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    assert_eq!(last, 9);
    pages.visit();
    let (numbers, _) = pages.rows("Last-Event-ID: 9\r\n", 10);
    assert_eq!(numbers, (11..=20).collect::<Vec<_>>());
}

#[test]
fn a_page_that_reads_nothing_holds_nobody_up() {
    let pages = Pages::of(App::Web);
    let _deaf: Vec<TcpStream> = (0..20).map(|_| pages.send("GET /bench/web/events?from=0", "", "")).collect();
    for _ in 0..40 {
        pages.visit();
    }
    pages.lab.found();
    assert_eq!(pages.rows("", 400).0.len(), 400);
}

#[test]
fn packets_capture_and_report_are_there() {
    let pages = Pages::of(App::Web);
    pages.visit();
    let found = pages.lab.found();
    let (_, packet) = pages.ask("GET /bench/web/packet/4", "", "");
    let packet: Value = serde_json::from_slice(&packet).unwrap();
    let layers: u64 = packet["layers"].as_array().unwrap().iter().map(|run| run[1].as_u64().unwrap()).sum();
    assert_eq!(packet["hex"].as_str().unwrap().len() as u64, layers * 2);
    assert!(packet["fields"].to_string().contains("Request line"), "{packet}");
    let (head, file) = pages.ask("GET /bench/web/capture.pcap", "", "");
    assert!(head.to_lowercase().contains("content-disposition: attachment; filename=\"webapp.pcap\""), "{head}");
    assert_eq!(file, pages.lab.bench.recording.file().unwrap());
    assert_eq!(found.frames, 10);
    let (_, report) = pages.ask("GET /bench/web/report.html", "", "");
    let report = String::from_utf8(report).unwrap();
    assert!(report.contains("GET /") && report.contains("</html>"));
}

#[test]
fn settings_are_judged() {
    let pages = Pages::of(App::Poll);
    let own = pages.own();
    for (body, status) in [
        (r#"{"rtt_ms":80,"loss":0.01,"style":"split","interval_s":2}"#, 204),
        (r#"{"rtt_ms":80,"loss":0.01,"style":"split","interval_s":0.5}"#, 400),
        (r#"{"rtt_ms":1001,"loss":0.01,"style":"split","interval_s":2}"#, 400),
        (r#"{"rtt_ms":-1,"loss":0.01,"style":"split","interval_s":2}"#, 400),
        (r#"{"rtt_ms":80,"loss":0.6,"style":"split","interval_s":2}"#, 400),
        (r#"{"rtt_ms":80,"loss":0.01,"style":"other","interval_s":2}"#, 400),
        (r#"{"rtt_ms":80}"#, 400),
        ("", 400),
    ] {
        assert_eq!(pages.status("POST /bench/poll/settings", &own, body), status, "{body}");
    }
    assert_eq!(pages.lab.bench.settings.borrow().quality.rtt, Duration::from_millis(80));
    until("the settings are kept", || pages.lab.bench.settings.borrow().interval == Duration::from_secs(2));
}
