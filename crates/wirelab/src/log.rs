//! Who listens to the log?
//!
//! The crates log with `tracing`. Here each line of it that was asked for becomes a line on standard error: warnings if
//! nothing was asked for, else what `--log` or `RUST_LOG` names, a level (`debug`), one for a part of the program
//! (`wirelab_apps=debug`), or several with commas between.

use std::fmt::{self, Write};
use std::str::FromStr;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::terminal;

/// Which lines are shown.
#[derive(Clone, Debug)]
pub struct Filter(Targets);

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Filter, String> {
        let targets: Targets = text.parse().map_err(|_error| EXPECTED.to_owned())?;
        // A word that is no level is read as a part of the program, of which there is none.
        match targets.iter().find(|(target, _)| !PARTS.iter().any(|part| target.starts_with(part))) {
            Some((target, _)) => Err(format!("there is no \"{target}\"; {EXPECTED}")),
            None => Ok(Filter(targets)),
        }
    }
}

/// Shows from now on what was asked for: by the flag, else by `RUST_LOG`, else warnings.
pub fn listen(flag: Option<Filter>) {
    let from_environment = || {
        let text = std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty())?;
        // Written for other programs too: what is not for this one does not stop it.
        Some(text.parse::<Targets>().ok().map(Filter).unwrap_or_else(|| {
            terminal::say(format_args!("wirelab: RUST_LOG is not understood, warnings are shown; {EXPECTED}"));
            Filter::warnings()
        }))
    };
    let Filter(shown) = flag.or_else(from_environment).unwrap_or_else(Filter::warnings);
    // It fails where somebody listens already, which nobody does.
    let _ = tracing::subscriber::set_global_default(Lines { shown });
}

impl Filter {
    fn warnings() -> Filter {
        Filter(Targets::new().with_default(LevelFilter::WARN))
    }
}

/// Writes events as lines. Spans are not used in this program.
struct Lines {
    shown: Targets,
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.shown.would_enable(metadata.target(), metadata.level())
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut words = Words::default();
        event.record(&mut words);
        let Words { message, fields } = words;
        if *metadata.level() <= Level::WARN {
            terminal::say(format_args!("wirelab: {message}{fields}"));
        } else {
            let now = jiff::Zoned::now().strftime("%T%.3f");
            terminal::say(format_args!("{now} {} {}: {message}{fields}", metadata.level(), metadata.target()));
        }
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// What an event says: its message, and its other fields as ` name=value`.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

const PARTS: [&str; 1] = ["wirelab"];
const EXPECTED: &str = "expected off, error, warn, info, debug or trace, or a part of the program with one of them: \
    wirelab_apps=debug";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_parts_with_levels() {
        for (text, apps, wire) in [
            ("off", None, None),
            ("warn", Some(Level::WARN), Some(Level::WARN)),
            ("DEBUG", Some(Level::DEBUG), Some(Level::DEBUG)),
            ("wirelab_apps=debug", Some(Level::DEBUG), None),
            ("info,wirelab_apps::http=trace,wirelab_wire=off", Some(Level::INFO), None),
        ] {
            let Filter(shown) = text.parse().expect("a filter");
            let most = |target| {
                [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR]
                    .into_iter()
                    .find(|level| shown.would_enable(target, level))
            };
            assert_eq!((most("wirelab_apps"), most("wirelab_wire")), (apps, wire), "{text}");
        }
        for text in ["loud", "wirelab_apps=loud", "debug,hyper=trace", "="] {
            assert!(text.parse::<Filter>().expect_err("no filter").contains("expected off, error"), "{text}");
        }
    }
}
