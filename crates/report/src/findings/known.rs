//! What may rules of a report look at?

use wirelab_analyze::model::{Analysis, Capture, Exchange, Kind};
use wirelab_catalog::App;

use super::Evidence;
use super::costs::Cost;
use crate::bytes::CaptureBytes;
use crate::lookup;
use crate::published::{self, Published};
use crate::run_info::RunInfo;
use crate::tables::{Row, Table, TableKind};

/// A report in the making: its captures, their tables, and what is known besides.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The captures.
    pub analysis: &'a Analysis,
    /// Their tables.
    pub tables: &'a [Table],
    /// How they were made, where a run.json says so.
    pub run: Option<&'a RunInfo>,
    /// The frames of each, as far as they were kept.
    pub bytes: &'a [CaptureBytes],
}

impl<'a> Known<'a> {
    pub(super) fn captures(&self) -> &'a [Capture] {
        &self.analysis.captures
    }

    /// The rows of a table; none where there is no such table.
    pub(super) fn rows(&self, kind: TableKind) -> &'a [Row] {
        self.tables.iter().find(|table| table.kind == kind).map_or(&[], |table| &table.rows)
    }

    /// The row of an app in a table.
    pub(super) fn row_of(&self, kind: TableKind, app: App) -> Option<&'a Row> {
        self.rows(kind).iter().find(|row| row.app == Some(app))
    }

    /// The captures of the lab's own apps, each with its place and what was published of it in 2021.
    pub(super) fn published(&self) -> impl Iterator<Item = (usize, &'a Capture, Published)> {
        let all = self.captures().iter().enumerate();
        all.filter_map(|(at, capture)| Some((at, capture, capture.app.and_then(published::of)?)))
    }

    /// The same of those with as many updates as theirs had: totals of another number of them say nothing.
    pub(super) fn comparable(&self) -> impl Iterator<Item = (usize, &'a Capture, Published)> {
        self.published().filter(|(_, capture, _)| published::comparable(capture).is_some())
    }

    /// The update that a row shows: the median one, or all of them where the row is their mean.
    pub(super) fn update(&self, capture: usize) -> Evidence {
        let Some(of) = self.captures().get(capture) else { return Evidence::default() };
        match lookup::median_place(of) {
            Some(median) => Evidence::of(capture, of, [median]),
            None => self.all(capture, |one| one.kind == Kind::Update),
        }
    }

    /// Those of a capture's exchanges.
    pub(super) fn all(&self, capture: usize, which: impl Fn(&Exchange) -> bool) -> Evidence {
        let Some(of) = self.captures().get(capture) else { return Evidence::default() };
        let places = of.exchanges.iter().enumerate().filter(|(_, one)| which(one)).map(|(place, _)| place);
        Evidence::of(capture, of, places)
    }

    /// What is paid once.
    pub(super) fn once(&self, cost: &Cost) -> Evidence {
        self.captures()
            .get(cost.capture)
            .map_or_else(Evidence::default, |of| Evidence::of(cost.capture, of, cost.paid.iter().copied()))
    }

    /// All exchanges of a kind.
    pub(super) fn kind(&self, capture: usize, kind: Kind) -> Evidence {
        self.all(capture, |one| one.kind == kind)
    }

    /// The updates that these rows show.
    pub(super) fn updates<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Vec<Evidence> {
        let mut captures: Vec<usize> = rows.into_iter().map(|row| row.capture).collect();
        captures.dedup();
        captures.into_iter().map(|capture| self.update(capture)).collect()
    }
}
