//! What exactly shall a run do?
//!
//! [`Plan::new`] judges the flags once, before anything is started; what holds a `Plan` need not check again.

use std::path::PathBuf;
use std::time::Duration;

use wirelab_catalog::{App, Choice, Renewal};
use wirelab_wire::{Tuning, Vantage, WireOptions};

use crate::failure::Failure;
use crate::flags::{self, Profile, RunOptions, ServerStyle, Wire};
use crate::quantity::show;

/// A run that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Which apps, each once, in the order of the tables.
    pub apps: Vec<App>,
    /// Time between two updates.
    pub interval: Duration,
    /// Time between two questions of a client that asks again and again.
    pub poll_every: Duration,
    /// After how long a silence the server says that it is still there.
    pub heartbeat: Option<Duration>,
    /// Whether answers may be that nothing has changed.
    pub conditional: bool,
    /// How long a request is held for something new.
    pub hold: Duration,
    /// How many updates.
    pub updates: u32,
    /// Which wire was asked for.
    pub wire: Wire,
    /// What the wire shall be like.
    pub link: WireOptions,
    /// How the server answers.
    pub style: ServerStyle,
    /// Whose request bytes the client sends.
    pub profile: Profile,
    /// Whether this is the replay of 2021.
    pub replay: bool,
    /// Whether the seed was drawn for this run, not given.
    pub seed_drawn: bool,
    /// Where captures go.
    pub pcap_dir: PathBuf,
    /// Where the report goes.
    pub report_dir: PathBuf,
    /// Whether to write the captures with comments, too.
    pub annotate: bool,
    /// Whether to open the report in the end.
    pub open: bool,
}

impl Plan {
    /// Makes sense of the flags, or says which of them makes none.
    pub fn new(apps: &[Choice], options: RunOptions) -> Result<Plan, Failure> {
        within("--interval", options.interval, SHORTEST_INTERVAL, LONGEST_INTERVAL)?;
        within("--rtt", options.rtt, Duration::ZERO, LONGEST_RTT)?;
        heartbeat_within(options.heartbeat)?;
        within("--hold", options.hold, SHORTEST_HOLD, DAY)?;
        let updates = at_most("--updates", options.updates, MOST_UPDATES)?;
        let length = options.interval.saturating_mul(updates + 1);
        if length > LONGEST_RUN {
            return Err(Failure::usage(format_args!(
                "{updates} updates with --interval {} take {} days, and a run may take {}: fewer --updates, or a shorter --interval",
                show(options.interval),
                length.as_secs().div_ceil(DAY.as_secs()),
                LONGEST_RUN.as_secs() / DAY.as_secs()
            )));
        }
        for (flag, share) in
            [("--loss", options.loss), ("--duplicate", options.duplicate), ("--reorder", options.reorder)]
        {
            if share > 0.5 {
                return Err(Failure::usage(format_args!("{flag} must be from 0 to 50%, not {}%", share * 100.0)));
            }
        }
        let clients = at_most("--clients", options.clients, MOST_CLIENTS)?;
        if clients > 1 && options.wire == Wire::Kernel {
            return Err(Failure::usage(
                "--clients needs the virtual wire, as the kernel wire has one client host: leave out --wire kernel",
            ));
        }
        let mut chosen: Vec<App> = apps.iter().flat_map(|choice| choice.apps()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        for &app in &chosen {
            long_enough(app, options.interval)?;
        }
        Ok(Plan {
            apps: chosen,
            interval: options.interval,
            poll_every: poll_every(options.poll_every, options.interval)?,
            heartbeat: options.heartbeat,
            conditional: options.conditional,
            hold: options.hold,
            updates,
            wire: if clients > 1 { Wire::Virtual } else { options.wire },
            link: WireOptions {
                rtt: options.rtt,
                loss: options.loss,
                duplicate: options.duplicate,
                reorder: options.reorder,
                down: options.down,
                seed: options.seed.unwrap_or_else(drawn_seed),
                vantage: match options.vantage {
                    flags::Vantage::Server => Vantage::Server,
                    flags::Vantage::Client => Vantage::Client,
                },
                server_quick_ack: !options.replay,
                // Nagle's algorithm stays on, as axum leaves it: with a split answer it is what makes the body wait.
                server_no_delay: false,
                client_no_delay: true,
                // What an app has no word for, TCP has to do: see `peers::link`.
                server_keep_alive: None,
                client_send_buffer: wirelab_driver::MOST_IN_FLIGHT,
                clients,
                tuning: Tuning::default(),
            },
            style: if options.replay { ServerStyle::Split } else { options.server },
            profile: if options.replay { Profile::Firefox89 } else { options.client },
            replay: options.replay,
            seed_drawn: options.seed.is_none(),
            pcap_dir: options.pcap_dir,
            report_dir: options.report_dir,
            annotate: options.annotate,
            open: options.open,
        })
    }
}

/// Refuses a time outside its bounds.
pub fn within(flag: &str, time: Duration, least: Duration, most: Duration) -> Result<(), Failure> {
    if (least..=most).contains(&time) {
        return Ok(());
    }
    Err(Failure::usage(format_args!("{flag} must be from {} to {}, not {}", show(least), show(most), show(time))))
}

/// The time between two questions of a client that asks again and again: a fifth of the interval where nothing is said.
pub fn poll_every(asked: Option<Duration>, interval: Duration) -> Result<Duration, Failure> {
    let Some(every) = asked else { return Ok(interval / 5) };
    if every > interval {
        return Err(Failure::usage(format_args!(
            "--poll-every must be at most --interval, which is {}, not {}: values would come and go between two questions",
            show(interval),
            show(every)
        )));
    }
    within("--poll-every", every, SHORTEST_POLL, interval)?;
    Ok(every)
}

/// Refuses a heartbeat that is too fast or too slow.
pub fn heartbeat_within(heartbeat: Option<Duration>) -> Result<(), Failure> {
    heartbeat.map_or(Ok(()), |after| within("--heartbeat", after, Duration::from_secs(1), DAY))
}

/// Refuses an interval in which a value that is asked for would not change: its text has whole seconds.
pub fn long_enough(app: App, interval: Duration) -> Result<(), Failure> {
    let is_asked_for = matches!(app.renewal(), Renewal::Polled | Renewal::Held);
    if is_asked_for && interval < Duration::from_secs(1) {
        return Err(Failure::usage(format_args!(
            "--interval must be 1s or more with {app}, not {}: its value is a time in whole seconds, which would not change",
            show(interval)
        )));
    }
    Ok(())
}

/// Refuses no updates or clients, and too many.
fn at_most(flag: &str, count: u64, most: u32) -> Result<u32, Failure> {
    let wanted = u32::try_from(count).ok().filter(|count| (1..=most).contains(count));
    wanted.ok_or_else(|| Failure::usage(format_args!("{flag} must be from 1 to {most}, not {count}")))
}

/// A seed for a run that was given none: small enough to be typed again.
pub fn drawn_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's hasher is keyed from the system's randomness.
    std::collections::hash_map::RandomState::new().build_hasher().finish() % 1_000_000
}

