//! How do rows get to a page (WHATWG HTML, section 9.2)?
//!
//! Each page takes them at its own pace: the next piece is made when the one before has left, of what there is by then. A
//! page that is slow or gone holds nothing up and makes nothing grow; what it missed it is told. An event has the number of its last
//! row, with which the browser comes again after a break.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use wirelab_report::html::ladder;

use crate::bench::Bench;
use crate::recording::Row;
use crate::state::State;

/// The events of one page, from a row on, until the server stops.
pub fn stream(
    bench: Arc<Bench>,
    state: watch::Receiver<State>,
    from: u64,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> impl futures_util::Stream<Item = Result<String, Infallible>> + Send + 'static {
    let news = bench.recording.news();
    let page = Page {
        bench,
        news,
        state,
        next: from,
        begins: None,
        said: 0,
        sent: Instant::now(),
        stopping: Box::pin(stopping),
    };
    unfold(page, async |mut page| {
        let text = page.next().await?;
        Some((Ok(text), page))
    })
}

/// What an update of each of these benches costs, whenever that has changed, until the server stops.
pub fn updates(
    watched: Vec<(String, watch::Receiver<State>)>,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> impl futures_util::Stream<Item = Result<String, Infallible>> + Send + 'static {
    let watched = watched.into_iter().map(|(name, state)| (name, state, Arc::from(""))).collect();
    unfold(Updates { watched, sent: Instant::now(), stopping: Box::pin(stopping) }, async |mut all| {
        let text = all.next().await?;
        Some((Ok(text), all))
    })
}

struct Updates {
    /// The benches, and what was said of each.
    watched: Vec<(String, watch::Receiver<State>, Arc<str>)>,
    sent: Instant,
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Updates {
    async fn next(&mut self) -> Option<String> {
        loop {
            let mut text = String::new();
            for (name, state, said) in &mut self.watched {
                let update = Arc::clone(&state.borrow_and_update().update);
                if *said != update {
                    text += &format!(
                        "event: update\ndata: {{\"name\":{},\"update\":{update}}}\n\n",
                        Value::from(name.as_str())
                    );
                    *said = update;
                }
            }
            if text.is_empty() && self.sent.elapsed() > HEARTBEAT {
                text += ": nothing new\n\n";
            }
            if !text.is_empty() {
                self.sent = Instant::now();
                return Some(text);
            }
            tokio::select! {
                () = tokio::time::sleep(SELDOM) => {}
                () = &mut self.stopping => return None,
            }
        }
    }
}

struct Page {
    bench: Arc<Bench>,
    news: watch::Receiver<u64>,
    state: watch::Receiver<State>,
    /// The row that comes next.
    next: u64,
    /// With which row the capture begins, as far as the page knows.
    begins: Option<u64>,
    /// The version of the state that it was told.
    said: u64,
    sent: Instant,
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Page {
    async fn next(&mut self) -> Option<String> {
        loop {
            // A page draws no more often.
            tokio::select! {
                () = sleep_until(self.sent + FRAME) => {}
                () = &mut self.stopping => return None,
            }
            self.news.mark_unchanged();
            let text = self.news();
            if !text.is_empty() {
                self.sent = Instant::now();
                return Some(text);
            }
            tokio::select! {
                changed = timeout(HEARTBEAT, self.news.changed()) => if changed.is_err() {
                    self.sent = Instant::now();
                    return Some(": nothing new\n\n".to_owned());
                },
                Ok(()) = self.state.changed() => {}
                () = &mut self.stopping => return None,
            }
        }
    }

    /// What the page does not know yet.
    fn news(&mut self) -> String {
        let mut text = String::new();
        let rows = self.bench.recording.rows_from(self.next, MOST_ROWS);
        if self.begins != Some(rows.begins) {
            self.begins = Some(rows.begins);
            text += &event("begins", None, &json!({ "from": rows.begins }));
        }
        if let Some(last) = rows.rows.last() {
            self.next = last.id + 1;
            let said: Vec<Value> = rows.rows.iter().map(|row| said(row)).collect();
            text += &event("rows", Some(last.id), &json!({ "missed": rows.missed, "rows": said }));
        }
        let state = self.state.borrow_and_update();
        if state.version > self.said {
            self.said = state.version;
            text += "event: state\ndata: ";
            text += &state.json;
            text += "\n\n";
        }
        text
    }
}

/// JSON has no line ends of its own: it is one line.
fn event(name: &str, id: Option<u64>, data: &Value) -> String {
    let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
    format!("{id}event: {name}\ndata: {data}\n\n")
}

/// A row as the page takes it.
fn said(row: &Row) -> Value {
    let packet = &row.packet;
    let (words, size) = ladder::words(packet);
    json!({
        "id": row.id,
        "number": packet.number,
        "time_s": packet.time_s,
        "connection": packet.connection,
        "exchange": packet.exchange,
        "up": packet.from_client,
        "protocol": row.protocol,
        "frame": packet.frame_len,
        "app": packet.app_len,
        "words": words,
        "size": size,
        "weight": ladder::weight(packet),
        "down": row.step.down,
        "silence": row.step.silence,
        "slant": row.slant,
        "spans": packet.spans.iter().map(|span| (span.layer.class(), span.len)).collect::<Vec<_>>(),
        "lower": packet.lower_len,
        "tcp": packet.tcp_len,
    })
}

/// From one event to the next: that of a screen of 60 pictures a second.
const FRAME: Duration = Duration::from_millis(16);
/// How often the first page is told.
const SELDOM: Duration = Duration::from_millis(200);
/// So that a page that is gone is noticed.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Rows of one event.
const MOST_ROWS: usize = 400;
