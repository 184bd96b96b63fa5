//! What is there to say of a capture?
//!
//! One list of rules, a file each. A rule looks at the evidence and says what it finds in it, with the packets that
//! show it. Every number in a sentence is computed from the evidence; where there is none, nothing is said.

mod ack_wait;
mod bursts;
mod captured_twice;
mod compressed;
mod connection_per_request;
mod delayed_ack;
mod encrypted;
mod events_together;
mod evidence;
mod http2;
mod joined_midway;
mod loss;
mod nagle_delayed_ack;
mod no_answer;
mod other_transport;
mod quick_ack;
mod reconnects;
mod segmentation_offload;
mod short_body;
mod silent_connection;
mod slow_sender;
mod slow_server;
mod split_answer;
mod story_of_a_loss;
mod truncated_packets;
mod window_limited;
mod words;

use std::cmp::Reverse;

pub(crate) use evidence::{Evidence, FrameFacts, Observed};

use crate::model::{Finding, FindingCost, FindingId, Sure, seconds};
use crate::observations::{MOST_NUMBERS, Numbers};
use evidence::Seen;

/// What finds one kind of finding, and what there is to know of it.
#[derive(Debug)]
pub struct Rule {
    /// What it finds.
    pub id: FindingId,
    /// What it means when it is found.
    pub means: &'static str,
    /// What it looks like in the packets.
    pub looks: &'static str,
    /// What it is mistaken for.
    pub mistaken: &'static str,
    /// What helps.
    pub helps: &'static str,
    /// Where the standard has it.
    pub source: &'static str,
    /// Whether it is good to know, and nothing is wrong.
    pub is_aside: bool,
    find: fn(&Evidence<'_>) -> Vec<Finding>,
}

/// All rules, in the order of their documentation.
pub const RULES: &[&Rule] = &[
    &nagle_delayed_ack::RULE,
    &ack_wait::RULE,
    &split_answer::RULE,
    &quick_ack::RULE,
    &delayed_ack::RULE,
    &events_together::RULE,
    &slow_server::RULE,
    &slow_sender::RULE,
    &loss::RULE,
    &window_limited::RULE,
    &connection_per_request::RULE,
    &reconnects::RULE,
    &segmentation_offload::RULE,
    &truncated_packets::RULE,
    &joined_midway::RULE,
    &compressed::RULE,
    &encrypted::RULE,
    &http2::RULE,
    &other_transport::RULE,
    &captured_twice::RULE,
    &short_body::RULE,
    &no_answer::RULE,
    &silent_connection::RULE,
];

/// The rule that finds it.
pub fn rule(id: FindingId) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// Everything that is found: what cost most time first, then what cost most bytes, then what is good to know.
pub(crate) fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = RULES.iter().flat_map(|rule| (rule.find)(evidence)).collect();
    // Less than a millisecond is no time to speak of. Stable: of equals, the one whose rule stands first.
    let is_aside = |one: &Finding| rule(one.id).is_some_and(|rule| rule.is_aside);
    found.sort_by_key(|one| (is_aside(one), Reverse((one.cost.s * 1e3) as u64), Reverse(one.cost.bytes)));
    found
}

/// What rules build their findings with.
impl Rule {
    /// A finding that the packets show, as yet without any.
    fn seen(&self, text: String) -> Finding {
        Finding {
            id: self.id,
            sure: Sure::Seen,
            otherwise: None,
            text,
            packets: Vec::new(),
            packets_left_out: 0,
            exchanges: Vec::new(),
            exchanges_left_out: 0,
            options: Vec::new(),
            instead: None,
            cost: FindingCost::default(),
            source: self.source.to_owned(),
        }
    }
}

impl Finding {
    /// Something else could look the same.
    fn unless(mut self, otherwise: impl Into<String>) -> Finding {
        self.sure = Sure::Likely;
        self.otherwise = Some(otherwise.into());
        self
    }

    /// These packets show it.
    fn shown_by(mut self, packets: &Numbers) -> Finding {
        self.packets.clone_from(&packets.list);
        self.packets.sort_unstable();
        self.packets.dedup();
        self.packets.truncate(MOST_NUMBERS);
        self.packets_left_out = packets.left_out;
        self
    }

    /// What was observed shows it.
    fn observed(self, seen: &Seen<'_>) -> Finding {
        let mut finding = self.shown_by(&seen.cases.packets);
        finding.exchanges.clone_from(&seen.places);
        finding.exchanges_left_out = seen.left_out();
        finding
    }

    /// These packets show it, too.
    fn names_too(&mut self, packets: impl Iterator<Item = u64>) {
        self.packets.extend(packets);
        self.packets.sort_unstable();
        self.packets.dedup();
        let more = self.packets.len().saturating_sub(MOST_NUMBERS);
        self.packets.truncate(MOST_NUMBERS);
        self.packets_left_out += more as u64;
    }

    fn costs(mut self, bytes: u64, ns: u64) -> Finding {
        self.cost = FindingCost { bytes, s: seconds(ns) };
        self
    }

    fn instead(mut self, instead: impl Into<String>) -> Finding {
        self.instead = Some(instead.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_one_rule_in_the_order_of_the_ids() {
        let ids: Vec<FindingId> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids, FindingId::ALL);
        for &rule in RULES {
            for text in [rule.means, rule.looks, rule.mistaken, rule.helps] {
                assert!(text.ends_with('.') && text.len() > 40, "{}: {text}", rule.id);
            }
            assert!(!rule.source.is_empty(), "{}", rule.id);
        }
    }
}
