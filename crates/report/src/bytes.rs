//! The bytes of a capture's frames, as far as a report shows them.

use wirelab_capture::{Frame, LinkType};

/// One frame with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameBytes {
    /// Its number in the capture, from 1.
    pub number: u64,
    /// When it was seen: nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// Its length on the wire.
    pub wire_len: u32,
    /// What kind of link it was seen on.
    pub link: LinkType,
    /// Where its data begins in the capture file.
    pub file_offset: u64,
    /// The bytes that were kept of it.
    pub data: Vec<u8>,
}

impl FrameBytes {
    /// The frame again, as a decoder takes it.
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            number: self.number,
            time_ns: self.time_ns,
            wire_len: self.wire_len,
            data: &self.data,
            link: self.link,
            file_offset: self.file_offset,
        }
    }
}

/// The frames of one capture: the first `limit` of them, as long as their bytes are no more than `most_bytes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureBytes {
    frames: Vec<FrameBytes>,
    limit: usize,
    /// How many bytes there is still room for.
    room: usize,
    seen: u64,
    /// SHA-256 of the capture file in lower-case hexadecimal, where it is known.
    pub sha256: Option<String>,
    /// Length of the capture file in bytes, where it is known.
    pub file_len: Option<u64>,
}

impl CaptureBytes {
    /// Nothing yet; will keep at most `limit` frames, with at most `most_bytes` together.
    pub fn new(limit: usize, most_bytes: usize) -> CaptureBytes {
        CaptureBytes { limit, room: most_bytes, ..CaptureBytes::default() }
    }

    /// Takes the next frame of the capture.
    pub fn push(&mut self, frame: &Frame<'_>) {
        self.seen += 1;
        if frame.data.len() > self.room {
            // Those that are kept are the first ones: a small one that comes later would stand alone.
            self.limit = self.frames.len();
        }
        if self.frames.len() < self.limit {
            self.room -= frame.data.len();
            self.frames.push(FrameBytes {
                number: frame.number,
                time_ns: frame.time_ns,
                wire_len: frame.wire_len,
                link: frame.link,
                file_offset: frame.file_offset,
                data: frame.data.to_vec(),
            });
        }
    }

    /// The frames that were kept, in order.
    pub fn frames(&self) -> &[FrameBytes] {
        &self.frames
    }

    /// How many frames there were in all.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The frame of this number, where it was kept.
    pub fn frame(&self, number: u64) -> Option<&FrameBytes> {
        // Frames are numbered from 1 without gaps, but a reader of several interfaces may skip some: look near first.
        let near = usize::try_from(number.checked_sub(1)?).ok()?;
        match self.frames.get(near) {
            Some(frame) if frame.number == number => Some(frame),
            _ => {
                self.frames.binary_search_by_key(&number, |frame| frame.number).ok().and_then(|at| self.frames.get(at))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frames_are_kept_as_long_as_there_is_room() {
        let kept = |limit, most_bytes| {
            let mut bytes = CaptureBytes::new(limit, most_bytes);
            for (number, len) in (1..).zip([40, 60, 1000, 10]) {
                let data = vec![0; len];
                bytes.push(&Frame {
                    number,
                    time_ns: 0,
                    wire_len: len as u32,
                    data: &data,
                    link: LinkType::ETHERNET,
                    file_offset: 0,
                });
            }
            assert_eq!(bytes.seen(), 4);
            bytes.frames().len()
        };
        assert_eq!([kept(9, 1110), kept(3, 1110), kept(9, 1109), kept(9, 1000), kept(9, 99)], [4, 3, 3, 2, 1]);
    }
}
