//! Packets of which the capture kept only the beginning.

use super::words::part;
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};

pub(super) const RULE: Rule = Rule {
    id: FindingId::TruncatedPackets,
    means: "The capture kept the first bytes of each packet, and not the others (a snap length). Packets, bytes and times are \
            right all the same: the headers say how long a packet was. What stood in the missing bytes could not be read: \
            messages that begin there are not seen.",
    looks: "Frames whose length in the file is smaller than their length on the wire.",
    mistaken: "Packets that were lost: these have no frame at all.",
    helps: "Capture whole packets: tcpdump -s 0, or no -s at all.",
    source: "the pcap format, \"Snapshot length\"",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let capture = evidence.capture;
    if capture.truncated_frames == 0 {
        return Vec::new();
    }
    let text = format!(
        "Only the beginning of {} was kept: packets and bytes are counted in full, and what the missing bytes say is not known.",
        part(capture.truncated_frames, capture.frames, "frame")
    );
    vec![RULE.seen(text).shown_by(&evidence.frames.truncated).instead("Capture whole packets: tcpdump -s 0.")]
}
