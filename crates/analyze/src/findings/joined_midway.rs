//! Connections that had begun before the capture.

use super::words::{listed, part};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId, Protocol};

pub(super) const RULE: Rule = Rule {
    id: FindingId::JoinedMidway,
    means: "These connections had begun before the capture. What they cost until then is not known, nor the size of segments \
            and windows that they agreed on. What is spoken is recognised where the bytes that were captured show it.",
    looks: "The first packet of a connection is no SYN.",
    mistaken: "Connections that came without a handshake: TCP has none.",
    helps: "Begin to capture before the first connection opens.",
    source: "RFC 9293, section 3.5",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let protocols = &evidence.frames.midway_protocols;
    let all: u64 = protocols.values().sum();
    if all == 0 {
        return Vec::new();
    }
    let mut by_count: Vec<(Protocol, u64)> = protocols.iter().map(|(protocol, count)| (*protocol, *count)).collect();
    by_count.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let said: Vec<String> =
        by_count.into_iter().map(|(protocol, number)| format!("{number} {}", what(protocol))).collect();
    let text = format!(
        "The beginning of {} is not in the capture: what {} cost until then is not known. By what was captured: {}.",
        part(all, evidence.capture.connections.len() as u64, "connection"),
        if all == 1 { "it" } else { "they" },
        listed(&said),
    );
    vec![RULE.seen(text).shown_by(&evidence.frames.midway).instead("Begin to capture before the connections open.")]
}

fn what(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::None => "without a byte of payload",
        Protocol::Unknown => "not recognised",
        Protocol::Http => "HTTP",
        Protocol::Sse => "event stream",
        Protocol::WebSocket => "WebSocket",
        Protocol::Lines => "lines of text",
        Protocol::Tls => "TLS",
        Protocol::Http2 => "HTTP/2",
        Protocol::Tunnel => "tunnel",
    }
}
