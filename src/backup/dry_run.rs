//! `--dry-run`: what a backup would take, and what not and why; nothing is read, stored or remembered.

use crate::backup::catalogue::{Catalogue, Leniency, StatKey};
use crate::backup::error::BackupError;
use crate::backup::notes::Notes;
use crate::backup::report::{DryRunEntry, DryRunReport};
use crate::backup::roots::RootNode;
use crate::backup::walk::{Scanned, Walk, join};
use crate::base::monitor::Interrupt;
use crate::sys::error::{SysError, show_path};
use crate::sys::stat::FileKind;

/// Goes through everything below `roots`, tells `see` of each entry, and counts.
pub fn dry_run(
    walk: &Walk<'_>,
    roots: RootNode,
    catalogue: Option<&Catalogue>,
    leniency: Leniency,
    notes: &Notes<'_>,
    interrupt: &Interrupt,
    see: &mut dyn FnMut(&DryRunEntry<'_>),
) -> Result<DryRunReport, BackupError> {
    let source = |path: &[u8], source: SysError| BackupError::Source { path: show_path(path), source };
    let root = walk.take(&walk.start(roots)).map_err(|error| source(b"/", error))?;
    let mut frames = vec![(b"/".to_vec(), root)];
    tell_excluded(&frames[0].0, &frames[0].1, notes, see);
    while let Some((path, scanned)) = frames.last_mut() {
        if interrupt.is_set() {
            return Err(BackupError::Interrupted);
        }
        let Some(found) = scanned.entries.pop_front() else {
            frames.pop();
            continue;
        };
        let below = join(path, &found.listed.name);
        if let Some(ticket) = found.ticket {
            match walk.take(&ticket) {
                Ok(scanned) => {
                    tell_excluded(&below, &scanned, notes, see);
                    frames.push((below, scanned));
                }
                Err(error) if found.is_source => return Err(source(&below, error)),
                Err(error) => notes.unreadable(&below, error.io_kind(), &error.source.to_string()),
            }
            continue;
        }
        let old = catalogue
            .and_then(|catalogue| catalogue.directory(path))
            .and_then(|dir| dir.entries().find(|entry| entry.name == found.listed.name));
        let key = StatKey::of(&found.listed.stat);
        let unchanged = old.is_some_and(|old| old.key.matches(&key, leniency) && !old.line.is_empty());
        let is_file = found.listed.stat.kind == FileKind::File;
        let action = match (unchanged, old.is_some()) {
            (true, _) => "unmodified",
            (false, true) => "changed",
            (false, false) => "new",
        };
        match (is_file, unchanged) {
            (false, _) => notes.special(),
            (true, true) => notes.unmodified(path, &found.listed),
            (true, false) => notes.to_read(path, &found.listed, old.is_some()),
        }
        let bytes = if is_file { found.listed.stat.size } else { 0 };
        notes.size(bytes);
        see(&DryRunEntry { path: &show_path(&below), action, reason: None, bytes });
    }
    let state = notes.summary();
    Ok(DryRunReport {
        schema: "lifeboat.backup-plan/1",
        statistics: state.statistics,
        warning_count: state.warning_count,
        warnings: state.warnings,
    })
}

fn tell_excluded(path: &[u8], scanned: &Scanned, notes: &Notes<'_>, see: &mut dyn FnMut(&DryRunEntry<'_>)) {
    notes.dir();
    scanned.warnings.iter().for_each(|warning| notes.warn(warning));
    for (name, error) in &scanned.errors {
        notes.unreadable(&join(path, name), error.kind(), &error.to_string());
    }
    let whole = scanned.contents.iter().map(|reason| (&b"*"[..], reason));
    for (name, reason) in scanned.excluded.iter().map(|(name, reason)| (&name[..], reason)).chain(whole) {
        let below = join(path, name);
        notes.excluded(&below, &reason.to_string());
        let reason = Some(reason.to_string());
        see(&DryRunEntry { path: &show_path(&below), action: "excluded", reason, bytes: 0 });
    }
}
