//! comparison.html: two runs beside each other, in one file that asks the network for nothing.

use serde::Serialize;

use super::Comparison;
use crate::html::{policy, style};
use crate::templates::{TemplateError, Templates};

/// A comparison as one HTML file.
///
/// # Errors
/// Where a template asks for a value that there is not.
pub fn render(comparison: &Comparison, templates: &Templates) -> Result<String, TemplateError> {
    let style = style(templates)?;
    templates.render("compare.html", &View { policy: policy(&style, ""), style, comparison })
}

#[derive(Serialize)]
struct View<'a> {
    policy: String,
    style: String,
    #[serde(flatten)]
    comparison: &'a Comparison,
}
