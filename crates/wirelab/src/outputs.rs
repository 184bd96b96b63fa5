//! How do a run's files replace the last run's, without ever leaving half of them?
//!
//! Every file is written beside its place first; only when all of them are there are they renamed into place, and where
//! that fails on the way, all are as they were before. Whatever fails or is interrupted before that leaves the last good
//! files as they were. A capture is written as it happens, to `NAME.partial.pcap`: should the run never end well, that
//! file stays, and is a valid capture.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use wirelab_report::forms::RenderError;

use crate::failure::{Failure, reason};
use crate::folders::{self, Folders};

/// Files that are written but not yet in place.
#[derive(Debug)]
pub struct Outputs<'a> {
    staged: Vec<Staged>,
    /// Nobody else puts files there meanwhile; and who gives the folders free takes away what is not in place.
    _folders: &'a Folders,
}

#[derive(Debug)]
struct Staged {
    written: PathBuf,
    place: PathBuf,
    /// Whether the file is worth keeping where the run fails: a partial capture is, half a report is not.
    kept: bool,
}

impl Outputs<'_> {
    /// No files yet, for folders that are held.
    pub fn new(folders: &Folders) -> Outputs<'_> {
        Outputs { staged: Vec::new(), _folders: folders }
    }

    /// Writes a file beside its place.
    pub fn stage(&mut self, place: &Path, content: &[u8]) -> Result<(), Failure> {
        self.stage_by(place, |mut file| file.write_all(content).map_err(|error| cannot_write(place, &error)))
    }

    /// Writes a file beside its place, piece by piece.
    pub fn stage_by(
        &mut self,
        place: &Path,
        write: impl FnOnce(fs::File) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let written = folders::unfinished(folder_of(place)).join(place.file_name().unwrap_or_default());
        let file = fs::File::create(&written).map_err(|error| cannot_write(place, &error))?;
        write(file)?;
        self.staged.push(Staged { written, place: place.to_owned(), kept: false });
        Ok(())
    }

    /// Writes a form of a report beside its place, as it is made: it is never in memory as a whole.
    pub fn stage_form(
        &mut self,
        place: &Path,
        write: impl FnOnce(&mut dyn Write) -> Result<(), RenderError>,
    ) -> Result<(), Failure> {
        self.stage_by(place, |file| {
            let mut out = BufWriter::with_capacity(WRITTEN_AT_ONCE, file);
            write(&mut out).and_then(|()| Ok(out.flush()?)).map_err(|error| match error {
                RenderError::Write(error) => cannot_write(place, &error),
                RenderError::Template(error) => Failure::failed(error),
            })
        })
    }

    /// Takes a capture that is complete under its partial name.
    pub fn stage_capture(&mut self, partial: PathBuf, place: PathBuf) {
        self.staged.push(Staged { written: partial, place, kept: true });
    }

    /// Puts every file into its place, or none.
    pub fn commit(self) -> Result<(), Failure> {
        self.commit_by(|from, to| fs::rename(from, to))
    }

    /// The same, with another way of renaming.
    fn commit_by(&self, mut rename: impl FnMut(&Path, &Path) -> io::Result<()>) -> Result<(), Failure> {
        let mut placed = Vec::new();
        for staged in &self.staged {
            let Staged { written, place, .. } = staged;
            if let Err(error) = folders::keep(place).and_then(|()| rename(written, place)) {
                return Err(self.take_back(&placed, cannot_write(place, &error)));
            }
            placed.push(staged);
        }
        for folder in self.folders() {
            // Where this fails, all is in place all the same, and there is nobody to tell who could do better.
            let _ = folders::settle(folder);
        }
        Ok(())
    }

    /// Puts everything as it was before, and says so.
    fn take_back(&self, placed: &[&Staged], failure: Failure) -> Failure {
        let captures = placed.iter().filter(|staged| staged.kept);
        let back = captures.map(|Staged { written, place, .. }| fs::rename(place, written));
        let back = back.chain(self.folders().into_iter().map(folders::put_back)).collect::<io::Result<Vec<()>>>();
        let now = match back {
            Ok(_) => "; all files that were there are as before".to_owned(),
            Err(error) => format!(
                "; not all that were there could be put back ({}): those are in {}",
                reason(&error),
                self.folders()
                    .into_iter()
                    .map(|folder| folders::replaced(folder).display().to_string())
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
        };
        let partial =
            self.staged.iter().find(|staged| staged.kept).map_or(String::new(), |Staged { written, .. }| {
                format!(", and what was captured is in {}", folder_of(written).join("*.partial.pcap").display())
            });
        failure.and(&now).and(&partial)
    }

    /// The folders that the files belong into, each once.
    fn folders(&self) -> Vec<&Path> {
        let mut folders: Vec<&Path> = self.staged.iter().map(|staged| folder_of(&staged.place)).collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    }
}

/// Why a file could not be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format_args!("cannot write {}: {}", path.display(), reason(error)))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

