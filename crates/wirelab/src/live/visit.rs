//! How do all apps get an update at once, without somebody to click in each?
//!
//! The scripted client of a run visits each bench, as a browser would: over the same port, and so over the same wire. It
//! loads the page, gets two updates, and leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use wirelab_catalog::App;
use wirelab_clock::Clock;
use wirelab_driver::{Profile, Script, Timeline};
use wirelab_live::site::Visit;
use wirelab_live::{Bench, Settings, Target};

use crate::listening::reachable;
use crate::plan::drawn_seed;

/// Visits all apps among these benches, one visit at a time; `None` where there are none.
pub fn of(benches: &[Arc<Bench>]) -> Option<Visit> {
    let apps: Vec<(App, Arc<Bench>)> = benches
        .iter()
        .filter_map(|bench| match bench.target {
            Target::App(app) => Some((app, Arc::clone(bench))),
            Target::Server(_) => None,
        })
        .collect();
    if apps.is_empty() {
        return None;
    }
    let under_way = Arc::new(AtomicBool::new(false));
    Some(Arc::new(move || {
        if under_way.swap(true, Ordering::AcqRel) {
            return false;
        }
        let (apps, done) = (apps.clone(), Done(Arc::clone(&under_way)));
        let started = thread::Builder::new().name("visit".to_owned()).spawn(move || {
            let _done = done;
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    runtime.block_on(join_all(apps.iter().map(|(app, bench)| one(*app, bench))));
                }
                Err(error) => tracing::warn!("nobody can visit: {error}"),
            }
        });
        started.is_ok()
    }))
}

/// The visit is over, however it ends.
struct Done(Arc<AtomicBool>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

async fn one(app: App, bench: &Bench) {
    let address = reachable(bench.address);
    let interval = bench.settings.borrow().interval.clamp(SHORTEST, LONGEST);
    let script = Script {
        timeline: Timeline::new(app.renewal(), UPDATES, interval),
        profile: Profile::Firefox,
        authority: address.to_string(),
        poll_every: Settings::poll_every(interval),
        seed: drawn_seed(),
        patience: PATIENCE,
    };
    if let Err(error) = wirelab_driver::run(app, &address, &Clock::utc(), &script, &mut |_| {}).await {
        tracing::warn!("the visit to {} ended early: {error}", app.title());
    }
}

/// With a second one, the first, which costs an ACK more over raw TCP, does not stand for all.
const UPDATES: u32 = 2;
/// A value that is asked for changes no more often.
const SHORTEST: Duration = Duration::from_secs(1);
/// Nobody waits longer for a table.
const LONGEST: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(60);
