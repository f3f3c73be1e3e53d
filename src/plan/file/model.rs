//! A plan file as values: what is left when everything has been checked.
//!
//! A key that is missing is `None` or empty, never a default: what holds in the end is for `build` to say.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::base::duration as lengths;
use crate::base::size as sizes;
use crate::system::action::DiskIdentity;

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// The version of the format.
    pub schema: String,
    /// What the plan is called.
    pub name: String,
    /// Which snapshot.
    pub snapshot: Option<String>,
    /// How long the whole may take.
    #[serde(default, deserialize_with = "duration")]
    pub rto: Option<Duration>,
    /// How old the snapshot may be.
    #[serde(default, deserialize_with = "duration")]
    pub rpo: Option<Duration>,
    /// Steps at once.
    pub parallel: Option<usize>,
    /// What a failed step does to the others.
    pub on_failure: Option<OnFailure>,
    /// How often to try again.
    pub retries: Option<u32>,
    /// How long to wait first.
    #[serde(default, deserialize_with = "duration")]
    pub retry_delay: Option<Duration>,
    /// Disks that are never written to.
    #[serde(default, deserialize_with = "list")]
    pub protect: Vec<DiskName>,
    /// Commands at the end.
    #[serde(default)]
    pub cleanup: Vec<Words>,
    /// Where to.
    pub target: TargetFile,
    /// Which disk takes the place of which.
    #[serde(default)]
    pub disk: Vec<DiskFile>,
    /// Network interfaces that keep their captured names.
    #[serde(default)]
    pub interface: Vec<InterfaceFile>,
    /// What is restored.
    #[serde(default)]
    pub component: BTreeMap<String, Component>,
}

/// What a failed step does to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Nothing new is begun.
    #[default]
    Halt,
    /// What needs it is left out; all else goes on.
    Continue,
    /// It is tried again, and then nothing new is begun.
    Retry,
}

/// Where to restore.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// Which kind of place.
    pub kind: TargetKind,
    /// The directory that becomes the root.
    pub root: Option<String>,
    /// A sandbox's image.
    pub image: Option<String>,
    /// How large its file system is, in bytes.
    #[serde(default, deserialize_with = "size")]
    pub size: Option<u64>,
    /// Leave a sandbox there at the end.
    #[serde(default)]
    pub keep: bool,
    /// bare-metal: what happens to room that is left, or missing.
    pub room: Option<String>,
    /// bare-metal: the machine that will run is the captured one, or just like it.
    #[serde(default)]
    pub same_hardware: bool,
    /// bare-metal: another host name.
    pub host_name: Option<String>,
    /// bare-metal: a new machine-id at the first boot.
    #[serde(default)]
    pub new_machine_id: bool,
    /// bare-metal: new SSH host keys.
    #[serde(default)]
    pub new_ssh_host_keys: bool,
}

/// A network interface that keeps its captured name on other hardware.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceFile {
    /// The captured name.
    pub name: String,
    /// The hardware address it has here.
    pub mac: String,
}

/// Which kind of place is restored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// Empty disks, from a rescue system.
    BareMetal,
    /// The running system.
    Converge,
    /// A place of its own that is removed at the end.
    Sandbox,
}

/// One disk of the snapshot, and the one that takes its place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskFile {
    /// The disk of the snapshot.
    pub from: DiskName,
    /// The disk here.
    pub to: DiskName,
    /// How large an image is, in bytes.
    #[serde(default, deserialize_with = "size")]
    pub size: Option<u64>,
    /// Whether it may hold old data.
    #[serde(default)]
    pub wipe: bool,
}

/// A disk as a plan file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskName {
    /// By an identity.
    Device(DiskIdentity),
    /// A file that holds a whole disk.
    Image(String),
}

impl DiskName {
    /// Reads `wwn:…`, `serial:…`, `path:/dev/…`, `/dev/…` or `image:/…`.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "a disk is wwn:…, serial:…, path:/dev/… or image:/FILE";
        let (word, value) = match text.starts_with("/dev/") {
            true => ("path", text),
            false => text.split_once(':').ok_or(EXPECTED)?,
        };
        let value = value.trim();
        let own = || Some(value.to_owned()).filter(|text| !text.is_empty());
        let identity = match word {
            "wwn" => DiskIdentity { wwn: own(), ..DiskIdentity::default() },
            "serial" => DiskIdentity { serial: own(), ..DiskIdentity::default() },
            "path" if value.starts_with("/dev/") => DiskIdentity { path: own(), ..DiskIdentity::default() },
            "image" if value.starts_with('/') => return Ok(DiskName::Image(value.to_owned())),
            _ => return Err(EXPECTED.into()),
        };
        match value.is_empty() {
            true => Err(EXPECTED.into()),
            false => Ok(DiskName::Device(identity)),
        }
    }
}

