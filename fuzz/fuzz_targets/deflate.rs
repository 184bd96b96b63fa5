//! Compressed messages: what comes out is bounded, and doesn't depend on how the input is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirelab_dissect::deflate::{Context, DeflateParams, Error, Inflater, Limits};

const LIMITS: Limits = Limits { bytes: 1 << 20, ratio: 100, free: 1 << 14 };

fuzz_target!(|data: &[u8]| {
    DeflateParams::parse(data);
    let Some((&size, data)) = data.split_first() else { return };
    let size = usize::from(size).max(1);
    for context in [Context::Fresh, Context::TakenOver] {
        // Each message is the same bytes.
        let mut whole = Inflater::new(context, LIMITS);
        let mut pieces = Inflater::new(context, LIMITS);
        for _ in 0..2 {
            let one = message(&mut whole, [data]);
            let other = message(&mut pieces, data.chunks(size));
            assert_eq!(one.1.is_ok(), other.1.is_ok());
            if one.1.is_ok() {
                assert_eq!(one.0, other.0);
            }
        }
    }
});

fn message<'a>(inflater: &mut Inflater, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Result<(), Error>) {
    let mut out = Vec::new();
    let mut keep = |bytes: &[u8]| out.extend_from_slice(bytes);
    let mut result = Ok(());
    for piece in pieces {
        result = result.and(inflater.push(piece, &mut keep));
    }
    result = result.and(inflater.end_message(&mut keep));
    // One buffer more than the bound may have come out when it was seen to be met.
    assert!(out.len() as u64 <= LIMITS.bytes + 4096);
    (out, result)
}
