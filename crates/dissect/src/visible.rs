//! Which characters of somebody else's text may be shown as they are?
//!
//! Those that a reader sees, and no others. Control characters move a terminal's cursor, clear its screen or set its
//! title (ECMA-48, with the C1 set that UTF-8 carries in two bytes); directional characters reorder what stands around
//! them (Unicode Standard Annex 9, section 2; Unicode Technical Report 36, section 2.7); others break lines or take up no
//! room. A capture, a file's name or a run.json may hold any of them.

use std::borrow::Cow;

/// Whether a character does nothing but be seen.
pub fn is_visible(c: char) -> bool {
    // The first comparison answers for nearly all text.
    !c.is_control() && (c < '\u{61c}' || !ACTS.iter().any(|&(from, to)| (from..=to).contains(&c)))
}

/// Text on one line of a terminal or of a plain file, with a mark for each character that is none to see.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_visible(c) { c } else { char::REPLACEMENT_CHARACTER }).collect())
}

/// The same for text of several lines: line feeds and tabs stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let stays = |c: char| is_visible(c) || matches!(c, '\n' | '\t');
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if stays(c) { c } else { char::REPLACEMENT_CHARACTER }).collect())
}

/// Characters that are no control characters and are not seen: marks, embeddings, overrides and isolates of direction,
/// separators of lines and paragraphs, invisible operators, annotations, tags.
const ACTS: [(char, char); 7] = [
    ('\u{61c}', '\u{61c}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_marked_and_what_is_seen_stays() {
        for (text, shown) in [
            ("GET /time", "GET /time"),
            ("Zürich → 東京 🕰", "Zürich → 東京 🕰"),
            ("\u{1b}[2J\u{1b}]0;title\u{7}", "\u{fffd}[2J\u{fffd}]0;title\u{fffd}"),
            ("\u{9b}2J\u{85}\0\u{7f}", "\u{fffd}2J\u{fffd}\u{fffd}\u{fffd}"),
            ("a\u{202e}b\u{2066}c\u{2028}d\u{2029}e\u{feff}", "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}"),
            ("two\r\nlines\t", "two\u{fffd}\u{fffd}lines\u{fffd}"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
        assert_eq!(visible_lines("two\r\nlines\t\u{1b}"), "two\u{fffd}\nlines\t\u{fffd}");
    }
}
