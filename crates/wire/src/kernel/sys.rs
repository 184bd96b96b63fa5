//! Which system calls have no safe wrapper?
//!
//! The one module of the project with `unsafe` in it: packet sockets with the kernel's time stamps, the `ethtool`
//! ioctl, quick ACK, and a forked child for trying things out that a process cannot take back.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::{Duration, SystemTime};

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, send, setsockopt, socket, sockopt};

/// A raw socket on one network interface: sees what comes in through it, and sends through it.
///
/// See packet(7). It does not see what it sends itself.
#[derive(Debug)]
pub struct PacketSocket(OwnedFd);

/// A frame as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    /// Its length; more than the buffer's where it did not fit.
    pub len: usize,
    /// How long ago the kernel took it in.
    pub age: Duration,
}

impl PacketSocket {
    /// Opens one on the interface with this index in the calling thread's network namespace.
    pub fn open(interface: u32) -> io::Result<PacketSocket> {
        // Protocol 0 until it is bound: nothing from other interfaces can slip in.
        let fd = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
        setsockopt(&fd, sockopt::ReceiveTimestampns, &true)?;
        // Beyond the machine's limit where this is allowed, else up to it.
        if setsockopt(&fd, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
            setsockopt(&fd, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
        }
        // SAFETY: sockaddr_ll is plain old data for which all zeroes is a valid value.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = interface as c_int;
        // SAFETY: the address is a valid sockaddr_ll that lives through the call, and the length is its own.
        let done = unsafe {
            libc::bind(fd.as_raw_fd(), (&raw const address).cast(), size_of_val(&address) as libc::socklen_t)
        };
        check(done)?;
        Ok(PacketSocket(fd))
    }

    /// The next frame that is waiting, or `None`. Does not wait for one.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        let mut parts = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        let mut control = MaybeUninit::<ControlBuffer>::uninit();
        // SAFETY: msghdr is plain old data for which all zeroes is a valid value.
        let mut message: libc::msghdr = unsafe { mem::zeroed() };
        message.msg_iov = &raw mut parts;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of::<ControlBuffer>() as _;
        // SAFETY: the message points to one buffer borrowed mutably for the whole call and to a control buffer of the
        // stated length, both alive here.
        let len = unsafe { libc::recvmsg(self.0.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT | libc::MSG_TRUNC) };
        if len < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
                _ => Err(error),
            };
        }
        let stamp = stamp_of(&message);
        let age = stamp.and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
        // A frame waits here for moments; more than that means that the machine's wall clock was set meanwhile.
        let age = if age > LONGEST_WAIT { Duration::ZERO } else { age };
        Ok(Some(Received { len: len as usize, age }))
    }

    /// Sends one frame; says whether there was room for it at the other end.
    pub fn send(&self, frame: &[u8]) -> io::Result<bool> {
        loop {
            match send(self.0.as_raw_fd(), frame, MsgFlags::empty()) {
                Ok(_) => return Ok(true),
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::ENOBUFS) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How many frames found no room since this was last asked.
    pub fn overflowed(&self) -> io::Result<u64> {
        // SAFETY: tpacket_stats is plain old data for which all zeroes is a valid value.
        let mut stats: libc::tpacket_stats = unsafe { mem::zeroed() };
        let mut len = size_of_val(&stats) as libc::socklen_t;
        // SAFETY: the kernel writes at most `len` bytes into `stats`, which is that long and lives through the call.
        let done = unsafe {
            libc::getsockopt(
                self.0.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut stats).cast(),
                &raw mut len,
            )
        };
        check(done)?;
        Ok(stats.tp_drops.into())
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Room for the one control message that is asked for, aligned as control messages are.
#[repr(C)]
union ControlBuffer {
    _header: libc::cmsghdr,
    _bytes: [u8; 64],
}

/// The kernel's time stamp in a received message.
fn stamp_of(message: &libc::msghdr) -> Option<SystemTime> {
    // SAFETY: the message was filled in by recvmsg, whose control buffer is still alive in the caller; CMSG_FIRSTHDR
    // gives null or a whole header inside of it.
    let header = unsafe { libc::CMSG_FIRSTHDR(message).as_ref() }?;
    if header.cmsg_level != libc::SOL_SOCKET || header.cmsg_type != libc::SCM_TIMESTAMPNS {
        return None;
    }
    // SAFETY: a message of this type carries one timespec behind its header; the read does not ask for alignment.
    let at = unsafe { libc::CMSG_DATA(header).cast::<libc::timespec>().read_unaligned() };
    let since = Duration::new(u64::try_from(at.tv_sec).ok()?, u32::try_from(at.tv_nsec).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// Switches off what a network card would do for the kernel's TCP: checksums, and cutting and joining of segments.
/// Says whether each is off afterwards.
///
/// With them on, a packet socket sees frames of up to 64 KiB with wrong checksums. See `linux/ethtool.h`.
pub fn switch_offloads_off(interface: &str) -> io::Result<()> {
    // An ioctl on an interface takes any socket of its namespace.
    let fd = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    for (name, get, set) in OFFLOADS {
        let done = ethtool(&fd, interface, set, 0).and_then(|_| ethtool(&fd, interface, get, 0));
        match done {
            Ok(0) => {}
            Ok(_) => return Err(io::Error::other(format!("{name} stays on"))),
            // An offload that this interface does not know is off.
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {}
            Err(error) => return Err(io::Error::new(error.kind(), format!("{name}: {error}"))),
        }
    }
    Ok(())
}

fn ethtool(fd: &OwnedFd, interface: &str, command: u32, value: u32) -> io::Result<u32> {
    #[repr(C)]
    struct EthtoolValue {
        command: u32,
        data: u32,
    }
    let mut asked = EthtoolValue { command, data: value };
    // SAFETY: ifreq is plain old data for which all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    // The last byte stays 0, so that the name ends.
    let room = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name[..room].iter_mut().zip(interface.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_data = (&raw mut asked).cast();
    // SAFETY: SIOCETHTOOL takes an ifreq whose data points to a struct ethtool_value for the commands used here; both
    // live through the call, and nothing else refers to them.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::SIOCETHTOOL as _, &raw mut request) })?;
    Ok(asked.data)
}

/// Says whether a socket's connections may acknowledge at once (Linux's quick-ACK phase at the start of each). On a
/// listening socket it holds for every connection it accepts. See tcp(7), `TCP_QUICKACK`.
pub fn set_quick_ack(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    let value = c_int::from(on);
    // SAFETY: the value is an int that lives through the call, and the length is its own.
    check(unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_QUICKACK,
            (&raw const value).cast(),
            size_of_val(&value) as libc::socklen_t,
        )
    })
}

/// Asks that the calling thread be let in soon when it wakes up, in return for shorter turns. Linux 6.12 and later
/// heed it, for any user; earlier ones change nothing. See sched_setattr(2), `sched_runtime` of `SCHED_OTHER`.
pub fn prefer_short_turns() -> io::Result<()> {
    #[repr(C)]
    struct SchedAttr {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
    }
    let attr = SchedAttr {
        size: size_of::<SchedAttr>() as u32,
        policy: libc::SCHED_OTHER as u32,
        flags: 0,
        // As it is: it is set together with the rest. SAFETY: a system call on no memory of ours.
        nice: unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) },
        priority: 0,
        runtime: SHORT_TURN.as_nanos() as u64,
        deadline: 0,
        period: 0,
    };
    // SAFETY: the attributes live through the call and say their own size, which the first version of the call knows.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attr, 0) };
    check(done as c_int)
}

/// What a [`trial`] does, in this order, and where it may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The child itself: it could not be started, or something killed it.
    Child,
    /// `unshare(CLONE_NEWUSER)`.
    UserNamespace,
    /// Writing `/proc/self/uid_map` and its like.
    UserMap,
    /// `unshare(CLONE_NEWNET)`.
    NetworkNamespace,
    /// `socket(AF_PACKET, …)`.
    PacketSocket,
    /// A netlink request that makes a veth pair.
    Veth,
}

