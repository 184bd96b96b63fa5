//! Where does the program listen, and what does a person open or type to get there?

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use wirelab_catalog::App;

use crate::failure::{Failure, reason};
use crate::quantity;

/// Listens, or says why that cannot be.
pub fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let port = address.port();
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::machine(format_args!(
            "port {port} of {} is in use; end the program that has it, or choose another port with --port",
            address.ip()
        )),
        io::ErrorKind::PermissionDenied => Failure::machine(format_args!(
            "port {port} needs privileges on this machine; choose one from 1024 up with --port"
        )),
        io::ErrorKind::AddrNotAvailable => Failure::machine(format_args!(
            "this machine does not have the address {}; give one of its own with --bind",
            address.ip()
        )),
        _ => Failure::machine(format_args!("cannot listen on {address}: {}", reason(&error))),
    })?;
    listener.set_nonblocking(true).map_err(Failure::machine)?;
    Ok(listener)
}

/// What to open in a browser, or to type, to reach an app.
pub fn to_reach(app: App, address: SocketAddr) -> String {
    let address = reachable(address);
    match app.descriptor().page {
        None => format!("nc {} {}", address.ip(), address.port()),
        Some(_) => format!("http://{address}/"),
    }
}

/// What a person does who has reached it.
pub fn to_do(app: App, interval: Duration, poll_every: Duration) -> String {
    let how = app.descriptor().to_do.replace("{interval}", &quantity::show(interval));
    how.replace("{poll_every}", &quantity::show(poll_every))
}

/// An address to connect to: "any address" is none.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
