//! What is to happen when, and what did happen: both as data, for `run.json`.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};
use wirelab_catalog::Renewal;

use crate::TimeOfDay;

/// One thing the client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Connects and gets the time; with a browser: the page, and whatever its script then opens.
    Connect,
    /// Gets the time again: the k-th time, from 1.
    Update(u32),
    /// Leaves.
    Close,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Connect => f.write_str("connect"),
            Action::Update(index) => write!(f, "update {index}"),
            Action::Close => f.write_str("close"),
        }
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The plan of one client: connect at 0, update k at k intervals, and close one interval after the last update, or half
/// of one where the server decides when (before it would speak again). A client that asks again and again asks for whole
/// intervals, so that what it asks in vain counts as it would in a longer run.
///
/// With the defaults, 3 updates 10 s apart, that is the timeline of the captures of 2021: close at 40 s, or at 35 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    renewal: Renewal,
    updates: u32,
    interval: Duration,
}

impl Timeline {
    /// The plan for an app whose updates are caused so.
    pub fn new(renewal: Renewal, updates: u32, interval: Duration) -> Timeline {
        Timeline { renewal, updates, interval }
    }

    /// Who causes the updates.
    pub fn renewal(&self) -> Renewal {
        self.renewal
    }

    /// How many updates there are.
    pub fn updates(&self) -> u32 {
        self.updates
    }

    /// The time from one update to the next.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// When an action is due, counted from the clock's start.
    pub fn due(&self, action: Action) -> Duration {
        let due = match (action, self.renewal) {
            (Action::Connect, _) => Duration::ZERO,
            (Action::Update(index), _) => self.interval.saturating_mul(index),
            (Action::Close, Renewal::Asked | Renewal::Polled) => {
                self.interval.saturating_mul(self.updates.saturating_add(1))
            }
            (Action::Close, Renewal::Held | Renewal::Pushed) => {
                self.interval.saturating_mul(self.updates).saturating_add(self.interval / 2)
            }
        };
        due.min(FARTHEST)
    }

    /// All actions, in order.
    pub fn actions(&self) -> impl Iterator<Item = Action> + use<> {
        std::iter::once(Action::Connect).chain((1..=self.updates).map(Action::Update)).chain([Action::Close])
    }
}

/// Serialized as its steps: `[{"step": "connect", "due": 0.0}, {"step": "update 1", "due": 10.0}, …]`.
impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Planned {
            step: Action,
            #[serde(serialize_with = "seconds")]
            due: Duration,
        }
        serializer.collect_seq(self.actions().map(|step| Planned { step, due: self.due(step) }))
    }
}

/// One action, done. Times count from the clock's start, and are written as seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was done.
    pub step: Action,
    /// When it was to begin.
    #[serde(serialize_with = "seconds")]
    pub due: Duration,
    /// When it was answered; of the last step: when the client had left.
    #[serde(serialize_with = "seconds")]
    pub done: Duration,
    /// The server's time that came back.
    pub time: Option<TimeOfDay>,
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// Nothing is due later than this: 30 years, which tokio's timers and every system's instants still bear.
const FARTHEST: Duration = Duration::from_secs(30 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(renewal: Renewal) -> Vec<(String, f64)> {
        let timeline = Timeline::new(renewal, 3, Duration::from_secs(10));
        timeline.actions().map(|action| (action.to_string(), timeline.due(action).as_secs_f64())).collect()
    }

    #[test]
    fn the_timeline_of_2021() {
        let named = |rows: [(&str, f64); 5]| rows.map(|(name, due)| (name.to_owned(), due)).to_vec();
        let updates = [("update 1", 10.0), ("update 2", 20.0), ("update 3", 30.0)];
        let [one, two, three] = updates;
        for renewal in [Renewal::Asked, Renewal::Polled] {
            assert_eq!(plan(renewal), named([("connect", 0.0), one, two, three, ("close", 40.0)]));
        }
        for renewal in [Renewal::Held, Renewal::Pushed] {
            assert_eq!(plan(renewal), named([("connect", 0.0), one, two, three, ("close", 35.0)]));
        }
    }

    #[test]
    fn is_written_as_seconds() {
        let timeline = Timeline::new(Renewal::Pushed, 1, Duration::from_millis(1500));
        insta::assert_json_snapshot!(timeline, @r#"
        [
          {
            "step": "connect",
            "due": 0.0
          },
          {
            "step": "update 1",
            "due": 1.5
          },
          {
            "step": "close",
            "due": 2.25
          }
        ]
        "#);
        let time = "09:31:45".parse().ok();
        let step = Step { step: Action::Update(1), due: timeline.interval(), done: Duration::from_millis(1525), time };
        insta::assert_json_snapshot!(step, @r#"
        {
          "step": "update 1",
          "due": 1.5,
          "done": 1.525,
          "time": "09:31:45"
        }
        "#);
    }

    #[test]
    fn no_plan_is_too_long() {
        let timeline = Timeline::new(Renewal::Asked, u32::MAX, Duration::MAX);
        assert_eq!(timeline.due(Action::Close), FARTHEST);
    }
}
