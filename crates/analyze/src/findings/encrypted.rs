//! Bytes that only keys would open.

use super::words::{capital, count, duration, grouped, listed, part, side};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId, Protocol};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::Encrypted,
    means: "The connections speak TLS. Who speaks when, and how much, is seen; what is said is not, so that no requests, \
            events or updates are told apart, and none are claimed.",
    looks: "A handshake of TLS records, then records of application data.",
    mistaken: "A protocol of its own: TLS records have a header that says so.",
    helps: "Capture behind the place where TLS ends (between a proxy and its server), or speak plain HTTP while measuring.",
    source: "RFC 8446, section 5",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let connections = &evidence.capture.connections;
    let tls = connections.iter().filter(|one| one.protocol == Protocol::Tls);
    let (number, bytes, records) = tls.fold((0, 0, 0), |(number, bytes, records), one| {
        let row = one.row();
        (number + 1, bytes + row.tally.app_bytes, records + row.tls_records.application_data)
    });
    if number == 0 {
        return Vec::new();
    }
    let text = format!(
        "{} {} encrypted (TLS): {} bytes in {} of application data{}. What they say is not known, and no updates are claimed.",
        capital(&part(number, connections.len() as u64, "connection")),
        if number == 1 { "is" } else { "are" },
        grouped(bytes),
        count(records, "record"),
        bursts(evidence),
    );
    let finding = RULE.seen(text);
    vec![match evidence.seen(|one| one.fact == Fact::Burst) {
        Some(seen) => finding.observed(&seen),
        None => finding,
    }]
}

/// How often each side sent encrypted data, and how far apart.
fn bursts(evidence: &Evidence<'_>) -> String {
    let of = |client: bool| {
        let cases = evidence.of(Fact::Burst, client)?.cases;
        let apart = match cases.count {
            0 => String::new(),
            gaps => format!(" ({} apart on average)", duration(cases.ns / gaps)),
        };
        Some(format!("{} from the {}{apart}", count(cases.times, "burst"), side(client)))
    };
    let sides: Vec<String> = [false, true].into_iter().filter_map(of).collect();
    if sides.is_empty() { String::new() } else { format!(", in {}", listed(&sides)) }
}
