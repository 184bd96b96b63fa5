//! comparison.html: two runs beside each other, in one file that asks the network for nothing.

use serde::Serialize;

use super::Comparison;
use super::view::View;
use crate::html::{policy, style};
use crate::templates::{TemplateError, Templates};

/// A comparison as one HTML file.
///
/// # Errors
/// Where a template asks for a value that there is not.
pub fn render(comparison: &Comparison<'_>, templates: &Templates) -> Result<String, TemplateError> {
    let style = style(templates)?;
    templates.render("compare.html", &Page { policy: policy(&style, ""), style, comparison: View::new(comparison) })
}

#[derive(Serialize)]
struct Page {
    policy: String,
    style: String,
    #[serde(flatten)]
    comparison: View,
}
