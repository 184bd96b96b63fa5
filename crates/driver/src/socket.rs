//! A person at a page whose script has opened a WebSocket: the page on one connection, and the WebSocket on a second one
//! (RFC 6455). The script asks for each update with a message, or waits for the server to say it.
//!
//! At the end the browser is closed: a close frame with 1001, then both connections, in its own order.

use std::convert::Infallible;

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until, timeout_at},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wirelab_catalog::App;

use crate::{
    Connect, Fault, Script, TimeOfDay,
    browser::{Browser, time_in_json},
    excerpt::excerpt,
    http1::{Head, Part, ResponseReader},
    link::Link,
    play::Session,
    profile::{Call, Farewell, Leaves},
    randomness::Randomness,
    websocket::{self, MessageReader, Received},
};

/// How an update comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Updates {
    /// The script asks for it with a message.
    Asked {
        message: &'static str,
        /// The same as faults call it.
        sent: &'static str,
        awaited: &'static str,
    },
    /// The server says it by itself.
    Pushed,
}

pub(crate) struct Tab<'a, C: Connect> {
    /// With the page's connection, kept and idle.
    browser: Browser<'a, C>,
    /// Until it is closed.
    socket: Option<WebSocket<C::Io>>,
    updates: Updates,
}

impl<'a, C: Connect> Tab<'a, C> {
    /// Opens the page of an app, and its WebSocket.
    pub(crate) async fn open(
        app: App,
        updates: Updates,
        connector: &'a C,
        script: &'a Script,
        deadline: Instant,
    ) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
        let (mut browser, time) = Browser::open(connector, script, deadline).await?;
        browser.start_script().await?;
        let socket = WebSocket::open(connector, script, app.path(), deadline).await?;
        Ok((Tab { browser, socket: Some(socket), updates }, time))
    }
}

impl<C: Connect> Session for Tab<'_, C> {
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        let awaited = match self.updates {
            Updates::Asked { awaited, .. } => awaited,
            Updates::Pushed => "a message",
        };
        let Some(socket) = &mut self.socket else { return Err(Fault::Ended { awaited, received: 0 }) };
        let updated = async {
            socket.flush(deadline).await?;
            if let Updates::Asked { message, sent, .. } = self.updates {
                let request = websocket::text(message, socket.randomness.mask());
                socket.link.send(sent, &request, deadline).await?;
            }
            match socket.message(awaited, deadline).await? {
                Received::Text(text) => time_in_json(text.as_bytes()),
                Received::Binary(bytes) => {
                    Err(Fault::unexpected("a text message", format!("binary {}", excerpt(&bytes))))
                }
                other => Err(closed_by_server(other)),
            }
        };
        tokio::select! {
            biased;
            updated = updated => updated,
            fault = self.browser.idle() => Err(fault),
        }
    }

    async fn idle(&mut self) -> Fault {
        let Some(socket) = &mut self.socket else { return std::future::pending().await };
        tokio::select! {
            biased;
            fault = self.browser.idle() => fault,
            fault = socket.idle(self.updates) => match fault {
                Ok(never) => match never {},
                Err(fault) => fault,
            },
        }
    }

    async fn close(&mut self, deadline: Instant) -> Result<(), Fault> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        socket.flush(deadline).await?;
        let frame = websocket::close(Some(GOING_AWAY), socket.randomness.mask());
        socket.link.send("its close frame", &frame, deadline).await?;
        match self.browser.script.profile.farewell() {
            Farewell::Browser(order) => {
                for (connection, pause) in order {
                    self.leave(connection, Instant::now() + pause).await;
                }
            }
            Farewell::Handshake => {
                let awaited = "the server's close frame";
                match socket.message(awaited, deadline).await? {
                    Received::Close { .. } => {}
                    _ => return Err(Fault::unexpected(awaited, "a further message")),
                }
                socket.link.receive_or_end("the server to close the connection", 0, deadline).await?;
                self.browser.close().await;
                self.leave(Leaves::Socket, Instant::now()).await;
            }
        }
        Ok(())
    }
}

impl<C: Connect> Tab<'_, C> {
    /// Closes one connection at that time.
    async fn leave(&mut self, connection: Leaves, at: Instant) {
        match &mut self.socket {
            Some(socket) => socket.listen_until(at).await,
            None => sleep_until(at).await,
        }
        match (connection, self.socket.take()) {
            (Leaves::Socket, Some(socket)) => socket.link.close().await,
            (Leaves::Socket, None) => {}
            (Leaves::Page, socket) => {
                self.browser.close().await;
                self.socket = socket;
            }
        }
    }
}

