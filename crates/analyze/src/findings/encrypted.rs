//! Bytes that only keys would open.

use super::bursts::bursts;
use super::words::{capital, count, grouped, part};
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
        bursts(evidence, Fact::TlsBurst),
    );
    let finding = RULE.seen(text);
    vec![match evidence.seen(|one| one.fact == Fact::TlsBurst) {
        Some(seen) => finding.observed(&seen),
        None => finding,
    }]
}
