//! For how many clients are there file descriptors?
//!
//! Every connection takes one, and a process may have so many: the soft limit, which it can raise itself up to the hard
//! one. On many machines the soft one is 1,024.

use wirelab_apps::Limits;

/// Raises the limit as far as these clients need it and the machine lets it be raised. Where that is not enough, there are
/// fewer places for clients: then it gives how many files may be open.
#[cfg(unix)]
pub fn fit(limits: &mut Limits) -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let needed = (limits.clients + limits.turned_away + OF_THE_PROCESS) as u64;
    let (mut soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if soft < needed {
        let more = needed.min(hard);
        if setrlimit(Resource::RLIMIT_NOFILE, more, hard).is_ok() {
            soft = more;
        }
    }
    if soft >= needed {
        return None;
    }
    let left = (soft as usize).saturating_sub(OF_THE_PROCESS);
    limits.turned_away = limits.turned_away.min(left / 4).max(1);
    limits.clients = left.saturating_sub(limits.turned_away).max(1);
    Some(soft)
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub fn fit(_limits: &mut Limits) -> Option<u64> {
    None
}

/// Standard streams, the listener, timers, signals; a few more than there are.
#[cfg(unix)]
const OF_THE_PROCESS: usize = 16;
