//! HTTP/1, both directions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirelab_dissect::http1::{ReplyTo, RequestDecoder, ResponseDecoder, sniff_request, sniff_response};
use wirelab_fuzz::{same_however_cut, told};

fuzz_target!(|data: &[u8]| {
    sniff_request(data);
    sniff_response(data);
    same_however_cut(data, || {
        let mut decoder = RequestDecoder::new();
        move |input: &[u8]| told(decoder.step(input))
    });
    for reply_to in [ReplyTo::Other, ReplyTo::Head, ReplyTo::Connect] {
        same_however_cut(data, || {
            let mut decoder = ResponseDecoder::new();
            move |input: &[u8]| told(decoder.step(input, reply_to))
        });
    }
    // Missing bytes, and finding the way again.
    let mut decoder = ResponseDecoder::new();
    for piece in data.chunks(61) {
        let mut rest = piece;
        while let Ok(step) = decoder.step(rest, ReplyTo::Other) {
            if step.consumed == 0 && step.event.is_none() {
                break;
            }
            rest = &rest[step.consumed..];
        }
        if !decoder.skip(u64::from(piece[0]))
            && let Some(start) = decoder.resync(piece)
        {
            assert!(start < piece.len());
        }
    }
});
