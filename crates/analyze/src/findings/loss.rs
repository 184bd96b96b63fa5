//! Packets that were sent again, and what that cost.

use super::words::{count, duration, grouped, listed};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::Loss,
    means: "Bytes came again, since their sender believed them lost. Where duplicate ACKs asked for them that takes a round trip \
            (fast retransmission); where nothing did, the sender waited until a timer ended, and the next time twice as long. \
            Whoever reads the stream waits as long.",
    looks: "A packet whose bytes had been on the wire before, or that fills a gap late. After a pause longer than a round \
            trip it is called a time-out here.",
    mistaken: "Packets that were recorded twice: these have the same identification, and follow within a moment. Packets that \
               overtook each other. Keep-alives, which repeat a byte on purpose.",
    helps: "Find where packets are lost: capture at both ends. A message in fewer packets is lost less often; a lost last packet \
            of a message costs a time-out, since nothing behind it makes duplicate ACKs.",
    source: "RFC 6298, section 5; RFC 5681, section 3.2",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    // Where packets were recorded twice, which of them were sent twice cannot be told.
    if evidence.twice.count * OF_TWICE > evidence.capture.totals.total_packets {
        return Vec::new();
    }
    let is_resent =
        |fact| matches!(fact, Fact::ResentAfterPause | Fact::ResentAsAsked | Fact::Resent | Fact::ResentInVain);
    let Some(seen) = evidence.seen(|one| is_resent(one.fact)) else { return Vec::new() };
    let times = |fact: Fact| evidence.seen(|one| one.fact == fact).map_or(0, |seen| seen.cases.times);
    let how: Vec<String> = [
        (Fact::ResentAfterPause, "after a pause, as a time-out makes it"),
        (Fact::ResentAsAsked, "since duplicate ACKs asked for them"),
        (Fact::Resent, "sooner than a time-out"),
        (Fact::ResentInVain, "though they had been acknowledged"),
    ]
    .into_iter()
    .map(|(fact, how)| (times(fact), how))
    .filter(|(times, _)| *times > 0)
    .map(|(times, how)| if seen.cases.times == 1 { how.to_owned() } else { format!("{} {how}", grouped(times)) })
    .collect();
    let recovered = evidence.seen(|one| one.fact == Fact::Recovered).map(|seen| seen.cases);
    let waiting = match &recovered {
        None => "Nothing is seen to have waited for that.".to_owned(),
        Some(cases) if cases.times == 1 => format!("One exchange waited for that: {}.", duration(cases.ns)),
        Some(cases) => format!(
            "{} waited for that: {} in all, {} at most.",
            count(cases.times, "exchange"),
            duration(cases.ns),
            duration(cases.worst.ns)
        ),
    };
    let cases = &seen.cases;
    let were = if cases.times == 1 { "was" } else { "were" };
    let text = format!(
        "In {} {} of {} bytes {were} sent again: {}. {waiting}",
        seen.exchanges(),
        count(cases.times, "packet"),
        grouped(cases.bytes),
        listed(&how),
    );
    vec![RULE.seen(text).observed(&seen).costs(cases.bytes, recovered.map_or(0, |cases| cases.ns))]
}

/// One in so many packets twice is more than a network doubles by itself.
const OF_TWICE: u64 = 20;
