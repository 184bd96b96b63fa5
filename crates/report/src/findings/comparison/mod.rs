//! What differs between two reports? A rule each.

pub(super) mod acks;
pub(super) mod closing;
pub(super) mod extent;
pub(super) mod headers;
pub(super) mod in_one_only;
pub(super) mod opening;
mod pairs;
pub(super) mod segments;
pub(super) mod sent_again;
pub(super) mod time;
pub(super) mod what_changed;
pub(super) mod words;

use wirelab_analyze::model::Capture;

use super::{Evidence, Find, Place, ReportFinding, Rule};
use crate::compare::Pair;
use crate::report::Report;

/// Two reports beside each other.
#[derive(Debug)]
pub struct Compared<'a> {
    /// The two.
    pub sides: [&'a Report; 2],
    /// What they are called.
    pub names: [&'a str; 2],
    /// Which captures stand beside each other.
    pub pairs: &'a [Pair],
    /// How many cells of their tables both have, and how many of these differ.
    pub cells: usize,
    /// How many of these differ.
    pub differing: usize,
}

/// A capture of each side, of the same thing.
#[derive(Clone, Copy)]
struct Pairing<'a> {
    /// Indices into the captures of each side.
    at: [usize; 2],
    captures: [&'a Capture; 2],
}

impl<'a> Compared<'a> {
    /// The captures that both sides have.
    fn pairings(&self) -> impl Iterator<Item = Pairing<'a>> + '_ {
        self.pairs.iter().filter_map(|&(one, other)| {
            let at = [one?, other?];
            let [left, right] = self.sides;
            let captures = [left.analysis.captures.get(at[0])?, right.analysis.captures.get(at[1])?];
            Some(Pairing { at, captures })
        })
    }

    /// The place of a side's capture among those of both.
    fn place(&self, side: usize, at: usize) -> usize {
        let before = if side == 0 { 0 } else { self.sides[0].analysis.captures.len() };
        before + at
    }

    /// These exchanges of a side's capture.
    fn evidence(&self, side: usize, of: &Pairing<'_>, exchanges: impl IntoIterator<Item = usize>) -> Evidence {
        Evidence::of(self.place(side, of.at[side]), of.captures[side], exchanges)
    }
}

impl Pairing<'_> {
    /// What the two are called.
    fn name(&self) -> String {
        let [a, b] = self.captures.map(|capture| capture.name.as_str());
        if a == b { a.to_owned() } else { format!("{a} / {b}") }
    }
}
