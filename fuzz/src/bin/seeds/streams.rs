//! What was said in the sample captures, one direction of a connection a seed, and what they hold nothing of.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};
use wirelab_capture::Reader;
use wirelab_dissect::packet::{Decoded, decode};

/// Of the targets that cut their input, the first byte is the size of the pieces.
const SIZE: &[u8] = &[7];

/// Messages of permessage-deflate: the examples of RFC 7692, section 7.2.3.
const DEFLATED: [&[u8]; 5] = [
    b"\xf2\x48\xcd\xc9\xc9\x07\x00",
    b"\xf2\x00\x11\x00\x00",
    b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
    b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
    b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
];

pub fn write_all() -> io::Result<()> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pcap/samples");
    for name in ["tcpapp", "webapp", "ajaxapp", "sseapp", "wsapp"] {
        let file = fs::read(samples.join(name).with_extension("pcap"))?;
        super::capture(name, &file)?;
        for (index, stream) in directions(&file)?.values().enumerate() {
            let name = format!("{name}-{index}");
            // What follows the head: lines, chunks of events, WebSocket frames.
            let body =
                stream.windows(4).position(|four| four == b"\r\n\r\n").map_or(&stream[..], |at| &stream[at + 4..]);
            super::write("fields", &name, stream)?;
            super::write("fields", &format!("{name}-body"), body)?;
            super::write("http1", &name, &[SIZE, stream].concat())?;
            super::write("sse", &name, &[SIZE, body].concat())?;
            super::write("websocket", &name, &[SIZE, body].concat())?;
        }
    }
    for (index, message) in DEFLATED.iter().enumerate() {
        super::write("deflate", &format!("message-{index}"), &[SIZE, message].concat())?;
        let head = [0xc1, message.len() as u8];
        super::write("websocket", &format!("deflated-{index}"), &[SIZE, &head, message].concat())?;
    }
    super::write(
        "deflate",
        "parameters",
        b"permessage-deflate; client_max_window_bits=10; server_no_context_takeover",
    )?;
    super::write("tls_http2", "hello", &[SIZE, &hello()].concat())?;
    super::write("fields", "hello", &hello())?;
    let frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x02\0\x05\0\0\0\x01hi";
    super::write("tls_http2", "http2", &[SIZE, frames].concat())?;
    super::write("fields", "http2", frames)
}

/// The payloads of a sample's packets, by who sent them to whom. Nothing was lost there, so no reassembly.
fn directions(file: &[u8]) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut streams = BTreeMap::<String, Vec<u8>>::new();
    let mut reader = Reader::new(file).map_err(io::Error::other)?;
    while let Some(frame) = reader.next_frame().map_err(io::Error::other)? {
        if let Decoded::Tcp(segment) = decode(&frame) {
            let way = format!("{:?} to {:?}", segment.source, segment.destination);
            streams.entry(way).or_default().extend_from_slice(segment.payload);
        }
    }
    Ok(streams)
}

/// A ClientHello in its record, with a server name and one protocol. RFC 8446, section 4.1.2.
fn hello() -> Vec<u8> {
    let two = |body: &[u8]| [&(body.len() as u16).to_be_bytes(), body].concat();
    let name = two(&[&[0], &two(b"example.org")[..]].concat());
    let protocols = two(b"\x02h2");
    let extensions = [&[0, 0], &two(&name)[..], &[0, 16], &two(&protocols)].concat();
    let body = [&[3, 3], &[9; 32][..], &[0], &two(&[0x13, 1]), &[1, 0], &two(&extensions)].concat();
    let message = [&[1, 0], &two(&body)[..]].concat();
    [&[22, 3, 1], &two(&message)[..]].concat()
}
