//! What did the link drop, and what came of it? In words, where the link's record says so.

use super::Evidence;
use super::words::{average, called, count, duration, grouped, listed};
use crate::link_record::{LinkFault, LinkRecord};
use crate::model::{Kind, Loss, nanoseconds};
use crate::observations::Fact;

/// "The link dropped 12 frames (--loss 5%; 5 before they were captured) and held back 3 (--reorder 2%)."
pub(super) fn what_the_link_did(link: &LinkRecord) -> String {
    let mut said = Vec::new();
    for (what, verb) in [
        (&[LinkFault::Dropped][..], "dropped"),
        (&[LinkFault::Doubled], "doubled"),
        (&[LinkFault::Reordered, LinkFault::Delayed], "held back"),
    ] {
        let frames = || link.frames.iter().filter(|frame| what.contains(&frame.what));
        let times = frames().count() as u64;
        if times == 0 {
            continue;
        }
        let number = if said.is_empty() { count(times, "frame") } else { grouped(times) };
        let unseen = match (verb, frames().filter(|frame| frame.frame.is_none()).count() as u64) {
            ("dropped", 1) => "; 1 before it was captured".to_owned(),
            ("dropped", unseen) if unseen > 0 => format!("; {} before they were captured", grouped(unseen)),
            _ => String::new(),
        };
        said.push(format!("{verb} {number} ({}{unseen})", options(link, what).join(", ")));
    }
    let more = if link.complete_until_ns.is_some() { ", and more than are listed" } else { "" };
    format!("The link {}{more}.", listed(&said))
}

/// The options that made the link do any of these.
pub(super) fn options(link: &LinkRecord, what: &[LinkFault]) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    for frame in link.frames.iter().filter(|frame| what.contains(&frame.what)) {
        if !options.iter().any(|known| **known == *frame.option) {
            options.push(frame.option.to_string());
        }
    }
    options
}

/// "9 of 30 updates came later by that: 520 ms on average, 2.05 s at most."
pub(super) fn updates_that_were_late(evidence: &Evidence<'_>) -> Option<String> {
    let of = evidence.capture.update_count;
    if of == 0 {
        return None;
    }
    let late = evidence.seen(|one| one.fact == Fact::Recovered && one.kind == Kind::Update);
    Some(match late.map(|seen| seen.cases) {
        None => format!("None of the {} came later by that.", count(of, "update")),
        Some(cases) => format!(
            "{} of {} came later by that: {}.",
            grouped(cases.times),
            count(of, "update"),
            average(cases.ns, cases.times, cases.worst.ns)
        ),
    })
}

/// "The longest wait, 3 s, was that of GET /time: packet 51, to the client, was dropped, and so was 53, 1 s later; 57, 3 s
/// later, arrived."
pub(super) fn longest_wait(evidence: &Evidence<'_>) -> Option<String> {
    let losses = &evidence.capture.losses;
    let waited = |loss: &&Loss| nanoseconds(loss.waited_s);
    // Of equals, the first.
    let exchange = |loss: &Loss| evidence.capture.exchanges.get(loss.exchange?);
    // Nobody waits for a close.
    let somebody_waits = |loss: &&Loss| exchange(loss).is_some_and(|one| one.time().is_some());
    let worst = losses.iter().rev().filter(somebody_waits).max_by_key(waited).filter(|loss| waited(loss) > 0)?;
    let whose = exchange(worst).map(|one| called(one.kind, &one.label)).unwrap_or_default();
    let name =
        |frame: Option<u64>| frame.map_or("one that was not captured".to_owned(), |frame| format!("packet {frame}"));
    let to = if worst.to_client { "client" } else { "server" };
    let mut story = format!(
        "The longest wait for lost bytes, {}, was that of {whose}: {}, to the {to}, was dropped",
        duration(waited(&worst)),
        name(worst.frame),
    );
    for again in worst.again.iter().take(MOST_COPIES) {
        let what = if again.arrived { "arrived" } else { "was dropped too" };
        let why = if again.asked { ", as duplicate ACKs asked for it," } else { "" };
        let after = duration(nanoseconds(again.after_s));
        story += &format!("; {}, {after} later,{why} {what}", name(again.frame));
        if again.arrived {
            break;
        }
    }
    Some(story + ".")
}

/// "The pauses grew: 1 s, 2 s and 4 s (packets 51, 53 and 57)."
pub(super) fn pauses_that_grew(evidence: &Evidence<'_>) -> Option<String> {
    let longest = evidence.back_offs.longest.as_ref()?;
    let pauses: Vec<String> = longest.copies.iter().map(|copy| duration(copy.after_ns)).collect();
    let packets: Vec<String> = longest.copies.iter().map(|copy| copy.number.to_string()).collect();
    Some(format!(
        "Each copy of the same bytes came after a longer pause: {} (packets {}).",
        listed(&pauses),
        listed(&packets)
    ))
}

/// So many copies of a packet are told one by one.
const MOST_COPIES: usize = 6;
