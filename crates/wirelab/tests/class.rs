//! Worksheets for a class: are they whole, right, and different; and is what comes back marked as it should be?

mod lab;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;

use lab::outside::{tshark, tshark_is_there};
use lab::{Lab, Ran};
use wirelab_class::{Answer, Exercise, KINDS, Level};

const EXERCISES: [&str; 3] = ["update", "waiting", "loss"];

/// A class of so many students, with their sheets of an exercise in `sheets`.
fn class(exercise: &str, students: usize) -> Lab {
    let lab = Lab::new();
    let names: String = (1..=students).map(|number| format!("Student {number}\n")).collect();
    lab.write("names.txt", names);
    lab.done(&format!("class sheets --students names.txt --seed 2026 --exercise {exercise}"));
    lab
}

/// The key: the answers of each student, by question.
fn key(lab: &Lab) -> BTreeMap<String, BTreeMap<String, Answer>> {
    let mut key: BTreeMap<String, BTreeMap<String, Answer>> = BTreeMap::new();
    let text = lab.text("sheets/key.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().expect("a head").iter().collect::<Vec<_>>(), ["student", "question", "answer"]);
    for record in reader.records() {
        let record = record.expect("a row");
        let answer = record[2].parse().expect("an answer");
        key.entry(record[0].to_owned()).or_default().insert(record[1].to_owned(), answer);
    }
    key
}

fn folder(student: &str) -> String {
    format!("sheets/{}", student.replace(' ', "-"))
}

/// Fills in a student's answers.
fn fill_in(lab: &Lab, student: &str, answers: impl Iterator<Item = (String, String)>) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["question", "answer"]).expect("a head");
    for (question, answer) in answers {
        writer.write_record([question, answer]).expect("a row");
    }
    lab.write(&format!("{}/answers.csv", folder(student)), writer.into_inner().expect("a file"));
}

/// The marks, by student: the row.
fn marks(lab: &Lab) -> HashMap<String, Vec<String>> {
    let text = lab.text("sheets/marks.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .records()
        .map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>())
        .map(|row| (row[0].clone(), row))
        .collect()
}

fn questions(exercise: &str) -> Exercise {
    let (_, text) = Exercise::BUILT_IN.iter().find(|(name, _)| *name == exercise).expect("it comes along");
    Exercise::read(text).expect("an exercise")
}

#[test]
fn every_student_gets_a_whole_folder_and_the_same_again() {
    for exercise in EXERCISES {
        let (lab, again) = (class(exercise, 3), class(exercise, 3));
        let count = questions(exercise).questions.len();
        for (student, answers) in key(&lab) {
            assert_eq!(answers.len(), count, "{exercise}, {student}");
            let own = folder(&student);
            let mut files = lab.list(&own);
            files.sort();
            let captures: Vec<String> =
                questions(exercise).captures.iter().map(|capture| format!("{}.pcap", capture.name)).collect();
            let expected: HashSet<&str> = ["answers.csv", "sheet.html", "sheet.json", "sheet.md"]
                .into_iter()
                .chain(captures.iter().map(String::as_str))
                .collect();
            assert_eq!(files.iter().map(String::as_str).collect::<HashSet<_>>(), expected);
            for file in &files {
                let place = format!("{own}/{file}");
                assert_eq!(lab.read(&place), again.read(&place), "{place}");
            }
            let (page, markdown) = (lab.text(&format!("{own}/sheet.html")), lab.text(&format!("{own}/sheet.md")));
            for question in answers.keys() {
                assert!(page.contains(&format!("<b>{question}</b>")) && markdown.contains(&format!("**{question}**")));
            }
            // No sheet has an answer on it that is a number of its own.
            assert!(!page.contains("answer:"));
        }
        assert_eq!(lab.read("sheets/key.csv"), again.read("sheets/key.csv"));
        // A sheet alone is one of four pages at most: so many questions fit.
        assert!(count <= 30, "{exercise}: {count}");
    }
}

