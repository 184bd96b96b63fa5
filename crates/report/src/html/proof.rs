//! A number is a proof: the packets that make up an exchange, a column a layer, and the sum before the reader's eyes.

use serde::Serialize;
use wirelab_analyze::model::{Capture, Column, Exchange, ExchangeName, Layer, Packet, Tally};

use crate::html::window::Window;
use crate::list::described;
use crate::lookup;
use crate::numbers::{capital, count, duration, grouped, word};

/// A panel that adds up.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// Its place in the page: "ws-u2".
    pub id: String,
    /// What it is, as a finding: "Update 2: three packets, 234 bytes".
    pub heading: String,
    /// What is worth knowing of it.
    pub notes: Vec<String>,
    /// The layers that occur, in order.
    pub layers: Vec<LayerHead>,
    /// A row a packet, or a row an exchange.
    pub rows: Vec<ProofRow>,
    /// What the first column is: "Packet" or "Exchange".
    pub first: &'static str,
    /// The sums of the layers' columns.
    pub sums: Vec<String>,
    /// The sum of all.
    pub total: String,
    /// The number of packets.
    pub packets: String,
    /// "34·3 + 96 + 36 = 234".
    pub formula: String,
    /// The Wireshark display filter of these packets.
    pub filter: Option<String>,
    /// The tshark command that lists them.
    pub tshark: Option<String>,
}

/// The head of a layer's column.
#[derive(Clone, Debug, Serialize)]
pub struct LayerHead {
    class: &'static str,
    name: &'static str,
}

/// One row of a proof.
#[derive(Clone, Debug, Serialize)]
pub struct ProofRow {
    /// Its place in the page, where it has one: "ws-u2-p18".
    pub id: Option<String>,
    /// "18".
    pub label: String,
    /// Where it leads: "ws-p18".
    pub href: Option<String>,
    /// "→" from the client, "←" from the server.
    pub arrow: &'static str,
    /// What it says.
    pub said: String,
    /// How many packets it stands for, in a table of exchanges.
    pub packets: Option<String>,
    /// Bytes a layer.
    pub cells: Vec<String>,
    /// All its bytes.
    pub total: String,
}

/// The place of an exchange in the page.
pub fn exchange_id(id: &str, at: usize, exchange: &Exchange) -> String {
    match exchange.name() {
        ExchangeName::Update(index) => format!("{id}-u{index}"),
        ExchangeName::Kind(_) => format!("{id}-x{}", at + 1),
    }
}

/// The panels of a capture: the whole, then its exchanges in order, then what was pushed.
pub fn all(capture: &Capture, id: &str, window: &Window) -> Vec<Proof> {
    let mut proofs = vec![whole(capture, id, window)];
    for &at in &window.exchanges {
        if let Some(exchange) = capture.exchanges.get(at) {
            proofs.push(of_exchange(capture, id, at, exchange, window));
        }
    }
    if let (Some(push), Some(median)) = (capture.push_only, lookup::median_update(capture)) {
        proofs.push(pushed(capture, id, median, &push, window));
    }
    proofs
}

/// The whole capture, a row an exchange.
fn whole(capture: &Capture, id: &str, window: &Window) -> Proof {
    let layers = layers(&capture.totals);
    let mut rows = Vec::new();
    let mut shown = Tally::default();
    for &at in &window.exchanges {
        let Some(exchange) = capture.exchanges.get(at) else { continue };
        shown += exchange.tally();
        rows.push(ProofRow {
            id: None,
            label: exchange.name().to_string(),
            href: Some(exchange_id(id, at, exchange)),
            arrow: "",
            said: exchange.label.to_string(),
            packets: Some(grouped(exchange.tally().total_packets)),
            cells: layers.iter().map(|layer| grouped(exchange.tally().of(*layer))).collect(),
            total: grouped(exchange.tally().frame_bytes),
        });
    }
    let rest = capture.totals.zip(shown, u64::saturating_sub);
    if rest.frame_bytes > 0 {
        rows.push(ProofRow {
            id: None,
            label: "the others".to_owned(),
            href: None,
            arrow: "",
            said: "exchanges that are counted and not shown one by one".to_owned(),
            packets: Some(grouped(rest.total_packets)),
            cells: layers.iter().map(|layer| grouped(rest.of(*layer))).collect(),
            total: grouped(rest.frame_bytes),
        });
    }
    let t = &capture.totals;
    let mut proof = summed(format!("{id}-sum"), &layers, rows, t);
    proof.first = "Exchange";
    proof.heading =
        format!("The whole capture: {} and {} bytes", count(t.total_packets, "packet"), grouped(t.frame_bytes));
    proof.filter = Some("tcp".to_owned());
    proof.tshark = capture.file.as_ref().map(|file| tshark(file, "tcp"));
    proof
}

