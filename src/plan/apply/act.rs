//! Carrying out one step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::base::ids::SnapshotId;
use crate::plan::apply::commands::{self, Runner, is_accepted};
use crate::plan::apply::content::snapshot_of;
use crate::plan::apply::log::{self, BegunDisk, How, Line};
use crate::plan::apply::sandbox::Confinement;
use crate::plan::apply::schedule::StepError;
use crate::plan::apply::{Ground, disks, keep, probes, sandbox};
use crate::plan::artefact::{Amount, Files, Step, Work};
use crate::plan::build::forecast::{load_of, place_of};
use crate::plan::error::PlanError;
use crate::plan::file::model::TargetKind;
use crate::plan::files;
use crate::plan::predict::observation::{Load, Observation, method_of};
use crate::plan::probe::{Probe, Verify};
use crate::restore::error::{RestoreError, chain_text};
use crate::restore::execute::execute;
use crate::restore::plan::plan as plan_restore;
use crate::restore::repository::{RepositorySource, origin_of};
use crate::restore::summary::RestoreSummary;
use crate::sys::disk;
use crate::sys::error::SysError;
use crate::sys::journal::Journal;
use crate::sys::process::boot_id;
use crate::sys::target::{Target, TargetDir};
use crate::system::action::{
    Action, Bindings, Check, CommandLine, Operation, Place, RestoreFiles, Stage, TargetDisk,
};

/// Failures of files that are told one by one.
const TOLD: usize = 5;

/// What all steps of a run share.
pub struct Hands<'a> {
    /// What the run works with.
    pub ground: &'a Ground<'a>,
    /// The run's id.
    pub run: String,
    /// Where the commands of a sandbox are kept in, once the first of them has run.
    pub confinement: Mutex<Option<Arc<Confinement>>>,
    /// The device nodes of target disks, as they are attached.
    pub bindings: Mutex<Bindings>,
    /// What was attached, to be detached.
    pub attached: Mutex<Vec<String>>,
    /// The target disks that this run, in any of its sessions, has begun to overwrite, by name.
    pub begun_disks: Mutex<BTreeMap<String, BegunDisk>>,
    /// What is meant and done, durably.
    pub journal: Arc<Mutex<Journal>>,
}

/// How a step came to be done, and how much there was to do.
pub struct Acted {
    /// Now, or before.
    pub how: How,
    /// What is learnt from it.
    pub observation: Option<Observation>,
}

