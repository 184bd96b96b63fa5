//! Why does a number differ from the one of 2021, or one update from the next?
//!
//! Each rule looks at the packets that were measured and speaks only where it finds its cause in them: a rule that
//! finds nothing says nothing. The sentences name the packets, so that a reader can check them.

mod totals;

use std::fmt;

use serde::{Serialize, Serializer};
use wirelab_analyze::model::{Capture, Exchange, FindingId, Layer, TcpAnalysis};
use wirelab_catalog::App;

use crate::lookup;
use crate::numbers::{capital, count, grouped, listed, word};
use crate::published::{self, Published};
use crate::run_info::RunInfo;

pub use totals::{KindRow, by_kind};

/// One cause, and what it does to the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The capture it was found in: an index into the analysis.
    pub capture: usize,
    /// The capture's name.
    pub name: String,
    /// What it is about.
    pub subject: Subject,
    /// What happens, and what it costs or saves.
    pub text: String,
    /// The packets in which it is seen.
    pub packets: Vec<u64>,
    /// The captures with the same cause.
    pub likewise: Vec<Likewise>,
    /// The standard's section that says so.
    pub source: Option<Source>,
}

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Head and body of an answer in one segment.
    OneSegment,
    /// Head and body of an answer in two segments.
    HeadAndBodyApart,
    /// A packet more in the first update.
    FirstUpdate,
    /// Fewer options in the SYN.
    ShorterSyn,
    /// ACKs that ride on answers.
    FewerAcks,
    /// Another length of the request's head.
    OtherRequest,
    /// Another length of the answer's head.
    OtherAnswer,
    /// Another length of the content.
    OtherContent,
    /// Another length of the framing.
    OtherFraming,
    /// Other headers below TCP.
    OtherLink,
    /// TCP headers of another length.
    OtherTcpOptions,
    /// A packet more in a later update.
    AckOfItsOwn,
    /// An answer that came after the delayed ACK.
    DelayedAck,
    /// Retransmissions.
    SentAgain,
    /// More or fewer connections.
    OtherConnections,
    /// More or fewer packets at the end.
    OtherEnding,
    /// The one published figure that its own capture contradicts.
    Miscount,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::OneSegment => "one segment where 2021 had two",
            Subject::HeadAndBodyApart => "head and body apart",
            Subject::FirstUpdate => "the first update has one packet more",
            Subject::ShorterSyn => "a shorter SYN",
            Subject::FewerAcks => "one ACK fewer than in 2021",
            Subject::OtherRequest => "another client's request",
            Subject::OtherAnswer => "another server's answer",
            Subject::OtherContent => "other content",
            Subject::OtherFraming => "other framing",
            Subject::OtherLink => "another link",
            Subject::OtherTcpOptions => "other TCP options",
            Subject::AckOfItsOwn => "an ACK of its own",
            Subject::DelayedAck => "an ACK that came late",
            Subject::SentAgain => "packets sent again",
            Subject::OtherConnections => "another number of connections",
            Subject::OtherEnding => "another ending",
            Subject::Miscount => "a miscount in the table of 2021",
        })
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The same cause in another capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Likewise {
    /// The capture: an index into the analysis.
    pub capture: usize,
    /// Its name.
    pub name: String,
    /// What happens there.
    pub text: String,
    /// The packets in which it is seen there.
    pub packets: Vec<u64>,
}

impl Difference {
    /// The text with the other captures of the same cause behind it.
    pub fn whole_text(&self) -> String {
        if self.likewise.is_empty() {
            return self.text.clone();
        }
        let others: Vec<String> = self
            .likewise
            .iter()
            .map(|other| match other.packets.as_slice() {
                [] => other.name.clone(),
                [only] => format!("{} (packet {only})", other.name),
                [first, .., last] => format!("{} (packets {first} to {last})", other.name),
            })
            .collect();
        format!("{} The same in {}.", self.text, listed(&others))
    }
}

/// A section of a standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// "RFC 9293, section 3.7.4".
    pub title: &'static str,
    /// Where it can be read.
    pub url: &'static str,
}

