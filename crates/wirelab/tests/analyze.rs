//! `wirelab analyze`: its forms, its sources, and files that are damaged.

mod lab;

use std::io::Write;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use lab::{Lab, Ran};
use serde_json::Value;
use wirelab_capture::{LinkType, Settings, Writer};
use wirelab_dissect::build::Tcp;
use wirelab_dissect::tcp::Flags;

/// Two requests over HTTP, answered; nothing that wirelab's own apps would say.
fn conversation() -> Vec<Vec<u8>> {
    let get = b"GET /stock HTTP/1.1\r\nHost: shop\r\n\r\n";
    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n42 kg";
    let (mut asked, mut answered) = (1001, 5001);
    let up = Tcp { flags: Flags::ACK, ..Tcp::between("10.0.0.2:40000", "10.0.0.1:80") };
    let down = Tcp { flags: Flags::ACK, ..Tcp::between("10.0.0.1:80", "10.0.0.2:40000") };
    let mut frames = vec![
        Tcp { seq: 1000, flags: Flags::SYN, ..up }.frame(),
        Tcp { seq: 5000, ack: 1001, flags: Flags(Flags::SYN.0 | Flags::ACK.0), ..down }.frame(),
        Tcp { seq: 1001, ack: 5001, ..up }.frame(),
    ];
    for _ in 0..2 {
        frames.push(Tcp { seq: asked, ack: answered, payload: get, ..up }.frame());
        asked += get.len() as u32;
        frames.push(Tcp { seq: answered, ack: asked, payload: ok, ..down }.frame());
        answered += ok.len() as u32;
        frames.push(Tcp { seq: asked, ack: answered, ..up }.frame());
    }
    frames
}

/// Where each record begins, and the file.
fn file() -> (Vec<usize>, Vec<u8>) {
    let mut file = Vec::new();
    let mut writer = Writer::with(&mut file, Settings::new(LinkType::ETHERNET)).expect("a header");
    let (mut at, mut begins) = (24, Vec::new());
    for (number, frame) in (0u64..).zip(conversation()) {
        writer.write(1_600_000_000_000_000_000 + number * 1_000_000, frame.len() as u32, &frame).expect("a record");
        begins.push(at);
        at += 16 + frame.len();
    }
    begins.push(at);
    writer.finish().expect("an end");
    (begins, file)
}

fn validated(text: &str) -> Value {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/wirelab-1.schema.json")).expect("a schema");
    let value: Value = serde_json::from_str(text).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    value
}

#[test]
fn every_form() {
    let lab = Lab::new();
    lab.write("shop.pcap", file().1);
    for form in ["table", "markdown", "csv"] {
        assert_snapshot!(form, lab.done(&format!("analyze shop.pcap --format {form}")).stdout);
    }
    let json = lab.done("analyze shop.pcap --format json").stdout;
    validated(&json);
    assert_snapshot!("json", json);
}

#[test]
fn several_files_and_all_the_apps_keep_to_the_schema() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1");
    lab.write("shop.pcap", file().1);
    let analysis = validated(&lab.done(&format!("analyze --format json shop.pcap {}", lab::CAPTURES)).stdout);
    let names: Vec<&str> =
        analysis["captures"].as_array().expect("captures").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["shop", "tcpapp", "webapp", "ajaxapp", "sseapp", "wsapp"]);
}

/// A zstd frame of raw blocks (RFC 8878).
fn zstd(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let blocks: Vec<&[u8]> = data.chunks(1000).collect();
    for (at, block) in blocks.iter().enumerate() {
        let header = (block.len() as u32) << 3 | u32::from(at + 1 == blocks.len());
        out.extend(&header.to_le_bytes()[..3]);
        out.extend(*block);
    }
    out
}

#[test]
fn compressed_files_say_the_same() {
    let lab = Lab::new();
    let plain = file().1;
    lab.write("shop.pcap", &plain);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).expect("memory");
    lab.write("gzip/shop.pcap", gzip.finish().expect("memory"));
    lab.write("zstd/shop.pcap", zstd(&plain));
    let of = |file: &str| lab.analysis(file)["captures"][0].clone();
    for (file, format) in [("gzip/shop.pcap", "pcap+gzip"), ("zstd/shop.pcap", "pcap+zstd")] {
        let mut capture = of(file);
        assert_eq!(capture["format"], format);
        capture["format"] = "pcap".into();
        assert_eq!(capture, of("shop.pcap"));
    }
}

#[test]
fn a_pipe_that_is_still_being_written() {
    let lab = Lab::new();
    let (begins, file) = file();
    let mut command: Command = lab.command("analyze - --format json");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    for piece in [&file[..10], &file[10..begins[2] + 7], &file[begins[2] + 7..]] {
        input.write_all(piece).expect("it reads");
        input.flush().expect("it reads");
        assert!(child.try_wait().expect("a state").is_none(), "it ended before its input");
    }
    drop(input);
    let ran = Ran::of(child.wait_with_output().expect("it ends"));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let analysis = validated(&ran.stdout);
    assert_eq!(analysis["captures"][0]["totals"]["total_packets"], 9);
    assert_eq!(analysis["captures"][0]["file"], Value::Null);
}

