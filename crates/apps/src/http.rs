//! How does an HTTP/1.1 connection become answers (RFC 9112)?
//!
//! hyper reads the heads and writes the answers, axum's router finds the handler. Here is what is set on both, what the
//! HTTP apps have in common, and how a connection ends.

use std::convert::Infallible;
use std::future::{poll_fn, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use futures_util::future::Either;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use wirelab_catalog::grammar::{METHOD_NOT_ALLOWED, NOT_FOUND};
use wirelab_clock::Clock;

use crate::answer::{finish, text};
use crate::callers::check_host;
use crate::connections::{self, Seat};
use crate::guard::Phase;
use crate::{AllowedHost, AnswerStyle, Listener, ServerOptions};

/// Serves `routes` until `shutdown` resolves. Handlers find the client's [`Seat`] in the request's
/// extensions.
///
/// # Errors
/// None; the type is that of the apps.
pub async fn serve<L: Listener>(
    listener: L,
    routes: Router,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let style = options.style;
    let door = Arc::new(Door { clock: clock.clone(), style, allowed: options.allowed_hosts.clone() });
    let routes = routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(map_response(move |response: Response| ready(finish(response, &clock, style))));
    let routes = TowerToHyperService::new(routes);

    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // hyper counts this from the end of the last answer, so it is the time to be idle; a head that has begun is
        // watched by the connection's guard.
        .header_read_timeout(options.timeouts.idle)
        // A client that closes its side after its request gets the answer; who leaves an endless one is seen by the
        // connection's guard.
        .half_close(true)
        .max_buf_size(options.limits.head.max(SMALLEST_BUFFER))
        .auto_date_header(false);

    let (first, idle) = (options.timeouts.first, options.timeouts.idle);
    connections::serve(listener, &options, shutdown, move |mut io, seat| {
        let http = http.clone();
        let routes = routes.clone();
        let door = Arc::clone(&door);
        let phase = io.phase();
        phase.before_head();
        let mut service = {
            let (seat, phase) = (seat.clone(), phase.clone());
            service_fn(move |request: hyper::Request<Incoming>| {
                phase.after_head();
                // Kept for the log only where somebody reads it.
                let asked =
                    tracing::enabled!(tracing::Level::DEBUG).then(|| format!("{} {}", request.method(), request.uri()));
                let answer = match door.refusal(&request, &seat) {
                    Some(refusal) => Either::Left(ready(Ok(refusal))),
                    None => {
                        let mut request: Request = request.map(Body::new);
                        request.extensions_mut().insert(seat.clone());
                        Either::Right(routes.call(request))
                    }
                };
                let phase = phase.clone();
                async move {
                    let answer: Response = answer.await?;
                    tracing::debug!(asked, status = answer.status().as_u16(), "answered");
                    // After an answer with an end, the next request; after 101, another protocol; after an event
                    // stream, nothing that would have to come in time.
                    if answer.status() != StatusCode::SWITCHING_PROTOCOLS && answer.body().size_hint().exact().is_some()
                    {
                        phase.before_head();
                    }
                    Ok::<_, Infallible>(answer)
                }
            })
        };
        async move {
            let mut patience = if seat.is_turned_away() { first.min(TURNING_AWAY) } else { first };
            loop {
                let begun = tokio::select! {
                    biased;
                    begun = timeout(patience, io.hears_something()) => matches!(begun, Ok(Ok(true))),
                    () = seat.stopping() => false,
                };
                if !begun {
                    io.shutdown().await.ok();
                    return;
                }
                // Boxed, so that it is only there while it is needed: not before the first byte, not between an answer
                // and the next request, and not after an upgrade.
                let mut connection = Box::pin(http.serve_connection(TokioIo::new(io), service).with_upgrades());
                let ended = tokio::select! {
                    biased;
                    ended = ended_or_at_rest(&mut connection, &phase) => ended,
                    () = seat.stopping() => {
                        // Finishes the answer that is being written, then closes.
                        connection.as_mut().graceful_shutdown();
                        Some(connection.as_mut().await)
                    }
                };
                if let Some(Err(error)) = &ended {
                    tracing::debug!(%error, "connection ended early");
                }
                let rested = if ended.is_none() { Pin::into_inner(connection).into_parts() } else { None };
                let Some(parts) = rested else { return };
                io = parts.io.into_inner();
                io.unread(parts.read_buf);
                service = parts.service;
                patience = idle;
            }
        }
    })
    .await;
    Ok(())
}

/// How the connection ended; None when it is at rest, and the next request may be met with a new one.
async fn ended_or_at_rest<C: Future + Unpin>(connection: &mut C, phase: &Phase) -> Option<C::Output> {
    poll_fn(|cx| match Pin::new(&mut *connection).poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending if phase.is_at_rest() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// What stands before the routes: a request that is refused here meets no handler.
struct Door {
    clock: Clock,
    style: AnswerStyle,
    allowed: Vec<AllowedHost>,
}

impl Door {
    fn refusal(&self, request: &hyper::Request<Incoming>, seat: &Seat) -> Option<Response> {
        if seat.is_turned_away() {
            return Some(self.goodbye(StatusCode::SERVICE_UNAVAILABLE, FULL));
        }
        let (version, target, headers) = (request.version(), request.uri(), request.headers());
        let wrong = check_host(version, target, headers, seat.over_loopback(), &self.allowed).err()?;
        Some(self.goodbye(wrong.status(), wrong.why()))
    }

    /// An answer, and the end of the connection.
    fn goodbye(&self, status: StatusCode, why: &str) -> Response {
        let mut answer = text(status, PLAIN, why.to_owned());
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        finish(answer, &self.clock, self.style)
    }
}

async fn not_found() -> Result<Response, Infallible> {
    Ok(text(StatusCode::NOT_FOUND, PLAIN, NOT_FOUND.to_owned()))
}

async fn method_not_allowed() -> Result<Response, Infallible> {
    Ok(text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, METHOD_NOT_ALLOWED.to_owned()))
}

const FULL: &str = "The server is full: all places for clients are taken. Try again later.\n";
/// For the first byte of a client for which there is no place.
const TURNING_AWAY: Duration = Duration::from_secs(2);
/// hyper panics below this.
const SMALLEST_BUFFER: usize = 8192;
pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
