//! What of an update is heads of HTTP, and what is headers below.

use wirelab_analyze::model::{Exchange, Layer};

use super::words::extremes;
use super::{Find, Known, Place, ReportFinding, Rule};
use crate::numbers::percent;
use crate::tables::TableKind;

pub const RULE: Rule = Rule {
    id: "heads-and-headers",
    title: "What an update is made of besides what it brings",
    place: Place::Lead,
    means: "HTTP says in each request and in each answer again who speaks and in what form. The headers of link, IP and TCP come with \
            every packet, whatever it carries.",
    looks: "The bytes of the dearest update's heads, and those below the payload of the cheapest one.",
    mistaken: "Waste: heads carry what caches, proxies and browsers need.",
    helps: "A protocol that says its head once (WebSocket, an event stream), or fewer header fields.",
    source: "RFC 9110, section 6.3",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let Some((least, most)) = extremes(known.rows(TableKind::PerUpdate)) else { return Vec::new() };
    let head = most.tally.layers[Layer::RequestHead] + most.tally.layers[Layer::ResponseHead];
    if least.capture == most.capture || head == 0 {
        return Vec::new();
    }
    let below = least.tally.frame_bytes - least.tally.app_bytes;
    let has_head = |one: &Exchange| one.tally().of(Layer::RequestHead) + one.tally().of(Layer::ResponseHead) > 0;
    let all = known.captures().get(most.capture);
    let each_time = all.is_some_and(|all| all.rows_left_out == 0 && all.exchanges.updates().all(has_head));
    let text = format!(
        "HTTP heads make {} of {}{}; in {} {} of the bytes are link, IP and TCP headers, which come \
         with every packet.",
        percent(head, most.tally.frame_bytes),
        most.an_update(),
        if each_time { ", and every update repeats them" } else { "" },
        least.an_update(),
        percent(below, least.tally.frame_bytes),
    );
    vec![RULE.seen(text).shown_by(known.updates([most, least]))]
}
