//! comparison.md: two runs beside each other, for a document.

use super::Comparison;
use crate::markdown::escaped;
use crate::numbers::with_plain_spaces;
use crate::templates::{TemplateError, Templates};

/// A comparison as Markdown.
///
/// # Errors
/// Where the template asks for a value that there is not.
pub fn render(comparison: &Comparison, templates: &Templates) -> Result<String, TemplateError> {
    templates.render("compare.md", &escaped_whole(comparison))
}

/// The same with all escaped that a capture or a folder's name may have said.
fn escaped_whole(comparison: &Comparison) -> Comparison {
    let mut comparison = comparison.clone();
    for text in [&mut comparison.left, &mut comparison.right, &mut comparison.heading, &mut comparison.extent] {
        *text = with_plain_spaces(&escaped(text));
    }
    for row in comparison.tables.iter_mut().flat_map(|table| &mut table.rows) {
        row.title = escaped(&row.title);
        for cell in &mut row.cells {
            for text in [&mut cell.left, &mut cell.right, &mut cell.change].into_iter().flatten() {
                *text = with_plain_spaces(text);
            }
        }
    }
    for reason in &mut comparison.reasons {
        reason.places = escaped(&reason.places);
        reason.text = escaped(&reason.text);
    }
    for fact in &mut comparison.made {
        for text in [&mut fact.name, &mut fact.left, &mut fact.right] {
            *text = with_plain_spaces(&escaped(text));
        }
    }
    comparison
}
