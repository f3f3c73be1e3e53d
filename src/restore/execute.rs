//! Carrying a plan out: the order of the steps, and what they share.
//!
//! 1. Deletions. 2. Directories. 3. Everything without contents. 4. Comparison of what is there.
//! 5. Contents. 6. Hard links. 7. Reading back. 8. The directories' metadata, deepest first.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use std::{fs, io};

use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::repo::tree::EntryKind;
use crate::restore::content::Slots;
use crate::restore::dirs::Dirs;
use crate::restore::error::{RestoreError, chain_text};
use crate::restore::fetch;
use crate::restore::items::Action;
use crate::restore::journal::{Journal, path_hash};
use crate::restore::options::RestoreOptions;
use crate::restore::owners::{Ids, Resolver};
use crate::restore::parallel;
use crate::restore::plan::RestorePlan;
use crate::restore::schedule::Schedule;
use crate::restore::source::Source;
use crate::restore::summary::{Failure, RestoreSummary, SCHEMA};
use crate::sys::error::{SysError, SysResult, show_path};
use crate::sys::target::Target;
use crate::sys::{disk, process};

/// Warnings kept word for word; the others are counted.
const WARNINGS_MAX: usize = 1000;

/// What is counted while running.
#[derive(Debug, Default)]
pub struct Counters {
    files: AtomicU64,
    /// Directories made.
    pub dirs: AtomicU64,
    /// Links and special files made.
    pub others: AtomicU64,
    /// Entries found right.
    pub unchanged: AtomicU64,
    /// Entries removed.
    pub deleted: AtomicU64,
    written: AtomicU64,
    fetched: AtomicU64,
    requests: AtomicU64,
    /// Bytes found at the target.
    pub reused: AtomicU64,
}

