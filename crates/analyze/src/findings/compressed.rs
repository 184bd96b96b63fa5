//! Messages that were compressed, with both sizes.

use super::words::{count, grouped};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::Compressed,
    means: "Both sides agreed to compress messages. The bytes that are counted are those on the wire; what the program wrote was \
            more (or, with very short messages, hardly more).",
    looks: "WebSocket messages with the first reserved bit set, after both sides named permessage-deflate.",
    mistaken: "Encrypted bytes, which cannot be read either: compressed ones can.",
    helps: "Compare the two sizes: for short messages that do not resemble each other compression costs more than it saves.",
    source: "RFC 7692, section 7",
    is_aside: true,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let Some(seen) = evidence.seen(|one| one.fact == Fact::Compressed) else { return Vec::new() };
    let cases = &seen.cases;
    let text = format!(
        "{} compressed: {} bytes on the wire for {} bytes of content.",
        if cases.times == 1 { "1 message was".to_owned() } else { count(cases.times, "message") + " were" },
        grouped(cases.bytes),
        grouped(cases.count)
    );
    vec![RULE.seen(text).observed(&seen)]
}
