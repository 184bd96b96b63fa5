//! Has a host's TCP said all it had to say?
//!
//! The kernel lists the sockets of a namespace in `/proc/…/net/tcp`, see proc_net_tcp(5). As long as one of them waits
//! for an acknowledgement, of data or of its SYN or FIN (RFC 9293, section 3.3.2), more frames are to come, perhaps after a
//! retransmission time-out in which the link is silent.

use std::fs;
use std::path::PathBuf;

/// A look at the sockets of one host.
#[derive(Clone, Debug)]
pub struct Sockets {
    table: PathBuf,
}

impl Sockets {
    /// Those in the namespace of the thread with this folder in `/proc`.
    pub fn of(thread: &std::path::Path) -> Sockets {
        Sockets { table: thread.join("net/tcp") }
    }

    /// Whether none of them waits for an acknowledgement. What cannot be read is taken as settled.
    pub fn are_settled(&self) -> bool {
        fs::read_to_string(&self.table).map_or(true, |table| table.lines().skip(1).all(is_settled))
    }
}

/// One line: `sl local_address rem_address st tx_queue:rx_queue …`, the numbers in hexadecimal.
fn is_settled(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace().skip(3);
    let (Some(state), Some(queues)) = (words.next(), words.next()) else {
        return true;
    };
    let unsent = queues.split(':').next().is_some_and(|queue| queue.bytes().any(|digit| digit != b'0'));
    match state {
        // SYN-SENT, SYN-RECEIVED (two of them), FIN-WAIT-1, LAST-ACK, CLOSING
        "02" | "03" | "0C" | "04" | "09" | "0B" => false,
        LISTEN => true,
        _ => !unsent,
    }
}

const LISTEN: &str = "0A";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_settled_when_it_waits_for_no_acknowledgement() {
        let line = |state: &str, unacknowledged: &str| {
            format!("   1: 0100000A:1F40 0200000A:D2F0 {state} {unacknowledged}:00000010 00:00000000 00000000  1000")
        };
        for (state, unacknowledged, settled) in [
            ("0A", "00000000", true),
            ("01", "00000000", true),
            ("01", "00000005", false),
            ("08", "00000000", true),
            ("08", "000005A8", false),
            ("05", "00000000", true),
            ("06", "00000000", true),
            ("04", "00000001", false),
            ("09", "00000000", false),
            ("0B", "00000000", false),
            ("02", "00000001", false),
            ("03", "00000000", false),
        ] {
            assert_eq!(is_settled(&line(state, unacknowledged)), settled, "state {state}, {unacknowledged}");
        }
        assert!(is_settled(""));
    }
}
