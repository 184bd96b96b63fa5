//! A person who watches: the page, whose script reads an answer without end line by line.

use tokio::time::Instant;
use wirelab_catalog::App;

use crate::profile::Call;
use crate::subscription::{self, Records, Tab};
use crate::{Connect, Fault, Script, TimeOfDay};

/// Opens the streaming app's page, and asks for the stream.
pub(crate) async fn open<C: Connect>(
    connector: &C,
    script: &Script,
    deadline: Instant,
) -> Result<(Tab<C::Io, Lines>, TimeOfDay), Fault> {
    subscription::open(Call::Fetch, App::Stream.path(), connector, script, deadline).await
}

/// Lines with something on them.
#[derive(Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
}

impl Records for Lines {
    const MEDIA_TYPE: &'static str = "application/x-ndjson";
    const AWAITED: &'static str = "a line";
    const ENDLESS: &'static str = "a stream that goes on";

    fn read(&mut self, bytes: &[u8], mut take: impl FnMut(String)) -> Result<(), Fault> {
        for &byte in bytes {
            match byte {
                b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    if !line.trim_ascii().is_empty() {
                        take(String::from_utf8_lossy(&line).into_owned());
                    }
                }
                _ if self.line.len() == LIMIT => {
                    return Err(Fault::unexpected(format!("a line of at most {LIMIT} bytes"), "a longer one"));
                }
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.line.len()
    }
}

/// Far more than a time needs.
const LIMIT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_however_they_are_cut() {
        for size in 1..20 {
            let (mut lines, mut taken) = (Lines::default(), Vec::new());
            for piece in b"{\"a\": 1}\n\n \r\n{}\n{".chunks(size) {
                lines.read(piece, |line| taken.push(line)).unwrap();
            }
            assert_eq!(taken, ["{\"a\": 1}", "{}"]);
            assert_eq!(lines.pending(), 1);
        }
        assert!(Lines::default().read(&[b'x'; LIMIT + 1], |_| {}).is_err());
    }
}
