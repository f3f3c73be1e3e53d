//! Fetching and writing: by the same worker in turn, or, of a distant store, by workers of their own, so that
//! what it sends next is on its way while what it sent is written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::restore::content::Writer;
use crate::restore::error::{RestoreError, chain_text};
use crate::restore::execute::Run;
use crate::restore::parallel;
use crate::restore::schedule::{Schedule, Span};
use crate::restore::source::SourceError;

/// A span's number, and what was read of it.
type Fetched = (usize, Result<Vec<u8>, SourceError>);

/// Fetches and writes all of `schedule`.
pub fn write_all(run: &Run<'_>, schedule: &Schedule) -> Result<(), RestoreError> {
    let count = schedule.spans.len();
    if run.options.fetchers == 0 {
        let start = || Writer::new(run);
        parallel::for_each(run.workers, count, 1, start, |writer, number| {
            match writer {
                Ok(writer) => {
                    let span = &schedule.spans[number];
                    writer.write_span(schedule, span, run.read_span(span));
                }
                Err(error) => run.stop(no_writer(error)),
            }
            !run.stopped()
        });
        return run.check_stopped();
    }
    let next = AtomicUsize::new(0);
    // Without room: who has fetched something waits until it is taken, which bounds what is held.
    let (give, take) = bounded(0);
    thread::scope(|scope| {
        for _ in 0..run.options.fetchers.min(count) {
            let (next, give) = (&next, give.clone());
            scope.spawn(move || fetch(run, schedule, next, &give));
        }
        for _ in 0..run.workers.min(count) {
            let take = take.clone();
            scope.spawn(move || write(run, schedule, &take));
        }
        // Each side ends when the other one has.
        drop((give, take));
    });
    run.check_stopped()
}

fn fetch(run: &Run<'_>, schedule: &Schedule, next: &AtomicUsize, give: &Sender<Fetched>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(span) = schedule.spans.get(number).filter(|_| !run.stopped()) else { return };
        if give.send((number, run.read_span(span))).is_err() {
            return;
        }
    }
}

fn write(run: &Run<'_>, schedule: &Schedule, take: &Receiver<Fetched>) {
    let mut writer = match Writer::new(run) {
        Ok(writer) => writer,
        Err(error) => return run.stop(no_writer(&error)),
    };
    for (number, read) in take {
        writer.write_span(schedule, &schedule.spans[number], read);
        if run.stopped() {
            return;
        }
    }
}

fn no_writer(error: &SourceError) -> RestoreError {
    RestoreError::Source(SourceError { kind: error.kind, what: chain_text(error), source: None })
}

impl Run<'_> {
    /// Fetches and opens one span.
    pub fn read_span(&self, span: &Span) -> Result<Vec<u8>, SourceError> {
        self.counters.fetched(span.plain.end - span.plain.start);
        self.source.read_plain(&self.plan.packs[span.pack as usize], span.plain.clone())
    }
}
