//! What do the numbers of a report say? A rule each: the title of the report, its first sentences, and the headings above its
//! tables and pictures.

pub(super) mod break_even;
pub(super) mod crossings;
pub(super) mod heads;
pub(super) mod heads_each_time;
pub(super) mod load;
pub(super) mod no_updates;
pub(super) mod packets_of_update;
pub(super) mod push_span;
pub(super) mod pushed_or_asked;
pub(super) mod slowest_update;
pub(super) mod update_cost;
pub(super) mod update_span;
pub(super) mod useful_share;
pub(super) mod whole_span;

use super::{Evidence, Find, Known, Place, ReportFinding, Rule, Section, words};
