//! A whole machine onto empty disks: what is asked for, and the actions in their order.

use std::collections::BTreeSet;

use crate::system::action::{Action, DiskIdentity, Place, TargetDisk};
use crate::system::model::SystemState;
use crate::system::model::boot::Firmware;
use crate::system::model::storage::{Device, DeviceKind, Disk, Storage};
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::stack::Stack;
use crate::system::rebuild::{boot, file_systems, identity, layers, partitions};

/// Paths of a snapshot, in gitignore syntax, that are never restored onto a bare machine: what the kernel
/// makes itself, and what lifeboat keeps beside the files.
pub const NEVER_RESTORED: &[&str] =
    &["/.lifeboat", "/dev/*", "/proc/*", "/sys/*", "/run/*", "/tmp/*", "lost+found"];

/// The disk of the snapshot, and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Key of the captured disk; see [`captured_disk`].
    pub from: String,
    /// What takes its place.
    pub to: TargetDisk,
    /// The smallest unit that the target addresses, in bytes: 512 for an image.
    pub sector_bytes: u32,
}

/// What is asked for.
pub struct BareMetal<'a> {
    /// The machine as it was captured.
    pub state: &'a SystemState,
    /// Which disk takes the place of which.
    pub disks: &'a [Mapped],
    /// The directory below which the new machine is put together.
    pub root: &'a str,
    /// How.
    pub options: &'a Options,
}

/// How a machine is rebuilt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What happens to room that is left on a larger disk, or missing on a smaller one.
    pub room: Room,
    /// The firmware of the machine we run on, for it alone can take boot entries.
    pub firmware: Firmware,
    /// Whether the machine that will run is the captured one or just like it: then the initial RAM disk that
    /// was captured will do.
    pub is_same_hardware: bool,
    /// Who the new machine is.
    pub identity: Identity,
    /// Network interfaces: which captured one is which here, by hardware address.
    pub interfaces: Vec<InterfaceHere>,
    /// Disks that are never written to.
    pub protected: Vec<DiskIdentity>,
}

/// What happens to room that is left on a larger disk, or missing on a smaller one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Room {
    /// Partitions keep their sizes.
    Keep,
    /// The partition that carries `/` (or else the largest that can) takes what is left.
    #[default]
    Grow,
    /// The same, and where room is missing it becomes smaller, as far as what it held still fits.
    Fit,
}

/// Who the new machine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Makes a new `machine-id` at the first boot: for a copy that runs beside the original.
    pub new_machine_id: bool,
    /// Makes new SSH host keys.
    pub new_ssh_host_keys: bool,
    /// Takes another host name.
    pub host_name: Option<String>,
}

/// A network interface that keeps its captured name on other hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceHere {
    /// The captured name, such as `enp3s0`.
    pub name: String,
    /// The hardware address that it has here.
    pub mac: String,
}

/// The actions, and what a person should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuild {
    /// In an order that respects what each needs. All of stage `Disks` and `FileSystems` come before files
    /// are restored, all of stage `Boot` after; the executor adds that dependency.
    pub actions: Vec<Action>,
    /// What will be different, as sentences.
    pub warnings: Vec<String>,
    /// Ids of the actions that mount the file systems: restoring files needs all of them.
    pub mounts: Vec<String>,
}

/// Plans it, or says why it cannot be done.
pub fn plan(asked: &BareMetal<'_>) -> Result<Rebuild, RebuildError> {
    check_mapping(asked)?;
    let mut rebuild = Rebuild::default();
    let stack = Stack::new(asked, &mut rebuild.warnings)?;
    partitions::plan(&stack, &mut rebuild)?;
    layers::plan(&stack, &mut rebuild)?;
    file_systems::plan(&stack, &mut rebuild)?;
    identity::plan(&stack, &mut rebuild)?;
    boot::plan(&stack, &mut rebuild)?;
    Ok(rebuild)
}

/// The captured disk of that identity. A kernel name is only looked at where no number is given, and a size
/// never.
pub fn captured_disk<'a>(storage: &'a Storage, wanted: &DiskIdentity) -> Result<&'a Device, RebuildError> {
    let disks = storage.devices.iter().filter_map(|device| match &device.kind {
        DeviceKind::Disk(disk) => Some((device, disk)),
        _ => None,
    });
    let matches: Vec<_> = disks.clone().filter(|(device, disk)| is_meant(device, disk, wanted)).collect();
    let show = |(device, disk): &(&Device, &Disk)| identity_of(device, disk).to_string();
    match matches.as_slice() {
        [(device, _)] => Ok(device),
        [] => Err(RebuildError::NoSuchDisk {
            identity: wanted.clone(),
            known: disks.map(|pair| show(&pair)).collect(),
        }),
        several => Err(RebuildError::Ambiguous {
            identity: wanted.clone(),
            matches: several.iter().map(show).collect(),
        }),
    }
}

/// Whether `wanted` means this disk: by the numbers it gives, or else by where it is plugged in.
fn is_meant(device: &Device, disk: &Disk, wanted: &DiskIdentity) -> bool {
    let own = identity_of(device, disk);
    if !wanted.is_anonymous() {
        return own.is_same(wanted);
    }
    let Some(path) = &wanted.path else { return false };
    let below = |dir: &str, names: &[String]| names.iter().any(|name| *path == format!("{dir}{name}"));
    *path == device.name
        || below("/dev/disk/by-id/", &disk.by_id)
        || below("/dev/disk/by-path/", &disk.by_path)
}

/// What tells the disk from all others.
pub fn identity_of(device: &Device, disk: &Disk) -> DiskIdentity {
    DiskIdentity {
        wwn: disk.wwn.clone(),
        serial: disk.serial.clone(),
        model: disk.model.clone(),
        path: Some(device.name.clone()),
    }
}

/// A target as messages name it.
pub(super) fn show_target(target: &TargetDisk) -> String {
    match &target.place {
        Place::Device(identity) => identity.to_string(),
        Place::Image { path } => format!("the image {path}"),
    }
}

fn check_mapping(asked: &BareMetal<'_>) -> Result<(), RebuildError> {
    let mut seen = BTreeSet::new();
    for mapped in asked.disks {
        let (from, to) = (format!("the captured disk {}", mapped.from), show_target(&mapped.to));
        if asked.state.storage.device(&mapped.from).is_none() {
            return Err(RebuildError::NoSuchDisk {
                identity: DiskIdentity { path: Some(mapped.from.clone()), ..DiskIdentity::default() },
                known: asked.state.storage.devices.iter().map(|device| device.key.clone()).collect(),
            });
        }
        for what in [from, to.clone(), format!("the target called {}", mapped.to.name)] {
            if !seen.insert(what.clone()) {
                return Err(RebuildError::MappedTwice { what });
            }
        }
        if let Place::Device(identity) = &mapped.to.place {
            if asked.options.protected.iter().any(|protected| protected.is_same(identity)) {
                return Err(RebuildError::Protected { target: to });
            }
            let twice = asked.disks.iter().filter(|other| match &other.to.place {
                Place::Device(other) => other.is_same(identity),
                Place::Image { .. } => false,
            });
            if twice.count() > 1 {
                return Err(RebuildError::MappedTwice { what: to });
            }
        }
    }
    Ok(())
}
