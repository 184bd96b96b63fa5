//! Whose capture is it, where something beside its bytes says so?
//!
//! A run knows which app it recorded, and its run.json says it to whoever reads the captures later. A run.json that lists
//! another file of this name, with another number of frames, says nothing of this one.

use std::fs;
use std::path::Path;

use wirelab_catalog::App;
use wirelab_report::RunInfo;

/// What is known of a capture beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    app: Option<App>,
    /// How many frames it must have for that to be so.
    frames: Option<u64>,
}

impl Origin {
    /// A capture of this app.
    pub fn of(app: App) -> Origin {
        Origin { app: Some(app), frames: None }
    }

    /// What the run.json beside a capture says of it. One that cannot be read says nothing: it may be another program's.
    pub fn beside(capture: &Path) -> Origin {
        let listed = || {
            let text = fs::read_to_string(capture.with_file_name("run.json")).ok()?;
            let file = capture.file_name()?.to_str()?;
            RunInfo::from_json(&text).ok()?.captures.into_iter().find(|listed| listed.file == file)
        };
        listed().map_or_else(Origin::default, |listed| Origin { app: Some(listed.app), frames: Some(listed.frames) })
    }

    /// The app, where the capture has so many frames.
    pub fn app(self, frames: u64) -> Option<App> {
        self.app.filter(|_| self.frames.is_none_or(|listed| listed == frames))
    }
}
