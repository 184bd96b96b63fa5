//! The stream decoders, each fed whole, byte by byte, at every cut, at every prefix, and with junk behind.
#![allow(clippy::unwrap_used)]

mod apps;
mod deflate;
mod feed;
mod http1;
mod lines_tls_http2;
mod messages;
mod random;
mod sse;
mod websocket;
