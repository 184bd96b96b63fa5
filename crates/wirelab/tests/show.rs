//! `wirelab show`: a capture, packet by packet.

mod lab;

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use lab::{Lab, Ran, capture, talk};
use wirelab_dissect::build::{Tcp, endpoint, ethernet, fragments, ip, ipv4, udp};
use wirelab_dissect::tcp::Flags;

fn captured() -> Lab {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --replay --seed 1");
    lab
}

/// A bit of everything that is met on a network.
fn mixed() -> Vec<Vec<u8>> {
    let asking = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let (a, b) = (endpoint("10.0.0.2:5000"), endpoint("10.0.0.1:53"));
    let six = Tcp { flags: Flags::SYN, options: &[2, 4, 5, 160], ..Tcp::between("[fd00::2]:4000", "[fd00::1]:80") };
    let mut broken = six.frame();
    broken[66] = 0x10;
    vec![
        ethernet(0x0806, &asking),
        ethernet(0x0800, &ip(a.addr, b.addr, 1, &[8, 0, 0, 0, 0, 7, 0, 1])),
        ethernet(0x0800, &ip(a.addr, b.addr, 17, &udp(a, b, b"question"))),
        six.frame(),
        ethernet(0x0800, &ipv4(a.addr, b.addr, 6, 9, 0x2000, &[0; 24])),
        ethernet(0x0800, &ip(a.addr, b.addr, 89, &[0; 24])),
        ethernet(0x88cc, &[0; 20]),
        broken,
    ]
}

#[test]
fn a_list_as_a_person_reads_it() {
    let lab = captured();
    assert_snapshot!(lab.done("show pcap/wsapp.pcap").stdout);
}

#[test]
fn what_is_not_tcp_is_listed_too() {
    let lab = Lab::new();
    lab.write("mixed.pcap", capture(&mixed()));
    let list = lab.done("show mixed.pcap");
    assert_snapshot!(list.stdout);
    assert_eq!(list.stderr, "");
    assert_snapshot!(lab.done("show mixed.pcap --json").stdout);
    assert_snapshot!(lab.done("show mixed.pcap --packet 1 --hex").stdout);
}

#[test]
fn colours_tell_the_sides_apart() {
    let lab = captured();
    let red = "\u{1b}[31m    15   10.000000  10.0.0.2";
    let blue = "\u{1b}[34m    16   10.000000  10.0.0.1";
    let coloured = lab.done("show pcap/wsapp.pcap --color always").stdout;
    assert!(coloured.contains(red) && coloured.contains(blue), "{coloured}");
    assert!(!lab.done("show pcap/wsapp.pcap").stdout.contains('\u{1b}'));
    let followed = lab.done("show pcap/wsapp.pcap --follow 1 --color always").stdout;
    assert!(followed.contains("\u{1b}[31m  GET /time HTTP/1.1") && followed.contains("\u{1b}[34m  HTTP/1.1 101"));
}

#[test]
fn filters() {
    let lab = captured();
    let numbers = |filters: &str| -> Vec<u64> {
        let shown = lab.done(&format!("show pcap/wsapp.pcap --json {filters}")).stdout;
        shown
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).expect("JSON")["number"].as_u64().expect("a number")
            })
            .collect()
    };
    let all = numbers("");
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    let update = |index: usize| -> Vec<u64> {
        let analysis = lab.analysis("pcap/wsapp.pcap");
        serde_json::from_value(analysis["captures"][0]["updates"][index]["packets"].clone()).expect("numbers")
    };
    let mut command = lab.command("show pcap/wsapp.pcap --json --exchange");
    let ran = Ran::of(command.arg("update 2").output().expect("it runs"));
    assert_eq!(ran.stdout.lines().count(), update(1).len());
    assert_eq!(numbers("--exchange update"), [update(0), update(1), update(2)].concat());
    assert!(!numbers("--protocol websocket").is_empty());
    assert_eq!(numbers("--connection 0").len() + numbers("--connection 1").len(), all.len());
    assert_eq!(numbers("--port 8000"), all);
    assert_eq!(numbers("--protocol tcp"), all);
    assert_eq!(numbers("--limit 3"), [1, 2, 3]);
    assert_eq!(numbers("--exchange 0"), [1, 2, 3]);
    let filtered = |filter: &str| -> usize {
        let mut command = lab.command("show pcap/wsapp.pcap --json --connection 1 --filter");
        Ran::of(command.arg(filter).output().expect("it runs")).stdout.lines().count()
    };
    assert_eq!(filtered("packet 1-20"), numbers("--connection 1").iter().filter(|number| **number <= 20).count());
    assert_eq!(filtered("exchange 'update 2'"), update(1).len());
    assert_eq!(filtered("websocket and not exchange update"), 2);
    assert_eq!(filtered("host 10.0.0.1 && (http || tls)"), 2);
}

