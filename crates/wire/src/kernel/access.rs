//! May this process make a wire, and if not, why?
//!
//! Namespaces and packet sockets take the capabilities `CAP_SYS_ADMIN`, `CAP_NET_ADMIN` and `CAP_NET_RAW`. Root has
//! them; anyone else gets them inside a user namespace of their own, see user_namespaces(7). Entering one is for a
//! process without threads, and there is no way back, so whether it would work is tried in a child first.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use rtnetlink::LinkVeth;
use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkMessage};
use rtnetlink::packet_route::RouteNetlinkMessage;

use super::sys::{self, Step, Trial};
use crate::error::Refusal;

/// Gives this process what a wire needs, by entering a user namespace unless it has it already.
///
/// It must be called before any thread exists. There is no way back, but little changes: the user stays who it is,
/// its files stay its own, and programs that it starts have no more rights than before.
pub fn enter() -> Result<(), Refusal> {
    if privileged() {
        return Ok(());
    }
    let (uid_map, gid_map) = (uid_map(), gid_map());
    let refused = |step, error: io::Error| refusal(step, &error);
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|errno| refused(Step::UserNamespace, errno.into()))?;
    // Without this, an unprivileged process may not map its group.
    fs::write("/proc/self/setgroups", "deny").map_err(|error| refused(Step::UserMap, error))?;
    fs::write("/proc/self/uid_map", uid_map).map_err(|error| refused(Step::UserMap, error))?;
    fs::write("/proc/self/gid_map", gid_map).map_err(|error| refused(Step::UserMap, error))
}

/// Whether a wire can be made here, found by trying it in a child process; takes a few milliseconds.
pub fn probe() -> Result<(), Refusal> {
    attempt().map_err(|(_, refusal)| refusal)
}

/// The same, with the step that failed.
pub(super) fn attempt() -> Result<(), (Step, Refusal)> {
    let what = Trial { user_namespace: !privileged(), uid_map: uid_map(), gid_map: gid_map(), make_veth: make_veth() };
    sys::trial(&what).map_err(|(step, error)| (step, refusal(step, &error)))
}

/// Whether this process may make namespaces, links and packet sockets as it is.
pub fn privileged() -> bool {
    fs::read_to_string("/proc/thread-self/status").is_ok_and(|status| {
        field(&status, "CapEff:")
            .and_then(|caps| u64::from_str_radix(caps, 16).ok())
            .is_some_and(|caps| [CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN].iter().all(|cap| caps & (1 << cap) != 0))
    })
}

/// The user keeps its number, rather than becoming root: its capabilities then end with the next program it starts,
/// and a browser that it starts does not take itself for root.
fn uid_map() -> Vec<u8> {
    let uid = geteuid();
    format!("{uid} {uid} 1\n").into_bytes()
}

fn gid_map() -> Vec<u8> {
    let gid = getegid();
    format!("{gid} {gid} 1\n").into_bytes()
}

