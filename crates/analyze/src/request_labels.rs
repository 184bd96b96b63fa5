//! What is this request called?
//!
//! After its method and path, as a person would read them. Most requests are called as one just before them was: their
//! labels are found here without being written down again.

use crate::labels::{LabelId, Labels};
use crate::readable::push_readable;

/// The labels of the requests met last, each at a place that its path's length and end decide.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestLabels {
    recent: [Option<LabelId>; PLACES],
    text: String,
    /// The label met last that was given a status, the status, and what it is called then.
    answered: Option<(LabelId, u16, LabelId)>,
}

impl RequestLabels {
    /// The label of a request for this target.
    pub fn of(&mut self, method: &str, target: &str, known: &mut Labels) -> LabelId {
        let path = path_of(target);
        let place = path.len() ^ usize::from(path.bytes().next_back().unwrap_or(0));
        let recent = self.recent.get_mut(place % PLACES);
        if let Some(Some(label)) = recent
            && path.len() <= MOST_PATH
            && is_of(known.text(*label), method, path)
        {
            return *label;
        }
        self.text.clear();
        push_readable(&mut self.text, method.as_bytes(), MOST_METHOD);
        self.text.push(' ');
        push_readable(&mut self.text, path.as_bytes(), MOST_PATH);
        let label = known.id(&self.text);
        if let Some(recent) = recent {
            *recent = Some(label);
        }
        label
    }

    /// The label of such a request where this is the status of its answer: "GET /time 404".
    pub fn with_status(&mut self, label: LabelId, status: u16, known: &mut Labels) -> LabelId {
        match self.answered {
            Some((of, as_well, named)) if (of, as_well) == (label, status) => named,
            _ => {
                let named = known.id(&format!("{} {status}", known.text(label)));
                self.answered = Some((label, status, named));
                named
            }
        }
    }
}

/// A target without its query (RFC 9110, section 7.1).
#[inline]
pub(crate) fn path_of(target: &str) -> &str {
    let end = target.bytes().position(|byte| byte == b'?').unwrap_or(target.len());
    target.get(..end).unwrap_or(target)
}

/// Whether a label is of this method and path as they stand. A label was made fit to be read: a path that needs that,
/// or that is cut because it is long, is not equal to it.
#[inline]
fn is_of(label: &str, method: &str, path: &str) -> bool {
    label.strip_prefix(method).and_then(|rest| rest.strip_prefix(' ')).is_some_and(|rest| rest == path)
}

/// How many labels are remembered.
const PLACES: usize = 16;
/// How much of a method is shown.
const MOST_METHOD: usize = 16;
/// How much of a path is shown.
const MOST_PATH: usize = 60;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn remembers_what_a_request_is_called() {
        let (mut labels, mut known) = (RequestLabels::default(), Labels::default());
        let long = "/x".repeat(40);
        let cut = format!("{}…", &long[..60]);
        for (method, target, expected) in [
            ("GET", "/time", "GET /time"),
            ("GET", "/time?now", "GET /time"),
            ("POST", "/time", "POST /time"),
            ("GET", "/täglich", "GET /t..glich"),
            ("GET", "/täglich", "GET /t..glich"),
            ("GET", &long, &format!("GET {cut}")),
            ("GET", &cut, &format!("GET {cut}")),
            ("GET", "?", "GET "),
        ] {
            for _ in 0..2 {
                let label = labels.of(method, target, &mut known);
                assert_eq!(known.text(label), expected);
                assert_eq!(label, known.id(expected));
            }
        }
    }

    proptest! {
        /// A label that is remembered is the one that would be written down.
        #[test]
        fn requests_are_called_as_if_nothing_was_remembered(
            requests in prop::collection::vec(("(GET|POST|G)", "/?[a-c é]{0,2}[?/]?[ab]?"), 0..60),
        ) {
            let (mut labels, mut known) = (RequestLabels::default(), Labels::default());
            for (method, target) in &requests {
                let label = labels.of(method, target, &mut known);
                let plain = RequestLabels::default().of(method, target, &mut known);
                prop_assert_eq!(known.text(label), known.text(plain));
            }
        }
    }
}
