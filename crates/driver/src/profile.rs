//! Which bytes does this browser send for a navigation, a reload, an XHR, an EventSource and a WebSocket?
//!
//! Field order, case and values are the browser's, so that its requests have their real lengths: most of what an Ajax
//! update costs is this text. All four are for a page over plain HTTP from an address that the browser does not trust
//! (no `Sec-Fetch-*`, no `br`), as in a lab network.
//!
//! - *Firefox 89* on macOS is the client of the captures of 2021.
//! - *Firefox 153* and *Chromium 156* on Linux were recorded in 2026 with a socket server that prints what it gets. Chromium was recorded
//!   headless and then calls itself `HeadlessChrome`; the profile says `Chrome`, as one with a window does, and is 8
//!   bytes a request shorter for it. All else is the same in both.
//! - *minimal* is the least that RFC 9112 (a Host field) and RFC 6455, section 4.1, allow.

use std::time::Duration;

/// The client whose requests are sent, and whose manners are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Firefox 89 on macOS 10.15: the browser of the captures of 2021.
    Firefox89,
    /// Firefox 153 on Linux.
    #[default]
    Firefox,
    /// Chromium 156 on Linux, with a window.
    Chromium,
    /// No browser: only what the protocols demand.
    Minimal,
}

/// No client has more bytes on their way at a time: a request, and what may follow before it is acknowledged.
pub const MOST_IN_FLIGHT: usize = 2048;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    /// The address was typed in: `GET /`.
    Navigate,
    /// `location.reload()` on that page.
    Reload,
    /// The page has a frame for this page.
    Frame,
    /// `location.reload()` on the page in that frame.
    FrameReload,
    /// `new XMLHttpRequest`, where the browser has kept what the server called so with `ETag`.
    Xhr { kept: Option<&'a str> },
    /// `fetch`.
    Fetch,
    /// `new EventSource`.
    EventSource,
    /// `new WebSocket`.
    WebSocket { key: &'a str },
}

/// How a WebSocket client leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// As a browser that is closed: a close frame with 1001 (going away), and without waiting for the answer its two
    /// connections are closed, in this order and each after this pause. What the server still sends is answered
    /// with a reset.
    Browser([(Leaves, Duration); 2]),
    /// As RFC 6455, section 7.1.1, has it: a close frame, the server's close frame, the server's FIN; then our own.
    Handshake,
}

/// One of the two connections of a page with a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    Page,
    Socket,
}

impl Profile {
    /// The request for what is at a path, ready to be sent.
    pub(crate) fn request(self, call: Call<'_>, path: &str, authority: &str) -> Vec<u8> {
        let mut request = format!("GET {path} HTTP/1.1\r\n");
        for field in self.fields(call) {
            let key = if let Call::WebSocket { key } = call { key } else { "" };
            request.push_str(&field.replace("{authority}", authority).replace("{path}", path).replace("{key}", key));
            request.push_str("\r\n");
        }
        // Chromium was recorded, where it is the last field; Firefox is taken to be the same.
        if let (true, Call::Xhr { kept: Some(tag) }) = (self.caches(), call) {
            request.push_str(&format!("If-None-Match: {tag}\r\n"));
        }
        request.push_str("\r\n");
        request.into_bytes()
    }

    /// Whether it keeps answers, and asks whether they still hold (RFC 9111, section 4.3).
    pub(crate) fn caches(self) -> bool {
        self != Profile::Minimal
    }

    /// The time from a page's last byte to the first request of its script.
    ///
    /// Firefox 89 took 58 ms (EventSource) and 63 ms (WebSocket) in its captures, Chromium 55 ms: time enough for the
    /// page's ACK to leave as a packet of its own.
    pub(crate) fn script_starts_after(self) -> Duration {
        match self {
            Profile::Firefox89 | Profile::Firefox | Profile::Chromium => Duration::from_millis(60),
            Profile::Minimal => Duration::ZERO,
        }
    }

    /// How this client ends a WebSocket.
    ///
    /// Firefox 89 is as in its capture, where the FINs came 1.8 ms and 3.2 ms after the close frame; today's Firefox was not
    /// measured and is taken to be the same. Chromium, told to quit, closed the WebSocket 0.4 to 1.1 ms after the
    /// close frame, and the page's connection 12 to 16 ms later.
    pub(crate) fn farewell(self) -> Farewell {
        let pause = Duration::from_millis;
        match self {
            Profile::Firefox89 | Profile::Firefox => {
                Farewell::Browser([(Leaves::Page, pause(2)), (Leaves::Socket, pause(1))])
            }
            Profile::Chromium => Farewell::Browser([(Leaves::Socket, pause(1)), (Leaves::Page, pause(14))]),
            Profile::Minimal => Farewell::Handshake,
        }
    }

