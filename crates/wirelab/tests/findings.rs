//! Where is said what was found in a capture, and who is told by an exit status?

mod lab;

use lab::{Lab, capture, talk};

/// The replay of 2021: its page comes in two pieces, of which the second waits for an ACK.
fn replay() -> Lab {
    let lab = Lab::new();
    lab.done("run web --replay --wire virtual --seed 1");
    lab
}

#[test]
fn a_finding_that_nobody_wants_is_a_failure() {
    let lab = replay();
    let said = lab.run("analyze --fail-on loss,ack-wait pcap/webapp.pcap").failure();
    assert!(said.starts_with("1\nwirelab: webapp: ack-wait: In all 4 exchanges "), "{said}");
    assert!(!said.contains("split-answer"), "only what was asked for: {said}");
    lab.done("analyze --fail-on loss,events-together pcap/webapp.pcap");
    lab.done("analyze pcap/webapp.pcap");
    let said = lab.run("analyze --fail-on late pcap/webapp.pcap").failure();
    assert!(said.starts_with("2\n") && said.contains("'late'"), "{said}");
    for id in ["nagle-delayed-ack", "events-together", "silent-connection"] {
        assert!(said.contains(id), "{id} is not named: {said}");
    }
}

#[test]
fn it_is_said_in_every_form() {
    let lab = replay();
    let table = lab.done("analyze pcap/webapp.pcap").stdout;
    let alone = lab.done("analyze --findings pcap/webapp.pcap").stdout;
    assert!(table.contains(alone.trim_end()), "{table}");
    assert!(!alone.contains("frame  lower"), "the tables are not asked for: {alone}");
    let full = lab.done("analyze --explain pcap/webapp.pcap").stdout;
    for part in ["What it means: ", "What it is mistaken for: ", "What helps: ", "Source: RFC 9293, section 3.7.4"] {
        assert!(full.contains(part), "{part}: {full}");
    }
    let markdown = lab.done("analyze --format markdown pcap/webapp.pcap").stdout;
    assert!(markdown.contains("## What was found in webapp\n\n- `ack-wait`: In all 4 exchanges "), "{markdown}");
    let page = lab.text("reports/index.html");
    assert!(page.contains("<h3>What was found</h3>"), "{page}");
    let (_, link) = page.split_once("ack-wait, packet <a href=\"#").expect("a link to a packet");
    let target = link.split('"').next().expect("where it leads");
    assert!(page.contains(&format!("id=\"{target}\"")), "{target} is not on the page");
    let packet = lab.done("show --packet 7 pcap/webapp.pcap").stdout;
    assert!(packet.contains("\nfound here: ack-wait: In all 4 exchanges "), "{packet}");
    let other = lab.done("show --packet 1 pcap/webapp.pcap").stdout;
    assert!(!other.contains("found here"), "{other}");
    let json = lab.done("show --packet 7 --json pcap/webapp.pcap").stdout;
    let line: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(line["findings"][0]["id"], "ack-wait");
}

#[test]
fn what_others_said_does_nothing_in_a_sentence() {
    let lab = Lab::new();
    let answer = [
        (true, &b"GET /<b>\x1b[31m\xe2\x80\xae HTTP/1.1\r\nHost: a\r\n\r\n"[..]),
        (false, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        (false, b"part"),
    ];
    lab.write("odd.pcap", capture(&talk(&answer)));
    for form in ["--findings", "--format markdown", "--explain"] {
        let said = lab.done(&format!("analyze {form} odd.pcap")).stdout;
        assert!(!said.contains(['\u{1b}', '\u{202e}']), "{form}: {said:?}");
    }
    lab.done("report odd.pcap --report-dir odd");
    let page = lab.text("odd/index.html");
    assert!(!page.contains("GET /<b>") && !page.contains('\u{202e}'), "{page}");
}
