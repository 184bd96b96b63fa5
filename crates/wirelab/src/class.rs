//! `wirelab class`: a worksheet and captures of their own for each student, and marking what comes back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Parser;
use wirelab_catalog::Choice;
use wirelab_class::marking::{self, KeyLine, Marks, Verdict};
use wirelab_class::roster::{self, Student};
use wirelab_class::sheet::{Forms, Run};
use wirelab_class::{Drawn, Evidence, Exercise, Sheet};
use wirelab_wire::Stop;

use crate::failure::{Failure, reason};
use crate::flags::{Class, ClassSheets, Command, Flags};
use crate::origin::Origin;
use crate::plan::Plan;
use crate::publish::{self, Source};
use crate::{interrupt, run, terminal};

/// Does what was asked.
pub fn class(flags: &Class) -> Result<(), Failure> {
    match flags {
        Class::Sheets(flags) => sheets(flags),
        Class::Check { folder } if folder.join(KEY).exists() => check_class(folder),
        Class::Check { folder } => check_sheet(folder),
        Class::Exercises { file } => exercises(file.as_deref()),
    }
}

/// Makes the sheets of a class: all of them, or none.
fn sheets(flags: &ClassSheets) -> Result<(), Failure> {
    let students = roster::read(&text_of(&flags.students)?)
        .map_err(|why| Failure::failed(format_args!("{}: {why}", flags.students.display())))?;
    let (text, exercise) = exercise(&flags.exercise)?;
    let out = &flags.out;
    let is_used = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if is_used || out.is_file() {
        return Err(Failure::failed(format_args!(
            "{} is there already, and may hold answers: name another place with --out, or move it away",
            out.display()
        )));
    }
    let stop = Stop::new();
    let on_signal = stop.clone();
    interrupt::listen(move || on_signal.now())
        .map_err(|error| Failure::machine(format_args!("cannot listen for signals: {error}")))?;

    // Beside the place, so that what is there is whole.
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let making = Making::new(out.with_file_name(format!(".{name}.making-{}", std::process::id())))?;
    let maker = Maker { text: &text, exercise: &exercise, seed: flags.seed, stop: &stop, forms: forms()? };
    let keys = maker.all(&students, &making.folder)?;
    write(&making.folder.join(KEY), &marking::write_key(&keys).map_err(Failure::failed)?)?;
    // An empty folder may be there.
    let _ = fs::remove_dir(out);
    fs::rename(&making.folder, out).map_err(|error| cannot_write(out, &error))?;
    let noun = if students.len() == 1 { "sheet" } else { "sheets" };
    terminal::say(format_args!(
        "made {} {noun} in {}: a folder for each student; {KEY} stays with you",
        students.len(),
        out.display()
    ));
    Ok(())
}

/// Makes sheets, with all that they have in common.
struct Maker<'a> {
    text: &'a str,
    exercise: &'a Exercise,
    seed: u64,
    stop: &'a Stop,
    forms: Forms,
}

impl Maker<'_> {
    /// The sheets of all students, as many at a time as there are processors. Gives their keys, in the order of the list.
    fn all(&self, students: &[Student], folder: &Path) -> Result<Vec<(String, Vec<KeyLine>)>, Failure> {
        let next = AtomicUsize::new(0);
        let made = Mutex::new(Vec::new());
        let failed = Mutex::new(None);
        let work = || {
            while let Some((at, student)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                students.get(at).map(|student| (at, student))
            } {
                match self.one(student, &folder.join(&student.folder)) {
                    Ok(key) => locked(&made).push((at, (student.name.clone(), key))),
                    Err(failure) => {
                        next.store(students.len(), Ordering::Relaxed);
                        locked(&failed).get_or_insert(failure);
                    }
                }
            }
        };
        let workers = thread::available_parallelism().map_or(1, usize::from).min(students.len());
        thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
        if let Some(failure) = locked(&failed).take() {
            return Err(failure);
        }
        let mut made = std::mem::take(&mut *locked(&made));
        made.sort_by_key(|(at, _)| *at);
        Ok(made.into_iter().map(|(_, key)| key).collect())
    }

    /// One student's.
    fn one(&self, student: &Student, folder: &Path) -> Result<Vec<KeyLine>, Failure> {
        fs::create_dir(folder).map_err(|error| cannot_write(folder, &error))?;
        let (drawn, sheet) = self.draw(&student.name, folder)?;
        let page = self.forms.html(&sheet).map_err(Failure::failed)?;
        let markdown = self.forms.markdown(&sheet).map_err(Failure::failed)?;
        let drawn = serde_json::to_string_pretty(&drawn).map_err(Failure::failed)? + "\n";
        for (name, text) in
            [("sheet.html", page), ("sheet.md", markdown), (ANSWERS, sheet.answers_to_fill_in()), (DRAWN, drawn)]
        {
            write(&folder.join(name), text.as_bytes())?;
        }
        Ok(key_of(&sheet))
    }

    /// Runs and asks until the captures have something for each question.
    fn draw(&self, student: &str, folder: &Path) -> Result<(Drawn, Sheet), Failure> {
        let mut missing = "";
        for attempt in 0..MOST_ATTEMPTS {
            let drawn = Drawn { student: student.to_owned(), seed: self.seed, attempt, exercise: self.text.to_owned() };
            let mut recorded = Vec::new();
            for (place, run) in drawn.runs(self.exercise).iter().enumerate() {
                recorded.push(self.record(run, place, folder)?);
            }
            match drawn.sheet(self.exercise, &recorded) {
                Ok(sheet) => return Ok((drawn, sheet)),
                Err(kind) => missing = kind,
            }
        }
        Err(Failure::failed(format_args!(
            "in {MOST_ATTEMPTS} runs for {student} there was nothing that '{missing}' could ask about: change the exercise's runs or its questions"
        )))
    }

    /// Records a run: what a student gets stays in the folder, what only a prediction needs does not.
    fn record(&self, run: &Run, place: usize, folder: &Path) -> Result<Evidence, Failure> {
        let name = self.exercise.captures.get(run.capture).map_or("", |capture| &capture.name);
        let kept = folder.join(format!("{name}.pcap"));
        let scratch = folder.join(format!(".run-{place}"));
        fs::create_dir(&scratch).map_err(|error| cannot_write(&scratch, &error))?;
        let capture = run::capture(&plan(run, &scratch)?, self.stop)?;
        let evidence = if run.change.is_empty() {
            fs::rename(&capture, &kept).map_err(|error| cannot_write(&kept, &error))?;
            evidence(name, &kept)
        } else {
            evidence(name, &capture)
        };
        fs::remove_dir_all(&scratch).map_err(|error| cannot_write(&scratch, &error))?;
        evidence
    }
}