    fn fields(self, call: Call<'_>) -> &'static [&'static str] {
        match (self, call) {
            (Profile::Firefox89, Call::Navigate) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
                "Accept-Language: en-US,en;q=0.5",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Upgrade-Insecure-Requests: 1",
            ],
            (Profile::Firefox89, Call::Reload) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
                "Accept-Language: en-US,en;q=0.5",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Upgrade-Insecure-Requests: 1",
                "Cache-Control: max-age=0",
            ],
            (Profile::Firefox89, Call::Xhr { .. }) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
                "Accept: */*",
                "Accept-Language: en-US,en;q=0.5",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Referer: http://{authority}/",
            ],
            // Not recorded: what its successor sends, as far as it knew it.
            (Profile::Firefox89, Call::Fetch) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
                "Accept: */*",
                "Accept-Language: en-US,en;q=0.5",
                "Accept-Encoding: gzip, deflate",
                "Referer: http://{authority}/",
                "Connection: keep-alive",
            ],
            (Profile::Firefox89, Call::EventSource) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
                "Accept: text/event-stream",
                "Accept-Language: en-US,en;q=0.5",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Referer: http://{authority}/",
                "Pragma: no-cache",
                "Cache-Control: no-cache",
            ],
            (Profile::Firefox89, Call::WebSocket { .. }) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
                "Accept: */*",
                "Accept-Language: en-US,en;q=0.5",
                "Accept-Encoding: gzip, deflate",
                "Sec-WebSocket-Version: 13",
                "Origin: http://{authority}",
                "Sec-WebSocket-Extensions: permessage-deflate",
                "Sec-WebSocket-Key: {key}",
                "Connection: keep-alive, Upgrade",
                "Pragma: no-cache",
                "Cache-Control: no-cache",
                "Upgrade: websocket",
            ],

            // Not recorded: the fields of its navigation, and the Referer where that of an XHR stands.
            (Profile::Firefox89, Call::Frame | Call::FrameReload) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
                "Accept-Language: en-US,en;q=0.5",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Referer: http://{authority}/",
                "Upgrade-Insecure-Requests: 1",
            ],

            // location.reload() sends the very bytes of the navigation.
            (Profile::Firefox, Call::Navigate | Call::Reload) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "Accept-Language: en-US,en;q=0.9",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Upgrade-Insecure-Requests: 1",
                "Priority: u=0, i",
            ],
            // Not recorded: the fields of its navigation, and the Referer where that of an XHR stands.
            (Profile::Firefox, Call::Frame | Call::FrameReload) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "Accept-Language: en-US,en;q=0.9",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Referer: http://{authority}/",
                "Upgrade-Insecure-Requests: 1",
                "Priority: u=4",
            ],
            (Profile::Firefox, Call::Xhr { .. }) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                "Accept: */*",
                "Accept-Language: en-US,en;q=0.9",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Referer: http://{authority}/",
            ],
            (Profile::Firefox, Call::Fetch) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                "Accept: */*",
                "Accept-Language: en-US,en;q=0.9",
                "Accept-Encoding: gzip, deflate",
                "Referer: http://{authority}/",
                "Connection: keep-alive",
                "Priority: u=4",
            ],
            (Profile::Firefox, Call::EventSource) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                "Accept: text/event-stream",
                "Accept-Language: en-US,en;q=0.9",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
                "Referer: http://{authority}/",
                "Priority: u=4",
                "Pragma: no-cache",
                "Cache-Control: no-cache",
            ],
            (Profile::Firefox, Call::WebSocket { .. }) => &[
                "Host: {authority}",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                "Accept: */*",
                "Accept-Language: en-US,en;q=0.9",
                "Accept-Encoding: gzip, deflate",
                "Sec-WebSocket-Version: 13",
                "Origin: http://{authority}",
                "Sec-WebSocket-Extensions: permessage-deflate",
                "Sec-WebSocket-Key: {key}",
                "Connection: Upgrade",
                "Pragma: no-cache",
                "Cache-Control: no-cache",
                "Upgrade: websocket",
            ],

            (Profile::Chromium, Call::Navigate) => &[
                "Host: {authority}",
                "Connection: keep-alive",
                "Upgrade-Insecure-Requests: 1",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9",
            ],
            (Profile::Chromium, Call::Reload) => &[
                "Host: {authority}",
                "Connection: keep-alive",
                "Cache-Control: max-age=0",
                "Upgrade-Insecure-Requests: 1",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
                "Referer: http://{authority}/",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9",
            ],
            // Recorded as the others were.
            (Profile::Chromium, Call::Frame) => &[
                "Host: {authority}",
                "Connection: keep-alive",
                "Upgrade-Insecure-Requests: 1",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
                "Referer: http://{authority}/",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9",
            ],
            (Profile::Chromium, Call::FrameReload) => &[
                "Host: {authority}",
                "Connection: keep-alive",
                "Cache-Control: max-age=0",
                "Upgrade-Insecure-Requests: 1",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
                "Referer: http://{authority}{path}",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9",
            ],
            (Profile::Chromium, Call::Xhr { .. } | Call::Fetch) => &[
                "Host: {authority}",
                "Connection: keep-alive",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Accept: */*",
                "Referer: http://{authority}/",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9",
            ],
            (Profile::Chromium, Call::EventSource) => &[
                "Host: {authority}",
                "Connection: keep-alive",
                "Pragma: no-cache",
                "Cache-Control: no-cache",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Accept: text/event-stream",
                "Referer: http://{authority}/",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9",
            ],
            (Profile::Chromium, Call::WebSocket { .. }) => &[
                "Host: {authority}",
                "Connection: Upgrade",
                "Pragma: no-cache",
                "Cache-Control: no-cache",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Upgrade: websocket",
                "Origin: http://{authority}",
                "Sec-WebSocket-Version: 13",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9",
                "Sec-WebSocket-Key: {key}",
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            ],

            (Profile::Minimal, Call::WebSocket { .. }) => &[
                "Host: {authority}",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Key: {key}",
                "Sec-WebSocket-Version: 13",
            ],
            (Profile::Minimal, _) => &["Host: {authority}"],
        }
    }
}

#[cfg(test)]
mod tests;
