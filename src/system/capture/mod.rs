//! Capturing: collectors look at the machine side by side, and what they find becomes one document.
//!
//! Each collector has a thread, a time limit and no one who depends on it. One that fails, hangs or panics is
//! a warning in the document and costs its own section alone; a backup is never lost for it. A collector that
//! the kernel holds (a dead network file system) cannot be ended: it is left behind, and its section stays
//! empty.

mod accounts;
mod boot;
mod containers;
pub mod contribute;
mod host;
pub mod machine;
mod network;
mod packages;
pub mod probe;
mod schedules;
mod section;
mod services;
mod settings;
mod storage;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::limits;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::base::time::Timestamp;
use crate::sys::error::SysResult;
use crate::system::capture::machine::{Live, Machine};
use crate::system::capture::probe::{Kept, Probe};
use crate::system::capture::section::Section;
use crate::system::model::storage::DeviceKind;
use crate::system::model::{CollectorReport, Outcome, SCHEMA, SystemState};

/// How long each collector may take unless the caller says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(120);
/// How long past that its thread is waited for: programs are asked to end before they are killed.
const GRACE: Duration = Duration::from_secs(8);
/// How often the wait looks whether the run was interrupted.
const POLL: Duration = Duration::from_millis(50);

/// What to capture, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory that is taken for `/`.
    pub root: PathBuf,
    /// Whether LUKS headers are kept. They open the disk for ever to whoever has them and an old passphrase.
    pub keeps_luks_headers: bool,
    /// How long each collector may take.
    pub time_limit: Duration,
    /// When this is.
    pub now: Timestamp,
}

impl Options {
    /// The running system, at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { root: PathBuf::from("/"), keeps_luks_headers: false, time_limit: TIME_LIMIT, now }
    }
}

/// What was captured.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    /// The document.
    pub state: SystemState,
    /// The files behind it, in order of `state.files`.
    pub files: Vec<Kept>,
}

type Collector = fn(&mut Probe) -> Section;

/// All of them; a collector's name is its section's.
const COLLECTORS: [(&str, Collector); 10] = [
    ("accounts", |probe| Section::Accounts(accounts::collect(probe))),
    ("boot", |probe| Section::Boot(boot::collect(probe))),
    ("containers", |probe| Section::Containers(containers::collect(probe))),
    ("host", |probe| Section::Host(host::collect(probe))),
    ("network", |probe| Section::Network(network::collect(probe))),
    ("packages", |probe| Section::Packages(packages::collect(probe))),
    ("schedules", |probe| Section::Schedules(schedules::collect(probe))),
    ("services", |probe| Section::Services(services::collect(probe))),
    ("settings", |probe| Section::Settings(settings::collect(probe))),
    ("storage", |probe| Section::Storage(Box::new(storage::collect(probe)))),
];

/// What a collector's thread leaves.
struct Yield {
    index: usize,
    section: Section,
    kept: Vec<Kept>,
    warnings: Vec<String>,
    is_timed_out: bool,
    elapsed: Duration,
}

/// Captures the system below `options.root`. Only that directory itself must be there; everything else that
/// cannot be had is a warning of its collector.
pub fn capture(options: &Options, interrupt: &Interrupt, monitor: &dyn Monitor) -> SysResult<Captured> {
    let machine = Live::open(&options.root)?;
    Ok(capture_machine(Arc::new(machine), options, interrupt, monitor))
}

/// Captures a machine that is given.
pub fn capture_machine(
    machine: Arc<dyn Machine>,
    options: &Options,
    interrupt: &Interrupt,
    monitor: &dyn Monitor,
) -> Captured {
    monitor.event(Event::Stage("looking at the system"));
    let mut captured = Captured::default();
    captured.state = SystemState {
        schema: SCHEMA.to_owned(),
        captured: options.now,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        root: machine.root().to_owned(),
        ..SystemState::default()
    };
    let begun = Instant::now();
    let yields = start(&machine, options, interrupt, begun + options.time_limit);
    let mut missing: Vec<bool> = vec![true; COLLECTORS.len()];
    let last = begun + options.time_limit + GRACE;
    while missing.contains(&true) {
        let left = last.saturating_duration_since(Instant::now());
        match yields.recv_timeout(left.min(POLL)) {
            Ok(one) => {
                missing[one.index] = false;
                take(one, &mut captured);
            }
            Err(RecvTimeoutError::Timeout) if !left.is_zero() && !interrupt.is_set() => {}
            // All threads have ended, or what is left of them is not waited for.
            Err(_) => break,
        }
    }
    let left_behind = |(index, (name, _)): (usize, &(&str, Collector))| {
        missing[index].then(|| give_up(name, begun.elapsed(), options.time_limit))
    };
    captured.state.collectors.extend(COLLECTORS.iter().enumerate().filter_map(left_behind));
    finish(&mut captured);
    for report in &captured.state.collectors {
        for warning in &report.warnings {
            monitor.event(Event::Warning(&format!("system state, {}: {warning}", report.name)));
        }
    }
    captured
}

