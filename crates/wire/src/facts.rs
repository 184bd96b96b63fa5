//! What was true of a wire while it ran?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::WireKind;
use crate::error::Host;
use crate::impaired::ImpairedFrames;

/// What a run's wire was made of and what it did, to be noted beside its capture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Which make of the wire.
    pub wire: WireKind,
    /// Whose TCP spoke: "Linux 6.18.4", "smoltcp 0.14".
    pub tcp: String,
    /// The congestion control of both hosts, as they report it.
    pub congestion_control: String,
    /// The network cards' offloads (checksums, segmentation) by name, and whether they were on. All are off on the
    /// kernel wire, so that every frame is seen as a real wire would carry it; a virtual wire has none.
    pub offloads: BTreeMap<String, bool>,
    /// The largest IP packet that fits the link.
    pub mtu: u32,
    /// What was set on the hosts' sockets.
    pub sockets: Vec<SocketOption>,
    /// What the link did with the frames.
    pub frames: Frames,
    /// Which frames it did not carry once and in order.
    pub impaired: ImpairedFrames,
    /// How long it took until both hosts could talk, in microseconds. 0 on a virtual wire.
    pub setup_us: u64,
}

/// One option of the sockets of one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketOption {
    /// Whose sockets.
    pub host: Host,
    /// Its name, as `setsockopt` knows it: `TCP_NODELAY`.
    pub name: String,
    /// What it was set to.
    pub value: i64,
}

impl SocketOption {
    /// An option with its value.
    pub fn new(host: Host, name: &str, value: i64) -> SocketOption {
        SocketOption { host, name: name.to_owned(), value }
    }
}

/// What the link did with the frames of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frames {
    /// Taken from a host to be carried to the other.
    pub sent: u64,
    /// Handed to a host; with duplicates.
    pub delivered: u64,
    /// Written to the capture.
    pub recorded: u64,
    /// Lost on purpose, by chance or while the link was down.
    pub lost: u64,
    /// Delivered twice on purpose.
    pub duplicated: u64,
    /// Overtaken by a later one on purpose.
    pub reordered: u64,
    /// Held back on purpose, but overtaken by none: only late.
    pub delayed: u64,
    /// Lost against all purpose, because the machine was too busy to carry them.
    pub overflowed: u64,
}
