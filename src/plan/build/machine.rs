//! Components that are made from the machine's captured state: disks, file systems and boot of a bare machine;
//! packages, users and services of one that runs.
//!
//! The state is read from the snapshot once, and `system::rebuild` says which actions it takes; here they are
//! given to the components that stand for their stages, and become steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::base::limits;
use crate::browse::cat::cat;
use crate::browse::path::SnapPath;
use crate::browse::reading::Reading;
use crate::plan::apply::disks;
use crate::plan::artefact::{Disk, DiskFound, Step, Target, Work};
use crate::plan::build::steps::Making;
use crate::plan::build::{Ground, spec_of};
use crate::plan::error::PlanError;
use crate::plan::file::model::{Component, DiskFile, DiskName, PlanFile, RoomFile, TargetKind};
use crate::repo::attachment::KIND_SYSTEM;
use crate::repo::snapshot::Snapshot;
use crate::system::action::{Action, DiskIdentity, Place, Stage, TargetDisk};
use crate::system::model::boot::Firmware;
use crate::system::model::{FILE_NAME, SystemState};
use crate::system::rebuild::bare_metal::{
    self, BareMetal, Identity, Mapped, Options, Rebuild, Room, captured_disk,
};

/// Bytes of a sector of an image.
const IMAGE_SECTOR_BYTES: u32 = 512;
/// The kinds of components that a bare machine is made of, in order; everything else comes between the last two.
const BARE_METAL: [&str; 3] = ["disks", "file-systems", "boot"];
/// The same of a machine that runs.
const CONVERGE: [&str; 5] = ["packages", "users", "files", "services", "databases"];

/// What a machine takes to come back.
#[derive(Debug, Default)]
pub struct Machine {
    /// The actions of every stage.
    actions: Vec<Action>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// The disks that are overwritten.
    pub disks: Vec<Disk>,
    /// The same as they were found; none of an image.
    pub found: BTreeMap<String, DiskFound>,
}

/// The kind of component that stands for a stage.
fn kind_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Disks => "disks",
        Stage::FileSystems => "file-systems",
        Stage::Packages => "packages",
        Stage::Users => "users",
        Stage::Files => "files",
        Stage::Boot => "boot",
        Stage::Services => "services",
        Stage::Databases => "databases",
        Stage::Custom => "command",
    }
}

/// Whether components of this kind are made from the captured state by this module.
pub fn is_of_machine(kind: &str) -> bool {
    matches!(kind, "disks" | "file-systems" | "boot" | "packages" | "users" | "services")
}

/// What follows from the kinds of components without being said: a file system comes after its disk.
pub fn imply(file: &PlanFile, needs: &mut BTreeMap<String, BTreeSet<String>>) {
    let of = |kind: &str| -> Vec<&String> {
        file.component.iter().filter(|(_, one)| one.kind == kind).map(|(name, _)| name).collect()
    };
    let mut after = |later: &str, earlier: &str| {
        if later != earlier
            && let Some(needs) = needs.get_mut(later)
        {
            needs.insert(earlier.to_owned());
        }
    };
    match file.target.kind {
        TargetKind::BareMetal => {
            let [disks, file_systems, boot] = BARE_METAL.map(of);
            let other = |component: &Component| !BARE_METAL.contains(&component.kind.as_str());
            for fs in &file_systems {
                disks.iter().for_each(|disk| after(fs, disk));
                file.component.iter().filter(|(_, one)| other(one)).for_each(|(name, _)| after(name, fs));
                boot.iter().for_each(|boot| after(boot, fs));
            }
            for files in of("files") {
                boot.iter().for_each(|boot| after(boot, files));
            }
        }
        TargetKind::Converge => {
            for pair in CONVERGE.map(of).windows(2) {
                for later in &pair[1] {
                    pair[0].iter().for_each(|earlier| after(later, earlier));
                }
            }
        }
        TargetKind::Sandbox => {}
    }
}

