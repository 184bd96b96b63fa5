//! Who takes the frames of a wire?

use std::io;

/// Takes each frame, in order of time: its time in nanoseconds since the Unix epoch, and its bytes. An error ends the run.
pub trait Recorder: FnMut(u64, &[u8]) -> io::Result<()> + Send + 'static {}

impl<F: FnMut(u64, &[u8]) -> io::Result<()> + Send + 'static> Recorder for F {}
