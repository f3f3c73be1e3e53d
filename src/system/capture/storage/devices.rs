//! Looks at what devices are: identities, partition tables, arrays, volume groups.

use crate::system::capture::probe::{Probe, safe_name};
use crate::system::capture::storage::facts::{Facts, is_raid};
use crate::system::parse::{lvm, md, sfdisk};

/// Prints the metadata of the group `$1`. vgcfgbackup replaces its file by another of the same name, so it
/// must be given a directory of its own.
const PRINT_GROUP: &str = "umask 077; d=$(mktemp -d) || exit 1; vgcfgbackup -f \"$d/group\" \"$1\" >&2 && \
                           cat \"$d/group\"; s=$?; rm -rf \"$d\"; exit $s";

/// Looks at all of them.
pub fn read(probe: &mut Probe, facts: &mut Facts) {
    read_links(probe, facts);
    for block in facts.blocks.clone() {
        let kname = block.kname.as_str();
        if kname.contains('/') {
            continue;
        }
        match block.kind.as_str() {
            "disk" => read_identity(probe, facts, kname, &block.path),
            "loop" => {
                let file = probe.peek(&format!("/sys/block/{kname}/loop/backing_file"));
                let offset = probe.peek(&format!("/sys/block/{kname}/loop/offset"));
                let offset = offset.and_then(|offset| offset.parse().ok()).unwrap_or(0);
                facts.loops.extend(file.map(|file| (kname.to_owned(), (file, offset))));
            }
            _ => {}
        }
        let table = facts.column(&block, "pttype");
        let has_parts =
            facts.blocks.iter().any(|one| one.kind == "part" && one.parents.contains(&block.kname));
        let is_known = table.is_none_or(|table| matches!(table.as_str(), "gpt" | "dos" | "PMBR"));
        if Facts::may_hold_table(&block)
            && is_known
            && (facts.column(&block, "pttype").is_some() || has_parts)
        {
            let name = format!("sfdisk-{}.dump", safe_name(kname));
            let sector = block.number("log-sec").and_then(|bytes| bytes.try_into().ok()).unwrap_or(512);
            let dump = probe.run(&name, "sfdisk", &["--dump", &block.path]);
            let table = dump.and_then(|dump| sfdisk::parse(&dump, sector));
            facts.tables.extend(table.map(|table| (kname.to_owned(), table)));
        }
        if is_raid(&block) {
            read_raid(probe, facts, kname, &block.path);
        }
    }
    read_lvm(probe, facts);
}

/// `/dev/disk/by-id` and its kin, by what they lead to.
fn read_links(probe: &mut Probe, facts: &mut Facts) {
    for directory in ["by-id", "by-path"] {
        for name in probe.list(&format!("/dev/disk/{directory}")) {
            let target = probe.link(&format!("/dev/disk/{directory}/{name}"));
            let Some(kname) = target.and_then(|path| path.rsplit('/').next().map(str::to_owned)) else {
                continue;
            };
            let place = if directory == "by-id" { &mut facts.by_id } else { &mut facts.by_path };
            place.entry(kname).or_default().push(name);
        }
    }
}

/// What lsblk does not know where udev does not run.
fn read_identity(probe: &mut Probe, facts: &mut Facts, kname: &str, path: &str) {
    let peek =
        |names: &[&str]| names.iter().find_map(|name| probe.peek(&format!("/sys/block/{kname}/{name}")));
    let serial = peek(&["serial", "device/serial"]);
    let wwn = peek(&["wwid", "device/wwid"]).and_then(|wwid| normal_wwn(&wwid));
    facts.serials.extend(serial.map(|serial| (kname.to_owned(), serial)));
    facts.wwns.extend(wwn.map(|wwn| (kname.to_owned(), wwn)));
    let sector = probe.beginning(path, 512);
    if sector.is_some_and(|sector| sector.windows(4).any(|word| word == b"GRUB")) {
        facts.grub.insert(kname.to_owned());
    }
}

/// `naa.5000…` of sysfs as `0x5000…` of udev; a made-up `t10.…` is no name for the world.
fn normal_wwn(wwid: &str) -> Option<String> {
    match wwid.split_once('.') {
        Some(("naa", digits)) => Some(format!("0x{digits}")),
        Some(("eui" | "nvme" | "uuid", _)) => Some(wwid.to_owned()),
        _ => None,
    }
}

fn read_raid(probe: &mut Probe, facts: &mut Facts, kname: &str, path: &str) {
    let name = safe_name(kname);
    let export = probe.run(&format!("mdadm-{name}.export"), "mdadm", &["--detail", "--export", path]);
    let detail = probe.run(&format!("mdadm-{name}.txt"), "mdadm", &["--detail", path]).unwrap_or_default();
    match export.and_then(|export| md::parse(&export, &detail)) {
        Some(raid) => drop(facts.raids.insert(kname.to_owned(), raid)),
        None => probe.warn(format!("mdadm tells nothing of the array {path}")),
    }
}

fn read_lvm(probe: &mut Probe, facts: &mut Facts) {
    let mut report = |name: &str, columns: &str| {
        let arguments = ["--reportformat", "json", "--units", "b", "--nosuffix", "-o", columns];
        probe.run(&format!("{name}.json"), name, &arguments)
    };
    let (physical, groups, volumes) =
        (report("pvs", lvm::PV_COLUMNS), report("vgs", lvm::VG_COLUMNS), report("lvs", lvm::LV_COLUMNS));
    facts.physical = physical.and_then(|text| lvm::parse_pvs(&text)).unwrap_or_default();
    facts.groups = groups.and_then(|text| lvm::parse_vgs(&text)).unwrap_or_default();
    facts.volumes = volumes.and_then(|text| lvm::parse_lvs(&text)).unwrap_or_default();
    for index in 0..facts.groups.len() {
        let group = facts.groups[index].name.clone();
        let name = format!("vgcfgbackup-{}.txt", safe_name(&group));
        let backup = probe.run(&name, "sh", &["-c", PRINT_GROUP, "sh", &group]);
        // LVM writes the same by itself after every change.
        let backup = backup.or_else(|| probe.file(&format!("/etc/lvm/backup/{group}")));
        if backup.is_none() {
            probe.warn(format!("the metadata of the volume group {group} could not be had"));
        }
        facts.groups[index].backup = backup;
    }
}

#[cfg(test)]
mod tests {
    use super::normal_wwn;

    #[test]
    fn world_wide_names_have_one_spelling() {
        assert_eq!(normal_wwn("naa.5002538e40a1b2c3").as_deref(), Some("0x5002538e40a1b2c3"));
        assert_eq!(normal_wwn("eui.0025385b71b00a1c").as_deref(), Some("eui.0025385b71b00a1c"));
        assert_eq!((normal_wwn("t10.ATA     QEMU HARDDISK"), normal_wwn("x")), (None, None));
    }
}