/// Nagle's algorithm.
pub const NAGLE: Source =
    Source { title: "RFC 9293, section 3.7.4", url: "https://www.rfc-editor.org/rfc/rfc9293#section-3.7.4" };
/// Delayed acknowledgements.
pub const DELAYED_ACK: Source =
    Source { title: "RFC 9293, section 3.8.6.3", url: "https://www.rfc-editor.org/rfc/rfc9293#section-3.8.6.3" };
/// TCP options in SYN segments.
pub const OPTIONS: Source =
    Source { title: "RFC 9293, section 3.2", url: "https://www.rfc-editor.org/rfc/rfc9293#section-3.2" };
/// Closing a connection.
pub const CLOSING: Source =
    Source { title: "RFC 9293, section 3.6", url: "https://www.rfc-editor.org/rfc/rfc9293#section-3.6" };
/// Request header fields and what may be left out.
pub const HEADER_FIELDS: Source =
    Source { title: "RFC 9110, section 6.3", url: "https://www.rfc-editor.org/rfc/rfc9110#section-6.3" };

/// Everything that can be explained about these captures.
pub fn explain(captures: &[Capture], run: Option<&RunInfo>) -> Vec<Difference> {
    let mut found = Vec::new();
    for (at, capture) in captures.iter().enumerate() {
        let mut add = |subject: Subject, text: String, packets: Vec<u64>, source: Option<Source>| {
            found.push(Difference {
                capture: at,
                name: capture.name.clone(),
                subject,
                text,
                packets,
                likewise: Vec::new(),
                source,
            });
        };
        if let (Some(app), Some(median)) = (capture.app, lookup::median_update(capture)) {
            if let Some(facts) = published::of(app) {
                segments(capture, median, &facts, &mut add);
                parts(app, median, &facts, run, &mut add);
            }
            headers(median, &mut add);
        }
        uneven_updates(capture, &mut add);
        if let Some(facts) = totals::comparable(capture) {
            totals::setup(capture, &facts, &mut add);
            totals::fewer_acks(capture, &facts, &mut add);
            totals::close(capture, &facts, &mut add);
            totals::miscount(capture, &facts, &mut add);
        }
        losses(capture, &mut add);
    }
    told_once(found)
}

/// Puts captures with the same cause together, where the cause is the same for all of them.
fn told_once(found: Vec<Difference>) -> Vec<Difference> {
    let mut told: Vec<Difference> = Vec::new();
    for difference in found {
        let same = told.iter_mut().find(|first| first.subject == difference.subject);
        match same {
            Some(first) if SHARED.contains(&difference.subject) => {
                first.likewise.push(Likewise {
                    capture: difference.capture,
                    name: difference.name,
                    text: difference.text,
                    packets: difference.packets,
                });
            }
            _ => told.push(difference),
        }
    }
    told
}

/// A cause found: its subject, its text, the packets, the standard.
type Add<'a> = dyn FnMut(Subject, String, Vec<u64>, Option<Source>) + 'a;

/// Head and body of an answer in one segment, or in two.
fn segments(capture: &Capture, median: &Exchange, facts: &Published, add: &mut Add<'_>) {
    if facts.per_update.layers[Layer::ResponseHead] == 0 {
        return;
    }
    let packets = lookup::packets(capture, median);
    let data = lookup::server_data(&packets);
    let then = facts.per_update.total_packets;
    match data.as_slice() {
        [only] if median.tally().total_packets < then => {
            let fewer = then - median.tally().total_packets;
            add(
                Subject::OneSegment,
                format!(
                    "The server writes the head and the body of its answer at once, so both leave in packet {} and one ACK \
                     answers for both: {} packets an update. The server of 2021 wrote the head first and the body after it. With Nagle's \
                     algorithm on, a small second segment has to wait until the first is acknowledged: head, ACK, body, ACK make \
                     {} packets with the request, {} more headers and one more round trip.",
                    only.number,
                    word(median.tally().total_packets),
                    word(then),
                    word(fewer),
                ),
                vec![only.number],
                Some(NAGLE),
            );
        }
        [head, .., body] => {
            let ack_between = packets
                .iter()
                .find(|packet| packet.from_client && packet.number > head.number && packet.number < body.number);
            let waited = [FindingId::AckWait, FindingId::NagleDelayedAck]
                .into_iter()
                .any(|id| lookup::shows(capture, id, body.number));
            if let Some(ack) = ack_between.filter(|_| waited) {
                add(
                    Subject::HeadAndBodyApart,
                    format!(
                        "The server writes the head (packet {}) before the body (packet {}). Nagle's algorithm holds the small second \
                         segment back until the first is acknowledged (packet {}), so the update takes {} packets and two round trips. \
                         Written at once it would take one segment and one ACK less, and one round trip instead of two.",
                        head.number,
                        body.number,
                        ack.number,
                        word(median.tally().total_packets),
                    ),
                    vec![head.number, ack.number, body.number],
                    Some(NAGLE),
                );
            }
        }
        _ => {}
    }
}

