//! A person who presses "Refresh via Ajax": the page once, then an XHR for each update, on the page's connection.

use tokio::time::Instant;
use wirelab_clock::Clock;

use crate::{
    Connect, DriveError, Fault, Script, Step, TimeOfDay,
    browser::{Browser, time_in_json},
    play::{Session, play},
    profile::Call,
};

/// Plays the script against the Ajax app.
pub async fn run<C: Connect>(
    connector: &C,
    clock: &Clock,
    script: &Script,
    on_step: &mut dyn FnMut(&Step),
) -> Result<Vec<Step>, DriveError> {
    play(clock, script, on_step, async |deadline| {
        let (browser, time) = Browser::open(connector, script, deadline).await?;
        Ok((Tab { browser }, time))
    })
    .await
}

struct Tab<'a, C: Connect> {
    browser: Browser<'a, C>,
}

impl<C: Connect> Session for Tab<'_, C> {
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        let body = self.browser.get(Call::Xhr, "the answer to its request", deadline).await?;
        time_in_json(&body)
    }

    async fn idle(&mut self) -> Fault {
        self.browser.idle().await
    }

    async fn close(&mut self, _deadline: Instant) -> Result<(), Fault> {
        self.browser.close().await;
        Ok(())
    }
}
