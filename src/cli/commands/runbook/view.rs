//! What a run looks like: finished steps as lines, and below them, on a terminal, what goes on now.
//!
//! Away from a terminal every record is one plain line; under `--json` it is one document on standard output.
//! On a terminal people can answer right here.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::base::time::Clock as _;
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
    began: Instant,
}

impl View {
    /// Begins to show a run.
    pub fn begin(output: &Output, state: &RunState) -> Self {
        let is_live = output.draws() && !output.json;
        let bar = is_live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template has no placeholders that could be unknown.
            bar.set_style(
                ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let view = Self { output: *output, bar, state: Mutex::new(state.clone()), began: Instant::now() };
        view.say(&format!("run {} of {}", state.header.run, state.header.runbook));
        view.draw();
        view
    }

    /// Whether people can answer at this terminal.
    pub fn listens(&self) -> bool {
        self.bar.is_some() && std::io::stdin().is_terminal()
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
        let elapsed = format::duration(between(state.began, now));
        let mut lines = vec![format!("{}: {done} steps ended, {elapsed}", state.header.run)];
        for (path, step) in state.order.iter().filter_map(|path| Some((path, state.steps.get(path)?))) {
            if matches!(step.progress, Progress::Ended(_)) {
                continue;
            }
            let since = format::duration(between(step.attempt_began, now));
            let whom = step.asked.as_ref().map(|asked| match asked.ask.who.is_empty() {
                true => " for anybody".to_owned(),
                false => format!(" for {}", asked.ask.who.join(", ")),
            });
            let whom = whom.filter(|_| step.progress == Progress::Waiting).unwrap_or_default();
            lines.push(format!("  {path} {}{whom}, {since}: {}", step.progress.as_str(), step.title));
        }
        if self.listens() && state.waiting().next().is_some() {
            lines.push("  answer: approve|refuse|ack|fail|choose STEP [TEXT]".into());
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

    /// How long it has been shown.
    pub fn shown_for(&self) -> Duration {
        self.began.elapsed()
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