impl Hands<'_> {
    /// Carries `step` out. `in_doubt` says that a run was cut off in the middle of it.
    pub fn act(&self, step: &Step, in_doubt: bool) -> Result<Acted, StepError> {
        let begun = Instant::now();
        let content = &self.ground.plan.content;
        if in_doubt {
            nothing_survives(&self.ground.plan.id, &step.id)?;
        }
        let mut load = load_of(step, content);
        let how = match &step.work {
            Work::Verify(verify) => {
                let is_look = matches!(verify.probe, Probe::Checksum { .. } | Probe::File { .. });
                let confinement = if is_look { None } else { self.confined(step)? };
                let bound = self.bound_probe(verify)?;
                probes::verify(self.runner_of(step, confinement.as_deref()), &step.snapshot, &bound)?;
                How::Now
            }
            Work::Files(files) => {
                load = self.restore(step, files)?;
                How::Now
            }
            Work::Action(action) => self.action(step, action, in_doubt)?,
        };
        let observation = (how == How::Now).then(|| Observation {
            method: method_of(step),
            place: place_of(content),
            load,
            seconds: begun.elapsed().as_secs_f64(),
        });
        Ok(Acted { how, observation })
    }

    fn action(&self, step: &Step, action: &Action, in_doubt: bool) -> Result<How, StepError> {
        let binds = matches!(action.operation, Operation::Attach(_));
        if (in_doubt || action.volatile || action.stage == Stage::Custom) && !binds {
            match &action.check {
                Some(check) if self.is_done(step, action, check)? => return Ok(How::Already),
                _ if in_doubt && !action.repeatable && !self.may_repeat(step) => {
                    return Err(StepError::waiting(format!(
                        "a run was cut off in the middle of it, and nothing tells whether it was done. \
                         Look, and then say --assume-done {0} or --repeat {0}",
                        step.id
                    )));
                }
                _ => {}
            }
        }
        self.guard(action)?;
        match &action.operation {
            Operation::Run { commands } => {
                for command in commands {
                    self.succeed(step, command)?;
                }
                let target = &self.ground.plan.content.target;
                if !action.volatile && target.kind != TargetKind::Sandbox {
                    // The journal is to say "done" of what the end of this machine does not undo.
                    disk::sync_below(Path::new(&target.root))
                        .map_err(|error| StepError::failed(chain_text(&error)))?;
                }
            }
            Operation::Attach(target) => self.attach(target)?,
            Operation::WriteFile { root, path, contents, mode } => {
                if let Some((directory, name)) = place_of_file(root, path, true)? {
                    let written = directory.replace_file(name, contents.as_bytes(), *mode, None);
                    written.map_err(|error| StepError::failed(chain_text(&error)))?;
                }
            }
            Operation::RewriteFile { root, path, rewrite } => {
                if let Some((directory, name)) = place_of_file(root, path, false)? {
                    let changed = directory.change_file(name, |old| rewrite.apply(old));
                    changed.map_err(|error| StepError::failed(chain_text(&error)))?;
                }
            }
            Operation::RestoreFiles(restored) => {
                self.restore_as(step, &files_of(restored), &restored.target)?;
            }
        }
        Ok(How::Now)
    }

    fn may_repeat(&self, step: &Step) -> bool {
        self.ground.options.repeat.contains(&step.id)
    }

    /// Whether the check says that the action is done.
    fn is_done(&self, step: &Step, action: &Action, check: &Check) -> Result<bool, StepError> {
        let (command, text) = match check {
            Check::Succeeds(command) => (command, None),
            Check::Prints { command, text } => (command, Some(text)),
        };
        let bound = match self.bound(command) {
            Ok(bound) => bound,
            // What was brought up on a disk that is not attached any more is not up any more.
            Err(_) if action.volatile => return Ok(false),
            Err(error) => return Err(error),
        };
        let confinement = self.confined(step)?;
        let finished = commands::run(self.runner_of(step, confinement.as_deref()), &step.snapshot, &bound)?;
        Ok(is_accepted(&bound, &finished) && text.is_none_or(|text| finished.text().trim() == text.trim()))
    }

    /// Runs a command that must succeed.
    pub fn succeed(&self, step: &Step, command: &CommandLine) -> Result<(), StepError> {
        let bound = self.bound(command)?;
        let confinement = self.confined(step)?;
        commands::succeed(self.runner_of(step, confinement.as_deref()), &step.snapshot, &bound).map(drop)
    }

    /// Takes back what a volatile step did, interrupted or not, outside of any sandbox.
    pub fn release(&self, step: &Step, command: &CommandLine) -> Result<(), StepError> {
        let bound = self.bound(command)?;
        let runner = Runner { heeds_interrupt: false, ..self.runner(None) };
        commands::succeed(runner, &step.snapshot, &bound).map(drop)
    }

    /// Runs a command of the plan's cleanup: in the sandbox, if there is one, whatever the run has done.
    pub fn cleanup(&self, snapshot: &SnapshotId, command: &CommandLine) -> Result<(), StepError> {
        let bound = self.bound(command)?;
        let confinement = self.confinement()?;
        commands::succeed(self.runner(confinement.as_deref()), snapshot, &bound).map(drop)
    }

    /// Appends a line to the journal.
    pub fn note(&self, line: &Line) -> Result<(), PlanError> {
        log::note(&self.journal, self.ground.clock, line)
    }

    /// Runs commands `confinement` keeps in, if there is one.
    pub fn runner<'s>(&'s self, confinement: Option<&'s Confinement>) -> Runner<'s> {
        Runner { ground: self.ground, run: &self.run, confinement, step: None, heeds_interrupt: true }
    }

    /// The same for the commands of `step`.
    fn runner_of<'s>(&'s self, step: &'s Step, confinement: Option<&'s Confinement>) -> Runner<'s> {
        Runner { step: Some(&step.id), ..self.runner(confinement) }
    }

    /// Where the commands of `step` are kept in: made when the first needs it, for what is mounted later is
    /// not seen inside. The sandbox itself is made from outside of it.
    fn confined(&self, step: &Step) -> Result<Option<Arc<Confinement>>, StepError> {
        if step.component == sandbox::COMPONENT { Ok(None) } else { self.confinement() }
    }

    /// Where what this plan runs is kept in; nowhere if its target is no sandbox.
    fn confinement(&self) -> Result<Option<Arc<Confinement>>, StepError> {
        let target = &self.ground.plan.content.target;
        if target.kind != TargetKind::Sandbox {
            return Ok(None);
        }
        let mut confinement = lock(&self.confinement);
        if confinement.is_none() {
            let made = std::fs::create_dir_all(&target.root)
                .map_err(|error| error.to_string())
                .and_then(|()| Confinement::start(&target.root).map_err(|error| chain_text(&error)));
            *confinement = Some(Arc::new(made.map_err(StepError::failed)?));
        }
        Ok(confinement.clone())
    }

    fn bound(&self, command: &CommandLine) -> Result<CommandLine, StepError> {
        lock(&self.bindings).command(command).map_err(|error| StepError::failed(error.to_string()))
    }

    /// `verify` as it is carried out.
    fn bound_probe(&self, verify: &Verify) -> Result<Verify, StepError> {
        let mut bound = verify.clone();
        if let Probe::Command { command, .. } = &mut bound.probe {
            *command = self.bound(command)?;
        }
        Ok(bound)
    }

    /// Looks, once more, whether every disk that `action` overwrites may be overwritten, and is the one whose
    /// node its commands name. That a disk is begun is durable before it is.
    fn guard(&self, action: &Action) -> Result<(), StepError> {
        let failed = |error: PlanError| StepError::failed(chain_text(&error));
        let content = &self.ground.plan.content;
        let mut begun = lock(&self.begun_disks);
        let mut first = Vec::new();
        for name in &action.destroys {
            let Some(target) = content.target.disks.iter().find(|target| target.disk.name == *name) else {
                return Err(StepError::failed(format!(
                    "it overwrites the disk {name}, which the plan does not map"
                )));
            };
            let bound = lock(&self.bindings).device(name).map(str::to_owned);
            let known = begun.get(name).cloned();
            // An image that we have attached is in use by us.
            let ours = bound.as_ref().filter(|_| matches!(target.disk.place, Place::Image { .. }));
            let known_or_ours = known.clone().or_else(|| ours.map(|_| BegunDisk::default()));
            let candidate = disks::examine(content, target, self.ground.holds, known_or_ours.as_ref(), false);
            let candidate = candidate.map_err(failed)?;
            if let Some(node) = bound {
                disks::is_at(&candidate, &node).map_err(failed)?;
            }
            if known.is_none() {
                first.push((name.clone(), BegunDisk { identity: candidate.identity, boot: boot_id() }));
            }
        }
        for (disk, entry) in first {
            self.note(&Line::Overwriting { disk: disk.clone(), begun: entry.clone() }).map_err(failed)?;
            begun.insert(disk, entry);
        }
        Ok(())
    }

    /// Binds the name of a target disk to its device node.
    fn attach(&self, target: &TargetDisk) -> Result<(), StepError> {
        let failed = |error: &dyn std::error::Error| StepError::failed(chain_text(error));
        let device = match &target.place {
            // What is still to be done may overwrite nothing, and go to this disk all the same.
            Place::Device(identity) => {
                let begun = lock(&self.begun_disks).get(&target.name).cloned();
                disks::find_begun(identity, begun.as_ref()).map_err(|error| failed(&error))?.path
            }
            Place::Image { path } => self.attach_image(path, target.size_bytes)?,
        };
        lock(&self.bindings).bind(&target.name, &device);
        Ok(())
    }

    fn attach_image(&self, path: &str, size_bytes: u64) -> Result<String, StepError> {
        let failed = |error: &dyn std::error::Error| StepError::failed(chain_text(error));
        let file = PathBuf::from(path);
        let there = disk::disks().map_err(|error| failed(&error))?;
        let there = there.into_iter().find(|disk| disk.is_backed_by(&file));
        let device = match there {
            Some(disk) => disk.path,
            None => {
                if disk::image_length(&file).map_err(|error| failed(&error))?.unwrap_or(0) < size_bytes {
                    let made = std::fs::OpenOptions::new().create(true).append(true).open(&file);
                    made.and_then(|image| image.set_len(size_bytes)).map_err(|error| {
                        StepError::failed(format!("cannot make the image {path}: {error}"))
                    })?;
                }
                let words = ["losetup", "--find", "--show", "--partscan", "--", path];
                let snapshot = self.ground.plan.content.components.first().map(|part| part.snapshot);
                let Some(snapshot) = snapshot else {
                    return Err(StepError::failed("the plan is empty".into()));
                };
                let command = CommandLine::new(words);
                let told = commands::succeed(self.runner(None), &snapshot, &command)?;
                told.text().trim().to_owned()
            }
        };
        lock(&self.attached).push(device.clone());
        // Not every kernel reads tables itself. That there is none yet is no fault; a step that needs one
        // says so.
        if let Some(part) = self.ground.plan.content.components.first() {
            let words = CommandLine::new(["partx", "--update", "--", &device]);
            let _ = commands::run(self.runner(None), &part.snapshot, &words);
        }
        Ok(device)
    }

    fn restore(&self, step: &Step, files: &Files) -> Result<Load, StepError> {
        let root = &self.ground.plan.content.target.root;
        files::make_directory(root, files).map_err(|error| StepError::failed(chain_text(&error)))?;
        self.restore_as(step, files, root)
    }

    /// Restores files below `root`.
    fn restore_as(&self, step: &Step, files: &Files, root: &str) -> Result<Load, StepError> {
        let ground = self.ground;
        let failed = |error: &dyn std::error::Error| StepError::failed(chain_text(error));
        let snapshot = snapshot_of(ground.indexed, &step.snapshot).map_err(|error| failed(&error))?;
        let source = RepositorySource::new(ground.indexed).map_err(|error| failed(&error))?;
        let origin = origin_of(&snapshot).map_err(|error| failed(&error))?;
        // Each step has journals of its own, so that two of them never share one.
        let state = keep::passing(ground.state_dir, &ground.plan.id);
        let mut options = files::options(root, files, &state, ground.indexed, ground.memory_limit);
        if ground.plan.content.target.kind == TargetKind::Converge {
            files::owners_of(root, &mut options.owners)
                .map_err(|error| StepError::failed(chain_text(&error)))?;
        }
        let planned = plan_restore(&source, &origin, &options, ground.monitor, ground.interrupt);
        let planned = planned.map_err(restore_failure)?;
        let counts = *planned.counts();
        let done = execute(&source, &planned, &options, ground.monitor, ground.interrupt);
        let summary = done.map_err(restore_failure)?;
        judge(&summary)?;
        for warning in summary.warnings.iter().take(TOLD) {
            ground.face.note(&format!("{}: {warning}", step.id));
        }
        Ok(Load {
            bytes: counts.restore_bytes,
            entries: counts.create + counts.update,
            requests: counts.requests,
        })
    }
}

