//! `wirelab annotate`: a capture again, with words beside its packets.

mod lab;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use lab::outside::{shared, tshark, tshark_is_there};
use lab::{CAPTURES, Lab, Ran, capture, talk};
use serde_json::Value;
use wirelab_capture::{Comment, Commented, CommentedWriter, Interface, LinkType, Precision, Reader};
use wirelab_dissect::build::{Tcp, endpoint, ethernet, ip, udp};
use wirelab_dissect::tcp::Flags;

/// What is found in a capture, without what tells a file from another and without where its bytes are damaged.
fn found(lab: &Lab, file: &Path) -> Value {
    let ran = Ran::of(lab.command("analyze --format json").arg(file).output().expect("the program starts"));
    let mut analysis: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{file:?}: {}", ran.stderr));
    let mut capture = analysis["captures"][0].take();
    let all = capture.as_object_mut().expect("a capture");
    for key in ["name", "file", "format"] {
        all.remove(key).expect("a key");
    }
    let problems = all["problems"].as_array_mut().expect("problems");
    problems.retain(|problem| problem["layer"] != "file");
    capture
}

/// What is said of each packet, worked out from the exchanges that list it.
fn exchanges(capture: &Value) -> BTreeMap<u64, String> {
    let mut all = BTreeMap::new();
    for exchange in capture["exchanges"].as_array().expect("exchanges") {
        let (kind, label) = (exchange["kind"].as_str().expect("a kind"), exchange["label"].as_str().expect("a label"));
        let name = exchange["index"].as_u64().map_or(kind.to_owned(), |index| format!("{kind} {index}"));
        let label = if label.is_empty() || label == kind { String::new() } else { format!(", {label}") };
        for packet in exchange["packets"].as_array().expect("packets") {
            all.insert(packet.as_u64().expect("a number"), format!("{name}{label}"));
        }
    }
    all
}

/// Annotates a file, and checks that nothing but comments has come to it.
fn annotated(lab: &Lab, file: &Path) -> PathBuf {
    annotated_as(lab, file, lab.path("out.pcapng"))
}

fn annotated_as(lab: &Lab, file: &Path, out: PathBuf) -> PathBuf {
    let mut command = lab.command("annotate");
    let ran = Ran::of(command.arg(file).arg("-o").arg(&out).output().expect("the program starts"));
    let before = found(lab, file);
    assert!(ran.status == 0 || ran.stderr.contains("frame"), "{file:?}: {}", ran.stderr);
    assert_eq!(before, found(lab, &out), "{file:?}");
    let (frames, comments) = (frames(file), frames(&out));
    assert_eq!(frames.len(), comments.len(), "{file:?}");
    let exchanges = exchanges(&before);
    for (number, (one, other)) in (1..).zip(frames.iter().zip(&comments)) {
        assert_eq!(one.frame, other.frame, "{file:?}: frame {number}");
        assert!(other.comments.starts_with(&one.comments), "{file:?}: frame {number}");
        // An exchange lists no more than a thousand packets.
        if let Some(exchange) = exchanges.get(&number) {
            assert!(other.comments.contains(exchange), "{file:?}: frame {number}: {:?}, {exchange}", other.comments);
        }
    }
    out
}

/// A frame as a file has it.
struct Kept {
    /// Time, length on the wire, bytes, kind of link.
    frame: (u64, u32, Vec<u8>, LinkType),
    comments: Vec<String>,
}

fn frames(file: &Path) -> Vec<Kept> {
    let mut reader = Reader::new(fs::File::open(file).expect("a file")).expect("a capture");
    let mut all = Vec::new();
    while let Ok(Some(frame)) = reader.next_frame() {
        let (on, frame) =
            (Commented::Frame(frame.number), (frame.time_ns, frame.wire_len, frame.data.to_vec(), frame.link));
        let comments = reader.take_comments().into_iter().filter(|one| one.on == on).map(|one| one.text).collect();
        all.push(Kept { frame, comments });
    }
    all
}

/// What is said of a file as a whole.
fn about(file: &Path) -> Vec<String> {
    let mut reader = Reader::new(fs::File::open(file).expect("a file")).expect("a capture");
    reader.next_frame().expect("a frame");
    let on_file = |one: &&Comment| one.on == Commented::Section;
    reader.comments().iter().filter(on_file).map(|one| one.text.clone()).collect()
}

/// The captures in a folder beside the project, where there is one.
fn captures(folder: &str) -> Vec<PathBuf> {
    let Some(folder) = shared(folder) else { return Vec::new() };
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let is_capture = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng");
    files.filter(is_capture).collect()
}