/// One exchange, a row a packet.
fn of_exchange(capture: &Capture, id: &str, at: usize, exchange: &Exchange, window: &Window) -> Proof {
    let place = exchange_id(id, at, exchange);
    let packets = lookup::packets(capture, exchange);
    // A segment that carries two exchanges belongs to the first of them, but for the app bytes of the second.
    let own: Vec<&Packet> = packets.iter().copied().filter(|packet| packet.exchange == Some(at)).collect();
    let mut proof = of_packets(id, &place, &own, &exchange.tally(), window);
    let words = format!(
        "{} and {} bytes",
        count(exchange.tally().total_packets, "packet"),
        grouped(exchange.tally().frame_bytes)
    );
    let name = capital(&exchange.name().to_string());
    proof.heading = match (exchange.name(), exchange.own_label()) {
        (ExchangeName::Kind(_), Some(label)) => format!("{name}, {label}: {words}"),
        _ => format!("{name}: {words}"),
    };
    if capture.median_update.is_some() && exchange.index() == capture.median_update {
        proof.notes.push("This is the median update: the one that the table of one update shows.".to_owned());
    }
    if let Some(wait) = exchange.last_byte_s() {
        proof.notes.push(format!(
            "From the request to the last byte of the answer: {} where the frames were stamped; {} from first packet to last.",
            duration(wait),
            duration(exchange.duration_s())
        ));
    } else {
        proof.notes.push(format!("{} from first packet to last.", duration(exchange.duration_s())));
    }
    finish(proof, capture, exchange.packets.as_slice())
}

/// What of the median update the server pushed.
fn pushed(capture: &Capture, id: &str, median: &Exchange, push: &Tally, window: &Window) -> Proof {
    let numbers = pushed_packets(capture, median);
    let packets: Vec<&Packet> = numbers.iter().filter_map(|&number| lookup::packet(capture, number)).collect();
    let place = format!("{id}-push");
    let mut proof = of_packets(id, &place, &packets, push, window);
    proof.heading = format!(
        "Pushed: {} and {} bytes of update {}",
        count(push.total_packets, "packet"),
        grouped(push.frame_bytes),
        median.index().unwrap_or_default()
    );
    proof.notes.push("The server's packets with data and the client's ACKs of them, without the request.".to_owned());
    finish(proof, capture, &numbers)
}

/// The server's packets with new data, and the client's ACKs.
pub fn pushed_packets(capture: &Capture, median: &Exchange) -> Vec<u64> {
    lookup::packets(capture, median)
        .into_iter()
        .filter(|packet| {
            if packet.from_client {
                packet.app_len == 0
            } else {
                packet.spans.iter().any(|span| span.layer != Layer::Retransmitted)
            }
        })
        .map(|packet| packet.number)
        .collect()
}

/// Rows for these packets, and one more where they and the tally differ.
fn of_packets(id: &str, place: &str, packets: &[&Packet], tally: &Tally, window: &Window) -> Proof {
    let counted = packets.iter().fold(Tally::default(), |sum, packet| sum + packet.tally());
    let layers: Vec<Layer> =
        Layer::STACK.iter().copied().filter(|layer| tally.of(*layer) > 0 || counted.of(*layer) > 0).collect();
    let shown = packets.len().min(MOST_ROWS);
    let mut rows: Vec<ProofRow> = packets
        .iter()
        .take(shown)
        .map(|packet| {
            let bytes = packet.tally();
            ProofRow {
                id: Some(format!("{place}-p{}", packet.number)),
                label: packet.number.to_string(),
                href: window.shows(packet.number).then(|| format!("{id}-p{}", packet.number)),
                arrow: if packet.from_client { "\u{2192}" } else { "\u{2190}" },
                said: described(packet),
                packets: None,
                cells: layers.iter().map(|layer| grouped(bytes.of(*layer))).collect(),
                total: grouped(bytes.frame_bytes),
            }
        })
        .collect();
    let listed = packets.iter().take(shown).fold(Tally::default(), |sum, packet| sum + packet.tally());
    if listed.frame_bytes != tally.frame_bytes {
        let less = |now: u64, then: u64| match now.checked_sub(then) {
            Some(more) => grouped(more),
            None => format!("\u{2212}{}", grouped(then - now)),
        };
        let said = if shown < packets.len() || tally.total_packets > packets.len() as u64 {
            "packets that are counted and not shown"
        } else {
            "bytes that share a segment with another exchange"
        };
        rows.push(ProofRow {
            id: None,
            label: "\u{2026}".to_owned(),
            href: None,
            arrow: "",
            said: said.to_owned(),
            packets: None,
            cells: layers.iter().map(|layer| less(tally.of(*layer), listed.of(*layer))).collect(),
            total: less(tally.frame_bytes, listed.frame_bytes),
        });
    }
    summed(place.to_owned(), &layers, rows, tally)
}