#[test]
fn the_key_gives_full_marks_and_each_change_loses_one() {
    let lab = class("update", 3);
    let key = key(&lab);
    for (student, answers) in &key {
        fill_in(&lab, student, answers.iter().map(|(question, answer)| (question.clone(), answer.to_string())));
    }
    lab.done("class check sheets");
    let full = marks(&lab);
    for row in full.values() {
        assert_eq!(row[1], row[2], "{row:?}");
    }
    let (student, answers) = key.first_key_value().expect("a student");
    let count = answers.len();
    for wrong in answers.keys() {
        let given = answers.iter().map(|(question, answer)| {
            let other = match answer {
                Answer::Count(number, counted) => Answer::Count(number + 1, *counted).to_string(),
                Answer::Milliseconds(time) => Answer::Milliseconds(time * 1.5 + 3.0).to_string(),
                Answer::Percent(share) => Answer::Percent(share - 3.0).to_string(),
                Answer::Hex(digits) => format!("0x{digits}1"),
                Answer::Text(text) => format!("{text} not"),
            };
            (question.clone(), if question == wrong { other } else { answer.to_string() })
        });
        fill_in(&lab, student, given);
        let shown = lab.done(&format!("class check {}", folder(student))).stdout;
        let said: HashMap<&str, &str> = shown.lines().filter_map(|line| line.split_once("  ")).collect();
        for question in answers.keys() {
            assert_eq!(said[question.as_str()], if question == wrong { "wrong" } else { "right" }, "{question}");
        }
        assert!(shown.ends_with(&format!("{} of {count} right, 0 blank\n", count - 1)), "{shown}");
    }
    lab.done("class check sheets");
    assert_eq!(marks(&lab)[student][1], (count - 1).to_string());
    fill_in(&lab, student, answers.keys().map(|question| (question.clone(), String::new())));
    lab.done("class check sheets");
    let row = &marks(&lab)[student];
    assert!(row[1] == "0" && row[3..3 + count].iter().all(|word| word == "blank"), "{row:?}");
    let page = lab.text("sheets/marks.html");
    assert!(page.contains("What an update costs") && page.contains("67 %"), "two of three know each");
}

#[test]
fn a_student_who_checks_learns_no_answer() {
    let lab = class("waiting", 2);
    let (student, answers) = key(&lab).pop_first().expect("a student");
    let given = answers.keys().map(|question| (question.clone(), "17".to_owned()));
    fill_in(&lab, &student, given);
    // Only the student's own folder went along.
    let own = lab.path("home");
    fs::rename(lab.path(&folder(&student)), &own).expect("it is moved");
    let shown = lab.done("class check home").stdout;
    for answer in answers.values() {
        assert!(!shown.contains(&answer.to_string()), "{answer}");
    }
    assert_eq!(shown.lines().count(), answers.len() + 1);
}

