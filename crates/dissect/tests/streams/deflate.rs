use flate2::{Compress, Compression, FlushCompress};
use proptest::collection::vec;
use proptest::prelude::*;
use wirelab_dissect::deflate::{Context, DeflateParams, Error, Inflater, Limits};

/// Compresses as a sender does: flushed, and without the four bytes that a flush leaves (RFC 7692 section 7.2.1).
fn compress(stream: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() * 2 + 100);
    let before = stream.total_in();
    while stream.total_in() - before < message.len() as u64 || out.len() == out.capacity() {
        out.reserve(message.len() + 100);
        let done = (stream.total_in() - before) as usize;
        stream.compress_vec(&message[done..], &mut out, FlushCompress::Sync).unwrap();
    }
    if message.is_empty() {
        return vec![0];
    }
    assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
    out.truncate(out.len() - 4);
    out
}

/// What comes out of a message that comes in pieces of this size.
fn inflate(inflater: &mut Inflater, message: &[u8], size: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut keep = |bytes: &[u8]| out.extend_from_slice(bytes);
    message.chunks(size).try_for_each(|piece| inflater.push(piece, &mut keep))?;
    inflater.end_message(&mut keep)?;
    Ok(out)
}

#[test]
fn parameters_are_read() {
    let plain = DeflateParams::default();
    for (value, params) in [
        ("permessage-deflate", Some(plain)),
        (
            "Permessage-Deflate; server_no_context_takeover",
            Some(DeflateParams { server_no_context_takeover: true, ..plain }),
        ),
        (
            "x-other; a=b, permessage-deflate;client_max_window_bits = 10",
            Some(DeflateParams { client_max_window_bits: 10, ..plain }),
        ),
        (
            "permessage-deflate; server_max_window_bits=\"9\"; client_no_context_takeover",
            Some(DeflateParams { server_max_window_bits: 9, client_no_context_takeover: true, ..plain }),
        ),
        ("permessage-deflate; server_max_window_bits=99", Some(plain)),
        ("x-webkit-deflate-frame", None),
        ("", None),
    ] {
        assert_eq!(DeflateParams::parse(value.as_bytes()), params, "{value}");
    }
}

#[test]
fn a_bomb_is_stopped_at_each_bound() {
    let zeros = compress(&mut Compress::new(Compression::best(), false), &vec![0; 8 << 20]);
    assert!(zeros.len() < 10_000);
    for (limits, most) in [
        (Limits { bytes: 1 << 20, ratio: u64::MAX, free: 0 }, 1 << 20),
        (Limits { bytes: u64::MAX, ratio: 100, free: 1 << 16 }, zeros.len() as u64 * 100),
        (Limits::default(), zeros.len() as u64 * 256),
    ] {
        for size in [100, zeros.len()] {
            let mut inflater = Inflater::new(Context::TakenOver, limits);
            let mut len = 0u64;
            let result =
                zeros.chunks(size).try_for_each(|piece| inflater.push(piece, &mut |out| len += out.len() as u64));
            assert_eq!(result, Err(Error::TooLarge { bytes: limits.bytes, ratio: limits.ratio }));
            // One buffer more may be out when the bound is seen to be passed.
            assert!(len <= most + 4096, "{len} of {most}");
            assert!(inflater.end_message(&mut |_| panic!("nothing more")).is_err());
            assert_eq!(inflater.push(b"\xf2\x48\xcd\xc9\xc9\x07\x00", &mut |_| ()), Err(Error::Lost));
        }
    }
    let fine = Limits { bytes: 8 << 20, ratio: u64::MAX, free: 0 };
    assert_eq!(inflate(&mut Inflater::new(Context::TakenOver, fine), &zeros, 1000).unwrap().len(), 8 << 20);
}

#[test]
fn without_context_takeover_a_broken_message_costs_only_itself() {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    for (context, after) in [(Context::Fresh, Ok(b"Hello".to_vec())), (Context::TakenOver, Err(Error::Lost))] {
        let mut inflater = Inflater::new(context, Limits::default());
        assert_eq!(inflate(&mut inflater, b"\xff\xff", 2), Err(Error::Corrupt));
        // The message is over, whether or not it could be inflated.
        let _ = inflater.end_message(&mut |_| ());
        assert_eq!(inflate(&mut inflater, hello, 100), after);
    }
}

proptest! {
    #[test]
    fn what_was_compressed_comes_back(
        messages in vec(prop_oneof![vec(0u8..4, 0..3000), vec(any::<u8>(), 0..300), vec(Just(b'x'), 0..70_000)], 1..6),
        takeover in any::<bool>(),
        size in 1usize..5000,
    ) {
        let mut compressor = Compress::new(Compression::default(), false);
        let context = if takeover { Context::TakenOver } else { Context::Fresh };
        let mut inflater = Inflater::new(context, Limits::default());
        for message in &messages {
            if !takeover {
                compressor = Compress::new(Compression::default(), false);
            }
            let wire = compress(&mut compressor, message);
            let inflated = inflate(&mut inflater, &wire, size);
            prop_assert_eq!(inflated.as_deref(), Ok(&message[..]));
        }
    }
}
