//! What a rebuild does, as pure data: actions that can be shown, hashed and compared first.
//!
//! `system::rebuild` and `system::database` make them from captured state; the planner, a floor above, puts
//! them in order, asks for consent and executes them. Two things are bound only when a run begins, for they
//! may change between planning and doing: the device node of a target disk (a disk is named by identity, an
//! image gets its loop device when attached), written `%{disk0}` or, for its second partition,
//! `%{disk0:2}`; and secrets, which are named here and never held.
//!
//! Actions fall in two classes. What an action does to a disk *lasts*: done once, it is done. What it does to
//! the running machine (a loop device, a mount, an opened LUKS container) does not outlive a restart: such an
//! action is `volatile`, has a `check` and a `release`, is looked at again whenever a run that still needs it
//! begins or goes on, and is released, in reverse order, when the run ends, well or not.
//!
//! Left out: executing, journals and consent (`plan`), and which actions a machine needs (`rebuild`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::system::rebuild::rewrite::Rewrite;

/// What the paths of an action's own passing files and mounts begin with.
pub const SCRATCH: &str = "/run/lifeboat-";

/// One step of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Unique within a plan, and the same whenever it is made from the same state: `mkfs:/boot`.
    pub id: String,
    /// What it does, for people: "make the ext4 file system of /boot".
    pub title: String,
    /// Which part of the machine it belongs to.
    pub stage: Stage,
    /// What is done.
    pub operation: Operation,
    /// Tells whether it is done already; asked where a run was cut off in the middle of it, and always before
    /// a volatile one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// The names of the target disks of which it overwrites something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destroys: Vec<String>,
    /// Whether it may simply be done again where a run was cut off in the middle of it. One that may not, and
    /// whose check says that it is not done, needs a person.
    pub repeatable: bool,
    /// Whether its effect ends with the running system; see above.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// What takes a volatile action back, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub release: Vec<CommandLine>,
    /// The actions that must be done before, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

/// The parts of a machine, in the order in which they come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Attaching the targets, partitions, md, LUKS, LVM.
    Disks,
    /// Making and mounting file systems.
    FileSystems,
    /// Users and groups.
    Users,
    /// Repositories, packages.
    Packages,
    /// Files from the snapshot.
    Files,
    /// What must differ on this hardware; boot loader; initramfs.
    Boot,
    /// Units.
    Services,
    /// Dumps loaded into databases.
    Databases,
    /// What the plan itself asks for.
    Custom,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// Runs commands, one after the other; the first that fails ends the action.
    Run {
        /// In order.
        commands: Vec<CommandLine>,
    },
    /// Finds the target disk by its identity, or makes the image where there is none and attaches it to a
    /// loop device; tells the kernel its partitions (`partx --update`, for not every kernel reads tables
    /// itself); binds its name. Releases by detaching what it attached.
    Attach(TargetDisk),
    /// Writes a file whole: beside, then renamed. Directories above it are made.
    WriteFile {
        /// The directory that `path` is looked up beneath, no link leading out of it.
        root: String,
        /// Absolute, as seen from `root`.
        path: String,
        /// All of it.
        contents: String,
        /// Its permissions, such as `0o644`.
        mode: u32,
    },
    /// Changes a file in place, if it is there.
    RewriteFile {
        /// The directory that `path` is looked up beneath, no link leading out of it.
        root: String,
        /// Absolute, as seen from `root`.
        path: String,
        /// How.
        rewrite: Rewrite,
    },
    /// Restores files of the plan's snapshot.
    RestoreFiles(RestoreFiles),
}

/// Which files of the snapshot are restored, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreFiles {
    /// The path in the snapshot whose contents become the target's; everything at its place if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subpath: Option<String>,
    /// The directory on this machine.
    pub target: String,
    /// Only what matches one of these, in gitignore syntax; everything if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Not what matches one of these, in gitignore syntax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Whether owners are taken by number, as a whole machine needs it, rather than by name.
    pub numeric_owners: bool,
    /// Whether restored files are read back and compared.
    pub verify: bool,
}

/// A target disk: where one of the captured machine's disks goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetDisk {
    /// What commands call it: `disk0` for `%{disk0}`.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// Where a target disk is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// A block device, found by identity; never by its kernel name alone.
    Device(DiskIdentity),
    /// A file on this machine that holds a whole disk.
    Image {
        /// Absolute.
        path: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Device(identity) => write!(f, "{identity}"),
            Place::Image { path } => write!(f, "the image {path}"),
        }
    }
}

