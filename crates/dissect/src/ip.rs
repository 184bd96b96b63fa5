//! What does an IP header say: who sent it, to whom, what is in it, and how long is that?
//!
//! IPv4: RFC 791, section 3.1. IPv6: RFC 8200, sections 3 and 4; authentication header: RFC 4302; jumbograms: RFC 2675.
//!
//! The length field decides how much is payload: what is behind is padding or a trailer. Two exceptions, both as Wireshark
//! has them: length 0 (the card was to cut the packet and fill in the length) means "to the end of the frame", and a length
//! beyond the end of the frame ends with it.

use crate::cursor::Cursor;
use crate::segment::{Endpoint, Header, Next, Notes, Skipped};
use crate::stop::{Problem, Stop, StopLayer};
use crate::{link, tunnel};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use crate::segment::Fragment;

/// Opens an IP header of either version.
#[inline]
pub(crate) fn open(cursor: &mut Cursor<'_>, notes: &mut Notes) -> Result<Next, Stop> {
    match cursor.peek::<1>().map(|[first]| first >> 4) {
        Some(4) => v4(cursor, notes),
        Some(6) => v6(cursor, notes),
        Some(found) => Err(cursor.stop(StopLayer::Ip, Problem::Version { expected: "4 or 6", found })),
        None => Err(cursor
            .take::<1>(StopLayer::Ip)
            .err()
            .unwrap_or(cursor.stop(StopLayer::Ip, Problem::Short { needed: 1, found: 0 }))),
    }
}

#[inline]
fn v4(cursor: &mut Cursor<'_>, notes: &mut Notes) -> Result<Next, Stop> {
    let begin = *cursor;
    let &[first, _, l0, l1, i0, i1, f0, f1, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
        cursor.take::<20>(StopLayer::Ipv4)?;
    let header_len = u32::from(first & 0x0f) * 4;
    if header_len < 20 {
        return Err(begin.stop(StopLayer::Ipv4, Problem::HeaderLength { least: 20, found: header_len }));
    }
    let total = u32::from(u16::from_be_bytes([l0, l1]));
    if header_len > 20 {
        cursor.skip(StopLayer::Ipv4, header_len - 20)?;
    }
    if total == 0 {
        notes.add(Notes::NO_IP_LENGTH);
    } else if total < header_len {
        return Err(begin.stop(StopLayer::Ipv4, Problem::TotalLength { least: header_len, found: total }));
    } else if !cursor.fence(total - header_len) {
        notes.add(Notes::IP_LENGTH_TOO_LARGE);
    }
    let header = Header {
        source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
        destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
        protocol,
        identification: u16::from_be_bytes([i0, i1]),
    };
    let fragment = u16::from_be_bytes([f0, f1]);
    if fragment & 0x3fff != 0 {
        let id = u32::from(u16::from_be_bytes([i0, i1]));
        return Ok(fragment_of(cursor, header, id, u32::from(fragment & 0x1fff) * 8, fragment & 0x2000 != 0));
    }
    Ok(Next::Transport(header))
}

fn v6(cursor: &mut Cursor<'_>, notes: &mut Notes) -> Result<Next, Stop> {
    let &[_, _, _, _, l0, l1, next_header, _] = cursor.take::<8>(StopLayer::Ipv6)?;
    let source = IpAddr::V6(Ipv6Addr::from(*cursor.take::<16>(StopLayer::Ipv6)?));
    let destination = IpAddr::V6(Ipv6Addr::from(*cursor.take::<16>(StopLayer::Ipv6)?));
    let mut header = Header { source, destination, protocol: next_header, identification: 0 };
    let payload = u32::from(u16::from_be_bytes([l0, l1]));
    if payload == 0 {
        match jumbo_length(cursor, next_header) {
            Some(length) => {
                if !cursor.fence(length) {
                    notes.add(Notes::IP_LENGTH_TOO_LARGE);
                }
            }
            None => notes.add(Notes::NO_IP_LENGTH),
        }
    } else if !cursor.fence(payload) {
        notes.add(Notes::IP_LENGTH_TOO_LARGE);
    }
    // Each header is at least 8 bytes, so the frame's length bounds the walk.
    loop {
        match header.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HIP | SHIM6 => {
                let &[next, length] = cursor.take::<2>(StopLayer::Ipv6)?;
                cursor.skip(StopLayer::Ipv6, u32::from(length) * 8 + 6)?;
                header.protocol = next;
            }
            AUTHENTICATION => {
                let &[next, length] = cursor.take::<2>(StopLayer::Ipv6)?;
                cursor.skip(StopLayer::Ipv6, u32::from(length) * 4 + 6)?;
                header.protocol = next;
            }
            FRAGMENT => {
                let &[next, _, o0, o1, i0, i1, i2, i3] = cursor.take::<8>(StopLayer::Ipv6)?;
                header.protocol = next;
                let offset = u16::from_be_bytes([o0, o1]);
                // An "atomic" fragment (RFC 6946) is the whole packet.
                if offset & 0xfff9 != 0 {
                    let id = u32::from_be_bytes([i0, i1, i2, i3]);
                    return Ok(fragment_of(cursor, header, id, u32::from(offset & 0xfff8), offset & 1 != 0));
                }
            }
            _ => return Ok(Next::Transport(header)),
        }
    }
}

