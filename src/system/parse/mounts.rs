//! `findmnt -J`, `/proc/self/mountinfo`, `fstab`, `crypttab`, `/proc/swaps` and `df`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::limits;
use crate::system::model::storage::mounts::{CrypttabEntry, FstabEntry, Mount, Swap};
use crate::system::parse::{json, text};

/// File systems that the kernel makes up: they are there again after any boot.
const KERNEL_TYPES: [&str; 22] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// Whether a mount says something of the machine: neither the kernel's own nor a container's.
fn is_kept(mount: &Mount) -> bool {
    let passing = ["/run/", "/var/lib/docker/", "/var/lib/containers/", "/snap/", "/proc/", "/sys/", "/dev/"];
    !KERNEL_TYPES.contains(&mount.fs_type.as_str())
        && !passing.iter().any(|below| mount.target.starts_with(below))
        && mount.target.starts_with('/')
}

/// Reads `findmnt -J`, in order.
pub fn parse_findmnt(output: &str) -> Option<Vec<Mount>> {
    let value = json::read(output)?;
    value.get("filesystems")?;
    let mut mounts = Vec::new();
    gather(&value, "filesystems", &mut mounts);
    Some(mounts)
}

/// JSON is at most 128 deep here, so the stack bears it.
fn gather(value: &Value, name: &str, mounts: &mut Vec<Mount>) {
    for item in json::items(value, name) {
        if mounts.len() >= limits::SYSTEM_DEVICES_MAX {
            return;
        }
        let get = |name: &str| json::text(item, name).unwrap_or_default();
        // findmnt writes `/dev/sda1[/@home]` where a part of the file system is mounted.
        let source = get("source");
        let source = match source.split_once('[') {
            Some((device, part)) if part.ends_with(']') => device.to_owned(),
            _ => source,
        };
        let mount = Mount {
            target: get("target"),
            source,
            device: None,
            fs_root: json::text(item, "fsroot").unwrap_or_else(|| "/".into()),
            fs_type: get("fstype"),
            options: list(&get("options")),
            propagation: json::text(item, "propagation"),
        };
        if is_kept(&mount) {
            mounts.push(mount);
        }
        gather(item, "children", mounts);
    }
}

/// Reads `/proc/self/mountinfo`, in order.
pub fn parse_mountinfo(file: &str) -> Vec<Mount> {
    let mount = |line: &str| {
        let (head, tail) = line.split_once(" - ")?;
        let head: Vec<&str> = head.split(' ').collect();
        let tail: Vec<&str> = tail.split(' ').collect();
        let ([_, _, _, fs_root, target, options, flags @ ..], [fs_type, source, more, ..]) =
            (head.as_slice(), tail.as_slice())
        else {
            return None;
        };
        let mut options = list(options);
        options.extend(list(more).into_iter().filter(|option| !options.contains(option)).collect::<Vec<_>>());
        let is_shared = flags.iter().any(|flag| flag.starts_with("shared:"));
        Some(Mount {
            target: unescape(target),
            source: unescape(source),
            device: None,
            fs_root: unescape(fs_root),
            fs_type: (*fs_type).to_owned(),
            options,
            propagation: Some(if is_shared { "shared" } else { "private" }.to_owned()),
        })
    };
    file.lines().filter_map(mount).filter(is_kept).take(limits::SYSTEM_DEVICES_MAX).collect()
}

/// Reads `fstab`.
pub fn parse_fstab(file: &str) -> Vec<FstabEntry> {
    let entry = |line: &str| {
        let mut words = line.split_whitespace();
        let entry = FstabEntry {
            source: unescape(words.next()?),
            target: unescape(words.next()?),
            fs_type: words.next()?.to_owned(),
            options: list(words.next().unwrap_or("defaults")),
            dump: words.next().and_then(|word| word.parse().ok()).unwrap_or(0),
            pass: words.next().and_then(|word| word.parse().ok()).unwrap_or(0),
            device: None,
        };
        Some(entry)
    };
    text::lines(file, "#").filter_map(entry).collect()
}

/// Reads `crypttab`.
pub fn parse_crypttab(file: &str) -> Vec<CrypttabEntry> {
    let entry = |line: &str| {
        let mut words = line.split_whitespace();
        Some(CrypttabEntry {
            name: words.next()?.to_owned(),
            source: words.next()?.to_owned(),
            key_file: words.next().unwrap_or("none").to_owned(),
            options: words.next().map(list).unwrap_or_default(),
            device: None,
        })
    };
    text::lines(file, "#").filter_map(entry).collect()
}