impl Counters {
    /// Counts one ranged read.
    pub fn fetched(&self, bytes: u64) {
        self.fetched.fetch_add(bytes, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// What all steps of an execution share.
pub struct Run<'a> {
    /// The repository.
    pub source: &'a dyn Source,
    /// The plan.
    pub plan: &'a RestorePlan,
    /// What was asked for.
    pub options: &'a RestoreOptions,
    /// Whose files become, by owner number.
    pub ids: Arc<[Ids]>,
    /// The same for owners that stand nowhere in the plan.
    pub resolver: Resolver,
    /// Who we are.
    pub own: (u32, u32),
    /// Threads to use.
    pub workers: usize,
    /// What is finished.
    pub journal: Journal,
    /// Files of several blocks under way.
    pub slots: Slots,
    /// Placements still to be written, by item.
    pub remaining: Vec<AtomicU32>,
    /// What is counted.
    pub counters: Counters,
    /// Where everything goes.
    pub target: Target,
    monitor: &'a dyn Monitor,
    interrupt: &'a Interrupt,
    halted: AtomicBool,
    why_halted: Mutex<Option<RestoreError>>,
    failed: Vec<AtomicBool>,
    failures: Mutex<BTreeMap<u32, (String, bool)>>,
    warnings: Mutex<(Vec<String>, u64)>,
}

/// Carries `plan` out, with the options that it was made with.
pub fn execute(
    source: &dyn Source,
    plan: &RestorePlan,
    options: &RestoreOptions,
    monitor: &dyn Monitor,
    interrupt: &Interrupt,
) -> Result<RestoreSummary, RestoreError> {
    if plan.target != options.target {
        return Err(RestoreError::OtherPlan);
    }
    plan.need_warm()?;
    let started = Instant::now();
    let run = Run::begin(source, plan, options, monitor, interrupt)?;
    let verified = match run.steps() {
        Ok(verified) => verified,
        Err(error) => {
            run.give_up_all();
            run.journal.flush()?;
            return Err(error);
        }
    };
    Ok(run.finish(verified, started))
}

impl<'a> Run<'a> {
    fn begin(
        source: &'a dyn Source,
        plan: &'a RestorePlan,
        options: &'a RestoreOptions,
        monitor: &'a dyn Monitor,
        interrupt: &'a Interrupt,
    ) -> Result<Self, RestoreError> {
        process::raise_open_files_limit();
        let target = Target::create(&options.target).map_err(RestoreError::Target)?;
        let items = &plan.items;
        let kept = (0..items.len())
            .filter(|number| items.get(*number).action == Action::Kept)
            .map(|number| path_hash(&items.path(number)));
        let journal = Journal::open(&plan.journal, plan.resumes, plan.makes_target, kept)?;
        let resolver = Resolver::new(&options.owners);
        let run = Self {
            source,
            plan,
            options,
            ids: resolver.resolve_all(items.owners()),
            resolver,
            own: process::own_ids(),
            workers: parallel::workers(options.workers),
            journal,
            slots: Slots::default(),
            remaining: items.list().iter().map(|item| AtomicU32::new(item.chunk_count)).collect(),
            counters: Counters::default(),
            target,
            monitor,
            interrupt,
            halted: AtomicBool::new(false),
            why_halted: Mutex::default(),
            failed: items.list().iter().map(|_| AtomicBool::new(false)).collect(),
            failures: Mutex::default(),
            warnings: Mutex::new((plan.warnings().to_vec(), plan.warnings().len() as u64)),
        };
        for number in (0..items.len()).filter(|number| items.get(*number).action == Action::Lost) {
            let why = items.extra(number).and_then(|extra| extra.reason.clone()).unwrap_or_default();
            run.fail_text(number, why, true);
        }
        Ok(run)
    }

    fn steps(&self) -> Result<Option<u64>, RestoreError> {
        let counts = self.plan.counts();
        self.monitor.event(Event::Stage("restoring"));
        self.monitor.event(Event::Total { files: counts.files, bytes: counts.restore_bytes });
        self.delete();
        self.check_stopped()?;
        self.make_dirs();
        self.check_stopped()?;
        self.make_nodes();
        self.check_stopped()?;
        let wanted = self.compare();
        self.check_stopped()?;
        match wanted {
            None => fetch::write_all(self, &self.plan.schedule)?,
            Some(wanted) => {
                let items = &self.plan.items;
                let is_wanted = |at: usize| wanted[at].load(Ordering::Relaxed);
                for (number, left) in self.remaining.iter().enumerate() {
                    let (first, list) = items.placements_of(number as u32);
                    let count = (first..first + list.len()).filter(|at| is_wanted(*at)).count();
                    left.store(count as u32, Ordering::Relaxed);
                }
                let (blocks, options) = (&self.plan.blocks, self.options);
                let (gap, most) = (options.gap_bytes, options.span_max_bytes);
                let schedule = Schedule::new(blocks, items.placements(), is_wanted, gap, most);
                fetch::write_all(self, &schedule)?;
            }
        }
        self.make_links();
        self.check_stopped()?;
        let verified = self.options.verify.then(|| {
            self.monitor.event(Event::Stage("verifying"));
            self.verify()
        });
        self.check_stopped()?;
        self.finish_dirs();
        self.check_stopped()?;
        if self.options.sync {
            self.sync_file_systems().map_err(RestoreError::Target)?;
        }
        Ok(verified)
    }

    /// Makes durable what was written: the target's file system, and each that is mounted below it where
    /// the plan has something. Others there may be a network's that does not answer.
    fn sync_file_systems(&self) -> SysResult<()> {
        self.target.root().sync_file_system()?;
        let target = fs::canonicalize(&self.plan.target).unwrap_or_else(|_| self.plan.target.clone());
        let mut mounts: HashMap<Vec<u8>, PathBuf> = HashMap::new();
        for mount in disk::mounts_below(&target) {
            if let Ok(below) = mount.strip_prefix(&target) {
                mounts.insert([b"/", below.as_os_str().as_bytes()].concat(), mount);
            }
        }
        let items = &self.plan.items;
        for number in 0..items.len() {
            if mounts.is_empty() {
                break;
            }
            let is_directory = items.get(number).kind == EntryKind::Dir;
            if let Some(mount) = is_directory.then(|| mounts.remove(&items.path(number))).flatten() {
                disk::sync_mount(&mount)?;
            }
        }
        Ok(())
    }

    fn finish(self, verified: Option<u64>, started: Instant) -> RestoreSummary {
        let plan = self.plan;
        let items = &plan.items;
        let shown = |number: u32| show_path(&items.path(number));
        let refused = (0..items.len()).filter(|number| items.get(*number).action == Action::Refuse);
        let refusals: Vec<Failure> = refused
            .map(|number| {
                let why = items.extra(number).and_then(|extra| extra.reason.clone()).unwrap_or_default();
                Failure { path: shown(number), why, damage: false }
            })
            .collect();
        let failures = std::mem::take(&mut *self.failures.lock().unwrap_or_else(PoisonError::into_inner));
        let failed = failures
            .into_iter()
            .map(|(number, (why, damage))| Failure { path: shown(number), why, damage })
            .collect();
        let (mut warnings, mut warning_count) =
            std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
        if let Err(error) = self.journal.remove() {
            warnings.push(chain_text(&error));
            warning_count += 1;
        }
        let counts = plan.counts();
        let counted = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let dirs_there = items.list().iter().filter(|item| item.kind == EntryKind::Dir);
        let dirs_there = dirs_there.filter(|item| item.action == Action::Metadata).count() as u64;
        let links = |number: &u32| items.extra(*number).is_some_and(|extra| extra.link_to.is_some());
        let links_there = (0..items.len())
            .filter(links)
            .filter(|number| items.get(*number).action == Action::Metadata)
            .count() as u64;
        RestoreSummary {
            schema: SCHEMA,
            snapshot: plan.snapshot,
            target: plan.target.to_string_lossy().into_owned(),
            files: counted(&self.counters.files),
            dirs: counted(&self.counters.dirs) + dirs_there,
            others: counted(&self.counters.others),
            unchanged: counts.unchanged + counts.metadata - dirs_there - links_there
                + counted(&self.counters.unchanged),
            kept: counts.kept,
            deleted: counted(&self.counters.deleted),
            refused: counts.refuse,
            refusals,
            failed,
            warnings,
            warning_count,
            written_bytes: counted(&self.counters.written),
            fetched_bytes: counted(&self.counters.fetched),
            requests: counted(&self.counters.requests),
            reused_bytes: counted(&self.counters.reused),
            verified,
            duration_seconds: started.elapsed().as_secs_f64(),
            resumed: plan.resumes,
        }
    }

    /// A worker's directories.
    pub fn dirs(&self) -> Dirs<'_> {
        Dirs::new(&self.target, &self.plan.items)
    }

    /// Whether everything is to end.
    pub fn stopped(&self) -> bool {
        if self.halted.load(Ordering::Relaxed) {
            return true;
        }
        if self.interrupt.is_set() {
            self.stop(RestoreError::Interrupted);
            return true;
        }
        false
    }

    /// Ends everything; the first reason counts.
    pub fn stop(&self, error: RestoreError) {
        let mut why = self.why_halted.lock().unwrap_or_else(PoisonError::into_inner);
        why.get_or_insert(error);
        self.halted.store(true, Ordering::Relaxed);
    }

    /// The reason for which everything ends, if there is one.
    pub fn check_stopped(&self) -> Result<(), RestoreError> {
        if !self.stopped() {
            return Ok(());
        }
        let mut why = self.why_halted.lock().unwrap_or_else(PoisonError::into_inner);
        Err(why.take().unwrap_or(RestoreError::Interrupted))
    }

    /// Gives an entry up because the system refuses; a full disk ends everything.
    pub fn fail(&self, number: u32, error: &SysError) {
        if matches!(error.io_kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            let source = io::Error::from(error.io_kind());
            self.stop(RestoreError::Full(SysError::new(error.op, error.path.clone(), source)));
        }
        self.fail_text(number, chain_text(error), false);
    }

    /// Gives an entry up; `damage` says that the repository is to blame. The first reason counts.
    pub fn fail_text(&self, number: u32, why: String, damage: bool) {
        self.failed[number as usize].store(true, Ordering::Release);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let std::collections::btree_map::Entry::Vacant(free) = failures.entry(number) {
            let text = format!("{}: {why}", show_path(&self.plan.items.path(number)));
            self.monitor.event(Event::Warning(&text));
            free.insert((why, damage));
        }
    }

    /// Whether an entry was given up.
    pub fn has_failed(&self, number: u32) -> bool {
        self.failed[number as usize].load(Ordering::Acquire)
    }

    /// Whether an entry was given up for damage.
    pub fn is_damage(&self, number: u32) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(&number).is_some_and(|(_, damage)| *damage)
    }

