//! Packets and bytes in as little room as they need: a [`Tally`] without the columns that follow from the others.
//!
//! Every packet of every capture is booked in one, each open connection has one or two, and each row that is kept one, so
//! both size and speed count. `N` counts packets: 32 bits are enough for an exchange, a connection has 64.

use super::{Layer, LayerBytes, Tally};

/// What an exchange cost, or a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Costs<N = u32> {
    pub packets: N,
    pub app_packets: N,
    /// Packets that brought nothing new.
    pub repeated_packets: N,
    /// Of the content: bytes of a server's time.
    pub useful: N,
    pub layers: LayerBytes,
}

impl<N: Copy + Into<u64>> Costs<N> {
    /// Those of a tally; what an `N` is too small for, `most` stands for.
    pub fn of(tally: &Tally, most: N) -> Costs<N>
    where
        N: TryFrom<u64>,
    {
        let narrow = |count: u64| N::try_from(count).unwrap_or(most);
        Costs {
            packets: narrow(tally.total_packets),
            app_packets: narrow(tally.app_packets),
            repeated_packets: narrow(tally.retransmitted_packets),
            useful: narrow(tally.useful_bytes),
            layers: tally.layers,
        }
    }

    /// All columns.
    #[inline]
    pub fn tally(&self) -> Tally {
        Tally {
            total_packets: self.packets.into(),
            app_packets: self.app_packets.into(),
            frame_bytes: self.layers.sum(),
            app_bytes: self.layers.payload(),
            layers: self.layers,
            useful_bytes: self.useful.into(),
            retransmitted_packets: self.repeated_packets.into(),
        }
    }
}

impl Costs {
    /// Adds a packet with its headers and everything below; its payload is added by [`Costs::bytes`].
    #[inline]
    pub fn packet(&mut self, headers: [(Layer, u32); 2], has_payload: bool) {
        // Saturating for form's sake: 2^32 packets of one exchange are a capture of at least 200 GB.
        self.packets = self.packets.saturating_add(1);
        self.app_packets += u32::from(has_payload);
        for (layer, len) in headers {
            self.layers[layer] += u64::from(len);
        }
    }

    /// Adds payload bytes.
    #[inline]
    pub fn bytes(&mut self, layer: Layer, len: u64) {
        self.layers[layer] += len;
        if layer == Layer::Useful {
            self.useful = self.useful.saturating_add(len as u32);
        }
    }

    /// Whether nothing was booked.
    pub fn is_empty(&self) -> bool {
        *self == Costs::default()
    }
}
