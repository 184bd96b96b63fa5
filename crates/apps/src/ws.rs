//! The server's time in a page, renewed by a message over a WebSocket (RFC 6455).
//!
//! ```text
//! > GET / HTTP/1.1                  once
//! < HTTP/1.1 200 OK                 the page, with the time and the script in it
//! > GET /time HTTP/1.1              once, on a second connection, with Upgrade: websocket
//! < HTTP/1.1 101 Switching Protocols
//! > get-time                        every update: a masked text frame, 14 bytes
//! < {"time": "09:43:38"}            a text frame, 22 bytes
//! ```

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Extension, Request};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::time::timeout;
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::{spaced_json_time, text};
use crate::connections::Seat;
use crate::heartbeat::Heartbeat;
use crate::http::{self, HTML};
use crate::pages::Page;
use crate::websocket::{self, Opening};
use crate::{Listener, ServerOptions, Timeouts};

/// Serves until `shutdown` resolves; then every WebSocket gets a close frame with 1001, "going away".
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Ws, &options)?;
    let (page_clock, talk_clock) = (clock.clone(), clock.clone());
    let (opening, timeouts, heartbeat) = (Opening::new(&options), options.timeouts, options.heartbeat);
    let routes = Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock)))).route(
        App::Ws.path(),
        get(async move |Extension(seat): Extension<Seat>, request: Request| {
            let clock = talk_clock.clone();
            opening.open(request, move |socket| talk(socket, seat, clock, timeouts, heartbeat)).await
        }),
    );
    http::serve(listener, routes, clock, options, shutdown).await
}

/// One client's conversation.
async fn talk(mut socket: WebSocket, seat: Seat, clock: Clock, timeouts: Timeouts, heartbeat: Option<Duration>) {
    let stopping = seat.stopping();
    tokio::pin!(stopping);
    let mut heartbeat = Heartbeat::new(heartbeat);
    let end = loop {
        let message = tokio::select! {
            biased;
            () = &mut stopping => break Some(websocket::STOPS),
            message = timeout(timeouts.idle, socket.recv()) => message,
            () = heartbeat.due() => {
                heartbeat.restart();
                match socket.send(websocket::PING).await {
                    Ok(()) => continue,
                    Err(_) => break None,
                }
            }
        };
        heartbeat.restart();
        let answer = match message {
            Err(_idle) => break Some(websocket::IDLE),
            Ok(None | Some(Ok(Message::Close(_)))) => break None,
            Ok(Some(Err(error))) => break websocket::fault(&error),
            // Answered by the library.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
            Ok(Some(Ok(Message::Text(words)))) if words == "get-time" => spaced_json_time(&clock.time_of_day()),
            Ok(Some(Ok(Message::Text(_) | Message::Binary(_)))) => UNKNOWN.to_owned(),
        };
        if socket.send(Message::Text(answer.into())).await.is_err() {
            break None;
        }
    };
    websocket::close(socket, end, &seat, timeouts).await;
}

const UNKNOWN: &str = r#"{"error": "unknown command"}"#;
