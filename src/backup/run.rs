//! One backup from beginning to commit.
//!
//! The order is the protocol's (src/repo/FORMAT.md): session, collector's state, index; packs, segments,
//! snapshot. Whatever happens before the last step leaves the repository as it was, with some more chunks
//! that the next backup will find.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{bounded, unbounded};

use crate::backup::assemble::{Surroundings, assemble};
use crate::backup::attach::{self, Attached};
use crate::backup::catalogue::{Catalogue, CatalogueWriter, Description};
use crate::backup::dry_run;
use crate::backup::error::BackupError;
use crate::backup::feeder::with_feeder;
use crate::backup::job::{job_key, lock_job, merged_names};
use crate::backup::notes::{Notes, State};
use crate::backup::options::{BackupOptions, Source};
use crate::backup::prepare::Resolved;
use crate::backup::report::{BackupReport, DryRunEntry, DryRunReport};
use crate::backup::roots::RootNode;
use crate::backup::storer::Storer;
use crate::backup::stream;
use crate::backup::walk::Walk;
use crate::backup::worker::{read_large, work};
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::base::time::{Clock, Timestamp};
use crate::repo::chain::{Chain, ChainError};
use crate::repo::open::Repository;
use crate::repo::read::IndexedRepository;
use crate::repo::session::{Session, SessionError};
use crate::repo::snapshot::{RootChunks, SCHEMA, Snapshot, Statistics};
use crate::repo::tree::{ChunkList, Entry};
use crate::sys::file::create_private_dir;
use crate::sys::meta::owners::Owners;
use crate::sys::process;

/// What a backup needs from outside.
pub struct Context<'a> {
    /// Hears what goes on.
    pub monitor: &'a dyn Monitor,
    /// Tells when to give up.
    pub interrupt: &'a Interrupt,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// Backs up into `repository`; answers what was done once the snapshot stands.
pub fn backup(
    repository: Repository,
    options: &BackupOptions,
    mut resolved: Resolved,
    context: &Context<'_>,
) -> Result<BackupReport, BackupError> {
    let begun = context.clock.elapsed();
    let started = context.clock.now();
    let state_dir = repository.state_dir();
    let job = job_key(options, &resolved.names);
    let _lock = lock_job(&state_dir, &job)?;
    let (session, indexed, gone) = repository.begin_session(&options.host, started)?;
    let notes = Notes::new(context.monitor);
    warn_of_damage(&notes, &indexed, gone.len());
    let catalogue_path = state_dir.join("catalogues").join(format!("{job}.cat"));
    let run = Run { options, context, indexed: &indexed, session: &session, notes: &notes };
    let outcome = run.pipeline(&mut resolved, &catalogue_path, gone.is_empty());
    let Taken { root, attached, catalogue, old } = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            session.abandon();
            return Err(error);
        }
    };
    let state = notes.summary();
    let mut snapshot =
        run.commit_ready(&resolved, started, root, &state, old.as_ref().and_then(|d| d.snapshot));
    snapshot.attachments = attached.records;
    finish(session, &indexed, &notes, snapshot, catalogue, old, options, begun, context)
}

