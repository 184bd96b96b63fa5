//! How are two hosts and their cables made, without a program like `ip`?
//!
//! A host is a thread in a network namespace of its own. Its card `eth0` is one end of a veth pair; the other end
//! is in the wire's namespace, where the relay picks up and hands over frames. All of it lives as long as its threads:
//! a namespace ends with its last thread, and a pair with either namespace, so nothing is ever deleted.
//!
//! ```text
//!   server's namespace          wire's namespace            client's namespace
//!   eth0 10.0.0.1 ═══ veth ═══ server │ client ═══ veth ═══ eth0 10.0.0.2
//!                                   relay
//! ```
//!
//! See namespaces(7), veth(4), rtnetlink(7).

use std::ffi::OsString;
use std::fs;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{getsockopt, setsockopt, sockopt};
use rtnetlink::packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoVeth, LinkAttribute, State,
};
use rtnetlink::{Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, new_connection};
use tokio::net::TcpSocket;

use super::access::refusal;
use super::sys::{self, Step};
use crate::error::{Error, Host};
use crate::options::{CLIENT, MTU, SERVER};

/// The name of every host's card.
pub const CARD: &str = "eth0";

impl Host {
    /// Its address.
    pub(crate) fn address(self) -> Ipv4Addr {
        match self {
            Host::Server => SERVER,
            Host::Client => CLIENT,
        }
    }

    /// Its card's hardware address: locally administered, ending in its IP address.
    pub(crate) fn hardware_address(self) -> [u8; 6] {
        let [a, b, c, d] = self.address().octets();
        [0x02, 0x00, a, b, c, d]
    }

    /// The host at the other end.
    pub(crate) fn other(self) -> Host {
        match self {
            Host::Server => Host::Client,
            Host::Client => Host::Server,
        }
    }

    /// The name of its cable's other end, in the wire's namespace.
    pub(crate) fn cable(self) -> &'static str {
        match self {
            Host::Server => "server",
            Host::Client => "client",
        }
    }
}

/// Puts the calling thread into a new network namespace, and sees to it that nothing in there speaks unasked.
pub fn separate() -> Result<(), Error> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| refusal(Step::NetworkNamespace, &errno.into()))?;
    // Refused where /proc/sys is read-only; then the links themselves (see `set_up`) and the sockets are told.
    for network in ["all", "default"] {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{network}/disable_ipv6"), "1");
    }
    let _ = fs::write("/proc/sys/net/ipv4/tcp_congestion_control", CONGESTION_CONTROL);
    Ok(())
}

/// A TCP socket in the calling thread's namespace. What a listening one accepts is like it.
pub fn tcp_socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    setsockopt(&socket, sockopt::TcpCongestion, &OsString::from(CONGESTION_CONTROL))?;
    Ok(socket)
}

/// The congestion control of a socket, as it reports it.
pub fn congestion_control(socket: &impl AsFd) -> io::Result<String> {
    let name = getsockopt(socket, sockopt::TcpCongestion)?;
    // The kernel fills the rest of its 16 bytes with zeroes.
    Ok(name.to_string_lossy().trim_end_matches('\0').to_owned())
}

/// Lays the cable of `host`, from the calling thread's namespace into that of the thread whose `/proc` folder is given.
pub async fn lay_cable(handle: &Handle, host: Host, thread: &Path) -> Result<(), Error> {
    let namespace = fs::File::open(thread.join("ns/net")).map_err(setup("finding a host's network namespace"))?;
    // The far end is made right inside the host's namespace: no moving, no clash of names.
    let card = quiet_link(LinkMessageBuilder::<LinkUnspec>::new().name(CARD))
        .mtu(MTU)
        .address(host.hardware_address().to_vec())
        .setns_by_fd(namespace.as_raw_fd())
        .build();
    let pair = quiet_link(LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth).name(host.cable()))
        .mtu(MTU)
        .set_info_data(InfoData::Veth(InfoVeth::Peer(card)))
        .build();
    handle.link().add(pair).execute().await.map_err(netlink("making a virtual Ethernet pair"))?;
    sys::switch_offloads_off(host.cable()).map_err(setup("switching a cable's offloads off"))?;
    set_up(handle, host.cable()).await
}

