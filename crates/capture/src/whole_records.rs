//! How is a file never left with half a record in it?
//!
//! pcap-file writes a record field by field. [`WholeRecords`] stands between it and the output: what is written gathers
//! here, and goes out in one `write_all` when it is flushed, which the writers do between records only.

use std::io::{self, Write};

/// Gathers what is written until it is flushed.
#[derive(Debug)]
pub(crate) struct WholeRecords<W> {
    out: W,
    waiting: Vec<u8>,
}

impl<W: Write> WholeRecords<W> {
    /// With room for so many bytes to wait.
    pub(crate) fn new(out: W, room: usize) -> WholeRecords<W> {
        WholeRecords { out, waiting: Vec::with_capacity(room) }
    }

    /// How many bytes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Hands over what waits, flushes the output and gives it back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for WholeRecords<W> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    /// Hands over all that waits. The output itself is not flushed: that is left to the end.
    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.write_all(&self.waiting);
        // Cleared also after a failure: a second try would write records twice, behind a torn one.
        self.waiting.clear();
        result
    }
}
