//! A second opinion: is every sentence of every finding true?
//!
//! A slow, plain judge reads the list of packets, works out each number and each superlative of a sentence again, and shares
//! no code with the rules, the timing or the tallies. What it cannot confirm fails.

#![allow(clippy::print_stdout)] // How often what was said.

mod lab;

#[path = "judge/cases.rs"]
mod cases;
#[path = "judge/effects.rs"]
mod effects;
#[path = "judge/losses.rs"]
mod losses;
#[path = "judge/made.rs"]
mod made;
#[path = "judge/packets.rs"]
mod packets;
#[path = "judge/pairs.rs"]
mod pairs;
#[path = "judge/sentences.rs"]
mod sentences;
#[path = "judge/streams.rs"]
mod streams;
#[path = "judge/truth.rs"]
mod truth;
#[path = "judge/walk.rs"]
mod walk;
#[path = "judge/words.rs"]
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use lab::{Lab, outside};
use packets::Packets;
use serde_json::Value;
use truth::Figures;

/// The packets of a capture; what it says of its connections tells the client of one whose SYN is not there.
fn packets_of(path: &Path, json: &Value) -> Packets {
    let clients: Vec<(&str, &str)> = json["connections"]
        .as_array()
        .expect("connections")
        .iter()
        .map(|one| (one["client"].as_str().expect("a client"), one["server"].as_str().expect("a server")))
        .collect();
    packets::read(path, |from, to| clients.contains(&(from, to)))
}

/// What is wrong with what is said of a capture.
fn complaints(name: &str, path: &Path, json: &Value) -> Vec<String> {
    let packets = packets_of(path, json);
    // What came in fragments has tests of its own.
    if packets.has_fragments {
        return Vec::new();
    }
    let capture = cases::Capture::new(json, &packets, losses::made(path, packets.frames));
    let findings = json["findings"].as_array().expect("findings");
    let unsaid = sentences::unsaid(&capture, findings).into_iter().map(|what| format!("{name}: {what}"));
    findings
        .iter()
        .filter_map(|finding| {
            let wrong = sentences::judge(&capture, finding).err()?;
            let (id, text) = (&finding["id"], &finding["text"]);
            Some(format!("{name}: {id}: {text}\n    {wrong}\n    packets {}", finding["packets"]))
        })
        .chain(unsaid)
        .collect()
}

/// A few numbers that follow from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        self.one_of(of)
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// A random run: its app, the round trip in milliseconds, the end at which it is recorded, and its other options.
struct Run {
    app: &'static str,
    rtt_ms: f64,
    vantage: &'static str,
    options: String,
}

impl Run {
    fn recorded_at(&self, vantage: &str) -> String {
        format!("{} --vantage {vantage}", self.options)
    }
}

fn random_run(seed: u64) -> Run {
    let mut chance = Chance(seed);
    let app = chance.one(&["tcp", "web", "ajax", "sse", "ws"]);
    let mut link = String::new();
    for (flag, most) in [("loss", 15), ("reorder", 15), ("duplicate", 8)] {
        if chance.below(2) == 0 {
            link += &format!(" --{flag} {}%", chance.below(most + 1));
        }
    }
    let rtt = chance.one(&["0", "1ms", "5ms", "25ms", "60ms", "200ms", "300ms"]);
    let options = format!(
        "run {app} --wire virtual --seed {seed} --rtt {rtt} --updates {} --interval {} --client {} --server {}{}{link}",
        1 + chance.below(25),
        chance.one(&["50ms", "300ms", "1s", "10s"]),
        chance.one(&["firefox89", "firefox", "chromium", "minimal"]),
        chance.one(&["coalesced", "split"]),
        chance.one(&["", "", "", " --clients 2", " --clients 4"]),
    );
    let vantage = chance.one(&["server", "client"]);
    let down = chance.one(&["", "", "", "", " --down 120ms+90ms", " --down 1s+700ms", " --down 3s+4s"]);
    let options = options + down;
    Run { app, rtt_ms: rtt.trim_end_matches("ms").parse().expect("milliseconds"), vantage, options }
}

/// One end's recording of a run: its place, what is said of it, its entry in run.json.
struct Recording {
    lab: Lab,
    file: String,
    said: Value,
    made: Value,
}

impl Recording {
    fn of(run: &Run, vantage: &str) -> Recording {
        let lab = Lab::new();
        lab.done(&run.recorded_at(vantage));
        let file = format!("pcap/{}app.pcap", run.app);
        let json = |name: &str| -> Value { serde_json::from_slice(&lab.read(name)).expect("JSON") };
        let said = json("reports/results.json")["captures"][0].take();
        let made = json("pcap/run.json")["captures"][0].take();
        Recording { lab, file, said, made }
    }

    fn packets(&self) -> Packets {
        packets_of(&self.lab.path(&self.file), &self.said)
    }

    /// What is said of the capture alone.
    fn said_without_list(&self) -> Value {
        self.lab.write("alone/any.pcap", self.lab.read(&self.file));
        self.lab.analysis("alone/any.pcap")["captures"][0].take()
    }
}

