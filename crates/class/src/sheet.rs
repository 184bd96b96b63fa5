//! What is on a student's sheet? The questions that the exercise's kinds ask of the student's captures, and their answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tera::{Context, Tera};

use crate::answer::Answer;
use crate::dice::{self, Dice};
use crate::evidence::Evidence;
use crate::exercise::{Chosen, Exercise};
use crate::kinds::{Changed, Level};

/// Of which draw a sheet is: kept beside it, so that the same questions can be asked again of the same captures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Whose it is.
    pub student: String,
    /// The seed of the class.
    pub seed: u64,
    /// How many draws were given up before, for there was nothing to ask about in their captures.
    pub attempt: u32,
    /// The exercise, as its file has it.
    pub exercise: String,
}

/// A sheet with its answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Whose it is.
    pub student: String,
    title: String,
    minutes: u32,
    about: String,
    captures: Vec<String>,
    /// The questions, by level.
    pub questions: Vec<Question>,
}

/// A question of a sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What it is called in the answers: `q07`.
    pub id: String,
    /// The name of its kind.
    pub kind: &'static str,
    /// How much it asks.
    pub level: Level,
    /// The capture that it is about.
    pub file: String,
    /// What it asks.
    pub text: String,
    /// What is right.
    pub answer: Answer,
}

/// A run that a sheet needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The capture of it, and of its likes with something changed.
    pub capture: usize,
    /// An app and its options, as behind `wirelab run`.
    pub line: String,
    /// The seed of its wire.
    pub seed: u64,
    /// What is changed, as on a command line; empty for the student's own.
    pub change: String,
}

impl Drawn {
    /// The runs that the sheet needs: those of the captures in their order, then those of its predictions.
    pub fn runs(&self, exercise: &Exercise) -> Vec<Run> {
        let chosen = self.chosen(exercise);
        let run = |capture: usize, change: &BTreeMap<String, String>| {
            let spec = exercise.captures.get(capture)?;
            // The same seed, so that nothing is otherwise but what was changed.
            let seed = dice::number(self.seed, &self.student, self.attempt, &spec.name) % (1 << 48);
            Some(Run { capture, line: spec.run(&chosen, change), seed, change: words(change) })
        };
        let mut runs: Vec<Run> =
            (0..exercise.captures.len()).filter_map(|capture| run(capture, &BTreeMap::new())).collect();
        for question in exercise.questions.iter().filter(|question| question.kind.predicts()) {
            if let Some(run) = run(question.capture, &question.change).filter(|run| !runs.contains(run)) {
                runs.push(run);
            }
        }
        runs
    }

    fn chosen(&self, exercise: &Exercise) -> Chosen {
        exercise.choose(self.seed, &self.student, self.attempt)
    }

    /// Asks the questions. `recorded` is what the [runs](Drawn::runs) gave, in their order.
    ///
    /// # Errors
    /// The kind for which there is nothing to ask about: another attempt may have it.
    pub fn sheet(&self, exercise: &Exercise, recorded: &[Evidence]) -> Result<Sheet, &'static str> {
        let runs = self.runs(exercise);
        let mut questions: Vec<Question> = Vec::new();
        for (number, spec) in (1..).zip(&exercise.questions) {
            let change = words(&spec.change);
            let find = |change: &str| {
                let at = runs.iter().position(|run| run.capture == spec.capture && run.change == change)?;
                recorded.get(at)
            };
            let missing = spec.kind.name;
            let evidence = find("").ok_or(missing)?;
            let changed =
                find(&change).filter(|_| spec.kind.predicts()).map(|evidence| Changed { words: &change, evidence });
            // The same kind again asks something else.
            let asked = (0..TRIES).find_map(|again| {
                let mut dice = Dice::new(self.seed, &self.student, self.attempt, &format!("question {number} {again}"));
                let asked = spec.kind.ask(evidence, changed, &mut dice)?;
                let is_new = questions.iter().all(|known| known.text != asked.text || known.file != evidence.file());
                is_new.then_some(asked)
            });
            let asked = asked.ok_or(missing)?;
            questions.push(Question {
                id: format!("q{number:02}"),
                kind: spec.kind.name,
                level: spec.kind.level,
                file: evidence.file(),
                text: asked.text,
                answer: asked.answer,
            });
        }
        Ok(Sheet {
            student: self.student.clone(),
            title: exercise.title.clone(),
            minutes: exercise.minutes,
            about: exercise.about.trim().to_owned(),
            captures: exercise.captures.iter().map(|capture| format!("{}.pcap", capture.name)).collect(),
            questions,
        })
    }
}

