//! A person who watches: the page, whose script asks again and again whether the value has changed, with an XHR on the
//! page's connection.
//!
//! The questions come at one half, three halves, five halves … of the time between two, counted from when the page was opened.
//! In life it is chance where between two questions a value changes. Here it changes in the middle of the time between them,
//! where that goes into the interval an odd or even number of times, so that a run shows the age that values have on average.
//!
//! What a question brings that is not new is looked at and forgotten; a browser says with it which answer it has kept
//! (RFC 9110, section 13.1.2), and may be told that it still holds.

use tokio::time::{Instant, sleep_until};
use wirelab_catalog::App;

use crate::browser::{Browser, time_in_json};
use crate::play::Session;
use crate::profile::Call;
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the polling app's page, and starts its timer.
pub(crate) async fn open<'a, C: Connect>(
    connector: &'a C,
    script: &'a Script,
    deadline: Instant,
) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
    let first = Instant::now() + script.poll_every / 2;
    let (mut browser, shown) = Browser::open(connector, script, deadline).await?;
    browser.start_script().await?;
    Ok((Tab { browser, next: first, shown, kept: None }, shown))
}

pub(crate) struct Tab<'a, C: Connect> {
    browser: Browser<'a, C>,
    /// When the next question is due.
    next: Instant,
    /// The value that the page shows.
    shown: TimeOfDay,
    /// What the server called the answer that the browser has kept.
    kept: Option<String>,
}

impl<C: Connect> Tab<'_, C> {
    /// Waits for the next question, asks it, and gives the value that it brings, where that is new.
    async fn poll(&mut self) -> Result<Option<TimeOfDay>, Fault> {
        // Questions that were due before the script ran, or while another had no answer, are not asked later.
        while self.next < Instant::now() {
            self.next += self.browser.script.poll_every;
        }
        tokio::select! {
            biased;
            fault = self.browser.idle() => return Err(fault),
            () = sleep_until(self.next) => {}
        }
        self.next += self.browser.script.poll_every;
        let deadline = Instant::now() + self.browser.script.patience;
        let call = Call::Xhr { kept: self.kept.as_deref() };
        let answer = self.browser.ask(call, App::Poll.path(), "the answer to its request", deadline).await?;
        match answer.head.status {
            304 if self.kept.is_some() && self.browser.script.profile.caches() => Ok(None),
            200 => {
                self.kept = answer.head.field("etag").map(str::to_owned);
                let value = time_in_json(&answer.body)?;
                Ok((std::mem::replace(&mut self.shown, value) != value).then_some(value))
            }
            _ => Err(Fault::unexpected("the answer 200 OK", answer.head.status_text())),
        }
    }
}

impl<C: Connect> Session for Tab<'_, C> {
    async fn update(&mut self, _deadline: Instant) -> Result<TimeOfDay, Fault> {
        // When the value changes is the server's affair: only an answer can be late.
        loop {
            if let Some(value) = self.poll().await? {
                return Ok(value);
            }
        }
    }

    async fn idle(&mut self) -> Fault {
        loop {
            if let Err(fault) = self.poll().await {
                return fault;
            }
        }
    }

    async fn close(&mut self, _deadline: Instant) -> Result<(), Fault> {
        self.browser.close().await;
        Ok(())
    }
}