/// Plans the machine that the file asks for, if it asks for one.
pub fn machine(
    ground: &Ground<'_>,
    snapshots: &BTreeMap<String, Snapshot>,
    target: &Target,
) -> Result<Machine, PlanError> {
    let file = ground.file;
    let Some((name, component)) = file.component.iter().find(|(_, one)| is_of_machine(&one.kind)) else {
        return Ok(Machine::default());
    };
    let fault = |why: String| PlanError::Component { component: name.clone(), why };
    let state = read(ground, &snapshots[&spec_of(file, component)], name)?;
    match file.target.kind {
        TargetKind::BareMetal => bare(ground, &state, target),
        TargetKind::Converge => Err(fault("converging is planned against the running system".into())),
        TargetKind::Sandbox => Err(fault(format!(
            "a sandbox has no {}: take files, databases and commands, or another target",
            component.kind
        ))),
    }
}

/// The state that the snapshot carries.
fn read(ground: &Ground<'_>, snapshot: &Snapshot, component: &str) -> Result<SystemState, PlanError> {
    let fault = |why: String| PlanError::Component { component: component.to_owned(), why };
    let id = snapshot.id.short();
    let Some(attached) = snapshot.attachments.iter().find(|one| one.kind == KIND_SYSTEM) else {
        return Err(fault(format!(
            "snapshot {id} holds no state of the system; take one with `lifeboat backup --system`"
        )));
    };
    let reading = Reading {
        repository: ground.indexed,
        monitor: ground.monitor,
        interrupt: ground.interrupt,
        threads: 1,
    };
    let place = format!("{}/{FILE_NAME}", attached.path);
    let path = SnapPath::parse(place.as_bytes())?;
    let mut document = Bounded { bytes: Vec::new(), left: limits::SYSTEM_STATE_MAX_BYTES as usize };
    cat(&reading, snapshot, &path, &mut document)?;
    SystemState::from_json(&document.bytes, &format!("{id}:{place}"))
        .map_err(|error| fault(error.to_string()))
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    left: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let too_long = || io::Error::other("it is longer than a machine's state may be");
        self.left = self.left.checked_sub(bytes.len()).ok_or_else(too_long)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bare(ground: &Ground<'_>, state: &SystemState, target: &Target) -> Result<Machine, PlanError> {
    let file = ground.file;
    let mut machine = Machine::default();
    let mut mapping = Vec::new();
    for (place, disk) in file.disk.iter().enumerate() {
        mapping.push(map(state, disk, &format!("disk{place}"), &mut machine)?);
    }
    let options = Options {
        room: match file.target.room {
            Some(RoomFile::Keep) => Room::Keep,
            Some(RoomFile::Fit) => Room::Fit,
            Some(RoomFile::Grow) | None => Room::Grow,
        },
        firmware: firmware_here(),
        is_same_hardware: is_same_hardware(state, &mapping),
        identity: Identity {
            new_machine_id: file.target.new_machine_id,
            new_ssh_host_keys: file.target.new_ssh_host_keys,
            host_name: file.target.host_name.clone(),
        },
        interfaces: Vec::new(),
        protected: target.protect.clone(),
    };
    let asked = BareMetal { state, disks: &mapping, root: &target.root, options: &options };
    let fault = |error: &dyn std::error::Error| PlanError::Component {
        component: "disk".into(),
        why: error.to_string(),
    };
    let Rebuild { actions, warnings, .. } = bare_metal::plan(&asked).map_err(|error| fault(&error))?;
    machine.actions = actions;
    machine.warnings = warnings;
    Ok(machine)
}

/// One entry of the file's mapping, looked up on both sides.
fn map(state: &SystemState, disk: &DiskFile, name: &str, machine: &mut Machine) -> Result<Mapped, PlanError> {
    let fault = |why: String| PlanError::Component { component: "disk".into(), why };
    let DiskName::Device(wanted) = &disk.from else {
        return Err(fault("`from` names a disk of the snapshot, and so no image".into()));
    };
    let captured = captured_disk(&state.storage, wanted).map_err(|error| fault(error.to_string()))?;
    let (place, size_bytes, sector_bytes) = match &disk.to {
        DiskName::Image(path) => {
            let place = Place::Image { path: path.clone() };
            (place, disk.size.unwrap_or(captured.size_bytes), IMAGE_SECTOR_BYTES)
        }
        DiskName::Device(identity) => {
            let found = disks::find(identity)?;
            let own = disks::identity_of(&found);
            let sector = sector_of(&found.name);
            machine
                .found
                .insert(name.to_owned(), DiskFound { identity: own.clone(), size_bytes: found.size_bytes });
            // A number that the disk has tells more than the name that it was found by.
            let identity = if own.is_anonymous() { identity.clone() } else { own };
            (Place::Device(identity), found.size_bytes, sector)
        }
    };
    let to = TargetDisk { name: name.to_owned(), place, size_bytes };
    machine.disks.push(Disk { disk: to.clone(), takes_place_of: wanted.clone(), wipe: disk.wipe });
    Ok(Mapped { from: captured.key.clone(), to, sector_bytes })
}

fn sector_of(name: &str) -> u32 {
    let path = Path::new("/sys/block").join(name).join("queue/logical_block_size");
    let told = fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
    told.unwrap_or(IMAGE_SECTOR_BYTES)
}

fn firmware_here() -> Firmware {
    match Path::new("/sys/firmware/efi").exists() {
        true => Firmware::Uefi,
        false => Firmware::Bios,
    }
}

/// Whether what will run is like what was captured: the same model, on disks and not in an image.
fn is_same_hardware(state: &SystemState, mapping: &[Mapped]) -> bool {
    let told = |name: &str| {
        let text = fs::read_to_string(Path::new("/sys/class/dmi/id").join(name)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let captured = &state.host.hardware;
    let is_here = mapping.iter().all(|mapped| matches!(mapped.to.place, Place::Device(_)));
    let same = |own: Option<String>, other: &Option<String>| own.is_some() && own == *other;
    is_here && same(told("sys_vendor"), &captured.vendor) && same(told("product_name"), &captured.product)
}

/// What is protected by the file, as identities.
pub fn protected(file: &PlanFile) -> Vec<DiskIdentity> {
    file.protect
        .iter()
        .filter_map(|name| match name {
            DiskName::Device(identity) => Some(identity.clone()),
            DiskName::Image(_) => None,
        })
        .collect()
}

impl Machine {
    /// The steps of a component: the actions of its stage.
    pub fn steps(&self, making: &Making<'_>) -> Result<Vec<Step>, PlanError> {
        let kind = making.component.kind.as_str();
        let own: Vec<&Action> = self.actions.iter().filter(|action| kind_of(action.stage) == kind).collect();
        let mut steps = Vec::new();
        for action in &own {
            let mut needs = Vec::new();
            for need in &action.needs {
                needs.push(self.step_of(making, need)?);
            }
            let is_first = !action.needs.iter().any(|need| own.iter().any(|one| one.id == *need));
            if is_first {
                needs.extend(
                    making.after.iter().filter(|id| !needs.contains(id)).cloned().collect::<Vec<_>>(),
                );
            }
            let work = Work::Action(Box::new((*action).clone()));
            steps.push(making.step(&action.id, action.title.clone(), work, needs));
        }
        Ok(steps)
    }

    /// The step that an action became.
    fn step_of(&self, making: &Making<'_>, id: &str) -> Result<String, PlanError> {
        let stage = self.actions.iter().find(|action| action.id == id).map(|action| action.stage);
        let kind = stage.map_or("", kind_of);
        let owner = making.file.component.iter().find(|(_, one)| one.kind == kind).map(|(name, _)| name);
        match owner {
            Some(owner) => Ok(format!("{owner}/{id}")),
            None => Err(making.fault(format!("it needs a component of the kind {kind:?}; add one"))),
        }
    }
}
