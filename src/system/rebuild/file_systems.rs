//! File systems and swap, made with the UUIDs, labels and features that they had, and mounted in order.
//!
//! Features are named one by one, switched on and everything else off: a newer rescue system would otherwise
//! make file systems that the older kernel or boot loader to come cannot read.

use std::collections::{BTreeMap, BTreeSet};

use crate::system::action::{Action, Check, CommandLine, Operation, Stage};
use crate::system::model::storage::Device;
use crate::system::model::storage::content::{Content, FileSystem, SwapArea};
use crate::system::rebuild::bare_metal::Rebuild;
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::layers::ours;
use crate::system::rebuild::stack::Stack;

/// Features of ext2/3/4 that `mkfs` can be asked for; others are states, or come with these.
const EXT_FEATURES: &[&str] = &[
    "64bit",
    "bigalloc",
    "casefold",
    "dir_index",
    "dir_nlink",
    "ea_inode",
    "encrypt",
    "ext_attr",
    "extent",
    "extra_isize",
    "filetype",
    "flex_bg",
    "has_journal",
    "huge_file",
    "inline_data",
    "large_dir",
    "large_file",
    "metadata_csum",
    "metadata_csum_seed",
    "mmp",
    "orphan_file",
    "project",
    "quota",
    "resize_inode",
    "sparse_super",
    "sparse_super2",
    "uninit_bg",
    "verity",
];
/// Features of XFS that `mkfs` can be asked for, and of which of its options they are a part.
const XFS_FEATURES: &[(&str, &str)] = &[
    ("crc", "-m"),
    ("finobt", "-m"),
    ("rmapbt", "-m"),
    ("reflink", "-m"),
    ("inobtcount", "-m"),
    ("bigtime", "-m"),
    ("sparse", "-i"),
    ("nrext64", "-i"),
    ("ftype", "-n"),
];
/// What most tools make one inode for, in bytes; a file system with about that many needs no option.
const USUAL_INODE_RATIO: u64 = 16 << 10;

pub(super) fn plan(stack: &Stack<'_>, rebuild: &mut Rebuild) -> Result<(), RebuildError> {
    let mut made: BTreeMap<&str, String> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for device in stack.devices() {
        let action = match &device.content {
            Some(Content::FileSystem(fs)) => {
                if let Some(uuid) = fs.uuid.as_deref().filter(|_| fs.fs_type == "btrfs")
                    && !seen.insert(uuid)
                {
                    continue;
                }
                Some(file_system(stack, device, fs, rebuild)?)
            }
            Some(Content::Swap(swap)) => Some(swap_area(stack, device, swap)),
            Some(Content::Other { name, .. }) => {
                rebuild.warnings.push(format!(
                    "{} held {name}, which is not made again: the device stays empty",
                    stack.title(device)
                ));
                None
            }
            _ => None,
        };
        if let Some(action) = action {
            made.insert(&device.key, action.id.clone());
            rebuild.actions.push(action);
        }
    }
    mounts(stack, &made, rebuild);
    Ok(())
}

fn step(stack: &Stack<'_>, device: &Device, title: String, commands: Vec<CommandLine>) -> Action {
    Action {
        id: format!("mkfs:{}", stack.title(device)),
        title,
        stage: Stage::FileSystems,
        operation: Operation::Run { commands },
        check: None,
        destroys: stack.targets(&device.key),
        repeatable: true,
        volatile: false,
        release: Vec::new(),
        needs: vec![stack.ready(&device.key)],
    }
}

/// Done if the device holds what it should.
fn holds(node: &str, uuid: Option<&str>) -> Option<Check> {
    let command = CommandLine::new(["blkid", "-p", "-s", "UUID", "-o", "value", node]);
    uuid.map(|uuid| Check::Prints { command, text: uuid.to_owned() })
}

fn swap_area(stack: &Stack<'_>, device: &Device, swap: &SwapArea) -> Action {
    let node = stack.node(device);
    let mut argv = vec!["mkswap".to_owned(), "--force".to_owned()];
    argv.extend(swap.uuid.iter().map(|uuid| format!("--uuid={uuid}")));
    argv.extend(swap.label.iter().filter(|label| !label.is_empty()).map(|label| format!("--label={label}")));
    argv.push(node.clone());
    let title = format!("make the swap space {}", device.name);
    let check = holds(&node, swap.uuid.as_deref());
    Action {
        id: format!("mkswap:{}", device.name),
        check,
        ..step(stack, device, title, vec![CommandLine::new(argv)])
    }
}

