//! Do these bytes fit a form?
//!
//! Forms are the catalog's: a text in which `HH:MM:SS` stands for a time of day and `*` for any bytes, also none. What
//! stands between two stars has a length of its own, so the first place where it fits is as good as any later one: no
//! choice has to be taken back.

use wirelab_catalog::grammar::{ANYTHING, TIME};

use crate::time_of_day::is_time;

/// How bytes fit a form from their start on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// So many of them do.
    Whole(usize),
    /// All of them do, and more would have to come.
    Begun,
    /// They do not.
    No,
}

/// Whether these bytes are of a form, from the first to the last.
pub(crate) fn is_of(form: &str, bytes: &[u8]) -> bool {
    let Some((start, end)) = form.rsplit_once(ANYTHING) else {
        return bytes.len() == form.len() && fits_at(form.as_bytes(), bytes) == Some(form.len());
    };
    // What stands behind the last star is the end, however often it comes before.
    let Some(end_at) = bytes.len().checked_sub(end.len()) else { return false };
    let (before, tail) = bytes.split_at_checked(end_at).unwrap_or_default();
    fits_at(end.as_bytes(), tail) == Some(end.len()) && matches!(begins(start, before), Fit::Whole(_))
}

/// How bytes begin with a form. Behind its last star it goes on to the first place where its end fits.
pub(crate) fn begins(form: &str, bytes: &[u8]) -> Fit {
    let mut at = 0;
    for (index, piece) in form.split(ANYTHING).enumerate() {
        let piece = piece.as_bytes();
        let rest = bytes.get(at..).unwrap_or_default();
        let found = if index == 0 {
            match fits_at(piece, rest) {
                Some(len) if len == piece.len() => Some(0),
                Some(_) => return Fit::Begun,
                None => return Fit::No,
            }
        } else {
            (0..=rest.len().saturating_sub(piece.len()))
                .find(|&from| fits_at(piece, rest.get(from..).unwrap_or_default()) == Some(piece.len()))
        };
        match found {
            Some(from) => at += from + piece.len(),
            None => return Fit::Begun,
        }
    }
    Fit::Whole(at)
}

/// How many of these bytes fit a form without stars, where none of them does not: fewer than it has where they end
/// before it does.
fn fits_at(piece: &[u8], bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(wanted) = piece.get(at) {
        let Some(byte) = bytes.get(at) else { return Some(at) };
        let is_of_time = piece.get(at..).is_some_and(|rest| rest.starts_with(TIME.as_bytes()));
        if is_of_time {
            match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
                Some(time) if is_time(time) => at += TIME.len(),
                Some(_) => return None,
                // The time is cut: as far as it is here it may be one.
                None if bytes.get(at..).is_some_and(may_become_time) => return Some(bytes.len()),
                None => return None,
            }
        } else if byte == wanted {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

fn may_become_time(bytes: &[u8]) -> bool {
    let mut whole = *b"00:00:00";
    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    is_time(&whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_of_a_form_or_not() {
        for (form, text, expected) in [
            ("", "", true),
            ("", "x", false),
            ("*", "", true),
            ("*", "anything", true),
            ("Good bye!\n", "Good bye!\n", true),
            ("Good bye!\n", "Good bye!", false),
            ("Good bye!\n", "Good bye!\n\n", false),
            ("{\"time\":\"HH:MM:SS\"}\n", "{\"time\":\"23:59:60\"}\n", true),
            ("{\"time\":\"HH:MM:SS\"}\n", "{\"time\":\"24:00:00\"}\n", false),
            ("{\"time\":\"HH:MM:SS\"}\n", "{\"time\":\"HH:MM:SS\"}\n", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a.b.c.c", true),
            ("a*b*c", "a.c.b", false),
            ("a*HH:MM:SS*", "a 99:99:99 12:34:56 z", true),
            ("*end", "end of the end", true),
            ("aa*aa", "aaa", false),
        ] {
            assert_eq!(is_of(form, text.as_bytes()), expected, "{form:?} {text:?}");
        }
    }

    #[test]
    fn begins_with_a_form_or_may_still() {
        for (form, text, expected) in [
            ("HH:MM:SS\n\n", "09:31:35\n\n09:", Fit::Whole(10)),
            ("HH:MM:SS\n\n", "09:31:3", Fit::Begun),
            ("HH:MM:SS\n\n", "09:9", Fit::No),
            ("HH:MM:SS\n\n", "", Fit::Begun),
            ("I do not understand: *\n\n", "I do not understand: x\n", Fit::Begun),
            ("I do not understand: *\n\n", "I do not understand: x\n\n\n", Fit::Whole(24)),
            ("I do not understand: *\n\n", "I do nothing", Fit::No),
        ] {
            assert_eq!(begins(form, text.as_bytes()), expected, "{form:?} {text:?}");
        }
    }

    proptest! {
        /// What is of a form is begun at each of its prefixes, and whatever may stand where a star is.
        #[test]
        fn what_is_made_after_a_form_is_of_it(any in prop::collection::vec(any::<u8>(), 0..40), seconds in 0..86_400_u32) {
            let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            let form = "<p>*<time>HH:MM:SS</time>*</p>";
            let text = [b"<p>", &any[..], b"<time>", time.as_bytes(), b"</time>", &any[..], b"</p>"].concat();
            prop_assert!(is_of(form, &text));
            let whole = begins(form, &text);
            prop_assert!(matches!(whole, Fit::Whole(len) if len <= text.len()));
            for end in 0..text.len() {
                let fit = begins(form, &text[..end]);
                prop_assert!(fit == Fit::Begun || fit == whole, "{end}: {fit:?}");
            }
        }
    }
}
