//! The plan: what a restore will do, as data. Making it changes nothing, anywhere.

use std::path::PathBuf;

use crate::base::ids::{PackName, SnapshotId};
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::repo::tree::{Entry, EntryKind};
use crate::restore::cold::{self, ColdPack};
use crate::restore::error::RestoreError;
use crate::restore::items::{Action, Items};
use crate::restore::journal::{self, Past};
use crate::restore::options::RestoreOptions;
use crate::restore::schedule::{BlockRef, Schedule};
use crate::restore::source::{Origin, PackRef, Source};
use crate::restore::walk::{Deletion, Found, Walk};
use crate::sys::dir::DirHandle;

/// The schema of a plan as JSON.
pub const SCHEMA: &str = "lifeboat.restore-plan/1";

/// What a restore will do. Serialises as `lifeboat.restore-plan/1`.
#[derive(Debug)]
pub struct RestorePlan {
    pub(in crate::restore) snapshot: SnapshotId,
    pub(in crate::restore) target: PathBuf,
    pub(in crate::restore) items: Items,
    pub(in crate::restore) packs: Vec<PackRef>,
    pub(in crate::restore) blocks: Vec<BlockRef>,
    pub(in crate::restore) schedule: Schedule,
    pub(in crate::restore) deletions: Vec<Deletion>,
    pub(in crate::restore) root: Option<Entry>,
    pub(in crate::restore) makes_target: bool,
    pub(in crate::restore) inherits_group: bool,
    pub(in crate::restore) journal: PathBuf,
    pub(in crate::restore) resumes: bool,
    pub(in crate::restore) cold: Vec<ColdPack>,
    warnings: Vec<String>,
    counts: Counts,
}

/// What is read of one pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackReads {
    /// The pack.
    pub pack: PackName,
    /// Ranged reads.
    pub requests: u64,
    /// Bytes of its plaintext.
    pub bytes: u64,
}

/// What a plan comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Regular files, hard links not counted twice.
    pub files: u64,
    /// Directories.
    pub dirs: u64,
    /// Symbolic links, further names of files, pipes, sockets and devices.
    pub others: u64,
    /// Length of all files together.
    pub total_bytes: u64,
    /// Entries to be made.
    pub create: u64,
    /// Entries to be compared and brought up to date.
    pub update: u64,
    /// Entries whose metadata alone is set.
    pub metadata: u64,
    /// Entries that are right.
    pub unchanged: u64,
    /// Entries left by request.
    pub kept: u64,
    /// Entries to be removed.
    pub delete: u64,
    /// Entries not restored, for reasons that can be lifted.
    pub refuse: u64,
    /// Entries that are lost to damage.
    pub lost: u64,
    /// Length of the files to be made or updated.
    pub restore_bytes: u64,
    /// Bytes to be fetched at most; in files that are updated only what differs is.
    pub fetch_bytes: u64,
    /// Ranged reads at most.
    pub requests: u64,
    /// Packs touched at most.
    pub packs: u64,
}

/// Plans the restore of `origin` from `source`.
pub fn plan(
    source: &dyn Source,
    origin: &Origin,
    options: &RestoreOptions,
    monitor: &dyn Monitor,
    interrupt: &Interrupt,
) -> Result<RestorePlan, RestoreError> {
    monitor.event(Event::Stage("planning"));
    let journal = journal::path_of(options, &source.repository_id(), origin);
    let past = if options.resume { Past::read(&journal) } else { None };
    let root = match DirHandle::open_root(&options.target) {
        Ok(root) => Some(root),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(RestoreError::Target(error)),
    };
    let made_before = past.as_ref().is_some_and(|past| past.made_target);
    let makes_target = root.is_none() || made_before;
    let inherits = match &root {
        Some(root) => root.stat().map_err(RestoreError::Target)?.mode12 & 0o2000 != 0,
        None => false,
    };
    let walk = Walk::new(source, origin, options, past.as_ref(), root, (monitor, interrupt))?;
    let Found { items, packs, blocks, deletions, warnings, inherits_group, root, .. } = walk.run()?;
    let schedule =
        Schedule::new(&blocks, items.placements(), |_| true, options.gap_bytes, options.span_max_bytes);
    let mut plan = RestorePlan {
        snapshot: origin.snapshot,
        target: options.target.clone(),
        items,
        packs,
        blocks,
        schedule,
        deletions,
        root,
        makes_target,
        // A target that is not there yet takes its group from a directory that nobody looked at.
        inherits_group: inherits || inherits_group || makes_target,
        journal,
        resumes: past.is_some(),
        cold: Vec::new(),
        warnings,
        counts: Counts::default(),
    };
    plan.counts = plan.count();
    plan.cold = cold::find(source, &plan.packs_read())?;
    monitor.event(Event::Total { files: plan.counts.files, bytes: plan.counts.restore_bytes });
    Ok(plan)
}

impl RestorePlan {
    /// What the plan comes to.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What people should know before they agree.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What will be read of each pack at most.
    pub fn pack_reads(&self) -> Vec<PackReads> {
        let spans = self.schedule.spans.chunk_by(|one, two| one.pack == two.pack);
        spans
            .map(|spans| PackReads {
                pack: self.packs[spans[0].pack as usize].name,
                requests: spans.len() as u64,
                bytes: spans.iter().map(|span| span.plain.end - span.plain.start).sum(),
            })
            .collect()
    }

    /// Whether an interrupted restore will be continued.
    pub fn resumes(&self) -> bool {
        self.resumes
    }

    fn count(&self) -> Counts {
        let mut counts = Counts { delete: self.deletions.len() as u64, ..Counts::default() };
        for number in 0..self.items.len() {
            let item = self.items.get(number);
            let is_link = self.items.extra(number).is_some_and(|extra| extra.link_to.is_some());
            match item.kind {
                EntryKind::File if !is_link => {
                    counts.files += 1;
                    counts.total_bytes = counts.total_bytes.saturating_add(item.size);
                    if matches!(item.action, Action::Create | Action::Update) {
                        counts.restore_bytes = counts.restore_bytes.saturating_add(item.size);
                    }
                }
                EntryKind::Dir => counts.dirs += 1,
                _ => counts.others += 1,
            }
            let counted = match item.action {
                Action::Create => &mut counts.create,
                Action::Update => &mut counts.update,
                Action::Metadata => &mut counts.metadata,
                Action::Unchanged => &mut counts.unchanged,
                Action::Kept => &mut counts.kept,
                Action::Delete => &mut counts.delete,
                Action::Refuse => &mut counts.refuse,
                Action::Lost => &mut counts.lost,
            };
            *counted += 1;
        }
        let spans = &self.schedule.spans;
        counts.fetch_bytes = self.schedule.fetch_bytes();
        counts.requests = spans.len() as u64;
        let starts = spans.windows(2).filter(|pair| pair[0].pack != pair[1].pack).count();
        counts.packs = starts as u64 + u64::from(!spans.is_empty());
        counts
    }
}
