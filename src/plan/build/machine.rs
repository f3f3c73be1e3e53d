//! The parts of a machine as steps: from the state that the snapshot captured to the actions that `system`
//! says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::monitor::Interrupt;
use crate::browse::cat::cat;
use crate::browse::error::BrowseError;
use crate::browse::path::SnapPath;
use crate::plan::apply::content::reading;
use crate::plan::apply::disks;
use crate::plan::artefact::{Disk, DiskFound, Step, Target, Work};
use crate::plan::build::Ground;
use crate::plan::build::steps::Making;
use crate::plan::error::PlanError;
use crate::plan::file::model::{Component, DiskFile, DiskName, PlanFile, TargetKind};
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot::Snapshot;
use crate::restore::error::chain_text;
use crate::sys::disk;
use crate::system::action::{Action, CommandLine, DiskIdentity, Operation, Place, Stage, TargetDisk};
use crate::system::capture;
use crate::system::model::boot::Firmware;
use crate::system::model::containers::Engine;
use crate::system::model::{DIRECTORY, FILE_NAME, SystemState};
use crate::system::rebuild::bare_metal::{
    self, BareMetal, Identity, InterfaceHere, Mapped, Options, Room, captured_disk,
};
use crate::system::rebuild::converge::{self, Converge};

/// What is wrong with a snapshot that does not know its machine.
const NO_STATE: &str = "the snapshot holds no state of a system; take one with `lifeboat backup --system`";
/// Bytes that an image addresses at once.
const IMAGE_SECTOR_BYTES: u32 = 512;

/// The machine that a plan rebuilds.
#[derive(Debug, Default)]
pub struct Machine {
    /// What was captured; none where the snapshot has no such thing.
    pub state: Option<SystemState>,
    /// All actions of a rebuild, in their order.
    pub actions: Vec<Action>,
    /// Which disks are overwritten.
    pub disks: Vec<Disk>,
    /// The disks as they were found.
    pub found: BTreeMap<String, DiskFound>,
    /// What people should know.
    pub warnings: Vec<String>,
}

/// Whether a component of this kind is made of actions.
pub fn stage_of(kind: &str) -> Option<Stage> {
    Some(match kind {
        "disks" => Stage::Disks,
        "file-systems" => Stage::FileSystems,
        "boot" => Stage::Boot,
        "packages" => Stage::Packages,
        "users" => Stage::Users,
        "services" => Stage::Services,
        _ => return None,
    })
}

