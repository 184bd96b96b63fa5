//! A value in a page, renewed by a request that is held until the value is another one.
//!
//! ```text
//! > GET / HTTP/1.1                       once
//! < HTTP/1.1 200 OK                      the page, with the value and the script in it
//! > GET /next?after=08:04:23 HTTP/1.1    at once, and again after every answer
//! < HTTP/1.1 200 OK                      {"time":"08:04:33"}: when the value is not 08:04:23 any more
//! < HTTP/1.1 204 No Content              or when that took too long: ask again
//! ```
//!
//! The request says which value the client has, so that a change between an answer and the next request is not missed. There is
//! no standard for this but RFC 6202, section 2, which describes it.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::time::{Instant, sleep_until};
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::{json_time, text};
use crate::connections::Seat;
use crate::http::{self, HTML, JSON};
use crate::pages::Page;
use crate::value::Value;
use crate::{Listener, ServerOptions};

/// Serves until `shutdown` resolves; then requests that are held are answered.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::LongPoll, &options)?;
    let value = Value::new(clock.clone(), options.interval);
    let (page_value, hold) = (value.clone(), options.timeouts.hold);
    let routes =
        Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.with(&page_value.now())))).route(
            App::LongPoll.path(),
            get(async move |Extension(seat): Extension<Seat>, target: Uri| {
                answer(&value, known_to_client(&target), &seat, hold).await
            }),
        );
    http::serve(listener, routes, clock, options, shutdown).await
}

/// Waits until the value is not the one that the client has.
async fn answer(value: &Value, known: Option<&str>, seat: &Seat, hold: Duration) -> Response {
    let patience = Instant::now() + hold;
    let holding = seat.phase().holding();
    loop {
        let now = value.now();
        if known != Some(now.as_str()) {
            drop(holding);
            return text(StatusCode::OK, JSON, json_time(&now));
        }
        tokio::select! {
            biased;
            () = seat.stopping() => break,
            () = sleep_until(patience) => break,
            () = sleep_until(value.next_change()) => {}
        }
    }
    drop(holding);
    StatusCode::NO_CONTENT.into_response()
}

/// The value that the client says it has.
fn known_to_client(target: &Uri) -> Option<&str> {
    target.query()?.split('&').find_map(|member| member.strip_prefix("after="))
}
