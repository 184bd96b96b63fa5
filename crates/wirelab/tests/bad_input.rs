//! What a person sees who asks for what cannot be: one sentence, the right exit status, nothing lost.

mod lab;

use std::fs;
use std::net::TcpListener;

use insta::assert_snapshot;
use lab::{Lab, Ran};

/// A pcap file of one Ethernet frame that is no TCP: an ARP request.
fn arp() -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0];
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend([2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
    file.extend([0; 8]);
    file.extend((frame.len() as u32).to_le_bytes());
    file.extend((frame.len() as u32).to_le_bytes());
    file.extend(frame);
    file
}

#[test]
fn an_empty_file() {
    let lab = Lab::new();
    lab.write("empty.pcap", "");
    assert_snapshot!(lab.run("analyze empty.pcap").failure(), @r"
    1
    wirelab: empty.pcap: this is an empty file, not a capture: record it again, and let the recorder end before it is read
    ");
}

#[test]
fn a_damaged_zstd_file() {
    let lab = Lab::new();
    // RFC 8878, section 3.1.1: the magic, then a window of all that can be, or a block of no kind.
    for (bytes, said) in [
        (&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0, 0, 0][..], "the header of a zstd frame is damaged"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00, 0x07, 0, 0, 0][..], "the zstd data is damaged"),
    ] {
        lab.write("bad.zst", bytes);
        let ran = lab.run("analyze bad.zst");
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{bytes:x?}: {}", ran.stderr);
        assert!(!ran.stderr.contains(['{', '(']), "{}", ran.stderr);
    }
}