#[allow(clippy::too_many_arguments)] // One caller; the parts have nothing else in common.
fn finish(
    session: Session,
    indexed: &IndexedRepository,
    notes: &Notes<'_>,
    mut snapshot: Snapshot,
    catalogue: Option<CatalogueWriter>,
    old: Option<Description>,
    options: &BackupOptions,
    begun: Duration,
    context: &Context<'_>,
) -> Result<BackupReport, BackupError> {
    let repository = indexed.repository();
    let chain = match Chain::hold(repository.client(), &repository.state_dir(), &options.host) {
        Ok(chain) => chain,
        Err(error) => {
            session.abandon();
            return Err(chain_error(error));
        }
    };
    chain.warning.iter().for_each(|warning| notes.warn(warning));
    (snapshot.sequence, snapshot.previous) = (chain.sequence, chain.previous);
    snapshot.finished = context.clock.now();
    let id = session.id();
    let epoch = session.epoch();
    let hash = session.commit(repository.keyring(), &snapshot)?;
    // The snapshot stands. What fails from here on costs time at the next backup, never data.
    if let Err(error) = chain.extend(id, hash) {
        notes.warn(&format!("the head of the chain could not be kept: {error}"));
    }
    let state = notes.summary();
    if let Some(catalogue) = catalogue {
        let names = merged_names(old, &state.names);
        let description = Description {
            repository: repository.id().to_string(),
            snapshot: Some(id),
            epoch,
            segments: indexed.index().segments().into_iter().collect(),
            users: names.users,
            groups: names.groups,
            options: options.fingerprint(),
        };
        if let Err(error) = catalogue.finish(&description) {
            notes.warn(&format!("the catalogue could not be kept, the next backup reads all: {error}"));
        }
    }
    if let Err(error) = indexed.index().compact() {
        notes.warn(&format!("the index cache could not be merged: {error}"));
    }
    let state = notes.summary();
    Ok(BackupReport {
        schema: "lifeboat.backup/1",
        snapshot: id,
        host: snapshot.host,
        time: snapshot.time,
        parent: snapshot.parent,
        statistics: snapshot.statistics,
        attachments: snapshot.attachments,
        duration_seconds: (context.clock.elapsed().saturating_sub(begun)).as_secs_f64(),
        faults: state.faults,
        warning_count: state.warning_count,
        warnings: state.warnings,
        live_packs: indexed.index().live_packs(),
    })
}

fn chain_error(error: ChainError) -> BackupError {
    match error {
        ChainError::Store(error) => BackupError::Session(crate::repo::session::SessionError::Store(error)),
        ChainError::Lock(error) => BackupError::Lock(error),
        ChainError::Local(error) => BackupError::Local {
            path: PathBuf::from("the state directory"),
            source: std::io::Error::other(error.to_string()),
        },
    }
}

/// What stays the same through the pipeline.
struct Run<'r> {
    options: &'r BackupOptions,
    context: &'r Context<'r>,
    indexed: &'r IndexedRepository,
    session: &'r Session,
    notes: &'r Notes<'r>,
}

/// What the pipeline took.
struct Taken {
    root: ChunkList,
    attached: Attached,
    catalogue: Option<CatalogueWriter>,
    old: Option<Description>,
}

