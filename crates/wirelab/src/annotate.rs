//! `wirelab annotate`: a capture again, with words beside its packets, for Wireshark and whatever else reads pcapng.
//!
//! ```text
//! file -> analysis (what exchanges are called, what was found) -> comments on the file
//! file -> walk (packets in order, each with its exchange)      -> comments on each packet -> pcapng
//! ```
//!
//! Twice through the file, as which update a packet belongs to is known only when all were read. The second time each
//! frame is written as it was as soon as the analysis has read it, so that no more of a capture is in memory than the list
//! of its exchanges.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use wirelab_analyze::{Analysis, Exchange, Finding, Settings};
use wirelab_capture::{Commented, CommentedWriter, Interface, InterfaceNumber, LinkType, MOST_COMMENT, WriteError};
use wirelab_dissect::visible::{visible, visible_lines};
use wirelab_report::findings::{self, Place};
use wirelab_report::numbers::{count, with_plain_spaces};
use wirelab_report::provenance::{self, Fact};
use wirelab_report::{RunInfo, found, tables};

use crate::failure::{Failure, Status};
use crate::flags::Annotate;
use crate::folders::{Folders, Purpose, Wanted};
use crate::origin::{self, Origin};
use crate::outputs::{Outputs, cannot_write};
use crate::reading::{self, Met, Source};
use crate::show::{Go, Keep, MOST_EXCHANGES, Row, walk};
use crate::terminal;

/// Writes a capture again, with comments.
pub fn annotate(flags: &Annotate) -> Result<(), Failure> {
    let (from, to) = (&flags.file, &flags.output);
    check(from, to)?;
    let name = from.file_stem().unwrap_or_default().to_string_lossy();
    let known = Known::of(from, &name, Origin::beside(from), |frames| origin::run_of(from, frames))?;
    // A file that is named without a folder is in this one.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folders = Folders::hold(&[Wanted { folder, flag: "--output", purpose: Purpose::Write }])?;
    let mut outputs = Outputs::new(&folders);
    known.stage(&folder.join(to.file_name().unwrap_or_default()), &mut outputs)?;
    outputs.commit()?;
    drop(folders);
    terminal::say(format_args!("{}: {}", to.display(), known.found()));
    let sound = known.analysis.captures.iter().all(|capture| reading::is_whole(from, capture));
    if sound { Ok(()) } else { Err(Failure::already_said(Status::Failed)) }
}

/// Refuses what cannot be read twice, and what must not be written over.
fn check(from: &Path, to: &Path) -> Result<(), Failure> {
    let is_pipe = fs::metadata(from).is_ok_and(|from| !from.is_file() && !from.is_dir());
    if from == Path::new("-") || is_pipe {
        return Err(Failure::usage(
            "what an exchange is called is known only at the end of a capture, so that it is read twice, and this can be \
             read only once: save it to a file first",
        ));
    }
    if let (Ok(one), Ok(other)) = (from.canonicalize(), to.canonicalize())
        && one == other
    {
        return Err(Failure::usage(format_args!(
            "{} is the capture itself: give another file with --output",
            to.display()
        )));
    }
    match fs::metadata(to) {
        Ok(there) if there.is_dir() => Err(Failure::failed(format_args!(
            "{}: this is a folder; name a file in it, as in {}",
            to.display(),
            to.join("commented.pcapng").display()
        ))),
        Ok(there) if !there.is_file() => Err(not_a_file(to)),
        _ if to == Path::new("-") => Err(not_a_file(to)),
        _ => Ok(()),
    }
}

fn not_a_file(to: &Path) -> Failure {
    Failure::usage(format_args!("comments are written to a file, and {} is none: name one with --output", to.display()))
}

/// A capture that was read once, and what there is to say of it.
pub struct Known<'a> {
    path: &'a Path,
    analysis: Analysis,
    run: Option<RunInfo>,
    /// What somebody wrote to the file as a whole.
    comments: Vec<String>,
    /// The most bytes that were kept of a frame.
    longest: u32,
    frames: u64,
}