/// Goes on from a transport protocol that is not TCP.
pub(crate) fn transport(cursor: &mut Cursor<'_>, header: Header) -> Result<Next, Stop> {
    let Header { source, destination, protocol, .. } = header;
    match protocol {
        IP_IN_IP | IPV6_IN_IP => Ok(Next::Ip),
        // Over IPv6 this is one of the extension headers; over IPv4 it comes here.
        AUTHENTICATION => {
            let &[protocol, length] = cursor.take::<2>(StopLayer::Ip)?;
            cursor.skip(StopLayer::Ip, u32::from(length) * 4 + 6)?;
            Ok(Next::Transport(Header { protocol, ..header }))
        }
        GRE => tunnel::gre(cursor),
        ETHER_IP => tunnel::ether_ip(cursor),
        MPLS_IN_IP => link::mpls(cursor),
        UDP => {
            let &[s0, s1, d0, d1, l0, l1, _, _] = cursor.take::<8>(StopLayer::Udp)?;
            let (from, to) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
            if let Some(length) = u32::from(u16::from_be_bytes([l0, l1])).checked_sub(8) {
                cursor.fence(length);
            }
            match tunnel::udp(cursor, from, to)? {
                Some(next) => Ok(next),
                None => Ok(Next::End(Skipped::Udp {
                    source: Endpoint { addr: source, port: from },
                    destination: Endpoint { addr: destination, port: to },
                    start: cursor.at(),
                    len: cursor.left(),
                })),
            }
        }
        _ => Ok(Next::End(Skipped::Ip { protocol, source, destination, start: cursor.at() })),
    }
}

fn fragment_of(cursor: &Cursor<'_>, header: Header, id: u32, offset: u32, more: bool) -> Next {
    let Header { source, destination, protocol, .. } = header;
    Next::End(Skipped::Fragment(Fragment {
        source,
        destination,
        protocol,
        id,
        offset,
        more,
        start: cursor.at(),
        len: cursor.left(),
    }))
}

/// The jumbo payload option of a hop-by-hop header that begins at the cursor (RFC 2675, section 2).
fn jumbo_length(cursor: &Cursor<'_>, next_header: u8) -> Option<u32> {
    let mut ahead = *cursor;
    if next_header != HOP_BY_HOP {
        return None;
    }
    let &[_, length] = ahead.take::<2>(StopLayer::Ipv6).ok()?;
    ahead.fence(u32::from(length) * 8 + 6).then_some(())?;
    loop {
        match ahead.take::<1>(StopLayer::Ipv6).ok()? {
            [0] => {}
            [kind] => {
                let &[length] = ahead.take::<1>(StopLayer::Ipv6).ok()?;
                if *kind == 0xc2 && length == 4 {
                    return ahead.take::<4>(StopLayer::Ipv6).ok().map(|bytes| u32::from_be_bytes(*bytes));
                }
                ahead.skip(StopLayer::Ipv6, u32::from(length)).ok()?;
            }
        }
    }
}

/// The protocol number of TCP.
pub(crate) const TCP: u8 = 6;

const HOP_BY_HOP: u8 = 0;
const IP_IN_IP: u8 = 4;
const UDP: u8 = 17;
const IPV6_IN_IP: u8 = 41;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const GRE: u8 = 47;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const ETHER_IP: u8 = 97;
const MOBILITY: u8 = 135;
const MPLS_IN_IP: u8 = 137;
const HIP: u8 = 139;
const SHIM6: u8 = 140;
