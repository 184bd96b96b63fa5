//! Captures of every format, also compressed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Read;
use wirelab_capture::{ReadError, Reader};

/// Gives a few bytes a read, as a pipe does.
struct Pipe<'a>(&'a [u8], usize);

impl Read for Pipe<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(into.len());
        self.0.read(&mut into[..count])
    }
}

/// Time, length on the wire, place in the file, bytes.
type Record = (u64, u32, u64, Vec<u8>);

/// The frames, and in words what ended them.
fn all(source: impl Read) -> (Vec<Record>, String) {
    let mut frames = Vec::new();
    let mut reader = match Reader::new(source) {
        Ok(reader) => reader,
        // What a stranger looks like is told by what is at hand.
        Err(ReadError::NotACapture { .. }) => return (frames, "not a capture".into()),
        Err(error) => return (frames, error.to_string()),
    };
    loop {
        match reader.next_frame() {
            // Decompressed, a small file can be very large.
            Ok(Some(_)) if frames.len() > 10_000 => return (frames, "many".into()),
            Ok(Some(frame)) => {
                assert!(frame.data.len() as u64 <= u64::from(frame.wire_len));
                assert_eq!(frame.number, frames.len() as u64 + 1);
                frames.push((frame.time_ns, frame.wire_len, frame.file_offset, frame.data.to_vec()));
            }
            Ok(None) => return (frames, "end".into()),
            Err(error) => return (frames, error.to_string()),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let whole = all(data);
    // In pieces, the same. A compressed source may be found damaged some bytes earlier or later.
    let compressed = matches!(data, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..]);
    if !compressed {
        assert_eq!(whole, all(Pipe(data, 7)));
    }
});
