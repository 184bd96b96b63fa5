//! How is a timeline played? Each step when it is due, or at once if late; none before the one before was answered;
//! and none waited for beyond the script's patience.

use tokio::time::{Instant, sleep_until, timeout_at};
use wirelab_catalog::Renewal;
use wirelab_clock::Clock;

use crate::{Action, DriveError, Fault, Script, Step, TimeOfDay};

/// A client that has connected.
pub(crate) trait Session {
    /// Gets the time once more.
    async fn update(&mut self, deadline: Instant) -> Result<TimeOfDay, Fault>;

    /// What the client does while nothing is due; returns only if something goes wrong. May be dropped at any time.
    async fn idle(&mut self) -> Fault;

    /// Leaves.
    async fn close(&mut self, deadline: Instant) -> Result<(), Fault>;
}

/// Plays the script's timeline: `open` is its first step.
pub(crate) async fn play<S: Session>(
    clock: &Clock,
    script: &Script,
    on_step: &mut dyn FnMut(&Step),
    open: impl AsyncFnOnce(Instant) -> Result<(S, TimeOfDay), Fault>,
) -> Result<Vec<Step>, DriveError> {
    let timeline = &script.timeline;
    let mut steps = Vec::new();
    let mut note = |step: Action, time| {
        let step = Step { step, due: timeline.due(step), done: clock.elapsed(), time };
        on_step(&step);
        steps.push(step);
    };
    let due = |step| clock.instant_at(timeline.due(step));
    let deadline = |step| due(step).max(Instant::now()) + script.patience;
    let failed = |step| move |fault| DriveError::during(step, script.patience, fault);

    let step = Action::Connect;
    sleep_until(due(step)).await;
    let (mut session, time) = open(deadline(step)).await.map_err(failed(step))?;
    note(step, Some(time));

    for step in (1..=timeline.updates()).map(Action::Update) {
        // Who does not ask, or asked before, waits from the step before on, so that an early update is noted when it comes.
        if timeline.renewal() == Renewal::Asked {
            wait(&mut session, step, due(step)).await?;
        }
        let time = session.update(deadline(step)).await.map_err(failed(step))?;
        note(step, Some(time));
    }

    let step = Action::Close;
    wait(&mut session, step, due(step)).await?;
    let deadline = deadline(step);
    let closed = timeout_at(deadline, session.close(deadline)).await;
    let awaited = "its connections to close";
    closed.unwrap_or(Err(Fault::Unanswered { awaited, received: 0 })).map_err(failed(step))?;
    note(step, None);
    Ok(steps)
}

/// Lets the session idle until a step is due. Even where that is past it looks once at what has come, so that bytes
/// which were sent unasked are not taken for the answer to the next request.
async fn wait<S: Session>(session: &mut S, step: Action, due: Instant) -> Result<(), DriveError> {
    tokio::select! {
        biased;
        fault = session.idle() => Err(DriveError::Before { step, fault }),
        () = sleep_until(due) => Ok(()),
    }
}
