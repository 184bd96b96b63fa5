//! Which apps are meant by a word on the command line? An app by its name, or several by what they have in common.

use std::fmt;
use std::str::FromStr;

use crate::{App, Renewal, UnknownApp};

/// One app, or a group of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// This one.
    One(App),
    /// Those of a group.
    Group(Group),
}

/// Apps that have something in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// All there are.
    All,
    /// What a run takes when it is not told which.
    Classic,
    /// The client asks.
    Pull,
    /// The server holds the request until there is something new.
    Held,
    /// The server speaks by itself.
    Push,
}

impl Choice {
    /// Everything that can be chosen: the groups, then the apps.
    pub fn every() -> impl Iterator<Item = Choice> {
        Group::ALL.into_iter().map(Choice::Group).chain(App::ALL.into_iter().map(Choice::One))
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Choice::One(app) => app.name(),
            Choice::Group(group) => group.name(),
        }
    }

    /// What it means, in a few words.
    pub fn help(self) -> &'static str {
        match self {
            Choice::One(app) => app.descriptor().help,
            Choice::Group(group) => group.help(),
        }
    }

    /// The apps that are meant, in the order of the tables.
    pub fn apps(self) -> impl Iterator<Item = App> {
        App::ALL.into_iter().filter(move |&app| match self {
            Choice::One(one) => app == one,
            Choice::Group(group) => group.has(app),
        })
    }
}

impl Group {
    /// All groups.
    pub const ALL: [Group; 5] = [Group::All, Group::Classic, Group::Pull, Group::Held, Group::Push];

    fn name(self) -> &'static str {
        match self {
            Group::All => "all",
            Group::Classic => "classic",
            Group::Pull => "pull",
            Group::Held => "held",
            Group::Push => "push",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Group::All => "All apps",
            Group::Classic => "The five that were compared in 2021",
            Group::Pull => "Those in which the client asks, once for an update or again and again",
            Group::Held => "Those in which the server holds a request until there is something new",
            Group::Push => "Those in which the server speaks without being asked",
        }
    }

    fn has(self, app: App) -> bool {
        match self {
            Group::All => true,
            Group::Classic => App::classic().any(|classic| classic == app),
            Group::Pull => matches!(app.renewal(), Renewal::Asked | Renewal::Polled),
            Group::Held => app.renewal() == Renewal::Held,
            Group::Push => app.renewal() == Renewal::Pushed,
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Choice {
    type Err = UnknownApp;

    fn from_str(name: &str) -> Result<Choice, UnknownApp> {
        match Group::ALL.into_iter().find(|group| group.name() == name) {
            Some(group) => Ok(Choice::Group(group)),
            None => name.parse().map(Choice::One),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn chosen(name: &str) -> Vec<App> {
        name.parse::<Choice>().unwrap().apps().collect()
    }

    #[test]
    fn every_word_means_something_of_its_own() {
        let names: BTreeSet<&str> = Choice::every().map(Choice::name).collect();
        assert_eq!(names.len(), Choice::every().count());
        for choice in Choice::every() {
            assert_eq!(choice.name().parse(), Ok(choice));
            assert!(choice.apps().count() > 0, "{choice}");
        }
        assert!("gopher".parse::<Choice>().is_err());
    }

    #[test]
    fn the_default_is_what_2021_compared() {
        assert_eq!(chosen("classic"), [App::Tcp, App::Web, App::Ajax, App::Sse, App::Ws]);
    }

    #[test]
    fn each_app_is_asked_held_or_pushed() {
        let all: Vec<App> = ["pull", "held", "push"].into_iter().flat_map(chosen).collect();
        assert_eq!(all.len(), App::ALL.len());
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), chosen("all").into_iter().collect());
    }
}
