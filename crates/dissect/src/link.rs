//! What does the link header say comes next?
//!
//! | link | header | where |
//! |---|---|---|
//! | Ethernet | destination 6, source 6, EtherType 2; then VLAN tags (4), PPPoE (8), MPLS labels (4) | IEEE 802.3, 802.1Q, RFC 2516, RFC 3032 |
//! | Linux cooked | 16 bytes, EtherType last; version 2: 20 bytes, EtherType first | LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2 |
//! | BSD null, loop | a 4-byte address family in host or network byte order | LINKTYPE_NULL, LINKTYPE_LOOP |
//! | PPP | address and control (optional), protocol | RFC 1661, RFC 1662 |
//! | raw IP | none | LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6 |

use crate::cursor::Cursor;
use crate::segment::{Next, Skipped};
use crate::stop::{Problem, Stop, StopLayer};
use wirelab_capture::LinkType;

/// Opens the outermost header of a frame.
#[inline]
pub(crate) fn open(link: LinkType, cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    match link {
        LinkType::ETHERNET => ethernet(cursor),
        other => open_other(other, cursor),
    }
}

fn open_other(link: LinkType, cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    match link {
        LinkType::LINUX_SLL => {
            let &[_, _, a0, a1, _, _, _, _, _, _, _, _, _, _, p0, p1] = cursor.take::<16>(StopLayer::Link)?;
            Ok(cooked(u16::from_be_bytes([a0, a1]), u16::from_be_bytes([p0, p1])))
        }
        LinkType::LINUX_SLL2 => {
            let &[p0, p1, _, _, _, _, _, _, a0, a1, _, _, _, _, _, _, _, _, _, _] =
                cursor.take::<20>(StopLayer::Link)?;
            Ok(cooked(u16::from_be_bytes([a0, a1]), u16::from_be_bytes([p0, p1])))
        }
        LinkType::NULL | LinkType::LOOP => family(cursor),
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD | LinkType::IPV4 | LinkType::IPV6 => Ok(Next::Ip),
        LinkType::PPP => ppp_header(cursor),
        other => Ok(Next::End(Skipped::Link(other))),
    }
}

/// Destination, source, and either an EtherType or (up to 1500) a length.
#[inline]
pub(crate) fn ethernet(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    let &[_, _, _, _, _, _, _, _, _, _, _, _, t0, t1] = cursor.take::<14>(StopLayer::Link)?;
    type_or_length(cursor, u16::from_be_bytes([t0, t1]))
}

/// Opens what an EtherType announces.
#[inline]
pub(crate) fn ether_type(cursor: &mut Cursor<'_>, ether_type: u16) -> Result<Next, Stop> {
    match ether_type {
        IPV4 | IPV6 => Ok(Next::Ip),
        other => other_ether_type(cursor, other),
    }
}

fn other_ether_type(cursor: &mut Cursor<'_>, ether_type: u16) -> Result<Next, Stop> {
    match ether_type {
        ARP => Ok(Next::End(Skipped::Arp)),
        // The tag control information, then the type that was pushed back (IEEE 802.1Q, 9.5).
        VLAN | PROVIDER_VLAN | OLD_QINQ | OLDER_QINQ => {
            let &[_, _, t0, t1] = cursor.take::<4>(StopLayer::Vlan)?;
            type_or_length(cursor, u16::from_be_bytes([t0, t1]))
        }
        PPPOE_SESSION => pppoe(cursor),
        MPLS | MPLS_MULTICAST => mpls(cursor),
        other => Ok(Next::End(Skipped::EtherType(other))),
    }
}

/// What a PPP protocol number announces (RFC 1661, section 2).
pub(crate) fn ppp(protocol: u16) -> Next {
    match protocol {
        0x0021 | 0x0057 => Next::Ip,
        0x0281 | 0x0283 => Next::EtherType(MPLS),
        other => Next::End(Skipped::Ppp(other)),
    }
}

/// The optional address and control bytes, and a protocol number of one byte (odd) or two (RFC 1662, section 3.1).
pub(crate) fn ppp_header(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    if let Some([0xff]) = cursor.peek::<1>() {
        cursor.take::<2>(StopLayer::Ppp)?;
    }
    Ok(Next::Ppp(ppp_protocol(cursor)?))
}