fn start(
    machine: &Arc<dyn Machine>,
    options: &Options,
    interrupt: &Interrupt,
    deadline: Instant,
) -> Receiver<Yield> {
    let (sender, yields) = mpsc::channel();
    for (index, (name, collect)) in COLLECTORS.into_iter().enumerate() {
        let mut probe = Probe::new(Arc::clone(machine), interrupt.clone(), deadline);
        probe.keeps_luks_headers = options.keeps_luks_headers;
        let sender = sender.clone();
        let work = move || {
            let begun = Instant::now();
            let section = collect(&mut probe);
            let Probe { kept, warnings, is_timed_out, .. } = probe;
            // Nobody listens any more where it came too late.
            let elapsed = begun.elapsed();
            let _ = sender.send(Yield { index, section, kept, warnings, is_timed_out, elapsed });
        };
        // Without a thread its sender is gone, which is the same as an end without a word.
        drop(thread::Builder::new().name(format!("capture-{name}")).spawn(work));
    }
    yields
}

/// The report of a collector that never answered.
fn give_up(name: &str, elapsed: Duration, limit: Duration) -> CollectorReport {
    let is_late = elapsed >= limit;
    let why = match is_late {
        true => format!("it did not end within {} s and was left behind", limit.as_secs()),
        false => "it ended without an answer".to_owned(),
    };
    CollectorReport {
        name: name.to_owned(),
        outcome: if is_late { Outcome::TimedOut } else { Outcome::Failed },
        warnings: vec![why],
        milliseconds: elapsed.as_millis() as u64,
    }
}

/// Puts what a collector found into the document.
fn take(mut one: Yield, captured: &mut Captured) {
    let state = &mut captured.state;
    let size = one.section.json_bytes();
    if size > limits::SYSTEM_SECTION_MAX_BYTES {
        one.section = one.section.emptied();
        one.warnings.push(format!("what was found is too much to be true: {size} bytes"));
    }
    let is_empty = match one.section {
        Section::Host(section) => put(&mut state.host, section),
        Section::Boot(section) => put(&mut state.boot, section),
        Section::Storage(section) => put(&mut state.storage, *section),
        Section::Packages(section) => put(&mut state.packages, section),
        Section::Services(section) => put(&mut state.services, section),
        Section::Schedules(section) => put(&mut state.schedules, section),
        Section::Accounts(section) => put(&mut state.accounts, section),
        Section::Settings(section) => put(&mut state.settings, section),
        Section::Network(section) => put(&mut state.network, section),
        Section::Containers(section) => put(&mut state.containers, section),
    };
    let outcome = match (one.is_timed_out, one.warnings.is_empty(), is_empty) {
        (true, _, _) => Outcome::TimedOut,
        (_, false, true) => Outcome::Failed,
        (_, false, false) => Outcome::Partial,
        (_, true, true) => Outcome::Absent,
        (_, true, false) => Outcome::Complete,
    };
    state.collectors.push(CollectorReport {
        name: COLLECTORS[one.index].0.to_owned(),
        outcome,
        warnings: one.warnings,
        milliseconds: one.elapsed.as_millis() as u64,
    });
    captured.files.extend(one.kept);
}

/// Whether what was put there says nothing.
fn put<T: Default + PartialEq>(place: &mut T, section: T) -> bool {
    *place = section;
    *place == T::default()
}

/// What needs several sections, and the order of what came in any order.
fn finish(captured: &mut Captured) {
    let state = &mut captured.state;
    let mut disks = Vec::new();
    for device in &state.storage.devices {
        if matches!(&device.kind, DeviceKind::Disk(disk) if disk.has_grub) {
            disks.push(device.key.clone());
        }
    }
    boot::finish(&mut state.boot, &state.packages, disks);
    state.collectors.sort_by(|left, right| left.name.cmp(&right.name));
    captured.files.sort_by(|left, right| left.file.path.cmp(&right.file.path));
    // Two collectors may look at the same file.
    captured.files.dedup_by(|left, right| left.file.path == right.file.path);
    state.files = captured.files.iter().map(|kept| kept.file.clone()).collect();
}