/// The plan of a run: as on a command line, on the virtual wire.
fn plan(run: &Run, folder: &Path) -> Result<Plan, Failure> {
    let wrong = |why: String| Failure::usage(format_args!("the exercise's run '{}' is none: {why}", run.line));
    let seed = run.seed.to_string();
    let words = ["wirelab", "run"].into_iter().chain(run.line.split_whitespace());
    let words = words.chain(["--wire", "virtual", "--seed", &seed]);
    let flags = Flags::try_parse_from(words).map_err(|error| wrong(crate::manual::usage_sentence(&error)))?;
    let Command::Run(one) = flags.command else { return Err(wrong("it is no run".to_owned())) };
    let mut plan = Plan::new(&[Choice::One(one.app)], one.run)?;
    plan.pcap_dir = folder.to_owned();
    Ok(plan)
}

fn evidence(name: &str, path: &Path) -> Result<Evidence, Failure> {
    let source = Source { name: name.to_owned(), path: path.to_owned(), origin: Origin::default() };
    let found = publish::read(&[source], None)?;
    let capture = found.analysis.captures.into_iter().next();
    match capture.zip(found.bytes.into_iter().next()) {
        Some((capture, bytes)) => Ok(Evidence { name: name.to_owned(), capture, bytes }),
        None => Err(Failure::failed(format_args!("{}: nothing could be read", path.display()))),
    }
}

fn key_of(sheet: &Sheet) -> Vec<KeyLine> {
    let line = |question: &wirelab_class::sheet::Question| KeyLine {
        question: question.id.clone(),
        answer: question.answer.clone(),
    };
    sheet.questions.iter().map(line).collect()
}

/// Marks a class by its key.
fn check_class(folder: &Path) -> Result<(), Failure> {
    let path = folder.join(KEY);
    let key = fs::read(&path).map_err(|error| cannot_read(&path, &error))?;
    let keys = marking::read_key(&key).map_err(|why| Failure::failed(format_args!("{}: {why}", path.display())))?;
    let mut title = None;
    let mut all = Vec::new();
    for (student, key) in &keys {
        let own = folder.join(roster::folder(student));
        title =
            title.or_else(|| drawn(&own).and_then(|drawn| Exercise::read(&drawn.exercise).ok()).map(|one| one.title));
        let path = own.join(ANSWERS);
        let answers = fs::read(&path).map_err(|error| format!("{} cannot be read: {}", path.display(), reason(&error)));
        let marks = marking::mark(student, key, answers.and_then(|bytes| marking::read_answers(&bytes)));
        if let Some(remark) = &marks.remark {
            terminal::say(format_args!("{student}: {remark}"));
        }
        all.push(marks);
    }
    let page = marking::page(&forms()?, &all, title.as_deref().unwrap_or("a class")).map_err(Failure::failed)?;
    replace(&folder.join("marks.csv"), &marking::write_marks(&all).map_err(Failure::failed)?)?;
    replace(&folder.join("marks.html"), page.as_bytes())?;
    let questions = all.iter().map(|marks| marks.verdicts.len()).sum::<usize>();
    let right = all.iter().map(Marks::right).sum::<usize>();
    terminal::say(format_args!(
        "{} students, {right} of {questions} answers right: {}, {}",
        all.len(),
        folder.join("marks.csv").display(),
        folder.join("marks.html").display()
    ));
    Ok(())
}