#[test]
fn a_class_of_broken_files_is_marked_and_nobody_loses_a_mark() {
    let lab = class("update", 6);
    let key = key(&lab);
    for (student, answers) in &key {
        fill_in(&lab, student, answers.iter().map(|(question, answer)| (question.clone(), answer.to_string())));
    }
    let at = |number: usize, file: &str| format!("{}/{file}", folder(&format!("Student {number}")));
    lab.write(&at(1, "answers.csv"), b"PK\x03\x04\0\0\0");
    lab.write(&at(2, "answers.csv"), "");
    fs::remove_dir_all(lab.path(&folder("Student 3"))).expect("it is removed");
    lab.write(&at(4, "page.pcap"), "no capture");
    lab.write(&at(5, "sheet.json"), "{");
    let ran = lab.run("class check sheets");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let marks = marks(&lab);
    for (number, is_full) in [(1, false), (2, false), (3, false), (4, true), (5, true), (6, true)] {
        let row = &marks[&format!("Student {number}")];
        assert_eq!(row[1] == row[2], is_full, "{row:?}");
        let remark = row.last().expect("a remark");
        assert_eq!(remark.is_empty(), is_full, "{row:?}");
        assert!(is_full || ran.stderr.contains(&format!("Student {number}: ")), "{}", ran.stderr);
    }
    for (number, said) in [(4, "page.pcap"), (5, "no whole sheet.json"), (3, "neither key.csv nor a whole sheet.json")]
    {
        let ran = lab.run(&format!("class check {}", folder(&format!("Student {number}"))));
        assert!(ran.status == 1 && (ran.stderr.contains(said) || number == 5), "{}", ran.stderr);
        assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_is_said_and_changes_nothing() {
    let lab = class("update", 1);
    let before = lab.text("sheets/key.csv");
    lab.write("twice.txt", "A b\na-B\n");
    lab.write("own.toml", "title = \"T\"\nminutes = 1\nabout = \"\"\n[[captures]]\nname = \"x\"\nrun = \"ws --pcap x\"\n[[questions]]\nkind = \"mss\"\ncapture = \"x\"\n");
    lab.write("none.toml", "title = \"T\"\nminutes = 1\nabout = \"\"\n[[captures]]\nname = \"x\"\nrun = \"tcp --interval 1s\"\n[[questions]]\nkind = \"switch\"\ncapture = \"x\"\n");
    for (line, status, said) in [
        ("class sheets --students names.txt --seed 1", 1, "sheets is there already, and may hold answers"),
        ("class sheets --students nobody.txt --seed 1 --out o", 1, "cannot read nobody.txt"),
        ("class sheets --students twice.txt --seed 1 --out o", 1, "twice.txt: line 2: 'a-B' would get the same folder"),
        (
            "class sheets --students names.txt --seed 1 --exercise essay --out o",
            2,
            "'essay' is no exercise that comes along",
        ),
        (
            "class sheets --students names.txt --seed 1 --exercise own.toml --out o",
            2,
            "the exercise's run 'ws --pcap x' is none",
        ),
        (
            "class sheets --students names.txt --seed 1 --exercise none.toml --out o",
            1,
            "nothing that 'switch' could ask about",
        ),
        ("class check nowhere", 1, "nowhere is no folder of a class and no student's"),
        ("class exercises names.txt", 1, "names.txt, line 1"),
    ] {
        let ran: Ran = lab.run(line);
        assert!(ran.status == status && ran.stderr.contains(said), "{line}: {} {}", ran.status, ran.stderr);
        assert!(!lab.path("o").exists(), "{line}");
    }
    assert_eq!(lab.text("sheets/key.csv"), before);
    assert_eq!(lab.list("").iter().filter(|name| name.contains("making")).count(), 0, "nothing half-made stays");
    let shown = lab.done("class exercises").stdout;
    assert!(EXERCISES.iter().all(|name| shown.contains(name)), "{shown}");
}

/// Of the answers that bytes give, at most half are the same for any two of a class.
#[test]
fn no_two_sheets_are_alike() {
    for exercise in EXERCISES {
        let lab = class(exercise, 30);
        let spec = questions(exercise);
        let of_bytes: Vec<usize> = spec
            .questions
            .iter()
            .enumerate()
            .filter(|(_, question)| matches!(question.kind.level, Level::Read | Level::WorkOut))
            .map(|(at, _)| at)
            .collect();
        let rows: Vec<Vec<String>> = key(&lab)
            .values()
            .map(|answers| {
                let answers: Vec<String> = answers.values().map(ToString::to_string).collect();
                of_bytes.iter().map(|at| answers[*at].clone()).collect()
            })
            .collect();
        for (at, one) in rows.iter().enumerate() {
            for other in &rows[at + 1..] {
                let same = one.iter().zip(other).filter(|(one, other)| one == other).count();
                assert!(same * 2 <= of_bytes.len(), "{exercise}: {same} of {}: {one:?} {other:?}", of_bytes.len());
            }
        }
    }
}

/// What tshark says of the same captures, and plain arithmetic over it.
#[test]
fn answers_are_right_by_a_second_way() {
    if !tshark_is_there() {
        return;
    }
    let mut checked = HashSet::new();
    for exercise in EXERCISES {
        let lab = class(exercise, 3);
        let spec = questions(exercise);
        for (student, answers) in key(&lab) {
            let sheet = lab.text(&format!("{}/sheet.md", folder(&student)));
            let of = |name: &str| Packets::of(&lab, &format!("{}/{name}.pcap", folder(&student)));
            let captures: Vec<Packets> = spec.captures.iter().map(|capture| of(&capture.name)).collect();
            for (question, (id, answer)) in spec.questions.iter().zip(&answers) {
                let line = sheet.lines().find(|line| line.contains(&format!("**{id}**"))).expect("the question");
                let text = line.split_once("`) ").expect("its text").1;
                let second = second_way(question.kind.name, text, &captures[question.capture]);
                if let Some(second) = second {
                    assert!(answer.accepts(&second), "{exercise}, {student}, {id}: {text} {answer}, not {second}");
                    checked.insert(question.kind.name);
                }
            }
        }
    }
    assert!(checked.len() >= 28, "only {} kinds are checked: {checked:?}", checked.len());
}

const FIELDS: [&str; 22] = [
    "frame.number",
    "frame.len",
    "frame.time_relative",
    "tcp.stream",
    "tcp.srcport",
    "tcp.len",
    "tcp.hdr_len",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.checksum",
    "ip.len",
    "tcp.options.timestamp.tsval",
    "http.request.method",
    "http.response.code",
    "websocket.masking_key",
    "tcp.options.mss_val",
    "tcp.analysis.retransmission",
    "tcp.seq",
    "tcp.ack",
    "tcp.payload",
];

struct Packets(Vec<HashMap<&'static str, String>>);

impl Packets {
    fn of(lab: &Lab, place: &str) -> Packets {
        let rows = tshark(&lab.path(place), &["-d", "tcp.port==8000,http"], &FIELDS);
        Packets(rows.into_iter().map(|row| FIELDS.into_iter().zip(row).collect()).collect())
    }

    fn text(&self, packet: u64, field: &str) -> &str {
        &self.0[packet as usize - 1][field]
    }

    fn number(&self, packet: u64, field: &str) -> u64 {
        let text = self.text(packet, field);
        match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).expect("a number"),
            None => text.parse().unwrap_or_else(|_| panic!("{field} of {packet}: {text}")),
        }
    }

    fn all(&self) -> impl Iterator<Item = u64> + '_ {
        1..=self.0.len() as u64
    }

    fn is_from_client(&self, packet: u64) -> bool {
        self.number(packet, "tcp.srcport") != 8000
    }

    fn flag(&self, packet: u64, flag: u64) -> bool {
        self.number(packet, "tcp.flags") & flag != 0
    }

    fn sum(&self, packets: &[u64], field: &str) -> u64 {
        packets.iter().map(|packet| self.number(*packet, field)).sum()
    }

    fn payload(&self, packet: u64) -> Vec<u8> {
        let digits = self.text(packet, "tcp.payload").as_bytes().to_vec();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("a byte"))
            .collect()
    }
}

