//! The ladder: client left, server right, time down, an arrow a packet.
//!
//! Within a burst the picture is to scale as far as labels leave room: one round trip is [`TRIP`] high, and an arrow
//! slants by half of it. Idle time is folded, and the fold says how long it was.

use wirelab_analyze::model::{Capture, Kind, Packet};

use crate::html::svg::{Svg, px};
use crate::list::described;
use crate::lookup;
use crate::numbers::duration;
use crate::tables::title;

/// The ladder of a capture and how many packets it leaves out. `None` where no packets were kept.
pub fn render(capture: &Capture, id: &str) -> Option<(String, u64)> {
    if capture.packets.is_empty() {
        return None;
    }
    let shown: Vec<&Packet> = capture.packets.iter().take(MOST_ROWS).collect();
    let trip = lookup::round_trip(capture).filter(|&trip| trip > 0.000_5);
    let places = places(&shown, trip);
    let slant = if trip.is_some() { TRIP / 2.0 } else { 5.0 };
    let at_server = stamped_at_server(capture);
    let height = places.last().map_or(0.0, |place| place.y) + slant + 30.0;
    let several = capture.connections.len() > 1;
    let pic = format!("{id}-ladder");
    let mut svg = Svg::new(
        &pic,
        WIDTH,
        height,
        &format!("Packets between client and server: {}", title(capture)),
        "Client on the left, server on the right, time runs down. The packet list below says the same in words.",
    );
    svg.line("life", CLIENT, 26.0, CLIENT, height - 4.0);
    svg.line("life", SERVER, 26.0, SERVER, height - 4.0);
    svg.text("mid strong", CLIENT, 16.0, "client");
    svg.text("mid strong", SERVER, 16.0, "server");
    brackets(&mut svg, capture, &shown, &places);
    for (packet, place) in shown.iter().zip(&places) {
        if let Some(idle) = place.fold {
            let y = place.y - FOLD / 2.0 - slant / 2.0;
            svg.path(
                "fold",
                &format!("M{} {}h-12m0 5h12M{} {}h12m0 5h-12", px(CLIENT + 6.0), px(y), px(SERVER - 6.0), px(y)),
            );
            svg.text("mid quiet small", (CLIENT + SERVER) / 2.0, y + 6.0, &format!("{} of silence", duration(idle)));
        }
        arrow(&mut svg, capture, packet, place.y, slant, at_server, id, several);
    }
    Some((svg.finish(), capture.totals.total_packets - shown.len() as u64))
}

/// Where a packet stands, and how long the silence before it was where that is folded.
struct Place {
    y: f64,
    fold: Option<f64>,
}

fn places(packets: &[&Packet], trip: Option<f64>) -> Vec<Place> {
    let trip = trip.unwrap_or(0.025);
    let mut y = 52.0;
    let mut before: Option<&Packet> = None;
    packets
        .iter()
        .map(|packet| {
            let mut fold = None;
            if let Some(before) = before {
                let idle = (packet.time_s - before.time_s).max(0.0);
                if idle > trip * 6.0 && idle > 0.05 {
                    fold = Some(idle);
                    y += FOLD + ROW;
                } else {
                    y += (idle / trip * TRIP).clamp(ROW, TRIP);
                }
            }
            before = Some(packet);
            Place { y, fold }
        })
        .collect()
}

