//! How do sentences say numbers and names?

use crate::model::Kind;

/// Nanoseconds as a person says them: "40 µs", "40.1 ms", "1.25 s".
pub(crate) fn duration(ns: u64) -> String {
    let ms = ns as f64 / 1e6;
    match ns {
        0..999_500 => format!("{} µs", significant(ms * 1e3)),
        // Rounded, it would be a second.
        999_950_000.. => format!("{} s", significant(ms / 1e3)),
        _ => format!("{} ms", significant(ms)),
    }
}

/// Three digits, and none behind them that say nothing.
fn significant(value: f64) -> String {
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.995 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// "1 packet", "12 packets".
pub(crate) fn count(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// "12 of 40 packets", "the only packet", "both packets", "all 40 packets".
pub(crate) fn part(number: u64, of: u64, noun: &str) -> String {
    match (number, of) {
        (1, 1) => format!("the only {noun}"),
        (2, 2) => format!("both {noun}s"),
        (number, of) if number == of => format!("all {} {noun}s", grouped(of)),
        (number, of) => format!("{} of {} {noun}s", grouped(number), grouped(of)),
    }
}

/// Digits in groups of three, from five on.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// "a", "a and b", "a, b and c".
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What an exchange of a group is called: its label, where that says more than its kind.
pub(crate) fn called(kind: Kind, label: &str) -> String {
    if label.is_empty() || label == "unknown" || label == kind.name() {
        return kind.name().to_owned();
    }
    let short: String = label.chars().take(MOST_LETTERS).collect();
    let more = if short.len() < label.len() { "…" } else { "" };
    // What else may be called so is no page: the update of a page asks for it again.
    let page = if kind == Kind::Page { "page " } else { "" };
    format!("{page}{short}{more}")
}

/// "40 ms on average, 52 ms at most"; what is the same for all is said once.
pub(crate) fn average(sum_ns: u64, times: u64, most_ns: u64) -> String {
    let (each, most) = (duration(sum_ns / times.max(1)), duration(most_ns));
    match times {
        0 | 1 => each,
        _ if each == most => format!("{each} each"),
        _ => format!("{each} on average, {most} at most"),
    }
}

/// "the server", "the client".
pub(crate) fn side(client: bool) -> &'static str {
    if client { "client" } else { "server" }
}

/// Letters of a label that a sentence shows.
const MOST_LETTERS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_with_three_digits() {
        for (ns, text) in [
            (0, "0 µs"),
            (1_500, "1.5 µs"),
            (40_000, "40 µs"),
            (999_499, "999 µs"),
            (999_500, "1 ms"),
            (1_000_000, "1 ms"),
            (40_149_000, "40.1 ms"),
            (999_949_000, "1000 ms"),
            (999_950_000, "1 s"),
            (1_254_000_000, "1.25 s"),
            (123_400_000_000, "123 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
        let numbers = [1, 1000, 17_824, 1_234_567].map(grouped);
        assert_eq!(numbers, ["1", "1000", "17 824", "1 234 567"]);
        assert_eq!(
            [(1, 1), (2, 2), (3, 3), (2, 40)].map(|(a, b)| part(a, b, "event")),
            ["the only event", "both events", "all 3 events", "2 of 40 events"]
        );
    }
}
