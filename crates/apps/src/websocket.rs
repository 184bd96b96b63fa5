//! How does a WebSocket begin and end (RFC 6455, sections 4.2 and 7), whatever is said on it?

use std::error::Error;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;

use crate::connections::Seat;
use crate::{AllowedHost, Limits, ServerOptions, Timeouts, handshake};

/// How a server's WebSockets are opened.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    limits: Limits,
    allowed: Arc<[AllowedHost]>,
}

impl Opening {
    pub(crate) fn new(options: &ServerOptions) -> Opening {
        Opening { limits: options.limits, allowed: options.allowed_hosts.as_slice().into() }
    }

    /// Answers a handshake, and lets `talk` have the WebSocket where there is one.
    pub(crate) async fn open<F>(&self, request: Request, talk: impl FnOnce(WebSocket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (mut parts, _no_body) = request.into_parts();
        if let Some(refusal) = handshake::refusal(&parts, &self.allowed) {
            return refusal;
        }
        // The library knows no lists here.
        parts.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        parts.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => upgrade,
            Err(rejection) => return rejection.into_response(),
        };
        let answer = upgrade
            // The defaults hold 128 KiB for every connection; our messages have 8 and 20 bytes.
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER)
            .max_message_size(self.limits.message)
            .max_frame_size(self.limits.message)
            .on_upgrade(talk);
        in_order_of_2021(answer)
    }
}

/// Why the server ends a conversation: the code and the reason of its close frame.
pub(crate) type End = (u16, &'static str);

/// Ends a conversation, with a close frame of the server's own where there is a reason for one.
pub(crate) async fn close(mut socket: WebSocket, end: Option<End>, seat: &Seat, timeouts: Timeouts) {
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
pub(crate) fn fault(error: &axum::Error) -> Option<End> {
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

/// Says that the server is still there, and asks the same of the client (RFC 6455, section 5.5.2).
pub(crate) const PING: Message = Message::Ping(Bytes::new());
/// The server stops.
pub(crate) const STOPS: End = (close_code::AWAY, "the server stops");
/// The client says nothing.
pub(crate) const IDLE: End = (close_code::AWAY, "no message for too long");

/// Room to read into; a longer message gets its own when it comes.
const READ_BUFFER: usize = 512;
/// Room for the answers that a client has not taken yet.
const WRITE_BUFFER: usize = 4096;
