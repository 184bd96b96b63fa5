//! Questions to answer before looking, whose answers come from these very captures. A rule each.

pub(super) mod masked;
pub(super) mod page_packets;
pub(super) mod pays_off;
pub(super) mod round_trips;
pub(super) mod stream_or_websocket;
pub(super) mod useful;
pub(super) mod websocket_connections;

use super::{Evidence, Find, Known, Place, ReportFinding, Rule, words};