impl<'de> Deserialize<'de> for DiskName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A command as a plan file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Command {
            Shell(String),
            Words(Vec<String>),
        }
        Ok(Self(match Command::deserialize(deserializer)? {
            Command::Shell(script) => vec!["/bin/sh".into(), "-c".into(), script],
            Command::Words(words) => words,
        }))
    }
}

/// One component; which keys it may have depends on its kind, and was checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// What it is.
    pub kind: String,
    /// Components that come before.
    #[serde(default, deserialize_with = "list")]
    pub needs: Vec<String>,
    /// Its group.
    pub group: Option<String>,
    /// Its place in the group.
    pub order: Option<i64>,
    /// Which snapshot.
    pub snapshot: Option<String>,
    /// When it must be there.
    #[serde(default, deserialize_with = "duration")]
    pub rto: Option<Duration>,
    /// How old its snapshot may be.
    #[serde(default, deserialize_with = "duration")]
    pub rpo: Option<Duration>,
    /// What its failure does to the others.
    pub on_failure: Option<OnFailure>,
    /// How often to try again.
    pub retries: Option<u32>,
    /// How long to wait first.
    #[serde(default, deserialize_with = "duration")]
    pub retry_delay: Option<Duration>,
    /// How long each command may take.
    #[serde(default, deserialize_with = "duration")]
    pub time_limit: Option<Duration>,
    /// What must hold afterwards.
    #[serde(default)]
    pub verify: Vec<VerifyFile>,
    /// Commands at the end.
    #[serde(default)]
    pub cleanup: Vec<Words>,
    /// files: paths of the snapshot.
    #[serde(default, deserialize_with = "list")]
    pub paths: Vec<String>,
    /// files: a directory of the snapshot.
    pub from: Option<String>,
    /// files: where to.
    pub to: Option<String>,
    /// What is left out.
    #[serde(default, deserialize_with = "list")]
    pub exclude: Vec<String>,
    /// files: what happens where a file is there already.
    pub overwrite: Option<String>,
    /// files: remove what the snapshot does not have.
    #[serde(default)]
    pub delete: bool,
    /// files: whose they become.
    pub owners: Option<String>,
    /// files: make device nodes.
    #[serde(default)]
    pub allow_devices: bool,
    /// files: keep setuid bits and capabilities.
    #[serde(default)]
    pub allow_setuid: bool,
    /// files: read everything back.
    #[serde(default)]
    pub read_back: bool,
    /// Names that are meant.
    #[serde(default, deserialize_with = "list")]
    pub only: Vec<String>,
    /// How, where there are several ways.
    pub method: Option<String>,
    /// command: what is run.
    pub run: Option<Words>,
    /// command: whether it is done already.
    pub check: Option<Words>,
    /// command: whether it may be run again where nobody knows.
    #[serde(default)]
    pub repeat: bool,
    /// command: whether what it does ends with the session.
    #[serde(default)]
    pub volatile: bool,
    /// databases: where a server's programs are.
    pub bin_dir: Option<String>,
    /// databases: who runs a server in a sandbox.
    pub run_as: Option<String>,
    /// command: inside the root.
    #[serde(default)]
    pub inside: bool,
    /// command: a file of the snapshot that it reads.
    pub input: Option<String>,
    /// command: a secret that it reads.
    pub secret: Option<String>,
    /// command: variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// command: who runs it.
    pub user: Option<String>,
}

/// One verification; which keys it may have depends on its kind, and was checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyFile {
    /// What is verified.
    pub kind: String,
    /// How long to try.
    #[serde(default, deserialize_with = "duration")]
    pub within: Option<Duration>,
    /// sql: which engine.
    pub engine: Option<String>,
    /// sql: which database.
    pub database: Option<String>,
    /// sql: the query.
    pub query: Option<String>,
    /// sql, command: the answer.
    pub expect: Option<String>,
    /// sql: the dump whose server is asked.
    pub dump: Option<String>,
    /// sql: as whom.
    pub user: Option<String>,
    /// http: what is asked for.
    pub url: Option<String>,
    /// http: the status.
    pub status: Option<u16>,
    /// What must stand in it.
    pub contains: Option<String>,
    /// command: what is run.
    pub run: Option<Words>,
    /// Inside the root.
    #[serde(default)]
    pub inside: bool,
    /// file, checksum: which.
    pub path: Option<String>,
    /// file: how long at least, in bytes.
    #[serde(default, deserialize_with = "size")]
    pub min_size: Option<u64>,
    /// port, sql: where.
    pub host: Option<String>,
    /// port, sql: which.
    pub port: Option<u16>,
    /// unit: its name.
    pub unit: Option<String>,
}

fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        One(T),
        Many(Vec<T>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Size {
        Bytes(u64),
        Text(String),
    }
    match Size::deserialize(deserializer)? {
        Size::Bytes(bytes) => Ok(Some(bytes)),
        Size::Text(text) => sizes::parse(&text).map(Some).map_err(D::Error::custom),
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    lengths::parse(&text).map(Some).map_err(D::Error::custom)
}
