//! A person who watches: the page, whose script opens an EventSource; then the server pushes.
//!
//! The stream runs on the page's connection, which is idle by then, as Firefox had it in 2021. Its head may come with
//! the first event only (as the server of 2021 sent it), so subscribing is not waited for.

use std::{collections::VecDeque, convert::Infallible};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use wirelab_catalog::App;

use crate::{
    Connect, Fault, Script, TimeOfDay,
    browser::{Browser, expect_ok, time_in_json},
    event_stream::{Event, EventReader},
    http1::{Part, ResponseReader},
    link::Link,
    play::Session,
    profile::Call,
};

/// Opens the SSE app's page, and subscribes.
pub(crate) async fn open<C: Connect>(
    connector: &C,
    script: &Script,
    deadline: Instant,
) -> Result<(Tab<C::Io>, TimeOfDay), Fault> {
    let (mut browser, time) = Browser::open(connector, script, deadline).await?;
    browser.start_script().await?;
    let mut link = browser.take_link(deadline).await?;
    let request = script.profile.request(Call::EventSource, App::Sse.path(), &script.authority);
    link.send("its subscription", &request, deadline).await?;
    let stream = EventSource { response: ResponseReader::new(), events: EventReader::default(), link };
    Ok((Tab { stream: Some(stream), arrived: VecDeque::new() }, time))
}

pub(crate) struct Tab<Io> {
    /// Until it is closed.
    stream: Option<EventSource<Io>>,
    /// Events that came with another in one read.
    arrived: VecDeque<Event>,
}

struct EventSource<Io> {
    link: Link<Io>,
    response: ResponseReader,
    events: EventReader,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Session for Tab<Io> {
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        let awaited = "an event";
        loop {
            while let Some(event) = self.arrived.pop_front() {
                if event.kind == "message" {
                    return time_in_json(event.data.as_bytes());
                }
                // A page listens to `message` only: any other kind it never sees.
            }
            let Some(stream) = &mut self.stream else { return Err(Fault::Ended { awaited, received: 0 }) };
            stream.take_events(&mut self.arrived)?;
            if self.arrived.is_empty() {
                let received = stream.link.input.len() + stream.events.pending();
                stream.link.receive(awaited, received, deadline).await?;
            }
        }
    }

    async fn idle(&mut self) -> Fault {
        match &mut self.stream {
            Some(stream) => match stream.drain().await {
                Ok(never) => match never {},
                Err(fault) => fault,
            },
            None => std::future::pending().await,
        }
    }

    async fn close(&mut self, _deadline: Instant) -> Result<(), Fault> {
        if let Some(stream) = self.stream.take() {
            stream.link.close().await;
        }
        Ok(())
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> EventSource<Io> {
    /// Reads what has come.
    fn take_events(&mut self, arrived: &mut VecDeque<Event>) -> Result<(), Fault> {
        while let Some(part) = self.response.next(&mut self.link.input)? {
            match part {
                Part::Head(head) => {
                    expect_ok(&head)?;
                    let kind = head.field("content-type").unwrap_or("no Content-Type");
                    let essence = kind.split(';').next().unwrap_or_default().trim();
                    if !essence.eq_ignore_ascii_case("text/event-stream") {
                        return Err(Fault::unexpected("Content-Type: text/event-stream", kind));
                    }
                }
                Part::Data(data) => self.events.read(&data, |event| arrived.push_back(event))?,
                Part::End => return Err(Fault::unexpected("an event stream that goes on", "its end")),
            }
        }
        Ok(())
    }

    /// After the last update: further events are read, so that the server is not held up, and not counted.
    async fn drain(&mut self) -> Result<Infallible, Fault> {
        let awaited = "the end of its timeline";
        loop {
            self.take_events(&mut VecDeque::new())?;
            match self.link.read().await {
                Ok(0) => return Err(Fault::Ended { awaited, received: 0 }),
                Ok(_) => {}
                Err(source) => return Err(Fault::Receive { awaited, source }),
            }
        }
    }
}