fn finish(mut proof: Proof, capture: &Capture, numbers: &[u64]) -> Proof {
    proof.filter = filter(numbers);
    proof.tshark = proof.filter.as_ref().and_then(|filter| capture.file.as_ref().map(|file| tshark(file, filter)));
    proof
}

/// The display filter of these packets, where they are not too many for one.
pub fn filter(numbers: &[u64]) -> Option<String> {
    let list: Vec<String> = numbers.iter().map(u64::to_string).collect();
    (1..=MOST_IN_FILTER).contains(&list.len()).then(|| format!("frame.number in {{{}}}", list.join(", ")))
}

fn summed(id: String, layers: &[Layer], rows: Vec<ProofRow>, tally: &Tally) -> Proof {
    Proof {
        id,
        heading: String::new(),
        notes: Vec::new(),
        layers: layers.iter().map(|layer| LayerHead { class: layer.class(), name: layer.name() }).collect(),
        rows,
        first: "Packet",
        sums: layers.iter().map(|layer| grouped(tally.of(*layer))).collect(),
        total: grouped(tally.frame_bytes),
        packets: grouped(tally.total_packets),
        formula: formula(tally),
        filter: None,
        tshark: None,
    }
}

/// "34·3 + 96 + 36 = 234": the columns that add up to the frame; what is below TCP is mostly the same in each packet.
fn formula(tally: &Tally) -> String {
    let packets = tally.total_packets;
    let summand = |column: Column| {
        let bytes = column.of(tally);
        match bytes.checked_div(packets) {
            Some(each) if column == Column::LowerBytes && each * packets == bytes => {
                format!("{each}\u{b7}{}", grouped(packets))
            }
            _ => grouped(bytes),
        }
    };
    format!("{} = {}", Column::SUMMANDS.map(summand).join(" + "), grouped(tally.frame_bytes))
}

fn layers(tally: &Tally) -> Vec<Layer> {
    Layer::STACK.iter().copied().filter(|layer| tally.of(*layer) > 0).collect()
}

/// The command that lists these packets with their bytes by layer.
pub fn tshark(file: &str, filter: &str) -> String {
    let file = quoted(file);
    format!("tshark -r {file} -Y '{filter}' -T fields -e frame.number -e frame.len -e tcp.hdr_len -e tcp.len")
}

/// A file's name as a shell takes it.
pub fn quoted(file: &str) -> String {
    if file.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/')) {
        file.to_owned()
    } else {
        format!("'{}'", file.replace('\'', "'\\''"))
    }
}

/// A capture's heading: what an update costs there.
pub fn capture_heading(capture: &Capture) -> String {
    let title = crate::tables::title(capture);
    match &capture.per_update {
        Some(update) => {
            let what = capture.foreign_update().map_or_else(|| "an update".to_owned(), |of| format!("for one {of}"));
            format!(
                "{title}: {} packet{} and {} bytes {what}",
                word(update.total_packets),
                if update.total_packets == 1 { "" } else { "s" },
                grouped(update.frame_bytes)
            )
        }
        None => format!(
            "{title}: {} and {} bytes",
            count(capture.totals.total_packets, "packet"),
            grouped(capture.totals.frame_bytes)
        ),
    }
}

/// Rows of one panel.
const MOST_ROWS: usize = 120;
/// Numbers in one filter.
const MOST_IN_FILTER: usize = 60;
