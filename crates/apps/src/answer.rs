//! What has every HTTP answer in common?
//!
//! The header fields that the server of 2021 wrote, in its order: `Content-Type`, `Content-Length`, `Date`. The date is
//! that of the run's clock, and hyper is told to add none. And the style: whether head and body leave in one write.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use wirelab_clock::Clock;

use crate::AnswerStyle;

/// A text that is all there.
pub(crate) fn text(status: StatusCode, media_type: &'static str, body: String) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static(media_type))], body).into_response()
}

/// A time as the content of an answer: 20 bytes, the newline among them.
pub(crate) fn json_time(time: &str) -> String {
    format!("{{\"time\":\"{time}\"}}\n")
}

/// The same as what is pushed says it: 20 bytes, without a newline.
pub(crate) fn spaced_json_time(time: &str) -> String {
    format!("{{\"time\": \"{time}\"}}")
}

/// Adds what every answer has, in the order of 2021.
pub(crate) fn finish(response: Response, clock: &Clock, style: AnswerStyle) -> Response {
    // 101 ends HTTP on this connection; the original sent no date with it.
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let mut headers = HeaderMap::with_capacity(4);
    if let Some(media_type) = parts.headers.get(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, media_type.clone());
    }
    // What has no content by its status says no length (RFC 9110, section 8.6).
    let may_have_content = !matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if let Some(length) = body.size_hint().exact().filter(|_| may_have_content) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Ok(date) = HeaderValue::from_str(&clock.http_date()) {
        headers.insert(DATE, date);
    }
    // In their order: to remove some would move others.
    for (name, value) in parts.headers.iter().filter(|(name, _)| ![CONTENT_TYPE, CONTENT_LENGTH].contains(name)) {
        headers.append(name.clone(), value.clone());
    }
    parts.headers = headers;
    let body = match style {
        AnswerStyle::Split if !body.is_end_stream() => Body::new(AfterHead { body, waited: false }),
        AnswerStyle::Split | AnswerStyle::Coalesced => body,
    };
    Response::from_parts(parts, body)
}

/// A body that lets the head go first: it is not ready when it is first asked, and hyper writes out what it has when a
/// body is not ready.
struct AfterHead {
    body: Body,
    waited: bool,
}

impl HttpBody for AfterHead {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if !self.waited {
            self.waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
