//! Much traffic, in batches: for measuring.

use super::{Frames, Talk, unmasked};

/// A hundred conversations side by side.
pub fn conversations(batch: u64) -> Frames {
    (0..100u64)
        .flat_map(|index| {
            let (_, conversation) = super::originals::ALL[(index % 5) as usize];
            let client = batch * 100 + index;
            let address = [10, (client >> 16) as u8, (client >> 8) as u8, client as u8];
            conversation(address, 20_000 + (index as u16) * 2)
        })
        .collect()
}

/// What the bodies of [`bodies`] are made of.
#[derive(Clone, Copy, PartialEq)]
pub enum Pieces {
    /// Chunks and messages of 16 KiB, as servers that copy from a buffer write them.
    Long,
    /// A chunk a segment; a message and a ping a segment.
    Short,
}

/// Three connections side by side: one long body with a length, one in chunks, one of WebSocket messages.
pub fn bodies(batch: u64, pieces: Pieces) -> Frames {
    let mut frames = Vec::new();
    for kind in 0..3u16 {
        let mut talk = Talk::new(20_000 + kind).from([10, 1, (batch >> 8) as u8, batch as u8]);
        talk.handshake();
        match kind {
            0 => {
                talk.client(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
                talk.server(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", SEGMENT * 300).as_bytes());
            }
            1 => {
                talk.client(b"GET /chunks HTTP/1.1\r\nHost: x\r\n\r\n");
                talk.server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            }
            _ => {
                talk.client(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
                talk.server(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            }
        }
        for (at, segment) in stream(kind, pieces).chunks(SEGMENT).enumerate() {
            talk.at(100.0 + at as f64 * 10.0 + f64::from(kind));
            talk.server(segment);
            if at % 2 == 1 {
                talk.client_ack();
            }
        }
        if kind == 1 {
            talk.server(b"0\r\n\r\n").client_ack();
        }
        talk.at(40_000.0).client_fin().server_fin().client_ack();
        frames.extend(talk.frames);
    }
    frames
}

/// What the server sends behind its head: about 300 segments.
fn stream(kind: u16, pieces: Pieces) -> Vec<u8> {
    let content = vec![b'x'; 16 << 10];
    match (kind, pieces) {
        (0, _) => vec![b'x'; SEGMENT * 300],
        (1, Pieces::Long) => [b"4000\r\n", &content[..], b"\r\n"].concat().repeat(26),
        (1, Pieces::Short) => [b"5a1\r\n", &content[..0x5a1], b"\r\n"].concat().repeat(300),
        (_, Pieces::Long) => [&[0x82, 126, 0x40, 0][..], &content].concat().repeat(26),
        (_, Pieces::Short) => [&[0x82, 126, 5, 160][..], &content[..1440], &unmasked(9, b"p")].concat().repeat(300),
    }
}

/// Payload of a full segment.
const SEGMENT: usize = 1448;
