//! Looking at this machine: the programs that a plan runs, its root, and how much room there is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::hex;
use crate::plan::artefact::{Content, RootFound, Step, Work};
use crate::plan::error::PlanError;
use crate::plan::file::model::TargetKind;
use crate::plan::files;
use crate::plan::forecast::Space;
use crate::plan::probe::Probe;
use crate::sys::error::SysError;
use crate::sys::space::free;
use crate::system::action::{Check, CommandLine, Operation};
use crate::system::database::spec::Engine;

/// Where programs are looked for, by the plan and by what it runs.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What a file takes beside its bytes, at most: the end of its last block, and its inode.
const ENTRY_BYTES: u64 = 4096;
/// A dump that is loaded takes this many times its size: tables, indexes, and the log of writing them.
const LOADED_TIMES: u64 = 3;
/// Of an image's size, what its file system is sure to leave for files.
const IMAGE_SHARE: f64 = 0.92;

/// The file that the program `name` is.
pub fn find_program(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    PATH.split(':').map(|dir| Path::new(dir).join(name)).find(|path| path.is_file())
}

/// Where versioned servers of PostgreSQL are: below each, a directory of programs for each version.
const POSTGRES_HOMES: [(&str, &str); 2] = [("/usr/lib/postgresql/", "/bin"), ("/usr/pgsql-", "/bin")];
/// Major versions that are looked for beyond the one that is wanted.
const MAJORS_BEYOND: u32 = 8;

/// The number that the version of a database begins with: `15` of `15.18 (Debian…)`.
pub fn major(version: &str) -> Option<u32> {
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Whether the programs of a server of `engine` are in `dir`.
pub fn has_server(engine: Engine, dir: &Path) -> bool {
    let all = |names: &[&str]| names.iter().all(|name| dir.join(name).is_file());
    match engine {
        Engine::Postgres => all(&["postgres", "initdb", "pg_ctl", "pg_restore", "psql", "pg_isready"]),
        Engine::PostgresBase => all(&["postgres", "pg_ctl", "psql", "pg_isready"]),
        _ => all(&["mariadbd", "mariadb-install-db", "mariadb"]) || all(&["mysqld", "mysql"]),
    }
}

/// The directory of the programs of a server that can take what one of `major` dumped; none inside where they
/// are in `PATH`, none at all where there is no such server.
pub fn server_programs(engine: Engine, major: Option<u32>) -> Option<Option<String>> {
    if matches!(engine, Engine::Postgres | Engine::PostgresBase) {
        let lowest = major.unwrap_or(10);
        let beyond = if engine == Engine::Postgres { MAJORS_BEYOND } else { 0 };
        let mut dirs = (lowest..=lowest + beyond)
            .flat_map(|version| POSTGRES_HOMES.map(|(before, after)| format!("{before}{version}{after}")));
        return dirs.find(|dir| has_server(engine, Path::new(dir))).map(Some);
    }
    let all = |names: &[&str]| names.iter().all(|name| find_program(name).is_some());
    let is_there = all(&["mariadbd", "mariadb-install-db"]) || all(&["mysqld"]);
    let client = if engine == Engine::Mysql { "mysql" } else { "mariadb" };
    (is_there && all(&[client])).then_some(None)
}

/// The hash of every program that the steps run on this side of the root; none for one that is missing.
pub fn tools(steps: &[Step]) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let mut add = |command: &CommandLine| {
        let mut names: Vec<&str> = Vec::new();
        match (&command.chroot, &command.user) {
            (Some(_), _) => names.push("chroot"),
            (None, Some(_)) => names.push("runuser"),
            (None, None) => {}
        }
        if command.chroot.is_none() {
            names.extend(command.argv.first().map(String::as_str));
        }
        for name in names {
            found.entry(name.to_owned()).or_insert_with(|| find_program(name).and_then(|path| hash(&path)));
        }
    };
    for step in steps {
        match &step.work {
            Work::Files(_) => {}
            Work::Verify(verify) => {
                if let Probe::Command { command, .. } = &verify.probe {
                    add(command);
                }
            }
            Work::Action(action) => {
                if let Operation::Run { commands } = &action.operation {
                    commands.iter().for_each(&mut add);
                }
                if let Some(Check::Succeeds(command) | Check::Prints { command, .. }) = &action.check {
                    add(command);
                }
                action.release.iter().for_each(&mut add);
            }
        }
    }
    found
}

