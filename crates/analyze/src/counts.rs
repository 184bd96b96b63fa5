//! What does a connection count besides packets and bytes?

use crate::model::Rare;

/// What is counted on one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub http_requests: u64,
    pub http_responses: u64,
    rare: Option<Box<Rare>>,
}

impl Counts {
    /// The rare ones, to count one more.
    #[inline]
    pub fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The rare ones in their box, where there are any.
    pub fn into_rare(self) -> Option<Box<Rare>> {
        self.rare
    }
}
