//! How is an app named in the code, on the command line and in JSON?
//!
//! In the code by a value of [`App`], everywhere else by its short name. The enum is made from the one list of the
//! descriptors' modules, so that nothing else has to be kept in step with it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::grammar::Grammar;
use crate::{App, Family, Renewal};

/// Makes [`App`] from the descriptors' modules, in the order of the tables.
macro_rules! apps {
    ($($app:ident => $module:ident),+ $(,)?) => {
        /// One of wirelab's own ways of telling the time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum App {
            $(#[doc = concat!("See `", stringify!($module), ".rs`.")] $app,)+
        }

        impl App {
            /// All apps, in the order of the tables.
            pub const ALL: [App; [$(App::$app),+].len()] = [$(App::$app),+];

            /// What is known of it.
            pub fn descriptor(self) -> &'static Descriptor {
                match self {
                    $(App::$app => &$module::DESCRIPTOR,)+
                }
            }
        }
    };
}
pub(crate) use apps;

impl App {
    /// The short name, as on the command line and in JSON: "ws".
    pub fn name(self) -> &'static str {
        self.descriptor().name
    }

    /// The name of its capture: "wsapp".
    pub fn capture_name(self) -> &'static str {
        self.descriptor().capture_name
    }

    /// The name for people: "WebSocket".
    pub fn title(self) -> &'static str {
        self.descriptor().words.title
    }

    /// Who causes an update.
    pub fn renewal(self) -> Renewal {
        self.descriptor().renewal
    }

    /// Which group of apps it belongs to.
    pub fn family(self) -> Family {
        self.descriptor().family
    }

    /// What is asked for to get an update, or to open what brings them; the page where there is nothing of its own.
    pub fn path(self) -> &'static str {
        match &self.descriptor().grammar {
            Grammar::Http { update, .. } => update.path(),
            Grammar::Lines { .. } => "/",
        }
    }

    /// What a run takes when it is not told which: the ways that were compared in 2021.
    pub fn classic() -> impl Iterator<Item = App> {
        App::ALL.into_iter().filter(|app| app.descriptor().published.is_some())
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no app has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownApp {
    /// The name.
    pub name: String,
}

impl fmt::Display for UnknownApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no app \"{}\"; there are {}", self.name, App::ALL.map(App::name).join(", "))
    }
}

impl std::error::Error for UnknownApp {}

impl FromStr for App {
    type Err = UnknownApp;

    fn from_str(name: &str) -> Result<App, UnknownApp> {
        App::ALL.into_iter().find(|app| app.name() == name).ok_or_else(|| UnknownApp { name: name.to_owned() })
    }
}

impl Serialize for App {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for App {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<App, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for App {
    fn schema_name() -> Cow<'static, str> {
        "App".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One of wirelab's own ways of telling the time, by its short name.",
            "type": "string",
            "enum": App::ALL.map(App::name),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_apps_share_a_name_or_a_number() {
        fn different<T: Ord>(of: impl Fn(App) -> T) -> bool {
            App::ALL.into_iter().map(of).collect::<BTreeSet<T>>().len() == App::ALL.len()
        }
        assert!(different(App::name));
        assert!(different(App::capture_name));
        assert!(different(App::title));
        assert!(different(|app| app.descriptor().number));
    }

    /// The numbers are in the bytes of every seeded run: they may never change.
    #[test]
    fn the_numbers_stay() {
        let numbers = App::ALL.map(|app| format!("{} {app}", app.descriptor().number)).join(", ");
        assert_eq!(numbers, "0 tcp, 1 web, 2 ajax, 3 sse, 4 ws, 5 poll, 6 ws-push, 7 long-poll, 8 iframe, 9 stream");
    }

    #[test]
    fn a_name_is_a_short_word_that_needs_no_quotes() {
        for app in App::ALL {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(app.name().chars().all(fits) && app.capture_name().chars().all(fits), "{app}");
            assert_eq!(app.name().parse(), Ok(app));
        }
    }

    #[test]
    fn is_its_name_in_json() {
        assert_eq!(serde_json::to_string(&[App::Tcp, App::Ws]).unwrap(), r#"["tcp","ws"]"#);
        assert_eq!(serde_json::from_str::<App>("\"ws\"").unwrap(), App::Ws);
        let error = serde_json::from_str::<App>("\"gopher\"").unwrap_err().to_string();
        assert!(error.starts_with("there is no app \"gopher\"; there are tcp, web, ajax, sse, ws"), "{error}");
    }

    #[test]
    fn every_page_has_a_place_for_the_time_around_it() {
        for page in App::ALL.into_iter().filter_map(|app| app.descriptor().page) {
            assert!(page.starts_with("{% extends \"page.html\" %}"), "{page}");
        }
    }
}
