//! How do two hosts talk so that every frame between them is seen?
//!
//! A wire is two hosts, `server` 10.0.0.1 and `client` 10.0.0.2, one link between them with an MTU of 1500, and a
//! relay that stamps, records, delays and, when asked, drops frames. There are two makes of it with one shape:
//!
//! - [`kernel`] (Linux): the TCP of the running kernel in two network namespaces, no root needed;
//! - [`virtual_wire`] (anywhere): two smoltcp hosts in this process, on a virtual clock or, for a person who watches, in
//!   real time.
//!
//! Both take what the server does and what the client does as futures over [`Listener`] and [`Stream`], and hand
//! every frame to one recorder. A wire knows nothing of the apps, of captures on disk, or of what the bytes mean.
//!
//! ```text
//!   server future ── Listener          Connector ── client future
//!                        │                  │
//!                     host 10.0.0.1      host 10.0.0.2
//!                        └────── relay ─────┘
//!                                  │  stamp, record, delay, drop
//!                               recorder(time_ns, frame)
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod check;
mod doctor;
mod error;
mod facts;
mod impaired;
#[cfg(all(target_os = "linux", feature = "kernel"))]
pub mod kernel;
#[cfg(not(all(target_os = "linux", feature = "kernel")))]
#[path = "no_kernel.rs"]
pub mod kernel;
pub mod link;
mod options;
mod programs;
mod recorder;
mod stop;
mod stream;
mod tuning;
pub mod virtual_wire;

pub use check::{Check, Health};
pub use doctor::doctor;
pub use error::{Error, Host, Refusal};
pub use facts::{Facts, Frames, SocketOption};
pub use impaired::{ImpairedBy, ImpairedFrame, ImpairedFrames, Impairment};
pub use options::{CLIENT, MTU, PORT, SERVER, Vantage, WireKind, WireOptions, server_address};
pub use programs::{ClientProgram, Outcome, ServerProgram, Shutdown};
pub use recorder::Recorder;
pub use stop::Stop;
pub use stream::{Connector, Listener, Stream};
pub use tuning::{Quality, Tuning};
