//! Where is said what was found in a capture, and who is told by an exit status?

mod lab;

use lab::{Lab, capture, talk};
use wirelab_capture::{LinkType, Settings, Writer};

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
    assert!(said.starts_with("1\nwirelab: pcap/webapp.pcap: ack-wait: In all 4 exchanges "), "{said}");
    assert!(!said.contains("split-answer"), "only what was asked for: {said}");
    lab.done("analyze --fail-on loss,events-together pcap/webapp.pcap");
    lab.done("analyze pcap/webapp.pcap");
    let said = lab.run("analyze --fail-on late pcap/webapp.pcap").failure();
    assert!(said.starts_with("2\n") && said.contains("'late'"), "{said}");
    for &id in wirelab_analyze::model::FindingId::ALL {
        assert!(said.contains(id.name()), "{id} is not named: {said}");
    }
}

/// An event stream on which five events came at once, a second after the first.
fn held_back() -> Vec<u8> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
    let frames =
        talk(&[(true, b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n"), (false, head), (false, &b"data: x\n\n".repeat(5))]);
    let mut file = Vec::new();
    let mut writer = Writer::with(&mut file, Settings::new(LinkType::ETHERNET)).expect("a header");
    for (ms, frame) in [0, 1, 1001].into_iter().zip(&frames) {
        writer.write(ms * 1_000_000, frame.len() as u32, frame).expect("a record");
    }
    writer.finish().expect("an end");
    file
}

#[test]
fn somebodys_pipeline_is_told_by_status_and_sentence() {
    let lab = Lab::new();
    lab.done("run sse --wire virtual --seed 7 --loss 5% --updates 30");
    lab.done("run ajax --wire virtual --seed 1 --pcap-dir clean");
    lab.write("a/late.pcap", held_back());
    lab.write("b/late.pcap", held_back());
    let (late, lossy, clean) = ("a/late.pcap", "pcap/sseapp.pcap", "clean/ajaxapp.pcap");
    let sentence = "events-together: 5 messages came in one packet (3), after 1 s in which nobody had sent anything.";
    for (files, status, says, hides) in [
        (clean, 0, vec![], vec!["wirelab: "]),
        (late, 1, vec![format!("wirelab: a/late.pcap: {sentence}")], vec![": loss: "]),
        (lossy, 1, vec!["wirelab: pcap/sseapp.pcap: loss: ".to_owned()], vec!["events-together"]),
        // Each file is named as it was given, so that two of one name are told apart.
        (
            "a/late.pcap clean/ajaxapp.pcap b/late.pcap",
            1,
            vec![format!("wirelab: a/late.pcap: {sentence}"), format!("wirelab: b/late.pcap: {sentence}")],
            vec!["clean/ajaxapp.pcap:"],
        ),
        // One that is not there is a failure, and the others are looked at.
        ("none.pcap a/late.pcap", 1, vec!["none.pcap".to_owned(), format!("wirelab: a/late.pcap: {sentence}")], vec![]),
    ] {
        for more in ["", "--findings ", "--format json "] {
            let ran = lab.run(&format!("analyze {more}--fail-on events-together,loss {files}"));
            assert_eq!(ran.status, status, "{files}: {}", ran.stderr);
            assert!(says.iter().all(|says| ran.stderr.contains(says)), "{files}: {}", ran.stderr);
            assert!(!hides.iter().any(|hides| ran.stderr.contains(hides)), "{files}: {}", ran.stderr);
            // What was found is printed all the same, where a person looks, and where a program does.
            let finds = ran.stdout.contains("events-together");
            assert_eq!(finds, files.contains("late"), "{files}: {}", ran.stdout);
        }
    }
    let piped = |file: &str, status: i32| {
        let mut command = lab.command("analyze --findings --fail-on events-together,loss -");
        command.stdin(std::fs::File::open(lab.path(file)).expect("a capture"));
        let ran = lab::Ran::of(command.output().expect("the program starts"));
        assert_eq!(ran.status, status, "{}", ran.stderr);
        ran.stderr
    };
    assert!(piped(late, 1).contains(&format!("wirelab: standard input: {sentence}")));
    assert_eq!(piped(clean, 0), "");
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
