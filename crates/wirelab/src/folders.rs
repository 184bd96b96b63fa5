//! Who may work in a folder now?
//!
//! One command at a time writes into a folder of captures or of reports: it holds the folder from before its first byte
//! until its last file is in place, and what another command finds there is whole. The lock is the kernel's, so that it
//! ends with its holder, however that ends. What is not finished yet lies in a hidden folder beside the files; after a
//! holder that was killed, the next one takes it away, and puts back what the killed one was replacing.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, reason};

/// A folder that a command needs.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where it is.
    pub folder: &'a Path,
    /// The flag that names another one.
    pub flag: &'a str,
    /// What for.
    pub purpose: Purpose,
}

/// What a command does in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It puts files there: nobody else may.
    Write,
    /// It reads files there that belong together: nobody may write.
    Read,
}

/// The folders that this command holds. Dropped, it gives them free, and takes along what is not finished.
#[derive(Debug)]
pub struct Folders {
    held: Vec<Held>,
    made: Vec<PathBuf>,
}

#[derive(Debug)]
struct Held {
    folder: PathBuf,
    purpose: Purpose,
    /// Where the file system has no locks there is none: then two commands in one folder are the caller's own doing.
    _lock: Option<File>,
}

/// Who holds a folder, as the holder says in a file there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    command: String,
    since: String,
}

impl Folders {
    /// Takes hold of all of them, or of none. Folders to write into are made where they are missing.
    pub fn hold(wanted: &[Wanted<'_>]) -> Result<Folders, Failure> {
        let mut folders = Folders { held: Vec::new(), made: Vec::new() };
        // Those to write into first: a folder by another name is then known before it is asked for again.
        let (mut write, read): (Vec<&Wanted<'_>>, _) = wanted.iter().partition(|one| one.purpose == Purpose::Write);
        for one in &write {
            make(one.folder, &mut folders.made).map_err(|error| cannot_write_into(one, &error))?;
        }
        // All ask in the same order, so that of two that want the same folders one gets them all.
        write.sort_by_key(|one| one.folder.canonicalize().ok());
        for one in write.iter().chain(&read) {
            if folders.held.iter().any(|held| lock::is_same(&held.folder, one.folder)) {
                continue;
            }
            let deadline = Instant::now() + PATIENCE;
            let mut said = None;
            let lock = loop {
                match take(one) {
                    Ok(Taken::Held(lock)) => break lock,
                    Ok(Taken::Gone) => {
                        make(one.folder, &mut folders.made).map_err(|error| cannot_write_into(one, &error))?;
                    }
                    Ok(Taken::Refused) => {
                        // Between taking a folder and saying so there is a moment: read the same twice, it is true.
                        // Who only reads this one may have said so where it writes.
                        let others =
                            wanted.iter().filter(|any| !folders.held.iter().any(|held| held.folder == any.folder));
                        let holder = std::iter::once(*one).chain(others).find_map(|any| Holder::of(any.folder));
                        if holder.is_some() && holder == said || Instant::now() > deadline {
                            return Err(refused(one, holder));
                        }
                        said = holder;
                    }
                    Err(error) => return Err(cannot_write_into(one, &error)),
                }
                thread::sleep(BETWEEN_TRIES);
            };
            folders.held.push(Held { folder: one.folder.to_owned(), purpose: one.purpose, _lock: lock });
            if one.purpose == Purpose::Write {
                let said = clear(one.folder).and_then(|()| Holder::here().write(one.folder));
                said.map_err(|error| cannot_write_into(one, &error))?;
            }
        }
        Ok(folders)
    }

    /// Leaves them as they are, as a process does that is killed.
    #[cfg(test)]
    pub fn abandon(mut self) {
        self.held.clear();
        self.made.clear();
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for held in self.held.iter().filter(|held| held.purpose == Purpose::Write) {
            // What cannot be taken away now, the next holder tries again.
            let _ = clear(&held.folder);
        }
        // Folders before the locks on them, the deepest first. Those with files in them stay, and those of others too:
        // a folder that somebody has just taken is still empty.
        for made in self.made.iter().rev() {
            let own = self.held.iter().any(|held| held.folder == *made);
            if own || matches!(lock::take(made, Purpose::Write), Ok(Taken::Held(_))) {
                let _ = fs::remove_dir(made);
            }
        }
    }
}

/// Where in a folder the files are that are not finished.
pub fn unfinished(folder: &Path) -> PathBuf {
    folder.join(UNFINISHED)
}

/// Where in a folder its files are while others take their places.
pub fn replaced(folder: &Path) -> PathBuf {
    unfinished(folder).join("replaced")
}

/// Where in a folder there is an empty file for each one that had nothing in its place.
fn added(folder: &Path) -> PathBuf {
    unfinished(folder).join("added")
}

/// Keeps what is in the place of a file, before another takes it.
pub fn keep(place: &Path) -> io::Result<()> {
    let (folder, name) = (place.parent().unwrap_or(place), place.file_name().unwrap_or_default());
    let there = match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(added(folder))?;
            return fs::write(added(folder).join(name), "");
        }
        there => there?,
    };
    if there.is_dir() {
        return Err(io::Error::other("there is a folder of that name; move it away"));
    }
    fs::create_dir_all(replaced(folder))?;
    let kept = replaced(folder).join(name);
    // By a second name, so that there is always a file in the place; not every file system has such.
    fs::hard_link(place, &kept).or_else(|_| fs::rename(place, &kept))
}