#[test]
fn a_text_file() {
    let lab = Lab::new();
    lab.write("notes.txt", "These are not the packets you are looking for.\n");
    assert_snapshot!(lab.run("analyze notes.txt").failure(), @r"
    1
    wirelab: notes.txt: this is not a capture but a text file: a pcap or pcapng file (also compressed with gzip or zstd) is expected
    ");
}

#[test]
fn a_missing_file() {
    assert_snapshot!(Lab::new().run("analyze nowhere.pcap").failure(), @r"
    1
    wirelab: nowhere.pcap: there is no such file
    ");
}

#[test]
fn a_folder() {
    let lab = Lab::new();
    fs::create_dir(lab.path("captures")).expect("a folder");
    assert_snapshot!(lab.run("analyze captures").failure(), @r"
    1
    wirelab: captures: this is a folder; give the captures in it, as in captures/*.pcap
    ");
}

#[test]
fn no_tcp_in_it() {
    let lab = Lab::new();
    lab.write("arp.pcap", arp());
    assert_snapshot!(lab.run("analyze arp.pcap").failure(), @r"
    0
    wirelab: arp.pcap: there is no TCP in its 1 frame, so there is nothing to count
    ");
}

#[test]
fn cut_in_the_middle_of_a_packet_what_is_whole_is_counted() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1");
    let whole = lab.read("pcap/tcpapp.pcap");
    lab.write("cut.pcap", &whole[..whole.len() - 20]);
    let ran = lab.run("analyze --format json cut.pcap");
    assert_snapshot!(ran.failure(), @r"
    1
    wirelab: cut.pcap: the capture is cut at frame 18: a record begins at byte 1509 and needs 82 bytes, but only 62 are left; the frames before it are whole
    ");
    let cut: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let all = lab.analysis("pcap/tcpapp.pcap");
    assert_eq!(cut["captures"][0]["frames"].as_u64(), all["captures"][0]["frames"].as_u64().map(|frames| frames - 1));
    assert_eq!(cut["captures"][0]["per_update"], all["captures"][0]["per_update"]);
}

#[test]
fn one_bad_file_among_good_ones() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1");
    lab.write("empty.pcap", "");
    let ran = lab.run("analyze --format csv pcap/tcpapp.pcap empty.pcap");
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("tcpapp"), "{}", ran.stdout);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
}

#[test]
fn times_and_counts_that_make_no_sense() {
    let lab = Lab::new();
    assert_snapshot!(lab.run("run-all --interval 0").failure(), @r"
    2
    wirelab: --interval must be from 10ms to 24h, not 0
    ");
    assert_snapshot!(lab.run("run-all --updates 0").failure(), @r"
    2
    wirelab: --updates must be from 1 to 100000, not 0
    ");
    assert_snapshot!(lab.run("run-all --rtt 10m").failure(), @r"
    2
    wirelab: --rtt must be from 0 to 1s, not 10m
    ");
    assert_snapshot!(lab.run("run-all --interval soon").failure(), @r"
    2
    wirelab: invalid value 'soon' for '--interval <TIME>': not a time: write a number and a unit, as in 10s, 25ms, 2m or 1h; 'wirelab --help' has more
    ");
    assert_snapshot!(lab.run("run-all --interval 10").failure(), @r"
    2
    wirelab: invalid value '10' for '--interval <TIME>': 10 has no unit: write 10s or 10ms; 'wirelab --help' has more
    ");
    assert_snapshot!(lab.run("run-all --loss 90%").failure(), @r"
    2
    wirelab: --loss must be from 0 to 50%, not 90%
    ");
    assert_snapshot!(lab.run("run-all --apps tcp,smoke").failure(), @r"
    2
    wirelab: invalid value 'smoke' for '--apps <APP>' [possible values: all, classic, pull, held, push, tcp, web, ajax, sse, ws, poll, ws-push, long-poll, iframe, stream]; 'wirelab --help' has more
    ");
    assert_snapshot!(lab.run("run-all --replay --server split").failure(), @r"
    2
    wirelab: the argument '--replay' cannot be used with '--server <STYLE>'; 'wirelab --help' has more
    ");
    assert_snapshot!(lab.run("run-al").failure(), @r"
    2
    wirelab: unrecognized subcommand 'run-al'; some similar subcommands exist: 'run', 'run-all'; 'wirelab --help' has more
    ");
    assert_snapshot!(lab.run("analyze").failure(), @r"
    2
    wirelab: the following required arguments were not provided: <FILE>...; 'wirelab --help' has more
    ");
    assert_snapshot!(lab.run("analyze - -").failure(), @r"
    2
    wirelab: '-' is standard input, which can be read only once
    ");
    // Nothing was begun.
    assert!(lab.list(".").is_empty());
}

#[test]
fn a_report_folder_that_cannot_be_written_leaves_the_last_report() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1");
    let (capture, report) = (lab.read("pcap/tcpapp.pcap"), lab.read("reports/report.md"));
    lab.write("not-a-folder", "");
    let ran = lab.run("run tcp --wire virtual --seed 2 --report-dir not-a-folder");
    assert_snapshot!(ran.failure(), @r"
    1
    wirelab: cannot write into not-a-folder: file exists; give another folder with --report-dir
    ");
    let ran = lab.run("run tcp --wire virtual --seed 2 --pcap-dir not-a-folder/pcap");
    assert_snapshot!(ran.failure(), @r"
    1
    wirelab: cannot write into not-a-folder/pcap: not a directory; give another folder with --pcap-dir
    ");
    assert_eq!(lab.read("pcap/tcpapp.pcap"), capture);
    assert_eq!(lab.read("reports/report.md"), report);
}

#[test]
fn a_report_of_no_captures() {
    let lab = Lab::new();
    assert_snapshot!(lab.run("report").failure(), @r"
    1
    wirelab: there are no captures in pcap; make some with `wirelab run-all`, or name another folder
    ");
    fs::create_dir(lab.path("pcap")).expect("a folder");
    assert_snapshot!(lab.run("report").failure(), @r"
    1
    wirelab: there are no captures in pcap; make some with `wirelab run-all`, or name another folder
    ");
    lab.write("pcap/run.json", "{}");
    assert_snapshot!(lab.run("report").failure(), @r#"
    1
    wirelab: pcap/run.json cannot be understood: its schema is "none", expected "wirelab-run/1"; it was written by another version of wirelab
    "#);
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port();
    let ran = Lab::new().run(&format!("serve web --port {port}"));
    let said = ran.failure().replace(&port.to_string(), "PORT");
    assert_snapshot!(said, @r"
    3
    wirelab: port PORT of 127.0.0.1 is in use; end the program that has it, or choose another port with --port
    ");
}

#[test]
fn an_address_of_another_machine() {
    assert_snapshot!(Lab::new().run("serve web --bind 192.0.2.1").failure(), @r"
    3
    wirelab: this machine does not have the address 192.0.2.1; give one of its own with --bind
    ");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = lab.command("analyze --format json pcap/tcpapp.pcap");
    command.stdout(writer).stderr(std::process::Stdio::piped());
    let ran = Ran::of(command.spawn().expect("it starts").wait_with_output().expect("it ends"));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}