/// The numbers of a text.
fn numbers(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

fn second_way(kind: &str, text: &str, packets: &Packets) -> Option<String> {
    let asked = numbers(text);
    let first = asked.first().copied().unwrap_or(0);
    let count = |test: &dyn Fn(u64) -> bool| packets.all().filter(|packet| test(*packet)).count().to_string();
    let find = |test: &dyn Fn(u64) -> bool| packets.all().find(|packet| test(*packet)).map(|packet| packet.to_string());
    let listed = || -> Vec<u64> { text.split_once("packets ").map(|(_, rest)| numbers(rest)).unwrap_or_default() };
    const FIN: u64 = 1;
    const SYN: u64 = 2;
    const ACK: u64 = 16;
    Some(match kind {
        "frame-length" => packets.text(first, "frame.len").to_owned(),
        "sequence-number" => packets.text(asked[0], "tcp.seq_raw").to_owned(),
        "acknowledgment-number" => packets.text(first, "tcp.ack_raw").to_owned(),
        "flags" => packets.text(first, "tcp.flags").trim_start_matches("0x0").to_owned(),
        "window" => packets.text(first, "tcp.window_size_value").to_owned(),
        "checksum" => packets.text(first, "tcp.checksum").to_owned(),
        "header-length" => packets.text(first, "tcp.hdr_len").to_owned(),
        "ip-length" => packets.text(first, "ip.len").to_owned(),
        "timestamp" => packets.text(first, "tcp.options.timestamp.tsval").to_owned(),
        "client-port" => {
            let of = packets
                .all()
                .find(|packet| packets.number(*packet, "tcp.stream") == first && packets.is_from_client(*packet))?;
            packets.text(of, "tcp.srcport").to_owned()
        }
        "gap" => {
            let time = |packet: u64| packets.text(packet, "frame.time_relative").parse::<f64>().expect("seconds");
            format!("{} s", time(asked[1]) - time(asked[0]))
        }
        "http-field" => {
            let name = text.split("the field ").nth(1)?.split(' ').next()?;
            let packet = *asked.last()?;
            let head = String::from_utf8(packets.payload(packet)).expect("text");
            head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))?.to_owned()
        }
        "total-packets" => packets.0.len().to_string(),
        "connections" => {
            packets.all().map(|packet| packets.text(packet, "tcp.stream")).collect::<HashSet<_>>().len().to_string()
        }
        "frame-bytes-of-update" => packets.sum(&listed(), "frame.len").to_string(),
        "app-bytes-of-update" => packets.sum(&listed(), "tcp.len").to_string(),
        "overhead-of-update" => {
            let (frame, app) = (packets.sum(&listed(), "frame.len"), packets.sum(&listed(), "tcp.len"));
            format!("{:.2} %", (frame - app) as f64 * 100.0 / frame as f64)
        }
        "bytes-of-client" => {
            let own: Vec<u64> = packets.all().filter(|packet| packets.is_from_client(*packet)).collect();
            packets.sum(&own, "tcp.len").to_string()
        }
        "bare-acks" => {
            count(&|packet| packets.number(packet, "tcp.len") == 0 && packets.number(packet, "tcp.flags") == ACK)
        }
        "http-requests" => count(&|packet| !packets.text(packet, "http.request.method").is_empty()),
        "handshake-bytes" => {
            let of: Vec<u64> =
                packets.all().filter(|packet| packets.number(*packet, "tcp.stream") == first).take(3).collect();
            packets.sum(&of, "frame.len").to_string()
        }
        "masking-key" => packets.text(first, "websocket.masking_key").to_owned(),
        "unmask" => {
            let payload = packets.payload(asked[1]);
            let at = asked[0] as usize - 1;
            char::from(payload[6 + at] ^ payload[2 + at % 4]).to_string()
        }
        "relative-number" => packets.text(asked[2], "tcp.seq").to_owned(),
        "next-number" => (packets.number(first, "tcp.seq_raw") as u32)
            .wrapping_add(packets.number(first, "tcp.len") as u32)
            .to_string(),
        "mss" => packets.text(first, "tcp.options.mss_val").to_owned(),
        "window-in-bytes" => (asked[1] << asked[3]).to_string(),
        "chunk-size" => {
            let payload = packets.payload(first);
            let body = payload.len() - payload.iter().position(|byte| *byte == b'\n')? - 1;
            // One chunk and its end is all that an event's packet holds.
            (body - 2).to_string()
        }
        "acknowledged-by" => {
            let end = packets.number(first, "tcp.seq") + packets.number(first, "tcp.len");
            let stream = packets.number(first, "tcp.stream");
            find(&|packet| {
                packet > first
                    && packets.number(packet, "tcp.stream") == stream
                    && packets.is_from_client(packet) != packets.is_from_client(first)
                    && packets.flag(packet, ACK)
                    && packets.number(packet, "tcp.ack") >= end
            })?
        }
        "answer-to" => {
            let stream = packets.number(first, "tcp.stream");
            find(&|packet| {
                packet > first
                    && packets.number(packet, "tcp.stream") == stream
                    && !packets.is_from_client(packet)
                    && packets.number(packet, "tcp.len") > 0
            })?
        }
        "handshake-end" => find(&|packet| {
            packets.number(packet, "tcp.stream") == first
                && packets.is_from_client(packet)
                && !packets.flag(packet, SYN)
                && packets.number(packet, "tcp.ack") == 1
        })?,
        "close-begins" => find(&|packet| packets.number(packet, "tcp.stream") == first && packets.flag(packet, FIN))?,
        "switch" => find(&|packet| packets.text(packet, "http.response.code") == "101")?,
        "sent-again" => find(&|packet| !packets.text(packet, "tcp.analysis.retransmission").is_empty())?,
        "first-copy" => find(&|packet| {
            packet < first
                && ["tcp.stream", "tcp.srcport", "tcp.seq_raw", "tcp.len"]
                    .iter()
                    .all(|field| packets.text(packet, field) == packets.text(first, field))
                && packets.flag(packet, SYN) == packets.flag(first, SYN)
                && packets.flag(packet, FIN) == packets.flag(first, FIN)
        })?,
        "released-by" => {
            let stream = packets.number(first, "tcp.stream");
            let before = packets
                .all()
                .take_while(|packet| *packet < first)
                .filter(|packet| packets.number(*packet, "tcp.stream") == stream);
            before.last()?.to_string()
        }
        _ => return None,
    })
}

/// The page for teachers names every kind that an exercise may ask.
#[test]
fn the_page_for_teachers_names_every_kind() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/class.md")).expect("the page");
    let missing: Vec<&str> = KINDS
        .iter()
        .filter(|kind| !page.contains(&format!("| `{}` | {} |", kind.name, kind.asks)))
        .map(|kind| kind.name)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for (name, _) in Exercise::BUILT_IN {
        assert!(page.contains(&format!("--exercise {name}")), "{name}");
    }
}
