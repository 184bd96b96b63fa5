//! Packets that were sent again, and what that cost.

use super::story_of_a_loss::{longest_wait, options, pauses_that_grew, updates_that_were_late, what_the_link_did};
use super::words::{count, duration, grouped, listed};
use super::{Evidence, Rule, Seen};
use crate::link_record::LinkFault;
use crate::model::{Finding, FindingId};
use crate::observations::{Cases, Fact};

pub(super) const RULE: Rule = Rule {
    id: FindingId::Loss,
    means: "Bytes came again, since their sender believed them lost. Where duplicate ACKs asked for them that takes a round trip \
            (fast retransmission); where nothing did, the sender waited until a timer ended, and the next time twice as long. \
            Whoever reads the stream waits as long. Where run.json says what the link did, each dropped frame is told, and what \
            waited for it.",
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
    let resent = evidence.seen(|one| is_resent(one.fact));
    let link = evidence.link.as_ref();
    let options = link.map(|link| options(link, &[LinkFault::Dropped])).unwrap_or_default();
    if resent.is_none() && options.is_empty() {
        return Vec::new();
    }
    let mut said = Vec::new();
    if let Some(link) = link {
        said.push(what_the_link_did(link));
        said.extend(updates_that_were_late(evidence));
    }
    said.extend(resent.as_ref().map(|resent| sent_again(evidence, resent)));
    let recovered = evidence.seen(|one| one.fact == Fact::Recovered);
    said.push(waiting(recovered.as_ref().map(|seen| &seen.cases)));
    said.extend(pauses_that_grew(evidence));
    said.extend(longest_wait(evidence));
    // All exchanges that any of this is about.
    let all = evidence.seen(|one| is_resent(one.fact) || one.fact == Fact::Recovered);
    let mut finding = RULE.seen(said.join(" "));
    if let Some(all) = all {
        finding = finding.observed(&all);
    }
    let dropped = evidence.capture.losses.iter().filter_map(|loss| loss.frame);
    finding.names_too(dropped);
    finding.options = options;
    let bytes = resent.map_or(0, |resent| resent.cases.bytes);
    vec![finding.costs(bytes, recovered.map_or(0, |seen| seen.cases.ns))]
}

/// "In 12 of 40 exchanges (GET /time) 14 packets of 2345 bytes were sent again: 8 after a pause, as a time-out makes it."
fn sent_again(evidence: &Evidence<'_>, seen: &Seen<'_>) -> String {
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
    let cases = &seen.cases;
    let were = if cases.times == 1 { "was" } else { "were" };
    format!(
        "In {} {} of {} bytes {were} sent again: {}.",
        seen.exchanges(),
        count(cases.times, "packet"),
        grouped(cases.bytes),
        listed(&how),
    )
}

/// "9 exchanges waited for that: 4.5 s in all, 2.05 s at most."
fn waiting(recovered: Option<&Cases>) -> String {
    match recovered {
        None => "Nothing is seen to have waited for that.".to_owned(),
        Some(cases) if cases.times == 1 => format!("One exchange waited for that: {}.", duration(cases.ns)),
        Some(cases) => format!(
            "{} waited for that: {} in all, {} at most.",
            count(cases.times, "exchange"),
            duration(cases.ns),
            duration(cases.worst.ns)
        ),
    }
}

/// One in so many packets twice is more than a network doubles by itself.
const OF_TWICE: u64 = 20;