/// The parts of the app bytes against those of 2021.
fn parts(app: App, median: &Exchange, facts: &Published, run: Option<&RunInfo>, add: &mut Add<'_>) {
    let (now, then) = (&median.tally(), &facts.per_update);
    let profile = run.map(|run| run.options.client.as_str()).filter(|client| !client.is_empty());
    if then.layers[Layer::RequestHead] > 0 && now.layers[Layer::RequestHead] != then.layers[Layer::RequestHead] {
        let by = profile.map_or_else(String::new, |client| format!(" (client profile \"{client}\")"));
        add(
            Subject::OtherRequest,
            format!(
                "The request's head takes {} bytes; Firefox 89 sent {} in 2021{}. What a browser says of itself in its header \
                 fields, and how long the Host and Referer texts are, decides this number; the server has no part in it.",
                grouped(now.layers[Layer::RequestHead]),
                grouped(then.layers[Layer::RequestHead]),
                if by.is_empty() { String::new() } else { format!(". The client here{by} sends other fields") },
            ),
            median.packets.iter().take(1).copied().collect(),
            Some(HEADER_FIELDS),
        );
    }
    if then.layers[Layer::ResponseHead] > 0 && now.layers[Layer::ResponseHead] != then.layers[Layer::ResponseHead] {
        add(
            Subject::OtherAnswer,
            format!(
                "The answer's head takes {} bytes, {} in 2021: this server sends other header fields.",
                grouped(now.layers[Layer::ResponseHead]),
                grouped(then.layers[Layer::ResponseHead])
            ),
            vec![],
            Some(HEADER_FIELDS),
        );
    }
    if now.layers[Layer::Content] != then.layers[Layer::Content] {
        let what = app.descriptor().words.content;
        add(
            Subject::OtherContent,
            format!(
                "{what} is {} bytes long, {} in 2021. The page's text is wirelab's own; the time in it is the same 8 characters.",
                grouped(now.layers[Layer::Content]),
                grouped(then.layers[Layer::Content])
            ),
            vec![],
            None,
        );
    }
    if now.layers[Layer::Framing] != then.layers[Layer::Framing] {
        add(
            Subject::OtherFraming,
            format!(
                "Framing takes {} bytes, {} in 2021: chunk sizes, “data:” or WebSocket headers of another length.",
                grouped(now.layers[Layer::Framing]),
                grouped(then.layers[Layer::Framing])
            ),
            vec![],
            None,
        );
    }
}

/// Headers below the payload of another length than on the wire of 2021.
fn headers(median: &Exchange, add: &mut Add<'_>) {
    let packets = median.tally().total_packets;
    if median.tally().layers[Layer::Lower] != published::LOWER_BYTES * packets {
        add(
            Subject::OtherLink,
            format!(
                "Below TCP these {} carry {} bytes, not the {} that Ethernet and IPv4 without options take ({} a packet): another \
                 link, IPv6, options or padding.",
                count(packets, "packet"),
                grouped(median.tally().layers[Layer::Lower]),
                grouped(published::LOWER_BYTES * packets),
                published::LOWER_BYTES
            ),
            vec![],
            None,
        );
    }
    if median.tally().layers[Layer::Tcp] != 32 * packets {
        add(
            Subject::OtherTcpOptions,
            format!(
                "The TCP headers of these {} take {} bytes, not the {} that headers with timestamps take (32 a packet).",
                count(packets, "packet"),
                grouped(median.tally().layers[Layer::Tcp]),
                grouped(32 * packets)
            ),
            vec![],
            Some(OPTIONS),
        );
    }
}

