//! Is the story of a loss true? The packets say what came again; run.json, where it is, what the link dropped.

use std::path::Path;

use serde_json::Value;

use super::cases::{Capture, ns};
use super::sentences::{Finding, Judged, ensure, exchanges, same};
use super::walk::MS;
use super::words::{are_times, holes, is_time, number};

/// The entry of a capture of so many frames in the run.json beside it.
pub fn made(capture: &Path, frames: u64) -> Option<Value> {
    let text = std::fs::read_to_string(capture.with_file_name("run.json")).ok()?;
    let run: Value = serde_json::from_str(&text).expect("JSON");
    let name = capture.file_name().expect("a name").to_string_lossy();
    let is_this = |one: &&Value| one["file"] == *name && one["frames"] == frames;
    run["captures"].as_array().expect("captures").iter().find(is_this).cloned()
}

pub fn judge(capture: &Capture<'_>, finding: &Finding<'_>, json: &Value) -> Judged {
    let impaired: Vec<&Value> =
        capture.made.iter().flat_map(|made| made["impaired_frames"].as_array().expect("a list")).collect();
    let dropped: Vec<&Value> = impaired.iter().copied().filter(|frame| frame["what"] == "dropped").collect();
    same(
        "whether an option is named",
        json["options"].as_array().map(|all| !all.is_empty()),
        Some(!dropped.is_empty()),
    )?;
    listed(capture, &dropped)?;
    // Those that only the link's list names.
    let again: Vec<u64> = capture.again().iter().map(|case| case.packets[0]).collect();
    let is_dropped = |number: &u64| dropped.iter().any(|frame| frame["frame"].as_u64() == Some(*number));
    let resent: Vec<u64> =
        finding.packets.iter().copied().filter(|number| again.contains(number) || !is_dropped(number)).collect();
    let waited: Vec<u64> =
        finding.exchanges.iter().map(|at| capture.exchanges[*at].recovery_ns).filter(|ns| *ns > 0).collect();
    let mut said_waiting = false;
    for piece in finding.text.split_inclusive(". ").map(str::trim_end) {
        match piece {
            piece if piece.starts_with("The link ") => what_the_link_did(piece, &impaired)?,
            piece if piece.contains(" came later by that") => updates(capture, piece)?,
            piece if piece.starts_with("In ") => {
                let owners = resent.iter().filter_map(|number| capture.owner(*number));
                let mut owners: Vec<usize> = owners.collect();
                owners.sort_unstable();
                owners.dedup();
                let times = if impaired.is_empty() { finding.times } else { owners.len() as u64 };
                let only = Finding { packets: resent.clone(), exchanges: owners, times, ..finding.clone() };
                sent_again(capture, &only, piece)?;
            }
            piece if piece.starts_with("Each copy of the same bytes") => pauses(capture, piece)?,
            piece if piece.starts_with("The longest wait for lost bytes") => longest(capture, piece, &dropped)?,
            piece => {
                said_waiting = true;
                if finding.is_whole {
                    waiting(finding, piece, &waited)?;
                }
            }
        }
    }
    ensure(said_waiting, || "it does not say what waited".to_owned())
}

/// The list of losses is run.json's, and the packets that it names brought their bytes again.
fn listed(capture: &Capture<'_>, dropped: &[&Value]) -> Judged {
    let losses = capture.json["losses"].as_array().expect("a list");
    let left_out = capture.json["losses_left_out"].as_u64().expect("a count");
    same("losses", losses.len() as u64 + left_out, dropped.len() as u64)?;
    for (loss, frame) in losses.iter().zip(dropped) {
        for key in ["frame", "bytes"] {
            same(key, &loss[key], &frame[key])?;
        }
        same("where it was going", loss["to_client"].as_bool(), Some(frame["to"] == "client"))?;
        for again in loss["again"].as_array().expect("a list") {
            let Some(packet) = again["frame"].as_u64().and_then(|number| capture.packets.of(number)) else { continue };
            let seq = frame["segment"]["seq"].as_u64().expect("a number") as u32;
            let length = packet.len + i64::from(packet.syn) + i64::from(packet.fin);
            let has = i64::from(seq.wrapping_sub(packet.seq)) < length;
            ensure(has, || format!("packet {} does not have byte {seq}", packet.number))?;
            same("its bytes", again["bytes"].as_u64(), Some(packet.bytes))?;
        }
        let exchange = loss["exchange"].as_u64().filter(|at| capture.exchanges[*at as usize].total_ns.is_some());
        if let Some(at) = exchange {
            let (waited, recovery) = (ns(&loss["waited_s"]), capture.exchanges[at as usize].recovery_ns);
            ensure(waited <= recovery + MS, || format!("{loss} waited longer than its exchange: {recovery} ns"))?;
        }
    }
    Ok(())
}