impl<'a> Known<'a> {
    /// Reads a capture. `run` says how one of so many frames was made.
    pub fn of(
        path: &'a Path,
        name: &str,
        origin: Origin,
        run: impl FnOnce(u64) -> Option<RunInfo>,
    ) -> Result<Known<'a>, Failure> {
        let Source { read, shown } = reading::open(path).map_err(Failure::failed)?;
        let (mut comments, mut longest) = (Vec::new(), 0);
        let look = |met: Met<'_>| match met {
            Met::Frame(frame) => longest = longest.max(frame.data.len() as u32),
            Met::Comment(comment) if matches!(comment.on, Commented::Frame(_)) => {}
            // Which interface it is on is not told, and is one of several no more.
            Met::Comment(comment) => add(&mut comments, comment.text),
        };
        let settings = Settings { limit: MOST_EXCHANGES, ..Settings::default() };
        let capture = reading::read_from(read, name, None, origin, settings, look)
            .map_err(|error| Failure::failed(format_args!("{shown}: {error}")))?;
        let frames = capture.frames;
        Ok(Known { path, run: run(frames), analysis: Analysis::new(vec![capture]), comments, longest, frames })
    }

    /// Writes it beside its place, with comments.
    pub fn stage(&self, place: &Path, outputs: &mut Outputs<'_>) -> Result<(), Failure> {
        outputs.stage_by(place, |file| self.write(file, place))
    }

    fn write(&self, file: File, place: &Path) -> Result<(), Failure> {
        let failed = |error| match error {
            WriteError::Io { source, .. } => cannot_write(place, &source),
            other => cannot_write(place, &io::Error::other(other)),
        };
        let about = self.about();
        let mut writer = CommentedWriter::create(file, &pieces(&about), WRITTEN_AT_ONCE).map_err(failed)?;
        let mut interfaces: Vec<(LinkType, InterfaceNumber)> = Vec::new();
        walk(self.path, Keep::Bytes, |row| {
            // Packets that a recorder has added meanwhile have no exchange that is known.
            let Some(kept) = row.kept.as_ref().filter(|_| row.number <= self.frames) else { return Ok(Go::Stop) };
            let interface = match interfaces.iter().find(|(link, _)| *link == kept.link) {
                Some((_, number)) => *number,
                None => {
                    let interface =
                        Interface { snap_length: self.longest.max(USUAL_LONGEST), ..Interface::new(kept.link) };
                    let number = writer.interface(interface).map_err(failed)?;
                    interfaces.push((kept.link, number));
                    number
                }
            };
            let comments = self.comments_on(&row);
            let written = writer.write(interface, kept.time_ns, row.frame_len, &kept.data, &pieces(&comments));
            written.map_err(failed)?;
            Ok(Go::On)
        })?;
        writer.finish().map_err(failed)?;
        Ok(())
    }

    /// What is said of a packet, each a comment of its own: what others said first.
    fn comments_on(&self, row: &Row) -> Vec<String> {
        let mut comments = row.comments.clone();
        if let Some(packet) = &row.packet {
            if let Some(order) = packet.exchange {
                add(&mut comments, self.exchange(order as u64));
            }
            if let Some(name) = packet.analysis {
                add(&mut comments, name.to_string());
            }
        }
        for finding in self.findings().filter(|one| one.packets.binary_search(&row.number).is_ok()) {
            add(&mut comments, format!("{}: {}", finding.id, finding.id.title()));
        }
        comments
    }

    /// "update 3, GET /time"; beyond the exchanges that are kept, its number.
    fn exchange(&self, order: u64) -> String {
        match self.analysis.captures.iter().find_map(|capture| capture.exchanges.by_order(order)) {
            Some(exchange) => called(exchange),
            None => format!("exchange {order}"),
        }
    }

    /// What is said of the whole file, each a comment of its own: what others said first.
    fn about(&self) -> Vec<String> {
        let mut comments = self.comments.clone();
        add(&mut comments, self.found());
        let tables = tables::tables(&self.analysis);
        let known = findings::Known { analysis: &self.analysis, tables: &tables, run: self.run.as_ref(), bytes: &[] };
        if let Some(answer) = findings::at(&findings::find(&known), Place::Answer) {
            add(&mut comments, visible(&with_plain_spaces(answer)).into_owned());
        }
        for finding in self.findings() {
            add(&mut comments, visible(&format!("{}: {}", finding.id, found::sentence(finding))).into_owned());
        }
        if let Some(run) = &self.run {
            let lines: Vec<String> =
                provenance::of_run(run).iter().map(|Fact { topic, value }| format!("{topic}: {value}")).collect();
            add(&mut comments, visible_lines(&with_plain_spaces(&lines.join("\n"))).into_owned());
        }
        comments
    }

    /// What was found in it.
    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.analysis.captures.iter().flat_map(|capture| &capture.findings)
    }

    /// "34 TCP packets, 4 163 bytes: 3 connections, 9 exchanges, 3 updates".
    fn found(&self) -> String {
        let found = self.analysis.captures.iter().map(|capture| {
            let exchanges = capture.exchanges.len() as u64 + capture.rows_left_out;
            let skipped = match capture.skipped_frames {
                0 => String::new(),
                skipped => format!("; {} of other kinds", count(skipped, "frame")),
            };
            format!(
                "{}, {}: {}, {}, {}{skipped}",
                count(capture.totals.total_packets, "TCP packet"),
                count(capture.totals.frame_bytes, "byte"),
                count(capture.connections.len() as u64, "connection"),
                count(exchanges, "exchange"),
                count(capture.update_count, "update"),
            )
        });
        with_plain_spaces(&found.collect::<Vec<_>>().join("; "))
    }
}

/// An exchange by its name and what the protocol calls it.
fn called(exchange: &Exchange) -> String {
    match exchange.own_label() {
        Some(label) => format!("{}, {}", exchange.name(), visible(label)),
        None => exchange.name().to_string(),
    }
}

/// Adds a comment, unless it is there: whoever annotates a file again gets the same.
fn add(comments: &mut Vec<String>, comment: String) {
    if !comments.contains(&comment) {
        comments.push(comment);
    }
}

/// Comments in pieces that a file can hold.
fn pieces(comments: &[String]) -> Vec<&str> {
    let mut pieces = Vec::with_capacity(comments.len());
    for comment in comments {
        let mut rest = comment.as_str();
        while rest.len() > MOST_COMMENT {
            let (piece, more) = rest.split_at(rest.floor_char_boundary(MOST_COMMENT));
            pieces.push(piece);
            rest = more;
        }
        pieces.push(rest);
    }
    pieces
}

/// The longest frame that every reader takes: what Wireshark and tcpdump state as snap length.
const USUAL_LONGEST: u32 = 262_144;
/// Bytes of the file that are written at once.
const WRITTEN_AT_ONCE: usize = 64 << 10;
