use wirelab_dissect::sse::{Decoder, Event, Mark};

use crate::feed::{Decode, every_way, feed, listed, short};

pub struct Events(pub Decoder);

impl Decode for Events {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String> {
        let step = self.0.step(input);
        let mark = match step.mark {
            Mark::Bom => 'B',
            Mark::FieldName => 'N',
            Mark::Value => 'V',
            Mark::Setting => 'S',
            Mark::LineEnd => 'E',
            Mark::Comment => 'C',
            Mark::Ignored => 'I',
        };
        Ok((step.consumed, mark, step.event.map(told)))
    }
}

fn told(event: Event<'_>) -> String {
    match event {
        Event::Message { event_type, data, data_len, id } => {
            format!("{event_type} {:?} {data_len} {}", String::from_utf8_lossy(data), id.unwrap_or("-"))
        }
        Event::Comment => "comment".to_owned(),
        Event::Retry(time) => format!("retry {time}"),
        Event::Block => "block".to_owned(),
    }
}

fn events() -> Events {
    Events(Decoder::new())
}

fn check(cases: &[(&str, &str, &str)]) {
    for (stream, marks, said) in cases {
        let transcript = every_way(events, stream.as_bytes());
        assert_eq!((short(&transcript.marks).as_str(), listed(&transcript).as_str()), (*marks, *said), "{stream:?}");
    }
}

#[test]
fn the_examples_of_the_standard() {
    // WHATWG HTML, section 9.2.6.
    check(&[
        ("data: YHOO\ndata: +2\ndata: 10\n\n", "N6 V4 E1 N6 V2 E1 N6 V2 E2", r#"30 message "YHOO\n+2\n10" 10 -"#),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            "C13 E2 N6 V11 E1 N4 S1 E2 N5 V12 E1 N2 E2 N6 V12 E2",
            r#"14 comment; 15 block; 40 message "first event" 11 1; 62 message "second event" 12 -; 82 message " third event" 12 -"#,
        ),
        ("data\n\ndata\ndata\n\ndata:", "N4 E2 N4 E1 N4 E2 N5", r#"6 message "" 0 -; 17 message "\n" 1 -"#),
        ("data:test\n\ndata: test\n\n", "N5 V4 E2 N6 V4 E2", r#"11 message "test" 4 -; 23 message "test" 4 -"#),
    ]);
}

#[test]
fn fields_do_what_the_standard_says() {
    check(&[
        ("event: time\ndata: 1\n\ndata: 2\n\n", "N7 S4 E1 N6 V1 E2 N6 V1 E2", r#"21 time "1" 1 -; 30 message "2" 1 -"#),
        ("event: a\nevent: b\ndata:1\n\n", "N7 S1 E1 N7 S1 E1 N5 V1 E2", r#"26 b "1" 1 -"#),
        // No data: nothing is dispatched, and the type is forgotten.
        ("event: time\n\ndata: 1\n\n", "N7 S4 E2 N6 V1 E2", r#"13 block; 22 message "1" 1 -"#),
        // The id stays, until an empty one.
        (
            "id: 7\ndata:1\n\ndata:2\n\nid\ndata:3\n\n",
            "N4 S1 E1 N5 V1 E2 N5 V1 E2 N2 E1 N5 V1 E2",
            r#"14 message "1" 1 7; 22 message "2" 1 7; 33 message "3" 1 -"#,
        ),
        ("id: a\0b\ndata:1\n\n", "N4 S3 E1 N5 V1 E2", r#"16 message "1" 1 -"#),
        ("retry: 3000\n", "N7 S4 E1", "12 retry 3000"),
        ("retry: 30x\nretry:\nretry: -1\n", "N7 S3 E1 N6 E1 N7 S2 E1", ""),
        ("retry:  5\n", "N7 S2 E1", ""),
        ("other: x\nData: x\ndatax: y\ndat: z\n\n", "N7 I1 E1 N6 I1 E1 N7 I1 E1 N5 I1 E2", "34 block"),
        (":\n: a: b\n\n", "C1 E1 C6 E2", "2 comment; 9 comment; 10 block"),
        ("data:a:b\n\n", "N5 V3 E2", r#"10 message "a:b" 3 -"#),
        ("\u{FEFF}data: x\n\n", "B3 N6 V1 E2", r#"12 message "x" 1 -"#),
        ("\u{FEFF}\u{FEFF}data: x\n\n", "B3 N9 I1 E2", "15 block"),
        ("\u{FEFF}", "B3", ""),
        ("\u{FEC0}data: x\n\n", "B2 N7 I1 E2", "12 block"),
    ]);
}

#[test]
fn lines_end_with_any_line_end() {
    check(&[
        ("data: x\r\n\r\n", "N6 V1 E4", r#"11 message "x" 1 -"#),
        ("data: x\r\r", "N6 V1 E2", r#"9 message "x" 1 -"#),
        ("data: x\r\rdata: y\r\r", "N6 V1 E2 N6 V1 E2", r#"9 message "x" 1 -; 18 message "y" 1 -"#),
        ("data: x\n\r\n", "N6 V1 E3", r#"9 message "x" 1 -"#),
        // Behind CRLF, a CR waits for its LF.
        (":\r\ndata: x\r\n\r\n", "C1 E2 N6 V1 E4", r#"3 comment; 14 message "x" 1 -"#),
        (
            ":\r\ndata: x\r\rdata: y\r\r",
            "C1 E2 N6 V1 E2 N6 V1 E2",
            r#"3 comment; 12 message "x" 1 -; 21 message "y" 1 -"#,
        ),
        ("data: x\r\n\r\ndata: y\r\n\r\n", "N6 V1 E4 N6 V1 E4", r#"11 message "x" 1 -; 22 message "y" 1 -"#),
    ]);
    let mut decoder = Decoder::new();
    let stream = b"data: x\r\n\r";
    let transcript = feed(&mut Events(decoder.clone()), [&stream[..]]);
    assert!(transcript.events.is_empty());
    let mut rest = &stream[..];
    while !rest.is_empty() {
        rest = &rest[decoder.step(rest).consumed..];
    }
    assert_eq!(decoder.finish().map(told).as_deref(), Some(r#"message "x" 1 -"#));
    assert_eq!(decoder.finish(), None);
}

#[test]
fn long_values_are_counted_and_not_kept() {
    let line = "x".repeat(100_000);
    let stream = format!("event: {line}\ndata: {line}\ndata: {line}\n\n");
    for size in [1000, 1460, stream.len()] {
        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        for piece in stream.as_bytes().chunks(size) {
            let mut rest = piece;
            while !rest.is_empty() {
                let step = decoder.step(rest);
                if let Some(Event::Message { event_type, data, data_len, .. }) = step.event {
                    seen.push((event_type.len(), data.len(), data_len));
                }
                rest = &rest[step.consumed..];
            }
        }
        assert_eq!(seen, [(256, 512, 200_001)]);
    }
}

#[test]
fn a_gap_costs_the_block_it_is_in() {
    let mut decoder = events();
    feed(&mut decoder, [&b"id: 1\n\ndata: a\ndata: b"[..]]);
    decoder.0.gap();
    let transcript = feed(&mut decoder, [&b"rest of a line\ndata: c\n\ndata: d\n\n"[..]]);
    assert_eq!(short(&transcript.marks), "I14 E1 N6 V1 E2 N6 V1 E2");
    assert_eq!(listed(&transcript), r#"24 block; 33 message "d" 1 1"#);
}
