//! The end of the conversation against that of 2021.

use wirelab_analyze::model::{Kind, Tally};
use wirelab_catalog::published::Ending;

use super::{Find, Found, Known, Place, ReportFinding, Rule, kinds, together};
use crate::lookup;
use crate::numbers::{count, grouped};

pub const RULE: Rule = Rule {
    id: "ending-of-2021",
    title: "Another ending than in 2021",
    place: Place::Numbers,
    means: "How the two ends close, whether a FIN also carries an ACK, and whether a socket is closed before the last bytes arrive, \
            decides how many packets an ending takes. It is no part of an update.",
    looks: "All closes of a capture beside what was published.",
    mistaken: "A capture that ends before the connection does.",
    helps: "Nothing need be done: it is paid once a connection.",
    source: "RFC 9293, section 3.6",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let mut found = Vec::new();
    for (at, capture, facts) in known.comparable() {
        let (now, then) = kinds(capture, &facts, Kind::Close);
        if now.total_packets == then.total_packets {
            continue;
        }
        let evidence = known.kind(at, Kind::Close);
        let is_reset = |number: &u64| lookup::packet(capture, *number).is_some_and(|packet| packet.flags.rst());
        let resets = evidence.packets.iter().any(is_reset);
        let text = format!(
            "closing takes {} and {} bytes, {} and {} in 2021.{}",
            count(now.total_packets, "packet"),
            grouped(now.frame_bytes),
            count(then.total_packets, "packet"),
            grouped(then.frame_bytes),
            why(facts.ending, resets, &now, &then),
        );
        found.push(Found { text, name: capture.name.clone(), evidence });
    }
    together(&RULE, found)
}

/// What is known of the ending of 2021, and what is seen of this one.
fn why(then: Ending, resets: bool, now_all: &Tally, then_all: &Tally) -> &'static str {
    match then {
        Ending::Reset if !resets => {
            " The browser of 2021 had closed its socket when the server's last bytes arrived, and its TCP answered them with two RST; \
             here there is no RST."
        }
        Ending::Reset => {
            " In 2021 the client's TCP answered the server's last bytes with two RST; here there are RST, too."
        }
        Ending::Unnoticed if now_all.total_packets > then_all.total_packets => {
            " The capture of 2021 ended before the server noticed that the client had gone."
        }
        Ending::Plain | Ending::Unnoticed => "",
    }
}
