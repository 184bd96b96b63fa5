//! When is an answer right?
//!
//! People write numbers in many ways: with units, with spaces or commas between thousands, in hexadecimal. All that mean
//! the same are right. Times may be off by what reading a list to the millisecond costs, shares by rounding; whatever was
//! counted may not.

use std::fmt;
use std::str::FromStr;

/// What is right.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Something that was counted.
    Count(u64, Counted),
    /// A time in milliseconds.
    Milliseconds(f64),
    /// A share in percent.
    Percent(f64),
    /// A number or a row of bytes in hexadecimal, in lower case: `0x018`, `5ccb2c0c`.
    Hex(String),
    /// Words.
    Text(String),
}

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A number without a unit.
    Plain,
    /// Bytes.
    Bytes,
    /// Packets.
    Packets,
    /// The number of one packet.
    Packet,
}

impl Counted {
    const ALL: [Counted; 4] = [Counted::Plain, Counted::Bytes, Counted::Packets, Counted::Packet];

    /// Behind the number, or before it.
    fn word(self) -> &'static str {
        match self {
            Counted::Plain => "",
            Counted::Bytes => " bytes",
            Counted::Packets => " packets",
            Counted::Packet => "packet ",
        }
    }
}

impl Answer {
    /// Whether what somebody wrote is right.
    pub fn accepts(&self, given: &str) -> bool {
        let given = given.trim();
        match self {
            Answer::Count(right, _) => {
                let plain =
                    without_words(given, &["bytes", "byte", "packets", "packet", "frames", "frame", "b", "#", "no."]);
                readings(&plain).contains(&(*right as f64))
            }
            Answer::Milliseconds(right) => {
                let (plain, factor) = time_unit(given);
                let allowed = (right.abs() * 0.02).max(0.5);
                readings(&plain).iter().any(|number| (number * factor - right).abs() <= allowed)
            }
            Answer::Percent(right) => {
                let plain = without_words(given, &["%", "percent"]);
                readings(&plain).iter().any(|number| (number - right).abs() <= 0.6)
            }
            Answer::Hex(right) => hex_means(right, given),
            Answer::Text(right) => same_words(right, given),
        }
    }
}

/// As it stands in a key.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Count(number, Counted::Packet) => write!(f, "{}{number}", Counted::Packet.word()),
            Answer::Count(number, counted) => write!(f, "{number}{}", counted.word()),
            Answer::Milliseconds(time) => write!(f, "{time:.3} ms"),
            Answer::Percent(share) => write!(f, "{share:.1} %"),
            Answer::Hex(digits) => write!(f, "0x{digits}"),
            Answer::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// Reads what [`Display`](fmt::Display) wrote.
impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Answer, String> {
        let wrong = || format!("'{text}' is no answer as a key has them");
        let text = text.trim();
        if let Some(inner) = text.strip_prefix('"') {
            return Ok(Answer::Text(inner.strip_suffix('"').ok_or_else(wrong)?.to_owned()));
        }
        if let Some(digits) = text.strip_prefix("0x") {
            let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            return if is_hex { Ok(Answer::Hex(digits.to_ascii_lowercase())) } else { Err(wrong()) };
        }
        if let Some(time) = text.strip_suffix(" ms") {
            return time.parse().map(Answer::Milliseconds).map_err(|_| wrong());
        }
        if let Some(share) = text.strip_suffix(" %") {
            return share.parse().map(Answer::Percent).map_err(|_| wrong());
        }
        for counted in Counted::ALL.into_iter().rev() {
            let word = counted.word();
            let number = match counted {
                Counted::Packet => text.strip_prefix(word),
                _ => text.strip_suffix(word),
            };
            if let Some(number) = number.and_then(|number| number.parse().ok()) {
                return Ok(Answer::Count(number, counted));
            }
        }
        Err(wrong())
    }
}

/// Without the first of these words that it begins or ends with, in whatever case.
fn without_words(text: &str, words: &[&str]) -> String {
    let lower = text.to_lowercase();
    let lower = lower.trim();
    let rest = words.iter().find_map(|word| {
        let rest = lower.strip_suffix(word).or_else(|| lower.strip_prefix(word))?;
        rest.trim().starts_with(|c: char| c.is_ascii_digit()).then(|| rest.trim().to_owned())
    });
    rest.unwrap_or_else(|| lower.to_owned())
}

/// A time without its unit, and by what it is multiplied to be in milliseconds.
fn time_unit(text: &str) -> (String, f64) {
    let units = [
        ("milliseconds", 1.0),
        ("seconds", 1000.0),
        ("msec", 1.0),
        ("ms", 1.0),
        ("µs", 0.001),
        ("μs", 0.001),
        ("us", 0.001),
        ("sec", 1000.0),
        ("s", 1000.0),
    ];
    let lower = text.to_lowercase();
    for (unit, factor) in units {
        if let Some(rest) = lower.strip_suffix(unit) {
            return (rest.trim().to_owned(), factor);
        }
    }
    (lower, 1.0)
}

