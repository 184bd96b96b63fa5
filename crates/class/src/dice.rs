//! Which of several is it? The same for the same student and seed, and another for the next.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use sha2::{Digest, Sha256};

/// A source of choices.
pub struct Dice(Pcg64);

impl Dice {
    /// That of a student, for one purpose.
    pub fn new(seed: u64, student: &str, attempt: u32, purpose: &str) -> Dice {
        Dice(Pcg64::seed_from_u64(number(seed, student, attempt, purpose)))
    }

    /// One of them, none where there is none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(of.len()).ok().filter(|count| *count > 0)?;
        of.get(usize::try_from(self.0.next_u64() % count).unwrap_or_default())
    }
}

/// A number that follows from these words alone, on every machine.
pub fn number(seed: u64, student: &str, attempt: u32, purpose: &str) -> u64 {
    let digest = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(attempt.to_be_bytes())
        .chain_update((student.len() as u64).to_be_bytes())
        .chain_update(student)
        .chain_update(purpose)
        .finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_follows_from_its_words() {
        let picks = |seed, student| {
            let mut dice = Dice::new(seed, student, 0, "q01");
            (0..8).map(|_| *dice.pick(&[1, 2, 3, 4, 5, 6, 7]).unwrap_or(&0)).collect::<Vec<_>>()
        };
        assert_eq!(picks(1, "A"), picks(1, "A"));
        assert_ne!(picks(1, "A"), picks(1, "B"));
        assert_ne!(picks(1, "A"), picks(2, "A"));
        assert_eq!(Dice::new(1, "A", 0, "").pick::<u8>(&[]), None);
    }
}