fn hash(path: &Path) -> Option<String> {
    let file = std::fs::File::open(path).ok()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).ok()?;
    Some(hex::encode(&hasher.finalize().as_bytes()[..16]))
}

/// What stands at the root now.
pub fn root(path: &str) -> Result<RootFound, PlanError> {
    let failed = |error| PlanError::Look(SysError::at("look at", Path::new(path), error));
    match std::fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            None => Ok(RootFound::Empty),
            Some(_) => Ok(RootFound::Filled),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(RootFound::Absent),
        Err(error) => Err(failed(error)),
    }
}

/// What each file system must hold, and whether it can.
pub fn space(content: &Content) -> Result<Vec<Space>, PlanError> {
    let mut needs: BTreeMap<PathBuf, (u64, u64)> = BTreeMap::new();
    for step in &content.steps {
        if let Work::Files(files) = &step.work {
            let need = needs.entry(files::directory(&content.target.root, files)).or_default();
            need.0 += files.amount.bytes + files.amount.entries * ENTRY_BYTES;
            need.1 += files.amount.entries;
        }
        if let (Some(reads), TargetKind::Sandbox) = (&step.reads, content.target.kind) {
            let need = needs.entry(PathBuf::from(&content.target.root)).or_default();
            need.0 += LOADED_TIMES * reads.amount.bytes;
        }
    }
    let sum = || needs.values().fold((0, 0), |sum, need| (sum.0 + need.0, sum.1 + need.1));
    if let Some(image) = &content.target.image {
        let (bytes, inodes) = sum();
        let room = (image.size_bytes as f64 * IMAGE_SHARE) as u64;
        let mut all = vec![judge(image.path.clone(), (bytes, inodes), (room, None))];
        // The image itself grows as it is filled.
        let above = existing(Path::new(&image.path));
        let free = free(&above).map_err(PlanError::Look)?;
        all.push(judge(
            above.display().to_string(),
            (bytes.min(image.size_bytes), 1),
            (free.bytes, free.inodes),
        ));
        return Ok(all);
    }
    if !content.target.disks.is_empty() {
        let (bytes, _) = sum();
        let room = content.target.disks.iter().map(|disk| disk.disk.size_bytes).sum();
        return Ok(vec![judge("the target disks".into(), (bytes, 0), (room, None))]);
    }
    let mut by_device: BTreeMap<u64, Space> = BTreeMap::new();
    for (directory, (bytes, inodes)) in needs {
        let there = existing(&directory);
        let free = free(&there).map_err(PlanError::Look)?;
        let found = by_device
            .entry(free.device)
            .or_insert_with(|| judge(there.display().to_string(), (0, 0), (free.bytes, free.inodes)));
        *found = judge(
            found.place.clone(),
            (found.needed_bytes + bytes, found.needed_inodes + inodes),
            (free.bytes, free.inodes),
        );
    }
    Ok(by_device.into_values().collect())
}

fn judge(place: String, needed: (u64, u64), free: (u64, Option<u64>)) -> Space {
    Space {
        place,
        needed_bytes: needed.0,
        free_bytes: free.0,
        needed_inodes: needed.1,
        free_inodes: free.1,
        fits: needed.0 <= free.0 && free.1.is_none_or(|free| needed.1 <= free),
    }
}

/// The nearest directory above `path` that is there, or itself.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/")).to_owned()
}