/// What came of a damaged file: never a crash, always JSON or a sentence.
fn survived(lab: &Lab, what: &str, content: &[u8]) -> (i32, Option<Value>, String) {
    lab.write("damaged.pcap", content);
    let ran = lab.run("analyze --format json damaged.pcap");
    assert!(matches!(ran.status, 0 | 1) && !ran.stderr.contains("panicked"), "{what}: {ran:?}");
    assert!(ran.status == 0 || !ran.stderr.is_empty(), "{what}: a failure without a reason");
    let listed = lab.run("show damaged.pcap");
    assert!(matches!(listed.status, 0 | 1) && !listed.stderr.contains("panicked"), "{what}: {listed:?}");
    let analysis = (!ran.stdout.is_empty()).then(|| validated(&ran.stdout));
    (ran.status, analysis, ran.stderr)
}

#[test]
fn cut_anywhere_what_is_whole_is_reported_and_the_place_named() {
    let lab = Lab::new();
    let (begins, file) = file();
    for cut in (0..file.len()).step_by(13).chain(begins.iter().copied()) {
        let (status, analysis, said) = survived(&lab, &format!("cut at {cut}"), &file[..cut]);
        let whole = begins.iter().filter(|begin| **begin <= cut).count().saturating_sub(1);
        assert_eq!(status, i32::from(!begins.contains(&cut)), "cut at {cut}: {said}");
        if cut > 24 {
            let analysis = analysis.expect("an analysis");
            assert_eq!(analysis["captures"][0]["frames"], whole as u64, "cut at {cut}");
            let problem = &analysis["captures"][0]["problems"][0];
            if status == 1 {
                assert_eq!(problem["frame"], whole as u64 + 1, "cut at {cut}");
                assert_eq!(problem["offset"], begins[whole] as u64, "cut at {cut}");
                assert!(said.contains(&format!("frame {}", whole + 1)), "{said}");
            }
        }
    }
}

#[test]
fn flipped_bytes_never_break_it() {
    let lab = Lab::new();
    let (_, file) = file();
    for at in (0..file.len()).step_by(9) {
        let mut flipped = file.clone();
        flipped[at] ^= 0xff;
        survived(&lab, &format!("byte {at} flipped"), &flipped);
    }
}

#[test]
fn lying_lengths_and_other_contents() {
    let lab = Lab::new();
    let (begins, file) = file();
    let mut said = Vec::new();
    let mut with = |what: &str, content: &[u8]| {
        let (status, _, stderr) = survived(&lab, what, content);
        said.push(format!("{what}: {status} {}", stderr.trim_end()));
    };
    let lying = |at: usize, length: u32| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&length.to_le_bytes());
        file
    };
    with("a kept length beyond all bounds", &lying(begins[3] + 8, u32::MAX));
    with("a kept length beyond the next record", &lying(begins[3] + 8, 200));
    with("a length on the wire of 0", &lying(begins[3] + 12, 0));
    with("a length on the wire of 4 GiB", &lying(begins[3] + 12, u32::MAX));
    let ip_length = begins[3] + 16 + 16;
    let mut long = file.clone();
    long[ip_length..ip_length + 2].fill(0xff);
    with("an IP length beyond the frame", &long);
    let mut short = file.clone();
    short[ip_length..ip_length + 2].copy_from_slice(&[0, 21]);
    with("an IP length within the headers", &short);
    let mut header = file.clone();
    header[begins[3] + 16 + 14 + 20 + 12] = 0x10;
    with("a TCP header of 4 bytes", &header);
    with("zeros behind the last record", &[&file[..], &[0; 100]].concat());
    with("nothing but zeros", &[0; 4096]);
    with("a picture", b"\x89PNG\r\n\x1a\n and so on, which is no capture at all");
    with("a broken gzip file", &[&[0x1f, 0x8b, 8, 0][..], &[7; 60]].concat());
    with("half a zstd file", &zstd(&file)[..400]);
    with("only a header", &file[..24]);
    assert_snapshot!(said.join("\n"));
}

/// What run.json says of a capture holds, whatever was said in it; of another capture of that name it says nothing.
#[test]
fn run_json_tells_the_app() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1 --updates 2");
    let app = || lab.analysis("pcap/tcpapp.pcap")["captures"][0]["app"].clone();
    assert_eq!(app(), "tcp");
    // Not the app's greeting any more: by its bytes it is nobody's.
    let mut bytes = lab.read("pcap/tcpapp.pcap");
    let at = bytes.windows(6).position(|word| word == b"Hello!").expect("a greeting");
    bytes[at..at + 6].copy_from_slice(b"Howdy!");
    lab.write("pcap/tcpapp.pcap", &bytes);
    assert_eq!(app(), "tcp");
    let filtered = lab.done("show pcap/tcpapp.pcap --exchange update");
    assert!(filtered.stdout.contains("time"), "{}", filtered.stdout);
    lab.write("pcap/other.pcap", &bytes);
    assert_eq!(lab.analysis("pcap/other.pcap")["captures"][0]["app"], Value::Null);
    let run = lab.text("pcap/run.json");
    let frames = serde_json::from_str::<Value>(&run).expect("JSON")["captures"][0]["frames"].clone();
    lab.write("pcap/run.json", run.replace(&format!("\"frames\": {frames},"), "\"frames\": 1,"));
    assert_eq!(app(), Value::Null);
    lab.write("pcap/run.json", "not JSON");
    assert_eq!(app(), Value::Null);
}
