//! Several messages in one packet after a silence: something held them back, or they were written together.

use super::words::{average, count, duration};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::EventsTogether,
    means: "Events or messages of a stream came in one packet after nothing had come for a while. Whoever waits for each of \
            them had all but the last late, if they were not made in the same moment. A proxy that buffers answers does this, \
            compression that waits for a full block, and a server that flushes seldom.",
    looks: "One packet in which three or more messages end, after a tenth of a second or more without any data, and neither \
            an ACK, nor a window, nor a lost packet that it could have waited for.",
    mistaken: "A lost packet: there the packets behind it came before. A server that really makes several messages at once, \
               such as the first ones of a stream.",
    helps: "Switch buffering off on the way: proxy_buffering off, X-Accel-Buffering: no, no compression of event streams; \
            and flush after each message on the server.",
    source: "WHATWG HTML, section 9.2.6 (event streams); RFC 9112, section 7.1",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let Some(seen) = evidence.of(Fact::Together, false) else { return Vec::new() };
    let cases = &seen.cases;
    let [worst, ..] = cases.worst.packets;
    let text = match cases.times {
        1 => format!(
            "{} came in one packet ({worst}), after {} in which nobody had sent anything.",
            count(cases.count, "message"),
            duration(cases.ns)
        ),
        times => format!(
            "{} came in {}, each after a silence: {} (before packet {worst}).",
            count(cases.count, "message"),
            count(times, "packet"),
            average(cases.ns, times, cases.worst.ns)
        ),
    };
    let finding = RULE
        .seen(text)
        .observed(&seen)
        .costs(0, cases.ns)
        .instead("Switch off buffering and compression on the way of a stream, and flush after each message.")
        .unless(
            "the server made these messages in one moment, or what brought them first was lost before it was captured",
        );
    vec![finding]
}
