//! The receiver had no room, and its sender had to wait.

use super::words::{count, duration, side};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::WindowLimited,
    means: "A receiver says with every packet how many bytes more it has room for (its window). Here it said that there was \
            none, or its sender had used up all of it, and waited for an ACK that allowed more. The program that receives reads \
            more slowly than the other writes, or its buffer is too small for the way: one window a round trip is all that gets \
            through.",
    looks: "Packets with a window of 0; or a segment that ends where the window does, and the next one right behind an ACK.",
    mistaken: "A sender that goes slowly by itself at the beginning of a connection (congestion window): then there is room. A \
               window that is closed with a reset.",
    helps: "Make the receiving program read sooner, or give its socket a larger buffer (SO_RCVBUF, or leave it to the system).",
    source: "RFC 9293, section 3.8.6",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    [false, true].into_iter().filter_map(|receiver| said(evidence, receiver)).collect()
}

fn said(evidence: &Evidence<'_>, receiver: bool) -> Option<Finding> {
    let seen = evidence.seen(|one| match one.fact {
        Fact::ZeroWindow => one.from_client == receiver,
        Fact::WaitedForRoom => one.from_client != receiver,
        _ => false,
    })?;
    let zero = evidence.of(Fact::ZeroWindow, receiver).map_or(0, |seen| seen.cases.times);
    let waited = evidence.of(Fact::WaitedForRoom, !receiver).map(|seen| seen.cases);
    let mut what = Vec::new();
    if zero > 0 {
        what.push(format!("{} said that there was no room", count(zero, "packet")));
    }
    if let Some(waited) = &waited {
        let [before, ack, after] = waited.worst.packets;
        what.push(format!(
            "the {} waited {} for room, in {} ({} at most: packet {after} behind {before}, when {ack} made room)",
            side(!receiver),
            duration(waited.ns),
            count(waited.times, "pause"),
            duration(waited.worst.ns)
        ));
    }
    let text = format!(
        "In {} the {} had no room for more: {}.",
        seen.exchanges(),
        side(receiver),
        super::words::listed(&what)
    );
    let finding = RULE.seen(text).observed(&seen).costs(0, waited.map_or(0, |waited| waited.ns)).instead(format!(
        "Make the program on the {} read sooner, or give its socket a larger buffer.",
        side(receiver)
    ));
    Some(finding)
}
