//! Do these bytes begin a QUIC packet?
//!
//! Only a packet with a long header says so itself (RFC 8999, section 5.1); such are the first of every connection. Behind
//! the first byte, whose highest bit is set, stand the version and the two connection IDs, each with its length before it:
//!
//! ```text
//! +---------+---------+--------+-----------------+--------+------------+ - - -
//! | 1xxxxxxx| version | length | destination's ID | length | source's ID | what the version says
//! |    1    |    4    |    1   |      0 to 20     |    1   |   0 to 20   |
//! +---------+---------+--------+-----------------+--------+------------+ - - -
//! ```
//!
//! A packet with a short header begins with anything: only who saw the flow's first packets can name it.

/// Whether a datagram begins with a QUIC packet of a version that is known: 1 (RFC 9000), 2 (RFC 9369), or one of the
/// drafts that were in use before them.
pub fn is_long_header(datagram: &[u8]) -> bool {
    let Some((&[first, a, b, c, d, to_len], rest)) = datagram.split_first_chunk::<6>() else { return false };
    let to_len = usize::from(to_len);
    let from_len = rest.get(to_len).copied().map(usize::from);
    // All these versions set the second bit, too (RFC 9000, section 17.2), and have IDs of at most 20 bytes.
    first & 0xc0 == 0xc0
        && matches!(u32::from_be_bytes([a, b, c, d]), VERSION_1 | VERSION_2 | FIRST_DRAFT..=LAST_DRAFT)
        && to_len <= LONGEST_ID
        && from_len.is_some_and(|from_len| from_len <= LONGEST_ID && rest.len() > to_len + 1 + from_len)
}

const VERSION_1: u32 = 0x0000_0001;
const VERSION_2: u32 = 0x6b33_43cf;
/// Draft 27 is the first that browsers and servers agreed on for long, draft 34 the last.
const FIRST_DRAFT: u32 = 0xff00_001b;
const LAST_DRAFT: u32 = 0xff00_0022;
const LONGEST_ID: usize = 20;

#[cfg(test)]
mod tests {
    use super::is_long_header;

    /// The head of RFC 9001's example of a client's Initial packet (appendix A.2).
    const INITIAL: &[u8] = &[
        0xc0, 0, 0, 0, 1, 8, 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08, 0, 0, 0x44, 0x9e, 0x7b, 0x9a, 0xec, 0x34,
    ];

    #[test]
    fn what_is_quic_and_what_only_looks_like_it() {
        let with = |at: usize, bytes: &[u8]| {
            let mut packet = INITIAL.to_vec();
            packet.splice(at..at + bytes.len(), bytes.iter().copied());
            packet
        };
        let table: [(&str, Vec<u8>, bool); 12] = [
            ("version 1", INITIAL.to_vec(), true),
            ("version 2", with(1, &[0x6b, 0x33, 0x43, 0xcf]), true),
            ("draft 29", with(1, &[0xff, 0, 0, 29]), true),
            ("draft 5", with(1, &[0xff, 0, 0, 5]), false),
            ("a version that is not known", with(1, &[1, 2, 3, 4]), false),
            ("version negotiation, which the first packets of others begin like", with(1, &[0; 4]), false),
            ("a short header", with(0, &[0x40]), false),
            ("without the fixed bit", with(0, &[0x80]), false),
            ("an ID that is too long", with(5, &[21]), false),
            ("an ID beyond the end", with(14, &[20]), false),
            ("nothing behind the IDs", INITIAL[..15].to_vec(), false),
            ("nothing", vec![], false),
        ];
        for (what, packet, is_quic) in table {
            assert_eq!(is_long_header(&packet), is_quic, "{what}");
        }
        for cut in 0..16 {
            assert!(!is_long_header(&INITIAL[..cut.min(15)]), "{cut}");
        }
    }
}