fn ppp_protocol(cursor: &mut Cursor<'_>) -> Result<u16, Stop> {
    let &[first] = cursor.take::<1>(StopLayer::Ppp)?;
    if first & 1 == 1 {
        return Ok(u16::from(first));
    }
    let &[second] = cursor.take::<1>(StopLayer::Ppp)?;
    Ok(u16::from_be_bytes([first, second]))
}

/// Version and type, code, session, length, then a PPP protocol number (RFC 2516, section 4).
fn pppoe(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    let at = *cursor;
    let &[_, code, _, _, l0, l1] = cursor.take::<6>(StopLayer::Pppoe)?;
    if code != 0 {
        return Ok(Next::End(Skipped::EtherType(PPPOE_SESSION)));
    }
    let length = u32::from(u16::from_be_bytes([l0, l1]));
    if !cursor.fence(length) {
        return Err(at.stop(StopLayer::Pppoe, Problem::Short { needed: length, found: cursor.left() }));
    }
    Ok(Next::Ppp(ppp_protocol(cursor)?))
}

/// Labels up to the one with the bottom bit (RFC 3032, section 2.1); nothing says what is below but its first bits
/// (RFC 4928, section 3).
pub(crate) fn mpls(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    loop {
        let &[_, _, bottom, _] = cursor.take::<4>(StopLayer::Mpls)?;
        if bottom & 1 == 1 {
            break;
        }
    }
    match cursor.peek::<1>().map(|[first]| first >> 4) {
        Some(4 | 6) => Ok(Next::Ip),
        // A pseudowire control word (RFC 4385, section 3), and an Ethernet frame.
        Some(0) => {
            cursor.skip(StopLayer::Mpls, 4)?;
            Ok(Next::Ethernet)
        }
        _ => Ok(Next::Ethernet),
    }
}

/// A type of 1536 and more is an EtherType, one up to 1500 the length of an 802.3 frame with logical link control.
#[inline]
fn type_or_length(cursor: &mut Cursor<'_>, value: u16) -> Result<Next, Stop> {
    if value >= 1536 { Ok(Next::EtherType(value)) } else { llc(cursor, value) }
}

#[cold]
fn llc(cursor: &mut Cursor<'_>, length: u16) -> Result<Next, Stop> {
    if length > 1500 {
        return Ok(Next::End(Skipped::EtherType(length)));
    }
    cursor.fence(u32::from(length));
    // SNAP: a header AA AA 03, an organisation of zero, and an EtherType (RFC 1042).
    if cursor.left() < 8 || cursor.peek::<1>().is_some_and(|first| *first != [0xaa]) {
        return Ok(Next::End(Skipped::Llc));
    }
    match cursor.take::<8>(StopLayer::Link)? {
        &[0xaa, 0xaa, 0x03, 0, 0, 0, t0, t1] => Ok(Next::EtherType(u16::from_be_bytes([t0, t1]))),
        _ => Ok(Next::End(Skipped::Llc)),
    }
}

/// The protocol field is an EtherType, unless the hardware is one whose packets have no such thing.
fn cooked(hardware: u16, protocol: u16) -> Next {
    match (hardware, protocol) {
        // Netlink: the field is a netlink family.
        (824, _) => Next::End(Skipped::Link(LinkType::LINUX_SLL)),
        (_, 0x0001 | 0x0004) => Next::End(Skipped::Llc),
        (_, ether_type) => Next::EtherType(ether_type),
    }
}

/// An address family in the byte order of the host that captured, or of the network: small numbers tell which.
fn family(cursor: &mut Cursor<'_>) -> Result<Next, Stop> {
    let at = *cursor;
    let bytes = *cursor.take::<4>(StopLayer::Link)?;
    let (little, big) = (u32::from_le_bytes(bytes), u32::from_be_bytes(bytes));
    match little.min(big) {
        // 2 everywhere; IPv6 is 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS.
        2 | 24 | 28 | 30 => Ok(Next::Ip),
        found => Err(at.stop(StopLayer::Link, Problem::Family { found })),
    }
}

pub(crate) const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const VLAN: u16 = 0x8100;
const IPV6: u16 = 0x86dd;
const MPLS: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
const PPPOE_SESSION: u16 = 0x8864;
const PROVIDER_VLAN: u16 = 0x88a8;
const OLD_QINQ: u16 = 0x9100;
const OLDER_QINQ: u16 = 0x9200;
