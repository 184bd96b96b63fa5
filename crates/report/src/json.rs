//! results.json: the analysis itself, schema "wirelab/1".

use schemars::Schema;
use wirelab_analyze::model::Analysis;

use crate::report::Report;
use crate::run_info::RunInfo;

/// The analysis as JSON, indented, ending in a newline.
pub fn render(report: &Report) -> String {
    of_analysis(&report.analysis)
}

/// The same without a report.
pub fn of_analysis(analysis: &Analysis) -> String {
    // An Analysis has text keys, and numbers that are finite or become null.
    let mut text = serde_json::to_string_pretty(analysis).expect("an Analysis has a JSON form");
    text.push('\n');
    text
}

/// The JSON Schema of "wirelab/1".
pub fn schema() -> Schema {
    schemars::schema_for!(Analysis)
}

/// The JSON Schema of "wirelab-run/1".
pub fn run_schema() -> Schema {
    schemars::schema_for!(RunInfo)
}

/// A schema as the text of its file.
pub fn schema_text(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("a schema has a JSON form");
    text.push('\n');
    text
}
