//! results.json: the analysis itself and what is found of its captures together, schema "wirelab/1".

use std::io::{self, Write};

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use wirelab_analyze::model::SCHEMA;
use wirelab_analyze::model::{Analysis, Capture};
use wirelab_dissect::visible::is_visible;

use crate::findings::{self, Known, ReportFinding};
use crate::report::Report;
use crate::tables;

/// Everything that was found in one or more captures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Analysis")]
pub struct Results<'a> {
    /// Always "wirelab/1".
    schema: &'a str,
    /// One entry a capture, in the order given; of a comparison those of the first side, then those of the second.
    captures: Vec<&'a Capture>,
    /// Of a comparison: its two sides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sides: Vec<Side>,
    /// What there is to say of the captures together, or of one with what is known besides its packets.
    findings: &'a [ReportFinding],
}

/// One side of a comparison.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Side {
    /// What it is called: its folder.
    pub name: String,
    /// Its captures: indices into `captures`.
    pub captures: Vec<usize>,
}

impl<'a> Results<'a> {
    /// Those of a report.
    pub fn of(report: &'a Report) -> Results<'a> {
        Results::new(&report.analysis, &report.findings)
    }

    fn new(analysis: &'a Analysis, findings: &'a [ReportFinding]) -> Results<'a> {
        Results { schema: &analysis.schema, captures: analysis.captures.iter().collect(), sides: Vec::new(), findings }
    }

    /// Those of a comparison.
    pub(crate) fn of_two(captures: [&'a [Capture]; 2], sides: Vec<Side>, findings: &'a [ReportFinding]) -> Results<'a> {
        Results { schema: SCHEMA, captures: captures.into_iter().flatten().collect(), sides, findings }
    }
}

/// Writes the analysis as JSON, indented, ending in a newline.
///
/// # Errors
/// Those of the writer.
pub fn write_indented(results: &Results<'_>, out: impl Write) -> io::Result<()> {
    indented(results, out)
}

/// Writes the same on one line.
///
/// # Errors
/// Those of the writer.
pub fn write_compact(results: &Results<'_>, out: impl Write) -> io::Result<()> {
    Ok(serde_json::to_writer(Escaping(out), results)?)
}

/// Any of the project's values as indented JSON, ending in a newline.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    // The project's values have text keys, and numbers that are finite or become null; and memory can be written.
    indented(value, &mut text).expect("it has a JSON form");
    String::from_utf8(text).expect("JSON is text")
}

fn indented(value: &impl Serialize, mut out: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaping(&mut out), value)?;
    out.write_all(b"\n")
}

/// Writes a value as one line of JSON.
///
/// # Errors
/// Those of the writer.
pub fn write_line(value: &impl Serialize, mut out: impl Write) -> io::Result<()> {
    serde_json::to_writer(Escaping(&mut out), value)?;
    out.write_all(b"\n")
}

/// Writes JSON so that it can be read in a terminal too: a character that is none to see can only be inside a string of it,
/// and is written as an escape of the same meaning (RFC 8259, section 7).
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_ascii() && !bytes.contains(&0x7f) {
            return self.0.write_all(bytes);
        }
        // serde_json hands over whole characters.
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let mut seen = 0;
        for (at, c) in text.char_indices() {
            if c < '\u{7f}' || is_visible(c) {
                continue;
            }
            self.0.write_all(text.get(seen..at).unwrap_or_default().as_bytes())?;
            c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(self.0, "\\u{unit:04x}"))?;
            seen = at + c.len_utf8();
        }
        self.0.write_all(text.get(seen..).unwrap_or_default().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes the same with one line for each exchange and each connection: a large capture has a hundred thousand of them.
///
/// # Errors
/// Those of the writer.
pub fn write(results: &Results<'_>, mut out: impl Write) -> io::Result<()> {
    let mut json = Serializer::with_formatter(Escaping(&mut out), RowPerLine::default());
    results.serialize(&mut json).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Indents what is above the rows, and writes each row on a line.
#[derive(Default)]
struct RowPerLine {
    depth: usize,
    /// Whether the list or object that ends next has anything in it.
    filled: bool,
}

impl RowPerLine {
    fn begin<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        out.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        match (first, self.depth > ROWS) {
            (true, true) => Ok(()),
            (false, true) => out.write_all(b", "),
            (first, false) => {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                self.indent(out)
            }
        }
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.filled && self.depth < ROWS {
            out.write_all(b"\n")?;
            self.indent(out)?;
        }
        self.filled = true;
        out.write_all(bracket)
    }

    fn indent<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        (0..self.depth).try_for_each(|_| out.write_all(b"  "))
    }
}

impl Formatter for RowPerLine {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }
}

/// Writes an analysis with what is found of its captures, a row a line: what no report is made for.
///
/// # Errors
/// Those of the writer.
pub fn write_found(analysis: &Analysis, out: &mut dyn Write) -> io::Result<()> {
    let known = Known { analysis, tables: &tables::tables(analysis), run: None, bytes: &[] };
    write(&Results::new(analysis, &findings::find(&known)), out)
}

/// Rows are in a list of a capture, in the list of captures, in the whole: the depth at which lists are still indented.
const ROWS: usize = 4;

/// The JSON Schema of "wirelab/1".
pub fn schema() -> Schema {
    schemars::schema_for!(Results<'_>)
}

/// A schema as the text of its file.
pub fn schema_text(schema: &Schema) -> String {
    pretty(schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirelab_analyze::{Analyzer, Settings};

    #[test]
    fn what_is_written_is_what_is_rendered() {
        let analysis = Analysis::new(vec![Analyzer::new(Settings::default()).finish("none", None, "pcap")]);
        let mut written = Vec::new();
        let results = Results::new(&analysis, &[]);
        write(&results, &mut written).unwrap();
        let mut indented = Vec::new();
        write_indented(&results, &mut indented).unwrap();
        let values =
            [written.as_slice(), &indented].map(|text| serde_json::from_slice::<serde_json::Value>(text).unwrap());
        assert_eq!(values[0], values[1]);
        assert!(written.starts_with(b"{\n  \"schema\""));
    }
}
