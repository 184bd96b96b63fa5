//! What did the link do with the frames of a run, for the analyzer?

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use wirelab_analyze::LinkRecord;
use wirelab_analyze::link_record::{LinkFault, LinkFrame, LinkSegment};
use wirelab_dissect::packet::Endpoint;
use wirelab_report::{
    CaptureInfo, ImpairedBy, ImpairedFrame, ImpairedSegment, Impairment, LinkEnd, RunOptions, StampedAt,
};

/// What run.json says of the link of one of its captures. `None` where it does not say when it began, as those of earlier
/// versions.
pub fn of(options: &RunOptions, capture: &CaptureInfo) -> Option<LinkRecord> {
    let started: Timestamp = capture.started.as_ref()?.parse().ok()?;
    let started_ns = u64::try_from(started.as_nanosecond()).ok()?;
    let frames = capture.impaired_frames.iter().map(|frame| of_frame(frame, started_ns, options)).collect();
    let last = || capture.impaired_frames.last().map_or(started_ns, |last| later(started_ns, last.sent_s));
    Some(LinkRecord {
        at_server: options.vantage == StampedAt::Server,
        round_trip_ns: (options.rtt_ms * 1e6).round() as u64,
        frames,
        complete_until_ns: (capture.impaired_frames_left_out > 0).then(last),
    })
}

fn of_frame(frame: &ImpairedFrame, started_ns: u64, options: &RunOptions) -> LinkFrame {
    LinkFrame {
        what: match frame.what {
            Impairment::Dropped => LinkFault::Dropped,
            Impairment::Doubled => LinkFault::Doubled,
            Impairment::Reordered => LinkFault::Reordered,
            Impairment::Delayed => LinkFault::Delayed,
        },
        option: option(frame.option, options),
        to_client: frame.to == LinkEnd::Client,
        sent_ns: later(started_ns, frame.sent_s),
        arrived_ns: frame.arrived_s.map(|arrived_s| later(started_ns, arrived_s)),
        frame: frame.frame,
        copy: frame.copy,
        bytes: frame.bytes,
        segment: frame.segment.as_ref().and_then(segment),
    }
}

fn option(by: ImpairedBy, options: &RunOptions) -> Arc<str> {
    options.impaired_by(by).into()
}

fn segment(segment: &ImpairedSegment) -> Option<LinkSegment> {
    let ImpairedSegment { client, server, seq, ack, payload_bytes, syn, fin } = segment;
    let (client, server) = (endpoint(client)?, endpoint(server)?);
    Some(LinkSegment { client, server, seq: *seq, ack: *ack, payload: *payload_bytes, syn: *syn, fin: *fin })
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let address: std::net::SocketAddr = text.parse().ok()?;
    Some(Endpoint { addr: address.ip(), port: address.port() })
}

/// A time of a run, as the capture has it.
fn later(started_ns: u64, seconds: f64) -> u64 {
    let since = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    started_ns.saturating_add(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
