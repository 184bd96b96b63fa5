//! The parts of an update's payload against those of 2021.

use wirelab_analyze::model::{Capture, Layer};

use super::{Find, Found, Known, Place, ReportFinding, Rule, together};
use crate::lookup;
use crate::numbers::grouped;
use crate::published::Published;

pub const RULE: Rule = Rule {
    id: "parts-of-2021",
    title: "Other payload than in 2021",
    place: Place::Numbers,
    means: "What a browser says of itself in its header fields, and how long the Host and Referer texts are, decides how long a \
            request's head is; the server decides the answer's head, the content and the framing. The pages are wirelab's own, the \
            time in them is the same 8 characters.",
    looks: "The payload of the median update, split into heads, framing and content, beside what was published.",
    mistaken: "Another protocol: the same words in the same order may be longer or shorter.",
    helps: "`run-all --replay` sends what was sent in 2021.",
    source: "RFC 9110, section 6.3",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let profile = known.run.map(|run| run.options.client.as_str()).filter(|client| !client.is_empty());
    let mut findings = Vec::new();
    for (at, capture, facts) in known.published() {
        let said = |layer: Layer| said(capture, &facts, layer, profile).map(|text| (layer, text));
        let found =
            [Layer::RequestHead, Layer::ResponseHead, Layer::Content, Layer::Framing].into_iter().filter_map(said);
        for (layer, text) in found {
            let found = Found { text, name: capture.name.clone(), evidence: known.update(at) };
            let options = if layer == Layer::RequestHead && profile.is_some() { vec!["client"] } else { Vec::new() };
            findings.extend(together(&RULE, vec![found]).into_iter().map(|mut finding| {
                finding.options.clone_from(&options);
                finding
            }));
        }
    }
    findings
}

fn said(capture: &Capture, facts: &Published, layer: Layer, profile: Option<&str>) -> Option<String> {
    let median = lookup::median_update(capture)?.tally();
    let (now, then) = (median.layers[layer], facts.per_update.layers[layer]);
    let is_head = matches!(layer, Layer::RequestHead | Layer::ResponseHead);
    if now == then || is_head && then == 0 {
        return None;
    }
    let (now, then) = (grouped(now), grouped(then));
    Some(match layer {
        Layer::RequestHead => {
            let by = profile.map_or_else(String::new, |client| format!(" (client profile \"{client}\")"));
            format!("the request's head takes {now} bytes{by}; Firefox 89 sent {then} in 2021.")
        }
        Layer::ResponseHead => format!("the answer's head takes {now} bytes, {then} in 2021."),
        Layer::Content => {
            let what = capture.app.map_or("The content", |app| app.descriptor().words.content);
            format!("{what} is {now} bytes long, {then} in 2021.")
        }
        _ => format!("framing takes {now} bytes, {then} in 2021: chunk sizes, “data:” or WebSocket headers."),
    })
}
