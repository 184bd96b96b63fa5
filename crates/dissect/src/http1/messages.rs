//! Heads and bodies in turn: what is the same for requests and responses.

use crate::http1::body::BodyPlace;
use crate::http1::head::Body;
use crate::http1::partial_head::PartialHead;
use crate::http1::sniff::blank_bytes;
use crate::http1::{Error, Event, Mark};
use crate::stream::Step;

/// Where in its messages one direction of a connection is.
#[derive(Clone, Debug, Default)]
pub(super) struct Messages {
    /// Where in the body of the message under way, `None` in or before a head.
    body: Option<BodyPlace>,
    partial: PartialHead,
    /// Boxed, to take up no room where all is well.
    failed: Option<Box<Error>>,
}

/// Reads heads.
pub(super) trait Heads {
    /// What the head that begins with these bytes says, the body behind it, and how many bytes the head is long; `None`
    /// where it isn't all here.
    fn read<'a>(&self, bytes: &'a [u8]) -> Result<Option<(Event<'a>, Body, usize)>, Error>;
}

impl Messages {
    /// Decodes the next bytes where they are of a body.
    #[inline(always)]
    pub(super) fn body<'a>(&mut self, input: &'a [u8]) -> Option<Result<Step<Mark, Event<'a>>, Error>> {
        if self.failed.is_some() {
            return None;
        }
        let place = self.body.as_mut()?;
        self.partial.release();
        let (consumed, mark, ended) = match place.step(input) {
            Ok(step) => step,
            Err(error) => return Some(self.fail(error)),
        };
        if ended {
            self.body = None;
        }
        Some(Ok(Step { consumed, mark, event: ended.then_some(Event::End) }))
    }

    /// Decodes the next bytes where they are of a head, with this reader of heads. After an error, every further step
    /// gives that error.
    #[inline(always)]
    pub(super) fn head<'a>(&'a mut self, input: &'a [u8], heads: impl Heads) -> Result<Step<Mark, Event<'a>>, Error> {
        if let Some(error) = &self.failed {
            return Err(**error);
        }
        if self.partial.is_empty() {
            let blank = blank_bytes(input);
            if blank > 0 || input.is_empty() {
                return Ok(Step::bytes(blank, Mark::Head));
            }
            // Mostly a head is here as a whole: it is read where it is.
            match heads.read(input) {
                Ok(Some((event, body, len))) => {
                    self.body = Some(BodyPlace::start(body));
                    return Ok(Step::event(len, Mark::Head, event));
                }
                Ok(None) => {}
                Err(error) => return self.fail(error),
            }
        }
        self.collect(input, heads)
    }

    /// A head that does not come as a whole.
    #[cold]
    #[inline(never)]
    fn collect<'a>(&'a mut self, input: &'a [u8], heads: impl Heads) -> Result<Step<Mark, Event<'a>>, Error> {
        let failed = &mut self.failed;
        let mut fail = |error: &Error| *failed = Some(Box::new(*error));
        let (consumed, whole) = self.partial.collect(input).inspect_err(&mut fail)?;
        let read = whole.map(|whole| heads.read(whole)).transpose().inspect_err(&mut fail)?;
        let Some((event, body, _)) = read.flatten() else { return Ok(Step::bytes(consumed, Mark::Head)) };
        self.body = Some(BodyPlace::start(body));
        Ok(Step::event(consumed, Mark::Head, event))
    }

    #[cold]
    #[inline(never)]
    fn fail<'a>(&mut self, error: Error) -> Result<Step<Mark, Event<'a>>, Error> {
        self.failed = Some(Box::new(error));
        Err(error)
    }

    /// The message under way ends here.
    #[inline]
    pub(super) fn end(&mut self) -> bool {
        let ends = self.body == Some(BodyPlace::End) && self.failed.is_none();
        if ends {
            self.partial.release();
            self.body = None;
        }
        ends
    }

    /// All of these bytes, at least one, are content, and nothing else needs to be known of them: whether the message
    /// ends with them.
    #[inline]
    pub(super) fn content(&mut self, input: &[u8]) -> Option<bool> {
        let len = input.len() as u64;
        if len == 0 || self.failed.is_some() {
            return None;
        }
        self.partial.release();
        match &mut self.body {
            Some(BodyPlace::Length(left)) if len < *left => *left -= len,
            // What comes behind a chunk is not content.
            Some(BodyPlace::Chunk(left)) if len < *left => *left -= len,
            Some(BodyPlace::UntilClose) => {}
            Some(BodyPlace::Length(left)) if len == *left => {
                self.body = None;
                return Some(true);
            }
            _ => return None,
        }
        Some(false)
    }

    /// What is here of a head that is not complete.
    pub(super) fn begun(&self) -> &[u8] {
        self.partial.bytes()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.body.is_none() && self.partial.is_empty() && self.failed.is_none()
    }

    pub(super) fn finish(&mut self) -> bool {
        let ends = self.body == Some(BodyPlace::UntilClose);
        if ends {
            self.body = None;
        }
        ends
    }

    pub(super) fn rest_of_body(&self) -> Option<Option<u64>> {
        match self.body.as_ref()? {
            BodyPlace::End | BodyPlace::UntilClose => None,
            BodyPlace::Length(left) => Some(Some(*left)),
            _ => Some(None),
        }
    }

    pub(super) fn skip(&mut self, count: u64) -> bool {
        self.body.as_mut().is_some_and(|place| place.skip(count)) || count == 0
    }
}
