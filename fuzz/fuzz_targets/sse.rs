//! Event streams, and lines.
#![no_main]

use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use wirelab_dissect::{lines, sse};
use wirelab_fuzz::{same_however_cut, told};

fuzz_target!(|data: &[u8]| {
    lines::sniff(data);
    same_however_cut(data, || {
        let mut decoder = sse::Decoder::new();
        move |input: &[u8]| told(Ok::<_, Infallible>(decoder.step(input)))
    });
    same_however_cut(data, || {
        let mut decoder = lines::Decoder::new();
        move |input: &[u8]| told(Ok::<_, Infallible>(decoder.step(input)))
    });
});
