//! The fields of a payload: they follow one another, are all of it, and parts stay inside what they are parts of.
#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use wirelab_dissect::fields::{self, Field, PayloadKind};

fuzz_target!(|payload: &[u8]| {
    for kind in [
        PayloadKind::HttpRequest,
        PayloadKind::HttpResponse,
        PayloadKind::Chunks { events: true },
        PayloadKind::Chunks { events: false },
        PayloadKind::EventStream,
        PayloadKind::WebSocket,
        PayloadKind::Lines,
        PayloadKind::Tls,
        PayloadKind::Http2,
        PayloadKind::Data,
    ] {
        let fields = fields::of(kind, payload);
        let end = fields.iter().fold(0, |at, field| {
            assert_eq!(field.range.start, at);
            field.range.end
        });
        assert_eq!(end, payload.len());
        inside(&fields, 0..payload.len());
        let mut tree = String::new();
        fields.iter().for_each(|field| field.write_tree(&mut tree));
    }
});

fn inside(fields: &[Field], range: Range<usize>) {
    for field in fields {
        assert!(
            range.start <= field.range.start && field.range.start <= field.range.end && field.range.end <= range.end
        );
        inside(&field.parts, field.range.clone());
    }
}
