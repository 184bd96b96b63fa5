//! For how many clients are there file descriptors?
//!
//! Every connection takes one, and a process may have so many: the soft limit, which it can raise itself up to the hard
//! one. On many machines the soft one is 1,024.

/// Raises the limit as far as this many clients need it and the machine lets it be raised. Where that is not enough: how
/// many clients there is room for, and how many open files that is.
#[cfg(unix)]
pub fn shortage(clients: usize, turned_away: usize) -> Option<(usize, u64)> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let besides = turned_away + OF_THE_PROCESS;
    let needed = (clients + besides) as u64;
    let (mut soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if soft < needed {
        let more = needed.min(hard);
        if setrlimit(Resource::RLIMIT_NOFILE, more, hard).is_ok() {
            soft = more;
        }
    }
    (soft < needed).then(|| ((soft as usize).saturating_sub(besides).max(1), soft))
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub fn shortage(_clients: usize, _turned_away: usize) -> Option<(usize, u64)> {
    None
}

/// Standard streams, the listener, timers, signals; a few more than there are.
#[cfg(unix)]
const OF_THE_PROCESS: usize = 16;