fn file_system(
    stack: &Stack<'_>,
    device: &Device,
    fs: &FileSystem,
    rebuild: &mut Rebuild,
) -> Result<Action, RebuildError> {
    let nodes = match fs.fs_type.as_str() {
        "btrfs" => members(stack, device, fs)?,
        _ => vec![stack.node(device)],
    };
    let argv = match fs.fs_type.as_str() {
        "ext2" | "ext3" | "ext4" => ext(fs, device.size_bytes),
        "xfs" => xfs(fs),
        "btrfs" => btrfs(fs),
        "vfat" => vfat(fs),
        other => {
            let what = format!("a file system of the type {other}");
            return Err(RebuildError::Unknown { device: stack.title(device).to_owned(), what });
        }
    };
    let mut commands = vec![CommandLine::new(argv.into_iter().chain(nodes.iter().cloned()))];
    if fs.fs_type == "btrfs" {
        commands.extend(subvolumes(fs, &nodes[0], &mut rebuild.warnings));
    }
    let title = format!("make the {} file system of {}", fs.fs_type, stack.title(device));
    // A btrfs is done only once its subvolumes are, which blkid does not tell.
    let check = holds(&nodes[0], fs.uuid.as_deref()).filter(|_| fs.subvolumes.is_empty());
    let mut action = Action { check, ..step(stack, device, title, commands) };
    for other in btrfs_devices(stack, fs).filter(|other| other.key != device.key) {
        action.needs.push(stack.ready(&other.key));
        action.destroys.extend(stack.targets(&other.key));
    }
    action.destroys.sort();
    action.destroys.dedup();
    Ok(action)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn label_of(fs: &FileSystem) -> Option<&str> {
    fs.label.as_deref().filter(|label| !label.is_empty())
}

fn ext(fs: &FileSystem, old_size_bytes: u64) -> Vec<String> {
    let mut argv = words(&[&format!("mkfs.{}", fs.fs_type), "-q", "-F"]);
    let mut more = |option: &str, value: &str| argv.extend(words(&[option, value]));
    if let Some(uuid) = &fs.uuid {
        more("-U", uuid);
    }
    if let Some(label) = label_of(fs) {
        more("-L", label);
    }
    if let Some(bytes) = fs.block_bytes {
        more("-b", &bytes.to_string());
    }
    if let Some(bytes) = fs.options.get("inode_bytes") {
        more("-I", bytes);
    }
    if let Some(ratio) = inode_ratio(fs, old_size_bytes) {
        more("-i", &ratio.to_string());
    }
    let features = fs.features.iter().map(String::as_str).filter(|name| EXT_FEATURES.contains(name));
    let features: Vec<&str> = features.collect();
    if !features.is_empty() {
        more("-O", &format!("none,{}", features.join(",")));
    }
    argv
}

/// Bytes for each inode, where it had far more or fewer inodes than are usual.
fn inode_ratio(fs: &FileSystem, old_size_bytes: u64) -> Option<u64> {
    let inodes = fs.inodes.filter(|inodes| *inodes > 0)?;
    let ratio = fs.size_bytes.unwrap_or(old_size_bytes) / inodes;
    let usual = USUAL_INODE_RATIO * 7 / 10..USUAL_INODE_RATIO * 14 / 10;
    (ratio >= 1024 && !usual.contains(&ratio)).then_some(ratio)
}

fn xfs(fs: &FileSystem) -> Vec<String> {
    let mut argv = words(&["mkfs.xfs", "-q", "-f"]);
    if let Some(label) = label_of(fs) {
        argv.extend(words(&["-L", label]));
    }
    if let Some(bytes) = fs.block_bytes {
        argv.extend(words(&["-b", &format!("size={bytes}")]));
    }
    let mut parts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    if let Some(uuid) = &fs.uuid {
        parts.entry("-m").or_default().push(format!("uuid={uuid}"));
    }
    if let Some(bytes) = fs.options.get("inode_bytes") {
        parts.entry("-i").or_default().push(format!("size={bytes}"));
    }
    // Where no feature is known, `mkfs` decides.
    for (name, option) in XFS_FEATURES.iter().filter(|_| !fs.features.is_empty()) {
        let is_on = fs.features.iter().any(|feature| feature == name);
        // What this release of `mkfs` may not know is named only where it must be on.
        let is_old =
            matches!(*name, "crc" | "finobt" | "rmapbt" | "reflink" | "sparse" | "ftype" | "bigtime");
        if is_on || is_old {
            parts.entry(option).or_default().push(format!("{name}={}", u8::from(is_on)));
        }
    }
    for (option, values) in parts {
        argv.extend(words(&[option, &values.join(",")]));
    }
    argv
}

fn btrfs(fs: &FileSystem) -> Vec<String> {
    let mut argv = words(&["mkfs.btrfs", "-q", "-f"]);
    if let Some(uuid) = &fs.uuid {
        argv.extend(words(&["-U", uuid]));
    }
    if let Some(label) = label_of(fs) {
        argv.extend(words(&["-L", label]));
    }
    for (kind, option) in [("data", "-d"), ("metadata", "-m")] {
        if let Some(profile) = fs.profiles.get(kind) {
            argv.extend(words(&[option, &profile.to_lowercase()]));
        }
    }
    argv
}

fn vfat(fs: &FileSystem) -> Vec<String> {
    let mut argv = words(&["mkfs.vfat"]);
    if let Some(bits) = fs.options.get("fat_bits") {
        argv.extend(words(&["-F", bits]));
    }
    if let Some(uuid) = &fs.uuid {
        argv.extend(words(&["-i", &uuid.replace('-', "")]));
    }
    if let Some(label) = label_of(fs) {
        argv.extend(words(&["-n", label]));
    }
    argv
}

/// The devices of a btrfs that spreads over several.
fn btrfs_devices<'a>(stack: &'a Stack<'_>, fs: &'a FileSystem) -> impl Iterator<Item = &'a Device> {
    stack.storage().devices.iter().filter(move |device| match &device.content {
        Some(Content::FileSystem(other)) => {
            fs.fs_type == "btrfs" && other.fs_type == "btrfs" && fs.uuid.is_some() && other.uuid == fs.uuid
        }
        _ => false,
    })
}