/// What is not as the wire knows it to be.
fn untrue(run: &Run, recording: &Recording, with_list: &mut Figures, without: &mut Figures) -> Vec<String> {
    let other = Recording::of(run, if run.vantage == "server" { "client" } else { "server" });
    let judged = usize::from(run.vantage == "client");
    let both = if judged == 0 { [recording, &other] } else { [&other, recording] };
    let packets = both.map(Recording::packets);
    let ends = [(&packets[0], &both[0].made), (&packets[1], &both[1].made)];
    let wire = truth::Wire { rtt_ms: run.rtt_ms, ends, judged };
    let mut wrong = truth::complaints(&wire, &recording.said, with_list);
    if !recording.made["impaired_frames"].as_array().expect("a list").is_empty() {
        // Of what the packets alone do not show, only figures are held.
        truth::complaints(&wire, &recording.said_without_list(), without);
    }
    wrong.extend(truth::slow(run.app, &recording.said));
    wrong
}

/// A number that the environment gives, or another.
fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

/// How often each finding was made: seen, and likely.
#[derive(Debug, Default)]
struct Said(BTreeMap<String, [u32; 2]>);

impl Said {
    fn add(&mut self, capture: &Value) {
        for finding in capture["findings"].as_array().expect("findings") {
            let counts = self.0.entry(finding["id"].as_str().expect("an id").to_owned()).or_default();
            counts[usize::from(finding["sure"] == "likely")] += 1;
        }
    }

    fn of(&self, id: &str) -> u32 {
        self.0.get(id).map_or(0, |[seen, likely]| seen + likely)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |at: usize| self.0.values().map(|counts| counts[at]).sum::<u32>();
        write!(f, "{} findings, {} seen and {} likely", sum(0) + sum(1), sum(0), sum(1))?;
        self.0.iter().try_for_each(|(id, [seen, likely])| write!(f, "\n  {id}: {seen} seen, {likely} likely"))
    }
}

#[test]
fn what_is_said_of_random_runs_is_true() {
    let runs = number("WIRELAB_JUDGE_RUNS", 500);
    let first = number("WIRELAB_JUDGE_FROM", 0);
    let next = AtomicU32::new(first);
    let (wrong, said) = (Mutex::new(Vec::new()), Mutex::new(Said::default()));
    let figures = Mutex::new([Figures::default(), Figures::default()]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + runs {
                        break;
                    }
                    let run = random_run(seed.into());
                    let name = format!("wirelab {}", run.recorded_at(run.vantage));
                    let recording = Recording::of(&run, run.vantage);
                    said.lock().expect("a count").add(&recording.said);
                    let mut new = complaints(&name, &recording.lab.path(&recording.file), &recording.said);
                    let mut off = [Figures::default(), Figures::default()];
                    let [with_list, without] = &mut off;
                    let untrue = untrue(&run, &recording, with_list, without);
                    new.extend(untrue.into_iter().map(|what| format!("{name}: {what}")));
                    wrong.lock().expect("a list").extend(new);
                    let mut all = figures.lock().expect("figures");
                    all.iter_mut().zip(off).for_each(|(all, off)| all.add(off));
                }
            });
        }
    });
    let [with_list, without] = figures.into_inner().expect("figures");
    println!("How far the parts of times are off in {runs} runs.\n\nWith the list of what the link did: {with_list}");
    println!("The impaired ones without it: {without}");
    let mut wrong = wrong.into_inner().expect("a list");
    wrong.sort();
    assert!(wrong.is_empty(), "{} false sentences in {runs} runs:\n{}", wrong.len(), wrong.join("\n"));
    let said = said.into_inner().expect("a count");
    println!("of {runs} runs was said: {said}");
    assert!(said.0.values().flatten().sum::<u32>() > runs / 2, "too little was said to be judged");
}

/// Conversations that the lab does not have.
#[test]
fn what_is_said_of_made_conversations_is_true() {
    let runs = number("WIRELAB_JUDGE_MADE", 300);
    let first = number("WIRELAB_JUDGE_FROM", 0);
    let lab = Lab::new();
    let (mut wrong, mut said) = (Vec::new(), Said::default());
    for seed in first..first + runs {
        let path = lab.write("made.pcap", made::capture(seed.into()));
        let analysis = lab.analysis("made.pcap");
        said.add(&analysis["captures"][0]);
        wrong.extend(complaints(&format!("made from {seed}"), &path, &analysis["captures"][0]));
    }
    println!("of {runs} conversations was said: {said}");
    assert!(wrong.is_empty(), "{} false sentences:\n{}", wrong.len(), wrong.join("\n"));
    for id in ["events-together", "window-limited", "encrypted", "http2", "compressed", "short-body"] {
        assert!(said.of(id) * 20 > runs, "too little was said of {id} to be judged: {said}");
    }
}

