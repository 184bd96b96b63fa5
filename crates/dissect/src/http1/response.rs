//! One server's responses, one after the other.

use crate::http1::messages::{Heads, Messages};
use crate::http1::sniff::find_response;
use crate::http1::{Body, Error, Event, Mark, head};
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
    messages: Messages,
}

impl ResponseDecoder {
    /// A decoder at the beginning of a response.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the next bytes. What the response answers matters when its head is complete. After an error, every
    /// further step gives that error.
    #[inline]
    pub fn step<'a>(&'a mut self, input: &'a [u8], reply_to: ReplyTo) -> Result<Step<Mark, Event<'a>>, Error> {
        match self.messages.body(input) {
            Some(step) => step,
            None => self.head(input, reply_to),
        }
    }

    #[inline(never)]
    fn head<'a>(&'a mut self, input: &'a [u8], reply_to: ReplyTo) -> Result<Step<Mark, Event<'a>>, Error> {
        self.messages.head(input, Responses(reply_to))
    }

    /// A shorter way than [`step`](Self::step) for bytes that are all content of a body whose length is known: whether
    /// the message ends with them. `None`, and nothing happened, where they are anything else.
    #[inline]
    pub fn content(&mut self, input: &[u8]) -> Option<bool> {
        self.messages.content(input)
    }

    /// Whether the message under way ends here: what a step without bytes would say behind a head without a body. It is
    /// said once.
    #[inline]
    pub fn end(&mut self) -> bool {
        self.messages.end()
    }

    /// Whether the stream is between two messages.
    pub fn is_idle(&self) -> bool {
        self.messages.is_idle()
    }

    /// The connection was closed: true where that is the end of the message under way, whose body ends with the
    /// connection (RFC 9112 section 6.3). Other messages that are under way stay incomplete.
    pub fn finish(&mut self) -> bool {
        self.messages.finish()
    }

    /// What is still to come of a body that said where it ends: its bytes, where their number is known. `None` where no such
    /// body is under way.
    pub fn rest_of_body(&self) -> Option<Option<u64>> {
        self.messages.rest_of_body()
    }

    /// Steps over bytes that are missing from the capture.
    ///
    /// True where they are all part of the body under way; else the decoder is out of step, and only
    /// [`resync`](Self::resync) helps.
    pub fn skip(&mut self, count: u64) -> bool {
        self.messages.skip(count)
    }

    /// Finds where the next status line begins, and starts anew there.
    pub fn resync(&mut self, input: &[u8]) -> Option<usize> {
        let start = find_response(input)?;
        *self = Self::new();
        Some(start)
    }
}

struct Responses(ReplyTo);

impl Heads for Responses {
    #[inline(always)]
    fn read<'a>(&self, bytes: &'a [u8]) -> Result<Option<(Event<'a>, Body, usize)>, Error> {
        let read = head::response(bytes, self.0)?;
        Ok(read.map(|(head, behind)| (Event::Response(head), head.body, bytes.len() - behind.len())))
    }
}
