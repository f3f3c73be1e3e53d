//! Which disks may be overwritten: fail closed.
//!
//! A disk is looked at immediately before each step that overwrites something of it. It must be the one
//! disk with the identity that the plan names; be none of those the plan protects, nor hold the running
//! system, the repository or what lifeboat keeps; be writable and large enough; be in use by nobody, in any
//! namespace; and, unless the plan says `wipe`, hold nothing. What cannot be found out counts against it.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::plan::apply::log::BegunDisk;
use crate::plan::artefact::{Content, Disk as Target};
use crate::plan::build::look::PATH;
use crate::plan::error::PlanError;
use crate::sys::child::Ending;
use crate::sys::command::{Input, Invocation};
use crate::sys::disk::{self, Disk};
use crate::sys::process;
use crate::system::action::{DiskIdentity, Place, SCRATCH};

/// How long looking for signatures may take.
const PROBE_LIMIT: Duration = Duration::from_secs(60);
/// What `blkid -p` answers where it finds nothing.
const NOTHING_FOUND: Ending = Ending::Exited(2);

/// A disk, or an image, that is about to be overwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What actions call it.
    pub name: String,
    /// Its device node, or the image's file.
    pub device: String,
    /// All that tells it from others; none of an image.
    pub identity: DiskIdentity,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// What it holds, as far as that was found out; empty if nothing.
    pub holds: Vec<String>,
    /// Whether it is a file.
    pub is_image: bool,
}

impl Candidate {
    /// The disk as messages name it.
    pub fn describe(&self) -> String {
        match self.is_image {
            true => format!("the image {}", self.device),
            false => format!("{} ({})", self.device, self.identity),
        }
    }

    /// Whether `typed` names this disk and no other: its device node or kernel name, its serial number, or
    /// its world-wide name.
    pub fn is_named(&self, typed: &str) -> bool {
        let typed = typed.trim();
        let same = |own: &Option<String>, word: &str| {
            own.as_ref().is_some_and(|own| plain(own) == plain(typed.strip_prefix(word).unwrap_or(typed)))
        };
        !typed.is_empty()
            && (typed == self.device
                || typed.strip_prefix("path:").or(typed.strip_prefix("image:")) == Some(&self.device)
                || !self.is_image && Some(typed) == self.device.strip_prefix("/dev/")
                || same(&self.identity.serial, "serial:")
                || same(&self.identity.wwn, "wwn:"))
    }
}

/// Numbers as they are compared: tools differ in blanks, case, and what they put before a world-wide name.
fn plain(number: &str) -> String {
    let text = number.trim().to_ascii_lowercase();
    ["0x", "naa.", "eui.", "t10."].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(&text).to_owned()
}

/// All that tells `disk` from others.
pub fn identity_of(disk: &Disk) -> DiskIdentity {
    DiskIdentity {
        wwn: disk.wwn.clone(),
        serial: disk.serial.clone(),
        model: disk.model.clone(),
        path: Some(disk.path.clone()),
    }
}

/// Whether `disk` is the one that is meant.
pub fn is_same(wanted: &DiskIdentity, disk: &Disk) -> bool {
    let agrees = |one: &Option<String>, other: &Option<String>| {
        one.as_ref().map(|one| other.as_ref().is_some_and(|other| plain(one) == plain(other)))
    };
    let numbers = [agrees(&wanted.wwn, &disk.wwn), agrees(&wanted.serial, &disk.serial)];
    let known: Vec<bool> = numbers.into_iter().flatten().collect();
    match (known.is_empty(), &wanted.path) {
        (false, _) => known.iter().all(|agrees| *agrees),
        (true, Some(path)) => {
            let node = std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
            node == Path::new(&disk.path)
        }
        (true, None) => false,
    }
}

/// The one disk with this identity.
pub fn find(wanted: &DiskIdentity) -> Result<Disk, PlanError> {
    pick(wanted, &disk::disks().map_err(PlanError::Look)?)
}

/// The same, which must still be the disk that this run has begun, if it has.
pub fn find_begun(wanted: &DiskIdentity, begun: Option<&BegunDisk>) -> Result<Disk, PlanError> {
    let disk = find(wanted)?;
    if let Some(begun) = begun {
        let own = identity_of(&disk);
        is_still(wanted, begun, &own, process::boot_id().as_deref())
            .map_err(|why| PlanError::Refused { disk: own.to_string(), why })?;
    }
    Ok(disk)
}

