//! Collects disks and all that lies on them, and puts them together into a tree.
//!
//! Looking (here, in `devices` and `contents`) and putting together (`build`, pure) are apart, so that stacks
//! that no test machine has are tested all the same.

mod build;
mod contents;
mod devices;
mod facts;
mod keys;

use crate::system::capture::probe::Probe;
use crate::system::model::storage::Storage;
use crate::system::parse::{lsblk, mounts};

use facts::Facts;

/// Looks.
pub fn collect(probe: &mut Probe) -> Storage {
    let mut facts = Facts::default();
    if let Some(file) = probe.file("/etc/fstab") {
        facts.fstab = mounts::parse_fstab(&file);
    }
    if let Some(file) = probe.file("/etc/crypttab") {
        facts.crypttab = mounts::parse_crypttab(&file);
    }
    for file in ["/etc/mdadm/mdadm.conf", "/etc/mdadm.conf", "/etc/lvm/lvm.conf", "/etc/multipath.conf"] {
        probe.file(file);
    }
    if probe.is_live() {
        read_kernel(probe, &mut facts);
        devices::read(probe, &mut facts);
        contents::read(probe, &mut facts);
    }
    build::build(facts)
}

fn read_kernel(probe: &mut Probe, facts: &mut Facts) {
    // What was changed a moment ago is not in lsblk before udev has seen it.
    probe.run("udevadm.txt", "udevadm", &["settle", "--timeout=10"]);
    // All columns: names of columns differ between versions, and one that is unknown is an error.
    let output = probe.run_allowing("lsblk.json", "lsblk", &["-J", "-b", "-O"], &[32, 64]);
    match output.as_deref().map(lsblk::parse) {
        Some(Some(blocks)) => facts.blocks = blocks,
        Some(None) => probe.warn("lsblk printed what is no list of devices"),
        None => probe.warn("lsblk did not list the block devices: disks are not captured"),
    }
    // It exits with 2 where no device has anything on it.
    if let Some(output) = probe.run_allowing("blkid.txt", "blkid", &["-o", "export"], &[2]) {
        facts.blkid = lsblk::parse_blkid(&output);
    }
    let columns = "TARGET,SOURCE,FSTYPE,OPTIONS,FSROOT,PROPAGATION";
    let found = probe.run("findmnt.json", "findmnt", &["-J", "-o", columns]);
    facts.mounts = match found.as_deref().and_then(mounts::parse_findmnt) {
        Some(found) => found,
        None => {
            probe.file("/proc/self/mountinfo").map(|file| mounts::parse_mountinfo(&file)).unwrap_or_default()
        }
    };
    facts.swaps = probe.peek("/proc/swaps").map(|file| mounts::parse_swaps(&file)).unwrap_or_default();
    // Local file systems alone, for a server that is gone would hold it up; status 1 where one cannot be
    // asked.
    let columns = "--output=size,used,itotal,iused,target";
    if let Some(output) = probe.run_allowing("df.txt", "df", &["-l", "-B1", columns], &[1]) {
        facts.usage = mounts::parse_df(&output);
    }
}
