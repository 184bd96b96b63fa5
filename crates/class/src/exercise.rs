//! What is an exercise? A file that a teacher can write: which runs, and which kinds of question about them.
//!
//! ```toml
//! title = "What an update costs"
//! minutes = 45
//! about = "Each of you has captures of your own …"
//!
//! [choose]                      # each student gets one of each
//! style = ["coalesced", "split"]
//!
//! [[captures]]
//! name = "ws"                   # ws.pcap
//! run = "ws --server {style}"   # as behind `wirelab run`
//!
//! [[questions]]
//! kind = "frame-length"
//! capture = "ws"
//!
//! [[questions]]
//! kind = "predict-packets"
//! capture = "ws"
//! change = { style = "split" }  # what it would be with this instead
//! ```

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use crate::dice::Dice;
use crate::kinds::{self, Kind};

/// An exercise that makes sense.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// What it is called.
    pub title: String,
    /// For how long it is meant.
    pub minutes: u32,
    /// What it says above its questions.
    pub about: String,
    /// The captures of each student.
    pub captures: Vec<CaptureSpec>,
    /// The questions, by level.
    pub questions: Vec<QuestionSpec>,
    choose: BTreeMap<String, Vec<String>>,
}

/// A capture of an exercise.
#[derive(Clone, Debug)]
pub struct CaptureSpec {
    /// What its file is called, without the ending.
    pub name: String,
    run: String,
}

/// A question of an exercise.
#[derive(Clone, Debug)]
pub struct QuestionSpec {
    /// What is asked.
    pub kind: &'static Kind,
    /// About which capture: an index into the exercise's.
    pub capture: usize,
    /// What would be otherwise, where a prediction is asked for.
    pub change: BTreeMap<String, String>,
}

/// What was chosen for a student: a value for each name.
pub type Chosen = BTreeMap<String, String>;

/// What is wrong with an exercise, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct ExerciseError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    minutes: u32,
    about: String,
    #[serde(default)]
    choose: BTreeMap<String, Spanned<Vec<String>>>,
    captures: Vec<CaptureRow>,
    questions: Vec<QuestionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureRow {
    name: Spanned<String>,
    run: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionRow {
    kind: Spanned<String>,
    capture: Spanned<String>,
    #[serde(default)]
    change: BTreeMap<String, Spanned<String>>,
}

impl Exercise {
    /// The exercises that come along, by the names of their files.
    pub const BUILT_IN: [(&str, &str); 3] = [
        ("update", include_str!("../../../exercises/update.toml")),
        ("waiting", include_str!("../../../exercises/waiting.toml")),
        ("loss", include_str!("../../../exercises/loss.toml")),
    ];

    /// Reads an exercise and checks it.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn read(text: &str) -> Result<Exercise, ExerciseError> {
        let line_at = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
        let file: File = toml::from_str(text).map_err(|error| ExerciseError {
            line: error.span().map_or(1, |span| line_at(span.start)),
            what: error.message().lines().collect::<Vec<_>>().join(" "),
        })?;
        let wrong = |at: std::ops::Range<usize>, what: String| ExerciseError { line: line_at(at.start), what };
        if let Some(values) = file.choose.values().find(|values| values.get_ref().is_empty()) {
            return Err(wrong(values.span(), "expected at least one value to choose from".to_owned()));
        }
        let mut names = HashSet::new();
        let mut captures = Vec::new();
        for row in &file.captures {
            let name = row.name.get_ref();
            let is_plain = !name.is_empty()
                && name.len() <= 40
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if !is_plain {
                return Err(wrong(
                    row.name.span(),
                    format!("expected a name of lower-case letters, digits and hyphens, found '{name}'"),
                ));
            }
            if !names.insert(name.clone()) {
                return Err(wrong(row.name.span(), format!("there are two captures called '{name}'")));
            }
            for placeholder in placeholders(row.run.get_ref()) {
                if !file.choose.contains_key(placeholder) {
                    return Err(wrong(
                        row.run.span(),
                        format!("'{{{placeholder}}}' is chosen nowhere: [choose] has {}", list(file.choose.keys())),
                    ));
                }
            }
            captures.push(CaptureSpec { name: name.clone(), run: row.run.get_ref().clone() });
        }
        let mut questions = Vec::new();
        for row in &file.questions {
            let Some(kind) = kinds::named(row.kind.get_ref()) else {
                return Err(wrong(
                    row.kind.span(),
                    format!("'{}' is no kind of question; those are {}", row.kind.get_ref(), kinds::list()),
                ));
            };
            let Some(capture) = captures.iter().position(|capture| capture.name == *row.capture.get_ref()) else {
                let known = list(captures.iter().map(|capture| &capture.name));
                return Err(wrong(
                    row.capture.span(),
                    format!("there is no capture '{}'; there is {known}", row.capture.get_ref()),
                ));
            };
            if kind.predicts() == row.change.is_empty() {
                let what = if kind.predicts() {
                    format!(
                        "'{}' asks what would be otherwise: it needs a change, as in change = {{ rtt = \"100ms\" }}",
                        kind.name
                    )
                } else {
                    format!("'{}' asks what is in the capture: it has no change", kind.name)
                };
                return Err(wrong(row.kind.span(), what));
            }
            for (name, value) in &row.change {
                let is_used =
                    captures.get(capture).is_some_and(|capture| placeholders(&capture.run).any(|one| one == name));
                if !is_used {
                    return Err(wrong(
                        value.span(),
                        format!("the run of '{}' has no '{{{name}}}' that could change", row.capture.get_ref()),
                    ));
                }
            }
            let change = row.change.iter().map(|(name, value)| (name.clone(), value.get_ref().clone())).collect();
            questions.push(QuestionSpec { kind, capture, change });
        }
        if questions.is_empty() || captures.is_empty() {
            return Err(ExerciseError {
                line: 1,
                what: "an exercise needs at least one capture and one question".to_owned(),
            });
        }
        if questions.len() > MOST_QUESTIONS {
            return Err(ExerciseError { line: 1, what: format!("an exercise has at most {MOST_QUESTIONS} questions") });
        }
        questions.sort_by_key(|question| question.kind.level);
        let choose = file.choose.into_iter().map(|(name, values)| (name, values.into_inner())).collect();
        Ok(Exercise { title: file.title, minutes: file.minutes, about: file.about, captures, questions, choose })
    }

    /// What a student gets of what there is to choose from.
    pub fn choose(&self, seed: u64, student: &str, attempt: u32) -> Chosen {
        let pick = |(name, values): (&String, &Vec<String>)| {
            let value = Dice::new(seed, student, attempt, name).pick(values).cloned().unwrap_or_default();
            (name.clone(), value)
        };
        self.choose.iter().map(pick).collect()
    }
}

