//! How was this run made? The content of run.json.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wirelab_capture::{Frame, LinkType};
use wirelab_catalog::{App, Renewal};
use wirelab_dissect::packet::{Decoded, decode};
use wirelab_driver::Step;
use wirelab_report::{
    AnswerWrites, CaptureInfo, DownTime, ImpairedBy, ImpairedFrame, ImpairedSegment, Impairment, LinkEnd, RUN_SCHEMA,
    RunInfo, RunOptions, StampedAt, StepInfo, WireInfo, WireMake,
};
use wirelab_wire::{Host, Vantage, WireKind};

use super::record::{Recorded, Recording};
use crate::flags::{Profile, ServerStyle};
use crate::plan::Plan;
use crate::quantity;

/// Everything that is known of a run, so that it can be understood and done again.
pub fn info(plan: &Plan, kind: WireKind, recording: &Recording, digests: &[(String, u64)]) -> RunInfo {
    RunInfo {
        schema: RUN_SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command(plan, kind),
        started: recording.started.to_string(),
        wall_s: (kind == WireKind::Kernel).then_some(recording.wall_time.as_secs_f64()),
        wire_s: recording.wire_time.as_secs_f64(),
        wire: wire(kind, &recording.captures),
        options: options(plan),
        captures: recording.captures.iter().zip(digests).map(|(capture, digest)| entry(capture, digest)).collect(),
    }
}

/// What was asked of a run.
pub fn options(plan: &Plan) -> RunOptions {
    let link = &plan.link;
    RunOptions {
        apps: plan.apps.clone(),
        interval_s: plan.interval.as_secs_f64(),
        poll_every_s: polls(plan).then_some(plan.poll_every.as_secs_f64()),
        heartbeat_s: plan.heartbeat.map(|after| after.as_secs_f64()),
        conditional: plan.conditional,
        hold_s: holds(plan).then_some(plan.hold.as_secs_f64()),
        updates: plan.updates.into(),
        rtt_ms: link.rtt.as_secs_f64() * 1000.0,
        loss: link.loss,
        duplicate: link.duplicate,
        reorder: link.reorder,
        down: link.down.map(|(from, length)| DownTime { from_s: from.as_secs_f64(), length_s: length.as_secs_f64() }),
        seed: link.seed,
        server: style(plan.style),
        client: profile(plan.profile).to_owned(),
        replay: plan.replay,
        server_quick_ack: link.server_quick_ack,
        vantage: vantage(link.vantage),
    }
}

/// The command line that does the same again: options that are not the default, the wire that was taken and the seed.
pub fn command(plan: &Plan, kind: WireKind) -> String {
    let mut words = match plan.apps.as_slice() {
        [one] => vec!["wirelab run".to_owned(), one.name().to_owned()],
        apps => {
            let mut words = vec!["wirelab run-all".to_owned()];
            if !apps.iter().copied().eq(App::classic()) {
                let names: Vec<_> = apps.iter().map(|app| app.name()).collect();
                words.push(format!("--apps {}", names.join(",")));
            }
            words
        }
    };
    words.push(format!("--wire {}", make(kind)));
    if plan.replay {
        words.push("--replay".to_owned());
    } else {
        words.push(format!("--server {} --client {}", style(plan.style), profile(plan.profile)));
    }
    words.push(format!("--interval {} --updates {}", quantity::show(plan.interval), plan.updates));
    if polls(plan) {
        words.push(format!("--poll-every {}", quantity::show(plan.poll_every)));
    }
    if let Some(after) = plan.heartbeat {
        words.push(format!("--heartbeat {}", quantity::show(after)));
    }
    if plan.conditional {
        words.push("--conditional".to_owned());
    }
    if holds(plan) {
        words.push(format!("--hold {}", quantity::show(plan.hold)));
    }
    words.push(format!("--rtt {}", quantity::show(plan.link.rtt)));
    for (flag, share) in
        [("--loss", plan.link.loss), ("--duplicate", plan.link.duplicate), ("--reorder", plan.link.reorder)]
    {
        if share > 0.0 {
            words.push(format!("{flag} {share}"));
        }
    }
    if let Some((from, length)) = plan.link.down {
        words.push(format!("--down {}+{}", quantity::show(from), quantity::show(length)));
    }
    if plan.link.vantage != Vantage::default() {
        words.push(format!("--vantage {}", vantage(plan.link.vantage)));
    }
    if plan.link.clients != 1 {
        words.push(format!("--clients {}", plan.link.clients));
    }
    words.push(format!("--seed {}", plan.link.seed));
    words.join(" ")
}

/// Whether one of the clients asks again and again.
fn polls(plan: &Plan) -> bool {
    plan.apps.iter().any(|app| app.renewal() == Renewal::Polled)
}

/// Whether one of the servers holds requests.
fn holds(plan: &Plan) -> bool {
    plan.apps.iter().any(|app| app.renewal() == Renewal::Held)
}

