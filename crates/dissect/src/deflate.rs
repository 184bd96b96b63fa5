//! What was in a compressed WebSocket message (RFC 7692, permessage-deflate)?

/// What the two sides agreed on when they negotiated permessage-deflate (RFC 7692 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateParams {
    /// The server starts each message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client starts each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window is at most 2 to the power of this many bytes: 8 to 15.
    pub server_max_window_bits: u8,
    /// The client's window is at most 2 to the power of this many bytes: 8 to 15.
    pub client_max_window_bits: u8,
}

impl Default for DeflateParams {
    /// What `permessage-deflate` without parameters means.
    fn default() -> Self {
        DeflateParams {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: 15,
            client_max_window_bits: 15,
        }
    }
}

impl DeflateParams {
    /// Reads the value of a response's `Sec-WebSocket-Extensions` field: the parameters of permessage-deflate where
    /// it is in the list (RFC 6455 section 9.1).
    pub fn parse(value: &[u8]) -> Option<DeflateParams> {
        value.split(|&byte| byte == b',').find_map(|extension| {
            let mut parameters = extension.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            if !parameters.next()?.eq_ignore_ascii_case(b"permessage-deflate") {
                return None;
            }
            let mut params = DeflateParams::default();
            for parameter in parameters {
                let mut halves = parameter.splitn(2, |&byte| byte == b'=').map(<[u8]>::trim_ascii);
                let name = halves.next().unwrap_or_default();
                let bits = halves.next().and_then(window_bits);
                if name.eq_ignore_ascii_case(b"server_no_context_takeover") {
                    params.server_no_context_takeover = true;
                } else if name.eq_ignore_ascii_case(b"client_no_context_takeover") {
                    params.client_no_context_takeover = true;
                } else if name.eq_ignore_ascii_case(b"server_max_window_bits") {
                    params.server_max_window_bits = bits.unwrap_or(15);
                } else if name.eq_ignore_ascii_case(b"client_max_window_bits") {
                    params.client_max_window_bits = bits.unwrap_or(15);
                }
            }
            Some(params)
        })
    }
}

/// A window size from 8 to 15, with or without quotes.
fn window_bits(value: &[u8]) -> Option<u8> {
    let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    let bits: u8 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (8..=15).contains(&bits).then_some(bits)
}
