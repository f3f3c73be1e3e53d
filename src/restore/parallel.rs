//! The same work on many numbers, by all workers, each taking a few at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::sys::process;

/// `asked` threads, or as many as there are processors where nobody asked.
pub fn workers(asked: usize) -> usize {
    if asked == 0 { process::cpus() } else { asked }
}

/// Calls `act` for all of `0..count`, `step` neighbouring numbers after each other by the same worker,
/// until one call answers `false`. `start` makes what a worker keeps to itself.
pub fn for_each<S>(
    workers: usize,
    count: usize,
    step: usize,
    start: impl Fn() -> S + Sync,
    act: impl Fn(&mut S, usize) -> bool + Sync,
) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own = start();
        loop {
            let first = next.fetch_add(step, Ordering::Relaxed);
            if first >= count {
                return;
            }
            for number in first..count.min(first + step) {
                if !act(&mut own, number) {
                    next.store(count, Ordering::Relaxed);
                    return;
                }
            }
        }
    };
    let workers = workers.min(count.div_ceil(step.max(1)));
    if workers <= 1 {
        return work();
    }
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
}
