//! TLS records, ClientHello, HTTP/2 frames.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirelab_dissect::{http2, tls};
use wirelab_fuzz::{same_however_cut, told};

fuzz_target!(|data: &[u8]| {
    tls::sniff(data);
    tls::Hello::read(data);
    http2::sniff(data);
    same_however_cut(data, || {
        let mut decoder = tls::Decoder::new();
        move |input: &[u8]| told(decoder.step(input))
    });
    for side in [http2::Side::Client, http2::Side::Server] {
        same_however_cut(data, || {
            let mut decoder = http2::Decoder::new(side);
            move |input: &[u8]| told(decoder.step(input))
        });
    }
});
