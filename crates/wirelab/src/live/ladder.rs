//! How does a ladder grow in a terminal?
//!
//! ```text
//!     12.408  client ═══ text "get-time" masked ═════════════════════════════════════════► server  18   80 bytes
//!     12.409  client ◄═══════════════════════════════════ text {"time": "09:43:38"} ══════ server  19   88 bytes
//!     12.434  client ─── ACK ────────────────────────────────────────────────────────────► server  20   66 bytes
//!             update 1, text "get-time": 3 packets, 234 bytes, 25.4 ms: network 25.1, server 0.3
//! ```
//!
//! A line for each packet as it is recorded. What an exchange came to stands below it, when it has been silent for a moment:
//! only then is it known.

use std::fmt::Write;
use std::time::Duration;

use anstyle::Style;
use tokio::time::{Instant, timeout};
use wirelab_analyze::model::{Kind, TcpAnalysis};
use wirelab_analyze::{Cause, Exchange};
use wirelab_dissect::visible::visible;
use wirelab_live::{Bench, Row};
use wirelab_report::list::{CLIENT, SERVER, described};
use wirelab_report::numbers::{count, duration};
use wirelab_report::text::Colours;

use crate::failure::Failure;
use crate::terminal;

/// Prints the packets of a bench as they come, for good.
pub async fn grow(bench: &Bench) -> Result<(), Failure> {
    let mut news = bench.recording.news();
    let mut trouble = bench.trouble.clone();
    let mut ladder = Ladder::default();
    let mut next = 0;
    let mut summed_up = true;
    loop {
        let rows = bench.recording.rows_from(next, MOST_AT_ONCE);
        if rows.missed > 0 {
            terminal::print(&format!("{} came faster than they could be shown\n", count(rows.missed, "packet")))?;
        }
        let mut text = String::new();
        for row in &rows.rows {
            text += &ladder.line(row);
            next = row.id + 1;
        }
        if !text.is_empty() {
            summed_up = false;
            terminal::print(&text)?;
            continue;
        }
        tokio::select! {
            came = timeout(SILENCE, news.changed()) => {
                let is_silent = came.is_err();
                if !summed_up && (is_silent || ladder.summed_up.is_none_or(|at| at.elapsed() > LONGEST_UNTOLD)) {
                    let found = bench.recording.found(bench.target.name());
                    terminal::print(&ladder.sums(found.exchanges.iter(), is_silent))?;
                    summed_up = is_silent;
                }
            }
            Ok(()) = trouble.changed() => {
                if let Some(why) = trouble.borrow_and_update().as_deref() {
                    terminal::say(format_args!("{} was not reached: {why}", bench.target.title()));
                }
            }
        }
    }
}

/// What was shown so far.
#[derive(Default)]
struct Ladder {
    last_s: Option<f64>,
    connection: Option<u32>,
    /// When the last packet was shown.
    shown: Option<Instant>,
    /// The exchanges before this one were summed up, and when that was.
    told: u64,
    summed_up: Option<Instant>,
}

impl Ladder {
    fn line(&mut self, row: &Row) -> String {
        let packet = &row.packet;
        let mut text = String::new();
        let silence = packet.time_s - self.last_s.unwrap_or(packet.time_s);
        if silence >= LONG_SILENCE_S {
            let _ = writeln!(text, "{:10}  {}", "", format_args!("… {} of silence", duration(silence)));
        }
        if self.connection.is_some_and(|before| before != packet.connection) {
            let _ = writeln!(text, "{:10}  connection {}", "", packet.connection);
        }
        self.last_s = Some(packet.time_s);
        self.connection = Some(packet.connection);
        self.shown = Some(Instant::now());
        let said = described(packet);
        let said: String = visible(&said).chars().take(WIDTH - 8).collect();
        let again = packet.analysis.is_some_and(TcpAnalysis::is_retransmission);
        let stroke = match (again, packet.app_len > 0) {
            (true, _) => "╌",
            (false, true) => "═",
            (false, false) => "─",
        };
        let rest = stroke.repeat(WIDTH - 5 - said.chars().count());
        let arrow = match packet.from_client {
            true => format!("{0}{0}{0} {said} {rest}►", stroke),
            false => format!("◄{rest} {said} {0}{0}{0}", stroke),
        };
        let who = if packet.from_client { CLIENT } else { SERVER };
        let who = if packet.app_len == 0 { who.dimmed() } else { who };
        let _ = writeln!(
            text,
            "{:>10.3}  client {} server {:>5} {:>5} bytes",
            packet.time_s,
            Colours::Ansi.paint(who, &arrow),
            packet.number,
            packet.frame_len
        );
        text
    }

    /// A line for each exchange that has come to its end since the last call. `all`: nothing more is under way.
    fn sums<'a>(&mut self, exchanges: impl Iterator<Item = &'a Exchange>, all: bool) -> String {
        self.summed_up = Some(Instant::now());
        let told = self.told;
        let settled_s = self.last_s.unwrap_or(0.0) - SILENCE.as_secs_f64();
        let mut text = String::new();
        for exchange in exchanges.skip_while(|exchange| exchange.order() < told) {
            if !all && exchange.start_s() + exchange.duration_s() > settled_s {
                break;
            }
            self.told = exchange.order() + 1;
            // These are one or two packets that say it themselves.
            if !matches!(exchange.kind, Kind::Setup | Kind::Close) {
                let sum = Colours::Ansi.paint(Style::new().bold(), &sum(exchange));
                let _ = writeln!(text, "{:10}  {sum}", "");
            }
        }
        text
    }
}

/// `update 1, GET /time: 3 packets, 587 bytes, 25.4 ms: network 25.1 ms, server 0.3 ms`
fn sum(exchange: &Exchange) -> String {
    let tally = exchange.tally();
    let label = exchange.own_label().map(|label| format!(", {}", visible(label))).unwrap_or_default();
    let mut text = format!(
        "{}{label}: {}, {}",
        exchange.name(),
        count(tally.total_packets, "packet"),
        count(tally.frame_bytes, "byte")
    );
    if let Some(time) = exchange.time() {
        let _ = write!(text, ", {}", duration(time.total_s()));
        let parts: Vec<String> = Cause::ALL
            .iter()
            .filter(|&&cause| time.of(cause) >= SHORTEST_TOLD_S)
            .map(|&cause| format!("{} {}", cause.name(), duration(time.of(cause))))
            .collect();
        if !parts.is_empty() {
            let _ = write!(text, ": {}", parts.join(", "));
        }
    }
    text
}

/// Of an arrow.
const WIDTH: usize = 64;
const MOST_AT_ONCE: usize = 500;
/// So long must an exchange be silent until it is summed up: longer than an acknowledgement is delayed.
const SILENCE: Duration = Duration::from_millis(400);
/// Where it is never silent, exchanges are summed up so often.
const LONGEST_UNTOLD: Duration = Duration::from_secs(2);
/// A pause that a line is worth.
const LONG_SILENCE_S: f64 = 1.0;
const SHORTEST_TOLD_S: f64 = 0.000_1;
