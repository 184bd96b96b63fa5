//! The value that an analysis gives: what tables, pages and JSON are made from (schema "wirelab/1").
//!
//! Two sums hold on every row ([`Tally::adds_up`]): lower, TCP and app bytes are the frame bytes, and the layers of the
//! payload are the app bytes. And the exchanges of a capture add up to its totals, column by column.

mod column;
mod connection;
mod costs;
mod exchange;
mod finding;
mod keyed;
mod layer;
mod loss;
mod mean;
mod note;
mod packet;
mod problem;
mod spread;
mod tally;
mod time;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wirelab_catalog::App;

pub use column::Column;
pub(crate) use connection::Rare;
pub use connection::{Connection, ConnectionRow, Protocol, TlsRecords, WebSocketFrames};
pub(crate) use costs::Costs;
pub use exchange::{Exchange, ExchangeName, Exchanges};
pub use finding::{Finding, FindingCost, FindingId, Sure};
pub use layer::{Hatch, Layer, LayerBytes};
pub use loss::{Loss, SentAgain};
pub use mean::Mean;
pub use note::Note;
pub use packet::{Ended, Packet, Span, TcpAnalysis, Words};
pub use problem::{Problem, ProblemLayer, ProblemPlace};
pub use spread::{Spread, SpreadSeconds, Spreads};
pub use tally::Tally;
pub(crate) use time::Likely;
pub use time::{Cause, Time};

/// The name of this format, in every JSON file.
pub const SCHEMA: &str = "wirelab/1";

/// Everything that was found in one or more captures.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Analysis {
    /// Always "wirelab/1".
    pub schema: String,
    /// One entry a capture, in the order given.
    pub captures: Vec<Capture>,
}

impl Analysis {
    /// An analysis of these captures.
    pub fn new(captures: Vec<Capture>) -> Analysis {
        Analysis { schema: SCHEMA.to_owned(), captures }
    }
}

/// What was found in one capture.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Capture {
    /// The file's name without its ending.
    pub name: String,
    /// The file's name, null for standard input.
    pub file: Option<String>,
    /// Which of wirelab's apps spoke, null where it is none of them.
    pub app: Option<App>,
    /// "pcap" or "pcapng", with "+gzip" or "+zstd" where it was compressed.
    pub format: String,
    /// The kind of link ("ethernet", "raw", ...); "mixed" where there are several.
    pub link: String,
    /// Records read.
    pub frames: u64,
    /// Frames without TCP, or whose layers could not be decoded: not in the totals.
    pub skipped_frames: u64,
    /// What these frames carry, the most bytes first. Fragments of TCP packets that became whole are not among them:
    /// their bytes are in the totals.
    pub other_transports: Vec<OtherTransport>,
    /// Frames of which fewer bytes were kept than were on the wire.
    pub truncated_frames: u64,
    /// Time of the first frame, in seconds since the Unix epoch.
    pub first_frame_unix_s: f64,
    /// Time from the first frame to the last, in seconds.
    pub duration_s: f64,
    /// All TCP packets of the capture.
    pub totals: Tally,
    /// The median update: a real one. Null where there is none, and where more than a tenth of the updates share a packet or
    /// an ACK with another exchange, so that no one of them stands for the others: there the row is `per_update_mean`.
    pub per_update: Option<Tally>,
    /// What an update is: "update" for wirelab's own apps, else the label of the exchange that was chosen, or of the most
    /// repeated one ("GET /time").
    pub per_update_of: Option<String>,
    /// All updates together, divided by their number.
    pub per_update_mean: Option<Mean>,
    /// All packets of the connections that carried updates (handshakes, subscriptions, reconnects, lone ACKs, closes and
    /// whatever else was said on them), divided by the number of updates. Null also where rows were left out and the
    /// exchanges are of too many kinds to tell which connections these are.
    pub per_update_all_in: Option<Mean>,
    /// How many updates share a packet with payload, or an ACK, with another exchange; what they share with the handshake
    /// or the close of their connection does not count.
    pub updates_sharing_packets: u64,
    /// How many connections carried updates; null where that is not known, as for `per_update_all_in`.
    pub update_connections: Option<u64>,
    /// What the time of the median update went into.
    pub per_update_time: Option<Time>,
    /// Which update `per_update` is (its `index`, counted from 1). Null where that is null.
    pub median_update: Option<u64>,
    /// How many updates there are, those beyond the row limit included.
    pub update_count: u64,
    /// The least and the most of each column over all updates (each column for itself, so these need not add up).
    pub update_range: Option<Range<Tally>>,
    /// Of the median update: the server's data packets and the client's ACKs of them. Null for protocols that can't push,
    /// and where `per_update` is null.
    pub push_only: Option<Tally>,
    /// All exchanges, in order of their first packet, up to the row limit; and those of them that are updates.
    #[serde(flatten)]
    pub exchanges: Exchanges,
    /// How many rows the limit left out of `updates` and `exchanges`.
    pub rows_left_out: u64,
    /// Exchanges of the same kind and label, put together; complete whatever the row limit.
    pub groups: Vec<Group>,
    /// The connections, in order of their first packet: numbered as tshark numbers its streams.
    pub connections: Vec<Connection>,
    /// What there is to say, what matters most first.
    pub findings: Vec<Finding>,
    /// The frames that the link dropped, where something beside the capture says so, as run.json does; in the order in which
    /// they were sent, at most 1,000.
    pub losses: Vec<Loss>,
    /// How many more there were.
    pub losses_left_out: u64,
    /// What could not be read or decoded, and where.
    pub problems: Vec<Problem>,
    /// What a reader should know of the numbers: tunnels, missing handshakes, gaps.
    pub notes: Vec<Note>,
    /// The packets themselves, for pictures and lists; kept only when asked for, and not in the JSON.
    #[serde(skip)]
    pub packets: Vec<Packet>,
}