/// What a trial needs to know; made before the child is, which may not allocate.
#[derive(Debug)]
pub struct Trial {
    /// Whether it takes a user namespace to be allowed the rest.
    pub user_namespace: bool,
    /// The line for `/proc/self/uid_map`.
    pub uid_map: Vec<u8>,
    /// The line for `/proc/self/gid_map`.
    pub gid_map: Vec<u8>,
    /// A netlink message that makes a veth pair, with its header, and that asks for an acknowledgement.
    pub make_veth: Vec<u8>,
}

/// Tries everything that a kernel wire needs in a child process, where it leaves no trace.
pub fn trial(what: &Trial) -> Result<(), (Step, io::Error)> {
    let child = |error: io::Error| (Step::Child, error);
    let (mut from_child, to_parent) = io::pipe().map_err(child)?;
    // SAFETY: the child of a process with threads may only make async-signal-safe calls. `attempt` makes system calls
    // on memory that exists already, does not allocate, panic, lock or unwind, and the child ends with _exit.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let (step, errno) = match attempt(what) {
            Ok(()) => (0, 0),
            Err((step, errno)) => (step as u8 + 1, errno),
        };
        let [a, b, c, d] = errno.to_ne_bytes();
        let report = [step, a, b, c, d];
        // SAFETY: writes five bytes of a live array to an open descriptor, then ends without running any destructor.
        unsafe {
            libc::write(to_parent.as_raw_fd(), report.as_ptr().cast(), report.len());
            libc::_exit(0);
        }
    }
    check(pid).map_err(child)?;
    drop(to_parent);
    let mut report = [0; 5];
    let read = io::Read::read_exact(&mut from_child, &mut report);
    let waited = nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(pid), None);
    if read.is_err() {
        let how = match waited {
            Ok(nix::sys::wait::WaitStatus::Signaled(_, signal, _)) => format!("{signal} ended it"),
            _ => "it ended without a word".to_owned(),
        };
        return Err(child(io::Error::other(how)));
    }
    let [step, a, b, c, d] = report;
    let steps =
        [Step::Child, Step::UserNamespace, Step::UserMap, Step::NetworkNamespace, Step::PacketSocket, Step::Veth];
    match step.checked_sub(1).and_then(|step| steps.get(usize::from(step))) {
        None => Ok(()),
        Some(&step) => Err((step, io::Error::from_raw_os_error(i32::from_ne_bytes([a, b, c, d])))),
    }
}

