//! A person at a page whose script has asked for what does not end: then the server pushes, a record at a time.
//!
//! The answer comes on the page's connection, which is idle by then, as Firefox had it in 2021. Its head may come with
//! the first record only (as the server of 2021 sent it), so subscribing is not waited for.

use std::{collections::VecDeque, convert::Infallible};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use crate::{
    Connect, Fault, Script, TimeOfDay,
    browser::{Browser, expect_ok, time_in_json},
    http1::{Part, ResponseReader},
    link::Link,
    play::Session,
    profile::Call,
};

/// How the records of an endless answer are told apart.
pub(crate) trait Records: Default {
    /// As what they are sent.
    const MEDIA_TYPE: &'static str;
    /// What is waited for.
    const AWAITED: &'static str;
    /// What the answer is to be.
    const ENDLESS: &'static str;

    /// Reads further bytes and hands each record that they complete to `take`.
    fn read(&mut self, bytes: &[u8], take: impl FnMut(String)) -> Result<(), Fault>;

    /// How many bytes have come of a record that is not complete.
    fn pending(&self) -> usize;
}

/// Opens a page, whose script then asks for the records at this path.
pub(crate) async fn open<C: Connect, R: Records>(
    call: Call<'_>,
    path: &str,
    connector: &C,
    script: &Script,
    deadline: Instant,
) -> Result<(Tab<C::Io, R>, TimeOfDay), Fault> {
    let (mut browser, time) = Browser::open(connector, script, deadline).await?;
    browser.start_script().await?;
    let mut link = browser.take_link(deadline).await?;
    let request = script.profile.request(call, path, &script.authority);
    link.send("its subscription", &request, deadline).await?;
    let stream = Subscription { response: ResponseReader::new(), records: R::default(), link };
    Ok((Tab { stream: Some(stream), arrived: VecDeque::new() }, time))
}

pub(crate) struct Tab<Io, R> {
    /// Until it is closed.
    stream: Option<Subscription<Io, R>>,
    /// Records that came with another in one read.
    arrived: VecDeque<String>,
}

struct Subscription<Io, R> {
    link: Link<Io>,
    response: ResponseReader,
    records: R,
}

impl<Io: AsyncRead + AsyncWrite + Unpin, R: Records> Session for Tab<Io, R> {
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        let awaited = R::AWAITED;
        loop {
            if let Some(record) = self.arrived.pop_front() {
                return time_in_json(record.as_bytes());
            }
            let Some(stream) = &mut self.stream else { return Err(Fault::Ended { awaited, received: 0 }) };
            stream.take_records(&mut self.arrived)?;
            if self.arrived.is_empty() {
                let received = stream.link.input.len() + stream.records.pending();
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

impl<Io: AsyncRead + AsyncWrite + Unpin, R: Records> Subscription<Io, R> {
    /// Reads what has come.
    fn take_records(&mut self, arrived: &mut VecDeque<String>) -> Result<(), Fault> {
        while let Some(part) = self.response.next(&mut self.link.input)? {
            match part {
                Part::Head(head) => {
                    expect_ok(&head)?;
                    let kind = head.field("content-type").unwrap_or("no Content-Type");
                    let essence = kind.split(';').next().unwrap_or_default().trim();
                    if !essence.eq_ignore_ascii_case(R::MEDIA_TYPE) {
                        return Err(Fault::unexpected(format!("Content-Type: {}", R::MEDIA_TYPE), kind));
                    }
                }
                Part::Data(data) => self.records.read(&data, |record| arrived.push_back(record))?,
                Part::End => return Err(Fault::unexpected(R::ENDLESS, "its end")),
            }
        }
        Ok(())
    }

    /// After the last update: what still comes is read, so that the server is not held up, and not counted.
    async fn drain(&mut self) -> Result<Infallible, Fault> {
        let awaited = "the end of its timeline";
        loop {
            self.take_records(&mut VecDeque::new())?;
            match self.link.read().await {
                Ok(0) => return Err(Fault::Ended { awaited, received: 0 }),
                Ok(_) => {}
                Err(source) => return Err(Fault::Receive { awaited, source }),
            }
        }
    }
}
