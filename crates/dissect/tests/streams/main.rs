//! The stream decoders, each fed whole, byte by byte, at every cut, at every prefix, and with junk behind.
#![allow(clippy::unwrap_used)]

mod apps;
mod deflate;
mod feed;
mod http1;
mod messages;
mod random;
mod sse;
mod tls_http2;
mod websocket;

/// An analyzer holds two of them for each open connection.
#[test]
fn decoders_stay_small() {
    use wirelab_dissect as dissect;
    let sizes = [
        size_of::<dissect::http1::RequestDecoder>(),
        size_of::<dissect::http1::ResponseDecoder>(),
        size_of::<dissect::sse::Decoder>(),
        size_of::<dissect::websocket::Decoder>(),
        size_of::<dissect::tls::Decoder>(),
        size_of::<dissect::http2::Decoder>(),
    ];
    assert!(sizes.iter().zip([96, 96, 192, 128, 96, 64]).all(|(size, most)| *size <= most), "{sizes:?} (bytes)");
}
