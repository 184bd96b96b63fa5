//! comparison.json: both analyses, and what is found of the two beside each other; schema "wirelab/1".

use super::Comparison;
use crate::json::{self, Results, Side};

/// A comparison as JSON.
pub fn render(comparison: &Comparison<'_>) -> String {
    let [left, right] = comparison.captures;
    let (first, second) = (0..left.len(), left.len()..left.len() + right.len());
    let side =
        |name: &str, captures: std::ops::Range<usize>| Side { name: name.to_owned(), captures: captures.collect() };
    let sides = vec![side(&comparison.left, first), side(&comparison.right, second)];
    json::pretty(&Results::of_two(comparison.captures, sides, &comparison.findings))
}
