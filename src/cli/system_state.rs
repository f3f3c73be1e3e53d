//! A machine's state as the user names it: of a snapshot, in a file, or as it is now.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::browse::cat::cat;
use crate::browse::error::BrowseError;
use crate::browse::path::SnapPath;
use crate::browse::reading::Reading;
use crate::cli::commands::system::StateName;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::opening;
use crate::cli::values::SnapshotName;
use crate::repo::attachment::KIND_SYSTEM;
use crate::repo::snapshot::{self, Snapshot};
use crate::sys::clock::SystemClock;
use crate::sys::file::read_bounded;
use crate::sys::process;
use crate::system::capture::{Captured, Options, capture};
use crate::system::model::{FILE_NAME, SystemState};
use crate::ui::escape;

/// Reads or captures the state, and says what it is: `snapshot 1f3a9c7e of web1`.
pub fn load(name: &StateName, context: &Context) -> Result<(SystemState, String), Failure> {
    match name {
        StateName::Snapshot(name) => of_snapshot(name, context),
        StateName::File(path) => Ok((of_file(path)?, path.to_string_lossy().into_owned())),
        StateName::Live(root) => {
            let captured = live(root, None, false, context)?;
            let what =
                if root == Path::new("/") { "live".to_owned() } else { format!("live:{}", root.display()) };
            Ok((captured.state, what))
        }
    }
}

/// Captures the system below `root`.
pub fn live(
    root: &Path,
    limit: Option<Duration>,
    keeps_luks_headers: bool,
    context: &Context,
) -> Result<Captured, Failure> {
    let mut options =
        Options { root: root.to_owned(), keeps_luks_headers, ..Options::new(SystemClock.now()) };
    options.time_limit = limit.unwrap_or(options.time_limit);
    let progress = context.output.progress();
    let captured = capture(&options, context.interrupt()?, &progress);
    progress.finish();
    let captured = captured.map_err(|error| Failure::of(error.kind(), &error))?;
    match context.interrupt()?.is_set() {
        true => Err(Failure::new(ErrorKind::Interrupted, "interrupted while looking at the system")),
        false => Ok(captured),
    }
}

/// Reads a document; a directory of `system capture` has it inside.
fn of_file(path: &Path) -> Result<SystemState, Failure> {
    let inside = path.join(FILE_NAME);
    let path = if path.is_dir() { inside.as_path() } else { path };
    let bytes = read_bounded(path, limits::SYSTEM_STATE_MAX_BYTES).map_err(|error| {
        Failure::of(ErrorKind::Usage, &error).hint("make one with `lifeboat system capture`")
    })?;
    SystemState::from_json(&bytes, &escape::path(path)).map_err(|error| Failure::of(error.kind(), &error))
}

/// Reads what `backup --system` put into a snapshot.
fn of_snapshot(name: &SnapshotName, context: &Context) -> Result<(SystemState, String), Failure> {
    let repository = opening::repository(context, None, Role::Restorer)?;
    let keyring = repository.keyring();
    keyring
        .need(Role::Restorer, "reading the system's state")
        .map_err(|error| Failure::of(error.kind(), &error))?;
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let repository = indexed.repository();
    let snapshot = snapshot::find(repository.client(), repository.keyring(), &name.to_string())
        .map_err(|error| Failure::of(error.kind(), &error))?;
    let progress = context.output.progress();
    let reading = Reading {
        repository: &indexed,
        monitor: &progress,
        interrupt: context.interrupt()?,
        threads: process::cpus(),
    };
    let state = read(&reading, &snapshot);
    progress.finish();
    let id = snapshot.id.to_string();
    let what = format!("snapshot {} of {}", id.get(..8).unwrap_or(&id), snapshot.host);
    Ok((state?, what))
}

/// Reads the state that `snapshot` carries.
pub fn read(reading: &Reading<'_>, snapshot: &Snapshot) -> Result<SystemState, Failure> {
    let id = snapshot.id.to_string();
    let Some(attached) = snapshot.attachments.iter().find(|one| one.kind == KIND_SYSTEM) else {
        let what = format!("snapshot {id} holds no state of the system");
        return Err(Failure::new(ErrorKind::Failed, what)
            .hint("it is captured by `backup --system`, or with `system = true` in the job"));
    };
    if let Some(fault) = &attached.fault {
        let what = format!("snapshot {id} holds no whole state of the system: {fault}");
        return Err(Failure::new(ErrorKind::Failed, what).hint("take another snapshot"));
    }
    let place = format!("{}/{FILE_NAME}", attached.path);
    let failed = |error: BrowseError| Failure::of(error.kind(), &error);
    let path = SnapPath::parse(place.as_bytes()).map_err(failed)?;
    let mut bytes = Bounded { bytes: Vec::new(), left: limits::SYSTEM_STATE_MAX_BYTES as usize };
    cat(reading, snapshot, &path, &mut bytes).map_err(failed)?;
    SystemState::from_json(&bytes.bytes, &format!("{id}:{place}"))
        .map_err(|error| Failure::of(error.kind(), &error))
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    left: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .checked_sub(bytes.len())
            .ok_or_else(|| io::Error::other("it is longer than a machine's state may be"))?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