/// The one among `all` with this identity.
fn pick(wanted: &DiskIdentity, all: &[Disk]) -> Result<Disk, PlanError> {
    let refused = |why: String| PlanError::Refused { disk: wanted.to_string(), why };
    let matches: Vec<&Disk> = all.iter().filter(|disk| is_same(wanted, disk)).collect();
    match matches.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let there: Vec<String> = all.iter().map(|disk| identity_of(disk).to_string()).collect();
            Err(refused(format!("no disk here has this identity; there are: {}", there.join("; "))))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|disk| disk.path.as_str()).collect();
            Err(refused(format!(
                "{} all have this identity: it is not known which is meant",
                names.join(", ")
            )))
        }
    }
}

/// Whether the target may be overwritten: what it is, or why not. `begun` says that this run has overwritten
/// it already, so that what it holds is the run's own, and what it was then; `is_ours` that the run attached
/// an image, in a session that was cut off before it overwrote anything.
pub fn examine(
    content: &Content,
    target: &Target,
    holds: &[PathBuf],
    begun: Option<&BegunDisk>,
    is_ours: bool,
) -> Result<Candidate, PlanError> {
    match &target.disk.place {
        Place::Image { path } => image(&content.target.root, target, path, holds, (begun.is_some(), is_ours)),
        Place::Device(identity) => device(content, target, identity, holds, begun),
    }
}

/// Whether a disk that was begun is the one that was begun: `own` is what it is now, in the boot `boot`.
fn is_still(
    wanted: &DiskIdentity,
    begun: &BegunDisk,
    own: &DiskIdentity,
    boot: Option<&str>,
) -> Result<(), String> {
    let anew = "look which disk it is, and begin anew with --restart";
    let is_path_alone = wanted.is_anonymous();
    if is_path_alone && (boot.is_none() || begun.boot.as_deref() != boot) {
        return Err(format!(
            "it is known by its path alone, and the machine was restarted after it was begun, so that it may \
             be another disk now: {anew}"
        ));
    }
    let (was, is) = (&begun.identity, own);
    let same = was.wwn == is.wwn && was.serial == is.serial && was.model == is.model;
    match same && (!is_path_alone || was.path == is.path) {
        true => Ok(()),
        false => Err(format!("it is not the disk that this run has begun ({was}): {anew}")),
    }
}

/// Whether a user of a disk that was begun is none of this run's: mounted elsewhere than below `root`, or
/// swapped to. Arrays and volumes cannot be told apart.
fn is_stranger(user: &str, root: &str) -> bool {
    let is_own = |at: &str| Path::new(at).starts_with(root) || at.starts_with(SCRATCH);
    match user.strip_prefix("mounted at ") {
        Some(at) => !is_own(at),
        None => user.starts_with("swap"),
    }
}

/// Whether the disk is the one at `node`, which commands name: a disk that was lost and found again gets
/// another node, and its old one may be another disk's.
pub fn is_at(candidate: &Candidate, node: &str) -> Result<(), PlanError> {
    let refused = |why: String| PlanError::Refused { disk: candidate.describe(), why };
    if !candidate.is_image {
        return match candidate.device == node {
            true => Ok(()),
            false => Err(refused(format!(
                "{} was {node}, and is {} now: apply the plan once more",
                candidate.name, candidate.device
            ))),
        };
    }
    let all = disk::disks().map_err(PlanError::Look)?;
    let image = Path::new(&candidate.device);
    match all.iter().any(|disk| disk.path == node && disk.is_backed_by(image)) {
        true => Ok(()),
        false => Err(refused(format!("it is not attached to {node} any more: apply the plan once more"))),
    }
}

