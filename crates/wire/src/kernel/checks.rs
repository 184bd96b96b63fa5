//! Does a kernel wire work here, and how well?

use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_clock::Clock;

use super::access::{self, privileged};
use super::sys::Step;
use crate::check::{Check, Health};
use crate::error::{Error, Refusal};
use crate::options::WireOptions;
use crate::programs::{Outcome, Shutdown};
use crate::stop::Stop;
use crate::stream::{Connector, Listener};

/// What there is to say of the kernel wire on this machine. The clock is measured where this process may make a wire.
pub fn checks() -> Vec<Check> {
    let release = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    let mut checks = vec![Check::new(
        "kernel",
        Health::Ok,
        format!("Linux {}", release.as_deref().unwrap_or("of an unknown version")),
    )];
    let trial = access::attempt();
    checks.extend(STEPS.iter().map(|&(step, name)| step_check(step, name, trial.as_ref().err())));
    checks.extend(measured(trial.is_ok()));
    checks.push(timers());
    checks
}

/// One step of the trial: it went well, failed, or was not reached.
fn step_check(step: Step, name: &str, failed: Option<&(Step, Refusal)>) -> Check {
    match failed {
        Some((at, refusal)) if place(*at) == place(step) => {
            Check::new(name, Health::Missing, refusal.cause.as_str()).mend(refusal.mend.as_str())
        }
        Some((at, _)) if place(*at) < place(step) => Check::new(name, Health::Limited, "not tried: see above"),
        _ if step == Step::UserNamespace => Check::new(name, Health::Ok, user_namespace()),
        _ => Check::new(name, Health::Ok, "works"),
    }
}

/// The row in which a step is shown.
fn place(step: Step) -> usize {
    let shown = match step {
        Step::Child | Step::UserMap => Step::UserNamespace,
        step => step,
    };
    STEPS.iter().position(|&(step, _)| step == shown).unwrap_or(0)
}

fn user_namespace() -> &'static str {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    // The first namespace maps all numbers, 2^32 - 1 of them.
    match (privileged(), map.contains("4294967295")) {
        (true, true) => "not needed: this process is privileged",
        (true, false) => "works: this process is in one",
        _ => "works",
    }
}

/// What a short wire shows: offloads, and how far its times are off.
fn measured(possible: bool) -> [Check; 2] {
    let (offloads, accuracy) = ("offloads", "wire clock");
    if !possible || !privileged() {
        return [offloads, accuracy].map(|name| Check::new(name, Health::Limited, "not tried: no wire could be made"));
    }
    match pings() {
        Ok(outcome) => {
            let mut late: Vec<Duration> = outcome.client.iter().map(|took| took.saturating_sub(PING_RTT)).collect();
            late.sort_unstable();
            let (middle, worst) = (late[late.len() / 2], late[late.len() - 1]);
            let detail = format!(
                "{PINGS} round trips of {PING_RTT:?} took {middle:.2?} too long in the middle and {worst:.2?} at worst; set up in \
                 {:.1} ms",
                outcome.facts.setup_us as f64 / 1000.0
            );
            let check = if middle < ACCURATE {
                Check::new(accuracy, Health::Ok, detail)
            } else {
                Check::new(accuracy, Health::Limited, detail)
                    .mend("close other programs; counts and bytes are right all the same")
            };
            let names: Vec<_> = outcome.facts.offloads.into_keys().collect();
            [Check::new(offloads, Health::Ok, format!("can be switched off: {}", names.join(", "))), check]
        }
        Err(error) => [offloads, accuracy].map(|name| {
            Check::new(name, Health::Missing, error.to_string()).mend("take the virtual wire (--wire virtual)")
        }),
    }
}

/// TCP round trips over a wire.
fn pings() -> Result<Outcome<Vec<Duration>>, Error> {
    let options = WireOptions { rtt: PING_RTT, ..WireOptions::default() };
    let server = |mut listener: Listener, _: Clock, shutdown: Shutdown| async move {
        let (mut stream, _) = listener.accept().await?;
        let mut byte = [0];
        while stream.read(&mut byte).await? > 0 {
            stream.write_all(&byte).await?;
        }
        drop(stream);
        shutdown.await;
        Ok(())
    };
    let client = |connectors: Vec<Connector>, _: Clock| async move {
        let mut took = Vec::new();
        for connector in connectors.iter().take(1) {
            let mut stream = connector.connect().await?;
            for _ in 0..PINGS {
                let sent = Instant::now();
                stream.write_all(&[0]).await?;
                stream.read_exact(&mut [0]).await?;
                took.push(sent.elapsed());
            }
        }
        Ok::<_, io::Error>(took)
    };
    let outcome = super::run(&options, Stop::new(), |_, _| Ok(()), server, client)?;
    let step = "measuring round trips";
    let client = outcome.client.map_err(|source| Error::Link { step, source })?;
    if client.is_empty() {
        return Err(Error::Link { step, source: io::ErrorKind::UnexpectedEof.into() });
    }
    Ok(Outcome { client, facts: outcome.facts })
}

/// How late a sleep ends on this machine.
fn timers() -> Check {
    let measuring = thread::Builder::new().spawn(|| {
        // In a thread of its own, whose slack ends with it.
        let _ = nix::sys::prctl::set_timerslack(1);
        let mut late: Vec<Duration> = (0..SLEEPS)
            .map(|_| {
                let asleep = Instant::now();
                thread::sleep(SLEEP);
                asleep.elapsed().saturating_sub(SLEEP)
            })
            .collect();
        late.sort_unstable();
        (late[late.len() / 2], late[late.len() - 1])
    });
    let name = "timers";
    match measuring.map(thread::JoinHandle::join) {
        Ok(Ok((middle, worst))) => {
            let detail =
                format!("{SLEEPS} sleeps of {SLEEP:?} ended {middle:.2?} late in the middle and {worst:.2?} at worst");
            Check::new(name, if middle < ACCURATE { Health::Ok } else { Health::Limited }, detail)
        }
        _ => Check::new(name, Health::Limited, "could not be measured"),
    }
}

/// The steps of the trial that are shown, in their order.
const STEPS: [(Step, &str); 4] = [
    (Step::UserNamespace, "user namespaces"),
    (Step::NetworkNamespace, "network namespaces"),
    (Step::PacketSocket, "packet sockets"),
    (Step::Veth, "virtual Ethernet pairs"),
];
const PINGS: usize = 20;
const PING_RTT: Duration = Duration::from_millis(10);
const SLEEPS: usize = 100;
const SLEEP: Duration = Duration::from_millis(1);
/// Beyond this, in the middle, the times of captures are misleading.
const ACCURATE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_told_from_those_before_and_after() {
        let refusal = Refusal { cause: "because".to_owned(), mend: "mend it".to_owned() };
        let states =
            |failed: Option<(Step, Refusal)>| STEPS.map(|(step, name)| step_check(step, name, failed.as_ref()).health);
        use Health::{Limited, Missing, Ok};
        assert_eq!(states(None), [Ok; 4]);
        assert_eq!(states(Some((Step::UserMap, refusal.clone()))), [Missing, Limited, Limited, Limited]);
        assert_eq!(states(Some((Step::NetworkNamespace, refusal.clone()))), [Ok, Missing, Limited, Limited]);
        assert_eq!(states(Some((Step::Veth, refusal))), [Ok, Ok, Ok, Missing]);
    }
}
