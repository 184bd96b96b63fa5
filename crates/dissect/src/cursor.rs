//! Where in the frame are we, and how much is left?
//!
//! One small cursor is the only code of the packet decoders that touches offsets. It knows two ends: where the frame ended
//! on the wire, or where a length field says that the current layer ends, and where the captured bytes end. They differ
//! when the snap length cut the frame. Every step is fallible, and a failure says where it was and what was missing.

use crate::stop::{Problem, Stop, StopLayer};

/// A place in a frame, with what is left of it on the wire and of what was kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    /// What was kept of the rest; never longer than `left`.
    kept: &'a [u8],
    /// The place in the frame.
    at: u32,
    /// How many bytes there were on the wire from here to the end of this layer.
    left: u32,
}

impl<'a> Cursor<'a> {
    /// The begin of a frame with this length on the wire.
    #[inline]
    pub(crate) fn new(kept: &'a [u8], wire_len: u32) -> Cursor<'a> {
        let kept = kept.get(..wire_len as usize).unwrap_or(kept);
        Cursor { kept, at: 0, left: wire_len }
    }

    /// The place in the frame.
    #[inline]
    pub(crate) fn at(&self) -> u32 {
        self.at
    }

    /// How many bytes there were on the wire from here to the end of this layer.
    #[inline]
    pub(crate) fn left(&self) -> u32 {
        self.left
    }

    /// What was kept of them.
    #[inline]
    pub(crate) fn kept(&self) -> &'a [u8] {
        self.kept
    }

    /// The next `N` bytes without going on, if they were kept.
    #[inline]
    pub(crate) fn peek<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.kept.first_chunk()
    }

    /// Takes the next `N` bytes.
    #[inline]
    pub(crate) fn take<const N: usize>(&mut self, layer: StopLayer) -> Result<&'a [u8; N], Stop> {
        match self.kept.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                self.kept = rest;
                self.at += N as u32;
                // `kept` is never longer than `left`, so this does not wrap.
                self.left = self.left.wrapping_sub(N as u32);
                Ok(taken)
            }
            None => Err(self.short(layer, N as u32)),
        }
    }

    /// Takes the next `count` bytes; fewer if the snap length cut them, an error if the layer ended before.
    #[inline]
    pub(crate) fn take_some(&mut self, layer: StopLayer, count: u32) -> Result<&'a [u8], Stop> {
        if count > self.left {
            return Err(self.short(layer, count));
        }
        let (taken, rest) = self.kept.split_at_checked(count as usize).unwrap_or((self.kept, &[]));
        self.kept = rest;
        self.at += count;
        self.left -= count;
        Ok(taken)
    }

    /// Goes over the next `count` bytes, which must have been kept.
    #[inline]
    pub(crate) fn skip(&mut self, layer: StopLayer, count: u32) -> Result<(), Stop> {
        match self.kept.get(count as usize..) {
            Some(rest) => {
                self.kept = rest;
                self.at += count;
                self.left -= count;
                Ok(())
            }
            None => Err(self.short(layer, count)),
        }
    }

    /// Ends this layer after `length` bytes more: what is behind is padding, a trailer, or somebody else's.
    /// `false`: there were not that many on the wire.
    #[inline]
    pub(crate) fn fence(&mut self, length: u32) -> bool {
        if length > self.left {
            return false;
        }
        self.left = length;
        self.kept = self.kept.get(..length as usize).unwrap_or(self.kept);
        true
    }

    /// A stop at this place.
    #[cold]
    pub(crate) fn stop(&self, layer: StopLayer, problem: Problem) -> Stop {
        Stop { layer, offset: self.at, problem }
    }

    #[cold]
    fn short(&self, layer: StopLayer, needed: u32) -> Stop {
        let kept = self.kept.len() as u32;
        self.stop(
            layer,
            if needed > self.left {
                Problem::Short { needed, found: self.left }
            } else {
                Problem::NotKept { needed, kept }
            },
        )
    }
}
