//! The server's time in a page, renewed by lines of JSON in an answer that does not end.
//!
//! ```text
//! > GET / HTTP/1.1                  once
//! < HTTP/1.1 200 OK                 the page, with the time and the script in it
//! > GET /feed HTTP/1.1              once: the subscription
//! < HTTP/1.1 200 OK                 an answer that does not end, in chunks (RFC 9112, section 7.1)
//! < 15                              every update: a chunk of 21 bytes, 27 on the wire
//! < {"time": "11:42:14"}
//! ```
//!
//! What an event stream has besides, a page has to do by itself: put together what comes in pieces, connect again, and say what
//! it has already.

use std::io;

use axum::Router;
use axum::extract::Extension;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::{spaced_json_time, text};
use crate::connections::Seat;
use crate::endless::Endless;
use crate::http::{self, HTML};
use crate::pages::Page;
use crate::{Listener, ServerOptions};

/// Serves until `shutdown` resolves; then the streams end.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Stream, &options)?;
    let page_clock = clock.clone();
    let lines = Endless::new(JSON_LINES, line, EMPTY_LINE, &options, &clock);
    let routes = Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock)))).route(
        App::Stream.path(),
        get(async move |method: Method, Extension(seat): Extension<Seat>| lines.answer(method, &seat).await),
    );
    http::serve(listener, routes, clock, options, shutdown).await
}

/// 21 bytes.
fn line(time: &str) -> String {
    format!("{}\n", spaced_json_time(time))
}

/// Between two texts white space means nothing (RFC 8259, section 2).
const EMPTY_LINE: &str = "\n";
const JSON_LINES: &str = "application/x-ndjson";
