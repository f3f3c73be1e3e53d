//! What makes a job's files hold still while they are read: frozen, snapshotted, and all of it undone.

use std::path::PathBuf;
use std::time::Duration;

use crate::backup::guard::FilesGuard;
use crate::backup::prepare::Resolved;
use crate::base::error_kind::ErrorKind;
use crate::base::monitor::Interrupt;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::settings::model::JobSettings;
use crate::cli::settings::protect::{FreezeSettings, SnapshotSettings};
use crate::sys::file::create_private_dir;
use crate::sys::lock::{Lock, LockError};
use crate::system::freeze::{FreezeError, FreezeSpec, Frozen, freeze};
use crate::system::volume::mounts::Mounts;
use crate::system::volume::{self, Made, Method, System, VolumeError};

/// The longest that anything stays frozen when nobody says otherwise.
const DEADLINE: Duration = Duration::from_secs(60);
/// The room of an LVM snapshot when nobody says otherwise.
const LVM_SIZE: &str = "10%ORIGIN";

/// Who runs commands: while snapshots are made, and, deaf to interrupts, while they are removed.
pub struct Runners {
    maker: System,
    remover: System,
}

/// Snapshots that are there, and the lock that keeps another run of the job from removing them.
pub struct Protection<'r> {
    made: Option<Made<'r>>,
    _lock: Option<Lock>,
}

impl Runners {
    /// For the job `name`.
    pub fn new(name: &str, interrupt: &Interrupt) -> Self {
        let variables = vec![("LIFEBOAT_JOB".to_owned(), name.to_owned())];
        let maker = System { variables: variables.clone(), interrupt: Some(interrupt.clone()) };
        Self { maker, remover: System { variables, interrupt: None } }
    }
}

/// Makes `resolved` hold still as the job `name` says; what was made lasts as long as the answer.
pub fn begin<'r>(
    context: &Context,
    (name, job): (&str, &JobSettings),
    state_dir: PathBuf,
    resolved: Resolved,
    runners: &'r Runners,
) -> Result<(Resolved, Protection<'r>), Failure> {
    let interrupt = context.interrupt()?;
    let spec = job.freeze.as_ref().map(|settings| spec(name, settings));
    let Some(settings) = &job.snapshot else {
        let resolved = match spec {
            Some(spec) => {
                resolved.guarded(Box::new(Guard { spec, interrupt: interrupt.clone(), frozen: None }))
            }
            None => resolved,
        };
        return Ok((resolved, Protection { made: None, _lock: None }));
    };
    let dir = state_dir.join("volumes");
    create_private_dir(&dir).map_err(|error| Failure::of(ErrorKind::Failed, &error))?;
    let file = blake3::hash(name.as_bytes()).to_hex()[..32].to_owned();
    let locked = |error: LockError| Failure::of(error.kind(), &error);
    let lock = Lock::acquire(&dir.join(format!("{file}.lock"))).map_err(locked)?;
    let record = dir.join(format!("{file}.json"));
    let failed = |error: VolumeError| Failure::of(ErrorKind::Failed, &error);
    if volume::clean(&record, &runners.remover).map_err(failed)? > 0 {
        context.output.warn(&format!(
            "job {name}: a run before was killed; the snapshots it left are \
                                      removed"
        ));
    }
    let mounts = Mounts::of_system().map_err(|error| {
        Failure::new(
            ErrorKind::Failed,
            format!(
                "/proc/self/mountinfo cannot be read: \
        {error}"
            ),
        )
    })?;
    let sources = resolved.source_paths();
    let planned = volume::plan(&method(settings), &sources, name, &dir, &mounts, &runners.maker);
    let planned = planned.map_err(failed)?;
    let frozen = spec.map(|spec| freeze(&spec, interrupt)).transpose().map_err(|error| freezing(&error))?;
    let made = volume::make(&planned, &record, &runners.maker, &runners.remover);
    // Thawed before anything else, also where no snapshot could be made.
    let thawed = frozen.map(Frozen::thaw).transpose().map_err(|error| freezing(&error))?;
    let made = made.map_err(failed)?;
    if thawed.is_some_and(|thawed| !thawed.in_time) {
        return Err(Failure::new(
            ErrorKind::Failed,
            format!(
                "job {name} was thawed by its deadline before \
                                                            the snapshot was made"
            ),
        )
        .hint(
            "make `deadline` longer, or find out what takes the snapshot so long; nothing was \
                   backed up",
        ));
    }
    let missing = match job.one_file_system {
        Some(true) => Vec::new(),
        _ => planned.into_iter().flat_map(|one| one.missing).collect(),
    };
    let resolved = resolved.redirected(made.redirects.clone(), missing);
    Ok((resolved, Protection { made: Some(made), _lock: Some(lock) }))
}

impl Protection<'_> {
    /// Undoes it; a failure is told, and leaves the backup as it is: the next run removes what is left.
    pub fn end(self, context: &Context) {
        if let Some(Err(error)) = self.made.map(Made::remove) {
            let failure = Failure::of(ErrorKind::Failed, &error);
            let what = failure.for_people();
            context.output.warn(&format!("a snapshot is left, and takes up room: {}", what.trim_end()));
        }
    }
}

fn spec(name: &str, settings: &FreezeSettings) -> FreezeSpec {
    FreezeSpec {
        freeze: settings.freeze.clone(),
        thaw: settings.thaw.clone(),
        deadline: settings.deadline.unwrap_or(DEADLINE),
        variables: vec![("LIFEBOAT_JOB".into(), name.into())],
    }
}

fn method(settings: &SnapshotSettings) -> Method {
    match settings.kind.as_str() {
        "btrfs" => Method::Btrfs,
        "zfs" => Method::Zfs,
        "lvm" => Method::Lvm { size: settings.size.clone().unwrap_or_else(|| LVM_SIZE.into()) },
        _ => Method::Commands {
            of: settings.of.clone().unwrap_or_default(),
            create: settings.create.clone(),
            path: settings.path.clone().unwrap_or_default(),
            remove: settings.remove.clone(),
        },
    }
}

fn freezing(error: &FreezeError) -> Failure {
    let failure = Failure::of(ErrorKind::Failed, error);
    match error {
        FreezeError::Thaw { .. } => failure.hint("run the commands of `thaw` by hand NOW"),
        _ => failure.hint("nothing was backed up"),
    }
}

/// Freezes while files are read, where there is no snapshot to read instead.
struct Guard {
    spec: FreezeSpec,
    interrupt: Interrupt,
    frozen: Option<Frozen>,
}

impl FilesGuard for Guard {
    fn before(&mut self) -> Result<(), String> {
        let frozen = freeze(&self.spec, &self.interrupt).map_err(|error| error.to_string())?;
        self.frozen = Some(frozen);
        Ok(())
    }

    fn after(&mut self) -> Result<Option<String>, String> {
        let Some(frozen) = self.frozen.take() else { return Ok(None) };
        let thawed = frozen.thaw().map_err(|error| error.to_string())?;
        let deadline = self.spec.deadline.as_secs_f64();
        Ok((!thawed.in_time).then(|| {
            format!(
                "thawed at the deadline of {deadline} s, before all was read: it need not be of one \
                     moment"
            )
        }))
    }
}
