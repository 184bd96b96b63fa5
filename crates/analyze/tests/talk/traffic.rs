//! Much traffic, in batches: for measuring.

use std::ops::Range;

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

/// Three connections side by side: one long body with a length, one in chunks, one of WebSocket messages.
pub fn bodies(batch: u64) -> Frames {
    some_bodies(batch, 0..3)
}

/// Some of these: 0 is the one with a length, 1 chunks, 2 WebSocket messages.
pub fn some_bodies(batch: u64, kinds: Range<u16>) -> Frames {
    let segment = vec![b'x'; 1448];
    let mut frames = Vec::new();
    for kind in kinds {
        let mut talk = Talk::new(20_000 + kind).from([10, 1, (batch >> 8) as u8, batch as u8]);
        talk.handshake();
        match kind {
            0 => {
                talk.client(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
                talk.server(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1448 * 300).as_bytes());
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
        for at in 0..300 {
            talk.at(100.0 + f64::from(at) * 10.0 + f64::from(kind));
            match kind {
                0 => talk.server(&segment),
                1 => talk.server(&[b"59e\r\n", &segment[..1438], b"\r\n"].concat()),
                _ => talk.server(&[&[0x82, 126, 5, 160][..], &segment[..1440], &unmasked(9, b"p")].concat()),
            };
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