fn members(stack: &Stack<'_>, first: &Device, fs: &FileSystem) -> Result<Vec<String>, RebuildError> {
    let mut nodes = vec![stack.node(first)];
    for device in btrfs_devices(stack, fs).filter(|device| device.key != first.key) {
        if !stack.comes_back(&device.key) {
            let disk = stack.storage().disks_below(&device.key).join(", ");
            return Err(RebuildError::Unmapped { what: format!("a part of {}", stack.title(first)), disk });
        }
        nodes.push(stack.node(device));
    }
    Ok(nodes)
}

/// Makes the subvolumes in the top of the new file system; read-only snapshots have no contents to come back.
fn subvolumes(fs: &FileSystem, node: &str, warnings: &mut Vec<String>) -> Vec<CommandLine> {
    let (left, wanted): (Vec<_>, Vec<_>) = fs.subvolumes.iter().partition(|subvolume| subvolume.is_read_only);
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|subvolume| subvolume.path.as_str()).collect();
        warnings.push(format!("read-only snapshots of btrfs do not come back: {}", names.join(", ")));
    }
    let wanted: Vec<_> = wanted.into_iter().filter(|subvolume| is_below(&subvolume.path)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let script = "set -e; top=$(mktemp -d -p /run); \
                  mount -t btrfs -o subvolid=5 \"$1\" \"$top\"; \
                  trap 'umount \"$top\"; rmdir \"$top\"' EXIT; default=$2; shift 2; \
                  for path; do mkdir -p \"$(dirname \"$top/$path\")\"; \
                  btrfs subvolume create \"$top/$path\"; done; \
                  if [ -n \"$default\" ]; then btrfs subvolume set-default \"$top/$default\"; fi";
    let default =
        wanted.iter().find(|subvolume| subvolume.is_default).map_or("", |found| found.path.as_str());
    let fixed = words(&["sh", "-c", script, "sh", node, default.trim_matches('/')]);
    let paths = wanted.iter().map(|subvolume| subvolume.path.trim_matches('/').to_owned());
    vec![CommandLine::new(fixed.into_iter().chain(paths))]
}

/// Whether a subvolume's path names something, and stays below the top.
fn is_below(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    !parts.is_empty() && parts.iter().all(|part| !matches!(*part, "." | "..")) && !path.starts_with('<')
}

