//! How many answers are right? From the files that came back, whatever a spreadsheet made of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::answer::Answer;
use crate::sheet::Forms;

/// A question's answer in a key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyLine {
    /// Which question.
    pub question: String,
    /// What is right.
    pub answer: Answer,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is right.
    Right,
    /// It is not.
    Wrong,
    /// There is none: no error, and no mark.
    Blank,
}

impl Verdict {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Right => "right",
            Verdict::Wrong => "wrong",
            Verdict::Blank => "blank",
        }
    }
}

/// Marks of one student, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Whose.
    pub student: String,
    /// What became of each question, in the key's order.
    pub verdicts: Vec<(String, Verdict)>,
    /// What is wrong with what they handed in, where something is.
    pub remark: Option<String>,
}

impl Marks {
    /// How many are right.
    pub fn right(&self) -> usize {
        self.verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Right).count()
    }
}

/// Writes a key: student, question, answer.
///
/// # Errors
/// What the writer says.
pub fn write_key(keys: &[(String, Vec<KeyLine>)]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["student", "question", "answer"])?;
    for (student, lines) in keys {
        for KeyLine { question, answer } in lines {
            writer.write_record([student, question, &answer.to_string()])?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Reads a key, the students in its order.
///
/// # Errors
/// A sentence with the line.
pub fn read_key(bytes: &[u8]) -> Result<Vec<(String, Vec<KeyLine>)>, String> {
    let mut keys: Vec<(String, Vec<KeyLine>)> = Vec::new();
    for (line, row) in rows(bytes)?.into_iter().skip(1) {
        let [student, question, answer] = row.as_slice() else {
            return Err(format!("line {line}: expected student, question and answer, found {} columns", row.len()));
        };
        let answer = answer.parse().map_err(|why| format!("line {line}: {why}"))?;
        let entry = KeyLine { question: question.clone(), answer };
        match keys.iter_mut().find(|(known, _)| known == student) {
            Some((_, lines)) => lines.push(entry),
            None => keys.push((student.clone(), vec![entry])),
        }
    }
    if keys.is_empty() { Err("it has no answers".to_owned()) } else { Ok(keys) }
}

/// Reads what a student wrote: an answer for each question. Of a question that is there twice, the last that is not blank.
///
/// # Errors
/// A sentence.
pub fn read_answers(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let mut answers = BTreeMap::new();
    for (_, row) in rows(bytes)? {
        let mut cells = row.into_iter();
        let question = cells.next().unwrap_or_default().trim().to_lowercase();
        // A decimal comma or a comma between thousands may have cut an answer without quotes in two.
        let answer = cells.collect::<Vec<_>>().join(",");
        let answer = answer.trim().trim_end_matches(',').to_owned();
        let is_question = question.strip_prefix('q').is_some_and(|number| number.parse::<u32>().is_ok());
        if is_question && (!answer.is_empty() || !answers.contains_key(&question)) {
            answers.insert(question, answer);
        }
    }
    if answers.is_empty() {
        return Err("no line of it begins with a question such as q01".to_owned());
    }
    Ok(answers)
}

/// Marks a student's answers.
pub fn mark(student: &str, key: &[KeyLine], answers: Result<BTreeMap<String, String>, String>) -> Marks {
    let (answers, remark) = match answers {
        Ok(answers) => (answers, None),
        Err(why) => (BTreeMap::new(), Some(why)),
    };
    let verdict = |line: &KeyLine| match answers.get(&line.question).map(|answer| answer.trim()) {
        None | Some("") => Verdict::Blank,
        Some(given) if line.answer.accepts(given) => Verdict::Right,
        Some(_) => Verdict::Wrong,
    };
    let verdicts = key.iter().map(|line| (line.question.clone(), verdict(line))).collect();
    Marks { student: student.to_owned(), verdicts, remark }
}

/// The marks of a class as a table: student, mark, of how many, a column for each question, and what was wrong.
///
/// # Errors
/// What the writer says.
pub fn write_marks(all: &[Marks]) -> Result<Vec<u8>, csv::Error> {
    let questions = questions(all);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["student", "mark", "of"].into_iter().map(str::to_owned);
    writer.write_record(head.chain(questions.iter().cloned()).chain(["remark".to_owned()]))?;
    for marks in all {
        let of = marks.verdicts.len().to_string();
        let numbers = [marks.student.clone(), marks.right().to_string(), of];
        let words = questions.iter().map(|question| {
            let verdict = marks.verdicts.iter().find(|(known, _)| known == question);
            verdict.map_or(String::new(), |(_, verdict)| verdict.word().to_owned())
        });
        writer.write_record(numbers.into_iter().chain(words).chain([marks.remark.clone().unwrap_or_default()]))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// The page for the class: which question was understood by how many, and each student's marks.
///
/// # Errors
/// What the template engine says.
pub fn page(forms: &Forms, all: &[Marks], title: &str) -> Result<String, tera::Error> {
    #[derive(Serialize)]
    struct Page<'a> {
        title: &'a str,
        questions: Vec<Understood>,
        students: Vec<Row<'a>>,
    }
    #[derive(Serialize)]
    struct Understood {
        question: String,
        right: usize,
        wrong: usize,
        blank: usize,
        percent: usize,
    }
    #[derive(Serialize)]
    struct Row<'a> {
        student: &'a str,
        mark: usize,
        of: usize,
        verdicts: Vec<&'static str>,
        remark: Option<&'a str>,
    }
    let understood = |question: &String| {
        let count = |wanted: Verdict| {
            all.iter()
                .flat_map(|marks| &marks.verdicts)
                .filter(|(known, verdict)| known == question && *verdict == wanted)
                .count()
        };
        let [right, wrong, blank] = [Verdict::Right, Verdict::Wrong, Verdict::Blank].map(count);
        let all = right + wrong + blank;
        let percent = (right * 100 + all / 2).checked_div(all).unwrap_or(0);
        Understood { question: question.clone(), right, wrong, blank, percent }
    };
    let rows = all.iter().map(|marks| Row {
        student: &marks.student,
        mark: marks.right(),
        of: marks.verdicts.len(),
        verdicts: marks.verdicts.iter().map(|(_, verdict)| verdict.word()).collect(),
        remark: marks.remark.as_deref(),
    });
    let page = Page { title, questions: questions(all).iter().map(understood).collect(), students: rows.collect() };
    forms.render("marks.html", &page)
}

/// All questions of a class, in order.
fn questions(all: &[Marks]) -> Vec<String> {
    let mut questions: Vec<String> = Vec::new();
    for (question, _) in all.iter().flat_map(|marks| &marks.verdicts) {
        if !questions.contains(question) {
            questions.push(question.clone());
        }
    }
    questions
}

/// The rows of a table, each with its line, whatever signs stand between its cells.
fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
    if bytes.len() > LARGEST {
        return Err(format!("it has {} bytes, and a table of answers at most {LARGEST}", bytes.len()));
    }
    let text = text(bytes)?;
    // Spreadsheets write what their language has between cells.
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t', b','].into_iter().find(|sign| first.contains(char::from(*sign))).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(rows)
}

/// Text in one of the encodings in which spreadsheets write.
fn text(bytes: &[u8]) -> Result<String, String> {
    let utf16 = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| number(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return Ok(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => return Ok(utf16(rest, u16::from_be_bytes)),
        _ => {}
    }
    if bytes.contains(&0) {
        return Err("it is no table: write it as CSV, not as a spreadsheet's own file".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // What is no UTF-8 is taken for Latin-1, which has a character for each byte.
    Ok(String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|&byte| char::from(byte)).collect()))
}

/// Large enough for every sheet; what is larger is something else.
const LARGEST: usize = 1 << 24;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::answer::Counted;

    fn key() -> Vec<KeyLine> {
        let line = |question: &str, answer| KeyLine { question: question.to_owned(), answer };
        vec![
            line("q01", Answer::Count(1253, Counted::Bytes)),
            line("q02", Answer::Milliseconds(25.5)),
            line("q03", Answer::Text("a, b".into())),
        ]
    }

    #[test]
    fn whatever_a_spreadsheet_writes_is_read() {
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("question,answer\nq01,1253\nq02,25.5\nq03,\"a, b\"".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for bytes in [
            &b"question,answer\nq01,1253\nq02,25.5 ms\nq03,\"a, b\"\n"[..],
            b"\xef\xbb\xbfquestion;answer\r\nQ01;1253\r\nq02;25,5\r\nq03;a, b\r\n",
            b"question\tanswer\nq01\t1 253\nq02\t25.5\nq03\ta, b\n",
            b"question,answer\nq01,1,253\nq02,25,5\nq03,a, b\n",
            b"q03,\"a, b\",,,\nq01,1253,,\nq02,25.5\nq02,\n",
            b"question;answer\nq01;1253\nq02;25,5\nq03;\xab a, b \xbb\n",
            &utf16,
        ] {
            let marks = mark("A", &key(), read_answers(bytes));
            assert_eq!(marks.right(), 3, "{:?} of {:?}", marks, String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_is_broken_gets_a_sentence_and_no_mark() {
        for (bytes, said) in [
            (&b""[..], "no line of it begins with a question such as q01"),
            (b"PK\x03\x04\0\0", "it is no table: write it as CSV, not as a spreadsheet's own file"),
            (b"name,mark\nA,3\n", "no line of it begins with a question such as q01"),
        ] {
            let marks = mark("A", &key(), read_answers(bytes));
            assert_eq!((marks.right(), marks.remark.as_deref()), (0, Some(said)));
            assert!(marks.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Blank));
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let keys = vec![("A, B".to_owned(), key()), ("C".to_owned(), key())];
        let written = write_key(&keys).expect("it is written");
        assert_eq!(read_key(&written), Ok(keys));
        assert!(read_key(b"student,question,answer\nA,q01,many\n").is_err_and(|why| why.starts_with("line 2: ")));
        assert!(read_key(b"student,question,answer\nA,q01\n").is_err());
        assert!(read_key(b"").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_broken(bytes: Vec<u8>, text in "(q0[1-3][,;\t][ -~]{0,8}\n){0,5}") {
            mark("A", &key(), read_answers(&bytes));
            mark("A", &key(), read_answers(text.as_bytes()));
            let _ = read_key(&bytes);
        }
    }
}
