//! The server's time in a page, renewed by messages that the server pushes over a WebSocket (RFC 6455).
//!
//! ```text
//! > GET / HTTP/1.1                  once
//! < HTTP/1.1 200 OK                 the page, with the time and the script in it
//! > GET /push HTTP/1.1              once, on a second connection, with Upgrade: websocket
//! < HTTP/1.1 101 Switching Protocols
//! < {"time": "09:43:38"}            every update: a text frame, 22 bytes
//! ```
//!
//! The first message comes one interval after the handshake. What the client says is read and forgotten: this server
//! speaks, and ends the conversation when the client does.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Extension, Request};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::{spaced_json_time, text};
use crate::connections::Seat;
use crate::heartbeat::Heartbeat;
use crate::http::{self, HTML};
use crate::pages::Page;
use crate::websocket::{self, Opening};
use crate::{Listener, ServerOptions};

/// Serves until `shutdown` resolves; then every WebSocket gets a close frame with 1001, "going away".
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::WsPush, &options)?;
    let (page_clock, talk_clock) = (clock.clone(), clock.clone());
    let opening = Opening::new(&options);
    let talk_options = Arc::new(options.clone());
    let routes = Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock)))).route(
        App::WsPush.path(),
        get(async move |Extension(seat): Extension<Seat>, request: Request| {
            let (clock, options) = (talk_clock.clone(), Arc::clone(&talk_options));
            opening.open(request, move |socket| talk(socket, seat, clock, options)).await
        }),
    );
    http::serve(listener, routes, clock, options, shutdown).await
}

/// One client's conversation.
async fn talk(mut socket: WebSocket, seat: Seat, clock: Clock, options: Arc<ServerOptions>) {
    let stopping = seat.stopping();
    tokio::pin!(stopping);
    let mut ticks = interval_at(Instant::now() + options.interval, options.interval);
    // A client that was slow to take its messages gets the next one when it is due, not all that it missed at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut heartbeat = Heartbeat::new(options.heartbeat);
    let end = loop {
        let message = tokio::select! {
            biased;
            () = &mut stopping => break Some(websocket::STOPS),
            message = socket.recv() => match message {
                None | Some(Ok(Message::Close(_))) => break None,
                Some(Err(error)) => break websocket::fault(&error),
                Some(Ok(_)) => continue,
            },
            _due = ticks.tick() => Message::Text(spaced_json_time(&clock.time_of_day()).into()),
            () = heartbeat.due() => websocket::PING,
        };
        heartbeat.restart();
        if socket.send(message).await.is_err() {
            break None;
        }
    };
    websocket::close(socket, end, &seat, options.timeouts).await;
}
