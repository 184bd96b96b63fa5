//! Headers of another length than on the wire of 2021.

use wirelab_analyze::model::{Capture, Layer};

use super::{Find, Found, Known, Place, ReportFinding, Rule, together};
use crate::lookup;
use crate::numbers::{count, grouped};
use crate::published::LOWER_BYTES;

pub const RULE: Rule = Rule {
    id: "headers-of-2021",
    title: "Other headers than in 2021",
    place: Place::Numbers,
    means: "Ethernet and IPv4 without options take 34 bytes a packet, and TCP with timestamps 32. Another link, IPv6, other options or \
            padding take more or less.",
    looks: "The headers of the median update's packets, by their number.",
    mistaken: "More packets: the headers of each are counted by themselves.",
    helps: "Compare the headers of a packet: `wirelab show FILE --packet N`.",
    source: "RFC 7323, section 3.2",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let own = known.captures().iter().enumerate().filter(|(_, capture)| capture.app.is_some());
    let found = own.flat_map(|(at, capture)| {
        let found = said(capture).into_iter().map(move |text| (at, capture.name.clone(), text));
        found.collect::<Vec<_>>()
    });
    let told = found.map(|(at, name, text)| Found { text, name, evidence: known.update(at) });
    together(&RULE, told.collect())
}

fn said(capture: &Capture) -> Vec<String> {
    let Some(median) = lookup::median_update(capture).map(|median| median.tally()) else { return Vec::new() };
    let packets = median.total_packets;
    let of = |layer: Layer, each: u64, what: &str, usual: &str| {
        let (now, then) = (median.layers[layer], each * packets);
        (now != then).then(|| {
            format!(
                "{what} {} of an update take {} bytes, not the {} that {usual} take ({each} a packet).",
                count(packets, "packet"),
                grouped(now),
                grouped(then)
            )
        })
    };
    let lower = of(Layer::Lower, LOWER_BYTES, "below TCP the", "Ethernet and IPv4 without options");
    let tcp = of(Layer::Tcp, TCP_BYTES, "the TCP headers of the", "headers with timestamps");
    lower.into_iter().chain(tcp).collect()
}

/// A TCP header with timestamps.
const TCP_BYTES: u64 = 32;