/// An open WebSocket.
pub(crate) struct WebSocket<Io> {
    link: Link<Io>,
    messages: MessageReader,
    randomness: Randomness,
    /// Answers to pings that are not sent yet.
    outgoing: BytesMut,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> WebSocket<Io> {
    /// The opening handshake, on a connection of its own (section 4.1).
    pub(crate) async fn open<C: Connect<Io = Io>>(
        connector: &C,
        script: &Script,
        path: &str,
        deadline: Instant,
    ) -> Result<Self, Fault> {
        let awaited = "the answer to its WebSocket handshake";
        let mut randomness = Randomness::new(script.seed);
        let key = randomness.key();
        let mut link = Link::open(connector, deadline).await?;
        let request = script.profile.request(Call::WebSocket { key: &key }, path, &script.authority);
        link.send("its WebSocket handshake", &request, deadline).await?;
        let mut reader = ResponseReader::new();
        let head = loop {
            match reader.next(&mut link.input)? {
                Some(Part::Head(head)) => break head,
                Some(_) => {} // Not before the head.
                None => {
                    let received = link.input.len();
                    link.receive(awaited, received, deadline).await?;
                }
            }
        };
        expect_upgrade(&head, &key)?;
        Ok(WebSocket { link, messages: MessageReader::default(), randomness, outgoing: BytesMut::new() })
    }

    /// The next message or the server's close frame; pings before it are answered.
    pub(crate) async fn message(&mut self, awaited: &'static str, deadline: Instant) -> Result<Received, Fault> {
        loop {
            match self.messages.next(&mut self.link.input)? {
                Some(Received::Ping(payload)) => {
                    self.answer(payload);
                    self.flush(deadline).await?;
                }
                Some(Received::Pong) => {}
                Some(received) => return Ok(received),
                None => {
                    let received = self.link.input.len();
                    self.link.receive(awaited, received, deadline).await?;
                }
            }
        }
    }

    /// Answers pings; anything else is a fault. May be dropped at any time: what is half sent stays in `outgoing`.
    async fn idle(&mut self, updates: Updates) -> Result<Infallible, Fault> {
        let awaited = "the next step";
        loop {
            while let Some(received) = self.messages.next(&mut self.link.input)? {
                match received {
                    Received::Ping(payload) => self.answer(payload),
                    Received::Pong => {}
                    // What comes behind the last update is read, so that the server is not held up, and not counted.
                    Received::Text(_) if matches!(updates, Updates::Pushed) => {}
                    Received::Text(text) => return Err(Fault::Unasked { found: excerpt(text.as_bytes()) }),
                    Received::Binary(bytes) => return Err(Fault::Unasked { found: excerpt(&bytes) }),
                    close => return Err(closed_by_server(close)),
                }
            }
            while !self.outgoing.is_empty() {
                let sent = self.link.write_some(&mut self.outgoing).await;
                sent.map_err(|source| Fault::Send { what: "its pong", source })?;
            }
            match self.link.read().await {
                Ok(0) => return Err(Fault::Ended { awaited, received: 0 }),
                Ok(_) => {}
                Err(source) => return Err(Fault::Receive { awaited, source }),
            }
        }
    }

    /// Sends what idling left half sent.
    async fn flush(&mut self, deadline: Instant) -> Result<(), Fault> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let pong = self.outgoing.split();
        self.link.send("its pong", &pong, deadline).await
    }

    fn answer(&mut self, ping: bytes::Bytes) {
        let mask = self.randomness.mask();
        self.outgoing.extend_from_slice(&websocket::pong(ping, mask));
    }

    /// Takes in what still comes, so that closing the connection finds nothing unread and sends a FIN; a leaving tab
    /// does not care what it was.
    async fn listen_until(&mut self, end: Instant) {
        let listened = async {
            while let Ok(1..) = self.link.read().await {
                self.link.input.clear();
            }
            std::future::pending::<Infallible>().await
        };
        let Err(_over) = timeout_at(end, listened).await;
    }
}

/// What makes the server's answer an upgrade (section 4.1, and 4.2.2 for the accept key).
fn expect_upgrade(head: &Head, key: &str) -> Result<(), Fault> {
    let shown = |name: &str| format!("{name}: {}", head.field(name).unwrap_or("(none)"));
    let accept = derive_accept_key(key.as_bytes());
    if head.status != 101 {
        return Err(Fault::unexpected("the answer 101 Switching Protocols", head.status_text()));
    }
    if !head.field("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return Err(Fault::unexpected("Upgrade: websocket", shown("Upgrade")));
    }
    if !head.lists("Connection", "upgrade") {
        return Err(Fault::unexpected("Connection: Upgrade", shown("Connection")));
    }
    if head.field("Sec-WebSocket-Accept") != Some(accept.as_str()) {
        return Err(Fault::unexpected(format!("Sec-WebSocket-Accept: {accept}"), shown("Sec-WebSocket-Accept")));
    }
    for agreed in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
        if head.field(agreed).is_some() {
            return Err(Fault::unexpected(format!("no {agreed} (the client speaks none)"), shown(agreed)));
        }
    }
    Ok(())
}

fn closed_by_server(received: Received) -> Fault {
    let found = match received {
        Received::Close { code: None, .. } => "a close frame without a code".to_owned(),
        Received::Close { code: Some(code), reason } => format!("a close frame with {code} {reason:?}"),
        other => format!("{other:?}"),
    };
    Fault::unexpected("the WebSocket to stay open", found)
}

/// Section 7.4.1: "such as a server going down or a browser having navigated away".
const GOING_AWAY: u16 = 1001;
