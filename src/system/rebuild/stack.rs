//! The captured devices that come back, what they are called while the machine is put together, and how
//! large they become.

use std::collections::{BTreeMap, BTreeSet};

use crate::system::action::{disk, partition};
use crate::system::model::SystemState;
use crate::system::model::storage::content::Content;
use crate::system::model::storage::{Device, DeviceKind, Storage};
use crate::system::rebuild::bare_metal::{BareMetal, Mapped, Options};
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::layout::{self, Placed};

/// The devices of the captured machine as they come back.
pub(super) struct Stack<'a> {
    /// The captured machine.
    pub state: &'a SystemState,
    /// How it is rebuilt.
    pub options: &'a Options,
    /// The directory below which it is put together.
    pub root: &'a str,
    /// What takes the place of each disk, by the captured disk's key.
    pub mapping: BTreeMap<&'a str, &'a Mapped>,
    /// Where each partition comes to lie, by its key.
    pub places: BTreeMap<&'a str, Placed>,
    /// Keys of the devices that come back.
    kept: BTreeSet<&'a str>,
    /// The sizes they get, in bytes.
    sizes: BTreeMap<&'a str, u64>,
}

impl<'a> Stack<'a> {
    /// Decides what comes back, and how large.
    pub fn new(asked: &BareMetal<'a>, warnings: &mut Vec<String>) -> Result<Self, RebuildError> {
        let mut stack = Stack {
            state: asked.state,
            options: asked.options,
            root: asked.root,
            mapping: asked.disks.iter().map(|mapped| (mapped.from.as_str(), mapped)).collect(),
            places: BTreeMap::new(),
            kept: BTreeSet::new(),
            sizes: BTreeMap::new(),
        };
        stack.check_names()?;
        stack.keep(warnings);
        stack.check_left_out(warnings)?;
        stack.measure()?;
        Ok(stack)
    }

