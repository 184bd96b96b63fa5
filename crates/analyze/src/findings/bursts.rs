//! How often did each side send what is not read, and how far apart?
//!
//! A burst is one side's packets with data, with no gap above the larger of a round trip and 10 ms.

use super::Evidence;
use super::words::{count, duration, listed, side};
use crate::observations::Fact;

/// ", in 11 bursts from the server (302 ms apart on average) and 1 burst from the client"; nothing where there are none.
pub(super) fn bursts(evidence: &Evidence<'_>, fact: Fact) -> String {
    let of = |client: bool| {
        let cases = evidence.of(fact, client)?.cases;
        let apart = match cases.count {
            0 => String::new(),
            gaps => format!(" ({} apart on average)", duration(cases.ns / gaps)),
        };
        Some(format!("{} from the {}{apart}", count(cases.times, "burst"), side(client)))
    };
    let sides: Vec<String> = [false, true].into_iter().filter_map(of).collect();
    if sides.is_empty() { String::new() } else { format!(", in {}", listed(&sides)) }
}
