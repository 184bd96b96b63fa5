//! How is something said again and again in an answer that does not end?
//!
//! The answer comes in chunks (RFC 9112, section 7.1), one for each time that something is said: the first one interval
//! after the request, the next ones an interval apart. So each client has a timer of its own. One timer for all and a channel would
//! cost the server a quarter less time for each, but the first would come anywhere within an interval, and two runs of
//! the same timeline would not be the same.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, StreamExt, unfold};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_stream::wrappers::IntervalStream;
use wirelab_clock::Clock;

use crate::connections::Seat;
use crate::heartbeat::Heartbeat;
use crate::{AnswerStyle, ServerOptions};

/// What endless answers say, and when.
#[derive(Clone, Debug)]
pub(crate) struct Endless {
    media_type: &'static str,
    /// What is said at a time of day.
    say: fn(&str) -> String,
    /// What is said where nothing was for too long.
    sign_of_life: &'static str,
    heartbeat: Option<Duration>,
    interval: Duration,
    style: AnswerStyle,
    clock: Clock,
}

impl Endless {
    pub(crate) fn new(
        media_type: &'static str,
        say: fn(&str) -> String,
        sign_of_life: &'static str,
        options: &ServerOptions,
        clock: &Clock,
    ) -> Endless {
        Endless {
            media_type,
            say,
            sign_of_life,
            heartbeat: options.heartbeat,
            interval: options.interval,
            style: options.style,
            clock: clock.clone(),
        }
    }

    /// The answer to one client, which ends only with the server.
    pub(crate) async fn answer(&self, method: Method, seat: &Seat) -> Response {
        if method == Method::GET {
            seat.endless();
        }
        let first = Instant::now() + self.interval;
        if self.style == AnswerStyle::Split && method == Method::GET {
            wait_until(first, seat).await;
        }
        let parts = self.parts(first);
        let body = match self.heartbeat {
            None => Body::from_stream(parts.take_until(seat.stopping())),
            Some(_) => Body::from_stream(self.with_signs_of_life(parts).take_until(seat.stopping())),
        };
        (StatusCode::OK, [(CONTENT_TYPE, self.media_type)], body).into_response()
    }

    fn parts(&self, first: Instant) -> impl Stream<Item = Said> + use<> {
        let mut ticks = tokio::time::interval_at(first, self.interval);
        // A client that was slow to take its events gets the next one when it is due, not all that it missed at once.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (say, clock) = (self.say, self.clock.clone());
        IntervalStream::new(ticks).map(move |_due| Ok(say(&clock.time_of_day())))
    }

    /// The same, with a sign of life wherever there was silence for too long.
    fn with_signs_of_life<P: Stream<Item = Said> + Unpin>(&self, parts: P) -> impl Stream<Item = Said> + use<P> {
        let sign = self.sign_of_life;
        unfold((parts, Heartbeat::new(self.heartbeat)), move |(mut parts, mut heartbeat)| async move {
            let said = tokio::select! {
                biased;
                part = parts.next() => part?,
                () = heartbeat.due() => Ok(sign.to_owned()),
            };
            heartbeat.restart();
            Some((said, (parts, heartbeat)))
        })
    }
}

/// Part of an answer; there is always another.
type Said = Result<String, Infallible>;

async fn wait_until(due: Instant, seat: &Seat) {
    tokio::select! {
        biased;
        () = tokio::time::sleep_until(due) => {}
        () = seat.stopping() => {}
    }
}
