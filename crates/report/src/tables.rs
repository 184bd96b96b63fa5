//! The three tables: the whole capture, one update, and what the server alone pushes.
//!
//! Every form of the report shows these tables and no others; a form decides how a cell looks, never what is in it.

use foldhash::HashMap;
use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Column, Mean, Tally};
use wirelab_catalog::{App, Words};

use crate::findings::Section;
use crate::numbers::Amount;
use crate::published::{self, Published};

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// All packets of each capture.
    Overall,
    /// The median update of each capture, or the mean of all.
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

    /// The part of a report that it is.
    pub fn section(self) -> Section {
        match self {
            TableKind::Overall => Section::Overall,
            TableKind::PerUpdate => Section::PerUpdate,
            TableKind::PushOnly => Section::PushOnly,
        }
    }

    /// What its rows are, in a sentence.
    pub fn caption(self) -> &'static str {
        match self {
            TableKind::Overall => "All TCP packets of each capture, from the first SYN to the last ACK.",
            TableKind::PerUpdate => {
                "The median update of each capture, with the packets that ask for it, bring it and acknowledge it; the mean of \
                 all, with a decimal, where more than a tenth of them share a packet or an ACK with something else."
            }
            TableKind::PushOnly => {
                "Of that update only the server's data packets and the client's ACKs of them: what it costs where the \
                 server may speak without being asked."
            }
        }
    }
}

/// A column of a row: a whole number, or one with a decimal.
pub(crate) fn amount(row: &Mean, column: Column) -> Amount {
    match row.parts() {
        1 => Amount::whole(column.of(row.sum())),
        _ => Amount::tenths(column.of(&row.rounded(10))),
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
    /// Its name: "wsapp". No two rows of a table have the same.
    pub name: String,
    /// Its name for people: "WebSocket", or what its updates are in a capture of someone else ("GET /time"). Where several
    /// rows would have the same, the name stands behind it.
    pub title: String,
    /// What sets it apart from rows of the same title: " (wsapp)".
    apart: String,
    /// What an update is in a capture that wirelab did not make: "GET /time". `None` for its own apps.
    pub of: Option<String>,
    /// The row in whole packets and bytes: as it is, or, where it is a mean, rounded so that it adds up.
    pub tally: Tally,
    /// The row as it is.
    pub cost: Mean,
    /// How many updates share a packet or an ACK with something else, and of how many, where the row is their mean.
    pub sharing: Option<(u64, u64)>,
    /// Of one update: what its connections cost from first packet to last, shared out to the updates, where that is more than
    /// a tenth above the row.
    pub all_in: Option<Mean>,
    /// The least and the most of each column over all updates, where updates differ.
    pub range: Option<(Tally, Tally)>,
    /// The published row of 2021, where there is one and the two are comparable.
    pub published: Option<Tally>,
}

impl Row {
    /// The title inside a sentence: "the full page".
    pub fn inline(&self) -> String {
        self.said(|words| words.inline)
    }

    /// The title as the subject of a sentence: "A full page".
    pub fn subject(&self) -> String {
        self.said(|words| words.subject)
    }

    /// One update of it inside a sentence: "a full-page update".
    pub fn an_update(&self) -> String {
        if self.app.is_some() { self.said(|words| words.an_update) } else { format!("one {}", self.title) }
    }

    fn said(&self, of: fn(&Words) -> &'static str) -> String {
        self.words().map_or_else(|| self.title.clone(), |words| format!("{}{}", of(words), self.apart))
    }

    fn words(&self) -> Option<&'static Words> {
        self.app.map(|app| &app.descriptor().words)
    }

    /// The value of a column.
    pub fn amount(&self, column: Column) -> Amount {
        amount(&self.cost, column)
    }

    /// The value of a column, all in.
    pub fn all_in(&self, column: Column) -> Option<Amount> {
        self.all_in.as_ref().map(|all_in| amount(all_in, column))
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
        Column::ALL.iter().any(|&column| self.differs(column))
    }

    /// Whether a column differs from the published one.
    pub fn differs(&self, column: Column) -> bool {
        self.published(column).is_some_and(|then| Amount::whole(then) != self.amount(column))
    }
}