/// What tells one disk from all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskIdentity {
    /// World-wide name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wwn: Option<String>,
    /// Serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Model, which tells no two disks of one box apart and is for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it was when it was looked at: `/dev/sda`. An identity only where there is neither WWN nor serial
    /// (a loop device, a virtual disk), and then said aloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl DiskIdentity {
    /// Whether `other` is the same disk: every number that both know agrees, and there is one. Where neither
    /// has a number, the path decides.
    pub fn is_same(&self, other: &DiskIdentity) -> bool {
        let pairs = [(&self.wwn, &other.wwn), (&self.serial, &other.serial)];
        let known: Vec<bool> = pairs
            .iter()
            .filter_map(|(one, other)| Some(trimmed(one.as_deref()?) == trimmed(other.as_deref()?)))
            .collect();
        match known.as_slice() {
            [] if self.is_anonymous() && other.is_anonymous() => {
                self.path.is_some() && self.path == other.path
            }
            known => !known.is_empty() && known.iter().all(|agrees| *agrees),
        }
    }

    /// Whether nothing but the place where it is plugged in tells it from others.
    pub fn is_anonymous(&self) -> bool {
        self.wwn.is_none() && self.serial.is_none()
    }
}

impl fmt::Display for DiskIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.path.clone(),
            self.model.as_ref().map(|model| trimmed(model).to_owned()),
            self.serial.as_ref().map(|serial| format!("serial {}", trimmed(serial))),
            self.wwn.as_ref().map(|wwn| format!("wwn {}", trimmed(wwn))),
        ];
        let known: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(if known.is_empty() { "a disk without identity" } else { "" })?;
        f.write_str(&known.join(", "))
    }
}

/// Firmware pads serial numbers with blanks, and tools differ in whether they pass those on.
fn trimmed(text: &str) -> &str {
    text.trim()
}

/// A program to run, as data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandLine {
    /// The program and its arguments; may name target disks.
    pub argv: Vec<String>,
    /// What it reads.
    #[serde(default, skip_serializing_if = "Stdin::is_nothing")]
    pub stdin: Stdin,
    /// Variables it gets beside the executor's own few.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The directory that is its root; ours if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chroot: Option<String>,
    /// The account it runs as, by name (inside `chroot` where there is one); ours if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Statuses that are as good as 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<i32>,
    /// When it is ended, in seconds; never if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_seconds: Option<u64>,
}

/// What a program reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Nothing,
    /// This.
    Text(String),
    /// A secret of this name; the executor asks for it, and neither shows nor keeps it.
    Secret(String),
    /// A file of the plan's snapshot, as it comes: a dump, for example.
    Entry(String),
}

impl Stdin {
    fn is_nothing(&self) -> bool {
        *self == Stdin::Nothing
    }
}

/// How it is told whether an action is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// Done if the command ends with status 0.
    Succeeds(CommandLine),
    /// Done if the command ends with status 0 and prints just this, blanks around it aside.
    Prints {
        /// What is run.
        command: CommandLine,
        /// What it must print.
        text: String,
    },
}

impl CommandLine {
    /// A command of these words.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self { argv: words.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The same with this as its standard input.
    pub fn reads(mut self, text: impl Into<String>) -> Self {
        self.stdin = Stdin::Text(text.into());
        self
    }

    /// The same inside `root`.
    pub fn within(mut self, root: &str) -> Self {
        self.chroot = Some(root.to_owned());
        self
    }

    /// The same with one more variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same, with `statuses` as good as 0.
    pub fn accepts(mut self, statuses: &[i32]) -> Self {
        self.accept = statuses.to_vec();
        self
    }

    /// How it could be typed into a shell; secrets and dumps are named, not shown.
    pub fn display(&self) -> String {
        let mut words = Vec::new();
        if let Some(root) = &self.chroot {
            words.extend(["chroot".to_owned(), quote(root)]);
        }
        if !self.env.is_empty() {
            words.push("env".to_owned());
            words.extend(self.env.iter().map(|(name, value)| format!("{name}={}", quote(value))));
        }
        if let Some(user) = &self.user {
            words.extend(["runuser".to_owned(), "-u".to_owned(), quote(user), "--".to_owned()]);
        }
        words.extend(self.argv.iter().map(|word| quote(word)));
        let line = words.join(" ");
        match &self.stdin {
            Stdin::Nothing => line,
            Stdin::Text(text) => format!("{line} <<'END'\n{}\nEND", text.trim_end()),
            Stdin::Secret(name) => format!("{line} < (the secret {name})"),
            Stdin::Entry(path) => format!("lifeboat cat SNAPSHOT:{} | {line}", quote(path)),
        }
    }
}

