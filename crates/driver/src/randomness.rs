//! Where do WebSocket keys and masks come from? From the script's seed, so that a run can be repeated byte for byte.
//!
//! RFC 6455 wants both unpredictable (section 10.3: so that a page cannot choose what a cache between client and server
//! sees). That guards a browser's user against a page; here both ends are the lab's, and repeatability is worth more.

use base64::{Engine, engine::general_purpose::STANDARD};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// The one source of random bytes of one client.
pub(crate) struct Randomness(Pcg64);

impl Randomness {
    pub(crate) fn new(seed: u64) -> Randomness {
        Randomness(Pcg64::seed_from_u64(seed))
    }

    /// A `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455, section 4.1).
    pub(crate) fn key(&mut self) -> String {
        let mut nonce = [0; 16];
        self.0.fill_bytes(&mut nonce);
        STANDARD.encode(nonce)
    }

    /// A fresh mask for one frame (RFC 6455, section 5.3).
    pub(crate) fn mask(&mut self) -> [u8; 4] {
        let mut mask = [0; 4];
        self.0.fill_bytes(&mut mask);
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pinned: recorded sample captures depend on them.
    #[test]
    fn follows_from_the_seed() {
        let mut randomness = Randomness::new(1);
        insta::assert_snapshot!(randomness.key(), @"Ry0GJMj1AddXr7qKm69tBA==");
        insta::assert_snapshot!(format!("{:02x?}", randomness.mask()), @"[a0, b5, 0d, 49]");
        assert_ne!(Randomness::new(1).key(), Randomness::new(2).key());
    }
}
