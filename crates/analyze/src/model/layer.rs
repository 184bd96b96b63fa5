//! What is each byte on the wire for? One table of layers, from the wire up.
//!
//! Everything that counts, names, colours or draws bytes follows from this table: what is kept in memory, the sums and
//! their checks, the names in JSON and CSV, legends, pictures and marked bytes. A layer more is a row here, and the
//! decoder's side that says which bytes are of it.
//!
//! - TLS (RFC 8446, section 5.2: record headers and tags) is a row between [`Layer::Tcp`] and [`Layer::RequestHead`], with
//!   `payload: true`, as its bytes are bytes of the TCP payload. The reader of records gives them to it; until then record
//!   headers are framing, and tags content.
//! - UDP (RFC 768) stands beside TCP: a row behind [`Layer::Tcp`] with `payload: false`, and the [column](super::Column)
//!   that shows it among those that add up to the frame. What QUIC adds (RFC 9000, section 17: packet headers; RFC 9001,
//!   section 5.3: tags) is payload of UDP: a row beside that of TLS.

use std::ops::{AddAssign, Index, IndexMut};

use serde::Serialize;

/// Makes the layers of their table: the enum, its lists, and an array with a place for each.
///
/// A row is a layer's name here, its name in JSON and CSV, and what is said of it; behind it may stand a layer that lies
/// within it.
macro_rules! layers {
    ($($layer:ident $key:ident $facts:tt $((with $part:ident $part_key:ident $part_facts:tt))?)*) => {
        /// A layer of bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "`meaning` says it")]
        pub enum Layer {
            $($layer,)*
            $($($part,)?)*
        }

        impl Layer {
            /// The layers that the bytes of a frame divide into, from the wire up.
            pub const STACK: &[Layer] = &[$(Layer::$layer),*];
            /// All layers: these, and those that lie within one of them.
            pub const ALL: &[Layer] = &[$(Layer::$layer,)* $($(Layer::$part,)?)*];

            /// The layer that this one lies within, among whose bytes its own are counted.
            pub const fn within(self) -> Option<Layer> {
                match self {
                    $(Layer::$layer => None, $(Layer::$part => Some(Layer::$layer),)?)*
                }
            }

            /// The name in JSON and CSV: "request_head_bytes".
            pub const fn key(self) -> &'static str {
                match self {
                    $(Layer::$layer => stringify!($key), $(Layer::$part => stringify!($part_key),)?)*
                }
            }

            const fn facts(self) -> &'static Facts {
                match self {
                    $(Layer::$layer => &Facts $facts, $(Layer::$part => &Facts $part_facts,)?)*
                }
            }
        }

        /// Bytes by layer; those of a layer that lies within another are the other's.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct LayerBytes([u64; Layer::STACK.len()]);

        impl Index<Layer> for LayerBytes {
            type Output = u64;

            #[inline]
            fn index(&self, layer: Layer) -> &u64 {
                let LayerBytes([$($key),*]) = self;
                match layer {
                    $(Layer::$layer $(| Layer::$part)? => $key,)*
                }
            }
        }

        impl IndexMut<Layer> for LayerBytes {
            #[inline]
            fn index_mut(&mut self, layer: Layer) -> &mut u64 {
                let LayerBytes([$($key),*]) = self;
                match layer {
                    $(Layer::$layer $(| Layer::$part)? => $key,)*
                }
            }
        }
    };
}

layers! {
    Lower lower_bytes {
        name: "link and IP",
        meaning: "Ethernet header, IP header, padding",
        payload: false,
        class: "lo", light: "#8a8f98", dark: "#9aa0aa", hatch: None,
    }
    Tcp tcp_bytes {
        name: "TCP",
        meaning: "TCP headers with their options",
        payload: false,
        class: "tc", light: "#0072b2", dark: "#56b4e9", hatch: Some(Hatch { size: 5, path: "M2.5 0V5" }),
    }
    RequestHead request_head_bytes {
        name: "request head",
        meaning: "request line and header fields",
        payload: true,
        class: "rq", light: "#d55e00", dark: "#ff8a4c", hatch: Some(Hatch { size: 6, path: "M0 6L6 0" }),
    }
    ResponseHead response_head_bytes {
        name: "response head",
        meaning: "status line and header fields",
        payload: true,
        class: "rs", light: "#bd8500", dark: "#f2b84b", hatch: Some(Hatch { size: 6, path: "M0 0L6 6" }),
    }
    Framing framing_bytes {
        name: "framing",
        meaning: "chunk sizes, data:, WebSocket headers and masks, TLS record headers",
        payload: true,
        class: "fr", light: "#aa4499", dark: "#d987c8", hatch: Some(Hatch { size: 5, path: "M0 2.5H5" }),
    }
    Content content_bytes {
        name: "content",
        meaning: "what the application wanted to say",
        payload: true,
        class: "co", light: "#009e73", dark: "#3ccb9f", hatch: None,
    } (with Useful useful_bytes {
        name: "the time",
        meaning: "the 8 characters of the time",
        payload: true,
        class: "us", light: "#009e73", dark: "#3ccb9f", hatch: None,
    })
    Retransmitted retransmitted_bytes {
        name: "sent again",
        meaning: "payload that had been on the wire before",
        payload: true,
        class: "ag", light: "#555a60", dark: "#b9bec4", hatch: None,
    }
}

