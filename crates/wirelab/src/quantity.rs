//! How does a person write a time or a share on the command line?
//!
//! A time is a number and a unit: `10s`, `25ms`, `1.5s`, `2m`, `1h`; `0` needs no unit. A share is `5%` or `0.05`.

use std::time::Duration;

/// Reads a time.
pub fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().map_err(|_| NOT_A_TIME.to_owned())?;
    let seconds = match unit.trim_start() {
        "" if number == 0.0 => 0.0,
        "" => return Err(format!("{text} has no unit: write {text}s or {text}ms")),
        "us" | "µs" => number / 1e6,
        "ms" => number / 1e3,
        "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return Err(NOT_A_TIME.to_owned()),
    };
    // Rounded, so that 0.1 ms is 100,000 ns and not 99,999.
    let nanos = (seconds * 1e9).round();
    if nanos < MOST_NANOS { Ok(Duration::from_nanos(nanos as u64)) } else { Err("that is more than a year".to_owned()) }
}

/// Reads a number of something; whoever knows what it counts knows its bounds.
pub fn count(text: &str) -> Result<u64, String> {
    let digits = text.trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("not a number of them: write digits alone, as in 30".to_owned());
    }
    // Too many digits are too many of anything.
    Ok(digits.parse().unwrap_or(u64::MAX))
}

/// Reads a share between 0 and 1.
pub fn share(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 100.0),
        None => (text, 1.0),
    };
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 && number <= scale => Ok(number / scale),
        Ok(_) => Err("a share lies between 0 and 100%".to_owned()),
        Err(_) => Err("not a share: write 5% or 0.05".to_owned()),
    }
}

/// Reads an outage of the link: when it begins and how long it lasts, `12s+3s`.
pub fn outage(text: &str) -> Result<(Duration, Duration), String> {
    let (start, length) = text.split_once('+').ok_or("not an outage: write its start and its length, as in 12s+3s")?;
    Ok((duration(start)?, duration(length)?))
}

/// Writes a time as [`duration`] reads it, in the largest unit that leaves few digits: `25ms`, `10s`, `1h`.
pub fn show(time: Duration) -> String {
    let nanos = time.as_nanos();
    for (unit, name) in
        [(3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")]
    {
        if nanos >= unit && nanos.is_multiple_of(unit / 10) && (nanos.is_multiple_of(unit) || unit <= 1_000_000_000) {
            let whole = nanos / unit;
            let tenth = nanos % unit / (unit / 10);
            return if tenth == 0 { format!("{whole}{name}") } else { format!("{whole}.{tenth}{name}") };
        }
    }
    if nanos == 0 { "0".to_owned() } else { format!("{}us", nanos as f64 / 1e3) }
}

const NOT_A_TIME: &str = "not a time: write a number and a unit, as in 10s, 25ms, 2m or 1h";
const MOST_NANOS: f64 = 366.0 * 86_400.0 * 1e9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("10s", 10_000_000_000),
            ("25ms", 25_000_000),
            ("0.1ms", 100_000),
            ("1.5s", 1_500_000_000),
            ("250us", 250_000),
            ("250 µs", 250_000),
            ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            (" 7s ", 7_000_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_says_how_to_write_one() {
        for text in ["", "s", "ten", "1.2.3s", "-1s", "1e3s", "10 parsecs", "inf", "NaN", "1s2s"] {
            assert_eq!(duration(text), Err(NOT_A_TIME.to_owned()), "{text}");
        }
        assert_eq!(duration("10"), Err("10 has no unit: write 10s or 10ms".to_owned()));
        assert_eq!(duration("9999999h"), Err("that is more than a year".to_owned()));
    }

    #[test]
    fn counts() {
        assert_eq!(count(" 30 "), Ok(30));
        assert_eq!(count("99999999999999999999"), Ok(u64::MAX));
        for text in ["", "-1", "+1", "1.5", "1e3", "many"] {
            assert_eq!(count(text), Err("not a number of them: write digits alone, as in 30".to_owned()), "{text}");
        }
    }

    #[test]
    fn shares() {
        for (text, value) in [("0", 0.0), ("5%", 0.05), ("0.05", 0.05), ("100%", 1.0), ("1", 1.0), ("2.5 %", 0.025)] {
            assert_eq!(share(text), Ok(value), "{text}");
        }
        for text in ["5", "-1%", "101%", "NaN", "inf"] {
            assert_eq!(share(text), Err("a share lies between 0 and 100%".to_owned()), "{text}");
        }
        for text in ["", "%", "five"] {
            assert_eq!(share(text), Err("not a share: write 5% or 0.05".to_owned()), "{text}");
        }
    }

    #[test]
    fn outages() {
        assert_eq!(outage("12s+3s"), Ok((Duration::from_secs(12), Duration::from_secs(3))));
        assert_eq!(outage("0+500ms"), Ok((Duration::ZERO, Duration::from_millis(500))));
        assert_eq!(outage("12s"), Err("not an outage: write its start and its length, as in 12s+3s".to_owned()));
        assert_eq!(outage("12s+"), Err(NOT_A_TIME.to_owned()));
    }

    #[test]
    fn a_shown_time_reads_back() {
        for text in ["0", "25ms", "12.5ms", "10s", "1.5s", "2m", "1h", "24h", "90s", "250us", "1.2us"] {
            let time = duration(text).expect("a time");
            assert_eq!(duration(&show(time)), Ok(time), "{text}");
        }
        assert_eq!(show(Duration::from_secs(10)), "10s");
        assert_eq!(show(Duration::from_millis(25)), "25ms");
        assert_eq!(show(Duration::from_micros(12_500)), "12.5ms");
        assert_eq!(show(Duration::from_secs(90)), "90s");
        assert_eq!(show(Duration::from_secs(120)), "2m");
    }
}
