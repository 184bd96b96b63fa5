//! comparison.md: two runs beside each other, for a document.

use serde::Serialize;
use wirelab_analyze::model::Column;

use super::Comparison;
use crate::markdown::escaped;
use crate::numbers::with_plain_spaces;
use crate::templates::{TemplateError, Templates};

/// A comparison as Markdown.
///
/// # Errors
/// Where the template asks for a value that there is not.
pub fn render(comparison: &Comparison, templates: &Templates) -> Result<String, TemplateError> {
    templates
        .render("compare.md", &View { columns: Column::ALL.map(Column::title), comparison: escaped_whole(comparison) })
}

#[derive(Serialize)]
struct View {
    columns: [&'static str; Column::ALL.len()],
    #[serde(flatten)]
    comparison: Comparison,
}

/// The same with all escaped that a capture or a folder's name may have said.
fn escaped_whole(comparison: &Comparison) -> Comparison {
    let mut comparison = comparison.clone();
    for text in [&mut comparison.left, &mut comparison.right, &mut comparison.heading] {
        *text = with_plain_spaces(&escaped(text));
    }
    for row in comparison.tables.iter_mut().flat_map(|table| &mut table.rows) {
        row.title = escaped(&row.title);
        for cell in &mut row.cells {
            cell.change = cell.change.as_deref().map(with_plain_spaces);
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
