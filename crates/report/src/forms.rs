//! Which forms does a report have?
//!
//! One entry a form: what the folder of a report holds, what the page offers to take along and what `analyze --format`
//! prints all follow from this list. Every form shows the same facts: the tables, and as far as it has sentences,
//! what is worth knowing of them.
//!
//! A form takes no more memory than the report: those whose rows nothing bounds, a connection or a client each, are written
//! row by row; the others have so many rows at most, and say what they left out.

use std::io::{self, Write};

use wirelab_analyze::model::Analysis;

use crate::html::OtherForm;
use crate::json::Results;
pub use crate::render::{Render, RenderError};
use crate::report::Report;
use crate::templates::Templates;
use crate::text::Colours;
use crate::{csv, html, json, markdown, text};

/// One form of a report.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Its file in the folder of a report; `None` where it is only printed.
    pub file: Option<&'static str>,
    /// What its bytes are (RFC 9110, section 8.3.1).
    pub media_type: &'static str,
    /// Makes it.
    pub render: Render,
    /// What the page says of it where it offers it to take along; `None` where it does not.
    pub in_page: Option<InPage>,
    /// How a command prints it; `None` where none does.
    pub printed: Option<Printed>,
}

/// A form inside the page.
#[derive(Clone, Copy, Debug)]
pub struct InPage {
    /// What it is.
    pub what: &'static str,
    /// Makes it: as small as it can be.
    pub render: Render,
}

/// A form that a command prints.
#[derive(Clone, Copy, Debug)]
pub struct Printed {
    /// Whom it is for.
    pub purpose: &'static str,
    /// How.
    pub how: Print,
}

/// How a form is printed.
#[derive(Clone, Copy, Debug)]
pub enum Print {
    /// As it is rendered.
    Rendered,
    /// With a row a line, and without a report.
    Written(fn(&Analysis, &mut dyn Write) -> io::Result<()>),
}

/// All forms, in the order in which they are written.
pub const FORMS: [Form; 5] = [
    Form {
        name: "html",
        file: Some(PAGE),
        media_type: "text/html;charset=utf-8",
        render: |report, templates, out| Ok(out.write_all(page(report, templates)?.as_bytes())?),
        in_page: None,
        printed: None,
    },
    Form {
        name: "table",
        file: None,
        media_type: "text/plain;charset=utf-8",
        render: |report, _, out| Ok(out.write_all(text::render(report, Colours::Ansi).as_bytes())?),
        in_page: None,
        printed: Some(Printed { purpose: "Aligned, for a terminal", how: Print::Rendered }),
    },
    Form {
        name: "markdown",
        file: Some("report.md"),
        media_type: "text/markdown;charset=utf-8",
        render: document,
        in_page: Some(InPage { what: "The tables and what they show, as Markdown", render: document }),
        printed: Some(Printed { purpose: "For a document", how: Print::Rendered }),
    },
    Form {
        name: "csv",
        file: Some("tables.csv"),
        media_type: "text/csv;charset=utf-8",
        render: tables,
        in_page: Some(InPage { what: "The tables, as CSV", render: tables }),
        printed: Some(Printed { purpose: "For a spreadsheet", how: Print::Rendered }),
    },
    Form {
        name: "json",
        file: Some("results.json"),
        media_type: "application/json",
        render: |report, _, out| Ok(json::write_indented(&Results::of(report), out)?),
        in_page: Some(InPage {
            what: "Everything that was counted, schema wirelab/1",
            render: |report, _, out| Ok(json::write_compact(&Results::of(report), out)?),
        }),
        printed: Some(Printed {
            purpose: "For a program: schema \"wirelab/1\"",
            how: Print::Written(json::write_found),
        }),
    },
];

impl Form {
    /// The form of this name.
    pub fn named(name: &str) -> Option<Form> {
        FORMS.into_iter().find(|form| form.name == name)
    }
}

/// The page, with the other forms in it.
pub(crate) fn page(report: &Report, templates: &Templates) -> Result<String, RenderError> {
    let other = |form: &Form| {
        let InPage { what, render } = form.in_page?;
        Some(OtherForm { file: form.file?, what, media_type: form.media_type, render })
    };
    html::render(report, templates, &FORMS.iter().filter_map(other).collect::<Vec<_>>())
}

fn document(report: &Report, templates: &Templates, out: &mut dyn Write) -> Result<(), RenderError> {
    Ok(out.write_all(markdown::render(report, templates)?.as_bytes())?)
}

fn tables(report: &Report, _: &Templates, out: &mut dyn Write) -> Result<(), RenderError> {
    Ok(csv::write(report, out)?)
}

/// The file that a reader opens first.
pub const PAGE: &str = "index.html";
