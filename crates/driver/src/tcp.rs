//! A person with netcat: reads the greeting, types `time` now and then, and ends netcat without a `bye`.
//!
//! ```text
//!  server: Hello!\nServer time: HH:MM:SS\n\n      30 bytes
//!  client: time\n                                   5
//!  server: HH:MM:SS\n\n                            10
//! ```

use tokio::time::Instant;

use crate::{Connect, Fault, Script, TimeOfDay, excerpt::excerpt, link::Link, play::Session};

/// Connects to the raw TCP app, and reads its greeting.
pub(crate) async fn open<C: Connect>(
    connector: &C,
    _script: &Script,
    deadline: Instant,
) -> Result<(Netcat<C::Io>, TimeOfDay), Fault> {
    let mut netcat = Netcat { link: Some(Link::open(connector, deadline).await?) };
    let time = netcat.expect(b"Hello!\nServer time: ", "the greeting", deadline).await?;
    Ok((netcat, time))
}

pub(crate) struct Netcat<Io> {
    /// Until it is closed.
    link: Option<Link<Io>>,
}

impl<Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Netcat<Io> {
    /// Reads these words, a time and an empty line.
    async fn expect(
        &mut self,
        words: &'static [u8],
        awaited: &'static str,
        deadline: Instant,
    ) -> Result<TimeOfDay, Fault> {
        let Some(link) = &mut self.link else { return Err(Fault::Ended { awaited, received: 0 }) };
        let length = words.len() + "HH:MM:SS\n\n".len();
        loop {
            let arrived = link.input.get(..length).unwrap_or(&link.input);
            let unexpected = || {
                let expected = format!("{}HH:MM:SS and an empty line", String::from_utf8_lossy(words).escape_debug());
                Fault::unexpected(expected, excerpt(&link.input))
            };
            let (head, rest) = arrived.split_at_checked(words.len()).unwrap_or((arrived, b""));
            // Compared as far as it has come, so that a wrong answer is told at once and not waited for.
            if !words.starts_with(head) || rest.contains(&b'\n') && rest.len() < "HH:MM:SS\n".len() {
                return Err(unexpected());
            }
            if arrived.len() == length {
                let time = rest.strip_suffix(b"\n\n").ok_or_else(unexpected)?;
                let time = TimeOfDay::read(time).map_err(|_| unexpected())?;
                let _ = link.input.split_to(length);
                return Ok(time);
            }
            let received = link.input.len();
            link.receive(awaited, received, deadline).await?;
        }
    }
}

impl<Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Session for Netcat<Io> {
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        if let Some(link) = &mut self.link {
            link.send("\"time\"", b"time\n", deadline).await?;
        }
        self.expect(b"", "the time", deadline).await
    }

    async fn idle(&mut self) -> Fault {
        match &mut self.link {
            Some(link) => match link.ended().await {
                Ok(()) => Fault::Ended { awaited: "the next step", received: 0 },
                Err(fault) => fault,
            },
            None => std::future::pending().await,
        }
    }

    async fn close(&mut self, _deadline: Instant) -> Result<(), Fault> {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
        Ok(())
    }
}
