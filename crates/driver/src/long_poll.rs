//! A person who watches: the page, whose script asks for something new with an XHR on the page's connection, is answered when
//! there is, and asks again at once (RFC 6202, section 2).

use tokio::time::Instant;
use wirelab_catalog::App;

use crate::browser::{Browser, time_in_json};
use crate::play::Session;
use crate::profile::Call;
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the long-polling app's page.
pub(crate) async fn open<'a, C: Connect>(
    connector: &'a C,
    script: &'a Script,
    deadline: Instant,
) -> Result<(Tab<'a, C>, TimeOfDay), Fault> {
    let (mut browser, shown) = Browser::open(connector, script, deadline).await?;
    browser.start_script().await?;
    Ok((Tab { browser, shown }, shown))
}

pub(crate) struct Tab<'a, C: Connect> {
    browser: Browser<'a, C>,
    /// The value that the page shows.
    shown: TimeOfDay,
}

impl<C: Connect> Tab<'_, C> {
    /// Asks for another value than the one shown, until there is one.
    async fn next(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        let path = format!("{}?after={}", App::LongPoll.path(), self.shown);
        loop {
            let awaited = "something new";
            let answer = self.browser.ask(Call::Xhr { kept: None }, &path, awaited, deadline).await?;
            match answer.head.status {
                204 => {}
                200 => {
                    let value = time_in_json(&answer.body)?;
                    if std::mem::replace(&mut self.shown, value) == value {
                        return Err(Fault::unexpected("another time than the one it has", value.to_string()));
                    }
                    return Ok(value);
                }
                _ => return Err(Fault::unexpected("the answer 200 OK or 204 No Content", answer.head.status_text())),
            }
        }
    }
}

impl<C: Connect> Session for Tab<'_, C> {
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault> {
        self.next(deadline).await
    }

    async fn idle(&mut self) -> Fault {
        // Behind the last update the script goes on, until the tab is closed.
        let never = Instant::now() + NEVER;
        loop {
            if let Err(fault) = self.next(never).await {
                return fault;
            }
        }
    }

    async fn close(&mut self, _deadline: Instant) -> Result<(), Fault> {
        self.browser.close().await;
        Ok(())
    }
}

/// Longer than any interval.
const NEVER: std::time::Duration = std::time::Duration::from_secs(365 * 86_400);
