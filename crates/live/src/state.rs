//! What do the packets so far come to, as a page shows it?
//!
//! A copy of the analyzer says it, not with each packet but a few times a second, and only while somebody watches: it costs as
//! much as there are exchanges. Made once for all who watch, as JSON.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use wirelab_analyze::model::{Column, Layer, Tally, Time};
use wirelab_analyze::{Capture, Cause, Exchange};
use wirelab_report::found::sentence;

use crate::bench::Bench;

/// What is known of a bench, and how often it was said before.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Counts the times that it was said.
    pub version: u64,
    /// What a page is told.
    pub json: Arc<str>,
    /// Of it, what an update costs.
    pub update: Arc<str>,
}

/// Says what there is of a bench, for good, to whoever watches.
pub async fn say(bench: Arc<Bench>, said: watch::Sender<State>) {
    let mut news = bench.recording.news();
    let (mut settings, mut trouble) = (bench.settings.subscribe(), bench.trouble.clone());
    loop {
        if said.receiver_count() == 0 {
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        news.mark_unchanged();
        let began = Instant::now();
        let of = Arc::clone(&bench);
        // A large capture takes some milliseconds.
        let Ok(json) = tokio::task::spawn_blocking(move || of_bench(&of)).await else { return };
        said.send_modify(|state| {
            let update = json.get("update").map(Value::to_string).unwrap_or_default();
            *state = State { version: state.version + 1, json: json.to_string().into(), update: update.into() };
        });
        tokio::time::sleep(PAUSE.max(began.elapsed() * 20)).await;
        tokio::select! {
            _ = news.changed() => {}
            _ = settings.changed() => {}
            _ = trouble.changed() => {}
        }
    }
}

fn of_bench(bench: &Bench) -> Value {
    let found = bench.recording.found(bench.target.name());
    let (cut, left_out) = bench.recording.lacks();
    let settings = *bench.settings.borrow();
    let exchanges: Vec<Value> =
        found.exchanges.iter().rev().take(MOST_EXCHANGES).map(exchange).collect::<Vec<_>>().into_iter().rev().collect();
    json!({
        "frames": found.frames,
        "totals": tally(&found.totals),
        "update": update(&found),
        "exchanges": exchanges,
        "exchanges_in_all": found.exchanges.len(),
        "findings": found.findings.iter().map(|finding| json!({
            "id": finding.id.name(),
            "text": sentence(finding),
            "instead": finding.instead,
            "packets": finding.packets.iter().take(MOST_PACKETS).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "cut": cut,
        "left_out": left_out,
        "trouble": *bench.trouble.borrow(),
        "settings": {
            "rtt_ms": settings.quality.rtt.as_secs_f64() * 1000.0,
            "loss": settings.quality.loss,
            "style": settings.style,
            "interval_s": settings.interval.as_secs_f64(),
        },
    })
}

/// What one update costs: the median one, or the mean where none stands for the others.
fn update(found: &Capture) -> Value {
    let name = found.per_update_of.as_deref().unwrap_or("update");
    match &found.per_update {
        Some(median) => json!({
            "name": name, "count": found.update_count, "tally": tally(median),
            "time": found.per_update_time.map(|one| time(&one)),
        }),
        None if found.update_count > 0 => json!({ "name": name, "count": found.update_count }),
        None => Value::Null,
    }
}

fn exchange(exchange: &Exchange) -> Value {
    json!({
        "order": exchange.order(),
        "name": exchange.name().to_string(),
        "label": exchange.own_label(),
        "kind": exchange.kind.name(),
        "connection": exchange.connection,
        "start_s": exchange.start_s(),
        "packets": exchange.packets.iter().take(MOST_PACKETS).collect::<Vec<_>>(),
        "tally": tally(&exchange.tally()),
        "time": exchange.time().map(|one| time(&one)),
    })
}

/// The columns by their names, and the bytes by layer.
fn tally(tally: &Tally) -> Value {
    let mut value = json!({
        "packets": tally.total_packets,
        "app_packets": tally.app_packets,
        "layers": Layer::ALL.iter().map(|&layer| (layer.class(), tally.of(layer))).filter(|(_, bytes)| *bytes > 0).collect::<Vec<_>>(),
    });
    if let Value::Object(map) = &mut value {
        map.extend(
            Column::SUMMANDS
                .iter()
                .chain([&Column::FrameBytes])
                .map(|column| (column.name().to_owned(), column.of(tally).into())),
        );
    }
    value
}

/// The whole in milliseconds, and its parts.
fn time(time: &Time) -> Value {
    let parts: Vec<(&str, f64)> =
        Cause::ALL.iter().map(|&cause| (cause.class(), time.of(cause) * 1000.0)).filter(|(_, ms)| *ms > 0.0).collect();
    json!({ "total_ms": time.total_s() * 1000.0, "parts": parts })
}

/// Exchanges that a page is told of.
const MOST_EXCHANGES: usize = 60;
/// Packets that are named of one.
const MOST_PACKETS: usize = 40;
/// How often it is said at most.
const PAUSE: Duration = Duration::from_millis(150);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
