//! Is this request a WebSocket handshake that can be accepted (RFC 6455, section 4.2.1)?

use axum::http::header::{CONNECTION, HeaderName, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use axum::response::Response;

use crate::AllowedHost;
use crate::answer::text;
use crate::callers::is_of_own_page;
use crate::http::PLAIN;

/// The answer that says what is wrong, if anything is.
pub(crate) fn refusal(request: &Parts, allowed: &[AllowedHost]) -> Option<Response> {
    let headers = &request.headers;
    // HTTP/1.0 has no upgrades (RFC 9110, section 7.8).
    let asks = request.method == Method::GET
        && request.version == Version::HTTP_11
        && lists(headers, &UPGRADE, "websocket")
        && lists(headers, &CONNECTION, "upgrade");
    if !asks {
        return Some(upgrade_required(NO_UPGRADE));
    }
    // A client that speaks another version learns which one to try (section 4.4).
    if only(headers, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Some(upgrade_required(OTHER_VERSION));
    }
    if !only(headers, &SEC_WEBSOCKET_KEY).is_some_and(is_key) {
        return Some(text(StatusCode::BAD_REQUEST, PLAIN, BAD_KEY.to_owned()));
    }
    if !is_of_own_page(request, allowed) {
        return Some(text(StatusCode::FORBIDDEN, PLAIN, FOREIGN_PAGE.to_owned()));
    }
    None
}

/// 426 has to say which protocol it wants (RFC 9110, section 15.5.22).
fn upgrade_required(why: &str) -> Response {
    let mut answer = text(StatusCode::UPGRADE_REQUIRED, PLAIN, why.to_owned());
    let headers = answer.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    answer
}

/// Whether a field that is a list, in one line or in many (RFC 9110, section 5.3), has this member, whatever its case.
fn lists(headers: &HeaderMap, name: &HeaderName, member: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|found| found.trim().eq_ignore_ascii_case(member))
}

/// The value of a field that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    lines.next().filter(|_| lines.next().is_none())
}

/// 16 bytes in base64: 22 digits, of which the last carries two bits, and the padding (RFC 4648, section 4).
fn is_key(key: &HeaderValue) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.as_bytes().strip_suffix(b"==").is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_digit))
}

const NO_UPGRADE: &str = "This path is a WebSocket. It wants a GET over HTTP/1.1 with Upgrade: websocket and \
    Connection: Upgrade. The page is at /\n";
const OTHER_VERSION: &str = "This WebSocket wants one Sec-WebSocket-Version: 13.\n";
const BAD_KEY: &str = "A WebSocket handshake has one Sec-WebSocket-Key: 16 bytes in base64, which is 24 characters.\n";
const FOREIGN_PAGE: &str = "The Origin says that a page of another server asks, and only pages of this one may open \
    its WebSocket. wirelab serve --allow-host HOST allows those of HOST too.\n";
