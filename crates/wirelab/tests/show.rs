//! `wirelab show`: a capture, packet by packet.

mod lab;

use insta::assert_snapshot;
use lab::{Lab, Ran};

fn captured() -> Lab {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --replay --seed 1");
    lab
}

#[test]
fn a_list_as_a_person_reads_it() {
    let lab = captured();
    assert_snapshot!(lab.done("show pcap/wsapp.pcap").stdout, @r#"
     1    0.000000  10.0.0.2:33509 → 10.0.0.1:8000   TCP          74  SYN
     2    0.000000  10.0.0.1:8000  → 10.0.0.2:33509  TCP          74  SYN, ACK
     3    0.025000  10.0.0.2:33509 → 10.0.0.1:8000   TCP          66  ACK
     4    0.025000  10.0.0.2:33509 → 10.0.0.1:8000   HTTP        411  GET /
     5    0.025000  10.0.0.1:8000  → 10.0.0.2:33509  HTTP        183  200 OK
     6    0.050000  10.0.0.2:33509 → 10.0.0.1:8000   TCP          66  ACK
     7    0.050000  10.0.0.1:8000  → 10.0.0.2:33509  HTTP        785  719 bytes
     8    0.075000  10.0.0.2:33509 → 10.0.0.1:8000   TCP          66  ACK
     9    0.135000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          74  SYN
    10    0.135000  10.0.0.1:8000  → 10.0.0.2:33510  TCP          74  SYN, ACK
    11    0.160000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          66  ACK
    12    0.160000  10.0.0.2:33510 → 10.0.0.1:8000   HTTP        541  GET /time
    13    0.160000  10.0.0.1:8000  → 10.0.0.2:33510  WebSocket   195  101 Switching Protocols
    14    0.185000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          66  ACK
    15   10.000000  10.0.0.2:33510 → 10.0.0.1:8000   WebSocket    80  text "get-time" masked
    16   10.000000  10.0.0.1:8000  → 10.0.0.2:33510  WebSocket    88  text "{"time": "09:38:27"}"
    17   10.025000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          66  ACK
    18   20.000000  10.0.0.2:33510 → 10.0.0.1:8000   WebSocket    80  text "get-time" masked
    19   20.000000  10.0.0.1:8000  → 10.0.0.2:33510  WebSocket    88  text "{"time": "09:38:37"}"
    20   20.025000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          66  ACK
    21   30.000000  10.0.0.2:33510 → 10.0.0.1:8000   WebSocket    80  text "get-time" masked
    22   30.000000  10.0.0.1:8000  → 10.0.0.2:33510  WebSocket    88  text "{"time": "09:38:47"}"
    23   30.025000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          66  ACK
    24   40.000000  10.0.0.2:33510 → 10.0.0.1:8000   WebSocket    74  close 1001 masked
    25   40.000000  10.0.0.1:8000  → 10.0.0.2:33510  WebSocket    70  close 1001
    26   40.000000  10.0.0.1:8000  → 10.0.0.2:33510  TCP          66  FIN, ACK
    27   40.002000  10.0.0.2:33509 → 10.0.0.1:8000   TCP          66  FIN, ACK
    28   40.002000  10.0.0.1:8000  → 10.0.0.2:33509  TCP          66  FIN, ACK
    29   40.003000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          66  FIN, ACK
    30   40.003000  10.0.0.1:8000  → 10.0.0.2:33510  TCP          66  ACK
    31   40.025000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          54  RST
    32   40.025000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          54  RST
    33   40.027000  10.0.0.2:33509 → 10.0.0.1:8000   TCP          66  ACK
    34   40.028000  10.0.0.2:33510 → 10.0.0.1:8000   TCP          54  RST
    "#);
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
    assert_snapshot!(lab.run("show pcap/wsapp.pcap --port 443").failure(), @r"
    1
    wirelab: no packet of pcap/wsapp.pcap is as asked for
    ");
    assert_snapshot!(lab.run("show nowhere.pcap").failure(), @r"
    1
    wirelab: nowhere.pcap: there is no such file
    ");
}
