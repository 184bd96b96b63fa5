//! How do a run's files replace the last run's, without ever leaving half of them?
//!
//! Every file is written beside its place first; only when all of them are there are they renamed into place. Whatever
//! fails or is interrupted before that leaves the last good files as they were. A capture is written as it happens, to
//! `NAME.partial.pcap`: should the run never end well, that file stays, and is a valid capture.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Files that are written but not yet in place. Dropped, it removes them.
#[derive(Debug, Default)]
pub struct Outputs {
    staged: Vec<Staged>,
}

#[derive(Debug)]
struct Staged {
    written: PathBuf,
    place: PathBuf,
    /// Whether the file is worth keeping where the run fails: a partial capture is, half a report is not.
    kept: bool,
}

impl Outputs {
    /// Writes a file beside its place.
    pub fn stage(&mut self, place: &Path, content: &[u8]) -> Result<(), Failure> {
        let written = beside(place, &format!(".{}", std::process::id()));
        let result = File::create(&written).and_then(|mut file| file.write_all(content));
        self.staged.push(Staged { written, place: place.to_owned(), kept: false });
        result.map_err(|error| cannot_write(place, &error))
    }

    /// Takes a capture that is complete under its partial name.
    pub fn stage_capture(&mut self, partial: PathBuf, place: PathBuf) {
        self.staged.push(Staged { written: partial, place, kept: true });
    }

    /// Puts every file into its place.
    pub fn commit(mut self) -> Result<(), Failure> {
        for staged in self.staged.drain(..) {
            fs::rename(&staged.written, &staged.place).map_err(|error| cannot_write(&staged.place, &error))?;
        }
        Ok(())
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        for staged in self.staged.drain(..).filter(|staged| !staged.kept) {
            // What is not there need not be removed, and a failure is being reported already.
            let _ = fs::remove_file(staged.written);
        }
    }
}

/// Makes sure, before a run begins, that its files can be written into a folder.
pub fn check_folder(folder: &Path, flag: &str) -> Result<(), Failure> {
    let refuse = |error: &io::Error| {
        Failure::failed(format_args!(
            "cannot write into {}: {}; give another folder with {flag}",
            folder.display(),
            reason(error)
        ))
    };
    fs::create_dir_all(folder).map_err(|error| refuse(&error))?;
    let probe = folder.join(format!(".wirelab.{}", std::process::id()));
    let result = File::create(&probe).map(drop);
    // Only a probe that was made can be removed.
    let _ = fs::remove_file(&probe);
    result.map_err(|error| refuse(&error))
}

/// Opens a partial capture, which only one run at a time may write.
pub fn open_partial(path: &Path) -> Result<File, Failure> {
    // Not truncated before it is locked: another run may be writing it.
    let file = File::options().write(true).create(true).truncate(false).open(path);
    let file = file.map_err(|error| cannot_write(path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Failure::failed(format_args!(
                "another run is writing {}; wait for its end, or give another folder with --pcap-dir",
                path.display()
            )));
        }
        // A file system without locks cannot tell; then two runs in one folder are the caller's own doing.
        Err(TryLockError::Error(_)) => {}
    }
    file.set_len(0).map_err(|error| cannot_write(path, &error))?;
    Ok(file)
}

/// Why the system refused, without Rust's "(os error 13)".
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format_args!("cannot write {}: {}", path.display(), reason(error)))
}

fn beside(place: &Path, ending: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(ending);
    place.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_in_place_before_the_end_and_everything_after_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one.txt"), folder.path().join("two.txt"));
        fs::write(&one, "old").expect("written");
        let mut outputs = Outputs::default();
        outputs.stage(&one, b"new").expect("staged");
        outputs.stage(&two, b"two").expect("staged");
        assert_eq!(fs::read_to_string(&one).expect("there"), "old");
        assert!(!two.exists());
        outputs.commit().expect("in place");
        assert_eq!(fs::read_to_string(&one).expect("there"), "new");
        assert_eq!(fs::read_to_string(&two).expect("there"), "two");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn what_is_dropped_leaves_the_old_files_and_the_partial_captures() {
        let folder = tempfile::tempdir().expect("a folder");
        let (report, capture) = (folder.path().join("report.md"), folder.path().join("ws.pcap"));
        let partial = folder.path().join("ws.partial.pcap");
        fs::write(&report, "old").expect("written");
        fs::write(&partial, "packets").expect("written");
        let mut outputs = Outputs::default();
        outputs.stage(&report, b"new").expect("staged");
        outputs.stage_capture(partial.clone(), capture.clone());
        drop(outputs);
        assert_eq!(fs::read_to_string(&report).expect("there"), "old");
        assert!(partial.exists() && !capture.exists());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn a_partial_capture_has_one_writer() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ws.partial.pcap");
        let mut first = open_partial(&path).expect("the first");
        first.write_all(b"packets").expect("written");
        assert!(open_partial(&path).is_err());
        assert_eq!(fs::read(&path).expect("there"), b"packets");
        drop(first);
        open_partial(&path).expect("the second");
        assert_eq!(fs::read(&path).expect("there"), b"");
    }
}
