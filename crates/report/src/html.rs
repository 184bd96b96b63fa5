//! index.html: the page.

use serde::Serialize;

use crate::numbers::grouped;
use crate::report::Report;
use crate::tables::Column;
use crate::templates::{TemplateError, Templates};

/// The report as one HTML file.
///
/// # Errors
/// Where the template asks for a value that there is not.
pub fn render(report: &Report, templates: &Templates) -> Result<String, TemplateError> {
    templates.render("report.html", &View::new(report))
}

#[derive(Serialize)]
struct View {
    subject: String,
    answer: String,
    lead: Vec<String>,
    columns: Vec<&'static str>,
    tables: Vec<TableView>,
}

#[derive(Serialize)]
struct TableView {
    heading: String,
    caption: &'static str,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    title: String,
    cells: Vec<(String, Option<String>)>,
}

impl View {
    fn new(report: &Report) -> View {
        View {
            subject: report.findings.subject.clone(),
            answer: report.findings.answer.clone(),
            lead: report.findings.lead.clone(),
            columns: Column::ALL.iter().map(|column| column.title()).collect(),
            tables: report
                .tables
                .iter()
                .map(|table| TableView {
                    heading: report.findings.of(table.kind).to_owned(),
                    caption: table.kind.caption(),
                    rows: table
                        .rows
                        .iter()
                        .map(|row| RowView {
                            title: row.title.clone(),
                            cells: Column::ALL
                                .iter()
                                .map(|&column| (grouped(row.value(column)), row.published(column).map(grouped)))
                                .collect(),
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}
