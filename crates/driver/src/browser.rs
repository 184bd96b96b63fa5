//! How does a browser fetch the page and what belongs to it? One connection, kept alive and used again.
//!
//! The page and Ajax are a [`Tab`] each, which differ in what their button does.
//!
//! A kept connection may be closed by the server while nothing is under way; the browser then closes its own side, and
//! opens another for the next request (RFC 9112, section 9.3 to 9.5).

use bytes::BytesMut;
use tokio::time::{Instant, sleep};
use wirelab_catalog::App;

use crate::{
    Connect, Fault, Script, TimeOfDay,
    http1::{Head, Part, ResponseReader},
    link::Link,
    play::Session,
    profile::Call,
};

/// A browser with one tab.
pub(crate) struct Browser<'a, C: Connect> {
    pub connector: &'a C,
    pub script: &'a Script,
    kept: Option<Link<C::Io>>,
}

impl<'a, C: Connect> Browser<'a, C> {
    /// Opens the app's page: the time in it is the first one.
    pub(crate) async fn open(
        connector: &'a C,
        script: &'a Script,
        deadline: Instant,
    ) -> Result<(Browser<'a, C>, TimeOfDay), Fault> {
        let mut browser = Browser { connector, script, kept: None };
        let time = browser.load(Call::Navigate, "/", deadline).await?;
        Ok((browser, time))
    }

    /// Loads a page, and reads the time in it.
    pub(crate) async fn load(&mut self, call: Call<'_>, path: &str, deadline: Instant) -> Result<TimeOfDay, Fault> {
        let page = self.get(call, path, "the page", deadline).await?;
        time_in_page(&page)
    }

    /// Asks for what is at a path, and returns the body of the answer, which must be 200.
    pub(crate) async fn get(
        &mut self,
        call: Call<'_>,
        path: &str,
        awaited: &'static str,
        deadline: Instant,
    ) -> Result<BytesMut, Fault> {
        let answer = self.ask(call, path, awaited, deadline).await?;
        expect_ok(&answer.head)?;
        Ok(answer.body)
    }

    /// Sends a request on the kept connection, or a new one.
    pub(crate) async fn ask(
        &mut self,
        call: Call<'_>,
        path: &str,
        awaited: &'static str,
        deadline: Instant,
    ) -> Result<Answer, Fault> {
        let request = self.script.profile.request(call, path, &self.script.authority);
        if let Some(mut kept) = self.kept.take() {
            match exchange(&mut kept, &request, awaited, deadline).await {
                // The server closed while the request was under way: no answer begun, so it is asked again.
                Err(Fault::Send { .. } | Fault::Receive { .. } | Fault::Ended { received: 0, .. })
                    if kept.input.is_empty() => {}
                answer => return self.keep(kept, answer?).await,
            }
        }
        let mut link = Link::open(self.connector, deadline).await?;
        let answer = exchange(&mut link, &request, awaited, deadline).await?;
        self.keep(link, answer).await
    }

    /// Takes the kept connection for a request of a kind of its own, or opens one.
    pub(crate) async fn take_link(&mut self, deadline: Instant) -> Result<Link<C::Io>, Fault> {
        match self.kept.take() {
            Some(kept) => Ok(kept),
            None => Link::open(self.connector, deadline).await,
        }
    }

    /// The browser parses the page and starts its script; the server may close the connection meanwhile.
    pub(crate) async fn start_script(&mut self) -> Result<(), Fault> {
        let started = sleep(self.script.profile.script_starts_after());
        tokio::select! {
            biased;
            fault = self.idle() => Err(fault),
            () = started => Ok(()),
        }
    }

    /// What happens while nothing is due: the server may close the kept connection, and the browser then does too.
    pub(crate) async fn idle(&mut self) -> Fault {
        if let Some(kept) = &mut self.kept {
            if let Err(fault) = kept.ended().await {
                return fault;
            }
            if let Some(ended) = self.kept.take() {
                ended.close().await;
            }
        }
        std::future::pending().await
    }

    /// Closes the tab.
    pub(crate) async fn close(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.close().await;
        }
    }

    async fn keep(&mut self, link: Link<C::Io>, answer: Answer) -> Result<Answer, Fault> {
        if answer.head.persistent() {
            self.kept = Some(link);
        } else {
            link.close().await;
        }
        Ok(answer)
    }
}

/// What the page's button does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Button {
    /// Loads the whole page again.
    Reload,
    /// Fetches the time with an XHR.
    Xhr,
    /// Loads the frame in the page again.
    Frame,
}

/// A person who opens the app's page and presses its button for each update.
pub(crate) struct Tab<'a, C: Connect> {
    browser: Browser<'a, C>,
    button: Button,
}