/// The tables of an analysis; those without a row are left out.
pub fn tables(analysis: &Analysis) -> Vec<Table> {
    TableKind::ALL
        .into_iter()
        .map(|kind| {
            let captures = analysis.captures.iter().enumerate();
            let mut rows: Vec<Row> = captures.filter_map(|(at, capture)| row(kind, at, capture)).collect();
            let names = told_apart(rows.iter().map(|row| (row.name.clone(), String::new())));
            rows.iter_mut().zip(names).for_each(|(row, apart)| row.name += &apart);
            let titles = told_apart(rows.iter().map(|row| (row.title.clone(), row.name.clone())));
            for (row, apart) in rows.iter_mut().zip(titles) {
                row.title += &apart;
                row.apart = apart;
            }
            Table { kind, rows }
        })
        .filter(|table: &Table| !table.rows.is_empty())
        .collect()
}

/// The names of the captures of an analysis, where they stand beside each other: no two the same.
pub fn names(analysis: &Analysis) -> Vec<String> {
    let apart = told_apart(analysis.captures.iter().map(|capture| (capture.name.clone(), String::new())));
    analysis.captures.iter().zip(apart).map(|(capture, apart)| capture.name.clone() + &apart).collect()
}

/// What the captures of an analysis are called for people, where they stand beside each other: no two the same.
pub fn titles(analysis: &Analysis) -> Vec<String> {
    let called = analysis.captures.iter().zip(names(analysis));
    let apart = told_apart(called.map(|(capture, name)| (title(capture), name)));
    analysis.captures.iter().zip(apart).map(|(capture, apart)| title(capture) + &apart).collect()
}

/// What to put behind each of these titles, so that no two are the same: the name, and where that does not help, a number.
fn told_apart(called: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let called: Vec<(String, String)> = called.collect();
    let alike = |one: &(String, String), same: fn(&(String, String), &(String, String)) -> bool| {
        called.iter().filter(|other| same(one, other)).count() > 1
    };
    let mut numbers: HashMap<&(String, String), usize> = HashMap::default();
    let apart = called.iter().map(|one| {
        let mut apart = String::new();
        if alike(one, |a, b| a.0 == b.0) && one.0 != one.1 && !one.1.is_empty() {
            match one.1.strip_prefix(&one.0) {
                Some(number) => apart += number,
                None => apart += &format!(" ({})", one.1),
            }
        }
        if alike(one, |a, b| a == b) {
            let number = numbers.entry(one).or_insert(0);
            *number += 1;
            if *number > 1 {
                apart += &format!(" ({number})");
            }
        }
        apart
    });
    apart.collect()
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
    let (cost, published) = match kind {
        // The totals of 2021 are those of three updates: with another number of them they say nothing.
        TableKind::Overall => (
            Mean::whole(capture.totals),
            facts.filter(|_| capture.update_count == published::UPDATES).map(|facts| facts.overall),
        ),
        TableKind::PerUpdate => (capture.update_row()?, facts.map(|facts| facts.per_update)),
        TableKind::PushOnly => (Mean::whole(capture.push_only?), facts.and_then(|facts| facts.push_only)),
    };
    let is_mean = kind == TableKind::PerUpdate && capture.per_update.is_none();
    let sharing = is_mean.then_some((capture.updates_sharing_packets, capture.update_count));
    let is_dear = |all_in: &Mean| all_in.column(Column::FrameBytes) > cost.column(Column::FrameBytes) * 1.1;
    let all_in = capture.per_update_all_in.filter(|all_in| kind == TableKind::PerUpdate && is_dear(all_in));
    let range = match (kind, &capture.update_range) {
        // Of updates that share their packets, the least has none: that is how they are booked, not what one costs.
        (TableKind::PerUpdate, Some(range)) if !is_mean && range.min != range.max => Some((range.min, range.max)),
        _ => None,
    };
    let title = match (kind, capture.app, &capture.per_update_of) {
        (TableKind::PerUpdate | TableKind::PushOnly, None, Some(of)) => of.clone(),
        _ => title(capture),
    };
    let of = capture.foreign_update().map(str::to_owned);
    Some(Row {
        capture: at,
        app: capture.app,
        name: capture.name.clone(),
        title,
        apart: String::new(),
        of,
        tally: cost.rounded(1),
        cost,
        sharing,
        all_in,
        range,
        published,
    })
}
