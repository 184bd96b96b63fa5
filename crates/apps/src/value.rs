//! What does a server tell whose value changes by itself?
//!
//! The value is the server's time, as it was when the value last changed: it changes every interval from the start of the
//! server's clock on, and stays the same between, however often it is asked for.

use std::time::Duration;

use tokio::time::Instant;
use wirelab_clock::Clock;

/// A value that changes by itself.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    clock: Clock,
    interval: Duration,
}

impl Value {
    pub(crate) fn new(clock: Clock, interval: Duration) -> Value {
        Value { clock, interval }
    }

    /// The value now: a time of day.
    pub(crate) fn now(&self) -> String {
        self.clock.time_of_day_at(self.changed())
    }

    /// When it changes next.
    pub(crate) fn next_change(&self) -> Instant {
        self.clock.instant_at(self.changed() + self.interval)
    }

    /// When it changed last, counted from the start of the clock.
    fn changed(&self) -> Duration {
        let passed = self.clock.elapsed();
        let since = passed.as_nanos() % self.interval.as_nanos().max(1);
        // Less than an interval, which is a duration.
        passed - Duration::from_nanos(u64::try_from(since).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_changes_when_it_is_due_and_not_before() {
        let clock = Clock::starting_at("2021-06-06T09:36:17Z".parse().unwrap());
        let value = Value::new(clock.clone(), Duration::from_secs(10));
        for (at_ms, expected, next_s) in [
            (0, "09:36:17", 10),
            (9_999, "09:36:17", 10),
            (10_000, "09:36:27", 20),
            (10_001, "09:36:27", 20),
            (35_000, "09:36:47", 40),
        ] {
            tokio::time::sleep_until(clock.instant_at(Duration::from_millis(at_ms))).await;
            assert_eq!(value.now(), expected, "{at_ms} ms");
            assert_eq!(value.next_change(), clock.instant_at(Duration::from_secs(next_s)), "{at_ms} ms");
        }
    }
}