impl Capture {
    /// The row of one update: the median one, or, where too many share their packets, the mean.
    pub fn update_row(&self) -> Option<Mean> {
        self.per_update.map(Mean::whole).or(self.per_update_mean)
    }

    /// What an update is taken to be where wirelab did not make the capture: "GET /time". `None` for its own apps.
    pub fn foreign_update(&self) -> Option<&str> {
        self.per_update_of.as_deref().filter(|_| self.app.is_none())
    }
}

/// Frames of a protocol that is not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherTransport {
    /// Its name: UDP, QUIC, ICMP, ARP and so on.
    pub protocol: String,
    /// How many frames.
    pub packets: u64,
    /// Their length on the wire.
    pub bytes: u64,
}

/// The least and the most of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Range<T> {
    /// The least.
    pub min: T,
    /// The most.
    pub max: T,
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The TCP handshake.
    Setup,
    /// What a line server says before it is asked, with the first time in it: raw TCP's counterpart of the page.
    Greeting,
    /// The first request for the page and its answer.
    Page,
    /// The request that opens an event stream or upgrades to WebSocket, and the answer's head.
    Subscribe,
    /// What one server-time update cost; in a capture that wirelab did not make, one of the most repeated exchange.
    Update,
    /// Any other request and its answer.
    Request,
    /// Any other WebSocket message, with its answer where there is one.
    Message,
    /// Any other server-sent event.
    Event,
    /// Any other turn of a line protocol or of one that is not known: what one side says, and the answer.
    Turn,
    /// Ping, pong, keep-alive, SSE comments.
    Control,
    /// WebSocket close, FIN, RST.
    Close,
}

impl Kind {
    /// All kinds, in the order of a conversation.
    pub const ALL: [Kind; 11] = [
        Kind::Setup,
        Kind::Greeting,
        Kind::Page,
        Kind::Subscribe,
        Kind::Update,
        Kind::Request,
        Kind::Message,
        Kind::Event,
        Kind::Turn,
        Kind::Control,
        Kind::Close,
    ];

    /// The name, as in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Setup => "setup",
            Kind::Greeting => "greeting",
            Kind::Page => "page",
            Kind::Subscribe => "subscribe",
            Kind::Update => "update",
            Kind::Request => "request",
            Kind::Message => "message",
            Kind::Event => "event",
            Kind::Turn => "turn",
            Kind::Control => "control",
            Kind::Close => "close",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// All exchanges of one kind and label.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Group {
    /// What they are for.
    pub kind: Kind,
    /// What they are in the protocol's words.
    pub label: String,
    /// How many there are.
    pub count: u64,
    /// How many of them share a packet with payload, or an ACK, with another exchange.
    pub sharing_packets: u64,
    /// All of them together.
    #[serde(flatten)]
    pub tally: Tally,
    /// Each one's packets and bytes.
    #[serde(flatten)]
    pub each: Spreads,
    /// Time to the first byte of the answer, in seconds. Null where there are no answers.
    pub first_byte_s: Option<SpreadSeconds>,
    /// Time to the last byte of the answer, in seconds. Null where there are no answers.
    pub last_byte_s: Option<SpreadSeconds>,
    /// The median exchange: by frame bytes, then packets, then time. A real one, so that its columns add up.
    pub median: Option<MedianRow>,
}

impl Group {
    /// The mean of all, where more than a tenth of them share packets, so that no one of them stands for the others.
    pub fn mean_row(&self) -> Option<Mean> {
        Mean::of(self.tally, self.count).filter(|_| !stands_for_others(self.sharing_packets, self.count))
    }
}

/// Whether one of so many exchanges stands for the others: at most a tenth of them share their packets with something else.
pub(crate) fn stands_for_others(sharing: u64, count: u64) -> bool {
    sharing.saturating_mul(10) <= count
}

/// What one exchange of a group cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MedianRow {
    /// Its packets and bytes.
    #[serde(flatten)]
    pub tally: Tally,
    /// What its time went into; null where there is nothing to time.
    pub time: Option<Time>,
}

/// Nanoseconds as seconds.
pub(crate) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// Seconds as nanoseconds.
pub(crate) fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

/// A time that did not come: no answer, no round trip.
pub(crate) const NEVER: u64 = u64::MAX;
