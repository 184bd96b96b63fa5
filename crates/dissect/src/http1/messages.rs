//! Heads and bodies in turn: what is the same for requests and responses.

use crate::http1::body::Place;
use crate::http1::head::Body;
use crate::http1::held::Held;
use crate::http1::sniff::blank_bytes;
use crate::http1::{Error, Event, Mark};
use crate::stream::Step;

/// Where in its messages one direction of a connection is.
#[derive(Clone, Debug, Default)]
pub(super) struct Messages {
    /// Where in the body of the message under way, `None` in or before a head.
    body: Option<Place>,
    held: Held,
    failed: Option<Error>,
}

/// What a reader of heads gives: what it found, the body behind it, and how many bytes the head is long.
pub(super) type Read<'a> = Result<Option<(Event<'a>, Body, usize)>, Error>;

impl Messages {
    /// Decodes the next bytes, with this reader of heads. After an error, every further step gives that error.
    #[inline]
    pub(super) fn step<'a>(
        &'a mut self,
        input: &'a [u8],
        read: impl Fn(&'a [u8]) -> Read<'a>,
    ) -> Result<Step<Mark, Event<'a>>, Error> {
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
            // Mostly a head is here as a whole: it is read where it is.
            if let Some((event, body, len)) = read(input).inspect_err(|error| self.failed = Some(*error))? {
                self.body = Some(Place::start(body));
                return Ok(Step::event(len, Mark::Head, event));
            }
        }
        let (consumed, whole) = self.held.collect(input).inspect_err(|error| self.failed = Some(*error))?;
        let read = whole.map(read).transpose().inspect_err(|error| self.failed = Some(*error))?;
        let Some((event, body, _)) = read.flatten() else { return Ok(Step::bytes(consumed, Mark::Head)) };
        self.body = Some(Place::start(body));
        Ok(Step::event(consumed, Mark::Head, event))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.body.is_none() && self.held.is_empty() && self.failed.is_none()
    }

    pub(super) fn finish(&mut self) -> bool {
        let ends = self.body == Some(Place::UntilClose);
        if ends {
            self.body = None;
        }
        ends
    }

    pub(super) fn skip(&mut self, count: u64) -> bool {
        self.body.as_mut().is_some_and(|place| place.skip(count)) || count == 0
    }
}
