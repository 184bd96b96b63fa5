#![forbid(unsafe_code)]
//! Worksheets for a class: questions about a capture of each student's own, their answers, and marking.
//!
//! ```text
//! exercise (data) + student + seed ──► runs, made by who calls ──► Evidence
//!                                                                     │ a kind of question each
//!                                                                     ▼
//!                                            Sheet: questions with answers ──► sheet.html, sheet.md, answers.csv, key
//! answers.csv + key ──► marking
//! ```
//!
//! Nothing here runs anything: captures come in, texts go out. The same exercise, student, seed and captures give the same
//! sheet, so that a student's answers can be checked without a key.

pub mod answer;
mod dice;
pub mod evidence;
pub mod exercise;
mod kinds;
pub mod marking;
pub mod roster;
pub mod sheet;

pub use answer::Answer;
pub use evidence::Evidence;
pub use exercise::Exercise;
pub use kinds::{KINDS, Kind, Level};
pub use sheet::{Drawn, Sheet};
