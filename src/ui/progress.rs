//! What goes on, on standard error: one line that redraws itself on a terminal, and warnings.
//!
//! Workers report from many threads, a hundred thousand times a second; so an event only adds to
//! counters, and a ticking thread draws. Away from a terminal nothing is drawn, and only warnings are
//! written, for cron mails whatever is said. Warnings are kept as well, within a bound, because the
//! JSON document at the end carries them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use unicode_width::UnicodeWidthStr;

use crate::base::monitor::{Event, Monitor};
use crate::ui::style::Style;
use crate::ui::table::{Shrink, fit};
use crate::ui::terminal::Terminal;
use crate::ui::{escape, format};

/// The line is made here whole; the library only draws it.
const TEMPLATE: &str = "{line}";
/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(100);
/// The rate is that of so long a time before now.
const RATE_WINDOW: Duration = Duration::from_secs(10);
/// Warnings that are kept for the final document; the others are only counted.
const WARNINGS_KEPT: usize = 1000;

/// How much is to be shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgressOptions {
    /// Draw the line (it is a terminal, and nobody asked for silence).
    pub draw: bool,
    /// Tell details as well.
    pub details: bool,
    /// How warnings are painted.
    pub style: Style,
}

/// Shows and keeps what is reported.
#[derive(Debug)]
pub struct Progress {
    options: ProgressOptions,
    state: Arc<State>,
    bar: Option<ProgressBar>,
    warnings: Mutex<Warnings>,
}

/// Warnings so far.
#[derive(Clone, Debug, Default)]
pub struct Warnings {
    /// The first thousand, as they were reported.
    pub kept: Vec<String>,
    /// How many there were.
    pub count: u64,
}

#[derive(Debug, Default)]
struct State {
    files: AtomicU64,
    bytes: AtomicU64,
    total_bytes: AtomicU64,
    words: Mutex<Words>,
}

/// What changes seldom, or is looked at only when drawing.
#[derive(Debug, Default)]
struct Words {
    stage: String,
    current: String,
    rate: Rate,
}

impl Progress {
    /// Begins to show what will be reported.
    pub fn new(options: ProgressOptions) -> Self {
        let state = Arc::new(State::default());
        let bar = options.draw.then(|| start_bar(Arc::clone(&state)));
        Self { options, state, bar, warnings: Mutex::default() }
    }

    /// Clears the line and hands out the warnings.
    pub fn finish(&self) -> Warnings {
        self.clear();
        std::mem::take(&mut lock(&self.warnings))
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Writes a line above the one that redraws itself.
    fn say(&self, line: &str) {
        // Nobody can be told that standard error cannot be written.
        let write = || drop(writeln!(std::io::stderr().lock(), "{line}"));
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Monitor for Progress {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Stage(stage) => {
                let mut words = lock(&self.state.words);
                words.stage = escape::text(stage).into_owned();
                words.current.clear();
                words.rate = Rate::default();
                self.state.files.store(0, Ordering::Relaxed);
                self.state.bytes.store(0, Ordering::Relaxed);
                self.state.total_bytes.store(0, Ordering::Relaxed);
            }
            Event::Total { bytes, .. } => self.state.total_bytes.store(bytes, Ordering::Relaxed),
            Event::Advance { files, bytes } => {
                self.state.files.fetch_add(files, Ordering::Relaxed);
                self.state.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Event::Current(name) => {
                // Whoever would have to wait for the lock lets another name be shown.
                if self.bar.is_some()
                    && let Ok(mut words) = self.state.words.try_lock()
                {
                    words.current.clear();
                    words.current.push_str(name);
                }
            }
            Event::Warning(text) => {
                let mut warnings = lock(&self.warnings);
                warnings.count += 1;
                if warnings.kept.len() < WARNINGS_KEPT {
                    warnings.kept.push(text.to_owned());
                }
                drop(warnings);
                self.say(&format!("{} {}", self.options.style.yellow("warning:"), escape::text(text)));
            }
            Event::Detail(text) if self.options.details => self.say(&escape::text(text)),
            Event::Detail(_) => {}
        }
    }
}

/// What a panicking thread left behind is still good enough to be shown.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start_bar(state: Arc<State>) -> ProgressBar {
    let begin = Instant::now();
    let line = move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
        let width = Terminal::stderr().width.unwrap_or(80);
        // Where the drawing target fails, there is nobody to tell.
        let _ = out.write_str(&state.line(begin.elapsed(), width));
    };
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    // The template is a constant; a test says that it is sound.
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style.with_key("line", line));
    }
    bar.enable_steady_tick(TICK);
    bar
}

