//! The packets themselves, kept for lists and pictures when somebody asked for them.

use std::collections::VecDeque;

use wirelab_dissect::packet::Segment;

use crate::ledger::{ExId, PacketMeta};
use crate::model::{Packet, Span, TcpAnalysis, Words};

/// The packets that are kept: so many at a time, the first ones until somebody takes them away.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    most: usize,
    first_ns: u64,
    pub rows: VecDeque<Packet>,
    /// The exchange of each: as its connection counts them, and as the capture does.
    pub owners: VecDeque<Option<(ExId, u64)>>,
    /// How many were taken away.
    taken: u32,
}

impl Packets {
    pub fn new(most: usize) -> Packets {
        Packets { most, ..Packets::default() }
    }

    /// Says when the capture begins.
    pub fn begin(&mut self, first_ns: u64) {
        self.first_ns = first_ns;
    }

    /// Whether the next packet is kept.
    #[inline]
    pub fn wanted(&self) -> bool {
        self.rows.len() < self.most
    }

    /// Keeps a packet. Gives its place, plus one.
    pub fn add(
        &mut self,
        connection: u32,
        segment: &Segment<'_>,
        meta: &PacketMeta,
        analysis: Option<TcpAnalysis>,
        seq: u64,
        ack: Option<u64>,
    ) -> u32 {
        self.rows.push_back(Packet {
            number: meta.number,
            time_s: meta.time_ns.saturating_sub(self.first_ns) as f64 / 1e9,
            connection,
            from_client: meta.from_client,
            exchange: None,
            frame_len: meta.lower + meta.tcp + meta.app,
            lower_len: meta.lower,
            tcp_len: meta.tcp,
            app_len: meta.app,
            payload_offset: meta.payload_offset,
            flags: segment.flags,
            seq,
            ack,
            window: segment.window,
            analysis,
            words: Words::default(),
            spans: Vec::new(),
        });
        self.owners.push_back(None);
        self.taken.wrapping_add(self.rows.len() as u32)
    }

    /// Takes the first packet away if it was read, or if there is no room to let it wait for bytes before its own.
    pub fn take_settled(&mut self) -> Option<Packet> {
        if self.owners.front()?.is_none() && self.wanted() {
            return None;
        }
        let owner = self.owners.pop_front()?;
        self.taken = self.taken.wrapping_add(1);
        let mut row = self.rows.pop_front()?;
        row.exchange = owner.and_then(|(_, order)| usize::try_from(order).ok());
        Some(row)
    }

    /// Says which exchange a packet belongs to, and which one of the capture that is.
    #[inline]
    pub fn belongs(&mut self, meta: &PacketMeta, exchange: ExId, order: u64) {
        if meta.record != 0 {
            self.belongs_to(meta, exchange, order);
        }
    }

    #[cold]
    fn belongs_to(&mut self, meta: &PacketMeta, exchange: ExId, order: u64) {
        if let Some(owner) = self.at_of(meta).and_then(|at| self.owners.get_mut(at)) {
            *owner = Some((exchange, order));
        }
    }

    /// Adds a run of payload bytes to a packet.
    #[inline]
    pub fn span(&mut self, meta: &PacketMeta, span: Span) {
        if meta.record != 0 {
            self.add_span(meta, span);
        }
    }

    #[cold]
    fn add_span(&mut self, meta: &PacketMeta, span: Span) {
        if let Some(row) = self.row_of(meta) {
            row.spans.push(span);
        }
    }

    /// Takes what a packet says, to be added to; `None` where it is not kept.
    #[inline]
    pub fn take_words(&mut self, meta: &PacketMeta) -> Option<Words> {
        if meta.record == 0 {
            return None;
        }
        self.row_of(meta).map(|row| std::mem::take(&mut row.words))
    }

    /// Puts it back.
    #[inline]
    pub fn put_words(&mut self, meta: &PacketMeta, words: Option<Words>) {
        if let Some(words) = words
            && let Some(row) = self.row_of(meta)
        {
            row.words = words;
        }
    }

    fn row_of(&mut self, meta: &PacketMeta) -> Option<&mut Packet> {
        self.at_of(meta).and_then(|at| self.rows.get_mut(at))
    }

    /// The place of a packet among those that are still here.
    fn at_of(&self, meta: &PacketMeta) -> Option<usize> {
        // The record is 0 where the packet was not kept; those taken away are far behind all places.
        let record = meta.record.checked_sub(1)?;
        Some(record.wrapping_sub(self.taken) as usize)
    }
}