/// One word as a shell would need it.
fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-+=./:,@%{}".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// How commands name the target disk `name`.
pub fn disk(name: &str) -> String {
    format!("%{{{name}}}")
}

/// How commands name partition `number` of the target disk `name`.
pub fn partition(name: &str, number: u32) -> String {
    format!("%{{{name}:{number}}}")
}

/// The device nodes of the target disks, once they are attached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings(BTreeMap<String, String>);

/// A command names a target disk that is not attached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} names a target disk that is not attached")]
pub struct Unbound {
    /// The word as it stands in the command.
    pub word: String,
}

impl Bindings {
    /// From now on `name` is the disk at `device`, such as `/dev/loop0`.
    pub fn bind(&mut self, name: &str, device: &str) {
        self.0.insert(name.to_owned(), device.to_owned());
    }

    /// The device that `name` is bound to.
    pub fn device(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// `word` with all names of target disks replaced by their device nodes. Anything else between such
    /// braces is somebody else's, such as `curl -w %{http_code}`, and stays.
    pub fn resolve(&self, word: &str) -> Result<String, Unbound> {
        let mut resolved = String::with_capacity(word.len());
        let mut rest = word;
        while let Some(at) = rest.find("%{") {
            let unbound = || Unbound { word: word.to_owned() };
            resolved.push_str(&rest[..at]);
            if !names_disk(&rest[at + 2..]) {
                resolved.push_str("%{");
                rest = &rest[at + 2..];
                continue;
            }
            let (reference, after) = rest[at + 2..].split_once('}').ok_or_else(unbound)?;
            let (name, number) = match reference.split_once(':') {
                Some((name, number)) => (name, Some(number.parse().map_err(|_| unbound())?)),
                None => (reference, None),
            };
            let device = self.device(name).ok_or_else(unbound)?;
            resolved.push_str(&number.map_or_else(|| device.to_owned(), |n| partition_node(device, n)));
            rest = after;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }

    /// `command` as it is run.
    pub fn command(&self, command: &CommandLine) -> Result<CommandLine, Unbound> {
        let argv = command.argv.iter().map(|word| self.resolve(word)).collect::<Result<_, _>>()?;
        Ok(CommandLine { argv, ..command.clone() })
    }
}

/// Whether what follows `%{` begins with the name of a target disk: `disk` and a number.
fn names_disk(text: &str) -> bool {
    text.strip_prefix("disk").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The node of partition `number` of the disk at `device`. The kernel parts the two by a `p` where the disk's
/// own name ends with a digit, and udev's links by `-part`.
pub fn partition_node(device: &str, number: u32) -> String {
    match device.chars().last() {
        _ if device.starts_with("/dev/disk/") => format!("{device}-part{number}"),
        Some(last) if last.is_ascii_digit() => format!("{device}p{number}"),
        _ => format!("{device}{number}"),
    }
}

/// Actions that cannot be put in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Two have one id.
    #[error("two actions are called {id:?}")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// One needs another that does not exist.
    #[error("the action {id:?} needs {needs:?}, which is not there")]
    Missing {
        /// Who needs it.
        id: String,
        /// What it needs.
        needs: String,
    },
    /// Some need each other.
    #[error("these actions wait for each other: {}", ids.join(", "))]
    Cycle {
        /// Their ids.
        ids: Vec<String>,
    },
}

/// The positions of `actions` in an order that respects what each needs, and else keeps the order given.
pub fn order(actions: &[Action]) -> Result<Vec<usize>, OrderError> {
    let mut places = BTreeMap::new();
    for (place, action) in actions.iter().enumerate() {
        if places.insert(action.id.as_str(), place).is_some() {
            return Err(OrderError::Duplicate { id: action.id.clone() });
        }
    }
    for action in actions {
        if let Some(needs) = action.needs.iter().find(|needs| !places.contains_key(needs.as_str())) {
            return Err(OrderError::Missing { id: action.id.clone(), needs: needs.clone() });
        }
    }
    let mut done = BTreeSet::new();
    let mut ordered = Vec::with_capacity(actions.len());
    while ordered.len() < actions.len() {
        let is_ready = |place: &usize| {
            !done.contains(actions[*place].id.as_str())
                && actions[*place].needs.iter().all(|needs| done.contains(needs.as_str()))
        };
        let Some(next) = (0..actions.len()).find(is_ready) else {
            let left = actions.iter().filter(|action| !done.contains(action.id.as_str()));
            return Err(OrderError::Cycle { ids: left.map(|action| action.id.clone()).collect() });
        };
        done.insert(actions[next].id.as_str());
        ordered.push(next);
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(id: &str, needs: &[&str]) -> Action {
        Action {
            id: id.into(),
            title: id.into(),
            stage: Stage::Custom,
            operation: Operation::Run { commands: vec![CommandLine::new(["true"])] },
            check: None,
            destroys: Vec::new(),
            repeatable: true,
            volatile: false,
            release: Vec::new(),
            needs: needs.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    #[test]
    fn names_of_target_disks_become_device_nodes() {
        let mut bindings = Bindings::default();
        bindings.bind("disk0", "/dev/loop3");
        bindings.bind("disk1", "/dev/sdb");
        bindings.bind("disk2", "/dev/disk/by-id/wwn-0x5");
        for (word, expected) in [
            ("%{disk0}", "/dev/loop3"),
            ("%{disk0:2}", "/dev/loop3p2"),
            ("%{disk1:12}", "/dev/sdb12"),
            ("%{disk2:1}", "/dev/disk/by-id/wwn-0x5-part1"),
            ("--a=%{disk0:1},%{disk1:1}", "--a=/dev/loop3p1,/dev/sdb1"),
            ("100%", "100%"),
            ("%{http_code} %{disk0} %{disk", "%{http_code} /dev/loop3 %{disk"),
            ("%{%{disk1}", "%{/dev/sdb"),
        ] {
            assert_eq!(bindings.resolve(word).unwrap(), expected);
        }
        for word in ["%{disk9}", "%{disk0:x}", "%{disk0"] {
            assert_eq!(bindings.resolve(word).unwrap_err().word, word);
        }
    }

    #[test]
    fn a_disk_is_the_same_only_if_every_number_known_to_both_agrees() {
        let disk = |wwn: Option<&str>, serial: Option<&str>, path: &str| DiskIdentity {
            wwn: wwn.map(Into::into),
            serial: serial.map(Into::into),
            model: None,
            path: Some(path.into()),
        };
        let one = disk(Some("0x5"), Some("S1  "), "/dev/sda");
        assert!(one.is_same(&disk(Some("0x5"), Some("S1"), "/dev/sdb")));
        assert!(one.is_same(&disk(None, Some("S1"), "/dev/sdb")));
        assert!(!one.is_same(&disk(Some("0x5"), Some("S2"), "/dev/sda")));
        assert!(!one.is_same(&disk(None, None, "/dev/sda")));
        assert!(disk(None, None, "/dev/vda").is_same(&disk(None, None, "/dev/vda")));
        assert!(!disk(None, None, "/dev/vda").is_same(&disk(None, None, "/dev/vdb")));
    }

    #[test]
    fn order_respects_needs_and_names_what_is_wrong() {
        let actions = [action("c", &["a", "b"]), action("a", &[]), action("b", &["a"])];
        assert_eq!(order(&actions).unwrap(), [1, 2, 0]);
        let error = order(&[action("a", &["b"]), action("b", &["a"])]).unwrap_err();
        assert_eq!(error.to_string(), "these actions wait for each other: a, b");
        let error = order(&[action("a", &["x"])]).unwrap_err();
        assert_eq!(error.to_string(), "the action \"a\" needs \"x\", which is not there");
        assert!(matches!(order(&[action("a", &[]), action("a", &[])]), Err(OrderError::Duplicate { .. })));
    }

    #[test]
    fn a_command_is_shown_as_it_could_be_typed_and_shows_no_secret() {
        let command = CommandLine::new(["cryptsetup", "open", "%{disk0:2}", "it's"]);
        let command = CommandLine { stdin: Stdin::Secret("luks-root".into()), ..command.within("/mnt/a b") };
        assert_eq!(
            command.display(),
            "chroot '/mnt/a b' cryptsetup open %{disk0:2} 'it'\\''s' < (the secret luks-root)"
        );
    }

    #[test]
    fn an_action_survives_the_way_through_json() {
        let mut all = action("a", &["b"]);
        all.check = Some(Check::Prints { command: CommandLine::new(["blkid"]), text: "x".into() });
        all.operation = Operation::Attach(TargetDisk {
            name: "disk0".into(),
            place: Place::Image { path: "/tmp/disk.img".into() },
            size_bytes: 1,
        });
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Action>(&text).unwrap(), all);
    }
}
