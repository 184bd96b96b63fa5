//! Which files does a reader take along? The other forms of the report, and the captures themselves, inside the page.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use wirelab_analyze::model::Capture;

use crate::bytes::CaptureBytes;
use crate::numbers::grouped;
use crate::render::{Render, RenderError};
use crate::report::Report;
use crate::templates::Templates;

/// A file inside the page.
#[derive(Clone, Debug, Serialize)]
pub struct Download {
    /// The name under which it is saved.
    file: String,
    /// What it is.
    what: String,
    /// Its size for people.
    size: String,
    /// A data: address that holds it; `None` where it is too large for the page.
    href: Option<String>,
}

/// Another form of the report that the page holds.
#[derive(Clone, Copy, Debug)]
pub struct OtherForm {
    /// Its file.
    pub file: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What its bytes are.
    pub media_type: &'static str,
    /// Makes it.
    pub render: Render,
}

/// The files of a report; those that would make the page too large are named only.
pub fn of(report: &Report, templates: &Templates, forms: &[OtherForm]) -> Result<Vec<Download>, RenderError> {
    let mut files = Vec::new();
    let mut room = OF_ALL;
    let mut add = |file: &str, what: String, kind: &str, bytes: &[u8], len: usize| {
        let size = grouped(len as u64);
        let left_out = match len {
            _ if len > LARGEST => ": too large for this page, beside it in the report's folder",
            _ if len > room => ": this page has no room for more files",
            _ => "",
        };
        let fits = left_out.is_empty();
        if fits {
            room -= len;
        }
        files.push(Download {
            file: file.to_owned(),
            what,
            size: format!("{size}\u{202f}bytes{left_out}"),
            href: fits.then(|| format!("data:{kind};base64,{}", STANDARD.encode(bytes))),
        });
    };
    for form in forms {
        let mut beginning = Beginning::default();
        (form.render)(report, templates, &mut beginning)?;
        add(form.file, form.what.to_owned(), form.media_type, &beginning.bytes, beginning.len);
    }
    for (capture, bytes) in report.analysis.captures.iter().zip(&report.bytes) {
        if let Some((file, what, pcap)) = capture_file(report, capture, bytes) {
            add(&file, what, "application/vnd.tcpdump.pcap", &pcap, pcap.len());
        }
    }
    Ok(files)
}

/// Takes what a form writes: as much as the page has room for, and of the rest its length only.
#[derive(Default)]
struct Beginning {
    bytes: Vec<u8>,
    len: usize,
}

impl Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LARGEST.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.len += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The capture again, where all of its frames were kept and are of one link type.
fn capture_file(report: &Report, capture: &Capture, bytes: &CaptureBytes) -> Option<(String, String, Vec<u8>)> {
    let frames = bytes.frames();
    let link = frames.first()?.link;
    let size: usize = frames.iter().map(|frame| frame.data.len() + 16).sum();
    if frames.len() as u64 != bytes.seen() || size > LARGEST || frames.iter().any(|frame| frame.link != link) {
        return None;
    }
    let snap = frames.iter().map(|frame| frame.data.len()).max()?.max(65_535) as u32;
    let mut writer = wirelab_capture::Writer::create(Vec::new(), link, snap).ok()?;
    for frame in frames {
        writer.write(frame.time_ns, frame.wire_len, &frame.data).ok()?;
    }
    let pcap = writer.finish().ok()?;
    let sum: String = Sha256::digest(&pcap).iter().map(|byte| format!("{byte:02x}")).collect();
    let known = bytes.sha256.clone().or_else(|| {
        report
            .run
            .iter()
            .flat_map(|run| &run.captures)
            .find(|made| made.name == capture.name)
            .map(|made| made.sha256.clone())
    });
    let what = if known.as_deref() == Some(sum.as_str()) {
        format!("The capture of {}, byte for byte", crate::tables::title(capture))
    } else {
        format!("The frames of {}, written anew as classic pcap with microseconds", crate::tables::title(capture))
    };
    Some((format!("{}.pcap", capture.name), what, pcap))
}

/// A file that is larger stays outside the page.
const LARGEST: usize = 120_000;
/// And so do further ones, once all together would be larger than this.
const OF_ALL: usize = 1_200_000;
