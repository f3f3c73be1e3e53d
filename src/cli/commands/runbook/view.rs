//! What a run looks like: finished steps as lines, and below them, on a terminal, what goes on now.
//!
//! The lines below are drawn anew each second, for what is waited for is often nothing but time. Away from a
//! terminal every record is one plain line; under `--json` it is one document on standard output. Whoever
//! carries the run out can answer at the terminal; whoever only watches is told how to answer.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::base::time::{Clock as _, Timestamp};
use crate::cli::commands::runbook::status::waiting_lines;
use crate::cli::output::Output;
use crate::runbook::answer::{find_step, judge, leave};
use crate::runbook::hands::Watcher;
use crate::runbook::record::{Answer, Deed, Entry, Record};
use crate::runbook::report::line;
use crate::runbook::runs::Runs;
use crate::runbook::state::{Progress, RunState, between};
use crate::sys::clock::SystemClock;
use crate::ui::{escape, format};

/// One record as scripts see it: schema `lifeboat.runbook-event/1`.
#[derive(Serialize)]
struct Event<'a> {
    schema: &'static str,
    time: crate::base::time::Timestamp,
    run: &'a str,
    what: String,
    #[serde(flatten)]
    record: &'a Record,
}

/// The view.
pub struct View {
    output: Output,
    bar: Option<ProgressBar>,
    state: Mutex<RunState>,
    /// Whether the run is carried out by this process.
    is_own: bool,
}

/// How often the lines below are drawn anew.
const DRAW_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether there is anything left to draw.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl View {
    /// Begins to show a run that this process carries out.
    pub fn begin(output: &Output, state: &RunState) -> Self {
        Self::show(output, state, true, output.draws() && !output.json)
    }

    /// Begins to show a run that somebody else carries out; live only where nothing else reads the lines.
    pub fn watch(output: &Output, state: &RunState) -> Self {
        let is_live = output.draws() && !output.json && std::io::stdout().is_terminal();
        Self::show(output, state, false, is_live)
    }

    fn show(output: &Output, state: &RunState, is_own: bool, is_live: bool) -> Self {
        let bar = is_live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template has no placeholders that could be unknown.
            bar.set_style(
                ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let view = Self { output: *output, bar, state: Mutex::new(state.clone()), is_own };
        if is_own || is_live {
            view.say(&format!("run {} of {}", state.header.run, state.header.runbook));
        }
        view.draw();
        view
    }

    /// Whether people can answer at this terminal.
    pub fn listens(&self) -> bool {
        self.is_own && self.bar.is_some() && std::io::stdin().is_terminal()
    }

    /// Whether there are lines below.
    pub fn is_live(&self) -> bool {
        self.bar.is_some()
    }

    /// Draws the lines below each second, until it is over.
    pub fn tick(&self, over: &AtomicBool) {
        if self.bar.is_none() {
            return;
        }
        let mut drawn = Instant::now();
        while !over.load(Ordering::Acquire) {
            thread::sleep(LOOK_EVERY);
            if drawn.elapsed() >= DRAW_EVERY {
                drawn = Instant::now();
                self.draw();
            }
        }
    }

    fn say(&self, text: &str) {
        if self.output.quiet {
            return;
        }
        let text = escape::text(text);
        match &self.bar {
            Some(bar) => bar.println(text),
            None if self.output.json => {}
            // Nobody can be told that standard error cannot be written.
            None => drop(writeln!(std::io::stderr().lock(), "{text}")),
        }
    }

    /// The lines below: what goes on, since when, and who is waited for.
    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemClock.now();
        let done = state.steps.values().filter(|step| matches!(step.progress, Progress::Ended(_))).count();
        let mut lines =
            vec![format!("{}: {done} steps ended, {}", state.header.run, elapsed(state.began, now))];
        for (path, step) in state.order.iter().filter_map(|path| Some((path, state.steps.get(path)?))) {
            if matches!(step.progress, Progress::Ended(_)) {
                continue;
            }
            let since = elapsed(step.attempt_began, now);
            let whom = step.asked.as_ref().map(|asked| match asked.ask.who.is_empty() {
                true => " for anybody".to_owned(),
                false => format!(" for {}", asked.ask.who.join(", ")),
            });
            let whom = whom.filter(|_| step.progress == Progress::Waiting).unwrap_or_default();
            lines.push(format!("  {path} {}{whom}, {since}: {}", step.progress.as_str(), step.title));
        }
        match self.listens() {
            true if state.waiting().next().is_some() => {
                lines.push("  answer: approve|refuse|ack|fail|choose STEP [TEXT]".into());
            }
            false if !self.is_own => {
                lines.extend(waiting_lines(&state).into_iter().map(|line| format!("  {line}")));
            }
            _ => {}
        }
        bar.set_message(
            lines.iter().map(|line| escape::text(line).into_owned()).collect::<Vec<_>>().join("\n"),
        );
    }

    /// Where the run is, as far as it was seen.
    pub fn state(&self) -> RunState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the lines below away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Whole seconds since then: fractions would flicker.
fn elapsed(since: Timestamp, now: Timestamp) -> String {
    match between(since, now).as_secs() {
        seconds @ 0..10 => format!("{seconds} s"),
        seconds => format::duration(Duration::from_secs(seconds)),
    }
}

impl Watcher for View {
    fn saw(&self, entry: &Entry, state: &RunState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state.clone();
        if self.output.json {
            let event = Event {
                schema: "lifeboat.runbook-event/1",
                time: entry.time,
                run: &state.header.run,
                what: line(entry),
                record: &entry.record,
            };
            // A reader that has gone must not keep a recovery from going on.
            let _ = self.output.document(&event);
            return;
        }
        // On a terminal the lines below show what goes on; what has begun becomes a line once it has ended.
        let is_below = self.bar.is_some() && matches!(entry.record, Record::Intent { .. });
        if !is_below && !matches!(entry.record, Record::Began(_)) {
            let clock = format::timestamp(entry.time);
            self.say(&format!("{clock}  {}", line(entry)));
        }
        self.draw();
    }

    fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("lifeboat: {}", escape::text(text))),
            None => self.output.warn(&escape::text(text)),
        }
    }
}