/// What is behind a lock is whole even if a holder panicked.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether no command of the run that was cut off still works on the step: a second beside it would do harm.
fn nothing_survives(plan: &str, step: &str) -> Result<(), StepError> {
    let alive: Vec<String> = commands::survivors(plan, step).iter().map(u32::to_string).collect();
    match alive.is_empty() {
        true => Ok(()),
        false => Err(StepError::waiting(format!(
            "a run was cut off in the middle of it, and what it started still runs (process {}): wait until \
             that has ended, or end it, and apply the plan once more",
            alive.join(", ")
        ))),
    }
}

fn restore_failure(error: RestoreError) -> StepError {
    match error {
        RestoreError::Interrupted => StepError::Interrupted,
        error => StepError::failed(chain_text(&error)),
    }
}

/// A restore that left anything out has failed: what comes after would build on it.
fn judge(summary: &RestoreSummary) -> Result<(), StepError> {
    let left: Vec<String> = summary
        .failed
        .iter()
        .chain(&summary.refusals)
        .take(TOLD)
        .map(|failure| format!("{}: {}", failure.path, failure.why))
        .collect();
    let count = summary.failed.len() as u64 + summary.refused;
    match count {
        0 => Ok(()),
        count => Err(StepError::failed(format!("{count} entries were not restored: {}", left.join("; ")))),
    }
}

