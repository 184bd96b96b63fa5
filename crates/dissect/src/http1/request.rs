//! One client's requests, one after the other.

use crate::http1::fields::split_line;
use crate::http1::messages::{Heads, Messages};
use crate::http1::sniff::find_request;
use crate::http1::start::request_line;
use crate::http1::{Body, Error, Event, Mark, head};
use crate::stream::Step;

/// Decodes what a client sends.
#[derive(Clone, Debug, Default)]
pub struct RequestDecoder {
    messages: Messages,
}

impl RequestDecoder {
    /// A decoder at the beginning of a request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the next bytes. After an error, every further step gives that error.
    #[inline]
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        match self.messages.body(input) {
            Some(step) => step,
            None => self.head(input),
        }
    }

    #[inline(never)]
    fn head<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        self.messages.head(input, Requests)
    }

    /// Whether the message under way ends here: what a step without bytes would say behind a head without a body. It is
    /// said once.
    #[inline]
    pub fn end(&mut self) -> bool {
        self.messages.end()
    }

    /// The method and the target of the request whose head is under way, once its first line is here.
    pub fn begun(&self) -> Option<(&str, &str)> {
        let (line, _) = split_line(self.messages.begun())?;
        let (method, target, _) = request_line(line).ok()?;
        Some((method, target))
    }

    /// Whether the stream is between two messages.
    pub fn is_idle(&self) -> bool {
        self.messages.is_idle()
    }

    /// Steps over bytes that are missing from the capture.
    ///
    /// True where they are all part of the body under way; else the decoder is out of step, and only
    /// [`resync`](Self::resync) helps.
    pub fn skip(&mut self, count: u64) -> bool {
        self.messages.skip(count)
    }

    /// Finds where the next request line begins, and starts anew there.
    pub fn resync(&mut self, input: &[u8]) -> Option<usize> {
        let start = find_request(input)?;
        *self = Self::new();
        Some(start)
    }
}

struct Requests;

impl Heads for Requests {
    #[inline(always)]
    fn read<'a>(&self, bytes: &'a [u8]) -> Result<Option<(Event<'a>, Body, usize)>, Error> {
        let read = head::request(bytes)?;
        Ok(read.map(|(head, behind)| (Event::Request(head), head.body, bytes.len() - behind.len())))
    }
}
