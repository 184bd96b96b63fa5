//! The server's time in a page, renewed by events that the server pushes (WHATWG HTML, section 9.2).
//!
//! ```text
//! > GET / HTTP/1.1                  once
//! < HTTP/1.1 200 OK                 the page, with the time and the script in it
//! > GET /time HTTP/1.1              once: the subscription
//! < HTTP/1.1 200 OK                 an answer that does not end, in chunks (RFC 9112, section 7.1)
//! < 1c                              every update: a chunk of 28 bytes, 34 on the wire
//! < data: {"time": "11:42:14"}
//! ```
//!
//! The first event comes one interval after the subscription, the next ones an interval apart. So each subscriber has
//! a timer of its own. One timer for all and a channel would cost the server a quarter less time per event, but the
//! first event would come anywhere within an interval, and two runs of the same timeline would not be the same.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::StreamExt;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_stream::wrappers::IntervalStream;
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::text;
use crate::connections::Seat;
use crate::http::{self, HTML};
use crate::pages::Page;
use crate::{AnswerStyle, Listener, ServerOptions};

/// Serves until `shutdown` resolves; then the event streams end.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Sse, &options)?;
    let (page_clock, event_clock) = (clock.clone(), clock.clone());
    let (interval, style) = (options.interval, options.style);
    let routes = Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock)))).route(
        "/time",
        get(async move |method: Method, Extension(seat): Extension<Seat>| {
            if method == Method::GET {
                seat.phase().endless();
            }
            let first = Instant::now() + interval;
            if style == AnswerStyle::Split && method == Method::GET {
                wait_until(first, &seat).await;
            }
            let events = events(first, interval, event_clock.clone()).take_until(seat.stopping());
            (StatusCode::OK, [(CONTENT_TYPE, EVENT_STREAM)], Body::from_stream(events)).into_response()
        }),
    );
    http::serve(listener, routes, clock, options, shutdown).await
}

/// The events of one subscriber.
fn events(
    first: Instant,
    interval: Duration,
    clock: Clock,
) -> impl futures_util::Stream<Item = Result<String, Infallible>> {
    let mut ticks = tokio::time::interval_at(first, interval);
    // A client that was slow to take its events gets the next one when it is due, not all that it missed at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    IntervalStream::new(ticks).map(move |_due| Ok(event(&clock)))
}

/// 28 bytes.
fn event(clock: &Clock) -> String {
    format!("data: {{\"time\": \"{}\"}}\n\n", clock.time_of_day())
}

async fn wait_until(due: Instant, seat: &Seat) {
    tokio::select! {
        biased;
        () = tokio::time::sleep_until(due) => {}
        () = seat.stopping() => {}
    }
}

const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