/// A netlink message that makes a veth pair.
fn make_veth() -> Vec<u8> {
    let link = LinkVeth::new("probe0", "probe1").build();
    let mut message = NetlinkMessage::from(RouteNetlinkMessage::NewLink(link));
    message.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Refuses what this process may not do; where that is for want of [`enter`] alone, says so.
pub(super) fn require() -> Result<(), Refusal> {
    if privileged() {
        return Ok(());
    }
    probe()?;
    Err(Refusal {
        cause: "this process has not entered a user namespace".to_owned(),
        mend: "it must do so before it starts a thread".to_owned(),
    })
}

/// What a machine says of itself that explains a refusal. `None` where it does not say.
#[derive(Clone, Debug, Default)]
struct Machine {
    /// `kernel.unprivileged_userns_clone`: 0 forbids user namespaces (Debian's patch).
    userns_clone: Option<u64>,
    /// `kernel.apparmor_restrict_unprivileged_userns`: 1 takes their rights away (Ubuntu 23.10 and later).
    apparmor_restricts: Option<u64>,
    /// `user.max_user_namespaces`.
    max_user_namespaces: Option<u64>,
    /// `user.max_net_namespaces`.
    max_net_namespaces: Option<u64>,
    /// Whether system calls are filtered, as in most containers.
    filtered: bool,
    /// How many threads this process has.
    threads: u64,
}

impl Machine {
    /// This machine.
    fn read() -> Machine {
        let number = |path: &str| fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Machine {
            userns_clone: number("/proc/sys/kernel/unprivileged_userns_clone"),
            apparmor_restricts: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
            max_user_namespaces: number("/proc/sys/user/max_user_namespaces"),
            max_net_namespaces: number("/proc/sys/user/max_net_namespaces"),
            filtered: field(&status, "Seccomp:") == Some("2"),
            threads: field(&status, "Threads:").and_then(|count| count.parse().ok()).unwrap_or(1),
        }
    }
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// Names the cause of a failed step, and the mend.
pub(super) fn refusal(step: Step, error: &io::Error) -> Refusal {
    refusal_on(&Machine::read(), step, error)
}

fn refusal_on(machine: &Machine, step: Step, error: &io::Error) -> Refusal {
    let errno = error.raw_os_error().map(Errno::from_raw);
    let denied = matches!(errno, Some(Errno::EPERM | Errno::EACCES));
    let full = errno == Some(Errno::ENOSPC);
    let user = matches!(step, Step::UserNamespace | Step::UserMap);
    let namespaces = user || step == Step::NetworkNamespace;

    let (cause, mend) = if user && denied && machine.userns_clone == Some(0) {
        (
            "user namespaces are switched off (kernel.unprivileged_userns_clone=0)".to_owned(),
            "run `sudo sysctl kernel.unprivileged_userns_clone=1`".to_owned(),
        )
    } else if denied && machine.apparmor_restricts == Some(1) {
        (
            "AppArmor takes the rights of user namespaces away (kernel.apparmor_restrict_unprivileged_userns=1, as \
             Ubuntu has it)"
                .to_owned(),
            "run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or give this program an AppArmor \
             profile with the rule `userns,`"
                .to_owned(),
        )
    } else if user && full && machine.max_user_namespaces == Some(0) {
        (
            "no user namespaces are allowed (user.max_user_namespaces=0)".to_owned(),
            "run `sudo sysctl user.max_user_namespaces=10000`".to_owned(),
        )
    } else if namespaces && full && machine.max_net_namespaces == Some(0) {
        (
            "no network namespaces are allowed (user.max_net_namespaces=0)".to_owned(),
            "run `sudo sysctl user.max_net_namespaces=10000`".to_owned(),
        )
    } else if namespaces && full {
        (
            "the machine's limit of namespaces is reached (user.max_user_namespaces, user.max_net_namespaces)"
                .to_owned(),
            "end programs that hold some, or raise the limits with sysctl".to_owned(),
        )
    } else if step == Step::UserNamespace && errno == Some(Errno::EINVAL) && machine.threads > 1 {
        (
            format!("this process already has {} threads, and a user namespace takes one", machine.threads),
            "enter it before any thread is started".to_owned(),
        )
    } else if (namespaces && denied || step == Step::Child) && machine.filtered {
        (
            format!(
                "a filter on system calls (seccomp), such as a container has, forbids it: {}, {error}",
                step.what()
            ),
            "run the container with `--security-opt seccomp=unconfined`, or outside of a container".to_owned(),
        )
    } else if namespaces && matches!(errno, Some(Errno::EINVAL | Errno::ENOSYS)) {
        (
            format!("this kernel has no such namespaces: {}, {error}", step.what()),
            "use a kernel with CONFIG_USER_NS and CONFIG_NET_NS".to_owned(),
        )
    } else if step == Step::Veth && errno == Some(Errno::EOPNOTSUPP) {
        (
            "this kernel cannot make virtual Ethernet pairs (veth)".to_owned(),
            "run `sudo modprobe veth`, or use a kernel with CONFIG_VETH".to_owned(),
        )
    } else if step == Step::PacketSocket && errno == Some(Errno::EAFNOSUPPORT) {
        (
            "this kernel has no packet sockets".to_owned(),
            "run `sudo modprobe af_packet`, or use a kernel with CONFIG_PACKET".to_owned(),
        )
    } else {
        (
            format!("{}: {error}", step.what()),
            "a security policy may forbid it (SELinux, a container, a sandbox); run it elsewhere, or as root"
                .to_owned(),
        )
    };
    Refusal { cause, mend: format!("{mend}, or take the virtual wire (--wire virtual)") }
}

impl Step {
    fn what(self) -> &'static str {
        match self {
            Step::Child => "a child process to try it in",
            Step::UserNamespace => "entering a user namespace",
            Step::UserMap => "mapping the user into a user namespace",
            Step::NetworkNamespace => "making a network namespace",
            Step::PacketSocket => "opening a packet socket",
            Step::Veth => "making a virtual Ethernet pair",
        }
    }
}

// Numbers from linux/capability.h.
const CAP_NET_ADMIN: u32 = 12;
const CAP_NET_RAW: u32 = 13;
const CAP_SYS_ADMIN: u32 = 21;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_cause_and_its_mend() {
        let quiet = Machine { threads: 1, ..Machine::default() };
        let cases: [(Step, Errno, Machine, &str, &str); 12] = [
            (
                Step::UserNamespace,
                Errno::EPERM,
                Machine { userns_clone: Some(0), ..quiet.clone() },
                "unprivileged_userns_clone=0",
                "unprivileged_userns_clone=1",
            ),
            (
                Step::UserMap,
                Errno::EPERM,
                Machine { apparmor_restricts: Some(1), ..quiet.clone() },
                "AppArmor",
                "restrict_unprivileged_userns=0",
            ),
            (
                Step::NetworkNamespace,
                Errno::EPERM,
                Machine { apparmor_restricts: Some(1), ..quiet.clone() },
                "AppArmor",
                "restrict_unprivileged_userns=0",
            ),
            (
                Step::UserNamespace,
                Errno::ENOSPC,
                Machine { max_user_namespaces: Some(0), ..quiet.clone() },
                "max_user_namespaces=0",
                "max_user_namespaces=10000",
            ),
            (
                Step::NetworkNamespace,
                Errno::ENOSPC,
                Machine { max_net_namespaces: Some(0), ..quiet.clone() },
                "max_net_namespaces=0",
                "max_net_namespaces=10000",
            ),
            (Step::NetworkNamespace, Errno::ENOSPC, quiet.clone(), "limit of namespaces", "raise the limits"),
            (
                Step::UserNamespace,
                Errno::EPERM,
                Machine { filtered: true, ..quiet.clone() },
                "seccomp",
                "seccomp=unconfined",
            ),
            (
                Step::UserNamespace,
                Errno::EINVAL,
                Machine { threads: 3, ..quiet.clone() },
                "3 threads",
                "before any thread",
            ),
            (Step::UserNamespace, Errno::EINVAL, quiet.clone(), "no such namespaces", "CONFIG_USER_NS"),
            (Step::Veth, Errno::EOPNOTSUPP, quiet.clone(), "veth", "modprobe veth"),
            (Step::PacketSocket, Errno::EAFNOSUPPORT, quiet.clone(), "packet sockets", "modprobe af_packet"),
            (Step::UserNamespace, Errno::EPERM, quiet.clone(), "entering a user namespace", "security policy"),
        ];
        for (step, errno, machine, cause, mend) in cases {
            let refusal = refusal_on(&machine, step, &io::Error::from(errno));
            assert!(refusal.cause.contains(cause), "{step:?} {errno}: {}", refusal.cause);
            assert!(refusal.mend.contains(mend), "{step:?} {errno}: {}", refusal.mend);
            assert!(refusal.mend.contains("--wire virtual"));
            assert!(!refusal.to_string().contains('\n'));
        }
    }

    #[test]
    fn the_trial_leaves_this_process_as_it_was() {
        let namespace = || fs::read_link("/proc/self/ns/net").unwrap();
        let before = (namespace(), privileged());
        let _ = probe();
        assert_eq!((namespace(), privileged()), before);
    }
}
