#![forbid(unsafe_code)]
//! What time is it in this run?
//!
//! Apps, clients and wires ask one [`Clock`]: a wall-clock start plus the time that tokio says has passed since.
//! Under a paused tokio clock the wall clock therefore moves with the virtual one, and a run of hours that takes
//! milliseconds still prints the right times and stamps its frames with them.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use tokio::time::Instant;

/// The clock of one run. Cheap to clone; every clone shows the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    started: Instant,
    wall: Timestamp,
    zone: TimeZone,
}

impl Clock {
    /// Starts at the machine's present time, and shows times of day in UTC.
    ///
    /// Call it inside the tokio runtime whose time it shall follow.
    pub fn utc() -> Clock {
        Clock::starting_at(Timestamp::now())
    }

    /// Starts at the machine's present time, and shows times of day in the machine's zone: what a person expects
    /// of a page that shows "server time".
    pub fn local() -> Clock {
        Clock { zone: TimeZone::system(), ..Clock::utc() }
    }

    /// Starts at `wall`, in UTC: for runs that must be repeatable.
    pub fn starting_at(wall: Timestamp) -> Clock {
        Clock { started: Instant::now(), wall, zone: TimeZone::UTC }
    }

    /// Time passed since the clock was started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// When it was started: what [`elapsed`](Clock::elapsed) counts from.
    pub fn started(&self) -> Timestamp {
        self.wall
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.at(self.elapsed())
    }

    fn at(&self, offset: Duration) -> Timestamp {
        // A run would have to last for millennia to leave Timestamp's range.
        self.wall.checked_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// The present time in nanoseconds since the Unix epoch: the stamp of a frame.
    pub fn unix_nanos(&self) -> u64 {
        u64::try_from(self.now().as_nanosecond()).unwrap_or(0)
    }

    /// The time at which [`elapsed`](Clock::elapsed) was or will be `offset`, in nanoseconds since the Unix epoch.
    pub fn unix_nanos_at(&self, offset: Duration) -> u64 {
        u64::try_from(self.at(offset).as_nanosecond()).unwrap_or(0)
    }

    /// The server's time as all apps show it: `HH:MM:SS`, 8 characters.
    pub fn time_of_day(&self) -> String {
        self.time_of_day_at(self.elapsed())
    }

    /// The same at the time at which [`elapsed`](Clock::elapsed) was or will be `offset`.
    pub fn time_of_day_at(&self, offset: Duration) -> String {
        self.at(offset).to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    /// The time for an HTTP `Date` field: IMF-fixdate, always GMT (RFC 9110, section 5.6.7), 29 characters.
    pub fn http_date(&self) -> String {
        self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// The tokio instant at which `elapsed` will be `offset`: what a timeline sleeps until.
    pub fn instant_at(&self, offset: Duration) -> Instant {
        self.started + offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Clock {
        Clock::starting_at(text.parse().expect("a timestamp"))
    }

    #[tokio::test(start_paused = true)]
    async fn moves_with_tokio_time() {
        let clock = at("2021-06-06T09:36:17Z");
        assert_eq!(clock.time_of_day(), "09:36:17");
        assert_eq!(clock.http_date(), "Sun, 06 Jun 2021 09:36:17 GMT");
        tokio::time::advance(Duration::from_secs(86_400 + 10)).await;
        assert_eq!(clock.time_of_day(), "09:36:27");
        assert_eq!(clock.http_date(), "Mon, 07 Jun 2021 09:36:27 GMT");
        assert_eq!(clock.elapsed(), Duration::from_secs(86_410));
        assert_eq!(clock.unix_nanos(), 1_623_058_587_000_000_000);
        assert_eq!(clock.unix_nanos_at(clock.elapsed()), clock.unix_nanos());
    }

    #[tokio::test(start_paused = true)]
    async fn a_date_has_29_characters_and_a_time_8() {
        for text in ["2026-01-01T00:00:00Z", "2026-12-31T23:59:59.999999999Z"] {
            let clock = at(text);
            assert_eq!(clock.http_date().len(), 29);
            assert_eq!(clock.time_of_day().len(), 8);
        }
    }
}