#[allow(clippy::too_many_arguments)]
fn arrow(
    svg: &mut Svg,
    capture: &Capture,
    packet: &Packet,
    y: f64,
    slant: f64,
    at_server: bool,
    id: &str,
    several: bool,
) {
    // A frame is stamped where it was captured: at that end it stands at y, at the other half a round trip away.
    let (from_y, to_y) = match (packet.from_client, at_server) {
        (true, true) | (false, false) => (y - slant, y),
        (true, false) | (false, true) => (y, y + slant),
    };
    let (from, to) = if packet.from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let again = packet.analysis.is_some_and(|name| name.contains("retransmission"));
    let class = match (packet.app_len > 0, again) {
        (_, true) => "arrow again",
        (true, false) => "arrow data",
        (false, false) => "arrow bare",
    };
    let class = format!("{class} {}", if packet.from_client { "up" } else { "down" });
    svg.open_link(&format!("{id}-p{}", packet.number));
    svg.line(&class, from, from_y, to, to_y);
    let back = if packet.from_client { -9.0 } else { 9.0 };
    let lean = (to_y - from_y) / (SERVER - CLIENT) * 9.0;
    svg.path(
        &format!("head {class}"),
        &format!(
            "M{} {}L{} {}L{} {}Z",
            px(to),
            px(to_y),
            px(to + back),
            px(to_y - lean - 4.0),
            px(to + back),
            px(to_y - lean + 4.0)
        ),
    );
    let mut label: String = described(packet).chars().take(64).collect();
    if several {
        label = format!("{label} \u{b7} connection {}", packet.connection);
    }
    let sizes = match packet.app_len {
        0 => format!("{} bytes", packet.frame_len),
        len => format!("{} bytes, {len} of data", packet.frame_len),
    };
    let (place, x) = if packet.from_client { ("", CLIENT + 14.0) } else { ("end ", SERVER - 14.0) };
    let near = from_y + (to_y - from_y) * 14.0 / (SERVER - CLIENT);
    let weight = if packet.app_len > 0 { "said" } else { "quiet" };
    svg.text(&format!("{place}{weight} small"), x, near - 3.0, &label);
    let (place, x) = if packet.from_client { ("end ", SERVER - 14.0) } else { ("", CLIENT + 14.0) };
    let near = to_y - (to_y - from_y) * 14.0 / (SERVER - CLIENT);
    svg.text(&format!("{place}quiet tiny"), x, near - 4.0, &sizes);
    svg.close_link();
    svg.text(
        "end quiet tiny",
        CLIENT - 12.0,
        if packet.from_client { from_y } else { to_y } + 4.0,
        &packet.number.to_string(),
    );
    let _ = capture;
}

/// A bracket at the right for each run of packets of one exchange.
fn brackets(svg: &mut Svg, capture: &Capture, packets: &[&Packet], places: &[Place]) {
    let mut runs: Vec<(usize, f64, f64)> = Vec::new();
    for (packet, place) in packets.iter().zip(places) {
        let Some(exchange) = packet.exchange else { continue };
        match runs.last_mut() {
            Some((same, _, to)) if *same == exchange => *to = place.y,
            _ => runs.push((exchange, place.y, place.y)),
        }
    }
    for (exchange, from, to) in runs {
        let Some(exchange) = capture.exchanges.get(exchange) else { continue };
        let name = match (exchange.kind, exchange.index) {
            (Kind::Update, Some(index)) => format!("update {index}"),
            (kind, _) => kind.name().to_owned(),
        };
        let x = SERVER + 14.0;
        svg.path("bracket", &format!("M{} {}h6V{}h-6", px(x), px(from - 12.0), px(to + 8.0)));
        svg.text("small strong", x + 12.0, (from + to) / 2.0 + 2.0, &name);
    }
}

/// Whether frames were stamped at the server: there the SYN-ACK follows its SYN at once, and the ACK comes a round trip later.
pub fn stamped_at_server(capture: &Capture) -> bool {
    for (at, _) in capture.connections.iter().enumerate() {
        let mut handshake = capture.packets.iter().filter(|p| p.connection as usize == at).take(3);
        if let (Some(syn), Some(answer), Some(ack)) = (handshake.next(), handshake.next(), handshake.next())
            && syn.flags == "SYN"
            && answer.flags == "SYN, ACK"
        {
            return answer.time_s - syn.time_s <= ack.time_s - answer.time_s;
        }
    }
    true
}

const WIDTH: f64 = 880.0;
const CLIENT: f64 = 56.0;
const SERVER: f64 = 740.0;
/// Height of one round trip.
const TRIP: f64 = 52.0;
/// Least height between two packets.
const ROW: f64 = 26.0;
/// Height of a fold.
const FOLD: f64 = 34.0;
/// Packets that a ladder shows.
const MOST_ROWS: usize = 60;
