//! One client's requests, one after the other.

use crate::http1::body::Place;
use crate::http1::head;
use crate::http1::held::Held;
use crate::http1::sniff::{blank_bytes, find_request};
use crate::http1::{Error, Event, Mark};
use crate::stream::Step;

/// Decodes what a client sends.
#[derive(Clone, Debug, Default)]
pub struct RequestDecoder {
    /// Where in the body of the message under way, `None` in or before a head.
    body: Option<Place>,
    held: Held,
    failed: Option<Error>,
}

impl RequestDecoder {
    /// A decoder at the beginning of a request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the next bytes. After an error, every further step gives that error.
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Some(place) = &mut self.body {
            self.held.release();
            let (consumed, mark, ended) = place.step(input).inspect_err(|error| self.failed = Some(*error))?;
            if ended {
                self.body = None;
            }
            return Ok(Step { consumed, mark, event: ended.then_some(Event::End) });
        }
        if self.held.is_empty() {
            let blank = blank_bytes(input);
            if blank > 0 || input.is_empty() {
                return Ok(Step::bytes(blank, Mark::Head));
            }
        }
        let (consumed, whole) = self.held.collect(input).inspect_err(|error| self.failed = Some(*error))?;
        let Some(whole) = whole else { return Ok(Step::bytes(consumed, Mark::Head)) };
        let request = head::request(whole).inspect_err(|error| self.failed = Some(*error))?;
        self.body = Some(Place::start(request.body));
        Ok(Step::event(consumed, Mark::Head, Event::Request(request)))
    }

    /// Whether the stream is between two messages.
    pub fn is_idle(&self) -> bool {
        self.body.is_none() && self.held.is_empty() && self.failed.is_none()
    }

    /// Steps over bytes that are missing from the capture.
    ///
    /// True where they are all part of the body under way; else the decoder is out of step, and only
    /// [`resync`](Self::resync) helps.
    pub fn skip(&mut self, count: u64) -> bool {
        self.body.as_mut().is_some_and(|place| place.skip(count)) || count == 0
    }

    /// Finds where the next request line begins, and starts anew there.
    pub fn resync(&mut self, input: &[u8]) -> Option<usize> {
        let start = find_request(input)?;
        *self = Self::new();
        Some(start)
    }
}