#[test]
fn the_same_is_found_in_captures_of_all_kinds_and_tshark_reads_the_comments() {
    let lab = Lab::new();
    let has_tshark = tshark_is_there();
    for file in ["reference", "captures", "captures/real"].into_iter().flat_map(captures) {
        let out = annotated(&lab, &file);
        if !has_tshark {
            continue;
        }
        let fields = ["frame.time_epoch", "frame.number", "frame.len", "frame.cap_len", "frame.comment"];
        let lines = |file: &Path| -> Vec<String> {
            tshark(file, &["-E", "aggregator=|"], &fields).iter().map(|line| line.join("\t")).collect()
        };
        let (before, after) = (lines(&file), lines(&out));
        assert_eq!(before.len(), after.len(), "{file:?}");
        for ((before, after), frame) in before.iter().zip(&after).zip(frames(&out)) {
            // A simple packet has no time, and all that pcapng can say with a comment have one.
            let before = if before.starts_with('\t') { format!("0.000000000{before}") } else { before.clone() };
            let (before, _) = before.rsplit_once('\t').expect("fields");
            assert_eq!(*after, format!("{before}\t{}", frame.comments.join("|")), "{file:?}");
        }
    }
}

#[test]
fn a_run_writes_its_captures_with_comments_too() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 3 --loss 10% --duplicate 5% --reorder 5% --updates 9 --annotate");
    for file in CAPTURES.split(' ') {
        let commented = format!("{file}ng");
        assert_eq!(found(&lab, &lab.path(file)), found(&lab, &lab.path(&commented)), "{file}");
        let at_once = lab.read(&commented);
        // What the link did stands in the run.json beside it.
        let out = annotated_as(&lab, &lab.path(file), lab.path(&commented));
        assert!(at_once == fs::read(out).expect("a file"), "{file}: at once, and later");
    }
    let comments: Vec<String> =
        frames(&lab.path("pcap/tcpapp.pcapng")).into_iter().flat_map(|frame| frame.comments).collect();
    for said in ["setup, handshake", "update 9, time", "retransmission", "loss: Packets that were sent again"] {
        assert!(comments.iter().any(|comment| comment == said), "{said}: {comments:?}");
    }
    let [counts, answer, said @ .., made] = &about(&lab.path("pcap/tcpapp.pcapng"))[..] else { panic!("too few") };
    assert!(said.iter().any(|said| said.starts_with("loss: ") && said.contains(" sent again")), "{said:?}");
    assert!(counts.ends_with(" exchanges, 9 updates"), "{counts}");
    assert!(answer.starts_with("One update with raw TCP costs "), "{answer}");
    assert!(made.contains(" --seed 3") && made.contains("\nLink: round trip 25 ms, loss 10 %"), "{made}");
    // Without it there are none, and run.json is the same.
    let run = lab.text("pcap/run.json");
    lab.done("run ws --wire virtual --seed 3 --pcap-dir plain --report-dir plain");
    assert_eq!(lab.list("plain").iter().filter(|name| name.ends_with(".pcapng")).count(), 0);
    assert!(!run.contains("pcapng") && !run.contains("annotate"));
}

/// Comments, two kinds of link, nanoseconds, a frame that was cut, and frames that are no TCP.
fn strange() -> Vec<u8> {
    let mut writer = CommentedWriter::create(Vec::new(), &["from a lab", "two links"], 0).expect("a section");
    let wire = writer.interface(Interface::new(LinkType::ETHERNET)).expect("an interface");
    let tunnel = Interface { snap_length: 60, precision: Precision::Microseconds, ..Interface::new(LinkType::RAW) };
    let tunnel = writer.interface(tunnel).expect("an interface");
    let again = writer.interface(Interface::new(LinkType::ETHERNET)).expect("an interface");
    let (a, b) = (endpoint("10.0.0.2:5000"), endpoint("10.0.0.1:53"));
    let question = ethernet(0x0800, &ip(a.addr, b.addr, 17, &udp(a, b, b"question")));
    let raw = Tcp { flags: Flags(0x018), payload: &[b'x'; 90], ..Tcp::between("10.9.0.1:4000", "10.9.0.2:9000") };
    let raw = raw.frame().split_off(14);
    let mut turns = talk(&[(true, b"time\n"), (false, b"noon\n"), (true, b"time\n"), (false, b"one\n")]).into_iter();
    let mut time = 1_600_000_000_000_000_001;
    let mut add = |interface, frame: &[u8], comments: &[&str]| {
        time += 1_001;
        writer.write(interface, time, frame.len() as u32, frame, comments).expect("a packet");
    };
    add(wire, &turns.next().expect("a turn"), &["who asks?", "update 1, time"]);
    add(wire, &question, &["a name"]);
    add(again, &turns.next().expect("a turn"), &[]);
    add(tunnel, &raw, &["\u{1b}[2Jcut"]);
    turns.for_each(|turn| add(again, &turn, &[]));
    writer.finish().expect("an end")
}

#[test]
fn frames_and_comments_that_were_there_are_kept() {
    let lab = Lab::new();
    let file = lab.write("strange.pcapng", strange());
    let out = annotated(&lab, &file);
    assert_snapshot!(lab.done("show out.pcapng").stdout);
    assert_eq!(about(&out)[..2], ["from a lab", "two links"]);
    assert_eq!(frames(&out)[3].frame.2.len(), 60, "it was cut");
    // Once more, and it is the same.
    let first = lab.read("out.pcapng");
    lab.done("annotate out.pcapng -o again.pcapng");
    assert!(lab.read("again.pcapng") == first);
    let line = lab.done("show out.pcapng --packet 4 --json").stdout;
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["comments"][0], "\u{1b}[2Jcut");
    assert!(lab.done("show out.pcapng --packet 1").stdout.contains("comment: who asks?\n"));
}