impl State {
    /// The line to draw at `now`, at most one column less than `width`, lest the cursor wraps.
    fn line(&self, now: Duration, width: usize) -> String {
        let files = self.files.load(Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        let total = self.total_bytes.load(Ordering::Relaxed);
        let mut words = lock(&self.words);
        let per_second = words.rate.sample(now, bytes);
        let mut line = words.stage.clone();
        // Writing to a string cannot fail.
        if total > 0 {
            let percent = (u128::from(bytes) * 100 / u128::from(total)).min(100);
            let _ = write!(line, "  {percent}%  {} of {}", format::size(bytes), format::size(total));
        } else if bytes > 0 {
            let _ = write!(line, "  {}", format::size(bytes));
        }
        if per_second > 0 {
            let _ = write!(line, "  {}/s", format::size(per_second));
        }
        if per_second > 0 && total > bytes {
            let left = Duration::from_secs((total - bytes).div_ceil(per_second));
            let _ = write!(line, "  {} left", format::duration(left));
        }
        if files > 0 {
            let _ = write!(line, "  {}", format::counted(files, "file", "files"));
        }
        let room = (width - 1).saturating_sub(line.width() + 2);
        if !words.current.is_empty() && room > 10 {
            line.push_str("  ");
            line.push_str(&fit(&escape::text(&words.current), room, Shrink::Start));
        }
        fit(&line, width - 1, Shrink::End)
    }
}

/// Bytes a second over the last while.
#[derive(Debug, Default)]
struct Rate {
    samples: VecDeque<(Duration, u64)>,
}

impl Rate {
    /// Takes in that `bytes` were done at `now`, and tells the rate.
    fn sample(&mut self, now: Duration, bytes: u64) -> u64 {
        self.samples.push_back((now, bytes));
        while self.samples.len() > 2 && now.saturating_sub(self.samples[0].0) > RATE_WINDOW {
            self.samples.pop_front();
        }
        let (then, before) = self.samples[0];
        let milliseconds = now.saturating_sub(then).as_millis();
        let done = u128::from(bytes.saturating_sub(before)) * 1000;
        done.checked_div(milliseconds).and_then(|rate| u64::try_from(rate).ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use indicatif::ProgressStyle;
    use unicode_width::UnicodeWidthStr;

    use super::{Progress, ProgressOptions, Rate, TEMPLATE, WARNINGS_KEPT};
    use crate::base::monitor::{Event, Monitor};

    fn running() -> Progress {
        let progress = Progress::new(ProgressOptions::default());
        progress.event(Event::Stage("restoring"));
        progress.event(Event::Total { files: 10, bytes: 10 << 20 });
        progress.state.line(Duration::ZERO, 80);
        progress.event(Event::Advance { files: 3, bytes: 4 << 20 });
        progress
    }

    #[test]
    fn the_line_tells_stage_share_rate_and_time_left() {
        let line = running().state.line(Duration::from_secs(2), 100);
        assert_eq!(line, "restoring  40%  4.0 MiB of 10.0 MiB  2.0 MiB/s  3.0 s left  3 files");
    }

    #[test]
    fn a_new_stage_counts_anew_and_an_unknown_total_is_left_out() {
        let progress = running();
        progress.event(Event::Stage("scanning"));
        progress.event(Event::Advance { files: 1, bytes: 5 });
        assert_eq!(progress.state.line(Duration::from_secs(2), 100), "scanning  5 B  1 file");
    }

    #[test]
    fn more_than_was_announced_is_never_more_than_all() {
        let progress = running();
        progress.event(Event::Advance { files: 0, bytes: u64::MAX / 2 });
        assert!(progress.state.line(Duration::from_secs(2), 200).contains("100%"));
    }

    #[test]
    fn the_line_never_wraps_and_never_commands_the_terminal() {
        let progress = running();
        progress.state.words.lock().unwrap().current = format!("/{}/日本語\x1b[2J/end", "long/".repeat(50));
        for width in 20..300 {
            let line = progress.state.line(Duration::from_secs(2), width);
            assert!(line.width() < width, "{width}: {line}");
            assert!(!line.contains('\x1b'));
        }
    }

    #[test]
    fn the_rate_forgets_what_is_long_ago() {
        let mut rate = Rate::default();
        for second in 0..=20 {
            rate.sample(Duration::from_secs(second), if second < 10 { 0 } else { (second - 10) * 100 });
        }
        assert_eq!(rate.sample(Duration::from_secs(20), 1000), 100);
    }

    #[test]
    fn many_threads_may_report_while_the_line_is_drawn() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
        let progress = Progress::new(ProgressOptions { draw: true, ..ProgressOptions::default() });
        progress.event(Event::Stage("testing"));
        progress.event(Event::Total { files: 4000, bytes: 4000 << 20 });
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let progress = &progress;
                scope.spawn(move || {
                    for number in 0..1000 {
                        progress.event(Event::Current(&format!("/thread/{thread}/file/{number}")));
                        progress.event(Event::Advance { files: 1, bytes: 1 << 20 });
                        if number == 500 {
                            progress.event(Event::Warning("this warning belongs to a test"));
                        }
                    }
                });
            }
        });
        assert_eq!(progress.state.files.load(Ordering::Relaxed), 4000);
        assert_eq!(progress.finish().kept.len(), 4);
    }

    #[test]
    fn warnings_are_all_counted_and_not_all_kept() {
        let progress = Progress::new(ProgressOptions::default());
        for _ in 0..WARNINGS_KEPT + 5 {
            progress.warnings.lock().unwrap().count += 1;
        }
        assert_eq!(progress.finish().count, WARNINGS_KEPT as u64 + 5);
        assert_eq!(progress.finish().count, 0);
    }
}