fn device(
    content: &Content,
    target: &Target,
    identity: &DiskIdentity,
    holds: &[PathBuf],
    begun: Option<&BegunDisk>,
) -> Result<Candidate, PlanError> {
    let disk = find_begun(identity, begun)?;
    let own = identity_of(&disk);
    let refuse = |why: String| PlanError::Refused { disk: own.to_string(), why };
    if let Some(protected) = content.target.protect.iter().find(|protected| is_same(protected, &disk)) {
        return Err(refuse(format!("the plan protects it ({protected})")));
    }
    if let Some(holder) = holder_of(&disk.name, holds) {
        return Err(refuse(format!("it holds {holder}")));
    }
    if disk.is_read_only {
        return Err(refuse("it is read-only".into()));
    }
    if disk.size_bytes < target.disk.size_bytes {
        return Err(refuse(format!(
            "it has {} bytes, and was planned with {}: it is not the disk it was, or has shrunk",
            disk.size_bytes, target.disk.size_bytes
        )));
    }
    // What this run has mounted or opened on it is its own.
    let mut users = disk.users();
    if begun.is_some() {
        users.retain(|user| is_stranger(user, &content.target.root));
    }
    if !users.is_empty() || begun.is_none() && !disk.is_free().map_err(PlanError::Look)? {
        let users = if users.is_empty() { "it is in use".to_owned() } else { users.join(", ") };
        return Err(refuse(format!("{users}: unmount or stop it first, if it really is the one")));
    }
    let found = if begun.is_some() { Vec::new() } else { signatures(&disk)? };
    if !target.wipe && !found.is_empty() {
        return Err(refuse(format!(
            "it holds {}; if that may be lost, say `wipe = true` at this disk in the plan file",
            found.join(", ")
        )));
    }
    Ok(Candidate {
        name: target.disk.name.clone(),
        device: disk.path.clone(),
        size_bytes: disk.size_bytes,
        identity: own,
        holds: found,
        is_image: false,
    })
}

fn image(
    root: &str,
    target: &Target,
    path: &str,
    holds: &[PathBuf],
    (is_begun, is_ours): (bool, bool),
) -> Result<Candidate, PlanError> {
    let refuse = |why: String| PlanError::Refused { disk: format!("the image {path}"), why };
    let length = disk::image_length(Path::new(path)).map_err(PlanError::Look)?;
    if holds.iter().any(|held| Path::new(path).starts_with(held)) {
        return Err(refuse("it lies where the repository or lifeboat's own state is".into()));
    }
    let all = disk::disks().map_err(PlanError::Look)?;
    let attached: Vec<&Disk> = all.iter().filter(|disk| disk.is_backed_by(Path::new(path))).collect();
    let nodes: Vec<&str> = attached.iter().map(|disk| disk.path.as_str()).collect();
    if !attached.is_empty() && !is_begun && !is_ours {
        return Err(refuse(format!("it is attached to {} already", nodes.join(", "))));
    }
    // As of a disk that was begun: somebody may have looked into it meanwhile, by whatever device.
    let mut users: Vec<String> = attached.iter().flat_map(|disk| disk.users()).collect();
    users.retain(|user| is_stranger(user, root));
    if !users.is_empty() {
        return Err(refuse(format!("{}: unmount or stop it first", users.join(", "))));
    }
    if nodes.len() > 1 {
        let nodes = nodes.join(" and ");
        return Err(refuse(format!(
            "it is attached to {nodes}; detach all but one (losetup --detach) first"
        )));
    }
    // Where the run was cut off right after it made the image, nothing is in it yet.
    let is_own = is_begun || is_ours && is_all_hole(Path::new(path));
    let holds =
        if length.unwrap_or(0) > 0 && !is_own { vec!["a file that is there".into()] } else { Vec::new() };
    if !target.wipe && !holds.is_empty() {
        return Err(refuse(
            "it is there already; remove it, or say `wipe = true` at this disk in the plan file".into(),
        ));
    }
    Ok(Candidate {
        name: target.disk.name.clone(),
        device: path.to_owned(),
        identity: DiskIdentity::default(),
        size_bytes: target.disk.size_bytes,
        holds,
        is_image: true,
    })
}

/// Whether nothing was ever written to the file.
fn is_all_hole(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.blocks() == 0)
}

/// What on the disk called `name` must not be lost: the running system, or one of `holds`.
fn holder_of(name: &str, holds: &[PathBuf]) -> Option<String> {
    let system = ["/", "/boot", "/usr", "/var", "/home"].map(PathBuf::from);
    let is_on = |path: &PathBuf| disk::disks_beneath(path).contains(name);
    if system.iter().any(is_on) {
        return Some("the running system".into());
    }
    holds.iter().find(|path| is_on(path)).map(|path| format!("{}, which lifeboat needs", path.display()))
}

