//! A frame of any link: decoded, shown field by field, and its fragments put together.
//!
//! The first byte chooses the link, the second says how many bytes the snap length cut off.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::fields::{Field, headers};
use wirelab_dissect::packet::{Decoded, Skipped, decode};
use wirelab_dissect::reassembly::{Bounds, Outcome, Reassembler};
use wirelab_dissect::tcp;
use wirelab_fuzz::LINKS;

fn within(fields: &[Field], wire_len: u32) {
    for field in fields {
        assert!(field.range.start <= field.range.end && field.range.end <= wire_len as usize, "{field:?}");
        within(&field.parts, wire_len);
    }
}

fuzz_target!(|data: &[u8]| {
    let [link, more, data @ ..] = data else { return };
    let link = LinkType(LINKS[usize::from(*link) % LINKS.len()]);
    let wire_len = data.len() as u32 + u32::from(*more);
    let frame = Frame { number: 1, time_ns: 0, wire_len, data, link, file_offset: 0 };
    match decode(&frame) {
        Decoded::Tcp(segment) => {
            assert_eq!(segment.lower_len + segment.header_len + segment.payload_len, wire_len);
            assert!(segment.payload.len() as u32 <= segment.payload_len);
            tcp::options(segment.options).for_each(|option| assert!(!format!("{option:?}").is_empty()));
        }
        Decoded::NotTcp(Skipped::Fragment(fragment)) => {
            let mut reassembler = Reassembler::new(Bounds { packets: 2, bytes: 70_000 });
            for offset in [fragment.offset, 0, fragment.len, fragment.offset.wrapping_add(8)] {
                let part = wirelab_dissect::ip::Fragment { offset, more: offset != 0, ..fragment };
                if let Outcome::Whole(datagram) = reassembler.push(&frame, &part)
                    && let Some(Ok(segment)) = datagram.segment()
                {
                    let sum = segment.lower_len + segment.header_len + segment.payload_len;
                    assert_eq!(sum, datagram.frame_bytes);
                }
                assert!(reassembler.kept_bytes() <= 70_000);
            }
        }
        Decoded::NotTcp(Skipped::Stop { stop, .. }) => assert!(stop.offset <= wire_len),
        Decoded::NotTcp(_) => {}
    }
    within(&headers(&frame), wire_len);
});
