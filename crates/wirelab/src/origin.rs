//! Whose capture is it, where something beside its bytes says so?
//!
//! A run knows which app it recorded, and its run.json says it to whoever reads the captures later. A run.json that lists
//! another file of this name, with another number of frames, says nothing of this one.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use wirelab_analyze::LinkRecord;
use wirelab_capture::Reader;
use wirelab_catalog::App;
use wirelab_report::{CaptureInfo, RunInfo, RunOptions};

use crate::link_record;

/// What is known of a capture beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    app: Option<App>,
    /// How many frames it must have for that to be so.
    frames: Option<u64>,
    /// What its link did with frames.
    link: Option<Arc<LinkRecord>>,
}

impl Origin {
    /// A capture that was made like this just now.
    pub fn of(options: &RunOptions, capture: &CaptureInfo) -> Origin {
        Origin { app: Some(capture.app), frames: None, link: link_record::of(options, capture).map(Arc::new) }
    }

    /// What the run.json beside a capture says of it, or of the one that it is with comments: `ws.pcapng` for `ws.pcap`.
    /// A run.json that cannot be read says nothing: it may be another program's.
    pub fn beside(capture: &Path) -> Origin {
        let listed = || {
            let run = run_beside(capture)?;
            let file = file_name(capture)?;
            let listed = listed(&run, file).or_else(|| listed(&run, file.strip_suffix("ng")?))?;
            // It has to be known before the first frame, and is not this one's link where another number of frames is.
            let may_be_impaired = !listed.impaired_frames.is_empty();
            let is_this = may_be_impaired && frames_in(capture) == Some(listed.frames);
            let link = is_this.then(|| link_record::of(&run.options, listed)).flatten();
            Some(Origin { app: Some(listed.app), frames: Some(listed.frames), link: link.map(Arc::new) })
        };
        listed().unwrap_or_default()
    }

    /// The app, where the capture has so many frames.
    pub fn app(&self, frames: u64) -> Option<App> {
        self.app.filter(|_| self.frames.is_none_or(|listed| listed == frames))
    }

    /// What its link did.
    pub fn link(&self) -> Option<LinkRecord> {
        self.link.as_deref().cloned()
    }
}

/// How a capture of so many frames was made, where the run.json beside it says so.
pub fn run_of(capture: &Path, frames: u64) -> Option<RunInfo> {
    let file = file_name(capture)?;
    run_beside(capture).filter(|run| listed(run, file).is_some_and(|listed| listed.frames == frames))
}

/// How many frames a capture has, where it can be read to its end.
fn frames_in(capture: &Path) -> Option<u64> {
    let mut reader = Reader::new(File::open(capture).ok()?).ok()?;
    while reader.next_frame().ok()?.is_some() {}
    Some(reader.frames())
}

fn run_beside(capture: &Path) -> Option<RunInfo> {
    RunInfo::from_json(&fs::read_to_string(capture.with_file_name("run.json")).ok()?).ok()
}

fn file_name(capture: &Path) -> Option<&str> {
    capture.file_name()?.to_str()
}

fn listed<'a>(run: &'a RunInfo, file: &str) -> Option<&'a CaptureInfo> {
    run.captures.iter().find(|listed| listed.file == file)
}
