//! The three tables: the whole capture, one update, and what the server alone pushes.
//!
//! Every form of the report shows these tables and no others; a form decides how a cell looks, never what is in it.

use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Column, Tally};
use wirelab_catalog::{App, Words};

use crate::published::{self, Published};

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// All packets of each capture.
    Overall,
    /// The median update of each capture.
    PerUpdate,
    /// Of it, the server's data packets and the client's ACKs.
    PushOnly,
}

impl TableKind {
    /// All tables, in the order in which they are shown.
    pub const ALL: [TableKind; 3] = [TableKind::PerUpdate, TableKind::PushOnly, TableKind::Overall];

    /// The name in CSV and in links.
    pub fn name(self) -> &'static str {
        match self {
            TableKind::Overall => "overall",
            TableKind::PerUpdate => "per_update",
            TableKind::PushOnly => "push_only",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            TableKind::Overall => "The whole capture",
            TableKind::PerUpdate => "One update",
            TableKind::PushOnly => "Push only",
        }
    }

    /// What its rows are, in a sentence.
    pub fn caption(self) -> &'static str {
        match self {
            TableKind::Overall => "All TCP packets of each capture, from the first SYN to the last ACK.",
            TableKind::PerUpdate => {
                "The median update of each capture, with the packets that ask for it, bring it and acknowledge it."
            }
            TableKind::PushOnly => {
                "Of that update only the server's data packets and the client's ACKs of them: what it costs where the \
                 server may speak without being asked."
            }
        }
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Which.
    pub kind: TableKind,
    /// A row a capture; captures for which the table has nothing to say are left out.
    pub rows: Vec<Row>,
}

/// What one capture has to say in a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which capture: an index into the analysis.
    pub capture: usize,
    /// Which of wirelab's apps it is of, if of any.
    pub app: Option<App>,
    /// Its name: "wsapp".
    pub name: String,
    /// Its name for people: "WebSocket", or what its updates are in a capture of someone else ("GET /time").
    pub title: String,
    /// What an update is in a capture that wirelab did not make: "GET /time". `None` for its own apps.
    pub of: Option<String>,
    /// The row itself.
    pub tally: Tally,
    /// The least and the most of each column over all updates, where updates differ.
    pub range: Option<(Tally, Tally)>,
    /// The published row of 2021, where there is one and the two are comparable.
    pub published: Option<Tally>,
}

impl Row {
    /// The title inside a sentence: "the full page".
    pub fn inline(&self) -> &str {
        inline(self.app, &self.title)
    }

    /// The title as the subject of a sentence: "A full page".
    pub fn subject(&self) -> &str {
        self.words().map_or(&self.title, |words| words.subject)
    }

    /// One update of it inside a sentence: "a full-page update".
    pub fn an_update(&self) -> String {
        self.words().map_or_else(|| format!("one {}", self.title), |words| words.an_update.to_owned())
    }

    fn words(&self) -> Option<&'static Words> {
        self.app.map(|app| &app.descriptor().words)
    }

    /// The value of a column.
    pub fn value(&self, column: Column) -> u64 {
        column.of(&self.tally)
    }

    /// The published value, where there is one.
    pub fn published(&self, column: Column) -> Option<u64> {
        self.published.as_ref().map(|row| column.of(row))
    }

    /// The least and the most over all updates, where they differ.
    pub fn range(&self, column: Column) -> Option<(u64, u64)> {
        let (min, max) = self.range.as_ref()?;
        let (min, max) = (column.of(min), column.of(max));
        (min != max).then_some((min, max))
    }

    /// Whether any column differs from the published one.
    pub fn differs_from_published(&self) -> bool {
        self.published.as_ref().is_some_and(|row| Column::ALL.iter().any(|c| c.of(row) != c.of(&self.tally)))
    }
}

/// The tables of an analysis; those without a row are left out.
pub fn tables(analysis: &Analysis) -> Vec<Table> {
    TableKind::ALL
        .into_iter()
        .map(|kind| {
            let rows =
                analysis.captures.iter().enumerate().filter_map(|(at, capture)| row(kind, at, capture)).collect();
            Table { kind, rows }
        })
        .filter(|table: &Table| !table.rows.is_empty())
        .collect()
}

/// What a capture is called for people: its app's title, or its own name.
pub fn title(capture: &Capture) -> String {
    capture.app.map_or_else(|| capture.name.clone(), |app| app.title().to_owned())
}

/// A title inside a sentence: an app's own words, else the title as it is.
pub fn inline(app: Option<App>, title: &str) -> &str {
    app.map_or(title, |app| app.descriptor().words.inline)
}

fn row(kind: TableKind, at: usize, capture: &Capture) -> Option<Row> {
    let facts: Option<Published> = capture.app.and_then(published::of);
    let (tally, published) = match kind {
        // The totals of 2021 are those of three updates: with another number of them they say nothing.
        TableKind::Overall => {
            (capture.totals, facts.filter(|_| capture.update_count == published::UPDATES).map(|facts| facts.overall))
        }
        TableKind::PerUpdate => (capture.per_update?, facts.map(|facts| facts.per_update)),
        TableKind::PushOnly => (capture.push_only?, facts.and_then(|facts| facts.push_only)),
    };
    let range = match (kind, &capture.update_range) {
        (TableKind::PerUpdate, Some(range)) if range.min != range.max => Some((range.min, range.max)),
        _ => None,
    };
    let title = match (kind, capture.app, &capture.per_update_of) {
        (TableKind::PerUpdate | TableKind::PushOnly, None, Some(of)) => of.clone(),
        _ => title(capture),
    };
    let of = capture.foreign_update().map(str::to_owned);
    Some(Row { capture: at, app: capture.app, name: capture.name.clone(), title, of, tally, range, published })
}
