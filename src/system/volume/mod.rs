//! Snapshots of file systems as sources: made read-only, read under the original names, and removed again.
//!
//! What is planned ([`Planned`]) is data: how a snapshot is made, where it is then found, and how it is
//! removed. Before the first is made, a record of how to remove them all is written to the state directory;
//! a run that was killed leaves it behind, and the next run of the job removes what it names first. `btrfs`,
//! `lvm` and `zfs` plan from what those programs say; they reach programs through a [`Runner`], so tests
//! hold them against recorded output.
//!
//! A snapshot holds one file system, or subvolume, or dataset: what is mounted below it is not in it, and is
//! told as [`Planned::missing`].

mod btrfs;
mod lvm;
pub mod mounts;
mod zfs;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::monitor::Interrupt;
use crate::sys::command::{Input, Invocation};
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded, remove_if_present};
use crate::system::volume::mounts::Mounts;

/// How long one command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(600);
/// The longest record.
const RECORD_MAX_BYTES: u64 = 1 << 20;
/// What names of snapshots begin with.
pub const NAME: &str = "lifeboat";

/// What makes snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Of btrfs subvolumes.
    Btrfs,
    /// Of ZFS datasets.
    Zfs,
    /// Of logical volumes.
    Lvm {
        /// The room for what changes meanwhile, such as `5G` or `10%ORIGIN`; not for thin volumes.
        size: String,
    },
    /// Whatever these commands make.
    Commands {
        /// The directory that it is a snapshot of.
        of: PathBuf,
        /// Commands for `sh -c` that make it.
        create: Vec<String>,
        /// Where it is then found.
        path: PathBuf,
        /// Commands for `sh -c` that remove it; they also run where a run before was killed.
        remove: Vec<String>,
    },
}

/// A snapshot that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// The directory whose contents it holds.
    pub origin: PathBuf,
    /// Where they are then found.
    pub place: PathBuf,
    /// Commands that make it, in order.
    pub create: Vec<Vec<String>>,
    /// How it is removed.
    pub remove: Vec<Removal>,
    /// Places below that it does not hold, and why.
    pub missing: Vec<(PathBuf, String)>,
}

/// One command that removes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Run only while this is there; always if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub while_there: Option<PathBuf>,
    /// Run only while something is mounted there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub while_mounted: Option<PathBuf>,
    /// The command.
    pub argv: Vec<String>,
}

/// A snapshot that cannot be made or removed.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// A source is on nothing that this method makes snapshots of.
    #[error("{path:?} cannot be backed up from a snapshot: {why}")]
    Unfit {
        /// The source.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A command failed.
    #[error("`{command}` {how}")]
    Command {
        /// The command.
        command: String,
        /// How it ended.
        how: String,
    },
    /// What a program says is not understood.
    #[error("what {program} says is not understood: {what}")]
    Output {
        /// The program.
        program: &'static str,
        /// What.
        what: String,
    },
    /// This machine's own files fail.
    #[error("{what}")]
    Local {
        /// What was done.
        what: String,
        /// Why it failed.
        source: SysError,
    },
    /// The record of a killed run is damaged.
    #[error("{path:?} says which snapshots a killed run left, and cannot be read: remove them, then it")]
    Record {
        /// The record.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Runs programs.
pub trait Runner {
    /// What `argv` prints; it must succeed.
    fn run(&self, argv: &[&str]) -> Result<String, VolumeError>;
}

/// Runs them for real.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// Variables that they get.
    pub variables: Vec<(String, String)>,
    /// Ends them when it is set; not while snapshots are removed.
    pub interrupt: Option<Interrupt>,
}

impl Runner for System {
    fn run(&self, argv: &[&str]) -> Result<String, VolumeError> {
        let (program, words) = argv.split_first().unwrap_or((&"", &[]));
        let mut invocation = Invocation::new(*program, words.iter().copied()).within(COMMAND_LIMIT);
        invocation = invocation.variable("LC_ALL", "C");
        for (name, value) in &self.variables {
            invocation = invocation.variable(name, value);
        }
        let failed = |how: String| VolumeError::Command { command: invocation.display(), how };
        let finished = invocation
            .run(Input::Nothing, self.interrupt.as_ref())
            .map_err(|error| failed(format!("cannot be run: {}", error.source)))?;
        match finished.is_success() {
            true => Ok(finished.text()),
            false => Err(failed(finished.describe())),
        }
    }
}

/// The snapshots that hold all of `sources`, for the job `job`. Mount points of its own lie below
/// `mount_dir`.
pub fn plan(
    method: &Method,
    sources: &[PathBuf],
    job: &str,
    mount_dir: &Path,
    mounts: &Mounts,
    runner: &dyn Runner,
) -> Result<Vec<Planned>, VolumeError> {
    let name = format!("{NAME}-{}", plain(job));
    let mut planned: Vec<Planned> = Vec::new();
    for source in sources {
        if planned.iter().any(|one| source.starts_with(&one.origin)) {
            continue;
        }
        let mut one = match method {
            Method::Btrfs => btrfs::plan(source, &name, mounts, runner)?,
            Method::Zfs => zfs::plan(source, &name, runner)?,
            Method::Lvm { size } => {
                lvm::plan(source, &name, size, &mount_dir.join(plain(job)), mounts, runner)?
            }
            Method::Commands { of, create, path, remove } => {
                if !source.starts_with(of) {
                    let why = format!("it is not below {}, which `of` names", of.display());
                    return Err(VolumeError::Unfit { path: source.clone(), why });
                }
                let shell = |script: &String| vec!["sh".into(), "-c".into(), script.clone()];
                let always = |argv| Removal { while_there: None, while_mounted: None, argv };
                Planned {
                    origin: of.clone(),
                    place: path.clone(),
                    create: create.iter().map(shell).collect(),
                    remove: remove.iter().map(shell).map(always).collect(),
                    missing: Vec::new(),
                }
            }
        };
        let below = mounts.below(&one.origin).filter(|mount| !mount.starts_with(mount_dir));
        one.missing.extend(below.map(|mount| {
            (
                mount.to_owned(),
                "something else is mounted \
        there"
                    .to_owned(),
            )
        }));
        planned.push(one);
    }
    for one in &mut planned {
        // What no source wants is not missed.
        one.missing.retain(|(path, _)| sources.iter().any(|source| path.starts_with(source)));
    }
    Ok(planned)
}

/// `job` as part of the name of a snapshot.
fn plain(job: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    job.chars().map(clean).collect()
}

/// The record of what has to be removed.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    removals: Vec<Removal>,
}

