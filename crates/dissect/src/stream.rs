//! The shape that all stream decoders share.

use memchr::memchr;

/// What one call of a stream decoder found: the next `consumed` bytes of the input are `mark`; after them, `event`
/// happened.
///
/// A step consumes at least one byte or gives an event, unless the input is empty: so a caller that steps until a step
/// does neither has seen everything that its bytes say. (An event may come with an empty input: the end of a message
/// that has no body follows its head at once.)
///
/// ```
/// use wirelab_dissect::http1::{Event, Mark, RequestDecoder};
///
/// let mut decoder = RequestDecoder::new();
/// let mut rest = &b"GET /time HTTP/1.1\r\n\r\nGET "[..];
/// let (mut requests, mut head_bytes) = (0, 0);
/// loop {
///     let step = decoder.step(rest)?;
///     if step.mark == Mark::Head {
///         head_bytes += step.consumed;
///     }
///     if matches!(step.event, Some(Event::Request(_))) {
///         requests += 1;
///     }
///     if step.consumed == 0 && step.event.is_none() {
///         break;
///     }
///     rest = &rest[step.consumed..];
/// }
/// assert_eq!((requests, head_bytes), (1, 26));
/// # Ok::<(), wirelab_dissect::http1::Error>(())
/// ```
///
/// Cutting the input into other pieces changes how many steps there are, but neither the mark of any byte nor which
/// events happen after which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<M, E> {
    /// How many bytes of the input this step is about.
    pub consumed: usize,
    /// What these bytes are; of no meaning where `consumed` is 0.
    pub mark: M,
    /// What happened after them.
    pub event: Option<E>,
}

impl<M, E> Step<M, E> {
    /// Bytes after which nothing happened.
    pub(crate) fn bytes(consumed: usize, mark: M) -> Self {
        Step { consumed, mark, event: None }
    }

    /// Bytes after which this happened.
    pub(crate) fn event(consumed: usize, mark: M, event: E) -> Self {
        Step { consumed, mark, event: Some(event) }
    }
}

/// Could these first bytes of a stream begin a certain protocol?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sniff {
    /// They do.
    Yes,
    /// They can't.
    No,
    /// So far they could, but there are too few of them to tell.
    NotYet,
}

/// Bytes as text for people: as far as they are UTF-8.
pub(crate) fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or(""),
    }
}

/// Where the first line ends: the place of its LF. Most lines are short, and looking at these here is cheaper than a
/// call that finds out first which instructions the machine has.
#[inline]
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    const SHORT: usize = 64;
    let (pieces, _) = first(bytes, SHORT).as_chunks::<16>();
    let mut before = 0;
    for piece in pieces {
        // As one comparison of 16 bytes, without a branch for each.
        if piece.iter().fold(false, |any, &byte| any | (byte == b'\n')) {
            return Some(before + place_of_lf(u128::from_le_bytes(*piece)));
        }
        before += piece.len();
    }
    memchr(b'\n', after(bytes, before)).map(|at| before + at)
}

/// The place of the lowest byte that is LF, in a word that has one: LF becomes 0, and of the bytes that borrow when 1 is
/// taken from each, the lowest was 0.
#[inline]
fn place_of_lf(word: u128) -> usize {
    let each = u128::MAX / 0xff;
    let zeroed = word ^ (each * u128::from(b'\n'));
    ((zeroed.wrapping_sub(each) & !zeroed & (each << 7)).trailing_zeros() / 8) as usize
}

/// The part of a slice after its first `count` bytes; empty where there are no more.
#[inline]
pub(crate) fn after(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or(&[])
}

/// The first `count` bytes of a slice, or all of them where there are fewer.
#[inline]
pub(crate) fn first(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(..count).unwrap_or(bytes)
}

/// How many of the bytes at hand belong to something that has `left` bytes to go.
#[inline]
pub(crate) fn part(left: u64, input: &[u8]) -> usize {
    usize::try_from(left).map_or(input.len(), |left| left.min(input.len()))
}

/// A header of `N` bytes, which may be split over several inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Split<N> {
    pub(crate) fn new() -> Self {
        Split { bytes: [0; N], len: 0 }
    }

    /// How many bytes of the input belong to the header, and the whole header where it ends in this input.
    #[inline]
    pub(crate) fn fill(&mut self, input: &[u8]) -> (usize, Option<[u8; N]>) {
        if self.len == 0
            && let Some(whole) = input.first_chunk::<N>()
        {
            return (N, Some(*whole));
        }
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let taken = room.len().min(input.len());
        for (to, from) in room.iter_mut().zip(input) {
            *to = *from;
        }
        self.len += taken;
        if self.len < N {
            return (taken, None);
        }
        self.len = 0;
        (taken, Some(self.bytes))
    }

    /// Whether nothing of the next header was seen yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_line_end_wherever_it_is() {
        for len in 0..100 {
            let mut bytes = vec![b'\x0b'; len];
            assert_eq!(line_end(&bytes), None);
            for at in (0..len).rev() {
                bytes[at] = b'\n';
                assert_eq!(line_end(&bytes), Some(at), "of {len}");
            }
        }
    }
}
