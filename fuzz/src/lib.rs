#![forbid(unsafe_code)]
//! What every stream decoder promises, checked on whatever the fuzzer makes up.
//!
//! ```text
//! fuzz/run.sh 60 http1
//! ```

use std::fmt::Debug;

/// The link types that the packet decoder knows, and one that it does not: the first byte of a seed chooses.
pub const LINKS: [u16; 13] = [1, 0, 9, 12, 14, 101, 108, 113, 147, 228, 229, 276, 65_535];

/// One step: bytes consumed, a number for their mark, and the event in words; or the error in words.
pub type Told = Result<(usize, u8, Option<String>), String>;

/// One step of a decoder, in the form that is compared here.
pub fn told<M: Mark, E: Debug, X: Debug>(step: Result<wirelab_dissect::Step<M, E>, X>) -> Told {
    match step {
        Ok(step) => Ok((step.consumed, step.mark.number(), step.event.map(|event| format!("{event:?}")))),
        Err(error) => Err(format!("{error:?}")),
    }
}

/// A mark as a number.
pub trait Mark {
    /// Different for different marks of one decoder.
    fn number(self) -> u8;
}

macro_rules! marks {
    ($($mark:ty),*) => {
        $(impl Mark for $mark {
            fn number(self) -> u8 {
                self as u8
            }
        })*
    };
}

marks!(
    wirelab_dissect::http1::Mark,
    wirelab_dissect::http2::Mark,
    wirelab_dissect::sse::Mark,
    wirelab_dissect::tls::Mark,
    wirelab_dissect::websocket::Mark
);

/// What a decoder said of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Transcript {
    marks: Vec<u8>,
    events: Vec<(usize, String)>,
    error: Option<String>,
}

/// Takes the first byte of the input as the size of the pieces, and holds the decoder to saying of the pieces what it
/// says of the whole.
pub fn same_however_cut<S: FnMut(&[u8]) -> Told>(data: &[u8], new: impl Fn() -> S) {
    let Some((&size, stream)) = data.split_first() else { return };
    let whole = feed(new(), [stream]);
    for size in [1, usize::from(size).max(1)] {
        let pieces = feed(new(), stream.chunks(size));
        assert_eq!(whole.events, pieces.events, "in pieces of {size}");
        assert_eq!(whole.error, pieces.error, "in pieces of {size}");
        if whole.error.is_none() {
            assert_eq!(whole.marks, pieces.marks, "in pieces of {size}");
            assert_eq!(whole.marks.len(), stream.len());
        }
    }
}

fn feed<'a>(mut step: impl FnMut(&[u8]) -> Told, pieces: impl IntoIterator<Item = &'a [u8]>) -> Transcript {
    let mut transcript = Transcript::default();
    for piece in pieces {
        let mut rest = piece;
        let mut still = 0;
        loop {
            let (consumed, mark, event) = match step(rest) {
                Ok(told) => told,
                Err(error) => {
                    transcript.error = Some(error);
                    return transcript;
                }
            };
            assert!(consumed > 0 || event.is_some() || rest.is_empty(), "no progress");
            still = if consumed == 0 { still + 1 } else { 0 };
            assert!(still < 4, "events without end");
            transcript.marks.extend(std::iter::repeat_n(mark, consumed));
            rest = &rest[consumed..];
            let more = consumed > 0 || event.is_some();
            transcript.events.extend(event.map(|event| (transcript.marks.len(), event)));
            if !more {
                break;
            }
        }
    }
    transcript
}
