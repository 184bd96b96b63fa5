//! The server's time in a tiny page, which stands in a frame of a larger one: to renew it, the browser loads the frame again.
//!
//! ```text
//! > GET / HTTP/1.1                  once
//! < HTTP/1.1 200 OK                 the page, with a frame in it
//! > GET /tiny HTTP/1.1              at once, and every update
//! < HTTP/1.1 200 OK                 the tiny page, with the time in it
//! ```

use std::io;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::text;
use crate::http::{self, HTML};
use crate::pages::Page;
use crate::{Listener, ServerOptions};

/// Serves until `shutdown` resolves.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Iframe, &options)?;
    let (page_clock, tiny_clock) = (clock.clone(), clock.clone());
    let routes = Router::new()
        .route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock))))
        .route(App::Iframe.path(), get(async move || text(StatusCode::OK, HTML, tiny(&tiny_clock))));
    http::serve(listener, routes, clock, options, shutdown).await
}

/// 56 bytes, the newline among them.
fn tiny(clock: &Clock) -> String {
    format!("<!DOCTYPE html><title>Time</title><time>{}</time>\n", clock.time_of_day())
}
