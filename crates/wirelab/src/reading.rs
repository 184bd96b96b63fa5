//! What is in a capture file, for a person who named it?
//!
//! Reads one file through the analyzer. Whatever is wrong with it becomes one sentence with the file's name; what could
//! be read before the damage stays in the result.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use wirelab_analyze::{Analyzer, Capture, Settings};
use wirelab_capture::{Comment, Frame, ReadError, Reader};

use crate::failure::reason;
use crate::origin::Origin;
use crate::terminal;

/// A capture that can be read, and what to call it.
pub struct Source {
    pub read: Box<dyn Read>,
    /// As a person wrote it.
    pub shown: String,
}

/// What is met on the way through a capture.
pub enum Met<'a> {
    Frame(&'a Frame<'a>),
    /// Behind the frame that it is on.
    Comment(Comment),
}

/// Opens a capture, or standard input where the path is `-`.
///
/// # Errors
/// A sentence.
pub fn open(path: &Path) -> Result<Source, String> {
    if path == Path::new("-") {
        return Ok(Source { read: Box::new(io::stdin().lock()), shown: "standard input".to_owned() });
    }
    let shown = path.display().to_string();
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("{shown}: there is no such file"),
        _ => format!("{shown}: it cannot be opened: {}", reason(&error)),
    })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(format!(
            "{shown}: this is a folder; give the captures in it, as in {}",
            path.join("*.pcap").display()
        ));
    }
    Ok(Source { read: Box::new(file), shown })
}

/// Reads a capture, or standard input where the path is `-`.
///
/// # Errors
/// A sentence, where nothing of it could be read at all.
pub fn read(path: &Path, settings: Settings) -> Result<Capture, String> {
    let Source { read, shown } = open(path)?;
    let file = (path != Path::new("-")).then(|| path.file_name().unwrap_or_default().to_string_lossy());
    let name = if file.is_some() { path.file_stem().unwrap_or_default().to_string_lossy() } else { (&shown).into() };
    let origin = if file.is_some() { Origin::beside(path) } else { Origin::default() };
    read_from(read, &name, file.as_deref(), origin, settings, |_| {}).map_err(|error| format!("{shown}: {error}"))
}

/// Reads a capture from any source of which that much is known, and shows each frame and comment to `look`.
pub fn read_from(
    source: impl Read,
    name: &str,
    file: Option<&str>,
    origin: Origin,
    mut settings: Settings,
    mut look: impl FnMut(Met<'_>),
) -> Result<Capture, ReadError> {
    let mut reader = Reader::new(source)?;
    settings.link = origin.link();
    let mut analyzer = Analyzer::new(settings);
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                look(Met::Frame(&frame));
                analyzer.frame(&frame);
                reader.take_comments().into_iter().map(Met::Comment).for_each(&mut look);
            }
            Ok(None) => break,
            Err(error) => {
                note(&mut analyzer, &error, reader.frames() + 1);
                break;
            }
        }
    }
    if let Some(app) = origin.app(reader.frames()) {
        analyzer.is_of(app);
    }
    Ok(analyzer.finish(name, file, &reader.format()))
}

/// Whether a file could be read to its end; says why not, where it could not.
pub fn is_whole(path: &Path, capture: &Capture) -> bool {
    let shown = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let mut whole = true;
    for problem in capture.problems.iter().filter(|problem| problem.is_of_the_file()) {
        whole = false;
        terminal::say(format_args!("wirelab: {shown}: {problem}"));
    }
    whole
}

/// Notes where reading stopped, and why. `next` is the number of the frame that would have been next.
pub fn note(analyzer: &mut Analyzer, error: &ReadError, next: u64) {
    let (frame, offset) = match *error {
        ReadError::Cut { frame, offset, .. } | ReadError::Record { frame, offset, .. } => (Some(frame), offset),
        ReadError::Io { offset, .. } | ReadError::Header { offset, .. } => (Some(next), offset),
        ReadError::Empty | ReadError::Directory | ReadError::NotACapture { .. } => (None, 0),
    };
    analyzer.problem(frame, offset, error.to_string());
}