/// The child's part of a [`trial`]: nothing here may allocate.
fn attempt(what: &Trial) -> Result<(), (Step, i32)> {
    if what.user_namespace {
        // SAFETY: a system call on no memory of ours; it concerns this single-threaded child alone.
        at(Step::UserNamespace, unsafe { libc::unshare(libc::CLONE_NEWUSER) }.into())?;
        write_file(c"/proc/self/setgroups", b"deny")?;
        write_file(c"/proc/self/uid_map", &what.uid_map)?;
        write_file(c"/proc/self/gid_map", &what.gid_map)?;
    }
    // SAFETY: as above.
    at(Step::NetworkNamespace, unsafe { libc::unshare(libc::CLONE_NEWNET) }.into())?;
    // SAFETY: a system call on no memory of ours. The socket is closed with the child.
    at(Step::PacketSocket, unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW, 0) }.into())?;
    // SAFETY: as above.
    let netlink = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE) };
    at(Step::Veth, netlink.into())?;
    let message = &what.make_veth;
    // SAFETY: sends as many bytes as the message has.
    at(Step::Veth, unsafe { libc::send(netlink, message.as_ptr().cast(), message.len(), 0) } as i64)?;
    let mut answer = [0_u8; 4096];
    // SAFETY: receives at most as many bytes as the answer has room for.
    let len = unsafe { libc::recv(netlink, answer.as_mut_ptr().cast(), answer.len(), 0) };
    at(Step::Veth, len as i64)?;
    // The answer is a netlink header of 16 bytes and then an error number, negated, or 0.
    match answer {
        [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, a, b, c, d, ..] if len >= 20 => {
            match i32::from_ne_bytes([a, b, c, d]) {
                0 => Ok(()),
                error => Err((Step::Veth, -error)),
            }
        }
        _ => Err((Step::Veth, libc::EPROTO)),
    }
}

fn write_file(path: &CStr, text: &[u8]) -> Result<(), (Step, i32)> {
    // SAFETY: the path ends with a 0 byte and lives through the call.
    let fd = unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    at(Step::UserMap, fd.into())?;
    // SAFETY: writes as many bytes as the text has.
    let written = unsafe { libc::write(fd, text.as_ptr().cast::<c_void>(), text.len()) };
    let done = at(Step::UserMap, written as i64);
    // SAFETY: the descriptor was opened above and nobody else has it.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
    done
}

fn at(step: Step, result: i64) -> Result<(), (Step, i32)> {
    if result < 0 { Err((step, nix::errno::Errno::last_raw())) } else { Ok(()) }
}

fn check(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What is switched off: its name, and the `ethtool` commands that ask for it and set it.
pub const OFFLOADS: [(&str, u32, u32); 6] = [
    ("receive checksum", 0x14, 0x15),
    ("transmit checksum", 0x16, 0x17),
    ("scatter-gather", 0x18, 0x19),
    ("TCP segmentation (TSO)", 0x1e, 0x1f),
    ("generic segmentation (GSO)", 0x23, 0x24),
    ("generic receive (GRO)", 0x2b, 0x2c),
];

/// Room for bursts that come in while the relay is not running.
const RECEIVE_BUFFER: usize = 8 << 20;
/// The shortest that the kernel takes.
const SHORT_TURN: Duration = Duration::from_micros(100);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
