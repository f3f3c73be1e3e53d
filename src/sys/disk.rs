//! The disks of this machine as the kernel knows them, and whether anybody uses them.
//!
//! Read from sysfs, `/proc` and udev's database, not from a program's output: what is decided here is
//! whether a disk may be overwritten. Whether it is in use is asked of the kernel itself: an exclusive open
//! fails as long as anything on the disk is mounted, swapped to, or part of an array, in whatever
//! namespace.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::sys::error::{SysError, SysResult};
use crate::sys::file::sync_file_system;

/// Bytes that `/sys/block/*/size` counts in.
const SECTOR_BYTES: u64 = 512;
/// How deep devices may be stacked: loop on LVM on LUKS on md …
const STACK_MAX: usize = 16;

/// A whole disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The kernel's name: `sda`.
    pub name: String,
    /// Its device node: `/dev/sda`.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// The smallest unit that it addresses, in bytes.
    pub sector_bytes: u32,
    /// World-wide name.
    pub wwn: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Whether it cannot be written to.
    pub is_read_only: bool,
    /// Whether it is a loop device, and of which file.
    pub backing_file: Option<PathBuf>,
    /// The names of its partitions.
    pub partitions: Vec<String>,
}

/// Every whole disk that is there: no partitions, and neither arrays nor volumes made of disks.
pub fn disks() -> SysResult<Vec<Disk>> {
    let root = Path::new("/sys/block");
    let listed = fs::read_dir(root).map_err(|error| SysError::at("list", root, error))?;
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(|error| SysError::at("list", root, error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_stacked =
            ["dm-", "md", "zram", "ram", "nbd", "sr", "fd"].iter().any(|kind| name.starts_with(kind));
        if !is_stacked && let Some(disk) = disk(&name) {
            found.push(disk);
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}

/// The disk that the kernel calls `name`; none where it is not there or holds nothing.
pub fn disk(name: &str) -> Option<Disk> {
    let sys = Path::new("/sys/block").join(name);
    let size_bytes = read(&sys.join("size"))?.parse::<u64>().ok()? * SECTOR_BYTES;
    if size_bytes == 0 {
        return None;
    }
    let udev = read(&sys.join("dev"))
        .and_then(|number| fs::read_to_string(format!("/run/udev/data/b{number}")).ok());
    let told = |key: &str| {
        let line = udev.as_deref()?.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let wwn = told("E:ID_WWN_WITH_EXTENSION=").or_else(|| told("E:ID_WWN="));
    let serial = told("E:ID_SERIAL_SHORT=");
    let mut partitions: Vec<String> = fs::read_dir(&sys)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|part| sys.join(part).join("partition").exists())
        .collect();
    partitions.sort();
    Some(Disk {
        name: name.to_owned(),
        path: format!("/dev/{name}"),
        size_bytes,
        sector_bytes: read(&sys.join("queue/logical_block_size"))
            .and_then(|text| text.parse().ok())
            .unwrap_or(SECTOR_BYTES as u32),
        wwn: wwn.or_else(|| read(&sys.join("wwid"))).or_else(|| read(&sys.join("device/wwid"))),
        serial: serial.or_else(|| read(&sys.join("serial"))).or_else(|| read(&sys.join("device/serial"))),
        model: read(&sys.join("device/model")),
        is_read_only: read(&sys.join("ro")).is_some_and(|text| text != "0"),
        backing_file: read(&sys.join("loop/backing_file")).map(PathBuf::from),
        partitions,
    })
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl Disk {
    /// Whether it is a loop device of the file `path`, by whatever name: the kernel tells the plain one.
    pub fn is_backed_by(&self, path: &Path) -> bool {
        let plain = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.backing_file.as_ref() == Some(&plain)
    }

    /// Whether the kernel lets anybody else have it: nothing on it is mounted, swapped to, or part of an
    /// array or a volume.
    pub fn is_free(&self) -> SysResult<bool> {
        let opened = OpenOptions::new().read(true).custom_flags(libc::O_EXCL).open(&self.path);
        match opened {
            Ok(_) => Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => Ok(false),
            Err(error) => Err(SysError::at("open", Path::new(&self.path), error)),
        }
    }

    /// Who uses it, as far as this process can see: mount points, swap, arrays and volumes on it, and whoever
    /// uses those.
    pub fn users(&self) -> Vec<String> {
        let class = Path::new("/sys/class/block");
        let mut devices = Vec::new();
        rise(class, &self.name, false, &mut devices);
        let mut users = Vec::new();
        for (name, is_made) in &devices {
            users.extend(is_made.then(|| format!("part of {name}")));
            let number = read(&class.join(name).join("dev"));
            users.extend(
                number.iter().flat_map(|number| mounts_of(number)).map(|at| format!("mounted at {at}")),
            );
        }
        let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
        let swapped = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
        let is_ours = |path: &&str| devices.iter().any(|(name, _)| *path == format!("/dev/{name}"));
        users.extend(swapped.filter(is_ours).map(|path| format!("swap on {path}")));
        users
    }
}

/// Adds `name`, its partitions, and what is made of any of them, each once; `is_made` says that it is an
/// array or a volume.
fn rise(class: &Path, name: &str, is_made: bool, found: &mut Vec<(String, bool)>) {
    if found.iter().any(|(known, _)| known == name) {
        return;
    }
    found.push((name.to_owned(), is_made));
    let directory = class.join(name);
    let listed = |directory: &Path| {
        let entries = fs::read_dir(directory).into_iter().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        names
    };
    for part in listed(&directory).iter().filter(|part| directory.join(part).join("partition").exists()) {
        rise(class, part, false, found);
    }
    for holder in listed(&directory.join("holders")) {
        rise(class, &holder, true, found);
    }
}

/// Where the device with this number is mounted, in our own namespace.
fn mounts_of(number: &str) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let fields = table.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.nth(2)?, fields.nth(1)?))
    });
    fields.filter(|(device, _)| *device == number).map(|(_, at)| unescape(at)).collect()
}