/// What is mounted where: `/` before `/boot` before `/boot/efi`.
fn mounts(stack: &Stack<'_>, made: &BTreeMap<&str, String>, rebuild: &mut Rebuild) {
    let storage = stack.storage();
    let mut wanted: BTreeMap<&str, (&str, Option<String>)> = BTreeMap::new();
    // fstab says what is meant; what was mounted beside it counts too, but for second views of the same.
    for mount in storage.mounts.iter().filter(|mount| mount.fs_root == "/" || mount.fs_type == "btrfs") {
        if let Some(key) = &mount.device {
            let again = wanted.values().any(|(other, _)| other == key) && mount.fs_type != "btrfs";
            let subvolume = Some(mount.fs_root.clone()).filter(|root| root != "/");
            if !again {
                wanted.insert(&mount.target, (key, subvolume));
            }
        }
    }
    for entry in &storage.fstab {
        let is_bind =
            entry.options.iter().any(|option| matches!(option.as_str(), "bind" | "rbind" | "noauto"));
        if let Some(key) = entry.device.as_deref().filter(|_| !is_bind && entry.target.starts_with('/')) {
            let subvolume = entry.options.iter().find_map(|option| option.strip_prefix("subvol="));
            let known = wanted.get(entry.target.as_str()).and_then(|(_, subvolume)| subvolume.clone());
            wanted.insert(&entry.target, (key, subvolume.map(str::to_owned).or(known)));
        }
    }
    let mut above: Vec<(&str, String)> = Vec::new();
    // In the order of their names, what lies below comes after what it lies in.
    for (target, (key, subvolume)) in wanted {
        let Some(device) = storage.device(key).filter(|_| stack.comes_back(key)) else { continue };
        let Some(Content::FileSystem(fs)) = &device.content else { continue };
        let mut action = mount(stack, device, fs, target, subvolume.as_deref());
        let maker = made
            .get(key)
            .cloned()
            .or_else(|| btrfs_devices(stack, fs).find_map(|device| made.get(device.key.as_str()).cloned()));
        action.needs.extend(maker);
        let holder = above.iter().rev().find(|(holder, _)| is_in(target, holder));
        action.needs.extend(holder.map(|(_, id)| id.clone()));
        above.push((target, action.id.clone()));
        rebuild.mounts.push(action.id.clone());
        rebuild.actions.push(action);
    }
}

fn is_in(target: &str, holder: &str) -> bool {
    holder == "/" || target.strip_prefix(holder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether what is mounted at `$0` is one of the devices that follow: anything may be mounted there.
const MOUNTED: &str = "{ at=$(findmnt -nvro SOURCE --mountpoint \"$0\" | tail -n 1); \
                       at=$(readlink -f \"$at\" || echo \"$at\"); for node; do \
                       test \"$at\" = \"$(readlink -f \"$node\" || echo \"$node\")\" && break; done; }";

fn mount(
    stack: &Stack<'_>,
    device: &Device,
    fs: &FileSystem,
    target: &str,
    subvolume: Option<&str>,
) -> Action {
    let place = format!("{}{}", stack.root.trim_end_matches('/'), target.trim_end_matches('/'));
    let mut argv = words(&["mount", "-t", &fs.fs_type]);
    if let Some(subvolume) = subvolume {
        argv.extend(words(&["-o", &format!("subvol={subvolume}")]));
    }
    argv.extend([stack.node(device), place.clone()]);
    // One over several devices is mounted from any of them.
    let mut from = vec![stack.node(device)];
    if fs.fs_type == "btrfs" {
        from.extend(btrfs_devices(stack, fs).map(|device| stack.node(device)));
    }
    let own: Vec<&str> = std::iter::once(&place).chain(&from).map(String::as_str).collect();
    Action {
        id: format!("mount:{target}"),
        title: format!("mount {target}"),
        stage: Stage::FileSystems,
        operation: Operation::Run {
            commands: vec![CommandLine::new(["mkdir", "-p", &place]), CommandLine::new(argv)],
        },
        check: Some(Check::Succeeds(ours(MOUNTED, "", &own))),
        destroys: Vec::new(),
        repeatable: true,
        volatile: true,
        release: vec![ours(MOUNTED, "umount \"$0\"", &own)],
        needs: vec![stack.ready(&device.key)],
    }
}
