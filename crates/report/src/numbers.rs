//! How are numbers written for people? With units, thousands set apart, and no more digits than they deserve.

/// The narrow space that sets thousands apart and stands before a unit (U+202F).
const THIN: char = '\u{202f}';

/// `1234567` as `1 234 567`, with narrow spaces.
pub fn grouped(value: u64) -> String {
    grouped_by(value, THIN)
}

/// `1234567` as `1,234,567`: where a narrow space would not survive (terminals, Markdown).
pub fn with_commas(value: u64) -> String {
    grouped_by(value, ',')
}

/// Narrow spaces as plain ones: terminals draw them badly, and Markdown is often read as it stands.
pub fn with_plain_spaces(text: &str) -> String {
    text.replace(THIN, " ")
}

fn grouped_by(value: u64, separator: char) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        // No separator in numbers of four digits: 1253 reads as well, and compares with the tables of 2021.
        if digits.len() > 4 && place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// A number of a row: whole, or, where the row is a mean, with a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    tenths: u64,
    is_whole: bool,
}

impl Amount {
    /// A whole number.
    pub fn whole(value: u64) -> Amount {
        Amount { tenths: value.saturating_mul(10), is_whole: true }
    }

    /// A mean in tenths.
    pub fn tenths(tenths: u64) -> Amount {
        Amount { tenths, is_whole: false }
    }

    /// As a program reads it.
    pub fn plain(self) -> String {
        self.written(|value| value.to_string())
    }

    /// With narrow spaces.
    pub fn grouped(self) -> String {
        self.written(grouped)
    }

    /// With commas.
    pub fn with_commas(self) -> String {
        self.written(with_commas)
    }

    /// "1 packet", "1.5 packets".
    pub fn count(self, noun: &str) -> String {
        if self == Amount::whole(1) { format!("1 {noun}") } else { format!("{} {noun}s", self.grouped()) }
    }

    fn written(self, write: fn(u64) -> String) -> String {
        let whole = write(self.tenths / 10);
        if self.is_whole { whole } else { format!("{whole}.{}", self.tenths % 10) }
    }

    /// Whether it is more than another.
    pub fn is_more_than(self, other: Amount) -> bool {
        self.tenths > other.tenths
    }

    /// How far it is from another.
    pub fn apart_from(self, other: Amount) -> Amount {
        Amount { tenths: self.tenths.abs_diff(other.tenths), is_whole: self.is_whole && other.is_whole }
    }

    /// How much more this is than another, with its sign.
    pub fn signed_from(self, other: Amount) -> String {
        let size = self.apart_from(other).grouped();
        match self.tenths.cmp(&other.tenths) {
            std::cmp::Ordering::Greater => format!("+{size}"),
            std::cmp::Ordering::Less => format!("\u{2212}{size}"),
            std::cmp::Ordering::Equal => format!("\u{b1}{size}"),
        }
    }
}

/// The difference of two counts with its sign: `+126`, `−2` (U+2212), `±0`.
pub fn signed(value: u64, from: u64) -> String {
    match value.cmp(&from) {
        std::cmp::Ordering::Greater => format!("+{}", grouped(value - from)),
        std::cmp::Ordering::Less => format!("\u{2212}{}", grouped(from - value)),
        std::cmp::Ordering::Equal => "\u{b1}0".to_owned(),
    }
}

/// A share in percent with three significant digits at most: `3.8 %`, `0.64 %`, `100 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return format!("0{THIN}%");
    }
    format!("{}{THIN}%", significant(part as f64 / whole as f64 * 100.0, 2))
}

/// A time with the unit that suits it: `812 µs`, `24.8 ms`, `10.3 s`.
pub fn duration(seconds: f64) -> String {
    let size = seconds.abs();
    if size < 0.000_999_5 {
        format!("{}{THIN}\u{b5}s", significant(seconds * 1e6, 3))
    } else if size < 0.999_5 {
        format!("{}{THIN}ms", significant(seconds * 1e3, 3))
    } else {
        format!("{}{THIN}s", significant(seconds, 3))
    }
}

/// "1 packet", "3 packets".
pub fn count(value: u64, noun: &str) -> String {
    if value == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(value)) }
}

/// A small number as a word, as a sentence wants it; large ones in digits.
pub fn word(value: u64) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    usize::try_from(value).ok().and_then(|index| WORDS.get(index)).map_or_else(|| grouped(value), |&w| w.to_owned())
}

/// The same with its first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "a", "a and b", "a, b and c".
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number with about so many significant digits, and no needless zeros behind the point.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let size = value.abs().log10().floor() as i32;
    let decimals = usize::try_from((digits - 1 - size).clamp(0, 9)).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1253), "1253");
        assert_eq!(grouped(12_534), "12\u{202f}534");
        assert_eq!(with_commas(1_000_000), "1,000,000");
    }

    #[test]
    fn differences_have_a_sign() {
        assert_eq!(signed(5, 3), "+2");
        assert_eq!(signed(3, 5), "\u{2212}2");
        assert_eq!(signed(3, 3), "\u{b1}0");
    }

    #[test]
    fn times_and_shares() {
        assert_eq!(duration(0.024_755), "24.8\u{202f}ms");
        assert_eq!(duration(0.000_033), "33\u{202f}\u{b5}s");
        assert_eq!(duration(10.268), "10.3\u{202f}s");
        assert_eq!(duration(0.0), "0\u{202f}\u{b5}s");
        assert_eq!(percent(8, 213), "3.8\u{202f}%");
        assert_eq!(percent(8, 1253), "0.64\u{202f}%");
        assert_eq!(percent(8, 8), "100\u{202f}%");
        assert_eq!(percent(1, 0), "0\u{202f}%");
    }

    #[test]
    fn words() {
        assert_eq!(word(3), "three");
        assert_eq!(word(40), "40");
        assert_eq!(capital("three"), "Three");
        assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(count(1, "packet"), "1 packet");
        assert_eq!(count(2, "packet"), "2 packets");
    }
}