/// Forgets what was replaced: the new files are those that count.
pub fn settle(folder: &Path) -> io::Result<()> {
    for kept in [replaced(folder), added(folder)] {
        match fs::remove_dir_all(kept) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Puts every file back that is being replaced, and removes those that had nothing in their places.
pub fn put_back(folder: &Path) -> io::Result<()> {
    for entry in listed(&replaced(folder))? {
        fs::rename(entry.path(), folder.join(entry.file_name()))?;
    }
    for entry in listed(&added(folder))? {
        match fs::remove_file(folder.join(entry.file_name())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

enum Taken {
    Held(Option<File>),
    /// Somebody else has it.
    Refused,
    /// Whoever had it has taken the whole folder away.
    Gone,
}

fn take(wanted: &Wanted<'_>) -> io::Result<Taken> {
    let Wanted { folder, purpose, .. } = *wanted;
    if purpose == Purpose::Write {
        return lock::take(folder, purpose);
    }
    // A run that was killed may have left it half replaced: that is put back by who can write there.
    if unfinished(folder).exists()
        && let Taken::Held(_lock) = lock::take(folder, Purpose::Write)?
    {
        clear(folder)?;
    }
    match lock::take(folder, purpose) {
        // What is wrong with a folder to read shows when it is read.
        Ok(Taken::Gone) | Err(_) => Ok(Taken::Held(None)),
        taken => taken,
    }
}

mod lock {
    use std::fs::TryLockError;
    use std::io;
    use std::path::Path;

    use super::{Purpose, Taken};

    pub use system::is_same;

    /// Locks a folder, so that nobody else of a purpose against this one has it.
    pub fn take(folder: &Path, purpose: Purpose) -> io::Result<Taken> {
        let open = match system::open(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Taken::Gone),
            open => open?,
        };
        let locked = match purpose {
            Purpose::Write => open.try_lock(),
            Purpose::Read => open.try_lock_shared(),
        };
        match locked {
            // The lock is on the folder that was opened, which may have been removed since.
            Ok(()) if system::is_at(&open, folder) => Ok(Taken::Held(Some(open))),
            Ok(()) => Ok(Taken::Gone),
            Err(TryLockError::WouldBlock) => Ok(Taken::Refused),
            Err(TryLockError::Error(_)) => Ok(Taken::Held(None)),
        }
    }

    #[cfg(unix)]
    mod system {
        use std::fs::{self, File};
        use std::io;
        use std::os::unix::fs::MetadataExt;
        use std::path::Path;

        /// The folder itself is locked: nothing has to be made for it, and it is the same folder by whatever name.
        pub fn open(folder: &Path) -> io::Result<File> {
            File::open(folder)
        }

        pub fn is_at(open: &File, folder: &Path) -> bool {
            identity(open.metadata()).is_some_and(|open| identity(fs::metadata(folder)) == Some(open))
        }

        /// Whether both are one folder, by whatever names.
        pub fn is_same(one: &Path, other: &Path) -> bool {
            identity(fs::metadata(one)).is_some_and(|one| identity(fs::metadata(other)) == Some(one))
        }

        fn identity(metadata: io::Result<fs::Metadata>) -> Option<(u64, u64)> {
            metadata.ok().map(|metadata| (metadata.dev(), metadata.ino()))
        }
    }

    #[cfg(not(unix))]
    mod system {
        use std::fs::File;
        use std::io;
        use std::path::Path;

        /// Folders have no locks here, so a file in the folder has it, and stays there for the next.
        pub fn open(folder: &Path) -> io::Result<File> {
            File::options().write(true).create(true).truncate(false).open(folder.join(".wirelab-lock"))
        }

        pub fn is_at(_: &File, _: &Path) -> bool {
            true
        }

        /// Whether both are one folder, by whatever names.
        pub fn is_same(one: &Path, other: &Path) -> bool {
            one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
        }
    }
}

/// Brings a folder into order that nobody else holds.
fn clear(folder: &Path) -> io::Result<()> {
    if !unfinished(folder).exists() {
        return Ok(());
    }
    put_back(folder)?;
    fs::remove_dir_all(unfinished(folder))
}

/// Makes a folder and those that it lies in, and notes which.
fn make(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|one| !one.as_os_str().is_empty() && !one.exists()).collect();
    fs::create_dir_all(folder)?;
    made.extend(missing.into_iter().rev().map(Path::to_owned));
    Ok(())
}

/// What is in a folder; nothing, where there is none.
fn listed(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.collect(),
    }
}

impl Holder {
    /// This process.
    fn here() -> Holder {
        let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        Holder {
            pid: std::process::id(),
            command: format!("wirelab {}", words.join(" ")),
            since: jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(unfinished(folder))?;
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        fs::write(unfinished(folder).join(HOLDER), text)
    }

    /// Who says to hold a folder.
    fn of(folder: &Path) -> Option<Holder> {
        serde_json::from_str(&fs::read_to_string(unfinished(folder).join(HOLDER)).ok()?).ok()
    }
}

fn refused(wanted: &Wanted<'_>, holder: Option<Holder>) -> Failure {
    let who = match holder {
        Some(Holder { pid, command, since }) => format!("process {pid}, `{command}`, since {since}, is"),
        // Only reading leaves no word of itself.
        None => "another wirelab is".to_owned(),
    };
    let folder = wanted.folder.display();
    match wanted.purpose {
        Purpose::Write => Failure::failed(format_args!(
            "{who} at work in {folder}; wait for its end, or give another folder with {}",
            wanted.flag
        )),
        Purpose::Read => Failure::failed(format_args!("{who} writing into {folder}; wait for its end")),
    }
}

fn cannot_write_into(wanted: &Wanted<'_>, error: &io::Error) -> Failure {
    Failure::failed(format_args!(
        "cannot write into {}: {}; give another folder with {}",
        wanted.folder.display(),
        reason(error),
        wanted.flag
    ))
}

const UNFINISHED: &str = ".wirelab-unfinished";
const HOLDER: &str = "holder.json";
/// How long to ask for a folder that is held by somebody who has not said who it is.
const PATIENCE: Duration = Duration::from_millis(500);
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn write<'a>(folder: &'a Path) -> Wanted<'a> {
        Wanted { folder, flag: "--pcap-dir", purpose: Purpose::Write }
    }

    fn read<'a>(folder: &'a Path) -> Wanted<'a> {
        Wanted { purpose: Purpose::Read, ..write(folder) }
    }

    #[test]
    fn one_writes_or_several_read() {
        let root = tempfile::tempdir().expect("a folder");
        let (one, other) = (root.path().join("one"), root.path().join("deep/er/other"));
        let first = Folders::hold(&[write(&one)]).expect("held");
        let refused = Folders::hold(&[write(&other), write(&one)]).expect_err("it is held");
        let said = refused.sentence().unwrap_or_default();
        let pid = std::process::id();
        assert!(said.starts_with(&format!("process {pid}, `wirelab ")), "{said}");
        assert!(said.ends_with("; wait for its end, or give another folder with --pcap-dir"), "{said}");
        assert!(!root.path().join("deep").exists(), "who is refused leaves nothing");
        assert!(Folders::hold(&[read(&one)]).is_err());
        drop(first);
        assert!(!one.exists(), "nor does who wrote nothing");
        fs::create_dir(&one).expect("a folder");
        let readers = [Folders::hold(&[read(&one)]).expect("read"), Folders::hold(&[read(&one)]).expect("read")];
        let said = Folders::hold(&[write(&one)]).expect_err("it is read");
        assert!(said.sentence().is_some_and(|said| said.starts_with("another wirelab is at work in")), "{said:?}");
        drop(readers);
        Folders::hold(&[write(&one), read(&one)]).expect("held");
        assert_eq!(fs::read_dir(&one).expect("a folder").count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_by_two_names_is_one() {
        let root = tempfile::tempdir().expect("a folder");
        let (folder, link) = (root.path().join("folder"), root.path().join("link"));
        fs::create_dir(&folder).expect("a folder");
        std::os::unix::fs::symlink(&folder, &link).expect("a link");
        let roundabout = folder.join("../link");
        let both = Folders::hold(&[write(&link), write(&roundabout), read(&folder)]).expect("it is one folder");
        assert_eq!(both.held.len(), 1);
        assert!(Folders::hold(&[write(&folder)]).is_err());
    }

    #[test]
    fn what_a_killed_holder_left_is_taken_away() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = Folders::hold(&[write(root.path())]).expect("held");
        fs::write(unfinished(root.path()).join("index.html"), "half").expect("written");
        folders.abandon();
        drop(Folders::hold(&[read(root.path())]).expect("read"));
        assert!(!unfinished(root.path()).exists());
    }
}
