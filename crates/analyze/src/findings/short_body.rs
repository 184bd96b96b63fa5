//! An answer that said how long it is, or that its end would be marked, and ended before.

use super::words::grouped;
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::ShortBody,
    means: "The head of an answer said how many bytes follow, or that they come in chunks of which the last is empty. The server \
            closed the connection before that. Its program failed on the way, something between cut it off, or a stream was \
            ended without its last chunk.",
    looks: "A FIN of the server in the middle of a body.",
    mistaken: "A client that closed first. An answer without a length: that ends with its connection, as it should.",
    helps: "Look into the server's log at that time, and into the time-outs of proxies before it.",
    source: "RFC 9112, section 8",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let Some(seen) = evidence.of(Fact::ShortBody, false) else { return Vec::new() };
    let cases = &seen.cases;
    let missing = match cases.count {
        0 => "the last chunk did not come".to_owned(),
        missing => format!("{} bytes that were announced did not come", grouped(missing)),
    };
    let text = format!(
        "In {} the server closed the connection before the announced end of its answer: {missing}.",
        seen.exchanges()
    );
    vec![RULE.seen(text).observed(&seen)]
}
