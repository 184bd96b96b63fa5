//! Questions about what would be with other settings: answered by the lab, which runs it.

use wirelab_analyze::model::{Exchange, Tally};

use super::{Asked, Changed, asked, count};
use crate::answer::{Answer, Counted};
use crate::evidence::Evidence;

/// The middle update by bytes: each has it, where losses made one dearer.
fn median(evidence: &Evidence) -> Option<Tally> {
    evidence.capture.per_update
}

pub fn packets(evidence: &Evidence, changed: &Changed<'_>) -> Option<Asked> {
    let (now, then) = (median(evidence)?.total_packets, median(changed.evidence)?.total_packets);
    let text = format!("An update takes {now} packets here. How many would it take with {}?", changed.words);
    count(text, then, Counted::Packets)
}

pub fn frame_bytes(evidence: &Evidence, changed: &Changed<'_>) -> Option<Asked> {
    let (now, then) = (median(evidence)?.frame_bytes, median(changed.evidence)?.frame_bytes);
    let text = format!("An update takes {now} bytes on the wire here. How many would it take with {}?", changed.words);
    count(text, then, Counted::Bytes)
}

pub fn time(evidence: &Evidence, changed: &Changed<'_>) -> Option<Asked> {
    let of = |evidence: &Evidence| -> Option<f64> {
        let median = evidence.capture.median_update?;
        let is_it = |exchange: &&&Exchange| exchange.index() == Some(median);
        Some(evidence.updates().iter().find(is_it)?.time()?.total_s() * 1000.0)
    };
    let now = of(evidence)?;
    let text = format!(
        "An update takes {now:.1} ms here, for who waits for it. How long would it take with {}?",
        changed.words
    );
    asked(text, Answer::Milliseconds(of(changed.evidence)?))
}

pub fn total_packets(evidence: &Evidence, changed: &Changed<'_>) -> Option<Asked> {
    let [now, then] = [evidence, changed.evidence].map(|one| one.capture.totals.total_packets);
    count(
        format!("The whole capture has {now} packets. How many would it have with {}?", changed.words),
        then,
        Counted::Packets,
    )
}

pub fn total_bytes(evidence: &Evidence, changed: &Changed<'_>) -> Option<Asked> {
    let [now, then] = [evidence, changed.evidence].map(|one| one.capture.totals.frame_bytes);
    count(
        format!("The whole capture has {now} bytes on the wire. How many would it have with {}?", changed.words),
        then,
        Counted::Bytes,
    )
}