/// What an action of a rebuild restores, as files of a plan: a whole machine needs all of it.
fn files_of(restored: &RestoreFiles) -> Files {
    Files {
        from: restored.subpath.clone(),
        to: "/".into(),
        include: restored.include.clone(),
        exclude: restored.exclude.clone(),
        overwrite: "if-changed".into(),
        delete: false,
        owners: if restored.numeric_owners { "numeric" } else { "by-name" }.into(),
        allow_devices: true,
        allow_setuid: true,
        read_back: restored.verify,
        amount: Amount::default(),
        packs: Vec::new(),
    }
}

/// The directory below `root` that `path` lies in, made if `make` says so, and the file's name; no link is
/// followed.
fn place_of_file<'p>(
    root: &str,
    path: &'p str,
    make: bool,
) -> Result<Option<(TargetDir, &'p [u8])>, StepError> {
    let failed = |error: SysError| StepError::failed(chain_text(&error));
    let mut names: Vec<&[u8]> = path.split('/').filter(|name| !name.is_empty()).map(str::as_bytes).collect();
    let Some(name) = names.pop() else { return Err(StepError::failed(format!("{path} names no file"))) };
    let target = Target::create(root.as_ref()).map_err(failed)?;
    let directory = match make && !names.is_empty() {
        true => target.make_dirs(&names),
        false => target.dir(&names),
    };
    match directory {
        Ok(directory) => Ok(Some((directory, name))),
        Err(error) if error.is_not_found() && !make => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_in_doubt_waits_for_what_a_killed_run_left_running() {
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .env("LIFEBOAT_PLAN", "p-7")
            .env("LIFEBOAT_STEP", "a/run")
            .spawn()
            .unwrap();
        // `spawn` may return a moment before the kernel shows the new environment.
        let environment = format!("/proc/{}/environ", child.id());
        while !std::fs::read(&environment).unwrap().windows(6).any(|part| part == b"=a/run") {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let told = nothing_survives("p-7", "a/run");
        let others = [nothing_survives("p-7", "b/run"), nothing_survives("p-8", "a/run")];
        child.kill().unwrap();
        child.wait().unwrap();
        match told {
            Err(StepError::Failed { why, needs_person: true }) => {
                assert!(why.contains(&format!("(process {})", child.id())), "{why}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(others, [Ok(()), Ok(())]);
        assert_eq!(nothing_survives("p-7", "a/run"), Ok(()));
    }
}
