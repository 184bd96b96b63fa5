//! How does an HTTP/1.1 connection become answers (RFC 9112)?
//!
//! hyper reads the heads and writes the answers, axum's router finds the handler. Here is what is set on both, what the
//! four HTTP apps have in common, and how a connection ends.

use std::convert::Infallible;
use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use wirelab_clock::Clock;

use crate::answer::{finish, text};
use crate::connections;
use crate::{Listener, Options};

/// Serves `routes` until `shutdown` resolves. Handlers find the client's [`Seat`](connections::Seat) in the request's
/// extensions.
pub(crate) async fn serve<L: Listener>(
    listener: L,
    routes: Router,
    clock: Clock,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let style = options.style;
    let routes = routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(map_response(move |response: Response| std::future::ready(finish(response, &clock, style))));
    let routes = TowerToHyperService::new(routes);

    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // hyper counts this from the end of the last answer, so it is the time to be idle; a head that has begun is
        // watched by the connection's guard.
        .header_read_timeout(options.timeouts.idle)
        .max_buf_size(options.limits.head.max(SMALLEST_BUFFER))
        .auto_date_header(false);

    let idle = options.timeouts.idle;
    connections::serve(listener, &options, shutdown, move |mut io, seat| {
        let http = http.clone();
        let routes = routes.clone();
        let phase = io.phase();
        phase.before_head();
        let service = {
            let seat = seat.clone();
            service_fn(move |request: hyper::Request<Incoming>| {
                phase.after_head();
                let mut request: Request = request.map(Body::new);
                request.extensions_mut().insert(seat.clone());
                let answer = routes.call(request);
                let phase = phase.clone();
                async move {
                    let answer = answer.await?;
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
            let begun = tokio::select! {
                biased;
                begun = timeout(idle, io.hears_something()) => matches!(begun, Ok(Ok(true))),
                () = seat.stopping() => false,
            };
            if !begun {
                io.shutdown().await.ok();
                return;
            }
            // Boxed, so that it is only there while it is needed: not before the first byte, and not after an upgrade.
            let mut connection = Box::pin(http.serve_connection(TokioIo::new(io), service).with_upgrades());
            let ended = tokio::select! {
                biased;
                ended = &mut connection => ended,
                () = seat.stopping() => {
                    // Finishes the answer that is being written, then closes.
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended early");
            }
        }
    })
    .await;
    Ok(())
}

async fn not_found() -> Result<Response, Infallible> {
    Ok(text(StatusCode::NOT_FOUND, PLAIN, "There is nothing at this path. The page is at /\n".to_owned()))
}

async fn method_not_allowed() -> Result<Response, Infallible> {
    Ok(text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "This path answers GET and HEAD only.\n".to_owned()))
}

/// hyper panics below this.
const SMALLEST_BUFFER: usize = 8192;
pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