impl CaptureSpec {
    /// The run of a student: an app and its options, as behind `wirelab run`.
    pub fn run(&self, chosen: &Chosen, change: &BTreeMap<String, String>) -> String {
        let mut run = self.run.clone();
        for (name, value) in chosen {
            run = run.replace(&format!("{{{name}}}"), change.get(name).unwrap_or(value));
        }
        run
    }
}

fn placeholders(run: &str) -> impl Iterator<Item = &str> {
    run.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

const MOST_QUESTIONS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "title = \"T\"\nminutes = 45\nabout = \"A\"\n";
    const WS: &str = "[choose]\nrtt = [\"10ms\", \"50ms\"]\n[[captures]]\nname = \"ws\"\nrun = \"ws --rtt {rtt}\"\n";

    #[test]
    fn those_that_come_along_are_whole() {
        let mut kinds = HashSet::new();
        for (name, text) in Exercise::BUILT_IN {
            let exercise = Exercise::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(exercise.questions.len() >= 12, "{name}");
            kinds.extend(exercise.questions.iter().map(|question| question.kind.name));
        }
        assert!(kinds.len() >= 30, "only {} kinds are asked", kinds.len());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let question = |more: &str| format!("{HEAD}{WS}[[questions]]\n{more}");
        for (text, line, what) in [
            ("title = 3".to_owned(), 1, "invalid type"),
            (format!("{HEAD}minute = 3\n"), 4, "unknown field `minute`"),
            (
                question("kind = \"frame-lenght\"\ncapture = \"ws\""),
                10,
                "'frame-lenght' is no kind of question; those are",
            ),
            (question("kind = \"frame-length\"\ncapture = \"sse\""), 11, "there is no capture 'sse'; there is ws"),
            (question("kind = \"predict-packets\"\ncapture = \"ws\""), 10, "it needs a change"),
            (
                question("kind = \"predict-packets\"\ncapture = \"ws\"\nchange = { loss = \"1%\" }"),
                12,
                "the run of 'ws' has no '{loss}' that could change",
            ),
            (question("kind = \"frame-length\"\ncapture = \"ws\"\nchange = { rtt = \"1ms\" }"), 10, "it has no change"),
            (
                format!(
                    "{HEAD}[[captures]]\nname = \"../x\"\nrun = \"ws\"\n[[questions]]\nkind=\"mss\"\ncapture=\"x\""
                ),
                5,
                "expected a name of",
            ),
            (
                format!(
                    "{HEAD}[[captures]]\nname = \"x\"\nrun = \"ws {{rtt}}\"\n[[questions]]\nkind=\"mss\"\ncapture=\"x\""
                ),
                6,
                "is chosen nowhere",
            ),
        ] {
            let error = Exercise::read(&text).expect_err(&text);
            assert!(error.line == line && error.what.contains(what), "{error}");
        }
    }

    #[test]
    fn a_change_takes_the_place_of_what_was_chosen() {
        let text = format!("{HEAD}{WS}[[questions]]\nkind = \"mss\"\ncapture = \"ws\"");
        let exercise = Exercise::read(&text).expect("an exercise");
        let chosen = exercise.choose(7, "A", 0);
        let Some(capture) = exercise.captures.first() else { panic!("a capture") };
        assert_eq!(capture.run(&chosen, &BTreeMap::new()), format!("ws --rtt {}", chosen["rtt"]));
        assert_eq!(capture.run(&chosen, &BTreeMap::from([("rtt".into(), "90ms".into())])), "ws --rtt 90ms");
        let all: HashSet<String> = (0..40).map(|seed| exercise.choose(seed, "A", 0)["rtt"].clone()).collect();
        assert_eq!(all.len(), 2);
    }
}
