//! The packets themselves, kept for lists and pictures when somebody asked for them.

use wirelab_dissect::packet::Segment;

use crate::ledger::{ExId, PacketMeta};
use crate::model::{Packet, Span};

/// The packets that are kept: the first so many.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    most: usize,
    first_ns: u64,
    pub rows: Vec<Packet>,
    /// The exchange of each, as its connection counts them.
    pub owners: Vec<Option<ExId>>,
    /// Where the payload of the packet in hand begins, kept or not.
    payload_offset: u32,
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
    pub fn wanted(&self) -> bool {
        self.rows.len() < self.most
    }

    /// Notes where the payload of the packet in hand begins.
    pub fn at(&mut self, payload_offset: u32) {
        self.payload_offset = payload_offset;
    }

    /// Keeps a packet. Gives its place, plus one.
    pub fn add(
        &mut self,
        connection: u32,
        segment: &Segment<'_>,
        meta: &PacketMeta,
        analysis: Option<&'static str>,
        seq: u64,
        ack: Option<u64>,
    ) -> u32 {
        self.rows.push(Packet {
            number: meta.number,
            time_s: meta.time_ns.saturating_sub(self.first_ns) as f64 / 1e9,
            connection,
            from_client: meta.from_client,
            exchange: None,
            frame_len: meta.lower + meta.tcp + meta.app,
            lower_len: meta.lower,
            tcp_len: meta.tcp,
            app_len: meta.app,
            payload_offset: segment.payload_offset,
            flags: segment.flags.to_string(),
            seq,
            ack,
            window: segment.window,
            analysis,
            info: String::new(),
            spans: Vec::new(),
        });
        self.owners.push(None);
        self.rows.len() as u32
    }

    /// Says which exchange a packet belongs to.
    pub fn belongs(&mut self, meta: &PacketMeta, exchange: ExId) {
        if let Some(owner) = at(meta).and_then(|at| self.owners.get_mut(at)) {
            *owner = Some(exchange);
        }
    }

    /// Adds a run of payload bytes to a packet.
    pub fn span(&mut self, meta: &PacketMeta, span: Span) {
        if let Some(row) = at(meta).and_then(|at| self.rows.get_mut(at)) {
            row.spans.push(span);
        }
    }

    /// Where the payload of a packet begins in its frame.
    pub fn payload_offset(&self, meta: &PacketMeta) -> u64 {
        u64::from(at(meta).and_then(|at| self.rows.get(at)).map_or(self.payload_offset, |row| row.payload_offset))
    }

    /// Takes a packet's description, to be added to; `None` where it is not kept.
    pub fn take_info(&mut self, meta: &PacketMeta) -> Option<String> {
        self.rows.get_mut(at(meta)?).map(|row| std::mem::take(&mut row.info))
    }

    /// Puts it back.
    pub fn put_info(&mut self, meta: &PacketMeta, info: Option<String>) {
        if let (Some(at), Some(info)) = (at(meta), info)
            && let Some(row) = self.rows.get_mut(at)
        {
            row.info = info;
        }
    }
}

fn at(meta: &PacketMeta) -> Option<usize> {
    meta.record.checked_sub(1).map(|at| at as usize)
}
