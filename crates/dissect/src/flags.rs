//! Which of a TCP header's flags are set? RFC 9293, section 3.1.

use std::fmt;

/// The nine flags of a TCP header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Flags = Flags(0x001);
    /// Synchronize sequence numbers.
    pub const SYN: Flags = Flags(0x002);
    /// Reset the connection.
    pub const RST: Flags = Flags(0x004);
    /// Push.
    pub const PSH: Flags = Flags(0x008);
    /// The acknowledgment number counts.
    pub const ACK: Flags = Flags(0x010);
    /// The urgent pointer counts.
    pub const URG: Flags = Flags(0x020);
    /// ECN-Echo (RFC 3168).
    pub const ECE: Flags = Flags(0x040);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: Flags = Flags(0x080);
    /// Accurate ECN, formerly the nonce sum.
    pub const AE: Flags = Flags(0x100);

    /// Whether all of these are set.
    #[inline]
    pub fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether ACK is set, and none of FIN, SYN and RST.
    #[inline]
    pub fn is_plain_ack(self) -> bool {
        self.0 & (Flags::FIN.0 | Flags::SYN.0 | Flags::RST.0 | Flags::ACK.0) == Flags::ACK.0
    }

    /// Whether FIN is set.
    #[inline]
    pub fn fin(self) -> bool {
        self.has(Flags::FIN)
    }

    /// Whether SYN is set.
    #[inline]
    pub fn syn(self) -> bool {
        self.has(Flags::SYN)
    }

    /// Whether RST is set.
    #[inline]
    pub fn rst(self) -> bool {
        self.has(Flags::RST)
    }

    /// Whether PSH is set.
    #[inline]
    pub fn psh(self) -> bool {
        self.has(Flags::PSH)
    }

    /// Whether ACK is set.
    #[inline]
    pub fn ack(self) -> bool {
        self.has(Flags::ACK)
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// As Wireshark's packet list has it: `SYN, ACK`.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
        let mut separator = "";
        for (bit, name) in names.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1) {
            let _ = bit;
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("None") } else { Ok(()) }
    }
}