/// Says of a student's answers which are right, and not what would be.
fn check_sheet(folder: &Path) -> Result<(), Failure> {
    let path = folder.join(DRAWN);
    let Some(drawn) = drawn(folder) else {
        return Err(Failure::failed(format_args!(
            "{} is no folder of a class and no student's: it has neither {KEY} nor a whole {DRAWN}",
            folder.display()
        )));
    };
    let exercise = Exercise::read(&drawn.exercise)
        .map_err(|error| Failure::failed(format_args!("{}: its exercise, {error}", path.display())))?;
    let scratch = Making::new(std::env::temp_dir().join(format!("wirelab-check-{}", std::process::id())))?;
    let stop = Stop::new();
    let mut recorded = Vec::new();
    for (place, run) in drawn.runs(&exercise).iter().enumerate() {
        let name = exercise.captures.get(run.capture).map_or("", |capture| &capture.name);
        recorded.push(if run.change.is_empty() {
            evidence(name, &folder.join(format!("{name}.pcap")))?
        } else {
            let place = scratch.folder.join(place.to_string());
            fs::create_dir(&place).map_err(|error| cannot_write(&place, &error))?;
            evidence(name, &run::capture(&plan(run, &place)?, &stop)?)?
        });
    }
    let sheet = drawn.sheet(&exercise, &recorded).map_err(|kind| {
        Failure::failed(format_args!("the captures in {} have nothing that '{kind}' asked about", folder.display()))
    })?;
    let path = folder.join(ANSWERS);
    let answers = fs::read(&path).map_err(|error| cannot_read(&path, &error))?;
    let answers = marking::read_answers(&answers);
    if let Err(why) = &answers {
        return Err(Failure::failed(format_args!("{}: {why}", path.display())));
    }
    let marks = marking::mark(&drawn.student, &key_of(&sheet), answers);
    let mut text: String =
        marks.verdicts.iter().map(|(question, verdict)| format!("{question}  {}\n", verdict.word())).collect();
    let blank = marks.verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Blank).count();
    text += &format!("{} of {} right, {blank} blank\n", marks.right(), marks.verdicts.len());
    terminal::print(&text)
}

/// Lists the exercises that come along, or checks one.
fn exercises(file: Option<&Path>) -> Result<(), Failure> {
    if let Some(file) = file {
        let (_, exercise) = exercise(&file.to_string_lossy())?;
        return terminal::print(&format!("{}: {}\n", file.display(), described(&exercise)));
    }
    let mut text = String::new();
    for (name, _) in Exercise::BUILT_IN {
        let (_, exercise) = exercise(name)?;
        text += &format!("{name:<8} {}\n", described(&exercise));
    }
    terminal::print(&text)
}

fn described(exercise: &Exercise) -> String {
    let (questions, minutes) = (exercise.questions.len(), exercise.minutes);
    format!("{}: {questions} questions, {minutes} minutes", exercise.title)
}

/// An exercise that comes along, by its name, or one in a file.
fn exercise(name: &str) -> Result<(String, Exercise), Failure> {
    let text = match Exercise::BUILT_IN.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => (*text).to_owned(),
        None if Path::new(name).exists() => text_of(Path::new(name))?,
        None => {
            let known = Exercise::BUILT_IN.map(|(name, _)| name).join(", ");
            return Err(Failure::usage(format_args!(
                "'{name}' is no exercise that comes along, which are {known}, and no file either"
            )));
        }
    };
    let exercise = Exercise::read(&text).map_err(|error| Failure::failed(format_args!("{name}, {error}")))?;
    Ok((text, exercise))
}

fn drawn(folder: &Path) -> Option<Drawn> {
    serde_json::from_slice(&fs::read(folder.join(DRAWN)).ok()?).ok()
}

fn forms() -> Result<Forms, Failure> {
    Forms::new().map_err(Failure::failed)
}

/// A folder in which something is made: gone when it is dropped, unless it was moved to its place.
struct Making {
    folder: PathBuf,
}

impl Making {
    fn new(folder: PathBuf) -> Result<Making, Failure> {
        fs::create_dir_all(&folder).map_err(|error| cannot_write(&folder, &error))?;
        Ok(Making { folder })
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        // Where it was moved, there is none; what cannot be removed does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic of another thread goes on as one when the threads are joined.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let bytes = fs::read(path).map_err(|error| cannot_read(path, &error))?;
    String::from_utf8(bytes).map_err(|_| Failure::failed(format_args!("{}: it is not text in UTF-8", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| cannot_write(path, &error))
}

/// Writes a file beside its place and moves it there, so that what was there before is not lost halfway.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = path.with_extension("making");
    write(&beside, bytes)?;
    fs::rename(&beside, path).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format_args!("cannot write {}: {}", path.display(), reason(error)))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format_args!("cannot read {}: {}", path.display(), reason(error)))
}

const KEY: &str = "key.csv";
const ANSWERS: &str = "answers.csv";
const DRAWN: &str = "sheet.json";
/// Runs that are tried for a student: at a loss of a few percent one in ten has none.
const MOST_ATTEMPTS: u32 = 50;
