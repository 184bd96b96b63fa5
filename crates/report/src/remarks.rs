//! What is there to know of how a capture was read? Its notes, and the first of its problems, the same in every form that
//! has sentences.

use wirelab_analyze::model::Capture;

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
        let notes = capture.notes.iter().map(ToString::to_string).collect();
        Remarks { notes, problems }
    }
}

/// Problems of a capture that are listed; all of them are in the JSON.
const MOST_PROBLEMS: usize = 20;
