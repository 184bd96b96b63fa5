//! How do bytes read as text?

/// Bytes of a message as a person would read them: printable ASCII, cut to a length.
pub(crate) fn readable(bytes: &[u8], most: usize) -> String {
    let mut text = String::new();
    push_readable(&mut text, bytes, most);
    text
}

/// Adds bytes of a message to a text as a person would read them.
pub(crate) fn push_readable(text: &mut String, bytes: &[u8], most: usize) {
    let shown = bytes.get(..most).unwrap_or(bytes);
    for byte in shown {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push('.'),
        }
    }
    if bytes.len() > most {
        text.push('…');
    }
}