/// The shortest time between two updates.
pub const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
/// The shortest time for which a request is held.
pub const SHORTEST_HOLD: Duration = Duration::from_millis(100);
/// The shortest time between two questions.
const SHORTEST_POLL: Duration = Duration::from_millis(1);
/// The longest time between two updates.
pub const LONGEST_INTERVAL: Duration = DAY;
const DAY: Duration = Duration::from_secs(86_400);
/// The longest run. Timers reach no further than some thirty years, and nobody waits for that.
const LONGEST_RUN: Duration = Duration::from_secs(366 * 86_400);
const LONGEST_RTT: Duration = Duration::from_secs(1);
const MOST_UPDATES: u32 = 100_000;
const MOST_CLIENTS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::flags::{Command, Flags};

    fn plan(line: &str) -> Result<Plan, String> {
        let flags = Flags::try_parse_from(line.split_whitespace()).expect("flags");
        let plan = match flags.command {
            Command::RunAll(all) => Plan::new(&all.apps, all.run),
            Command::Run(one) => Plan::new(&[Choice::One(one.app)], one.run),
            other => panic!("{other:?} is not a run"),
        };
        plan.map_err(|failure| failure.sentence().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_defaults_are_those_of_2021_for_time_and_link() {
        let plan = plan("wirelab run-all --seed 7").expect("a plan");
        assert_eq!(plan.apps, App::classic().collect::<Vec<_>>());
        assert_eq!((plan.interval, plan.updates), (Duration::from_secs(10), 3));
        let client_send_buffer = wirelab_driver::MOST_IN_FLIGHT;
        assert_eq!(plan.link, WireOptions { seed: 7, client_send_buffer, ..WireOptions::default() });
        assert!(!plan.seed_drawn);
    }

    #[test]
    fn a_replay_is_a_split_server_without_quick_acks_and_firefox_89() {
        let plan = plan("wirelab run-all --replay").expect("a plan");
        assert_eq!((plan.style, plan.profile), (ServerStyle::Split, Profile::Firefox89));
        assert!(!plan.link.server_quick_ack && !plan.link.server_no_delay && plan.link.client_no_delay);
    }

    #[test]
    fn apps_come_once_and_in_the_order_of_the_tables() {
        let plan = plan("wirelab run-all --apps ws,tcp,ws").expect("a plan");
        assert_eq!(plan.apps, [App::Tcp, App::Ws]);
    }

    #[test]
    fn apps_are_chosen_by_name_or_by_group() {
        let apps = |words: &str| plan(&format!("wirelab run-all --apps {words}")).expect("a plan").apps;
        assert_eq!(apps("all"), App::ALL);
        assert_eq!(apps("classic,ws"), App::classic().collect::<Vec<_>>());
        assert_eq!(apps("tcp,push").first(), Some(&App::Tcp));
    }

    #[test]
    fn bounds() {
        for (line, sentence) in [
            ("run-all --interval 0", "--interval must be from 10ms to 24h, not 0"),
            (
                "run poll --interval 500ms",
                "--interval must be 1s or more with poll, not 500ms: its value is a time in whole seconds, which would not change",
            ),
            (
                "run poll --poll-every 11s",
                "--poll-every must be at most --interval, which is 10s, not 11s: values would come and go between two questions",
            ),
            ("run sse --heartbeat 10ms", "--heartbeat must be from 1s to 24h, not 10ms"),
            ("run poll --poll-every 0", "--poll-every must be from 1ms to 10s, not 0"),
            ("run-all --updates 0", "--updates must be from 1 to 100000, not 0"),
            ("run-all --rtt 10m", "--rtt must be from 0 to 1s, not 10m"),
            ("run tcp --loss 60%", "--loss must be from 0 to 50%, not 60%"),
            (
                "run-all --interval 24h --updates 100000",
                "100000 updates with --interval 24h take 100001 days, and a run may take 366: fewer --updates, or a shorter --interval",
            ),
            ("run tcp --clients 5000000000", "--clients must be from 1 to 10000, not 5000000000"),
            ("run tcp --clients 0", "--clients must be from 1 to 10000, not 0"),
            (
                "run tcp --clients 2 --wire kernel",
                "--clients needs the virtual wire, as the kernel wire has one client host: leave out --wire kernel",
            ),
        ] {
            assert_eq!(plan(&format!("wirelab {line}")), Err(sentence.to_owned()), "{line}");
        }
    }
}
