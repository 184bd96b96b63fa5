//! The ladder: client left, server right, time down, an arrow a packet.
//!
//! Within a burst the picture is to scale as far as labels leave room: one round trip is `TRIP` high, and an arrow
//! slants by half of it. Idle time is folded, and the fold says how long it was.

use foldhash::HashMap;
use wirelab_analyze::model::{Capture, Packet, TcpAnalysis};
use wirelab_dissect::tcp::Flags;

use crate::html::svg::{Svg, px};
use crate::html::window::Window;
use crate::list::described;
use crate::lookup;
use crate::numbers::duration;
use crate::tables::title;

/// The ladder of a capture with at most so many packets, and how many it leaves out. `None` where no packets were kept.
pub(crate) fn render(capture: &Capture, id: &str, most: usize, window: &Window) -> Option<(String, u64)> {
    if capture.packets.is_empty() {
        return None;
    }
    let shown: Vec<&Packet> = capture.packets.iter().take(most).collect();
    let trip = lookup::round_trip(capture);
    let slant = slant(trip);
    let at_server = stamped_at_server(capture);
    let places = places(&shown, trip, slant, at_server);
    let height = places.last().map_or(0.0, |place| place.y) + slant + 30.0;
    let several = capture.connections.len() > 1;
    let pic = format!("{id}-ladder");
    let mut svg = Svg::with_links(
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
    let arrows: Vec<Arrow> =
        shown.iter().zip(&places).map(|(packet, place)| Arrow::new(packet, place.y, slant, at_server)).collect();
    for (place, arrow) in places.iter().zip(&arrows) {
        if let Some((idle, y)) = place.fold {
            let (left, right) = (px(CLIENT - 8.0), px(SERVER - 8.0));
            svg.path("fold", &format!("M{left} {}h16m0 5h-16M{right} {}h16m0 5h-16", px(y), px(y)));
            svg.text("mid quiet small", (CLIENT + SERVER) / 2.0, y + 6.0, &format!("{} of silence", duration(idle)));
        }
        arrow.line(&mut svg);
    }
    // Labels after all lines, so that none is crossed out.
    let mut connection = None;
    for (packet, arrow) in shown.iter().zip(&arrows) {
        let other = several && connection != Some(packet.connection);
        connection = Some(packet.connection);
        let leads_somewhere = window.shows(packet.number);
        if leads_somewhere {
            svg.open_link(&format!("{id}-p{}", packet.number));
        }
        arrow.label(&mut svg, packet, other);
        if leads_somewhere {
            svg.close_link();
        }
    }
    Some((svg.finish(), capture.totals.total_packets - shown.len() as u64))
}

/// Where a packet stands, and how long the silence before it was where that is folded.
struct ArrowPlace {
    y: f64,
    /// The silence, and where it is said.
    fold: Option<(f64, f64)>,
}

/// How far below the one before it a packet stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// In the picture's own measure.
    pub down: f64,
    /// The silence between the two in seconds, where it is folded.
    pub silence: Option<f64>,
}

/// Says how far packets stand below one another, one by one.
#[derive(Clone, Debug)]
pub struct Steps {
    trip: f64,
    last_s: Option<f64>,
}

impl Steps {
    /// With a round trip of so many seconds, where it is known.
    pub fn new(trip: Option<f64>) -> Steps {
        Steps { trip: trip.filter(|&trip| trip > SHORTEST_TRIP_S).unwrap_or(0.025), last_s: None }
    }

    /// The step to a packet of this time.
    pub fn next(&mut self, time_s: f64) -> Step {
        let Some(last_s) = self.last_s.replace(time_s) else { return Step { down: FIRST, silence: None } };
        let idle = (time_s - last_s).max(0.0);
        if idle > self.trip * 6.0 && idle > 0.05 {
            Step { down: FOLD + ROW, silence: Some(idle) }
        } else {
            Step { down: (idle / self.trip * TRIP).clamp(ROW, TRIP), silence: None }
        }
    }
}

/// How far an arrow slants: half of a round trip, or a little where there is none to speak of.
pub fn slant(trip: Option<f64>) -> f64 {
    if trip.is_some_and(|trip| trip > SHORTEST_TRIP_S) { TRIP / 2.0 } else { 5.0 }
}

fn places(packets: &[&Packet], trip: Option<f64>, slant: f64, at_server: bool) -> Vec<ArrowPlace> {
    let mut steps = Steps::new(trip);
    let mut y = 0.0;
    let mut before: Option<&Packet> = None;
    packets
        .iter()
        .map(|packet| {
            let Step { down, silence } = steps.next(packet.time_s);
            let lowest = if before.is_some_and(|before| before.from_client == at_server) { y } else { y + slant };
            let fold = silence.map(|idle| (idle, lowest + 14.0));
            y += down;
            before = Some(packet);
            ArrowPlace { y, fold }
        })
        .collect()
}

/// How a packet's arrow is drawn: what is sent again is dashed, data weighs more than an ACK.
pub fn weight(packet: &Packet) -> &'static str {
    let again = packet.analysis.is_some_and(TcpAnalysis::is_retransmission);
    match (packet.app_len > 0, again) {
        (_, true) => "again",
        (true, false) => "data",
        (false, false) => "bare",
    }
}

/// What stands beside an arrow: the words, and the length.
pub fn words(packet: &Packet) -> (String, String) {
    let said: String = described(packet).chars().take(58).collect();
    let size = match packet.app_len {
        0 => format!("{} bytes", packet.frame_len),
        len => format!("{} bytes, {len} of data", packet.frame_len),
    };
    (said, size)
}