/// "The link dropped 12 frames (--loss 5%; 5 before they were captured) and held back 3 (--reorder 2%)."
fn what_the_link_did(piece: &str, impaired: &[&Value]) -> Judged {
    for (verb, what) in
        [("dropped ", &["dropped"][..]), ("doubled ", &["doubled"]), ("held back ", &["reordered", "delayed"])]
    {
        let frames: Vec<&&Value> =
            impaired.iter().filter(|frame| what.contains(&frame["what"].as_str().expect("a word"))).collect();
        let said = piece.split_once(verb).map_or(Some(0), |(_, rest)| number(rest));
        same(verb, said, Some(frames.len() as u64))?;
        if verb == "dropped " && !frames.is_empty() {
            let unseen = frames.iter().filter(|frame| frame["frame"].is_null()).count() as u64;
            let said = piece.split_once("; ").map_or(Some(0), |(_, rest)| number(rest));
            same("before they were captured", said, Some(unseen))?;
        }
    }
    Ok(())
}

/// "9 of 30 updates came later by that: 520 ms on average, 2.05 s at most."
fn updates(capture: &Capture<'_>, piece: &str) -> Judged {
    let updates = capture.exchanges.iter().filter(|one| one.kind == "update");
    let late: Vec<u64> = updates.clone().map(|one| one.recovery_ns).filter(|ns| *ns > 0).collect();
    let of = updates.count() as u64;
    match holes("{} of {} came later by that: {}.", piece) {
        Some(said) => {
            same("updates", [number(said[0]), number(said[1])], [Some(late.len() as u64), Some(of)])?;
            are_times(said[2], &late)
        }
        None => {
            let said = holes("None of the {} came later by that.", piece).ok_or("it cannot be read")?;
            same("updates", (number(said[0]), 0), (Some(of), late.len()))
        }
    }
}

/// "Each copy of the same bytes came after a longer pause: 1 s, 2 s and 4 s (packets 51, 53 and 57)."
fn pauses(capture: &Capture<'_>, piece: &str) -> Judged {
    let said = holes("Each copy of the same bytes came after a longer pause: {} (packets {}).", piece);
    let said = said.ok_or("it cannot be read")?;
    let list = |text: &str| text.replace(" and ", ", ").split(", ").map(str::to_owned).collect::<Vec<_>>();
    let packets: Vec<_> = list(said[1]).iter().filter_map(|text| capture.packets.of(text.parse().ok()?)).collect();
    let pauses = list(said[0]);
    same("as many packets as pauses", packets.len(), pauses.len())?;
    ensure(packets.len() >= 2, || "one pause does not grow".to_owned())?;
    let mut last_ns = 0;
    for (at, (packet, pause)) in packets.iter().zip(&pauses).enumerate() {
        same("the bytes", (packet.from_client, packet.seq), (packets[0].from_client, packets[0].seq))?;
        let walk = &capture.walks[packet.connection];
        let before = match at {
            0 => {
                let all = walk.packets.iter().rev();
                let earlier = all.filter(|one| one.from_client == packet.from_client && one.number < packet.number);
                earlier.filter(|one| one.is_sent()).map(|one| one.ns).next().ok_or("nothing was sent before")?
            }
            at => packets[at - 1].ns,
        };
        let ns = packet.ns - before;
        // The first one is known to a fraction of a millisecond.
        let fits =
            is_time(pause, ns as f64) || at == 0 && [-66e3, 66e3].iter().any(|off| is_time(pause, ns as f64 + off));
        ensure(fits, || format!("the pause before {}: says {pause}, found {ns} ns", packet.number))?;
        ensure(ns > last_ns, || format!("the pause before {} did not grow", packet.number))?;
        last_ns = ns;
    }
    Ok(())
}

/// "The longest wait for lost bytes, 3 s, was that of GET /time: packet 51, to the client, was dropped; packet 53, …"
fn longest(capture: &Capture<'_>, piece: &str, dropped: &[&Value]) -> Judged {
    let losses = capture.json["losses"].as_array().expect("a list");
    let is_timed =
        |loss: &&Value| loss["exchange"].as_u64().is_some_and(|at| capture.exchanges[at as usize].total_ns.is_some());
    let most = losses.iter().filter(is_timed).map(|loss| ns(&loss["waited_s"])).max().ok_or("there are no losses")?;
    let said = holes("The longest wait for lost bytes, {}, was that of {}, to the {}, was dropped; {}.", piece);
    let [how_long, first, to, copies] = said.ok_or("it cannot be read")?[..] else { unreachable!("four holes") };
    let (_, first) = first.rsplit_once(": ").ok_or("it names no packet")?;
    ensure(is_time(how_long, most as f64), || format!("says {how_long}, and the longest is {most} ns"))?;
    let frame = first.strip_prefix("packet ").and_then(number);
    let is_it = |frame_listed: &&&Value| {
        frame_listed["frame"].as_u64() == frame && (frame_listed["to"] == "client") == (to == "client")
    };
    ensure(dropped.iter().any(|one| is_it(&one)), || format!("{first} was not dropped"))?;
    for copy in copies.split("; ") {
        let Some(number) = copy.strip_prefix("packet ").and_then(number) else { continue };
        let was_dropped = dropped.iter().any(|frame| frame["frame"].as_u64() == Some(number));
        same("whether the copy was dropped", copy.ends_with("was dropped too"), was_dropped)?;
    }
    Ok(())
}

