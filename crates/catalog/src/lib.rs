#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Which ways to get an update are there?
//!
//! An app is one way of telling a client the server's time. Everything that is known of one without running it stands in
//! its [`Descriptor`], one file each: its names, who causes an update, its page, how it is recognised, and what was published of it
//! in 2021.
//! There is no behaviour here. The servers are in `wirelab-apps`, the clients in `wirelab-driver`, and the one
//! table that pairs them is the binary's.
//!
//! All other crates take an app as an [`App`] and ask its descriptor, so that none of them has to be told of a new one.

mod ajax;
mod app;
mod choice;
mod descriptor;
pub mod grammar;
mod iframe;
mod long_poll;
mod poll;
pub mod published;
mod sse;
mod stream;
mod tcp;
mod web;
mod ws;
mod ws_push;

pub use app::UnknownApp;
pub use choice::{Choice, Group};
pub use descriptor::{Descriptor, Family, Renewal, Words};
pub use published::Published;

app::apps! {
    Tcp => tcp,
    Web => web,
    Ajax => ajax,
    Sse => sse,
    Ws => ws,
    Poll => poll,
    WsPush => ws_push,
    LongPoll => long_poll,
    Iframe => iframe,
    Stream => stream,
}
