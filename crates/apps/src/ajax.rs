//! The server's time in a page, renewed by a script that asks for the time alone.
//!
//! ```text
//! > GET / HTTP/1.1                  once
//! < HTTP/1.1 200 OK                 the page, with the time and the script in it
//! > GET /time HTTP/1.1              every update
//! < HTTP/1.1 200 OK                 {"time":"08:04:23"}
//! ```

use std::io;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::{json_time, text};
use crate::http::{self, HTML, JSON};
use crate::pages::Page;
use crate::{Listener, ServerOptions};

/// Serves until `shutdown` resolves.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Ajax, &options)?;
    let (page_clock, time_clock) = (clock.clone(), clock.clone());
    let routes = Router::new()
        .route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock))))
        .route(App::Ajax.path(), get(async move || text(StatusCode::OK, JSON, json_time(&time_clock.time_of_day()))));
    http::serve(listener, routes, clock, options, shutdown).await
}