/// Takes answers at the terminal, on a thread that ends with the process.
pub fn listen(runs: &Runs, run: &str, name: Option<&String>) -> thread::JoinHandle<()> {
    let (runs, run) = (runs.clone(), run.to_owned());
    let by = super::begin::operator(name);
    thread::spawn(move || {
        for typed in std::io::stdin().lock().lines().map_while(Result::ok) {
            if typed.trim().is_empty() {
                continue;
            }
            if let Err(why) = take(&runs, &run, &by, &typed) {
                // As above: there is nobody else to tell.
                let _ = writeln!(std::io::stderr().lock(), "lifeboat: {}", escape::text(&why));
            }
        }
    })
}

/// One line that somebody typed: a word, a step, and perhaps more.
fn take(runs: &Runs, run: &str, by: &str, typed: &str) -> Result<(), String> {
    let mut words = typed.trim().splitn(3, ' ');
    let (word, step) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let rest = words.next().map(str::trim).filter(|rest| !rest.is_empty()).map(str::to_owned);
    let deed = match word {
        "approve" => Deed::Approve,
        "refuse" => Deed::Refuse,
        "ack" | "done" => Deed::Ack,
        "fail" => Deed::Fail,
        "choose" => Deed::Choose,
        "abort" => Deed::Abort,
        _ => return Err(format!("{word} is none of approve, refuse, ack, fail, choose, abort")),
    };
    let state = runs.read(run).map_err(|error| error.to_string())?.state;
    let path = match deed {
        Deed::Abort => String::new(),
        _ => find_step(&state, step).ok_or_else(|| format!("no step {step} waits"))?,
    };
    let mut answer = Answer::new(&path, deed, by, "terminal", SystemClock.now());
    match deed {
        Deed::Choose => answer.value = rest,
        _ => answer.note = rest,
    }
    judge(&state, &answer)?;
    leave(&runs.inbox(run), &answer).map_err(|error| error.to_string())
}
