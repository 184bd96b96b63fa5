//! What was looked at on this machine, how does it stand, and how is it mended?

use serde::{Deserialize, Serialize};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What: "network namespaces".
    pub name: String,
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
        Check { name: name.to_owned(), health, detail: detail.into(), mend: None }
    }

    pub(crate) fn mend(self, mend: impl Into<String>) -> Check {
        Check { mend: Some(mend.into()), ..self }
    }
}