/// Snapshots that are there. Dropped, they are removed as well as can be.
pub struct Made<'r> {
    /// Directories, and where their contents are found.
    pub redirects: Vec<(PathBuf, PathBuf)>,
    record: PathBuf,
    removals: Vec<Removal>,
    runner: &'r dyn Runner,
    is_removed: bool,
}

/// Removes what a killed run of the job left, according to `record`; says how many commands that took.
pub fn clean(record: &Path, runner: &dyn Runner) -> Result<usize, VolumeError> {
    let text = match read_bounded(record, RECORD_MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.is_not_found() => return Ok(0),
        Err(source) => return Err(local("the record of snapshots cannot be read", source)),
    };
    let old: Record = serde_json::from_slice(&text)
        .map_err(|error| VolumeError::Record { path: record.to_owned(), source: error.into() })?;
    let count = remove_all(&old.removals, runner)?;
    remove_if_present(record).map_err(|source| local("the record of snapshots cannot be removed", source))?;
    Ok(count)
}

/// Makes `planned`, after a record at `record` of how to remove them.
pub fn make<'r>(
    planned: &[Planned],
    record: &Path,
    runner: &'r dyn Runner,
    remover: &'r dyn Runner,
) -> Result<Made<'r>, VolumeError> {
    let removals: Vec<Removal> = planned.iter().rev().flat_map(|one| one.remove.iter().cloned()).collect();
    let text = serde_json::to_vec_pretty(&Record { removals: removals.clone() })
        .map_err(|error| VolumeError::Record { path: record.to_owned(), source: error.into() })?;
    if let Some(dir) = record.parent() {
        create_private_dir(dir).map_err(|source| local("the state directory cannot be made", source))?;
    }
    atomic_write(record, &text)
        .map_err(|source| local("the record of snapshots cannot be written", source))?;
    let redirects = planned.iter().map(|one| (one.origin.clone(), one.place.clone())).collect();
    let made = Made { redirects, record: record.to_owned(), removals, runner: remover, is_removed: false };
    for argv in planned.iter().flat_map(|one| &one.create) {
        // An error drops `made`, which removes what there is of it.
        runner.run(&words(argv))?;
    }
    Ok(made)
}

impl Made<'_> {
    /// Removes them.
    pub fn remove(mut self) -> Result<(), VolumeError> {
        self.is_removed = true;
        remove_all(&self.removals, self.runner)?;
        remove_if_present(&self.record).map_err(|source| {
            local(
                "the record of snapshots cannot be \
        removed",
                source,
            )
        })
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        if !self.is_removed && remove_all(&self.removals, self.runner).is_ok() {
            // What cannot be removed now stays on record, and the next run tries again.
            let _ = remove_if_present(&self.record);
        }
    }
}

/// Runs what there is something left for; goes on after a failure, and answers the first.
fn remove_all(removals: &[Removal], runner: &dyn Runner) -> Result<usize, VolumeError> {
    let mut first = None;
    let mut count = 0;
    for removal in removals {
        let is_there = removal.while_there.as_ref().is_none_or(|path| path.symlink_metadata().is_ok());
        let is_mounted = removal
            .while_mounted
            .as_ref()
            .is_none_or(|path| Mounts::of_system().is_ok_and(|mounts| mounts.has(path)));
        if !is_there || !is_mounted {
            continue;
        }
        count += 1;
        if let Err(error) = runner.run(&words(&removal.argv)) {
            first.get_or_insert(error);
        }
    }
    first.map_or(Ok(count), Err)
}

fn words(argv: &[String]) -> Vec<&str> {
    argv.iter().map(String::as_str).collect()
}

fn local(what: &str, source: SysError) -> VolumeError {
    VolumeError::Local { what: what.to_owned(), source }
}

/// The text of `path`, which commands take as an argument.
fn text(path: &Path) -> Result<String, VolumeError> {
    let not_text = || VolumeError::Unfit { path: path.to_owned(), why: "its path is no UTF-8 text".into() };
    path.to_str().map(str::to_owned).ok_or_else(not_text)
}

#[cfg(test)]
mod tests;
