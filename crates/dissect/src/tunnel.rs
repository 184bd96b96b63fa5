//! What does a tunnel's header say comes next?
//!
//! GRE (RFC 2784, 2890; version 1: RFC 2637), EtherIP (RFC 3378), and over UDP by its port: VXLAN (RFC 7348), Geneve
//! (RFC 8926), GTP-U (3GPP TS 29.281), MPLS (RFC 7510). The ports are those by which Wireshark knows them. IP in IP needs
//! no header of its own.

use crate::cursor::Cursor;
use crate::link;
use crate::segment::{Next, Skipped};
use crate::stop::{Problem, Stop, StopLayer};

/// Opens what a UDP datagram between these ports carries, if that is a tunnel; the cursor is behind the UDP header.
pub(crate) fn udp(cursor: &mut Cursor<'_>, source: u16, destination: u16) -> Result<Option<Next>, Stop> {
    match (source, destination) {
        (_, VXLAN) => vxlan(cursor).map(Some),
        (_, GENEVE) => geneve(cursor).map(Some),
        (GTP_U, _) | (_, GTP_U) => gtp(cursor),
        (_, MPLS_IN_UDP) => link::mpls(cursor).map(Some),
        _ => Ok(None),
    }
}

/// Flags, then checksum, key and sequence number as the flags say.
pub(crate) fn gre(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    let begin = *cursor;
    let &[f0, f1, t0, t1] = cursor.take::<4>(StopLayer::Tunnel)?;
    let flags = u16::from_be_bytes([f0, f1]);
    let ether_type = u16::from_be_bytes([t0, t1]);
    let present = |bit: u16| u32::from(flags & bit != 0) * 4;
    match flags & 0x0007 {
        0 if flags & 0x4000 != 0 => Ok(Next::End(Skipped::EtherType(ether_type))),
        0 => {
            cursor.skip(StopLayer::Tunnel, present(0x8000) + present(0x2000) + present(0x1000))?;
            match ether_type {
                TRANSPARENT_ETHERNET => Ok(Next::Ethernet),
                // Type I of ERSPAN has no header of its own, type II has 8 bytes and a sequence number before them.
                ERSPAN => {
                    cursor.skip(StopLayer::Tunnel, present(0x1000) * 2)?;
                    Ok(Next::Ethernet)
                }
                PPP => link::ppp_header(cursor),
                other => Ok(Next::EtherType(other)),
            }
        }
        1 => {
            // The key's place holds the length of the payload and a call number.
            let &[l0, l1, _, _] = cursor.take::<4>(StopLayer::Tunnel)?;
            cursor.skip(StopLayer::Tunnel, present(0x1000) + present(0x0080))?;
            cursor.fence(u32::from(u16::from_be_bytes([l0, l1])));
            if cursor.left() == 0 || ether_type != PPP {
                return Ok(Next::End(Skipped::EtherType(ether_type)));
            }
            link::ppp_header(cursor)
        }
        found => Err(begin.stop(StopLayer::Tunnel, Problem::Version { expected: "0 or 1", found: found as u8 })),
    }
}

/// Two bytes: version 3 and nothing; then an Ethernet frame.
pub(crate) fn ether_ip(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    cursor.skip(StopLayer::Tunnel, 2)?;
    Ok(Next::Ethernet)
}

fn vxlan(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    cursor.skip(StopLayer::Tunnel, 8)?;
    Ok(Next::Ethernet)
}

fn geneve(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    let &[first, _, t0, t1, _, _, _, _] = cursor.take::<8>(StopLayer::Tunnel)?;
    cursor.skip(StopLayer::Tunnel, u32::from(first & 0x3f) * 4)?;
    match u16::from_be_bytes([t0, t1]) {
        TRANSPARENT_ETHERNET => Ok(Next::Ethernet),
        other => Ok(Next::EtherType(other)),
    }
}

/// Only a message of type 255 carries a packet of the user.
fn gtp(cursor: &mut Cursor<'_>) -> Result<Option<Next>, Stop> {
    // Version 1, GTP and not GTP', and a user's packet.
    if cursor.left() < 8 || cursor.peek::<2>().is_some_and(|[first, kind]| first & 0xf0 != 0x30 || *kind != 255) {
        return Ok(None);
    }
    let &[first, _, l0, l1, _, _, _, _] = cursor.take::<8>(StopLayer::Tunnel)?;
    cursor.fence(u32::from(u16::from_be_bytes([l0, l1])));
    if first & 0x07 != 0 {
        let &[_, _, _, mut extension] = cursor.take::<4>(StopLayer::Tunnel)?;
        // Extension headers, each with its length in units of four bytes and the type of the next as its last byte.
        while extension != 0 {
            let begin = *cursor;
            let &[length] = cursor.take::<1>(StopLayer::Tunnel)?;
            let length = u32::from(length) * 4;
            if length == 0 {
                return Err(begin.stop(StopLayer::Tunnel, Problem::HeaderLength { least: 4, found: 0 }));
            }
            cursor.skip(StopLayer::Tunnel, length - 2)?;
            let &[next] = cursor.take::<1>(StopLayer::Tunnel)?;
            extension = next;
        }
    }
    Ok(Some(Next::Ip))
}

const VXLAN: u16 = 4789;
const GENEVE: u16 = 6081;
const GTP_U: u16 = 2152;
const MPLS_IN_UDP: u16 = 6635;
const TRANSPARENT_ETHERNET: u16 = 0x6558;
const ERSPAN: u16 = 0x88be;
const PPP: u16 = 0x880b;
