//! What was looked at on this machine, how does it stand, and how is it mended?

use serde::{Deserialize, Serialize};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What: "network namespaces".
    pub name: String,
    /// Whether this is a wire as a whole, on which a run can be made.
    pub is_wire: bool,
    /// How it stands.
    pub health: Health,
    /// What was found.
    pub detail: String,
    /// What a person can do about it, where something can be done.
    pub mend: Option<String>,
}

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It is there and works.
    Ok,
    /// It works with limits, or could not be looked at.
    Limited,
    /// It is not there, or does not work.
    Missing,
}

impl Check {
    pub(crate) fn new(name: &str, health: Health, detail: impl Into<String>) -> Check {
        Check { name: name.to_owned(), is_wire: false, health, detail: detail.into(), mend: None }
    }

    /// The same of a wire as a whole.
    pub(crate) fn wire(name: &str, health: Health, detail: impl Into<String>) -> Check {
        Check { is_wire: true, ..Check::new(name, health, detail) }
    }

    pub(crate) fn mend(self, mend: impl Into<String>) -> Check {
        Check { mend: Some(mend.into()), ..self }
    }
}
