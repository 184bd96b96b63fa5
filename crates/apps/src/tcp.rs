//! The server's time over plain TCP: the client sends a line, the server answers.
//!
//! ```text
//! < Hello!                          on connecting
//! < Server time: 09:31:35
//! <
//! > time
//! < 09:31:45
//! <
//! > what?
//! < I do not understand: what?
//! <
//! > bye
//! < Good bye!                       and closes
//! ```
//!
//! There is no standard here but RFC 9293: what a message is, and where it ends, is this file's own decision.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use wirelab_clock::Clock;

use crate::connections::{self, Seat};
use crate::guard::Guard;
use crate::lines::{Line, Lines};
use crate::{Listener, ServerOptions};

/// Serves until `shutdown` resolves.
pub async fn run<L: Listener>(
    listener: L,
    clock: Clock,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let shared = Arc::new(options.clone());
    connections::serve(listener, &options, shutdown, move |io, seat| {
        let (clock, options) = (clock.clone(), Arc::clone(&shared));
        async move {
            if let Err(error) = talk(io, seat, &clock, &options).await {
                tracing::debug!(%error, "connection ended early");
            }
        }
    })
    .await;
    Ok(())
}

/// One client's conversation.
async fn talk<Io>(mut io: Guard<Io>, seat: Seat, clock: &Clock, options: &ServerOptions) -> io::Result<()>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let stopping = seat.stopping();
    tokio::pin!(stopping);
    let mut lines = Lines::new(options.limits.line);
    let mut piece = [0; READ_SIZE];

    if seat.is_turned_away() {
        io.write_all(FULL.as_bytes()).await?;
        return io.shutdown().await;
    }
    io.write_all(greeting(clock).as_bytes()).await?;
    // Only a whole line renews the time to be idle, so a line that never ends does not keep the connection.
    let mut idle_at = Instant::now() + options.timeouts.idle;
    'talk: loop {
        let read = tokio::select! {
            biased;
            () = &mut stopping => None,
            read = timeout_at(idle_at, io.read(&mut piece)) => read.ok(),
        };
        let Some(count) = read else {
            io.write_all(GOOD_BYE.as_bytes()).await?;
            break;
        };
        let mut rest = piece.get(..count?).unwrap_or_default();
        if rest.is_empty() {
            // `printf time | nc` sends no newline, and is a question all the same.
            if let Some(line) = lines.finish() {
                io.write_all(Answer::to(line, clock, options).words.as_bytes()).await?;
            }
            break;
        }
        while let Some(line) = lines.next(&mut rest) {
            let answer = Answer::to(line, clock, options);
            io.write_all(answer.words.as_bytes()).await?;
            if answer.ends {
                break 'talk;
            }
            idle_at = Instant::now() + options.timeouts.idle;
        }
    }
    io.shutdown().await
}

struct Answer {
    words: String,
    ends: bool,
}

impl Answer {
    fn to(line: Line, clock: &Clock, options: &ServerOptions) -> Answer {
        let line = match line {
            Line::Text(line) => line,
            Line::TooLong => return Answer::unknown(&format!("a line of more than {} bytes", options.limits.line)),
        };
        match line.trim_ascii() {
            b"time" => Answer { words: format!("{}\n\n", clock.time_of_day()), ends: false },
            b"bye" => Answer { words: GOOD_BYE.to_owned(), ends: true },
            other => Answer::unknown(&printable(other)),
        }
    }

    fn unknown(what: &str) -> Answer {
        Answer { words: format!("I do not understand: {what}\n\n"), ends: false }
    }
}

fn greeting(clock: &Clock) -> String {
    format!("Hello!\nServer time: {}\n\n", clock.time_of_day())
}

/// What the client said, with its control characters shown instead of sent back to its terminal.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        match character.is_control() {
            true => text.extend(character.escape_default()),
            false => text.push(character),
        }
    }
    text
}

const FULL: &str = "The server is full: all places for clients are taken. Good bye!\n";
const GOOD_BYE: &str = "Good bye!\n";

/// A command has four letters; what comes in more pieces is put together by [`Lines`].
const READ_SIZE: usize = 256;