/// What `snapshot` captured of its machine, if anything.
pub fn state_of(
    indexed: &IndexedRepository,
    interrupt: &Interrupt,
    snapshot: &Snapshot,
) -> Result<Option<SystemState>, PlanError> {
    let path = format!("{DIRECTORY}/{FILE_NAME}");
    let mut bytes = Vec::new();
    let parsed = SnapPath::parse(path.as_bytes())?;
    match cat(&reading(indexed, interrupt), snapshot, &parsed, &mut bytes) {
        Ok(_) => {}
        Err(BrowseError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let whence = format!("{path} of snapshot {}", snapshot.id.short());
    let state =
        SystemState::from_json(&bytes, &whence).map_err(|error| fault("system", chain_text(&error)))?;
    Ok(Some(state))
}

fn fault(component: &str, why: impl Into<String>) -> PlanError {
    PlanError::Component { component: component.to_owned(), why: why.into() }
}

impl Machine {
    /// The machine of `snapshot`, with the actions that make it again at `target`.
    pub fn plan(ground: &Ground<'_>, snapshot: &Snapshot, target: &Target) -> Result<Self, PlanError> {
        let mut machine =
            Machine { state: state_of(ground.indexed, ground.interrupt, snapshot)?, ..Machine::default() };
        let file = ground.file;
        if file.target.kind == TargetKind::Converge && file.component.values().any(is_converged) {
            return machine.converge(ground, target);
        }
        if file.target.kind != TargetKind::BareMetal || !file.component.values().any(is_bare) {
            return Ok(machine);
        }
        let Some(state) = machine.state.clone() else {
            return Err(fault(
                "disks",
                format!(
                    "snapshot {} holds no state of a system; take one with `lifeboat backup --system`",
                    snapshot.id.short()
                ),
            ));
        };
        let mut mapped = Vec::new();
        for (number, wanted) in file.disk.iter().enumerate() {
            mapped.push(machine.map(&state, number, wanted)?);
        }
        let options = options(file, &target.protect);
        let asked = BareMetal { state: &state, disks: &mapped, root: &target.root, options: &options };
        let rebuild = bare_metal::plan(&asked).map_err(|error| fault("disks", chain_text(&error)))?;
        machine.actions = rebuild.actions;
        machine.warnings.extend(rebuild.warnings);
        Ok(machine)
    }

    /// What the machine below `target` lacks.
    fn converge(mut self, ground: &Ground<'_>, target: &Target) -> Result<Self, PlanError> {
        let Some(state) = &self.state else { return Err(fault("packages", NO_STATE)) };
        let options =
            capture::Options { root: target.root.clone().into(), ..capture::Options::new(ground.now) };
        let here = capture::capture(&options, ground.interrupt, ground.monitor).map_err(PlanError::Look)?;
        // What belongs to accounts is done by a plan that has them, and after packages if it has those too.
        let kinds: BTreeSet<&str> = ground.file.component.values().map(|one| one.kind.as_str()).collect();
        let has_packages = kinds.contains("packages") && kinds.contains("users");
        let asked = Converge { captured: state, here: &here.state, root: &target.root, has_packages };
        let rebuild = converge::plan(&asked).map_err(|error| fault("packages", chain_text(&error)))?;
        self.actions = rebuild.actions;
        self.warnings = rebuild.warnings;
        Ok(self)
    }

    /// The disk of the snapshot that `wanted` names, and what takes its place here.
    fn map(&mut self, state: &SystemState, number: usize, wanted: &DiskFile) -> Result<Mapped, PlanError> {
        let name = format!("disk{number}");
        let DiskName::Device(from) = &wanted.from else {
            return Err(fault("disk", "`from` names a disk of the snapshot, and an image is none"));
        };
        let captured = captured_disk(&state.storage, from);
        let captured = captured.map_err(|error| fault("disk", chain_text(&error)))?;
        let (place, size_bytes, sector_bytes) = match &wanted.to {
            DiskName::Image(path) => {
                let size = wanted.size.unwrap_or(captured.size_bytes);
                (Place::Image { path: path.clone() }, size, IMAGE_SECTOR_BYTES)
            }
            DiskName::Device(identity) => {
                let disk = disks::find(identity)?;
                let found = disks::identity_of(&disk);
                let size_bytes = disk.size_bytes;
                let identity = match found.is_anonymous() {
                    true => {
                        self.warnings.push(format!(
                            "{} tells no serial number: it is known by its device node alone, which may be \
                             another disk's after a restart",
                            disk.path
                        ));
                        found.clone()
                    }
                    false => DiskIdentity { path: None, ..found.clone() },
                };
                self.found.insert(name.clone(), DiskFound { identity: found, size_bytes });
                (Place::Device(identity), size_bytes, disk.sector_bytes)
            }
        };
        let to = TargetDisk { name, place, size_bytes };
        let takes_place_of = from.clone();
        self.disks.push(Disk { disk: to.clone(), takes_place_of, wipe: wanted.wipe });
        Ok(Mapped { from: captured.key.clone(), to, sector_bytes })
    }

    /// The steps of a component that is made of actions.
    pub fn steps(&self, making: &Making<'_>, stage: Stage, others: &[Step]) -> Result<Vec<Step>, PlanError> {
        let own: Vec<&Action> = self.actions.iter().filter(|action| action.stage == stage).collect();
        let of_component = |id: &str| {
            others.iter().find(|step| matches!(&step.work, Work::Action(action) if action.id == id))
        };
        let mut steps = Vec::new();
        for action in &own {
            let mut needs: BTreeSet<String> = making.after.iter().cloned().collect();
            for id in &action.needs {
                if own.iter().any(|other| other.id == *id) {
                    needs.insert(format!("{}/{id}", making.name));
                } else if let Some(step) = of_component(id) {
                    needs.insert(step.id.clone());
                } else {
                    let lacking = self.actions.iter().find(|other| other.id == *id);
                    let kind = lacking.map_or("another", |action| word_of(action.stage));
                    return Err(making.fault(format!(
                        "{:?} needs {id:?}; give the plan a component of the kind {kind} that this one needs",
                        action.title
                    )));
                }
            }
            let work = Work::Action(Box::new((*action).clone()));
            steps.push(making.step(&action.id, action.title.clone(), work, needs.into_iter().collect()));
        }
        // A running machine may have it all already.
        if steps.is_empty() && making.file.target.kind != TargetKind::Converge {
            return Err(making.fault(match &self.state {
                None => NO_STATE.to_owned(),
                Some(_) => {
                    format!("nothing of the kind {} is to be done for this target", making.component.kind)
                }
            }));
        }
        Ok(steps)
    }

    /// The steps that fetch the images of captured containers, each by its digest.
    pub fn containers(&self, making: &Making<'_>) -> Result<Vec<Step>, PlanError> {
        let Some(state) = &self.state else {
            return Err(making.fault("the snapshot holds no state of a system: its containers are not known"));
        };
        let mut steps = Vec::new();
        for engine in &state.containers.engines {
            steps.extend(images(making, engine));
        }
        match steps.is_empty() {
            true => Err(making.fault("no container that was captured is meant")),
            false => Ok(steps),
        }
    }
}

fn is_converged(component: &Component) -> bool {
    matches!(component.kind.as_str(), "packages" | "users" | "services")
}

fn is_bare(component: &Component) -> bool {
    matches!(component.kind.as_str(), "disks" | "file-systems" | "boot")
}

/// The kind of component that a stage's actions belong to.
fn word_of(stage: Stage) -> &'static str {
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

fn images(making: &Making<'_>, engine: &Engine) -> Vec<Step> {
    let component = making.component;
    let program = component.method.clone().unwrap_or_else(|| engine.name.clone());
    let is_meant = |name: &String| {
        (component.only.is_empty() || component.only.contains(name)) && !component.exclude.contains(name)
    };
    let mut seen = BTreeSet::new();
    let mut steps = Vec::new();
    for container in engine.containers.iter().filter(|container| is_meant(&container.name)) {
        let image = engine.images.iter().find(|image| image.id == container.image_id);
        // The digest names one image for good; a tag may mean another by now.
        let reference = image.and_then(|image| image.digests.first()).unwrap_or(&container.image).clone();
        if !seen.insert(reference.clone()) {
            continue;
        }
        let action = Action {
            id: format!("image:{reference}"),
            title: format!("fetch the image of {}", container.name),
            stage: Stage::Custom,
            operation: Operation::Run {
                commands: vec![CommandLine::new([program.as_str(), "pull", &reference])],
            },
            check: None,
            destroys: Vec::new(),
            repeatable: true,
            volatile: false,
            release: Vec::new(),
            needs: Vec::new(),
        };
        let (id, title) = (action.id.clone(), action.title.clone());
        steps.push(making.step(&id, title, Work::Action(Box::new(action)), making.after.clone()));
    }
    steps
}

fn options(file: &PlanFile, protected: &[DiskIdentity]) -> Options {
    let target = &file.target;
    let is_uefi = Path::new("/sys/firmware/efi").exists();
    Options {
        room: match target.room.as_deref() {
            Some("keep") => Room::Keep,
            Some("fit") => Room::Fit,
            _ => Room::Grow,
        },
        firmware: if is_uefi { Firmware::Uefi } else { Firmware::Bios },
        is_same_hardware: target.same_hardware,
        identity: Identity {
            new_machine_id: target.new_machine_id,
            new_ssh_host_keys: target.new_ssh_host_keys,
            host_name: target.host_name.clone(),
        },
        interfaces: file
            .interface
            .iter()
            .map(|one| InterfaceHere { name: one.name.clone(), mac: one.mac.clone() })
            .collect(),
        protected: protected.to_vec(),
    }
}

/// The disks that the plan protects, with all that tells each from others where it is there.
pub fn protect(file: &PlanFile) -> Result<Vec<DiskIdentity>, PlanError> {
    let here = disk::disks().map_err(PlanError::Look)?;
    let mut protected = Vec::new();
    for name in &file.protect {
        let DiskName::Device(identity) = name else {
            return Err(fault("protect", "an image is no disk: protect the disk that it lies on"));
        };
        let same = here.iter().find(|disk| disks::is_same(identity, disk)).map(disks::identity_of);
        // Where the disk tells a number, that stands for it wherever it is plugged in.
        let same = same.filter(|own| !own.is_anonymous()).map(|own| DiskIdentity { path: None, ..own });
        protected.push(same.unwrap_or_else(|| identity.clone()));
    }
    Ok(protected)
}

/// The snapshot whose machine is rebuilt: that of the first component which needs one.
pub fn snapshot_of_machine<'s>(
    file: &PlanFile,
    snapshots: &'s BTreeMap<String, Snapshot>,
    spec_of: impl Fn(&Component) -> String,
) -> Option<&'s Snapshot> {
    let needing = file
        .component
        .values()
        .find(|component| stage_of(&component.kind).is_some() || component.kind == "containers");
    snapshots.get(&spec_of(needing?))
}