/// Updates with more packets than the median one.
fn uneven_updates(capture: &Capture, add: &mut Add<'_>) {
    let Some(median) = lookup::median_update(capture) else { return };
    let larger =
        capture.exchanges.updates().filter(|update| update.tally().total_packets > median.tally().total_packets);
    let mut quick: Vec<(u64, u64, u64)> = Vec::new();
    let mut late: Vec<(u64, u64)> = Vec::new();
    for update in larger.filter(|update| update.tally().retransmitted_packets == 0) {
        let packets = lookup::packets(capture, update);
        let more_acks =
            lookup::server_acks(&packets).len() > lookup::server_acks(&lookup::packets(capture, median)).len();
        let Some(ack) = lookup::server_acks(&packets).first().copied().filter(|_| more_acks) else { continue };
        let index = update.index().unwrap_or_default();
        // Whether it came at once or late is for the findings to say; else nothing is known of its cause.
        if lookup::shows(capture, FindingId::QuickAck, ack.number) {
            quick.push((index, ack.number, update.tally().total_packets));
        } else if lookup::shows(capture, FindingId::DelayedAck, ack.number) {
            late.push((index, ack.number));
        }
    }
    let median_packets = word(median.tally().total_packets);
    if let Some(&(index, ack, packets)) = quick.first() {
        let which = if index == 1 { "The first update".to_owned() } else { format!("Update {index}") };
        let others = match quick.len() - 1 {
            0 => String::new(),
            more => format!(" ({} like it)", count(more as u64, "other update")),
        };
        add(
            if index == 1 { Subject::FirstUpdate } else { Subject::AckOfItsOwn },
            format!(
                "{which} takes {} packets where the median takes {median_packets}{others}. Packet {ack} is an ACK on its own: the \
                 server's TCP acknowledged the request at once, and did not wait for the answer, which came soon after it and could \
                 have carried the ACK.",
                word(packets),
            ),
            quick.iter().map(|&(_, number, _)| number).collect(),
            Some(DELAYED_ACK),
        );
    }
    if !late.is_empty() {
        let which: Vec<String> = late.iter().take(5).map(|(index, _)| index.to_string()).collect();
        add(
            Subject::DelayedAck,
            format!(
                "In update {} the server acknowledged the request late, and before its answer: the ACK left alone, one packet more than \
                 the median's {median_packets}.",
                listed(&which)
            ),
            late.iter().map(|&(_, number)| number).collect(),
            Some(DELAYED_ACK),
        );
    }
}

/// Retransmissions and losses.
fn losses(capture: &Capture, add: &mut Add<'_>) {
    let again = capture.totals.retransmitted_packets;
    if again > 0 {
        add(
            Subject::SentAgain,
            format!(
                "{} of {} carried only what had been on the wire before: {} bytes of payload again. They count as packets and bytes \
                 of the exchange that they repeat, because the wire carried them.",
                capital(&grouped(again)),
                count(capture.totals.total_packets, "packet"),
                grouped(capture.totals.layers[Layer::Retransmitted])
            ),
            capture
                .packets
                .iter()
                .filter(|packet| packet.analysis.is_some_and(TcpAnalysis::is_retransmission))
                .map(|packet| packet.number)
                .take(20)
                .collect(),
            Some(Source { title: "RFC 9293, section 3.8", url: "https://www.rfc-editor.org/rfc/rfc9293#section-3.8" }),
        );
    }
}

/// Causes that are the same wherever they are found.
const SHARED: [Subject; 5] =
    [Subject::OneSegment, Subject::HeadAndBodyApart, Subject::FirstUpdate, Subject::ShorterSyn, Subject::FewerAcks];
