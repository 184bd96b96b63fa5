//! What a sentence says: its holes, its numbers, its times.

/// What stands in the holes (`{}`) of a sentence, if it is of this form. Of several ways to read it, that with the shortest
/// text in each hole.
pub fn holes<'a>(form: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = form.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut holes = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let end = if at + 1 == parts.len() { rest.len().checked_sub(part.len())? } else { rest.find(part)? };
        if !rest.is_char_boundary(end) || rest.get(end..end + part.len())? != *part {
            return None;
        }
        holes.push(&rest[..end]);
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(holes)
}

/// "17 824", "1 packet", "12 packets of their own": the number at the beginning.
pub fn number(text: &str) -> Option<u64> {
    let mut digits = String::new();
    let bytes = text.as_bytes();
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {}
            _ => break,
        }
    }
    digits.parse().ok()
}

/// Whether "40.1 ms" is what so many nanoseconds are, with three digits.
pub fn is_time(text: &str, ns: f64) -> bool {
    let Some((value, unit)) = text.split_once(' ') else { return false };
    let unit = match unit {
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return false,
    };
    let Ok(value) = value.parse::<f64>() else { return false };
    let half_a_digit = match value {
        v if v >= 100.0 => 0.5,
        v if v >= 10.0 => 0.05,
        v if v >= 1.0 => 0.005,
        _ => 0.0005,
    };
    // A nanosecond is lost where an average is cut to whole ones.
    (value - ns / unit).abs() <= half_a_digit + 1.5 / unit
}

/// Whether "40 ms on average, 52 ms at most", "40 ms each" or "40 ms" is what these times are.
pub fn are_times(text: &str, all: &[u64]) -> Result<(), String> {
    let most = all.iter().max().copied().unwrap_or(0) as f64;
    let average = all.iter().sum::<u64>() as f64 / all.len().max(1) as f64;
    let fits = match (text.split_once(" on average, "), text.strip_suffix(" each")) {
        (Some((each, at_most)), _) => {
            all.len() > 1
                && is_time(each, average)
                && at_most.strip_suffix(" at most").is_some_and(|said| is_time(said, most))
        }
        (_, Some(each)) => {
            let least = all.iter().min().copied().unwrap_or(0) as f64;
            // What is said of each must be near each, not only near their average.
            all.len() > 1 && is_time(each, average) && is_time(each, most) && most - least <= least / 20.0 + 100e3
        }
        _ => all.len() == 1 && is_time(text, most),
    };
    if fits {
        return Ok(());
    }
    Err(format!(
        "says {text:?}, and these are {} of {:.3} ms on average, {:.3} ms at most",
        all.len(),
        average / 1e6,
        most / 1e6
    ))
}