/// One packet on its way: where it leaves and where it arrives.
struct Arrow {
    from: (f64, f64),
    to: (f64, f64),
    class: String,
}

impl Arrow {
    fn new(packet: &Packet, y: f64, slant: f64, at_server: bool) -> Arrow {
        // A frame is stamped where it was captured: there it stands at y, at the other end half a round trip away.
        let (from_y, to_y) = if packet.from_client == at_server { (y - slant, y) } else { (y, y + slant) };
        let (from, to) = if packet.from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let weight = weight(packet);
        let way = if packet.from_client { "up" } else { "down" };
        Arrow { from: (from, from_y), to: (to, to_y), class: format!("arrow {weight} {way}") }
    }

    fn line(&self, svg: &mut Svg) {
        let ((x1, y1), (x2, y2)) = (self.from, self.to);
        svg.line(&self.class, x1, y1, x2, y2);
        let back = if x2 > x1 { -10.0 } else { 10.0 };
        let lean = (y2 - y1) / (x2 - x1) * back;
        svg.path(
            &format!("head {}", self.class),
            &format!(
                "M{} {}L{} {}L{} {}Z",
                px(x2),
                px(y2),
                px(x2 + back),
                px(y2 + lean - 4.5),
                px(x2 + back),
                px(y2 + lean + 4.5)
            ),
        );
    }

    /// Number, words and length at the sender's end.
    fn label(&self, svg: &mut Svg, packet: &Packet, other_connection: bool) {
        let (mut said, size) = words(packet);
        if other_connection {
            said = format!("{said} (connection {})", packet.connection);
        }
        let weight = if packet.app_len > 0 { "said" } else { "quiet" };
        let inward = if packet.from_client { 16.0 } else { -16.0 };
        let anchor = if packet.from_client { "" } else { "end " };
        let y = self.from.1 - 4.0;
        svg.words(anchor, self.from.0 + inward, y, &[(weight, &said), ("quiet", &size)]);
        let beside = if packet.from_client { ("end ", CLIENT - 10.0) } else { ("", SERVER + 10.0) };
        svg.text(&format!("{}quiet tiny", beside.0), beside.1, self.from.1 + 4.0, &packet.number.to_string());
    }
}

/// A bracket at the right for each run of packets of one exchange.
fn brackets(svg: &mut Svg, capture: &Capture, packets: &[&Packet], places: &[ArrowPlace]) {
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
        let name = exchange.name().to_string();
        let x = SERVER + 40.0;
        svg.path("bracket", &format!("M{} {}h6V{}h-6", px(x), px(from - 12.0), px(to + 8.0)));
        svg.text("small strong", x + 12.0, (from + to) / 2.0 + 2.0, &name);
    }
}

/// Whether frames were stamped at the server: there the SYN-ACK follows its SYN at once, and the ACK comes a round trip later.
fn stamped_at_server(capture: &Capture) -> bool {
    // Once over the packets, whatever the number of connections: the first three of each, and of those the first connection.
    let mut begun: HashMap<u32, Vec<&Packet>> = HashMap::default();
    let mut first: Option<(u32, bool)> = None;
    for packet in &capture.packets {
        if first.is_some_and(|(connection, _)| connection <= packet.connection) {
            continue;
        }
        let handshake = begun.entry(packet.connection).or_default();
        if handshake.len() > 2 {
            continue;
        }
        handshake.push(packet);
        if let [syn, answer, ack] = handshake.as_slice()
            && syn.flags == Flags::SYN
            && answer.flags == Flags::SYN | Flags::ACK
        {
            first = Some((packet.connection, answer.time_s - syn.time_s <= ack.time_s - answer.time_s));
        }
    }
    first.is_none_or(|(_, at_server)| at_server)
}

/// Width of the picture.
pub const WIDTH: f64 = 880.0;
/// Where the client's line of life is, and where the server's.
pub const CLIENT: f64 = 56.0;
/// The server's.
pub const SERVER: f64 = 728.0;
/// Height of one round trip.
const TRIP: f64 = 52.0;
/// Least height between two packets.
const ROW: f64 = 26.0;
/// Where the first packet stands.
const FIRST: f64 = 74.0;
/// Round trips up to this are none to speak of.
const SHORTEST_TRIP_S: f64 = 0.000_5;
/// Height of a fold.
const FOLD: f64 = 62.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Era, five};

    #[test]
    fn the_first_connection_with_a_handshake_says_where_frames_were_stamped() {
        let (mut capture, _) = five(Era::Now).into_iter().next().unwrap();
        assert!(stamped_at_server(&capture));
        // Of another connection, whose handshake was over sooner: the answer took the time, and its ACK none.
        let mut other: Vec<Packet> = capture.packets.iter().take(3).cloned().collect();
        for (packet, time_s) in other.iter_mut().zip([0.0, 0.025, 0.025]) {
            (packet.connection, packet.time_s) = (1, time_s);
        }
        let own = std::mem::replace(&mut capture.packets, other.clone());
        assert!(!stamped_at_server(&capture));
        capture.packets.extend(own.clone());
        assert!(stamped_at_server(&capture));
        // One that began before the capture says nothing.
        capture.packets = own.into_iter().skip(1).chain(other).collect();
        assert!(!stamped_at_server(&capture));
    }
}
