//! Which templates give the report its form?
//!
//! They are embedded in the binary, and a folder may replace any of them by a file of the same name. A template gets
//! values that are ready to show; everything that came from a capture is escaped in the HTML.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tera::{Context, Tera};
use wirelab_dissect::visible::visible_lines;

/// The templates of the report.
#[derive(Clone, Debug)]
pub struct Templates {
    tera: Tera,
    folder: Option<PathBuf>,
}

/// Why a template could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder has none of the templates.
    #[error("{} holds none of the report's templates; expected at least one of {}", folder.display(), NAMES.join(", "))]
    NoneFound {
        /// The folder that was named.
        folder: PathBuf,
    },
    /// The folder or a file in it cannot be read.
    #[error("cannot read template {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A template is not one, or asks for a value that there is not.
    #[error("template {name}{}: {problem}", where_from(folder.as_deref()))]
    Broken {
        /// Its name.
        name: String,
        /// The folder that replaces the embedded templates, where there is one.
        folder: Option<PathBuf>,
        /// What the template engine says, with line and column.
        problem: String,
    },
}

impl Templates {
    /// The templates that are embedded in the binary.
    ///
    /// # Errors
    /// None, as the embedded templates are tested; the type keeps this the same as [`Templates::from_folder`].
    pub fn embedded() -> Result<Templates, TemplateError> {
        Templates::build(EMBEDDED.iter().map(|&(name, text)| (name, text.to_owned())).collect(), None)
    }

    /// The embedded templates, with those replaced that the folder has a file of the same name for.
    ///
    /// # Errors
    /// Where the folder cannot be read, has none of the templates, or one of them is not a template.
    pub fn from_folder(folder: &Path) -> Result<Templates, TemplateError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| TemplateError::Unreadable { path, source }
        };
        std::fs::read_dir(folder).map_err(unreadable(folder))?;
        let mut found = false;
        let mut texts = Vec::new();
        for &(name, text) in EMBEDDED {
            let path = folder.join(name);
            if path.exists() {
                found = true;
                texts.push((name, std::fs::read_to_string(&path).map_err(unreadable(&path))?));
            } else {
                texts.push((name, text.to_owned()));
            }
        }
        if !found {
            return Err(TemplateError::NoneFound { folder: folder.to_owned() });
        }
        Templates::build(texts, Some(folder.to_owned()))
    }

    fn build(texts: Vec<(&'static str, String)>, folder: Option<PathBuf>) -> Result<Templates, TemplateError> {
        let mut tera = Tera::new();
        tera.autoescape_on(vec![".html"]);
        match tera.add_raw_templates(texts) {
            Ok(()) => Ok(Templates { tera, folder }),
            Err(error) => Err(broken("of the report", folder.as_deref(), &error)),
        }
    }

    /// Renders a template with a value as its context.
    ///
    /// # Errors
    /// Where the template asks for a value that there is not.
    pub fn render(&self, name: &str, value: &impl Serialize) -> Result<String, TemplateError> {
        let folder = self.folder.as_deref();
        let context = Context::from_serialize(value).map_err(|error| broken(name, folder, &error))?;
        let text = self.tera.render(name, &context).map_err(|error| broken(name, folder, &error))?;
        // What the values were made of is escaped where they are put together; here nothing passes that was forgotten.
        match visible_lines(&text) {
            Cow::Borrowed(_) => Ok(text),
            Cow::Owned(marked) => Ok(marked),
        }
    }
}

fn broken(name: &str, folder: Option<&Path>, error: &tera::Error) -> TemplateError {
    let mut problem = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        problem.push_str(": ");
        problem.push_str(&error.to_string());
        cause = error.source();
    }
    TemplateError::Broken { name: name.to_owned(), folder: folder.map(Path::to_owned), problem }
}

fn where_from(folder: Option<&Path>) -> String {
    folder.map_or_else(String::new, |folder| format!(" (with those in {})", folder.display()))
}

/// The templates by the names of their files in templates/report/.
const EMBEDDED: &[(&str, &str)] = &[
    ("report.md", include_str!("../../../templates/report/report.md")),
    ("report.html", include_str!("../../../templates/report/report.html")),
    ("app.html", include_str!("../../../templates/report/app.html")),
    ("compare.md", include_str!("../../../templates/report/compare.md")),
    ("compare.html", include_str!("../../../templates/report/compare.html")),
    ("report.css", include_str!("../../../templates/report/report.css")),
    ("report.js", include_str!("../../../templates/report/report.js")),
];
const NAMES: [&str; 7] =
    ["report.md", "report.html", "app.html", "compare.md", "compare.html", "report.css", "report.js"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_replaces_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("report.md"), "only {{ subject }}").unwrap();
        let templates = Templates::from_folder(folder.path()).unwrap();
        let value = serde_json::json!({"subject": "this"});
        assert_eq!(templates.render("report.md", &value).unwrap(), "only this");
    }

    #[test]
    fn says_what_is_wrong_with_a_template() {
        let folder = tempfile::tempdir().unwrap();
        let error = |folder: &Path| Templates::from_folder(folder).unwrap_err().to_string();
        assert!(
            error(folder.path()).contains("holds none of the report's templates; expected at least one of report.md")
        );
        assert!(error(&folder.path().join("absent")).starts_with("cannot read template "));
        std::fs::write(folder.path().join("report.md"), "{% for %}").unwrap();
        assert!(error(folder.path()).contains("report.md"), "{}", error(folder.path()));
        std::fs::write(folder.path().join("report.md"), "{{ absent }}").unwrap();
        let templates = Templates::from_folder(folder.path()).unwrap();
        let error = templates.render("report.md", &serde_json::json!({})).unwrap_err().to_string();
        assert!(error.starts_with("template report.md (with those in ") && error.contains("absent"), "{error}");
    }
}