/// Bytes of a file that are written at once.
const WRITTEN_AT_ONCE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::folders::{Purpose, Wanted};

    /// Two folders that are held, with the files of a run before this one.
    fn held(root: &Path) -> Folders {
        let (pcap, reports) = (root.join("pcap"), root.join("reports"));
        let wanted = |folder| Wanted { folder, flag: "--a-flag", purpose: Purpose::Write };
        let folders = Folders::hold(&[wanted(&pcap), wanted(&reports)]).expect("held");
        for file in ["pcap/ws.pcap", "pcap/run.json", "reports/index.html"] {
            fs::write(root.join(file), "old").expect("written");
        }
        folders
    }

    /// The files of a new run: one more than the last one had.
    fn staged<'a>(root: &Path, folders: &'a Folders) -> Outputs<'a> {
        let mut outputs = Outputs::new(folders);
        fs::write(root.join("pcap/ws.partial.pcap"), "new").expect("written");
        outputs.stage_capture(root.join("pcap/ws.partial.pcap"), root.join("pcap/ws.pcap"));
        for file in ["pcap/run.json", "pcap/ws.txt", "reports/index.html"] {
            outputs.stage(&root.join(file), b"new").expect("staged");
        }
        outputs
    }

    /// Every file below a folder, with its content.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                all.extend(
                    files(&path)
                        .into_iter()
                        .map(|(name, text)| (format!("{}/{name}", path.file_name().expect("a name").display()), text)),
                );
            } else {
                all.push((
                    path.file_name().expect("a name").to_string_lossy().into_owned(),
                    fs::read_to_string(&path).expect("text"),
                ));
            }
        }
        all.sort();
        all
    }

    fn named(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    const OLD: [(&str, &str); 4] = [
        ("pcap/run.json", "old"),
        ("pcap/ws.partial.pcap", "new"),
        ("pcap/ws.pcap", "old"),
        ("reports/index.html", "old"),
    ];
    const NEW: [(&str, &str); 4] =
        [("pcap/run.json", "new"), ("pcap/ws.pcap", "new"), ("pcap/ws.txt", "new"), ("reports/index.html", "new")];

    #[test]
    fn nothing_is_in_place_before_the_end_and_everything_after_it() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = held(root.path());
        let outputs = staged(root.path(), &folders);
        assert_eq!(fs::read_to_string(root.path().join("pcap/run.json")).expect("there"), "old");
        assert!(!root.path().join("pcap/ws.txt").exists());
        outputs.commit().expect("in place");
        drop(folders);
        assert_eq!(files(root.path()), named(&NEW));
    }

    #[test]
    fn what_is_dropped_leaves_the_old_files_and_the_partial_captures() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = held(root.path());
        drop(staged(root.path(), &folders));
        drop(folders);
        assert_eq!(files(root.path()), named(&OLD));
    }

    #[test]
    fn whichever_rename_fails_all_is_as_before() {
        let all = NEW.len();
        for failing in 0..=all {
            let root = tempfile::tempdir().expect("a folder");
            let folders = held(root.path());
            let outputs = staged(root.path(), &folders);
            let count = Cell::new(0);
            let result = outputs.commit_by(|from, to| {
                count.set(count.get() + 1);
                if count.get() > failing { Err(io::Error::other("the disk is on fire")) } else { fs::rename(from, to) }
            });
            drop(folders);
            if failing == all {
                assert_eq!((result.is_ok(), files(root.path())), (true, named(&NEW)));
                continue;
            }
            assert_eq!(files(root.path()), named(&OLD), "after {failing} renames");
            let failure = result.expect_err("a rename failed");
            let said = failure.sentence().unwrap_or_default();
            assert!(
                said.contains(
                    "the disk is on fire; all files that were there are as before, and what was captured is in"
                ),
                "{said}"
            );
        }
    }

    #[test]
    fn a_folder_in_the_way_is_left_alone() {
        for place in ["pcap/ws.pcap", "pcap/run.json", "pcap/ws.txt", "reports/index.html"] {
            let root = tempfile::tempdir().expect("a folder");
            let folders = held(root.path());
            let _ = fs::remove_file(root.path().join(place));
            fs::create_dir(root.path().join(place)).expect("a folder");
            fs::write(root.path().join(place).join("mine"), "mine").expect("written");
            let failure = staged(root.path(), &folders).commit().expect_err("it is in the way");
            drop(folders);
            assert!(
                failure.sentence().is_some_and(|said| said.contains("there is a folder of that name")),
                "{failure:?}"
            );
            let mine = format!("{place}/mine");
            let mut expected: Vec<_> =
                OLD.into_iter().filter(|(name, _)| *name != place).chain([(mine.as_str(), "mine")]).collect();
            expected.sort_unstable();
            assert_eq!(files(root.path()), named(&expected), "{place}");
        }
    }

    #[test]
    fn what_a_killed_run_was_replacing_is_put_back_by_the_next() {
        let root = tempfile::tempdir().expect("a folder");
        for renamed in 0..NEW.len() {
            let folders = held(root.path());
            for Staged { written, place, .. } in staged(root.path(), &folders).staged.iter().take(renamed) {
                folders::keep(place).and_then(|()| fs::rename(written, place)).expect("in place");
            }
            // As the end of a process gives the locks free, and does nothing else.
            folders.abandon();
            drop(held(root.path()));
            let found: Vec<_> =
                files(root.path()).into_iter().filter(|(name, _)| name != "pcap/ws.partial.pcap").collect();
            let expected: Vec<_> = OLD.into_iter().filter(|(name, _)| *name != "pcap/ws.partial.pcap").collect();
            assert_eq!(found, named(&expected), "after {renamed} renames");
        }
    }
}
