//! How often is the same thing said?

use std::time::Duration;

use tokio::time::Instant;

/// For a line in the log that could come a thousand times a second: lets one a minute pass.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    last: Option<Instant>,
}

impl Seldom {
    /// Whether the line may be written now; then it counts as written.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = self.last.is_none_or(|last| now.duration_since(last) >= MINUTE);
        if due {
            self.last = Some(now);
        }
        due
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_a_minute() {
        let mut seldom = Seldom::default();
        let mut written = Vec::new();
        for second in 0..150 {
            if seldom.is_due() {
                written.push(second);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(written, [0, 60, 120]);
    }
}
