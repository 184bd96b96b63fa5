//! Captures in, report out: the files of `pcap/` and `reports/`.
//!
//! The same whether the captures are of this moment or of long ago, so `wirelab report` gives the same tables again.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wirelab_analyze::{Analysis, Settings};
use wirelab_report::forms::FORMS;
use wirelab_report::{CaptureBytes, Report, RunInfo, Templates, dump};

use crate::failure::{Failure, reason};
use crate::origin::Origin;
use crate::outputs::Outputs;
use crate::reading::{self, Met};

/// A capture to report on.
pub struct Source {
    /// Its name without an ending: "wsapp".
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is known of it beside its bytes.
    pub origin: Origin,
}

/// What was found in the captures.
pub struct Found {
    /// One entry a source, in order.
    pub analysis: Analysis,
    /// The frames of each.
    pub bytes: Vec<CaptureBytes>,
}

impl Found {
    /// SHA-256 and number of frames of each capture.
    pub fn digests(&self) -> Vec<(String, u64)> {
        let frames = self.analysis.captures.iter().map(|capture| capture.frames);
        self.bytes.iter().map(|bytes| bytes.sha256.clone().unwrap_or_default()).zip(frames).collect()
    }
}

/// Reads and analyses the captures. `update` is what was said to be an update.
pub fn read(sources: &[Source], update: Option<&str>) -> Result<Found, Failure> {
    // What is kept of one capture, and of all of them together: the same memory, in however many files the packets are.
    let share = |most: usize, of_all: usize| most.min(of_all / sources.len().max(1));
    let most = share(MOST_FRAMES, MOST_FRAMES_OF_ALL);
    let most_bytes = share(MOST_BYTES, MOST_BYTES_OF_ALL);
    let default = Settings::default();
    let settings = Settings {
        keep_packets: most,
        limit: share(default.limit, MOST_ROWS_OF_ALL),
        update: update.map(str::to_owned),
        ..default
    };
    let mut captures = Vec::new();
    let mut all_bytes = Vec::new();
    for Source { name, path, origin } in sources {
        let unreadable =
            |error: io::Error| Failure::failed(format_args!("cannot read {}: {}", path.display(), reason(&error)));
        let mut file = Digesting { file: File::open(path).map_err(unreadable)?, sha256: Sha256::new(), len: 0 };
        let mut bytes = CaptureBytes::new(most, most_bytes);
        // A capture that is still under its partial name is already called what it will be called.
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let file_name = format!("{name}.{ending}");
        let capture = reading::read_from(&mut file, name, Some(&file_name), origin.clone(), settings.clone(), |met| {
            if let Met::Frame(frame) = met {
                bytes.push(frame);
            }
        })
        .map_err(|error| Failure::failed(format_args!("{}: {error}", path.display())))?;
        // Where the capture could not be read to its end, the digest is of the whole file all the same.
        io::copy(&mut file, &mut io::sink()).map_err(unreadable)?;
        bytes.sha256 = Some(hex(&file.sha256.finalize()));
        bytes.file_len = Some(file.len);
        captures.push(capture);
        all_bytes.push(bytes);
    }
    Ok(Found { analysis: Analysis::new(captures), bytes: all_bytes })
}

/// Works out the report.
pub fn report(found: Found, run: Option<RunInfo>) -> Report {
    Report::new(found.analysis, run, found.bytes)
}

/// Writes the report's files beside their places.
pub fn stage_report(
    report: &Report,
    templates: &Templates,
    folder: &Path,
    outputs: &mut Outputs<'_>,
) -> Result<(), Failure> {
    for form in FORMS {
        if let Some(file) = form.file {
            outputs.stage_form(&folder.join(file), |out| (form.render)(report, templates, out))?;
        }
    }
    Ok(())
}

/// The templates of a folder, or those that are built in.
pub fn templates(folder: Option<&Path>) -> Result<Templates, Failure> {
    folder.map_or_else(Templates::embedded, Templates::from_folder).map_err(Failure::failed)
}

/// Writes the texts of the captures beside their places: for reading without a tool.
pub fn stage_texts(report: &Report, folder: &Path, outputs: &mut Outputs<'_>) -> Result<(), Failure> {
    for (capture, bytes) in report.analysis.captures.iter().zip(&report.bytes) {
        let place = folder.join(format!("{}.txt", capture.name));
        outputs.stage_form(&place, |mut out| Ok(dump::render(&mut out, capture, bytes)?))?;
    }
    Ok(())
}

/// A file whose digest is worked out while it is read.
struct Digesting {
    file: File,
    sha256: Sha256,
    len: u64,
}

impl Read for Digesting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.sha256.update(buffer.get(..count).unwrap_or_default());
        self.len += count as u64;
        Ok(count)
    }
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// So many frames of a capture are shown one by one; all of them are counted.
const MOST_FRAMES: usize = 20_000;
const MOST_FRAMES_OF_ALL: usize = 100_000;
/// And as long as their bytes are no more than that: a frame may have 64 KiB and more.
const MOST_BYTES: usize = 32 << 20;
const MOST_BYTES_OF_ALL: usize = 64 << 20;
/// Exchanges of all captures together that have a row. One capture keeps as many as for `analyze`, ten do too.
const MOST_ROWS_OF_ALL: usize = 100_000;
