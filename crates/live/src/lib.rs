#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! How does a person's own connection get onto the lab's wire, and its packets before the person's eyes?
//!
//! A browser, curl or any other program connects to an address of this machine. What it says is carried, byte for byte,
//! between the two hosts of a wire to one of the lab's apps or to any real server, and back. The packets are those of that
//! wire, recorded there; the program's own connection to this machine is not shown.
//!
//! ```text
//!   browser ──TCP──► carrier ── client 10.0.0.2 ═══ wire ═══ server 10.0.0.1 ── app
//!                   (gate, pump)                    │                       └── pump ──TCP──► a real server
//!                                               recording ──► analyzer ──► rows, what was found so far
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`bench`](mod@bench) | one wire with what is at its ends, in a thread of its own |
//! | [`gate`] | which requests may pass: none that a stranger's page makes a browser send |
//! | [`pump`] | two connections made one: bytes, half-closes, resets, back-pressure |
//! | [`site`] | the pages, and what they ask for |
//! | [`recording`] | the capture so far: its packets, its bytes, what was found |

pub mod bench;
mod carrier;
mod events;
mod far_end;
pub mod gate;
mod kept;
pub mod pump;
pub mod recording;
mod secrets;
mod settings;
pub mod site;
mod state;

pub use bench::{Bench, Target};
pub use recording::{Recording, Row};
pub use settings::Settings;
