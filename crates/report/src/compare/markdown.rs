//! comparison.md: two runs beside each other, for a document.

use super::Comparison;
use super::view::View;
use crate::markdown::escaped;
use crate::numbers::with_plain_spaces;
use crate::templates::{TemplateError, Templates};

/// A comparison as Markdown.
///
/// # Errors
/// Where the template asks for a value that there is not.
pub fn render(comparison: &Comparison<'_>, templates: &Templates) -> Result<String, TemplateError> {
    templates.render("compare.md", &escaped_whole(View::new(comparison)))
}

/// The same with all escaped that a capture or a folder's name may have said.
fn escaped_whole(mut view: View) -> View {
    let safe = |text: &mut String| *text = with_plain_spaces(&escaped(text));
    for text in [&mut view.left, &mut view.right, &mut view.heading, &mut view.extent] {
        safe(text);
    }
    for row in view.tables.iter_mut().flat_map(|table| &mut table.rows) {
        safe(&mut row.title);
        for cell in &mut row.cells {
            for text in [&mut cell.left, &mut cell.right, &mut cell.change].into_iter().flatten() {
                *text = with_plain_spaces(text);
            }
        }
    }
    for reason in &mut view.reasons {
        let texts = [&mut reason.text, &mut reason.means, &mut reason.instead, &mut reason.source];
        texts.into_iter().chain(&mut reason.evidence).for_each(safe);
    }
    for fact in &mut view.made {
        for text in [&mut fact.name, &mut fact.left, &mut fact.right] {
            safe(text);
        }
    }
    view
}
