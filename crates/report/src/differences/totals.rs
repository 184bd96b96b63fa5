//! Where the totals of a capture differ from those of 2021: set-up, ACKs, endings, exchange by exchange.

use wirelab_analyze::model::{Capture, Kind, Layer, Tally};
use wirelab_catalog::published::Ending;
use wirelab_dissect::tcp::Flags;

use super::{Add, CLOSING, DELAYED_ACK, OPTIONS, Subject};
use crate::lookup;
use crate::numbers::{capital, count, grouped, word};
use crate::published::{self, Published};

/// The handshake against that of 2021.
pub(super) fn setup(capture: &Capture, facts: &Published, add: &mut Add<'_>) {
    let (now, then) = kinds(capture, facts, Kind::Setup);
    if now.total_packets == then.total_packets && now.layers[Layer::Tcp] < then.layers[Layer::Tcp] {
        add(
            Subject::ShorterSyn,
            format!(
                "The {} of the handshake carry {} bytes of TCP header, {} in 2021: the client's macOS padded the options of its SYN to \
                 44 bytes of header{}.",
                count(now.total_packets, "packet"),
                grouped(now.layers[Layer::Tcp]),
                grouped(then.layers[Layer::Tcp]),
                syn_header(capture).map_or_else(String::new, |len| format!(", the client here needs {len}"))
            ),
            first_packets(capture, Kind::Setup),
            Some(OPTIONS),
        );
    } else if now.total_packets != then.total_packets {
        add(
            Subject::OtherConnections,
            format!(
                "{} for setting up connections, {} in 2021.",
                capital(&count(now.total_packets, "packet")),
                word(then.total_packets)
            ),
            first_packets(capture, Kind::Setup),
            None,
        );
    }
}

/// How long the TCP header of the first SYN is.
fn syn_header(capture: &Capture) -> Option<u32> {
    capture.packets.iter().find(|packet| packet.flags == Flags::SYN).map(|packet| packet.tcp_len)
}

/// Plain ACKs that the server of 2021 sent and that ride on answers here.
pub(super) fn fewer_acks(capture: &Capture, facts: &Published, add: &mut Add<'_>) {
    let all = [Kind::Page, Kind::Subscribe, Kind::Update].map(|kind| kinds(capture, facts, kind));
    let fewer =
        all.iter().filter(|(now, then)| now.app_packets == then.app_packets && now.total_packets < then.total_packets);
    let packets: u64 = fewer.map(|(now, then)| then.total_packets - now.total_packets).sum();
    if packets > 0 {
        add(
            Subject::FewerAcks,
            format!(
                "As many packets with data as in 2021, and {} without: then the server acknowledged a request in a packet of its \
                 own, and here the answer carries the ACK.",
                count(packets, "packet") + " fewer"
            ),
            vec![],
            Some(DELAYED_ACK),
        );
    }
}

/// The end of the conversation against that of 2021.
pub(super) fn close(capture: &Capture, facts: &Published, add: &mut Add<'_>) {
    let (now, then) = kinds(capture, facts, Kind::Close);
    if now.total_packets == then.total_packets {
        return;
    }
    let numbers: Vec<u64> = exchange_packets(capture, Kind::Close);
    let resets = numbers.iter().filter_map(|&n| lookup::packet(capture, n)).filter(|p| p.flags.rst()).count() as u64;
    let why = match facts.ending {
        Ending::Reset if resets == 0 => {
            " The browser of 2021 had closed its socket when the server's last bytes arrived, and its TCP answered them with two RST; \
             here both sides hear each other out."
        }
        Ending::Reset => {
            " As in 2021 the client had closed its socket when the server's last bytes arrived, and its TCP answers them with RST; how \
             many of these there are depends on who is first, and is no part of an update."
        }
        Ending::Unnoticed if now.total_packets > then.total_packets => {
            " The server of 2021 did not notice that the client had gone before the capture ended, so it sent no FIN; this one does."
        }
        Ending::Plain | Ending::Unnoticed => {
            " How the two ends close, and whether a FIN also carries an ACK, decides this; it is no part of an update."
        }
    };
    add(
        Subject::OtherEnding,
        format!(
            "Closing takes {} and {} bytes, {} and {} in 2021.{why}",
            count(now.total_packets, "packet"),
            grouped(now.frame_bytes),
            count(then.total_packets, "packet"),
            grouped(then.frame_bytes)
        ),
        numbers,
        Some(CLOSING),
    );
}

/// The one figure in which the table of 2021 and its packets disagree.
pub(super) fn miscount(capture: &Capture, facts: &Published, add: &mut Add<'_>) {
    if let Some(miscount) = facts.miscount
        && capture.totals.app_packets == miscount.app_packets
    {
        add(
            Subject::Miscount,
            format!(
                "{} packets with data here; the published table says {}. Its own capture holds {} too: {}. The other \
                 published figures hold to the byte.",
                capital(&word(capture.totals.app_packets)),
                facts.overall.app_packets,
                miscount.app_packets,
                miscount.they_are
            ),
            vec![],
            None,
        );
    }
}

/// One kind of exchange, measured and published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindRow {
    /// The kind.
    pub kind: Kind,
    /// Here.
    pub now: Tally,
    /// In 2021.
    pub then: Tally,
}

/// The whole capture by what its packets were for, beside 2021: where the totals differ. Empty where the two are not
/// comparable.
pub fn by_kind(capture: &Capture) -> Vec<KindRow> {
    let Some(facts) = comparable(capture) else { return Vec::new() };
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let (now, then) = kinds(capture, &facts, kind);
            KindRow { kind, now, then }
        })
        .filter(|row| row.now.total_packets + row.then.total_packets > 0)
        .collect()
}

/// The figures of 2021, where the capture has as many updates as theirs had: with another number of them the totals
/// say nothing.
pub(super) fn comparable(capture: &Capture) -> Option<Published> {
    capture.app.filter(|_| capture.update_count == published::UPDATES).and_then(published::of)
}

fn kinds(capture: &Capture, facts: &Published, kind: Kind) -> (Tally, Tally) {
    (lookup::of_kind(capture, kind), facts.of_kind(kind))
}

fn first_packets(capture: &Capture, kind: Kind) -> Vec<u64> {
    capture.exchanges.iter().find(|exchange| exchange.kind == kind).map(|e| e.packets.clone()).unwrap_or_default()
}

fn exchange_packets(capture: &Capture, kind: Kind) -> Vec<u64> {
    let mut numbers: Vec<u64> = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.kind == kind)
        .flat_map(|e| e.packets.iter().copied())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
