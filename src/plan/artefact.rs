//! A built plan: what will be done, as data, named by its hash; and beside it what is expected of it.
//!
//! The id is BLAKE3 over the canonical JSON (keys sorted, no blanks) of `content`, which holds everything
//! that decides what `apply` does. The forecast is not part of it: times and free space differ from hour to
//! hour, and building the same plan again must give the same id.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::hex;
use crate::base::ids::{PackName, SnapshotId};
use crate::base::time::Timestamp;
use crate::plan::error::PlanError;
use crate::plan::file::model::{OnFailure, TargetKind};
use crate::plan::forecast::Forecast;
use crate::plan::probe::Verify;
use crate::sys::file::{atomic_write, read_bounded};
use crate::system::action::{Action, CommandLine, DiskIdentity, Operation, Stdin, TargetDisk};

/// The schema of a plan as JSON.
pub const SCHEMA: &str = "lifeboat.plan/1";
/// The largest plan that is read.
const PLAN_MAX_BYTES: u64 = 256 << 20;

/// A built plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Its hash: 64 hexadecimal digits.
    pub id: String,
    /// What will be done.
    pub content: Content,
    /// What is expected of it.
    pub forecast: Forecast,
}

/// What will be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What the plan is called.
    pub name: String,
    /// BLAKE3 of the plan file it was built from.
    pub file: String,
    /// The version of lifeboat that built it.
    pub tool: String,
    /// The repository's id.
    pub repository: String,
    /// The snapshots it restores.
    pub snapshots: Vec<Pinned>,
    /// Where to.
    pub target: Target,
    /// Steps that may go on at once.
    pub parallel: usize,
    /// How long the whole may take, in seconds.
    pub rto_seconds: Option<u64>,
    /// How old its snapshots may be, in seconds.
    pub rpo_seconds: Option<u64>,
    /// The components, in an order that respects what each needs.
    pub components: Vec<Part>,
    /// The steps, in an order that respects what each needs.
    pub steps: Vec<Step>,
    /// What runs at the end, however it ended: the component it belongs to, if to one, and the command.
    pub cleanup: Vec<(Option<String>, CommandLine)>,
    /// What was found when it was built, and must still hold.
    pub expects: Expectations,
}

/// A snapshot, named for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// Its id.
    pub id: SnapshotId,
    /// How the plan file names it.
    pub named: String,
    /// The host it is of.
    pub host: String,
    /// When it was begun.
    pub time: Timestamp,
}

/// Where to restore.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Which kind of place.
    pub kind: TargetKind,
    /// The directory that becomes the root; absolute.
    pub root: String,
    /// A sandbox's image.
    pub image: Option<Image>,
    /// Whether a sandbox stays at the end.
    pub keep: bool,
    /// Disks that are overwritten, and whether each may hold old data.
    pub disks: Vec<Disk>,
    /// Disks that are never written to.
    pub protect: Vec<DiskIdentity>,
}

/// A file that holds a sandbox's file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Absolute.
    pub path: String,
    /// How large it is.
    pub size_bytes: u64,
}

/// A disk that is overwritten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// What actions call it, and where it is.
    pub disk: TargetDisk,
    /// The disk of the snapshot whose place it takes.
    pub takes_place_of: DiskIdentity,
    /// Whether it may hold old data.
    pub wipe: bool,
}

/// A component: what its steps make up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// The group it belongs to.
    pub group: Option<String>,
    /// The components that come before.
    pub needs: Vec<String>,
    /// When it must be there, in seconds from the beginning.
    pub rto_seconds: Option<u64>,
    /// How old its snapshot may be, in seconds.
    pub rpo_seconds: Option<u64>,
    /// The snapshot it comes from.
    pub snapshot: SnapshotId,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name: that of its component, a slash, and what it is there.
    pub id: String,
    /// Its component.
    pub component: String,
    /// What it does, for people.
    pub title: String,
    /// The snapshot it reads.
    pub snapshot: SnapshotId,
    /// What is done.
    pub work: Work,
    /// What its commands read of the snapshot, if they do: dumps, for the most part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Box<Reads>>,
    /// The steps that must be done before.
    pub needs: Vec<String>,
    /// What its failure does to the others.
    pub on_failure: OnFailure,
    /// How often it is tried again.
    pub retries: u32,
    /// How long is waited first, in seconds; then twice as long each time.
    pub retry_delay_seconds: u64,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Runs an action.
    Action(Box<Action>),
    /// Restores files.
    Files(Box<Files>),
    /// Verifies.
    Verify(Box<Verify>),
}

/// Files that are restored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The directory of the snapshot whose contents come to `to`; everything at its place if none.
    pub from: Option<String>,
    /// The directory below the target's root; `/` for the root itself.
    pub to: String,
    /// Only these, in gitignore syntax; everything if empty.
    pub include: Vec<String>,
    /// Not these, in gitignore syntax.
    pub exclude: Vec<String>,
    /// `never`, `if-changed` or `always`.
    pub overwrite: String,
    /// Whether what the snapshot does not have is removed.
    pub delete: bool,
    /// `by-name`, `numeric` or `none`.
    pub owners: String,
    /// Whether device nodes are made.
    pub allow_devices: bool,
    /// Whether setuid and setgid bits and capabilities are kept.
    pub allow_setuid: bool,
    /// Whether everything is read back.
    pub read_back: bool,
    /// What it comes to.
    pub amount: Amount,
    /// The packs that are read.
    pub packs: Vec<PackUse>,
}

