//! How is a form of a report made, and why could it not be?

use std::io::{self, Write};

use crate::report::Report;
use crate::templates::{TemplateError, Templates};

/// Writes a form of a report: what grows with a capture is written row by row, and never held as a whole.
pub type Render = fn(&Report, &Templates, &mut dyn Write) -> Result<(), RenderError>;

/// Why a form could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template is not one, or asks for a value that there is not.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}