/// What is said of a layer.
struct Facts {
    name: &'static str,
    meaning: &'static str,
    payload: bool,
    class: &'static str,
    light: &'static str,
    dark: &'static str,
    hatch: Option<Hatch>,
}

/// Lines over a layer's colour, for who cannot tell the colours apart: a square, and a path in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hatch {
    /// How wide and high the square is.
    pub size: u32,
    /// The path, as SVG has it.
    pub path: &'static str,
}

impl Layer {
    /// The name for people.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// What belongs to it.
    pub const fn meaning(self) -> &'static str {
        self.facts().meaning
    }

    /// Whether its bytes are app bytes, payload of TCP; others are headers.
    pub const fn is_payload(self) -> bool {
        self.facts().payload
    }

    /// The two letters by which pages know it.
    pub const fn class(self) -> &'static str {
        self.facts().class
    }

    /// Its colour on light paper and on dark.
    pub const fn colours(self) -> [&'static str; 2] {
        [self.facts().light, self.facts().dark]
    }

    /// The lines over its colour, where it has any.
    pub const fn hatch(self) -> Option<Hatch> {
        self.facts().hatch
    }
}

impl LayerBytes {
    /// All of them together.
    #[inline]
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Those of the payload.
    #[inline]
    pub fn payload(&self) -> u64 {
        self.0.iter().zip(IN_PAYLOAD).filter(|(_, is_payload)| *is_payload).map(|(bytes, _)| bytes).sum()
    }

    /// Combines two layer by layer.
    #[inline]
    pub fn zip(self, other: LayerBytes, f: impl Fn(u64, u64) -> u64) -> LayerBytes {
        let mut bytes = self;
        for (one, other) in bytes.0.iter_mut().zip(other.0) {
            *one = f(*one, other);
        }
        bytes
    }
}

impl AddAssign for LayerBytes {
    #[inline]
    fn add_assign(&mut self, other: LayerBytes) {
        for (all, more) in self.0.iter_mut().zip(other.0) {
            *all += more;
        }
    }
}

impl<const N: usize> From<[(Layer, u64); N]> for LayerBytes {
    fn from(all: [(Layer, u64); N]) -> LayerBytes {
        let mut bytes = LayerBytes::default();
        for (layer, len) in all {
            bytes[layer] += len;
        }
        bytes
    }
}

/// Which of the layers in their order are payload.
const IN_PAYLOAD: [bool; Layer::STACK.len()] = {
    let mut is_payload = [false; Layer::STACK.len()];
    let (mut at, mut layers) = (0, Layer::STACK);
    while let [layer, rest @ ..] = layers {
        is_payload[at] = layer.is_payload();
        (at, layers) = (at + 1, rest);
    }
    is_payload
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_layers_are_called_or_look_the_same() {
        let facts: [fn(Layer) -> &'static str; 4] = [Layer::key, Layer::name, Layer::meaning, Layer::class];
        for fact in facts {
            let all: BTreeSet<&str> = Layer::ALL.iter().map(|&layer| fact(layer)).collect();
            assert_eq!(all.len(), Layer::ALL.len(), "{all:?}");
            assert!(all.iter().all(|text| !text.is_empty()));
        }
        for theme in [0, 1] {
            let all: BTreeSet<&str> =
                Layer::STACK.iter().filter_map(|layer| layer.colours().get(theme).copied()).collect();
            assert_eq!(all.len(), Layer::STACK.len(), "{all:?}");
        }
    }

    #[test]
    fn a_layer_within_another_looks_and_counts_like_it() {
        for &layer in Layer::ALL {
            if let Some(whole) = layer.within() {
                assert_eq!((layer.colours(), layer.is_payload()), (whole.colours(), whole.is_payload()));
                assert_eq!(LayerBytes::from([(layer, 5)]), LayerBytes::from([(whole, 5)]));
            }
        }
    }
}
