//! How long does a packet take from the capture point to a side and back?

use std::num::NonZeroU64;

use crate::sides::Sides;

/// The shortest time from the capture point to a side and back: the client's and the server's.
pub(crate) type Ways = Sides<Way>;

/// The shortest time from the capture point to a side and back, in nanoseconds; none as long as nothing showed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way(pub(super) Option<NonZeroU64>);

impl Way {
    /// What it takes; 0 where nothing showed it.
    #[inline]
    pub fn ns(self) -> u64 {
        self.0.map_or(0, |ns| ns.get() - 1)
    }

    /// Whether anything showed it.
    #[inline]
    pub fn is_known(self) -> bool {
        self.0.is_some()
    }

    /// One packet took so long.
    #[inline]
    pub(super) fn took(&mut self, ns: u64) {
        let shown = NonZeroU64::MIN.saturating_add(ns);
        self.0 = Some(self.0.map_or(shown, |known| known.min(shown)));
    }
}