/// Mount points at or below `directory`, deepest first.
pub fn mounts_below(directory: &Path) -> Vec<PathBuf> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points =
        table.lines().filter_map(|line| line.split(' ').nth(4)).map(|at| PathBuf::from(unescape(at)));
    let mut below: Vec<PathBuf> = points.filter(|at| at.starts_with(directory)).collect();
    below.sort_by_key(|at| std::cmp::Reverse(at.components().count()));
    below
}

/// Makes durable what was written at or below `directory`: its own file system, and each that is mounted
/// below it from a device. A network's that does not answer is not waited for.
pub fn sync_below(directory: &Path) -> SysResult<()> {
    // Below what is not there, there is nothing.
    let Ok(plain) = fs::canonicalize(directory) else { return Ok(()) };
    sync_file_system(&plain)?;
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let table = String::from_utf8_lossy(&table);
    let local = table.lines().filter_map(|line| {
        let (at, source) = line.split_once(" - ")?;
        let mut source = source.split(' ');
        let (kind, device) = (source.next()?, source.next()?);
        let is_local = device.starts_with("/dev/") && !kind.starts_with("fuse") || kind == "zfs";
        is_local.then(|| Some(PathBuf::from(unescape(at.split(' ').nth(4)?))))?
    });
    for at in local.filter(|at| at.starts_with(&plain)) {
        sync_mount(&at)?;
    }
    Ok(())
}

/// Makes durable what was written to the mount at `at`. One that is hidden under another or gone, and one
/// that lets nobody but its owner in, has got nothing from here.
pub fn sync_mount(at: &Path) -> SysResult<()> {
    match sync_file_system(at) {
        Err(error) if error.is_not_found() || error.is_denied() => Ok(()),
        synced => synced,
    }
}