impl Run<'_> {
    fn pipeline(
        &self,
        resolved: &mut Resolved,
        catalogue_path: &std::path::Path,
        nothing_gone: bool,
    ) -> Result<Taken, BackupError> {
        let repository = self.indexed.repository();
        let chunker = repository.chunker()?;
        let storer = Storer::new(self.indexed, self.session, self.context.clock, chunker, self.options.level);
        let result = self.take(&storer, resolved, catalogue_path, nothing_gone);
        // Published even when the backup fails: what is stored need not be stored again.
        let finished = match &result {
            Err(BackupError::Pack { .. } | BackupError::Session(_)) => Ok(()),
            _ => storer.finish(),
        };
        let outcome = result?;
        finished?;
        let counts = &storer.counts;
        self.notes.store(Statistics {
            new_bytes: counts.new_bytes.load(Ordering::Relaxed),
            stored_bytes: counts.stored_bytes.load(Ordering::Relaxed),
            packs: counts.packs.load(Ordering::Relaxed),
            new_chunks: counts.new_chunks.load(Ordering::Relaxed),
            ..Statistics::default()
        });
        Ok(outcome)
    }

    fn threads(&self) -> usize {
        if self.options.threads == 0 { process::cpus() } else { self.options.threads }
    }

    fn take(
        &self,
        storer: &Storer<'_>,
        resolved: &mut Resolved,
        catalogue_path: &std::path::Path,
        nothing_gone: bool,
    ) -> Result<Taken, BackupError> {
        self.context.monitor.event(Event::Stage("backing up"));
        let (mut attached, mut root) = (Attached::default(), None);
        if resolved.roots.is_none() || !resolved.contributors.is_empty() {
            let interrupt = self.context.interrupt;
            with_feeder(storer, self.notes, self.context, self.threads(), |feeder| {
                attached = attach::store(feeder, &mut resolved.contributors, self.notes, interrupt)?;
                if resolved.roots.is_none() {
                    let stream = stream::store(feeder, &self.options.source)?;
                    let entries = stream.into_iter().chain(attached.entry.take()).collect();
                    root = Some(feeder.tree(b"/", entries)?);
                }
                Ok(())
            })?;
        }
        let mut guard = resolved.guard.take();
        match (root, &resolved.roots) {
            (Some(root), _) => Ok(Taken { root, attached, catalogue: None, old: None }),
            (None, Some(roots)) => {
                let entry = attached.entry.take();
                let guarded = |result: Result<(), String>| result.map_err(|what| BackupError::Guard { what });
                guarded(guard.as_mut().map_or(Ok(()), |guard| guard.before()))?;
                let walked = self.walk(storer, resolved, roots, entry, catalogue_path, nothing_gone);
                match guard.map_or(Ok(None), |mut guard| guard.after()) {
                    Ok(fault) => fault.iter().for_each(|fault| self.notes.fault(b"/", fault)),
                    // That something may be stuck is worse than whatever became of the walk.
                    Err(what) => return Err(BackupError::Guard { what }),
                }
                Ok(Taken { attached, ..walked? })
            }
            (None, None) => Err(BackupError::Worker),
        }
    }

    fn walk(
        &self,
        storer: &Storer<'_>,
        resolved: &Resolved,
        roots: &RootNode,
        attached: Option<Entry>,
        catalogue_path: &std::path::Path,
        nothing_gone: bool,
    ) -> Result<Taken, BackupError> {
        process::raise_open_files_limit();
        let local = |source| BackupError::Local { path: catalogue_path.to_path_buf(), source };
        if let Some(dir) = catalogue_path.parent() {
            create_private_dir(dir).map_err(|error| local(std::io::Error::other(error.to_string())))?;
        }
        let old = Catalogue::open(catalogue_path).filter(|old| self.is_usable(old.description()));
        let all_there = nothing_gone && old.as_ref().is_some_and(|old| self.is_all_there(old.description()));
        let mut catalogue = CatalogueWriter::create(catalogue_path).map_err(local)?;
        let stopped = AtomicBool::new(false);
        let walk = Walk::new(&resolved.filter).reserving(attached.is_some()).redirected(&resolved.redirects);
        self.tell_of_missing(resolved);
        let threads = self.threads();
        let (jobs, job_queue) = bounded(2 * threads);
        let (large, large_queue) = bounded(16);
        let (done_sender, done) = unbounded();
        let root = thread::scope(|scope| {
            for _ in 0..threads {
                let (queue, done) = (job_queue.clone(), done_sender.clone());
                let (walk, stopped) = (&walk, &stopped);
                scope.spawn(move || work(storer, &queue, &done, stopped));
                scope.spawn(move || walk.help());
            }
            drop(job_queue);
            let (pieces, reports, stop) = (jobs.clone(), done_sender.clone(), &stopped);
            scope.spawn(move || read_large(storer.chunker(), &large_queue, &pieces, &reports, stop));
            drop(done_sender);
            let around = Surroundings {
                options: self.options,
                walk: &walk,
                storer,
                catalogue: old.as_ref(),
                all_there,
                jobs,
                large,
                done,
                notes: self.notes,
                clock: self.context.clock,
                interrupt: self.context.interrupt,
                stopped: &stopped,
            };
            let result = assemble(&around, &walk.start(roots.clone()), attached, &mut catalogue);
            if result.is_err() {
                stopped.store(true, Ordering::Release);
            }
            walk.stop();
            let Surroundings { jobs, large, done, .. } = around;
            drop((jobs, large));
            // Workers flush what they have gathered and end; an error of theirs comes last.
            let late = done.iter().find_map(|done| match done {
                crate::backup::worker::Done::Failed(error) => Some(error),
                _ => None,
            });
            match (result, late) {
                (Ok(_), Some(error)) => Err(error),
                (result, _) => result,
            }
        })?;
        let old = old.map(|old| old.description().clone());
        Ok(Taken { root, attached: Attached::default(), catalogue: Some(catalogue), old })
    }

    fn tell_of_missing(&self, resolved: &Resolved) {
        for (path, why) in &resolved.missing {
            let what = format!("not in the snapshot of the file system: {why}; give it a job of its own");
            self.notes.fault(path.as_os_str().as_bytes(), &what);
        }
    }

    /// Whether lines of the previous backup mean the same today.
    fn is_usable(&self, old: &Description) -> bool {
        let owners = Owners::new();
        let same =
            |known: Option<std::sync::Arc<str>>, then: &Option<String>| known.as_deref() == then.as_deref();
        old.repository == self.indexed.repository().id().to_string()
            && old.options == self.options.fingerprint()
            && old.users.iter().all(|(uid, name)| same(owners.user_name(*uid), name))
            && old.groups.iter().all(|(gid, name)| same(owners.group_name(*gid), name))
    }

    /// Whether all that the previous backup could rely on is still there.
    fn is_all_there(&self, old: &Description) -> bool {
        let segments: HashSet<_> = self.indexed.index().segments();
        old.epoch == self.session.epoch()
            && self.session.condemned().is_empty()
            && old.segments.iter().all(|name| segments.contains(name))
    }

    fn commit_ready(
        &self,
        resolved: &Resolved,
        started: Timestamp,
        root: ChunkList,
        state: &State,
        parent: Option<crate::base::ids::SnapshotId>,
    ) -> Snapshot {
        let chain = self.session.segments();
        let mut tags = self.options.tags.clone();
        tags.sort();
        tags.dedup();
        Snapshot {
            schema: SCHEMA.into(),
            id: self.session.id(),
            host: self.options.host.clone(),
            sequence: 0,
            previous: None,
            time: self.options.time.unwrap_or(started),
            finished: started,
            job: self.options.job.clone(),
            sources: resolved.names.clone(),
            tags,
            user: self.options.user.clone(),
            root: RootChunks::spell(&root),
            parent,
            segments: chain.names.len() as u32,
            last_segment: chain.last,
            epoch: self.session.epoch(),
            faults: state.faults,
            statistics: state.statistics,
            attachments: Vec::new(),
            tool: self.options.tool.clone(),
        }
    }
}

