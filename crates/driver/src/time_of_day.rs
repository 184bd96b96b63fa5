//! Did a time come back? `HH:MM:SS`, and nothing else, counts as one.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// A server's time of day, as all apps show it: 00:00:00 to 23:59:59, always 8 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
    second: u8,
}

/// The text is not a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time of day: expected HH:MM:SS, from 00:00:00 to 23:59:59")]
pub struct NotATime;

impl TimeOfDay {
    /// The time in these bytes, which must be all of it.
    pub(crate) fn read(text: &[u8]) -> Result<TimeOfDay, NotATime> {
        let &[h1, h2, b':', m1, m2, b':', s1, s2] = text else { return Err(NotATime) };
        let hour = below(24, h1, h2)?;
        let minute = below(60, m1, m2)?;
        let second = below(60, s1, s2)?;
        Ok(TimeOfDay { hour, minute, second })
    }
}

impl FromStr for TimeOfDay {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<TimeOfDay, NotATime> {
        TimeOfDay::read(text.as_bytes())
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn below(limit: u8, tens: u8, ones: u8) -> Result<u8, NotATime> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return Err(NotATime);
    }
    let value = (tens - b'0') * 10 + (ones - b'0');
    if value < limit { Ok(value) } else { Err(NotATime) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_of_day_count() {
        for text in ["00:00:00", "09:31:45", "19:59:59", "23:59:59"] {
            assert_eq!(text.parse::<TimeOfDay>().map(|time| time.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "24:00:00",
            "23:60:00",
            "23:59:60",
            "9:31:45",
            "09:31",
            "09:31:45 ",
            " 09:31:45",
            "09-31-45",
            "+9:31:45",
            "09:31:4x",
            "09:31:45Z",
            "０9:31:45",
            "99:99:99",
        ] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(NotATime), "{text:?}");
        }
    }
}
