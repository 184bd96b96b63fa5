//! What a run may ask of a wire.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::tuning::Tuning;

/// The server's address on every wire.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The first client's address on every wire; further ones count up from it.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The port that the server listens on.
pub const PORT: u16 = 8000;
/// The largest IP packet that fits every wire, in bytes: Ethernet's.
pub const MTU: u32 = 1500;

/// Where the server listens.
pub const fn server_address() -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(SERVER, PORT))
}

/// Which make of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireKind {
    /// Real kernel TCP between network namespaces (Linux).
    Kernel,
    /// Two smoltcp hosts on a virtual clock (anywhere).
    Virtual,
}

/// At which end of the link frames are stamped and recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vantage {
    /// When a frame reaches or leaves the server, as in the captures of 2021.
    #[default]
    Server,
    /// When a frame reaches or leaves the client.
    Client,
}

/// What a run asks of a wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireOptions {
    /// Round trip time added by the link, 0 to 1 s; half of it each way.
    pub rtt: Duration,
    /// Share of frames lost in each direction, 0.0 to 0.5. Lost frames are seen by a recorder on the sending side
    /// only, as a capture on a real host would.
    pub loss: f64,
    /// Share of frames delivered twice, 0.0 to 0.5.
    pub duplicate: f64,
    /// Share of frames held back so that a later one overtakes them, 0.0 to 0.5.
    pub reorder: f64,
    /// A time, counted from the start of the run, in which nothing is delivered: (from, for how long).
    pub down: Option<(Duration, Duration)>,
    /// What losses and all other chances are drawn from.
    pub seed: u64,
    /// At which end frames are stamped and recorded.
    pub vantage: Vantage,
    /// Whether the server's sockets have Linux's quick-ACK phase; false is `TCP_QUICKACK=0` on its listener.
    pub server_quick_ack: bool,
    /// Whether the server's sockets send small segments at once (`TCP_NODELAY`); false leaves Nagle's algorithm on.
    pub server_no_delay: bool,
    /// The same for the client's sockets. Browsers switch Nagle's algorithm off.
    pub client_no_delay: bool,
    /// After how long a silence the server's sockets ask whether the client is still there (`SO_KEEPALIVE`, RFC 9293, section
    /// 3.8.4); None: they do not. The kernel counts whole seconds.
    pub server_keep_alive: Option<Duration>,
    /// How many bytes a client's socket takes that are not acknowledged yet (`SO_SNDBUF`; virtual wire). Clients that
    /// only ask need little, and ten thousand of them then take less memory.
    pub client_send_buffer: usize,
    /// How many client addresses the link has (virtual wire; the kernel wire has one client host).
    pub clients: u32,
    /// With what the link is turned while it carries frames.
    #[serde(skip)]
    pub tuning: Tuning,
}

impl Default for WireOptions {
    fn default() -> WireOptions {
        WireOptions {
            rtt: Duration::from_millis(25),
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            down: None,
            seed: 0,
            vantage: Vantage::Server,
            server_quick_ack: true,
            server_no_delay: false,
            client_no_delay: true,
            server_keep_alive: None,
            client_send_buffer: 65_536,
            clients: 1,
            tuning: Tuning::default(),
        }
    }
}