/// The request that opens a tunnel and the answer to it are HTTP; what goes through it, and what nobody knows, can be
/// asked for.
#[test]
fn a_tunnel_and_what_is_not_known_can_be_asked_for() {
    let lab = Lab::new();
    let connect = b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n";
    let binary = [0x00, 0xff, 0x80, 0x01];
    let answer = b"HTTP/1.1 200 OK\r\n\r\n";
    let frames = talk(&[(true, connect), (false, answer), (true, &binary), (false, &binary)]);
    lab.write("tunnel.pcap", capture(&frames));
    lab.write("unknown.pcap", capture(&talk(&[(true, &binary), (false, &binary)])));
    let numbers = |file: &str, protocol: &str| -> Vec<String> {
        let list = lab.done(&format!("show {file} --protocol {protocol}")).stdout;
        list.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    assert_eq!(numbers("tunnel.pcap", "http"), ["1", "2"]);
    assert_eq!(numbers("tunnel.pcap", "tunnel"), ["3", "4"]);
    assert_eq!(numbers("unknown.pcap", "unknown"), ["1", "2"]);
    assert_eq!(numbers("unknown.pcap", "tcp"), ["1", "2"]);
}

#[test]
fn both_sides_of_a_conversation() {
    let lab = captured();
    let shown = lab.done("show pcap/wsapp.pcap --follow 1").stdout;
    assert!(shown.contains("GET /time HTTP/1.1") && shown.contains("{\"time\": \""), "{shown}");
    let hex = lab.done("show pcap/wsapp.pcap --follow 1 --hex").stdout;
    assert!(hex.contains("0000  47 45 54 20"), "{hex}");
}

#[test]
fn the_fields_of_a_packet_with_their_bytes() {
    let lab = captured();
    let analysis = lab.analysis("pcap/wsapp.pcap");
    let request = &analysis["captures"][0]["updates"][0]["packets"][0];
    let tree = lab.done(&format!("show pcap/wsapp.pcap --packet {request}")).stdout;
    for line in ["0..14 Ethernet", "14..34 Internet Protocol version 4", "34..66 Transmission Control Protocol"] {
        assert!(tree.contains(line), "{line}: {tree}");
    }
    assert!(tree.contains("66..80 WebSocket frame: text") && tree.contains("Payload: get-time"), "{tree}");
}

#[test]
fn bytes_in_hexadecimal() {
    let lab = captured();
    let shown = lab.done("show pcap/wsapp.pcap --hex --exchange setup").stdout;
    assert!(shown.contains("0000  02 00 0a 00 00 01 02 00  0a 00 00 02 08 00 45"), "{shown}");
}

#[test]
fn what_is_not_there_is_said() {
    let lab = captured();
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --packet 999").failure(), @r"
    1
    wirelab: pcap/wsapp.pcap has no packet 999: they count from 1, and 34 were read
    ");
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --follow 7").failure(), @r"
    1
    wirelab: pcap/wsapp.pcap has no connection 7: they count from 0, and there are 2
    ");
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --connection 7").failure(), @r"
    1
    wirelab: pcap/wsapp.pcap has no connection 7: they count from 0, and there are 2
    ");
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --port 443").failure(), @r"
    1
    wirelab: none of the 34 packets of pcap/wsapp.pcap is as asked for
    ");
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --filter htpp").failure());
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --protocol smoke").failure());
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --follow 1 --port 80").failure());
    assert_snapshot!(lab.run("show - --exchange update").failure());
    assert_snapshot!(lab.run("show nowhere.pcap").failure(), @r"
    1
    wirelab: nowhere.pcap: there is no such file
    ");
}

#[test]
fn damage_is_said_after_what_is_whole() {
    let lab = captured();
    let whole = lab.read("pcap/wsapp.pcap");
    lab.write("cut.pcap", &whole[..whole.len() - 20]);
    let ran = lab.run("show cut.pcap");
    assert_eq!(ran.stdout.lines().count(), 34, "{}", ran.stdout);
    assert_snapshot!(ran.failure(), @r"
    1
    wirelab: cut.pcap: the capture is cut at frame 34: a record begins at byte 4643 and needs 70 bytes, but only 50 are left; the frames before it are whole
    ");
}

#[test]
fn a_pipe_is_shown_while_it_is_written() {
    let lab = captured();
    let whole = lab.read("pcap/wsapp.pcap");
    let mut command = lab.command("show - --json");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let (mut input, mut output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    // The file's header and the first record, whose length it says itself.
    let first = 24 + 16 + u32::from_le_bytes([whole[32], whole[33], whole[34], whole[35]]) as usize;
    std::io::Write::write_all(&mut input, &whole[..first]).expect("it reads");
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("a line comes before the pipe ends");
        line.push(byte[0]);
    }
    let line: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
    assert_eq!(line["number"], 1);
    std::io::Write::write_all(&mut input, &whole[first..]).expect("it reads");
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("the rest");
    assert_eq!(rest.lines().count(), 33);
    assert!(child.wait().expect("it ends").success());
}

/// 300 MB of packets: whoever wants the first ten does not wait for the rest, and nothing is wrong when they leave.
#[test]
fn a_reader_that_leaves_ends_it_at_once() {
    let lab = Lab::new();
    let frame = Tcp { payload: &[7; 1400], flags: Flags::ACK, ..Tcp::between("10.0.0.2:4000", "10.0.0.1:80") };
    let one = capture(&[frame.frame()]);
    let (header, record) = one.split_at(24);
    let file = lab.write("large.pcap", header);
    let mut file = std::fs::OpenOptions::new().append(true).open(file).expect("the file");
    let many = record.repeat(1000);
    for _ in 0..200 {
        std::io::Write::write_all(&mut file, &many).expect("room");
    }
    let begun = Instant::now();
    let mut child =
        lab.command("show large.pcap").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut some = [0; 1000];
    child.stdout.take().expect("a pipe").read_exact(&mut some).expect("the first lines");
    let ran = Ran::of(child.wait_with_output().expect("it ends"));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// A segment that never comes holds no others back for long, and no packet is left out.
#[test]
fn a_lost_segment_does_not_stop_the_list() {
    let lab = Lab::new();
    let tcp = Tcp { payload: b"x", flags: Flags::ACK, ..Tcp::between("10.0.0.2:4000", "10.0.0.1:80") };
    let asking = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let arp = ethernet(0x0806, &asking);
    let mut frames = vec![tcp.frame(), Tcp { seq: 100, ..tcp }.frame()];
    frames.extend(std::iter::repeat_n(arp, 3000));
    frames.push(Tcp { seq: 101, ..tcp }.frame());
    lab.write("gap.pcap", capture(&frames));
    let lines = lab.done("show gap.pcap --json").stdout;
    let numbers: Vec<u64> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["number"].as_u64().expect("a number")
        })
        .collect();
    assert_eq!(numbers, (1..=3003).collect::<Vec<_>>());
}

#[test]
fn a_packet_in_fragments_is_shown_whole() {
    let lab = Lab::new();
    let mut frames = talk(&[
        (true, b"GET /time HTTP/1.1\r\nHost: x\r\n\r\n"),
        (false, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12:30"),
    ]);
    let answer = frames.pop().expect("an answer");
    frames.extend(fragments(&answer[14..], 9, 32).iter().map(|piece| ethernet(0x0800, piece)));
    lab.write("cut.pcap", capture(&frames));
    assert_snapshot!(lab.done("show cut.pcap --packet 2").stdout);
    assert_snapshot!(lab.done("show cut.pcap --packet 3").stdout);
    let json: serde_json::Value =
        serde_json::from_str(&lab.done("show cut.pcap --packet 3 --json").stdout).expect("JSON");
    assert_eq!(json["reassembled"]["fragments"], 2);
    assert_eq!(json["reassembled"]["fields"][1]["name"], "Response head");
    let conversation = lab.done("show cut.pcap --follow 0").stdout;
    assert!(conversation.contains("HTTP/1.1 200 OK") && conversation.contains("  12:30"), "{conversation}");
    assert!(!conversation.contains("not captured"), "{conversation}");
}

#[test]
fn a_websocket_header_in_two_packets_is_read_as_one() {
    let lab = Lab::new();
    let frames = talk(&[
        (true, b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
        (false, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
        (true, b"\x81\x85\x37\xfa"),
        (true, b"\x21\x3d\x7f\x9f\x4d\x51\x58"),
    ]);
    lab.write("cut.pcap", capture(&frames));
    let payload = |packet: u64| {
        let tree = lab.done(&format!("show cut.pcap --packet {packet}")).stdout;
        tree.split_once("WebSocket frame").map(|(_, payload)| payload.to_owned()).expect("a frame")
    };
    assert_snapshot!(payload(3));
    assert_snapshot!(payload(4));
    lab.write("lost.pcap", capture(&[&frames[..2], &frames[3..]].concat()));
    let tree = lab.done("show lost.pcap --packet 3").stdout;
    assert!(tree.contains("54..61 Data") && !tree.contains("WebSocket frame"), "{tree}");
}

#[test]
fn selective_acknowledgments_are_relative_as_all_numbers_are() {
    let (client, server) = ("10.0.0.2:4000", "10.0.0.1:8000");
    let from = |client_sends: bool, seq: u32, ack: u32, flags: u16| Tcp {
        seq,
        ack,
        flags: Flags(flags),
        ..if client_sends { Tcp::between(client, server) } else { Tcp::between(server, client) }
    };
    // The numbers of the server's side pass zero between what is acknowledged and what is beyond the gap.
    let (zero, isn) = (700, u32::MAX - 20);
    let edge = |place: u32| isn.wrapping_add(place).to_be_bytes();
    let sack = [&[1, 1, 5, 18], &edge(41)[..], &edge(61), &edge(1), &edge(11)].concat();
    let frames = vec![
        from(true, zero, 0, 0x002).frame(),
        from(false, isn, zero + 1, 0x012).frame(),
        from(true, zero + 1, isn.wrapping_add(1), 0x010).frame(),
        Tcp { payload: &[b'x'; 20], ..from(false, isn.wrapping_add(1), zero + 1, 0x018) }.frame(),
        Tcp { payload: &[b'x'; 20], ..from(false, isn.wrapping_add(41), zero + 1, 0x018) }.frame(),
        Tcp { options: &sack, ..from(true, zero + 1, isn.wrapping_add(21), 0x010) }.frame(),
    ];
    let lab = Lab::new();
    lab.write("sack.pcap", capture(&frames));
    let list = lab.done("show sack.pcap").stdout;
    let last = list.lines().find(|line| line.contains("SACK=")).unwrap_or_else(|| panic!("{list}"));
    assert!(last.contains("Ack=21") && last.ends_with("SACK=41-61,1-11"), "{last}");
}

#[test]
fn compressed_content_is_read_and_both_its_sizes_are_told() {
    use std::io::Write;
    let lab = Lab::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&b"{\"stock\": 42}\n".repeat(100)).expect("compressed");
    let gzip = gzip.finish().expect("an end");
    let answer = |kind: &str, content: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        [head.as_bytes(), content].concat()
    };
    // A stream that goes on: its end was not captured.
    let mut events = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for event in ["data: one\n\n", "data: two\n\n"] {
        events.write_all(event.as_bytes()).expect("compressed");
        events.flush().expect("flushed");
    }
    let events = events.get_ref();
    let (first, second) = (answer("application/json", &gzip), answer("text/event-stream", events));
    let get = &b"GET /a HTTP/1.1\r\n\r\n"[..];
    lab.write("gzip.pcap", capture(&talk(&[(true, get), (false, &first), (true, get), (false, &second)])));
    let said = lab.done("show gzip.pcap --follow 0").stdout;
    assert_eq!(said.matches("  {\"stock\": 42}\n").count(), 100, "{said}");
    assert!(said.contains(&format!("  (gzip: {} bytes on the wire, 1400 bytes decompressed)\n", gzip.len())), "{said}");
    let streamed = format!(
        "  data: one\n  \n  data: two\n  \n  (gzip: {} bytes on the wire, 22 bytes decompressed as far as they go)\n",
        events.len()
    );
    assert!(said.contains(&streamed), "{said}");
    // In hexadecimal it is what was on the wire.
    assert!(lab.done("show gzip.pcap --follow 0 --hex").stdout.contains("1f 8b 08"));
    lab.done("report gzip.pcap");
    let page = lab.text("reports/index.html");
    assert!(page.contains(&format!("which is: gzip: {} bytes on the wire, 1400 bytes decompressed", gzip.len())));
    assert!(page.contains("data: two"));
}