#[test]
fn a_packet_of_many_messages_leaves_the_names_of_later_ones_right() {
    let lab = Lab::new();
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let many = [&head[..], &b"data: 1\n\n".repeat(100)].concat();
    let events: [(bool, &[u8]); 4] = [
        (true, b"GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"),
        (false, &many),
        (false, b"data: 2\n\n"),
        (false, b"event: bell\ndata: 3\n\n"),
    ];
    let file = lab.write("many.pcap", capture(&talk(&events)));
    let out = annotated(&lab, &file);
    let comments: Vec<Vec<String>> = frames(&out).into_iter().map(|frame| frame.comments).collect();
    let bell = comments.last().expect("a packet").join(" ");
    assert!(bell.ends_with("bell"), "{comments:?}");
    let named = Ran::of(lab.command("show many.pcap --exchange").arg("event: bell").output().expect("it starts"));
    assert!(named.stdout.contains("bell"), "{}{}", named.stdout, named.stderr);
}

#[test]
fn what_others_said_does_nothing_in_a_comment() {
    let lab = Lab::new();
    let turns: [(bool, &[u8]); 2] =
        [(true, b"GET /\xc2\x9b\xe2\x80\xae HTTP/1.1\r\nHost: a\r\n\r\n"), (false, b"HTTP/1.1 204 No Content\r\n\r\n")];
    lab.write("odd.pcap", capture(&talk(&turns)));
    lab.done("annotate odd.pcap -o out.pcapng");
    let comments = frames(&lab.path("out.pcapng")).into_iter().flat_map(|frame| frame.comments);
    for comment in comments {
        let is_finding = comment == "joined-midway: Connections without their beginning";
        assert!(comment.starts_with("request, GET /") || is_finding, "{comment:?}");
        assert!(!comment.contains(['\u{9b}', '\u{202e}']), "{comment:?}");
    }
}

#[test]
fn what_cannot_be_is_said_and_leaves_everything_as_it_was() {
    let lab = Lab::new();
    lab.write("a.pcap", capture(&talk(&[(true, b"time\n")])));
    fs::create_dir(lab.path("folder")).expect("a folder");
    lab.write("there.pcapng", "mine");
    let before = lab.list(".");
    let failures: Vec<String> = [
        "annotate nowhere.pcap -o there.pcapng",
        "annotate folder -o there.pcapng",
        "annotate there.pcapng -o out.pcapng",
        "annotate a.pcap -o folder",
        "annotate a.pcap -o ./folder/../a.pcap",
        "annotate - -o there.pcapng",
        "annotate a.pcap -o -",
        "annotate a.pcap",
    ]
    .iter()
    .map(|arguments| lab.run(arguments).failure())
    .collect();
    assert_snapshot!(failures.join("\n"));
    assert_eq!(lab.list("."), before);
    assert_eq!(lab.text("there.pcapng"), "mine");
}

#[test]
fn of_a_cut_capture_what_is_there_is_written() {
    let lab = Lab::new();
    let mut file = capture(&talk(&[(true, b"time\n"), (false, b"noon\n"), (true, b"bye\n")]));
    file.truncate(file.len() - 10);
    let file = lab.write("cut.pcap", file);
    let out = annotated(&lab, &file);
    assert_eq!(frames(&out).len(), 2);
    let ran = lab.run("annotate cut.pcap -o out.pcapng");
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("wirelab: cut.pcap: the capture is cut at frame 3"), "{}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_cannot_be_read_twice_and_a_device_is_no_file() {
    let lab = Lab::new();
    let pipe = lab.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    lab.write("a.pcap", capture(&talk(&[(true, b"time\n")])));
    assert_eq!(lab.run("annotate pipe -o out.pcapng").status, 2);
    assert_eq!(lab.run("annotate a.pcap -o /dev/full").status, 2);
    assert_eq!(lab.list("."), ["a.pcap", "pipe"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing() {
    let lab = Lab::new();
    lab.write("a.pcap", capture(&talk(&[(true, &[b'x'; 1000][..]); 100])));
    lab.write("out.pcapng", "mine");
    // No file may grow beyond 16 KiB; that it would is a failure to write, and no signal.
    let program = env!("CARGO_BIN_EXE_wirelab");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" annotate a.pcap -o out.pcapng", program]);
    let ran = Ran::of(command.current_dir(lab.folder()).output().expect("a shell"));
    assert_eq!(ran.failure(), "1\nwirelab: cannot write ./out.pcapng: file too large");
    assert_eq!(lab.list("."), ["a.pcap", "out.pcapng"]);
    assert_eq!(lab.text("out.pcapng"), "mine");
}
