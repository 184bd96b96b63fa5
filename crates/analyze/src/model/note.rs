//! What should a reader know of the numbers of a capture?

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

/// Something about how a capture was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Packets that came through a tunnel.
    Tunnelled {
        /// How many.
        packets: u64,
    },
    /// Packets whose IP header has no length, as segmentation offload leaves it.
    NoIpLength {
        /// How many.
        packets: u64,
    },
    /// More connections were open at a time than there was room for.
    TooManyOpen {
        /// So many of them were taken for ended.
        connections: u64,
    },
    /// TCP packets that came in IP fragments.
    Fragmented {
        /// How many.
        packets: u64,
        /// In how many frames.
        frames: u64,
    },
    /// Fragments of packets that did not become whole.
    UnfinishedFragments {
        /// How many frames.
        frames: u64,
    },
    /// TCP payload that the capture does not have.
    Missing {
        /// How much.
        bytes: u64,
    },
    /// Exchanges without a row.
    RowsLeftOut {
        /// How many.
        exchanges: u64,
    },
    /// Problems without an entry.
    ProblemsLeftOut {
        /// How many.
        problems: u64,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Tunnelled { packets } => write!(
                f,
                "{packets} packets came through a tunnel: the outermost TCP header counts, everything around it is lower bytes."
            ),
            Note::NoIpLength { packets } => write!(
                f,
                "{packets} packets have an IP length of 0, as segmentation offload leaves it: their lengths follow from the \
                 frames, and what is one packet here was several on the wire."
            ),
            Note::TooManyOpen { connections } => write!(
                f,
                "More connections were open at a time than there is room for: {connections} were taken for ended when others began."
            ),
            Note::Fragmented { packets, frames } => write!(
                f,
                "{packets} TCP packets came in {frames} IP fragments: each is one packet with the bytes of all its frames, \
                 numbered as the frame that completed it; the other frames count as skipped."
            ),
            Note::UnfinishedFragments { frames } => write!(
                f,
                "{frames} frames are fragments of IP packets that did not become whole: what they carry is not in the totals."
            ),
            Note::Missing { bytes } => {
                write!(f, "{bytes} bytes of TCP payload are missing from the capture: what stood in them was not read.")
            }
            Note::RowsLeftOut { exchanges } => write!(
                f,
                "{exchanges} exchanges are beyond the row limit: they are in all totals and groups, but have no row."
            ),
            Note::ProblemsLeftOut { problems } => write!(f, "{problems} more problems are not listed."),
        }
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Note {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