impl<'a, C: Connect> Tab<'a, C> {
    pub(crate) async fn open(
        button: Button,
        connector: &'a C,
        script: &'a Script,
        deadline: Instant,
    ) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
        let (mut browser, mut time) = Browser::open(connector, script, deadline).await?;
        if let Button::Frame = button {
            time = browser.load(Call::Frame, App::Iframe.path(), deadline).await?;
        }
        Ok((Tab { browser, button }, time))
    }
}

impl<C: Connect> Session for Tab<'_, C> {
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        match self.button {
            Button::Reload => self.browser.load(Call::Reload, "/", deadline).await,
            Button::Frame => self.browser.load(Call::FrameReload, App::Iframe.path(), deadline).await,
            Button::Xhr => {
                let (call, awaited) = (Call::Xhr { kept: None }, "the answer to its request");
                let body = self.browser.get(call, App::Ajax.path(), awaited, deadline).await?;
                time_in_json(&body)
            }
        }
    }

    async fn idle(&mut self) -> Fault {
        self.browser.idle().await
    }

    async fn close(&mut self, _deadline: Instant) -> Result<(), Fault> {
        self.browser.close().await;
        Ok(())
    }
}

/// What came of a request.
pub(crate) struct Answer {
    pub head: Head,
    pub body: BytesMut,
}

/// One request and its answer, which must be one that this request can have.
async fn exchange<Io>(
    link: &mut Link<Io>,
    request: &[u8],
    awaited: &'static str,
    deadline: Instant,
) -> Result<Answer, Fault>
where
    Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    link.send("its request", request, deadline).await?;
    let mut reader = ResponseReader::new();
    let mut answered = None;
    let mut body = BytesMut::new();
    let mut received = 0;
    loop {
        let part = match reader.next(&mut link.input)? {
            Some(part) => part,
            None => match link.receive_or_end(awaited, received, deadline).await? {
                0 => reader.closed().ok_or(Fault::Ended { awaited, received })?,
                more => {
                    received += more;
                    continue;
                }
            },
        };
        match part {
            Part::Head(head) => {
                // A failure is told at once, not when all of its content has come.
                if !matches!(head.status, 204 | 304) {
                    expect_ok(&head)?;
                }
                answered = Some(head);
            }
            Part::Data(data) if body.len() + data.len() > BODY_LIMIT => {
                return Err(Fault::unexpected(format!("a body of at most {BODY_LIMIT} bytes"), "a longer one"));
            }
            Part::Data(data) => body.extend_from_slice(&data),
            Part::End if link.input.is_empty() => match answered {
                Some(head) => return Ok(Answer { head, body }),
                None => return Err(Fault::Ended { awaited, received }),
            },
            Part::End => return Err(Fault::Unasked { found: crate::excerpt::excerpt(&link.input) }),
        }
    }
}

/// 200, and a body as it is.
pub(crate) fn expect_ok(head: &Head) -> Result<(), Fault> {
    if head.status != 200 {
        return Err(Fault::unexpected("the answer 200 OK", head.status_text()));
    }
    match head.field("content-encoding") {
        None => Ok(()),
        Some(encoding) if encoding.eq_ignore_ascii_case("identity") => Ok(()),
        Some(encoding) => Err(Fault::unexpected("a body without Content-Encoding", format!("{encoding:?}"))),
    }
}

/// The time in the page's first `<time>` element.
fn time_in_page(page: &[u8]) -> Result<TimeOfDay, Fault> {
    let missing = |found: &[u8]| Fault::unexpected("a page with <time>HH:MM:SS</time>", crate::excerpt::excerpt(found));
    let page = std::str::from_utf8(page).map_err(|_| missing(page))?;
    let (_, element) = page.split_once("<time").ok_or_else(|| missing(page.as_bytes()))?;
    let (_, content) = element.split_once('>').ok_or_else(|| missing(element.as_bytes()))?;
    let (text, _) = content.split_once('<').ok_or_else(|| missing(content.as_bytes()))?;
    text.trim().parse().map_err(|_| missing(text.as_bytes()))
}

/// The time in `{"time": "HH:MM:SS"}`, as Ajax answers, events and messages carry it.
pub(crate) fn time_in_json(text: &[u8]) -> Result<TimeOfDay, Fault> {
    #[derive(serde::Deserialize)]
    struct Update {
        time: String,
    }
    let missing = || Fault::unexpected("{\"time\": \"HH:MM:SS\"}", crate::excerpt::excerpt(text));
    let update: Update = serde_json::from_slice(text).map_err(|_| missing())?;
    update.time.parse().map_err(|_| missing())
}

/// Of a page: far more than ours have.
const BODY_LIMIT: usize = 1024 * 1024;
