//! The server's time in a page: to renew it, the browser loads the whole page again.
//!
//! ```text
//! > GET / HTTP/1.1                  every update
//! < HTTP/1.1 200 OK                 the page, with the time in it
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
    let page = Page::render(App::Web, &options)?;
    let now = clock.clone();
    let routes = Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.now(&now))));
    http::serve(listener, routes, clock, options, shutdown).await
}