    /// Notes something that went wrong and loses no contents.
    pub fn warn(&self, error: &SysError) {
        let text = chain_text(error);
        self.monitor.event(Event::Warning(&text));
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.1 += 1;
        if warnings.0.len() < WARNINGS_MAX {
            warnings.0.push(text);
        }
    }

    /// Notes several such things.
    pub fn warn_all(&self, errors: Vec<SysError>) {
        errors.iter().for_each(|error| self.warn(error));
    }

    /// Whether an entry was there before.
    pub fn updates(&self, number: u32) -> bool {
        self.plan.items.get(number).action == Action::Update
    }

    /// Counts and reports what was written.
    pub fn advance(&self, files: u64, bytes: u64) {
        self.counters.written.fetch_add(bytes, Ordering::Relaxed);
        self.monitor.event(Event::Advance { files, bytes });
    }

    /// Counts a file that is whole, and notes it in the journal.
    pub fn finished_file(&self, number: u32) {
        self.counters.files.fetch_add(1, Ordering::Relaxed);
        self.note_done(number);
    }

    /// Counts a file that was to be updated and turned out to be right.
    pub fn found_right(&self, number: u32) {
        self.counters.unchanged.fetch_add(1, Ordering::Relaxed);
        self.monitor.event(Event::Advance { files: 1, bytes: self.plan.items.get(number).size });
        self.note_done(number);
    }

    fn note_done(&self, number: u32) {
        let item = self.plan.items.get(number);
        if let Err(error) = self.journal.done(&self.plan.items.path(number), item.size, item.mtime) {
            self.stop(error);
        }
    }
}
