//! The layers of a packet: one colour, one pattern and one name each, the same in every picture.

use serde::Serialize;
use wirelab_analyze::model::{Part, Tally};

/// A layer of a packet or a part of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Link and IP.
    Lower,
    /// TCP header.
    Tcp,
    /// Request line and header fields.
    Request,
    /// Status line and header fields.
    Response,
    /// Chunk sizes, `data:`, WebSocket headers and masks.
    Framing,
    /// What the application wanted to say.
    Content,
    /// Of the content: the time.
    Useful,
    /// What had been on the wire before.
    Again,
}

impl Layer {
    /// The layers that a frame's bytes divide into, from the wire up; the useful ones are part of the content.
    pub const STACK: [Layer; 7] =
        [Layer::Lower, Layer::Tcp, Layer::Request, Layer::Response, Layer::Framing, Layer::Content, Layer::Again];

    /// The class that gives it its colour.
    pub fn class(self) -> &'static str {
        match self {
            Layer::Lower => "lo",
            Layer::Tcp => "tc",
            Layer::Request => "rq",
            Layer::Response => "rs",
            Layer::Framing => "fr",
            Layer::Content => "co",
            Layer::Useful => "us",
            Layer::Again => "ag",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Lower => "link and IP",
            Layer::Tcp => "TCP",
            Layer::Request => "request head",
            Layer::Response => "response head",
            Layer::Framing => "framing",
            Layer::Content => "content",
            Layer::Useful => "the time",
            Layer::Again => "sent again",
        }
    }

    /// What belongs to it.
    pub fn meaning(self) -> &'static str {
        match self {
            Layer::Lower => "Ethernet header, IP header, padding",
            Layer::Tcp => "TCP headers with their options",
            Layer::Request => "request line and header fields",
            Layer::Response => "status line and header fields",
            Layer::Framing => "chunk sizes, data:, WebSocket headers and masks",
            Layer::Content => "what the application wanted to say",
            Layer::Useful => "of the content: the 8 characters of the time",
            Layer::Again => "payload that had been on the wire before",
        }
    }

    /// The bytes of a row that are of this layer.
    pub fn of(self, tally: &Tally) -> u64 {
        match self {
            Layer::Lower => tally.lower_bytes,
            Layer::Tcp => tally.tcp_bytes,
            Layer::Request => tally.request_head_bytes,
            Layer::Response => tally.response_head_bytes,
            Layer::Framing => tally.framing_bytes,
            Layer::Content => tally.content_bytes,
            Layer::Useful => tally.useful_bytes,
            Layer::Again => tally.retransmitted_bytes,
        }
    }

    /// The layer of a part of a payload.
    pub fn of_part(part: Part) -> Layer {
        match part {
            Part::RequestHead => Layer::Request,
            Part::ResponseHead => Layer::Response,
            Part::Framing => Layer::Framing,
            Part::Content => Layer::Content,
            Part::Useful => Layer::Useful,
            Part::Retransmitted => Layer::Again,
        }
    }
}

/// A layer as the legend shows it.
#[derive(Clone, Debug, Serialize)]
pub struct LegendEntry {
    class: &'static str,
    name: &'static str,
    meaning: &'static str,
}

/// The legend: the layers that occur in these rows.
pub fn legend<'a>(rows: impl IntoIterator<Item = &'a Tally>) -> Vec<LegendEntry> {
    let sum: Tally = rows.into_iter().copied().sum();
    Layer::STACK
        .into_iter()
        .chain([Layer::Useful])
        .filter(|layer| layer.of(&sum) > 0)
        .map(|layer| LegendEntry { class: layer.class(), name: layer.name(), meaning: layer.meaning() })
        .collect()
}