/// Files of the snapshot that commands read as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reads {
    /// Their paths.
    pub paths: Vec<String>,
    /// What they come to.
    pub amount: Amount,
    /// The packs that they lie in.
    pub packs: Vec<PackUse>,
}

/// What a restore of files comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Regular files.
    pub files: u64,
    /// All entries that are made.
    pub entries: u64,
    /// Bytes that are written.
    pub bytes: u64,
    /// Bytes that are fetched.
    pub fetch_bytes: u64,
    /// Ranged reads.
    pub requests: u64,
}

/// What is read of one pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackUse {
    /// The pack.
    pub pack: PackName,
    /// Ranged reads.
    pub requests: u64,
    /// Bytes of its plaintext.
    pub bytes: u64,
}

/// What was found when the plan was built, and must still hold when it is applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// The programs its commands run on this side of the root, by name, and the hash of each.
    pub tools: BTreeMap<String, String>,
    /// The disks that are overwritten: name, device node and size in bytes; nothing for an image not yet
    /// made.
    pub disks: BTreeMap<String, DiskFound>,
    /// Whether the root was there, and what it held.
    pub root: RootFound,
}

/// A disk as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskFound {
    /// All that tells it from others.
    pub identity: DiskIdentity,
    /// Its size.
    pub size_bytes: u64,
}

/// The target's root as it was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootFound {
    /// It was not there.
    #[default]
    Absent,
    /// It was an empty directory.
    Empty,
    /// It held something.
    Filled,
}

impl Plan {
    /// The plan that does `content`.
    pub fn new(content: Content, forecast: Forecast) -> Result<Self, PlanError> {
        let id = id_of(&content)?;
        Ok(Self { schema: SCHEMA.to_owned(), id, content, forecast })
    }

    /// Reads a plan, and sees that it is what its id says.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let bytes = read_bounded(path, PLAN_MAX_BYTES).map_err(PlanError::Read)?;
        let broken = |why: String| PlanError::Broken { path: path.to_owned(), why };
        let plan: Self = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        if plan.schema != SCHEMA {
            return Err(broken(format!("its schema is {:?}, not {SCHEMA}", plan.schema)));
        }
        if id_of(&plan.content)? != plan.id {
            return Err(broken(
                "its content is not what its id says: it was changed after it was built".into(),
            ));
        }
        Ok(plan)
    }

    /// Writes it, replacing what is there.
    pub fn write(&self, path: &Path) -> Result<(), PlanError> {
        let mut bytes = canonical(self)?;
        bytes.push(b'\n');
        atomic_write(path, &bytes).map_err(PlanError::Write)
    }

    /// The beginning of its id: what people see and type.
    pub fn short(&self) -> &str {
        &self.id[..12.min(self.id.len())]
    }

    /// The step of this id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.content.steps.iter().find(|step| step.id == id)
    }
}

impl Step {
    /// What it reads, pack by pack.
    pub fn packs(&self) -> impl Iterator<Item = &PackUse> {
        let files = match &self.work {
            Work::Files(files) => files.packs.as_slice(),
            _ => &[],
        };
        files.iter().chain(self.reads.iter().flat_map(|reads| &reads.packs))
    }

    /// What it comes to.
    pub fn amount(&self) -> Amount {
        match &self.work {
            Work::Files(files) => files.amount,
            _ => self.reads.as_ref().map(|reads| reads.amount).unwrap_or_default(),
        }
    }

    /// The files of the snapshot that its commands read.
    pub fn entries(&self) -> Vec<&str> {
        let Work::Action(action) = &self.work else { return Vec::new() };
        let Operation::Run { commands } = &action.operation else { return Vec::new() };
        let read = commands.iter().filter_map(|command| match &command.stdin {
            Stdin::Entry(path) => Some(path.as_str()),
            _ => None,
        });
        read.collect()
    }
}

/// The hash of what will be done.
pub fn id_of(content: &Content) -> Result<String, PlanError> {
    Ok(hex::encode(blake3::hash(&canonical(content)?).as_bytes()))
}

/// JSON with sorted keys and without blanks.
fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, PlanError> {
    let value = serde_json::to_value(value).map_err(PlanError::Encode)?;
    let mut bytes = Vec::new();
    write_sorted(&value, &mut bytes).map_err(PlanError::Encode)?;
    Ok(bytes)
}

fn write_sorted(value: &serde_json::Value, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match value {
        serde_json::Value::Object(map) => {
            let sorted: BTreeMap<&String, &serde_json::Value> = map.iter().collect();
            out.push(b'{');
            for (number, (key, value)) in sorted.into_iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key)?;
                out.push(b':');
                write_sorted(value, out)?;
            }
            out.push(b'}');
            Ok(())
        }
        serde_json::Value::Array(items) => {
            out.push(b'[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write_sorted(item, out)?;
            }
            out.push(b']');
            Ok(())
        }
        scalar => serde_json::to_writer(out, scalar),
    }
}
