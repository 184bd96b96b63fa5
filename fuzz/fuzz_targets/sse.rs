//! Event streams.
#![no_main]

use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use wirelab_dissect::sse;
use wirelab_fuzz::{same_however_cut, told};

fuzz_target!(|data: &[u8]| {
    same_however_cut(data, || {
        let mut decoder = sse::Decoder::new();
        move |input: &[u8]| told(Ok::<_, Infallible>(decoder.step(input)))
    });
});
