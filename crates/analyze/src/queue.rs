//! What waits, oldest first, where mostly no more than one does: that one needs no memory of its own.

use std::collections::VecDeque;

/// A queue of things that wait.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    oldest: Option<T>,
    /// Those that came after it; empty where there is none.
    #[expect(clippy::box_collection, reason = "a pointer takes up less room in the many that never need it")]
    later: Option<Box<VecDeque<T>>>,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { oldest: None, later: None }
    }
}

impl<T> Queue<T> {
    pub fn len(&self) -> usize {
        usize::from(self.oldest.is_some()) + self.later.as_ref().map_or(0, |later| later.len())
    }

    #[inline]
    pub fn first(&self) -> Option<&T> {
        self.oldest.as_ref()
    }

    /// The one that came last.
    #[inline]
    pub fn last_mut(&mut self) -> Option<&mut T> {
        match &mut self.later {
            Some(later) if !later.is_empty() => later.back_mut(),
            _ => self.oldest.as_mut(),
        }
    }

    /// Whether more than one waits.
    #[inline]
    pub fn has_several(&self) -> bool {
        self.later.as_ref().is_some_and(|later| !later.is_empty())
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.oldest.iter().chain(self.later.iter().flat_map(|later| later.iter()))
    }

    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let next = match &mut self.later {
            None => None,
            Some(later) => later.pop_front(),
        };
        std::mem::replace(&mut self.oldest, next)
    }

    /// Adds one. Where that makes more than `most`, the oldest is forgotten.
    #[inline]
    pub fn push(&mut self, one: T, most: usize) {
        if self.oldest.is_none() {
            self.oldest = Some(one);
        } else {
            self.push_later(one, most);
        }
    }

    #[inline(never)]
    fn push_later(&mut self, one: T, most: usize) {
        if self.len() >= most {
            self.pop();
        }
        self.later.get_or_insert_default().push_back(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_oldest_first_and_forgets_the_oldest() {
        let mut queue = Queue::default();
        assert_eq!((queue.len(), queue.pop()), (0, None));
        for number in 1..=5 {
            queue.push(number, 3);
        }
        assert_eq!((queue.len(), queue.first()), (3, Some(&3)));
        assert_eq!(queue.last_mut(), Some(&mut 5));
        assert!(queue.has_several() && queue.iter().eq(&[3, 4, 5]));
        assert_eq!([queue.pop(), queue.pop(), queue.pop(), queue.pop()], [Some(3), Some(4), Some(5), None]);
        queue.push(6, 3);
        assert!(!queue.has_several() && queue.iter().eq(&[6]));
        assert_eq!(queue.last_mut(), Some(&mut 6));
        assert_eq!((queue.len(), queue.pop(), queue.first()), (1, Some(6), None));
    }
}