/// What is on the disk and its partitions: partition tables, file systems, members of arrays.
fn signatures(disk: &Disk) -> Result<Vec<String>, PlanError> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    found.extend(disk.partitions.iter().map(|name| format!("the partition {name}")));
    let words = ["-p", "-o", "export", "--", disk.path.as_str()];
    // cron's own path leaves out where blkid lies.
    let probe = Invocation::new("blkid", words).variable("PATH", PATH).within(PROBE_LIMIT);
    let probe = probe.run(Input::Nothing, None).map_err(PlanError::Look)?;
    if probe.cut.is_none() && probe.ending == NOTHING_FOUND && probe.stdout.trim_ascii().is_empty() {
        return Ok(found.into_iter().collect());
    }
    if !probe.is_success() {
        // An ambivalent answer is one, too: something is there.
        found.insert(format!("something that cannot be told apart (blkid {})", probe.describe()));
    }
    for line in probe.text().lines() {
        match line.split_once('=') {
            Some(("PTTYPE", kind)) => found.insert(format!("a {kind} partition table")),
            Some(("TYPE", kind)) => found.insert(format!("{kind} data")),
            _ => false,
        };
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate() -> Candidate {
        Candidate {
            name: "disk0".into(),
            device: "/dev/sdb".into(),
            identity: DiskIdentity {
                wwn: Some("naa.5002538E40A1B2C3".into()),
                serial: Some("S3Z9 ".into()),
                ..DiskIdentity::default()
            },
            size_bytes: 1,
            holds: Vec::new(),
            is_image: false,
        }
    }

    #[test]
    fn a_disk_is_confirmed_by_its_own_names_alone() {
        for typed in ["/dev/sdb", "sdb", "S3Z9", "serial:s3z9", "wwn:0x5002538e40a1b2c3", "path:/dev/sdb"] {
            assert!(candidate().is_named(typed), "{typed}");
        }
        for typed in ["", " ", "yes", "/dev/sda", "sd", "disk0", "serial:", "serial:S3Z", "wwn:S3Z9x"] {
            assert!(!candidate().is_named(typed), "{typed}");
        }
    }

    #[test]
    fn a_disk_that_was_begun_is_the_same_one_in_the_same_boot_unless_a_number_tells_it() {
        let identity = |serial: Option<&str>, path: &str, model: &str| DiskIdentity {
            serial: serial.map(Into::into),
            path: Some(path.into()),
            model: Some(model.into()),
            ..DiskIdentity::default()
        };
        let begun = |identity| BegunDisk { identity, boot: Some("b1".into()) };
        let (known, plain) = (identity(Some("S1"), "/dev/sdb", "M"), identity(None, "/dev/sdb", "M"));
        let renamed = identity(Some("S1"), "/dev/sdc", "M");
        assert_eq!(is_still(&known, &begun(known.clone()), &renamed, Some("b2")), Ok(()));
        assert_eq!(is_still(&plain, &begun(plain.clone()), &plain, Some("b1")), Ok(()));
        for boot in [Some("b2"), None] {
            let why = is_still(&plain, &begun(plain.clone()), &plain, boot).unwrap_err();
            assert!(why.contains("was restarted") && why.contains("--restart"), "{why}");
        }
        for other in [identity(None, "/dev/sdb", "N"), known.clone()] {
            let why = is_still(&plain, &begun(plain.clone()), &other, Some("b1")).unwrap_err();
            assert!(why.contains("not the disk that this run has begun"), "{why}");
        }
    }

    #[test]
    fn a_begun_disk_that_is_known_by_its_path_alone_is_not_found_after_a_restart() {
        let Some(disk) = disk::disks().unwrap().into_iter().next() else {
            println!("skipped: there is no disk here");
            return;
        };
        let wanted = DiskIdentity { path: Some(disk.path.clone()), ..DiskIdentity::default() };
        let begun = |boot: Option<String>| BegunDisk { identity: identity_of(&disk), boot };
        assert_eq!(find_begun(&wanted, None).unwrap().path, disk.path);
        assert_eq!(find_begun(&wanted, Some(&begun(process::boot_id()))).unwrap().path, disk.path);
        let refused = find_begun(&wanted, Some(&begun(Some("an earlier one".into())))).unwrap_err();
        assert!(refused.to_string().contains("was restarted"), "{refused}");
    }

    #[test]
    fn who_uses_a_disk_that_was_begun_is_none_of_ours_outside_of_the_target() {
        for own in
            ["mounted at /mnt/new", "mounted at /mnt/new/boot", "mounted at /run/lifeboat-b.x", "part of md0"]
        {
            assert!(!is_stranger(own, "/mnt/new"), "{own}");
        }
        for other in ["mounted at /mnt/newer", "mounted at /home", "swap on /dev/sdb2"] {
            assert!(is_stranger(other, "/mnt/new"), "{other}");
        }
    }

    #[test]
    fn commands_that_name_another_node_than_the_disk_has_now_are_refused() {
        assert!(is_at(&candidate(), "/dev/sdb").is_ok());
        let error = is_at(&candidate(), "/dev/sdc").unwrap_err().to_string();
        assert!(error.contains("disk0 was /dev/sdc, and is /dev/sdb now"), "{error}");
        let image = Candidate { device: "/nowhere/disk.img".into(), is_image: true, ..candidate() };
        assert!(is_at(&image, "/dev/loop0").is_err());
    }

    #[test]
    fn identities_are_compared_whatever_a_tool_puts_before_them() {
        let disk = Disk {
            name: "sdb".into(),
            path: "/dev/sdb".into(),
            size_bytes: 1,
            sector_bytes: 512,
            wwn: Some("0x5002".into()),
            serial: Some("S1".into()),
            model: None,
            is_read_only: false,
            backing_file: None,
            partitions: Vec::new(),
        };
        let wanted = |wwn: Option<&str>, serial: Option<&str>, path: Option<&str>| DiskIdentity {
            wwn: wwn.map(Into::into),
            serial: serial.map(Into::into),
            model: None,
            path: path.map(Into::into),
        };
        assert!(is_same(&wanted(Some("naa.5002"), None, None), &disk));
        assert!(is_same(&wanted(Some("0x5002"), Some(" s1"), Some("/dev/sda")), &disk));
        assert!(!is_same(&wanted(Some("0x5002"), Some("S2"), Some("/dev/sdb")), &disk));
        assert!(is_same(&wanted(None, None, Some("/dev/sdb")), &disk));
        assert!(!is_same(&wanted(None, None, None), &disk));
        let twin = Disk { name: "sdc".into(), path: "/dev/sdc".into(), ..disk.clone() };
        let error = pick(&wanted(None, Some("S1"), None), &[disk.clone(), twin.clone()]).unwrap_err();
        assert!(error.to_string().contains("/dev/sdb, /dev/sdc all have this identity"), "{error}");
        let error = pick(&wanted(None, Some("S9"), None), &[disk.clone(), twin]).unwrap_err();
        assert!(error.to_string().contains("no disk here has this identity"), "{error}");
        // A number that the disk does not tell is none that agrees.
        let silent = Disk { serial: None, ..disk };
        assert!(!is_same(&wanted(None, Some("S1"), Some("/dev/sdb")), &silent));
    }

    /// Runs a command of which the failure is this machine's.
    fn can(words: &[&str]) -> Option<String> {
        let output = std::process::Command::new(words[0]).args(&words[1..]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    #[test]
    fn an_image_that_was_begun_and_is_mounted_elsewhere_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.img").display().to_string();
        let other = dir.path().join("other");
        std::fs::create_dir(&other).unwrap();
        std::fs::File::create(&path).unwrap().set_len(8 << 20).unwrap();
        let other = other.to_str().unwrap();
        let device =
            can(&["mkfs.ext4", "-q", &path]).and_then(|_| can(&["losetup", "--find", "--show", &path]));
        let Some(device) = device.filter(|device| can(&["mount", device, other]).is_some()) else {
            assert!(
                std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(),
                "a loop device must be mountable"
            );
            return println!("skipped: no loop device can be mounted here");
        };
        let place = Place::Image { path: path.clone() };
        let disk = crate::system::action::TargetDisk { name: "disk0".into(), place, size_bytes: 8 << 20 };
        let target = Target { disk, takes_place_of: DiskIdentity::default(), wipe: false };
        let look = |root: &str| image(root, &target, &path, &[], (true, false));
        let refused = look("/mnt/new");
        let own = look(other);
        // Somebody's device, beside the one that a killed run left.
        let second = can(&["losetup", "--find", "--show", &path]).unwrap();
        can(&["umount", other]);
        let mounted = can(&["mount", &second, other]).is_some();
        let beside = look("/mnt/new");
        can(&["umount", other]);
        let twice = look("/mnt/new");
        can(&["losetup", "--detach", &second]);
        let free = look("/mnt/new");
        can(&["losetup", "--detach", &device]);
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(&format!("mounted at {other}")), "{refused}");
        assert!(own.is_ok(), "{own:?}");
        let beside = beside.unwrap_err().to_string();
        assert!(mounted && beside.contains(&format!("mounted at {other}")), "{beside}");
        let twice = twice.unwrap_err().to_string();
        assert!(twice.contains(&device) && twice.contains(&second), "{twice}");
        assert!(free.is_ok(), "{free:?}");
    }
}
