//! How are bytes that nobody expected shown in a sentence?

/// The first of these bytes, for a sentence: `"HTTP/1.1 404 Not Found\r\n…"`.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.get(..EXCERPT).unwrap_or(bytes);
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    format!("\"{}{more}\"", shown.escape_ascii())
}

/// Enough to recognise an answer by, short enough for one sentence.
const EXCERPT: usize = 48;