/// What a backup of `options` would take; nothing is locked, stored or remembered.
pub fn dry_run(
    repository: &Repository,
    options: &BackupOptions,
    resolved: Resolved,
    context: &Context<'_>,
    see: &mut dyn FnMut(&DryRunEntry<'_>),
) -> Result<DryRunReport, BackupError> {
    for attachment in resolved.contributors.iter().map(|one| one.attachment()) {
        see(&DryRunEntry { path: &attachment.path, action: "attach", reason: None, bytes: 0 });
    }
    let Some(roots) = resolved.roots else {
        if matches!(options.source, Source::Attachments) {
            return Ok(DryRunReport::default());
        }
        return Err(BackupError::Usage("--dry-run is for files: a stream is not read twice".into()));
    };
    repository.keyring().need_host(&options.host).map_err(SessionError::Key)?;
    let job = job_key(options, &resolved.names);
    let path = repository.state_dir().join("catalogues").join(format!("{job}.cat"));
    let catalogue = Catalogue::open(&path).filter(|_| !options.force);
    let notes = Notes::new(context.monitor);
    let walk = Walk::new(&resolved.filter).reserving(!resolved.contributors.is_empty());
    process::raise_open_files_limit();
    dry_run::dry_run(&walk, roots, catalogue.as_ref(), options.leniency, &notes, context.interrupt, see)
}

fn warn_of_damage(notes: &Notes<'_>, indexed: &IndexedRepository, gone: usize) {
    for damaged in indexed.index().damaged() {
        notes.warn(&format!(
            "segment {} of the index cannot be used ({}); run `lifeboat check`",
            damaged.name, damaged.error
        ));
    }
    if gone > 0 {
        notes.warn(&format!(
            "{gone} packs are missing or have the wrong length; what they held is stored again \
             where this backup still finds it; run `lifeboat check`"
        ));
    }
}