/// One machine, so one kernel and one kind of wire; what the link did is told for each app.
fn wire(kind: WireKind, captures: &[Recorded]) -> WireInfo {
    let mut info = WireInfo { kind: make(kind), ..WireInfo::default() };
    let mut frames = BTreeMap::new();
    let mut setup = BTreeMap::new();
    for capture in captures {
        let facts = &capture.facts;
        info.tcp.clone_from(&facts.tcp);
        info.congestion_control = Some(facts.congestion_control.clone());
        for socket in &facts.sockets {
            info.socket_options.insert(format!("{} {}", socket.host, socket.name), socket.value.into());
        }
        info.offloads.clone_from(&facts.offloads);
        info.facts.insert("mtu".to_owned(), facts.mtu.into());
        frames.insert(capture.app.capture_name(), json!(facts.frames));
        setup.insert(capture.app.capture_name(), json!(facts.setup_us));
    }
    info.facts.insert("frames".to_owned(), json!(frames));
    if kind == WireKind::Kernel {
        info.facts.insert("setup_us".to_owned(), Value::from_iter(setup));
    }
    info
}

/// How one capture was made. Its digest comes with the number of its frames.
pub fn entry(capture: &Recorded, (sha256, frames): &(String, u64)) -> CaptureInfo {
    let name = capture.app.capture_name();
    CaptureInfo {
        app: capture.app,
        name: name.to_owned(),
        file: format!("{name}.pcap"),
        sha256: sha256.clone(),
        frames: *frames,
        started: Some(capture.started.to_string()),
        impaired_frames: capture.facts.impaired.frames.iter().map(impaired).collect(),
        impaired_frames_left_out: capture.facts.impaired.left_out,
        steps: capture.steps.iter().map(step).collect(),
    }
}

fn impaired(frame: &wirelab_wire::ImpairedFrame) -> ImpairedFrame {
    ImpairedFrame {
        what: match frame.what {
            wirelab_wire::Impairment::Dropped => Impairment::Dropped,
            wirelab_wire::Impairment::Doubled => Impairment::Doubled,
            wirelab_wire::Impairment::Reordered => Impairment::Reordered,
            wirelab_wire::Impairment::Delayed => Impairment::Delayed,
        },
        option: match frame.by {
            wirelab_wire::ImpairedBy::Loss => ImpairedBy::Loss,
            wirelab_wire::ImpairedBy::Duplicate => ImpairedBy::Duplicate,
            wirelab_wire::ImpairedBy::Reorder => ImpairedBy::Reorder,
            wirelab_wire::ImpairedBy::Down => ImpairedBy::Down,
        },
        to: match frame.to {
            Host::Server => LinkEnd::Server,
            Host::Client => LinkEnd::Client,
        },
        sent_s: frame.sent.as_secs_f64(),
        arrived_s: frame.arrived.map(|arrived| arrived.as_secs_f64()),
        frame: frame.frame,
        copy: frame.copy,
        bytes: frame.bytes,
        segment: segment(frame),
    }
}

/// The TCP segment of a frame of which the headers were kept.
fn segment(frame: &wirelab_wire::ImpairedFrame) -> Option<ImpairedSegment> {
    let data = &frame.beginning;
    let (link, wire_len) = (LinkType::ETHERNET, frame.bytes);
    let Decoded::Tcp(segment) = decode(&Frame { number: 0, time_ns: 0, wire_len, data, link, file_offset: 0 }) else {
        return None;
    };
    let [client, server] = match frame.to {
        Host::Server => [segment.source, segment.destination],
        Host::Client => [segment.destination, segment.source],
    };
    Some(ImpairedSegment {
        client: client.to_string(),
        server: server.to_string(),
        seq: segment.seq,
        ack: segment.flags.ack().then_some(segment.ack),
        payload_bytes: segment.payload_len,
        syn: segment.flags.syn(),
        fin: segment.flags.fin(),
    })
}

fn step(step: &Step) -> StepInfo {
    StepInfo {
        name: step.step.to_string(),
        due_s: step.due.as_secs_f64(),
        done_s: step.done.as_secs_f64(),
        time: step.time.map(|time| time.to_string()),
    }
}

fn make(kind: WireKind) -> WireMake {
    match kind {
        WireKind::Kernel => WireMake::Kernel,
        WireKind::Virtual => WireMake::Virtual,
    }
}

fn style(style: ServerStyle) -> AnswerWrites {
    match style {
        ServerStyle::Coalesced => AnswerWrites::Coalesced,
        ServerStyle::Split => AnswerWrites::Split,
    }
}

fn profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Firefox89 => "firefox89",
        Profile::Firefox => "firefox",
        Profile::Chromium => "chromium",
        Profile::Minimal => "minimal",
    }
}

fn vantage(vantage: Vantage) -> StampedAt {
    match vantage {
        Vantage::Server => StampedAt::Server,
        Vantage::Client => StampedAt::Client,
    }
}
