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

use std::error::Error;
use std::io;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, FromRequestParts, Request};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::answer::text;
use crate::connections::Seat;
use crate::http::{self, HTML};
use crate::pages::Page;
use crate::{Listener, ServerOptions, Timeouts, handshake};

/// Serves until `shutdown` resolves; then every WebSocket gets a close frame with 1001, "going away".
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let page = Page::render(App::Ws, &options)?;
    let (page_clock, talk_clock) = (clock.clone(), clock.clone());
    let (limits, timeouts, allowed) = (options.limits, options.timeouts, options.allowed_hosts.clone());
    let routes = Router::new().route("/", get(async move || text(StatusCode::OK, HTML, page.now(&page_clock)))).route(
        "/time",
        get(async move |Extension(seat): Extension<Seat>, request: Request| {
            let (mut parts, _no_body) = request.into_parts();
            if let Some(refusal) = handshake::refusal(&parts, &allowed) {
                return refusal;
            }
            // The library knows no lists here.
            parts.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            parts.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
                Ok(upgrade) => upgrade,
                Err(rejection) => return rejection.into_response(),
            };
            let clock = talk_clock.clone();
            let answer = upgrade
                // The defaults hold 128 KiB for every connection; our messages have 8 and 20 bytes.
                .read_buffer_size(READ_BUFFER)
                .write_buffer_size(0)
                .max_write_buffer_size(WRITE_BUFFER)
                .max_message_size(limits.message)
                .max_frame_size(limits.message)
                .on_upgrade(move |socket| talk(socket, seat, clock, timeouts));
            in_order_of_2021(answer)
        }),
    );
    http::serve(listener, routes, clock, options, shutdown).await
}

/// One client's conversation.
async fn talk(mut socket: WebSocket, seat: Seat, clock: Clock, timeouts: Timeouts) {
    let stopping = seat.stopping();
    tokio::pin!(stopping);
    let end = loop {
        let message = tokio::select! {
            biased;
            () = &mut stopping => break Some((close_code::AWAY, "the server stops")),
            message = timeout(timeouts.idle, socket.recv()) => message,
        };
        let answer = match message {
            Err(_idle) => break Some((close_code::AWAY, "no message for too long")),
            Ok(None | Some(Ok(Message::Close(_)))) => break None,
            Ok(Some(Err(error))) => break fault(&error),
            // Answered by the library.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
            Ok(Some(Ok(Message::Text(words)))) if words == "get-time" => time(&clock),
            Ok(Some(Ok(Message::Text(_) | Message::Binary(_)))) => UNKNOWN.to_owned(),
        };
        if socket.send(Message::Text(answer.into())).await.is_err() {
            break None;
        }
    };
    if let Some((code, reason)) = end {
        if code != close_code::AWAY {
            // What is on its way is neither to be kept nor to be read as messages.
            seat.phase().over();
        }
        socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await.ok();
    }
    // Sends the answer to a close frame, or waits for one (RFC 6455, section 7.1.1).
    let farewell = async { while let Some(Ok(_)) = socket.recv().await {} };
    timeout(timeouts.grace, farewell).await.ok();
}

/// What to tell a client whose bytes made no sense (RFC 6455, section 7.4.1); nothing if there is nobody to tell.
fn fault(error: &axum::Error) -> Option<(u16, &'static str)> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => return Some((close_code::SIZE, "the message is too long")),
            Some(tungstenite::Error::Protocol(_)) => return Some((close_code::PROTOCOL, "this is no WebSocket frame")),
            Some(tungstenite::Error::Utf8(_)) => return Some((close_code::INVALID, "the text is not UTF-8")),
            _ => cause = error.source(),
        }
    }
    None
}

/// 20 bytes.
fn time(clock: &Clock) -> String {
    format!("{{\"time\": \"{}\"}}", clock.time_of_day())
}

/// The 101 of the original: `Upgrade`, `Connection`, `Sec-WebSocket-Accept`.
fn in_order_of_2021(mut answer: Response) -> Response {
    if let Some(accept) = answer.headers_mut().remove(SEC_WEBSOCKET_ACCEPT) {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        *answer.headers_mut() = headers;
    }
    answer
}

const UNKNOWN: &str = r#"{"error": "unknown command"}"#;
/// Room to read into; a longer message gets its own when it comes.
const READ_BUFFER: usize = 512;
/// Room for the answers that a client has not taken yet.
const WRITE_BUFFER: usize = 4096;