/// The kernel writes blanks and the like as `\040`.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                plain.push(char::from(code));
                rest = &rest[at + 4..];
            }
            None => {
                plain.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The names of the disks that `path`, or the nearest directory above it, lies on, through volumes, arrays
/// and loop devices. Empty for what lies in memory or behind a network.
pub fn disks_beneath(path: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let there = path.ancestors().find_map(|path| Some((path, fs::metadata(path).ok()?)));
    let Some((path, stat)) = there else { return found };
    let number = if stat.file_type().is_block_device() { stat.rdev() } else { stat.dev() };
    descend(&device_directory(number, path), 0, &mut found);
    found
}

/// Where sysfs describes the device of this number; for file systems over several, the one they are mounted
/// from.
fn device_directory(number: u64, path: &Path) -> Option<PathBuf> {
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    if major != 0 {
        return fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok();
    }
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let path = fs::canonicalize(path).ok()?;
    let line = table
        .lines()
        .filter(|line| line.split(' ').nth(4).is_some_and(|at| path.starts_with(unescape(at))))
        .max_by_key(|line| line.split(' ').nth(4).map(str::len))?;
    let source = line.split(" - ").nth(1)?.split(' ').nth(1)?;
    let name = fs::canonicalize(source).ok()?;
    fs::canonicalize(Path::new("/sys/class/block").join(name.file_name()?)).ok()
}

fn descend(directory: &Option<PathBuf>, depth: usize, found: &mut BTreeSet<String>) {
    let Some(directory) = directory.as_ref().filter(|_| depth < STACK_MAX) else { return };
    let whole = match directory.join("partition").exists() {
        true => directory.parent().map(Path::to_owned),
        false => Some(directory.clone()),
    };
    let Some(whole) = whole else { return };
    let slaves: Vec<PathBuf> = fs::read_dir(directory.join("slaves"))
        .into_iter()
        .flatten()
        .filter_map(|entry| fs::canonicalize(entry.ok()?.path()).ok())
        .collect();
    for slave in &slaves {
        descend(&Some(slave.clone()), depth + 1, found);
    }
    if slaves.is_empty() {
        found.extend(whole.file_name().and_then(|name| name.to_str()).map(str::to_owned));
    }
    if let Some(file) = read(&whole.join("loop/backing_file")).map(PathBuf::from)
        && let Ok(stat) = fs::metadata(&file)
    {
        descend(&device_directory(stat.dev(), &file), depth + 1, found);
    }
}

/// What sort of thing is at `path`, as far as writing a disk image there is concerned.
pub fn image_length(path: &Path) -> SysResult<Option<u64>> {
    match fs::symlink_metadata(path) {
        Ok(stat) if stat.is_file() => Ok(Some(stat.len())),
        Ok(_) => {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
            Err(SysError::at("use as a disk image", path, error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SysError::at("look at", path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_a_disk_is_found_through_its_path() {
        // Where the machine's root is on a disk at all, that disk is in use.
        let named = disks_beneath(Path::new("/"));
        for disk in disks().unwrap().iter().filter(|disk| named.contains(&disk.name)) {
            if crate::sys::process::is_root() {
                // A container may not open it at all; that is no permission to overwrite it either.
                assert!(!matches!(disk.is_free(), Ok(true)), "{disk:?}");
            }
        }
        assert_eq!(disks_beneath(Path::new("/proc/self/status")), BTreeSet::new());
    }

    #[test]
    fn what_is_made_of_a_disk_is_found_up_to_the_last_volume() {
        let class = tempfile::tempdir().unwrap();
        for (above, below) in [("md0", "sda/sda2"), ("dm-0", "md0"), ("dm-1", "dm-0"), ("dm-1", "sda/sda3")] {
            let name = below.rsplit('/').next().unwrap();
            for directory in [below, name] {
                fs::create_dir_all(class.path().join(directory).join("holders").join(above)).unwrap();
                fs::write(class.path().join(directory).join("partition"), "1").unwrap();
            }
        }
        let mut found = Vec::new();
        rise(class.path(), "sda", false, &mut found);
        let expected =
            [("sda", false), ("sda2", false), ("md0", true), ("dm-0", true), ("dm-1", true), ("sda3", false)];
        let expected = expected.map(|(name, is_made)| (name.to_owned(), is_made));
        assert_eq!(found, expected);
    }

    #[test]
    fn blanks_in_mount_points_are_read_as_blanks() {
        assert_eq!(unescape("/mnt/a\\040b\\134c\\"), "/mnt/a b\\c\\");
    }
}
