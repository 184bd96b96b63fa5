//! What may change about a link while it carries frames?
//!
//! A person who watches the packets wants to feel another round trip without beginning anew. A [`Tuning`] is handed to a
//! run with its options, and whoever kept a clone of it turns it; the link's two lanes look with each frame whether it
//! was turned. Frames that are on the way already arrive as they would have.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A handle that turns a link. Clones are of the same link.
#[derive(Clone, Debug, Default)]
pub struct Tuning(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    turned: AtomicU64,
    quality: Mutex<Option<Quality>>,
}

/// How good a link is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Round trip time, 0 to 1 s; half of it each way.
    pub rtt: Duration,
    /// Share of frames lost in each direction, 0.0 to 0.5.
    pub loss: f64,
}

impl Tuning {
    /// From now on the link is so good.
    pub fn set(&self, quality: Quality) {
        *self.0.quality.lock().unwrap_or_else(PoisonError::into_inner) = Some(quality);
        self.0.turned.fetch_add(1, Ordering::Release);
    }

    /// What was set last, if anything was.
    pub fn quality(&self) -> Option<Quality> {
        *self.0.quality.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was set since `seen`, which is brought up to date.
    #[inline]
    pub(crate) fn news(&self, seen: &mut u64) -> Option<Quality> {
        let turned = self.0.turned.load(Ordering::Acquire);
        if turned == *seen {
            return None;
        }
        *seen = turned;
        self.quality()
    }
}

/// Two are the same where the same was set.
impl PartialEq for Tuning {
    fn eq(&self, other: &Tuning) -> bool {
        self.quality() == other.quality()
    }
}
