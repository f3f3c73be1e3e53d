//! Looks at what devices hold: LUKS headers and file systems.

use crate::base::limits;
use crate::system::capture::probe::{Probe, safe_name};
use crate::system::capture::storage::facts::Facts;
use crate::system::model::storage::content::FileSystem;
use crate::system::parse::lsblk::Block;
use crate::system::parse::{btrfs, ext, fat, luks, xfs};

/// Looks at all of them.
pub fn read(probe: &mut Probe, facts: &mut Facts) {
    let mut seen: Vec<String> = Vec::new();
    for block in facts.blocks.clone() {
        let Some(kind) = facts.content_type(&block) else { continue };
        if kind == "crypto_LUKS" {
            read_luks(probe, facts, &block);
            continue;
        }
        // A btrfs of several devices is looked at once.
        let uuid = facts.column(&block, "uuid").unwrap_or_default();
        if kind == "btrfs" && seen.contains(&uuid) {
            continue;
        }
        let mut system = FileSystem::default();
        let mount = facts.mount_point(&block).map(str::to_owned);
        read_system(probe, &block, &kind, mount.as_deref(), &mut system);
        if system != FileSystem::default() {
            facts.file_systems.insert(block.kname.clone(), system);
        }
        seen.push(uuid);
    }
}

fn read_system(probe: &mut Probe, block: &Block, kind: &str, mount: Option<&str>, system: &mut FileSystem) {
    let (name, path) = (safe_name(&block.kname), block.path.as_str());
    match kind {
        "ext2" | "ext3" | "ext4" => {
            let dump = probe.run(&format!("dumpe2fs-{name}.txt"), "dumpe2fs", &["-h", path]);
            dump.iter().for_each(|dump| ext::read(dump, system));
        }
        "xfs" => {
            let place = mount.unwrap_or(path);
            let info = probe.run(&format!("xfs_info-{name}.txt"), "xfs_info", &[place]);
            info.iter().for_each(|info| xfs::read(info, system));
        }
        "btrfs" => read_btrfs(probe, &name, path, mount, system),
        "vfat" | "msdos" => {
            let sector = probe.beginning(path, 512);
            sector.iter().for_each(|sector| fat::read(sector, system));
        }
        _ => {}
    }
}

fn read_btrfs(probe: &mut Probe, name: &str, path: &str, mount: Option<&str>, system: &mut FileSystem) {
    let dump =
        probe.run(&format!("btrfs-super-{name}.txt"), "btrfs", &["inspect-internal", "dump-super", path]);
    dump.iter().for_each(|dump| btrfs::read_super(dump, system));
    // Subvolumes are only told of a file system that is mounted.
    let Some(mount) = mount else { return };
    let mut ask = |what: &str, arguments: &[&str]| {
        let arguments: Vec<&str> = arguments.iter().copied().chain([mount]).collect();
        probe.run(&format!("btrfs-{what}-{name}.txt"), "btrfs", &arguments).unwrap_or_default()
    };
    let list = ask("subvolumes", &["subvolume", "list"]);
    let read_only = ask("read-only", &["subvolume", "list", "-r"]);
    let default = ask("default", &["subvolume", "get-default"]);
    let profiles = ask("df", &["filesystem", "df"]);
    system.subvolumes = btrfs::parse_subvolumes(&list, &default, &read_only);
    btrfs::read_profiles(&profiles, system);
}

fn read_luks(probe: &mut Probe, facts: &mut Facts, block: &Block) {
    let name = safe_name(&block.kname);
    let Some(dump) = probe.run(&format!("luksDump-{name}.txt"), "cryptsetup", &["luksDump", &block.path])
    else {
        return;
    };
    let Some(mut header) = luks::parse(&dump) else {
        probe.warn(format!("`cryptsetup luksDump {}` printed what cannot be read", block.path));
        return;
    };
    if probe.keeps_luks_headers {
        header.header_file = keep_header(probe, &block.path, &dump, &header.uuid);
    }
    facts.luks.insert(block.kname.clone(), header);
}

/// Reads what `cryptsetup luksHeaderBackup` would write, without a file on the way.
fn keep_header(probe: &mut Probe, path: &str, dump: &str, uuid: &str) -> Option<String> {
    let length = luks::header_bytes(dump).and_then(|bytes| usize::try_from(bytes).ok());
    let Some(length) = length.filter(|bytes| (1..=limits::LUKS_HEADER_MAX_BYTES).contains(bytes)) else {
        probe.warn(format!("the LUKS header of {path} is not kept: its length is not to be believed"));
        return None;
    };
    let bytes = probe.beginning(path, length)?;
    if bytes.len() < length || !bytes.starts_with(b"LUKS\xba\xbe") {
        probe.warn(format!("the LUKS header of {path} is not kept: it could not be read whole"));
        return None;
    }
    let file = format!("luks/{}.header", safe_name(uuid));
    probe.attach(&file, path, bytes, true);
    Some(file)
}
