//! How many round trips an update takes with each way.

use super::{Find, Known, Place, ReportFinding, Rule};
use crate::lookup;
use crate::numbers::duration;
use crate::tables::title;
use crate::times::Trips;

pub const RULE: Rule = Rule {
    id: "round-trips",
    title: "How many round trips an update takes",
    place: Place::Question(
        "The link has a round trip of the same length for all. Does every way need the same time for an update?",
    ),
    means: "A request and its answer travel once there and once back. What is pushed travels back only: half a round trip, which is \
            derived, not seen. A segment that waits for an ACK waits for a round trip more.",
    looks: "The time of the median update against the round trip of the handshake, without what a program or a loss made of it.",
    mistaken: "A measure of the server: its own time is told apart.",
    helps: "Ask less often, or let the server push.",
    source: "docs/time.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let own = known.captures().iter().enumerate().filter(|(_, capture)| capture.app.is_some());
    let said = own.filter_map(|(at, capture)| {
        let (trip, time) = (lookup::round_trip(capture)?, capture.per_update_time?);
        let trips = Trips::of(&time, trip);
        Some((at, format!("{} {} ({trips} {})", title(capture), duration(time.total_s()), trips.noun())))
    });
    let (captures, said): (Vec<usize>, Vec<String>) = said.unzip();
    if said.len() < 2 {
        return Vec::new();
    }
    let updates = captures.into_iter().map(|capture| known.update(capture));
    vec![RULE.seen(format!("{}.", said.join(", "))).shown_by(updates)]
}
