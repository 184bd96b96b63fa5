//! A person who presses "Refresh page": every update is the whole page again, on the connection kept from the first.

use tokio::time::Instant;
use wirelab_clock::Clock;

use crate::{
    Connect, DriveError, Fault, Script, Step, TimeOfDay,
    browser::Browser,
    play::{Session, play},
    profile::Call,
};

/// Plays the script against the web app.
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
        self.browser.load(Call::Reload, deadline).await
    }

    async fn idle(&mut self) -> Fault {
        self.browser.idle().await
    }

    async fn close(&mut self, _deadline: Instant) -> Result<(), Fault> {
        self.browser.close().await;
        Ok(())
    }
}
