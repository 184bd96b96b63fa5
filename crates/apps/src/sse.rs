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

/// Serves until `shutdown` resolves; then the event streams end.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Sse, &options)?;
    let page_clock = clock.clone();
    let events = Endless::new(EVENT_STREAM, event, COMMENT, &options, &clock);
    let routes = Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock)))).route(
        App::Sse.path(),
        get(async move |method: Method, Extension(seat): Extension<Seat>| events.answer(method, &seat).await),
    );
    http::serve(listener, routes, clock, options, shutdown).await
}

/// 28 bytes.
fn event(time: &str) -> String {
    format!("data: {}\n\n", spaced_json_time(time))
}

/// A line that begins with a colon is a comment (section 9.2.6): 3 bytes with the empty line behind it.
const COMMENT: &str = ":\n\n";
const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
