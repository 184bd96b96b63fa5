//! A value in a page, renewed by a script that asks for it again and again.
//!
//! ```text
//! > GET / HTTP/1.1                  once
//! < HTTP/1.1 200 OK                 the page, with the value and the script in it
//! > GET /poll HTTP/1.1              as often as the script likes
//! < HTTP/1.1 200 OK                 {"time":"08:04:23"}: the value, new or not
//! ```
//!
//! The value changes every interval, whoever asks. Where answers may be conditional (RFC 9110, sections 8.8.3 and 13.1.2),
//! each says with `ETag` what it brings, and a browser that asks again says with `If-None-Match` what it has:
//!
//! ```text
//! > GET /poll HTTP/1.1              If-None-Match: "08:04:23"
//! < HTTP/1.1 304 Not Modified       and no content
//! ```

use std::io;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::{json_time, text};
use crate::http::{self, HTML, JSON};
use crate::pages::Page;
use crate::value::Value;
use crate::{Listener, ServerOptions};

/// Serves until `shutdown` resolves.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Poll, &options)?;
    let value = Value::new(clock.clone(), options.interval);
    let (page_value, conditional) = (value.clone(), options.conditional);
    let routes = Router::new()
        .route("/", get(async move || text(StatusCode::OK, HTML, page.with(&page_value.now()))))
        .route(App::Poll.path(), get(async move |headers: HeaderMap| answer(&value.now(), conditional, &headers)));
    http::serve(listener, routes, clock, options, shutdown).await
}

fn answer(value: &str, conditional: bool, headers: &HeaderMap) -> Response {
    if !conditional {
        return text(StatusCode::OK, JSON, json_time(value));
    }
    let tag = format!("\"{value}\"");
    let mut answer = match has(headers, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => text(StatusCode::OK, JSON, json_time(value)),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(ETAG, tag);
        // May be kept, and must be asked for again before it is used (RFC 9111, section 5.2.2.4).
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    answer
}

/// Whether the client says that it has what this tag names (RFC 9110, section 13.1.2): by name, or whatever there is.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|named| {
        let named = named.trim();
        named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag
    })
}