/// All numbers that a text may mean: a comma or a point may stand before decimals or between thousands.
fn readings(text: &str) -> Vec<f64> {
    let text: String =
        text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '_' | '’')).collect();
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).map(|number| number as f64).into_iter().collect();
    }
    let is_number = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'))
    };
    let mut all = Vec::new();
    for (thousands, decimal) in [(',', '.'), ('.', ',')] {
        if !between_thousands(&text, thousands, decimal) {
            continue;
        }
        let plain = text.replace(thousands, "").replace(decimal, ".");
        if is_number(&plain) {
            all.extend(plain.parse::<f64>().ok().filter(|number| number.is_finite()));
        }
    }
    all
}

/// Whether each of these signs, if any, stands before three digits, and none behind the decimals' sign.
fn between_thousands(text: &str, thousands: char, decimal: char) -> bool {
    let (whole, decimals) = text.split_once(decimal).unwrap_or((text, ""));
    if decimals.contains([thousands, decimal]) {
        return false;
    }
    let mut groups = whole.split(thousands);
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    rest.peek().is_none() || (1..=3).contains(&first.len()) && rest.all(|group| group.len() == 3)
}

/// Hexadecimal digits however they are grouped and begun; a number may be in decimal, too.
fn hex_means(right: &str, given: &str) -> bool {
    let lower = given.to_lowercase();
    let digits: String =
        lower.replace("0x", "").chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-' | ',')).collect();
    let plain = |digits: &str| digits.trim_start_matches('0').to_owned();
    if !digits.is_empty() && plain(&digits) == plain(right) {
        return true;
    }
    // Only a small one can be meant in decimal: a row of bytes is no number.
    right.len() <= 4 && !lower.contains('x') && lower.parse::<u64>().ok() == u64::from_str_radix(right, 16).ok()
}

/// Words are the same whatever their case, their quotation marks and the spaces between them.
fn same_words(right: &str, given: &str) -> bool {
    let plain = |text: &str| {
        let bare = text.trim().trim_matches(['"', '\'', '“', '”', '„', '‘', '’', '«', '»']);
        bare.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    };
    !plain(given).is_empty() && plain(right) == plain(given)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_the_same_is_right() {
        for (answer, right, wrong) in [
            (
                Answer::Count(31_470, Counted::Bytes),
                &["31470", "31,470", "31.470", "31 470 bytes", "31'470", " 31470 B ", "0x7aee", "31470.0"][..],
                &["31471", "", "bytes", "31.47", "3,14,70", "31470 31470", "-31470"][..],
            ),
            (Answer::Count(17, Counted::Packet), &["17", "packet 17", "#17", "17.", "No. 17"], &["18", "1 7 1", "1.7"]),
            (
                Answer::Milliseconds(25.2),
                &["25.2", "25.2 ms", "25,2ms", "0.0252 s", "25 ms", "25200 µs", "25.5 milliseconds"],
                &["26", "25.2 s", "252", "", "ms"],
            ),
            (Answer::Percent(92.3), &["92.3", "92,3 %", "92%", "92.8 percent"], &["0.923", "93.4", "%"]),
            (Answer::Hex("018".into()), &["0x018", "18", "0x18", "24", "0X018"], &["0x24", "018f", "", "x"]),
            (Answer::Hex("5ccb2c0c".into()), &["5c cb 2c 0c", "0x5ccb2c0c", "5C:CB:2C:0C"], &["5c cb 2c 0d", "5c"]),
            (
                Answer::Text("get-time".into()),
                &["get-time", "\"get-time\"", " Get-Time ", "„get-time“"],
                &["get time", ""],
            ),
        ] {
            for given in right {
                assert!(answer.accepts(given), "{answer} is not {given:?}");
            }
            for given in wrong {
                assert!(!answer.accepts(given), "{answer} is {given:?}");
            }
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        for answer in [
            Answer::Count(0, Counted::Plain),
            Answer::Count(213, Counted::Bytes),
            Answer::Count(3, Counted::Packets),
            Answer::Count(17, Counted::Packet),
            Answer::Milliseconds(25.125),
            Answer::Percent(92.5),
            Answer::Hex("018".into()),
            Answer::Text("a \"quoted\" word".into()),
            Answer::Text("12 ms".into()),
        ] {
            assert_eq!(answer.to_string().parse(), Ok(answer));
        }
        for text in ["", "0x", "0xzz", "\"open", "packet x", "1.5 bytes", "many"] {
            assert!(text.parse::<Answer>().is_err(), "{text}");
        }
    }

    proptest! {
        /// Whatever is written, nothing panics, and an answer accepts itself.
        #[test]
        fn every_answer_accepts_itself(number: u32, time in 0.0..100_000.0f64, share in 0.0..100.0f64, digits in "[0-9a-f]{1,16}", text in "[a-z][a-z ]{0,12}[a-z]", junk: String) {
            for answer in [
                Answer::Count(number.into(), Counted::Bytes),
                Answer::Count(number.into(), Counted::Packet),
                Answer::Milliseconds(time),
                Answer::Percent(share),
                Answer::Hex(digits.clone()),
                Answer::Text(text.clone()),
            ] {
                prop_assert!(answer.accepts(&answer.to_string()), "{}", answer);
                let _ = answer.accepts(&junk);
                let _ = junk.parse::<Answer>();
            }
        }
    }
}
