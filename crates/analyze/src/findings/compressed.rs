//! Messages and answers that were compressed, with both sizes.

use super::words::{count, grouped};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::Compressed,
    means: "The messages of a WebSocket, or the content of answers, were compressed. The bytes that are counted are those on the \
            wire; what the program wrote was more (or, where it is very short, hardly more, or less).",
    looks: "WebSocket messages with the first reserved bit set, after both sides named permessage-deflate. Answers with a \
            Content-Encoding of gzip, deflate or zstd; br is named and not read.",
    mistaken: "Encrypted bytes, which cannot be read either: compressed ones can.",
    helps: "Compare the two sizes: for short messages that do not resemble each other compression costs more than it saves. An \
            event stream is held back where its compression is not flushed after each event.",
    source: "RFC 7692, section 7; RFC 9110, section 8.4.1",
    is_aside: true,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    [messages(evidence), content(evidence), unread(evidence)].into_iter().flatten().collect()
}

fn messages(evidence: &Evidence<'_>) -> Option<Finding> {
    let seen = evidence.seen(|one| one.fact == Fact::Compressed)?;
    let cases = &seen.cases;
    let text = format!(
        "{} compressed: {} bytes on the wire for {} bytes of content.",
        if cases.times == 1 { "1 message was".to_owned() } else { count(cases.times, "message") + " were" },
        grouped(cases.bytes),
        grouped(cases.count)
    );
    Some(RULE.seen(text).observed(&seen))
}

fn content(evidence: &Evidence<'_>) -> Option<Finding> {
    let seen = evidence.of(Fact::CompressedContent, false)?;
    let text = format!(
        "In {} the content of the answer was compressed: {} bytes on the wire for {} bytes of content.",
        seen.exchanges(),
        grouped(seen.cases.bytes),
        grouped(seen.cases.count)
    );
    Some(RULE.seen(text).observed(&seen))
}

fn unread(evidence: &Evidence<'_>) -> Option<Finding> {
    let seen = evidence.of(Fact::CompressedUnread, false)?;
    let text = format!(
        "In {} the content of the answer was compressed, and {} bytes of it on the wire cannot be read: how large it is without \
         that is not known.",
        seen.exchanges(),
        grouped(seen.cases.bytes),
    );
    Some(RULE.seen(text).observed(&seen))
}