/// A change as on a command line: `--rtt 100ms --loss 0`.
fn words(change: &BTreeMap<String, String>) -> String {
    change.iter().map(|(name, value)| format!("--{} {value}", option(name))).collect::<Vec<_>>().join(" ")
}

/// The option that a name stands for: most are called like it.
fn option(name: &str) -> &str {
    if name == "style" { "server" } else { name }
}

/// The forms of a sheet.
#[derive(Debug)]
pub struct Forms(Tera);

#[derive(Serialize)]
struct Page<'a> {
    student: &'a str,
    title: &'a str,
    minutes: u32,
    about: Vec<&'a str>,
    captures: &'a [String],
    count: usize,
    levels: Vec<PageLevel<'a>>,
}

#[derive(Serialize)]
struct PageLevel<'a> {
    title: &'static str,
    questions: Vec<PageQuestion<'a>>,
}

#[derive(Serialize)]
struct PageQuestion<'a> {
    id: &'a str,
    file: &'a str,
    text: &'a str,
}

impl Forms {
    /// The templates that are embedded.
    ///
    /// # Errors
    /// None, as they are tested; what the template engine says.
    pub fn new() -> Result<Forms, tera::Error> {
        let mut tera = Tera::new();
        tera.autoescape_on(vec![".html"]);
        tera.add_raw_templates(vec![
            ("sheet.html", include_str!("../../../templates/class/sheet.html")),
            ("sheet.md", include_str!("../../../templates/class/sheet.md")),
            ("marks.html", include_str!("../../../templates/class/marks.html")),
        ])?;
        Ok(Forms(tera))
    }

    /// The sheet as a page.
    ///
    /// # Errors
    /// What the template engine says.
    pub fn html(&self, sheet: &Sheet) -> Result<String, tera::Error> {
        self.render("sheet.html", &sheet.page())
    }

    /// The sheet as Markdown.
    ///
    /// # Errors
    /// What the template engine says.
    pub fn markdown(&self, sheet: &Sheet) -> Result<String, tera::Error> {
        self.render("sheet.md", &sheet.page())
    }

    pub(crate) fn render(&self, name: &str, value: &impl Serialize) -> Result<String, tera::Error> {
        self.0.render(name, &Context::from_serialize(value)?)
    }
}

impl Sheet {
    fn page(&self) -> Page<'_> {
        let of = |level: Level| PageLevel {
            title: level.title(),
            questions: self
                .questions
                .iter()
                .filter(|question| question.level == level)
                .map(|question| PageQuestion { id: &question.id, file: &question.file, text: &question.text })
                .collect(),
        };
        Page {
            student: &self.student,
            title: &self.title,
            minutes: self.minutes,
            about: self.about.split("\n\n").collect(),
            captures: &self.captures,
            count: self.questions.len(),
            levels: Level::ALL.into_iter().map(of).filter(|level| !level.questions.is_empty()).collect(),
        }
    }

    /// The file that the student fills in: a line for each question.
    pub fn answers_to_fill_in(&self) -> String {
        let lines = self.questions.iter().map(|question| format!("{},\n", question.id));
        std::iter::once("question,answer\n".to_owned()).chain(lines).collect()
    }
}

/// How often a kind is asked until it asks something that was not asked before.
const TRIES: u32 = 20;
