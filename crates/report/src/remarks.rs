//! What is there to know of how a capture was read? Its notes, and the first of its problems, the same in every form that
//! has sentences.

use wirelab_analyze::model::{Capture, OtherTransport};

use crate::numbers::with_commas;

/// What there is to say of a capture, in the order in which it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What a reader should know of its numbers.
    pub notes: Vec<String>,
    /// What could not be read, and how much more of that there is.
    pub problems: Vec<String>,
}

impl Remarks {
    /// Those of a capture.
    pub fn of(capture: &Capture) -> Remarks {
        let mut problems: Vec<String> = capture.problems.iter().take(MOST_PROBLEMS).map(ToString::to_string).collect();
        let left_out = capture.problems.len().saturating_sub(MOST_PROBLEMS);
        if left_out > 0 {
            let noun = if left_out == 1 { "problem" } else { "problems" };
            problems.push(format!("{left_out} more {noun}, listed in the JSON"));
        }
        let notes = others(capture).into_iter().chain(capture.notes.iter().map(ToString::to_string)).collect();
        Remarks { notes, problems }
    }
}

/// What the frames carry that are not counted.
fn others(capture: &Capture) -> Option<String> {
    // As it stands in terminals, too.
    let many = |value: u64, noun: &str| format!("{} {noun}{}", with_commas(value), if value == 1 { "" } else { "s" });
    let sum = |other: &OtherTransport| {
        format!("{}: {}, {}", other.protocol, many(other.packets, "frame"), many(other.bytes, "byte"))
    };
    let (listed, left_out) =
        capture.other_transports.split_at_checked(MOST_TRANSPORTS).unwrap_or((&capture.other_transports, &[]));
    let sums: Vec<String> = listed.iter().map(sum).collect();
    let more = if left_out.is_empty() { String::new() } else { format!("; {} more in the JSON", left_out.len()) };
    (!sums.is_empty()).then(|| format!("What is not TCP is not counted. {}{more}.", sums.join("; ")))
}

/// Problems of a capture that are listed; all of them are in the JSON.
const MOST_PROBLEMS: usize = 20;
/// Protocols that are not counted and are listed with their sums; all of them are in the JSON.
const MOST_TRANSPORTS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use wirelab_analyze::{Analyzer, Settings};

    #[test]
    fn what_is_not_counted_is_listed_up_to_a_bound() {
        let mut capture = Analyzer::new(Settings::default()).finish("none", None, "pcap");
        assert_eq!(Remarks::of(&capture).notes, [""; 0]);
        let one =
            |number: u64| OtherTransport { protocol: format!("P{number}"), packets: number, bytes: 10_000 * number };
        capture.other_transports = vec![one(2), one(1)];
        let expected = "What is not TCP is not counted. P2: 2 frames, 20,000 bytes; P1: 1 frame, 10,000 bytes.";
        assert_eq!(Remarks::of(&capture).notes, [expected]);
        capture.other_transports = (0..9).map(one).collect();
        assert!(Remarks::of(&capture).notes[0].ends_with("; 3 more in the JSON."));
    }
}