/// Reads `/proc/swaps`.
pub fn parse_swaps(file: &str) -> Vec<Swap> {
    let swap = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, kind, kibibytes, _, priority] = words.as_slice() else { return None };
        Some(Swap {
            name: unescape(name),
            device: None,
            is_file: *kind == "file",
            size_bytes: kibibytes.parse::<u64>().ok()?.checked_mul(1024)?,
            priority: priority.parse().ok()?,
        })
    };
    file.lines().skip(1).filter_map(swap).collect()
}

/// How full a file system is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Its length in bytes.
    pub size_bytes: u64,
    /// Of these in use.
    pub used_bytes: u64,
    /// Places for inodes; 0 where they are made as needed.
    pub inodes: u64,
    /// Of these in use.
    pub used_inodes: u64,
}

/// Reads `df --output=size,used,itotal,iused,target -B1`, by where it is mounted.
pub fn parse_df(output: &str) -> BTreeMap<String, Usage> {
    let row = |line: &str| {
        let mut rest = line.trim_start();
        let mut number = || {
            let (word, tail) = rest.split_once(char::is_whitespace)?;
            rest = tail.trim_start();
            // `-` where a file system has no such number.
            Some(word.parse::<u64>().unwrap_or(0))
        };
        let usage =
            Usage { size_bytes: number()?, used_bytes: number()?, inodes: number()?, used_inodes: number()? };
        Some((rest.to_owned(), usage))
    };
    output.lines().skip(1).filter_map(row).collect()
}

fn list(words: &str) -> Vec<String> {
    words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `\040` and its kin, as the kernel and fstab write spaces.
fn unescape(word: &str) -> String {
    let bytes = word.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 4).filter(|_| bytes[at] == b'\\');
        let octal = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 4;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findmnt_and_mountinfo_tell_the_same() {
        let findmnt = r#"{"filesystems":[{"target":"/","source":"/dev/sda2[/@]","fstype":"btrfs",
            "options":"rw,relatime","fsroot":"/@","propagation":"shared","children":[
            {"target":"/proc","source":"proc","fstype":"proc","options":"rw"},
            {"target":"/srv/a b","source":"nas:/x","fstype":"nfs4","options":"rw","fsroot":"/",
              "propagation":"shared"}]}]}"#;
        let info = "22 1 0:20 /@ / rw,relatime shared:1 - btrfs /dev/sda2 rw\n\
            23 22 0:21 / /proc rw shared:2 - proc proc rw\n\
            24 22 0:30 / /srv/a\\040b rw shared:3 - nfs4 nas:/x rw\nbroken\n";
        assert_eq!(parse_findmnt(findmnt).unwrap(), parse_mountinfo(info));
        assert_eq!(parse_mountinfo(info)[1].target, "/srv/a b");
        assert_eq!(parse_findmnt("{}"), None);
    }

    #[test]
    fn fstab_and_crypttab_lines_are_read_as_the_tools_read_them() {
        let entries =
            parse_fstab("# x\nUUID=1  /a\\040b ext4 defaults,noatime 0 1\n/dev/sdb none swap sw\nshort\n");
        assert_eq!((entries.len(), entries[0].target.as_str(), entries[0].pass), (2, "/a b", 1));
        assert_eq!(entries[1].options, ["sw"]);
        let entries = parse_crypttab("root UUID=2 none luks,discard\nswap /dev/sdb /dev/urandom\n");
        assert_eq!((entries[0].options.len(), entries[1].key_file.as_str()), (2, "/dev/urandom"));
    }

    #[test]
    fn swaps_and_sizes_are_read() {
        let swaps = parse_swaps("Filename Type Size Used Priority\n/swap\\040file file 1024 0 -2\nx\n");
        assert_eq!((swaps[0].name.as_str(), swaps[0].size_bytes), ("/swap file", 1 << 20));
        let sizes = parse_df("1B-blocks Used Inodes IUsed Mounted on\n  100  5   -  - /a b\n bad\n");
        assert_eq!(sizes["/a b"], Usage { size_bytes: 100, used_bytes: 5, ..Usage::default() });
    }
}