/// Readies the calling thread's host: its addresses, and the way to the other one.
pub async fn furnish(handle: &Handle, host: Host) -> Result<(), Error> {
    sys::switch_offloads_off(CARD).map_err(setup("switching a card's offloads off"))?;
    set_up(handle, "lo").await?;
    set_up(handle, CARD).await?;
    let card = index(CARD)?;
    let addresses = handle.address();
    addresses.add(card, host.address().into(), 24).execute().await.map_err(netlink("giving a host its address"))?;
    // Known beforehand, so that no ARP is seen on the wire.
    handle
        .neighbours()
        .add(card, host.other().address().into())
        .link_layer_address(&host.other().hardware_address())
        .execute()
        .await
        .map_err(netlink("introducing the hosts to each other"))?;
    carries(handle, CARD).await
}

/// Waits until an interface would not drop what is sent through it: the kernel connects a queue to it only some time
/// after both ends are up.
pub async fn carries(handle: &Handle, name: &str) -> Result<(), Error> {
    let step = "waiting for a cable to carry";
    let give_up = Instant::now() + LONGEST_WAIT;
    loop {
        let mut links = pin!(handle.link().get().match_name(name).execute());
        let link = links.next().await.ok_or_else(|| setup::<io::Error>(step)(io::ErrorKind::NotFound.into()))?;
        let link = link.map_err(netlink(step))?;
        if link.attributes.contains(&LinkAttribute::OperState(State::Up)) {
            return Ok(());
        }
        if Instant::now() > give_up {
            return Err(setup::<io::Error>(step)(io::ErrorKind::TimedOut.into()));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The number of an interface in the calling thread's namespace.
pub fn index(name: &str) -> Result<u32, Error> {
    nix::net::if_::if_nametoindex(name).map_err(setup("finding a network interface"))
}

/// Runs `work` with a netlink connection into the calling thread's namespace. Takes a tokio runtime.
pub async fn with_netlink<F, W, T>(work: W) -> Result<T, Error>
where
    W: FnOnce(Handle) -> F,
    F: Future<Output = Result<T, Error>>,
{
    let (connection, handle, _unasked) = new_connection().map_err(setup("opening a netlink socket"))?;
    let connection = tokio::spawn(connection);
    let done = work(handle).await;
    connection.abort();
    done
}

/// Without multicast and without an IPv6 address, a card that comes up has nothing to announce.
fn quiet_link<T>(link: LinkMessageBuilder<T>) -> LinkMessageBuilder<T> {
    link.multicast(false)
}

async fn set_up(handle: &Handle, name: &str) -> Result<(), Error> {
    // Where IPv6 could not be switched off for the whole namespace, this keeps the interface from giving itself an
    // address. A kernel without IPv6 refuses to hear of it.
    let no_address = AfSpecUnspec::Inet6(vec![AfSpecInet6::AddrGenMode(In6AddrGenMode::None)]);
    let silence =
        LinkUnspec::new_with_name(name).append_extra_attribute(LinkAttribute::AfSpecUnspec(vec![no_address])).build();
    let _ = handle.link().change(silence).execute().await;
    let up = quiet_link(LinkUnspec::new_with_name(name)).up().build();
    handle.link().change(up).execute().await.map_err(netlink("bringing a network interface up"))
}

/// Names the step at which setting up failed.
pub fn setup<E: Into<io::Error>>(step: &str) -> impl FnOnce(E) -> Error {
    move |source| Error::Setup { step: step.to_owned(), source: source.into() }
}

fn netlink(step: &str) -> impl FnOnce(rtnetlink::Error) -> Error {
    move |error| {
        let source = match error {
            rtnetlink::Error::NetlinkError(message) => message.to_io(),
            other => io::Error::other(other.to_string()),
        };
        setup(step)(source)
    }
}

/// A machine's own may be one that surprises (bbr), or one that a namespace may not choose; this one is always there.
const CONGESTION_CONTROL: &str = "reno";
const LONGEST_WAIT: Duration = Duration::from_secs(5);
