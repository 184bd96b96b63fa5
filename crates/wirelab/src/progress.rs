//! How far is the run?
//!
//! On a terminal: a bar per app with the step it is at, and above them the time that is left. Elsewhere one line when
//! the run begins, so that a log stays readable.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bars of a run. Where nobody watches, they are not drawn.
pub struct Progress {
    bars: MultiProgress,
    total: ProgressBar,
    length: Duration,
    begun: Instant,
    over: AtomicBool,
}

impl Progress {
    /// Bars for a run of this length of real time.
    pub fn shown(length: Duration) -> Progress {
        Progress::on(ProgressDrawTarget::stderr_with_hz(10), length)
    }

    /// Bars that are not drawn: nobody watches, or there is nothing to wait for.
    pub fn hidden() -> Progress {
        Progress::on(ProgressDrawTarget::hidden(), Duration::ZERO)
    }

    fn on(target: ProgressDrawTarget, length: Duration) -> Progress {
        let bars = MultiProgress::with_draw_target(target);
        let total = bars.add(ProgressBar::new(length.as_millis() as u64));
        total.set_style(style("{msg}"));
        Progress { bars, total, length, begun: Instant::now(), over: AtomicBool::new(false) }
    }

    /// The bar of one app.
    pub fn app(&self, title: &str, steps: u64) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(steps));
        bar.set_style(style("{prefix:>10} [{bar:24}] {msg}"));
        bar.set_prefix(title.to_owned());
        bar.set_message("connect");
        bar
    }

    /// Moves the clock on; call it a few times a second.
    pub fn tick(&self) {
        let left = self.length.saturating_sub(self.begun.elapsed());
        // Rounded up: it says 1 s until there is nothing left.
        let seconds = left.as_millis().div_ceil(1000);
        self.total.set_message(if seconds > 0 {
            format!("{} left", show(seconds as u64))
        } else {
            "letting the link fall quiet".to_owned()
        });
    }

    /// Shows the clock until [`Progress::finish`]: run it in a thread of its own.
    pub fn keep_ticking(&self) {
        while !self.over.load(Ordering::Relaxed) {
            self.tick();
            std::thread::park_timeout(Duration::from_millis(200));
        }
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
        // A terminal that is gone needs no clearing.
        let _ = self.bars.clear();
    }
}

fn show(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are those of this file, and are drawn by its tests.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
