//! One server's responses, one after the other.

use crate::http1::body::Place;
use crate::http1::head;
use crate::http1::held::Held;
use crate::http1::sniff::{blank_bytes, find_response};
use crate::http1::{Error, Event, Mark};
use crate::stream::Step;

/// What a response answers, as far as that changes where the response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyTo {
    /// A HEAD request: the response has no body whatever its fields say.
    Head,
    /// A CONNECT request: after a 2xx response the connection is a tunnel.
    Connect,
    /// Any other request.
    Other,
}

/// Decodes what a server sends.
///
/// An interim response (1xx) is a response without a body, and the final one for the same request follows. After a 101,
/// or a successful CONNECT, what follows the end of the response is for another decoder.
#[derive(Clone, Debug, Default)]
pub struct ResponseDecoder {
    /// Where in the body of the message under way, `None` in or before a head.
    body: Option<Place>,
    held: Held,
    failed: Option<Error>,
}

impl ResponseDecoder {
    /// A decoder at the beginning of a response.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the next bytes. What the response answers matters when its head is complete. After an error, every
    /// further step gives that error.
    pub fn step<'a>(&'a mut self, input: &'a [u8], reply_to: ReplyTo) -> Result<Step<Mark, Event<'a>>, Error> {
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
        let response = head::response(whole, reply_to).inspect_err(|error| self.failed = Some(*error))?;
        self.body = Some(Place::start(response.body));
        Ok(Step::event(consumed, Mark::Head, Event::Response(response)))
    }

    /// Whether the stream is between two messages.
    pub fn is_idle(&self) -> bool {
        self.body.is_none() && self.held.is_empty() && self.failed.is_none()
    }

    /// The connection was closed: true where that is the end of the message under way, whose body ends with the
    /// connection (RFC 9112 section 6.3). Other messages that are under way stay incomplete.
    pub fn finish(&mut self) -> bool {
        let ends = self.body == Some(Place::UntilClose);
        if ends {
            self.body = None;
        }
        ends
    }

    /// Steps over bytes that are missing from the capture.
    ///
    /// True where they are all part of the body under way; else the decoder is out of step, and only
    /// [`resync`](Self::resync) helps.
    pub fn skip(&mut self, count: u64) -> bool {
        self.body.as_mut().is_some_and(|place| place.skip(count)) || count == 0
    }

    /// Finds where the next status line begins, and starts anew there.
    pub fn resync(&mut self, input: &[u8]) -> Option<usize> {
        let start = find_response(input)?;
        *self = Self::new();
        Some(start)
    }
}