/// What is wrong with what is said of two runs beside each other, and how much is said.
fn pair_complaints(lab: &Lab, options: [&str; 2]) -> (Vec<String>, usize) {
    for (side, options) in ["a", "b"].into_iter().zip(options) {
        lab.done(&format!("{options} --pcap-dir {side}"));
    }
    lab.done("report a b --report-dir compared");
    let json: Value = serde_json::from_slice(&lab.read("compared/comparison.json")).expect("JSON");
    let all = json["captures"].as_array().expect("captures");
    let half = all.len() / 2;
    let path = |at: usize, one: &Value| {
        let side = if at < half { "a" } else { "b" };
        lab.path(&format!("{side}/{}", one["file"].as_str().expect("a file")))
    };
    let packets: Vec<Packets> = all.iter().enumerate().map(|(at, one)| packets_of(&path(at, one), one)).collect();
    let of = |((at, one), packets)| cases::Capture::new(one, packets, losses::made(&path(at, one), packets.frames));
    let mut captures: Vec<cases::Capture<'_>> = all.iter().enumerate().zip(&packets).map(of).collect();
    let theirs = captures.split_off(half);
    let run = |side: &str| serde_json::from_slice(&lab.read(&format!("{side}/run.json"))).expect("JSON");
    let sides = [
        pairs::Side { name: "a", run: run("a"), captures },
        pairs::Side { name: "b", run: run("b"), captures: theirs },
    ];
    let pair = pairs::Pair { sides, document: lab.text("compared/comparison.md") };
    let wrong =
        pairs::complaints(&pair, &json).into_iter().map(|wrong| format!("{}\n{}\n  {wrong}", options[0], options[1]));
    (wrong.collect(), json["findings"].as_array().expect("findings").len())
}

#[test]
fn what_is_said_of_random_pairs_of_runs_is_true() {
    let count = number("WIRELAB_JUDGE_PAIRS", 60);
    let first = number("WIRELAB_JUDGE_FROM", 0);
    let next = AtomicU32::new(first);
    let (wrong, found) = (Mutex::new(Vec::new()), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    // Of the same app, or of all.
                    let (one, other) = (random_run(seed.into()), random_run(u64::from(seed) + 1_000_000));
                    let of = if seed.is_multiple_of(5) { "run-all".to_owned() } else { format!("run {}", one.app) };
                    let [one, other] = [&one, &other]
                        .map(|run| run.recorded_at(run.vantage).replacen(&format!("run {}", run.app), &of, 1));
                    let (new, said) = pair_complaints(&Lab::new(), [&one, &other]);
                    found.fetch_add(said as u32, Ordering::Relaxed);
                    wrong.lock().expect("a list").extend(new);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("a list");
    wrong.sort();
    assert!(wrong.is_empty(), "{} false sentences in {count} pairs:\n{}", wrong.len(), wrong.join("\n"));
    assert!(found.into_inner() > count * 3, "too little was said to be judged");
}

#[test]
fn what_was_said_wrongly_once_is_true() {
    for (what, app, options) in [
        (
            "packets of one stamp are told apart by their order: which one was answered",
            "sse",
            "--seed 94 --rtt 200ms --updates 3 --interval 300ms --client minimal --server split --vantage client --loss 2% \
             --reorder 15% --duplicate 3%",
        ),
        (
            "a time-out is one of its own side, whenever the other one sent again",
            "web",
            "--seed 66 --rtt 25ms --updates 5 --interval 10s --client chromium --server split --clients 2 --loss 5% \
             --duplicate 2%",
        ),
        (
            "the first is the first, in whatever order exchanges end",
            "web",
            "--seed 134 --rtt 0 --updates 15 --interval 300ms --client chromium --server split --vantage client --clients 4 \
             --reorder 13% --duplicate 6%",
        ),
        (
            "a handshake that is repeated is no answer",
            "ws",
            "--seed 483 --rtt 60ms --updates 7 --interval 1s --client chromium --server split --vantage client --loss 14%",
        ),
    ] {
        let lab = Lab::new();
        lab.done(&format!("run {app} --wire virtual {options}"));
        let file = format!("pcap/{app}app.pcap");
        let wrong = complaints(options, &lab.path(&file), &lab.analysis(&file)["captures"][0]);
        assert!(wrong.is_empty(), "{what}: {}", wrong.join("\n"));
    }
}

#[test]
fn what_is_said_of_other_peoples_captures_is_true() {
    let Some(folder) = outside::shared("captures") else { return };
    let mut files: Vec<PathBuf> = Vec::new();
    let originals = outside::shared("reference");
    for folder in [folder.join("real"), folder].into_iter().chain(originals) {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        files.extend(entries.filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng")));
    }
    files.sort();
    let lab = Lab::new();
    let (mut wrong, mut said) = (Vec::new(), Said::default());
    for path in files {
        let ran = lab.run(&format!("analyze --format json {}", path.display()));
        // One that is cut short is read up to there.
        let analysis: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        said.add(&analysis["captures"][0]);
        wrong.extend(complaints(&path.display().to_string(), &path, &analysis["captures"][0]));
    }
    println!("of other people's captures was said: {said}");
    assert!(wrong.is_empty(), "{} false sentences:\n{}", wrong.len(), wrong.join("\n"));
}