/// "In 12 of 40 exchanges (GET /time) 14 packets of 2345 bytes were sent again: 8 after a pause, …"
fn sent_again(capture: &Capture<'_>, finding: &Finding<'_>, piece: &str) -> Judged {
    let said = holes("In {}) {} of {} bytes {} sent again: {}.", piece).ok_or("it cannot be read")?;
    exchanges(capture, finding, said[0])?;
    let again = capture.again();
    let (mut paused, mut asked, mut sooner, mut in_vain, mut bytes) = (0, 0, 0, 0, 0);
    for number in &finding.packets {
        let packet = capture.packets.of(*number).ok_or("no TCP packet")?;
        let walk = &capture.walks[packet.connection];
        let at = walk.place(*number);
        let case = again.iter().find(|case| case.packets[0] == *number);
        let case = case.ok_or_else(|| format!("packet {number} brings only what had not passed"))?;
        bytes += case.bytes;
        let of_side = |other: &usize| walk.packets[*other].from_client == packet.from_client;
        let last =
            (0..at).rev().filter(of_side).find(|other| walk.packets[*other].is_sent()).map(|at| walk.packets[at].ns);
        let trip = walk.way(at, true) + walk.way(at, false);
        let since = packet.ns.saturating_sub(last.unwrap_or(0));
        let theirs = (0..at).rev().map(|at| walk.packets[at]).filter(|one| one.from_client != packet.from_client);
        let asks: Vec<_> = theirs.take_while(|one| one.acks == packet.start && !one.is_sent()).collect();
        let soon = asks.first().is_some_and(|last| packet.ns.saturating_sub(last.ns) < 20 * MS);
        match () {
            () if case.count == 1 && packet.len > 0 => in_vain += 1,
            () if asks.len() >= 3 && soon => asked += 1,
            () if since > trip + trip / 4 + MS => paused += 1,
            () => sooner += 1,
        }
    }
    if !finding.is_whole {
        return Ok(());
    }
    let count = finding.packets.len() as u64;
    same("packets", number(said[1]), Some(count))?;
    same("bytes", number(said[2]), Some(bytes))?;
    same("cost in bytes", finding.bytes, bytes)?;
    let of = |how: &str| match count {
        1 => u64::from(said[4] == how),
        _ => said[4]
            .split(", ")
            .flat_map(|piece| piece.split(" and "))
            .find(|piece| piece.contains(how))
            .and_then(number)
            .unwrap_or(0),
    };
    let vain = of("though they had been acknowledged");
    same("in vain", vain, in_vain)?;
    let (after_pause, as_asked) =
        (of("after a pause, as a time-out makes it"), of("since duplicate ACKs asked for them"));
    same("after a pause", if count == 1 { after_pause } else { of("after a pause") }, paused)?;
    same("asked for", as_asked, asked)?;
    same("sooner", of("sooner than a time-out"), sooner)?;
    // Whatever passed twice is named, but for keep-alives and what overtook something.
    for case in &again {
        let packet = capture.packets.of(case.packets[0]).expect("a packet");
        let walk = &capture.walks[packet.connection];
        let at = walk.place(packet.number);
        let before = || walk.packets[..at].iter().filter(|before| before.from_client == packet.from_client);
        let known = before().any(|before| before.start <= packet.start && before.end >= packet.end);
        let twice = before().any(|before| {
            let key = |one: &super::packets::Packet| (one.seq, one.ack, one.window, one.identification, one.len);
            key(before) == key(packet) && packet.ns.saturating_sub(before.ns) <= MS
        });
        let is_probe = packet.len <= 1 && Some(packet.start + 1) == walk.sent(at, packet.from_client);
        let way = walk.way(at, true) + walk.way(at, false);
        let last = walk.last_new(at, packet.from_client).map_or(0, |(_, last)| last.ns);
        let soon = packet.ns.saturating_sub(last) < way.max(3 * MS);
        let named = finding.packets.binary_search(&packet.number).is_ok();
        ensure(named || !known || is_probe || soon || twice, || {
            format!("packet {} passed before, and is not named", packet.number)
        })?;
    }
    Ok(())
}

/// "3 exchanges waited for that: 4 s in all, 2 s at most."
fn waiting(finding: &Finding<'_>, said: &str, waited: &[u64]) -> Judged {
    let sum = waited.iter().sum::<u64>() as f64;
    ensure((finding.s - sum / 1e9).abs() < 1e-6, || format!("cost: says {} s, found {sum} ns", finding.s))?;
    let most = waited.iter().max().copied().unwrap_or(0) as f64;
    let fits = match waited {
        [] => said == "Nothing is seen to have waited for that.",
        [one] => holes("One exchange waited for that: {}.", said).is_some_and(|said| is_time(said[0], *one as f64)),
        several => holes("{} exchanges waited for that: {} in all, {} at most.", said).is_some_and(|said| {
            number(said[0]) == Some(several.len() as u64) && is_time(said[1], sum) && is_time(said[2], most)
        }),
    };
    ensure(fits, || format!("says {said:?}, and {} waited {sum} ns in all, {most} at most", waited.len()))
}