    /// All captured storage.
    pub fn storage(&self) -> &'a Storage {
        &self.state.storage
    }

    /// The devices that come back, parents first.
    pub fn devices(&self) -> impl Iterator<Item = &'a Device> + '_ {
        self.storage().devices.iter().filter(|device| self.comes_back(&device.key))
    }

    /// Whether the device of that key comes back.
    pub fn comes_back(&self, key: &str) -> bool {
        self.kept.contains(key)
    }

    /// How large the device of that key becomes.
    pub fn size(&self, key: &str) -> u64 {
        self.sizes.get(key).copied().unwrap_or(0)
    }

    /// What the device is called while the machine is put together.
    pub fn node(&self, device: &Device) -> String {
        match &device.kind {
            DeviceKind::Disk(_) | DeviceKind::Loop(_) | DeviceKind::Multipath { .. } => {
                self.mapping.get(device.key.as_str()).map(|mapped| disk(&mapped.to.name)).unwrap_or_default()
            }
            DeviceKind::Partition(part) => {
                let parent = device.parents.first().and_then(|key| self.mapping.get(key.as_str()));
                parent.map(|mapped| partition(&mapped.to.name, part.number)).unwrap_or_default()
            }
            DeviceKind::Opened(opened) => format!("/dev/mapper/{}", opened.name),
            DeviceKind::Volume(volume) => {
                format!("/dev/mapper/{}-{}", doubled(&volume.group), doubled(&volume.name))
            }
            _ => device.name.clone(),
        }
    }

    /// The id of the action after which the node of the device of that key is there.
    pub fn ready(&self, key: &str) -> String {
        let Some(device) = self.storage().device(key) else { return String::new() };
        let target =
            |key: &str| self.mapping.get(key).map(|mapped| mapped.to.name.clone()).unwrap_or_default();
        match &device.kind {
            DeviceKind::Partition(_) => {
                format!("partition:{}", device.parents.first().map(|key| target(key)).unwrap_or_default())
            }
            DeviceKind::Raid(_) => format!("assemble:{}", device.name),
            DeviceKind::Opened(opened) => format!("open:{}", opened.name),
            DeviceKind::Volume(volume) => format!("activate:{}", volume.group),
            _ => format!("attach:{}", target(key)),
        }
    }

    /// The names of the target disks that the device of that key rests on.
    pub fn targets(&self, key: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for below in self.storage().disks_below(key) {
            if let Some(mapped) = self.mapping.get(below.as_str())
                && !names.contains(&mapped.to.name)
            {
                names.push(mapped.to.name.clone());
            }
        }
        names
    }

    /// Where what a device holds is mounted, first the shortest, by fstab and by what was mounted.
    pub fn mounted_at(&self, key: &str) -> Option<&'a str> {
        let storage = self.storage();
        let fstab = storage.fstab.iter().filter(|entry| entry.device.as_deref() == Some(key));
        let mounts = storage.mounts.iter().filter(|mount| mount.device.as_deref() == Some(key));
        let targets = fstab.map(|entry| &entry.target).chain(mounts.map(|mount| &mount.target));
        targets.map(String::as_str).filter(|target| target.starts_with('/')).min_by_key(|target| target.len())
    }

    /// A device as people know it: by where it is mounted, or what it was called.
    pub fn title(&self, device: &'a Device) -> &'a str {
        self.mounted_at(&device.key).unwrap_or(&device.name)
    }

    /// Whether `/` rests on the device of that key.
    pub fn carries_root(&self, key: &str) -> bool {
        let mut open = vec![key];
        let mut seen = BTreeSet::new();
        while let Some(key) = open.pop() {
            if !seen.insert(key) {
                continue;
            }
            if self.mounted_at(key) == Some("/") {
                return true;
            }
            open.extend(self.storage().children(key).map(|child| child.key.as_str()));
        }
        false
    }

    /// Names go into command lines and paths; one that could be taken for an option or lead elsewhere was
    /// not captured by us.
    fn check_names(&self) -> Result<(), RebuildError> {
        let plain = |what: &'static str, name: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "+_.-:".contains(c);
            match !name.is_empty() && !name.starts_with(['-', '.']) && name.chars().all(is_plain) {
                true => Ok(()),
                false => Err(RebuildError::Hostile { what, name: name.to_owned() }),
            }
        };
        for device in &self.storage().devices {
            match &device.kind {
                DeviceKind::Opened(opened) => plain("device mapping", &opened.name)?,
                DeviceKind::Volume(volume) => {
                    plain("volume group", &volume.group)?;
                    plain("volume", &volume.name)?;
                }
                DeviceKind::Raid(_) => {
                    let name = device.name.strip_prefix("/dev/md/").or(device.name.strip_prefix("/dev/"));
                    plain("array", name.unwrap_or_default())?;
                }
                _ => {}
            }
            if let Some(Content::FileSystem(fs)) = &device.content {
                plain("file system type", &fs.fs_type)?;
                fs.uuid.as_deref().map_or(Ok(()), |uuid| plain("UUID", uuid))?;
            }
        }
        let targets = self.storage().fstab.iter().map(|entry| &entry.target);
        for target in targets.chain(self.storage().mounts.iter().map(|mount| &mount.target)) {
            if target.split('/').any(|part| part == "..") {
                return Err(RebuildError::Hostile { what: "mount point", name: target.clone() });
            }
        }
        Ok(())
    }

    /// Decides which devices come back: those that rest on mapped disks alone, and arrays that can do
    /// without the members that are missing.
    fn keep(&mut self, warnings: &mut Vec<String>) {
        for device in &self.storage().devices {
            let kept = device.parents.iter().filter(|parent| self.comes_back(parent)).count();
            let all = device.parents.len();
            let comes_back = match &device.kind {
                _ if self.mapping.contains_key(device.key.as_str()) => true,
                DeviceKind::Raid(raid) if kept < all && kept > 0 => {
                    let spare = match raid.level.as_str() {
                        "raid1" => all - 1,
                        "raid4" | "raid5" => 1,
                        "raid6" => 2,
                        _ => 0,
                    };
                    let lives = all - kept <= spare;
                    if lives {
                        let name = &device.name;
                        warnings.push(format!(
                            "the array {name} comes back with {kept} of its {all} members; \
                             add the others later with mdadm"
                        ));
                    }
                    lives
                }
                _ => all > 0 && kept == all,
            };
            if comes_back {
                self.kept.insert(&device.key);
            }
        }
    }

    /// What a machine cannot start without must come back; anything else that does not is said.
    fn check_left_out(&self, warnings: &mut Vec<String>) -> Result<(), RebuildError> {
        if !self.storage().devices.iter().any(|device| self.carries_root(&device.key)) {
            let report = self.state.collectors.iter().find(|report| report.name == "storage");
            let why = report.and_then(|report| report.warnings.first().cloned());
            let why = why.unwrap_or_else(|| "no device is mounted at /; capture the state as root".into());
            return Err(RebuildError::NotCaptured { what: "disks", why });
        }
        for device in &self.storage().devices {
            let Some(target) = self.mounted_at(&device.key) else { continue };
            if self.comes_back(&device.key) {
                continue;
            }
            let disk = self.storage().disks_below(&device.key).join(", ");
            let vital = ["/", "/boot", "/boot/efi", "/usr", "/var", "/etc"];
            if vital.contains(&target) {
                return Err(RebuildError::Unmapped { what: target.to_owned(), disk });
            }
            warnings.push(format!(
                "{target} was on the disk {disk}, which nothing replaces: it does not come back, \
                 and fstab will not wait for it"
            ));
        }
        Ok(())
    }

    /// Lays out partitions and follows their new sizes upward.
    fn measure(&mut self) -> Result<(), RebuildError> {
        for device in &self.storage().devices {
            if !self.comes_back(&device.key) {
                continue;
            }
            let size = match &device.kind {
                DeviceKind::Partition(_) => {
                    self.places.get(device.key.as_str()).map(|place| place.size_bytes)
                }
                _ => self.mapping.get(device.key.as_str()).map(|mapped| mapped.to.size_bytes),
            };
            let size = size.unwrap_or_else(|| self.size_above(device));
            self.sizes.insert(&device.key, size);
            match &device.content {
                Some(Content::PartitionTable(table)) => {
                    let placed = layout::place(self, device, table)?;
                    self.places.extend(placed);
                }
                _ => self.check_whole_disk(device)?,
            }
        }
        Ok(())
    }

    /// A disk without partitions must not become smaller.
    fn check_whole_disk(&self, device: &Device) -> Result<(), RebuildError> {
        let Some(mapped) = self.mapping.get(device.key.as_str()) else { return Ok(()) };
        let needed_bytes = layout::minimum(self, device);
        match device.content.is_none() || mapped.to.size_bytes >= needed_bytes {
            true => Ok(()),
            false => Err(layout::too_small(mapped, device, needed_bytes, "")),
        }
    }

    /// What a device that rests on others gains or loses with them.
    fn size_above(&self, device: &Device) -> u64 {
        let changes = device.parents.iter().filter_map(|key| {
            let parent = self.storage().device(key)?;
            Some(self.size(key) as i128 - parent.size_bytes as i128)
        });
        let change = match &device.kind {
            DeviceKind::Opened(_) => changes.min().unwrap_or(0),
            DeviceKind::Raid(raid) => {
                let data = match raid.level.as_str() {
                    "raid1" => 1,
                    "raid4" | "raid5" => raid.devices.saturating_sub(1),
                    "raid6" => raid.devices.saturating_sub(2),
                    "raid10" => raid.devices / 2,
                    _ => raid.devices,
                };
                changes.min().unwrap_or(0) * i128::from(data)
            }
            // A volume keeps its size; what its group gains is given out by `lvm`.
            _ => 0,
        };
        u64::try_from(device.size_bytes as i128 + change).unwrap_or(0)
    }
}

/// How device mapper writes a name inside a longer one.
fn doubled(name: &str) -> String {
    name.replace('-', "--")
}
