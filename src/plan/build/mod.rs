//! Building: from a plan file, a repository and a look at this machine to an artefact. Changes nothing.

pub mod databases;
pub mod forecast;
pub mod graph;
pub mod look;
pub mod machine;
pub mod sql;
pub mod steps;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use crate::base::hex;
use crate::base::ids::SnapshotId;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::base::time::Timestamp;
use crate::plan::apply::sandbox;
use crate::plan::artefact::{Content, Expectations, Image, Part, Pinned, Plan, Reads, Step, Target, Work};
use crate::plan::build::machine::Machine;
use crate::plan::build::steps::Making;
use crate::plan::error::PlanError;
use crate::plan::file::model::{Component, OnFailure, PlanFile, TargetKind, Words};
use crate::plan::files;
use crate::plan::predict::observation::Observation;
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot::{self, Snapshot};
use crate::restore::options::{RestoreOptions, Selection, literal_pattern};
use crate::restore::plan::plan as plan_restore;
use crate::restore::repository::{RepositorySource, origin_of};
use crate::system::action::CommandLine;
use crate::system::database::throwaway::Throwaway;

/// Steps at once, where the file says nothing.
const PARALLEL: usize = 2;
/// Where a machine is put together that is being rebuilt.
const BARE_METAL_ROOT: &str = "/mnt/lifeboat";
/// A place below the root where nothing is: what commands read is counted as if it were restored there.
const NOWHERE: &str = "/.lifeboat-nowhere";

/// What a plan is built from.
pub struct Ground<'a> {
    /// The plan file.
    pub file: &'a PlanFile,
    /// Its bytes.
    pub source: &'a str,
    /// The repository.
    pub indexed: &'a IndexedRepository,
    /// Where journals of restores are.
    pub state_dir: &'a Path,
    /// What past runs took.
    pub history: &'a [Observation],
    /// The time of day.
    pub now: Timestamp,
    /// About how many bytes of memory the restores may take, where somebody said.
    pub memory_limit: Option<u64>,
    /// Hears of progress.
    pub monitor: &'a dyn Monitor,
    /// Asks for the end.
    pub interrupt: &'a Interrupt,
}

/// Builds the plan.
pub fn build(ground: &Ground<'_>) -> Result<Plan, PlanError> {
    let file = ground.file;
    let snapshots = pin(ground)?;
    let mut target = target(file)?;
    let own = machine::snapshot_of_machine(file, &snapshots, |component| spec_of(file, component));
    let machine = match own {
        Some(snapshot) => Machine::plan(ground, snapshot, &target)?,
        None => Machine::default(),
    };
    target.disks = machine.disks.clone();
    let needs = graph::needs(&file.component, file.target.kind == TargetKind::BareMetal);
    let order = graph::order(&needs)?;
    let mut steps: Vec<Step> = Vec::new();
    let mut parts = Vec::new();
    let mut servers: Vec<Throwaway> = Vec::new();
    place(&snapshots, &target, &mut steps, &mut parts);
    for name in &order {
        let component = &file.component[name];
        let snapshot = &snapshots[&spec_of(file, component)];
        let mut after: Vec<String> = graph::ends_of(&steps, sandbox::COMPONENT);
        for need in &needs[name] {
            after.extend(graph::ends_of(&steps, need));
        }
        let making = Making { file, root: &target.root, name, component, snapshot: snapshot.id, after };
        let mut made = make(ground, &making, snapshot, (&machine, &mut servers), &steps)?;
        made.iter_mut().try_for_each(|step| measured(ground, step, &making, snapshot))?;
        steps.extend(made);
        let checks = making.verifications(&steps, &servers)?;
        steps.extend(checks);
        parts.push(Part {
            name: name.clone(),
            kind: component.kind.clone(),
            group: component.group.clone(),
            needs: needs[name].iter().cloned().collect(),
            rto_seconds: component.rto.map(|rto| rto.as_secs()),
            rpo_seconds: component.rpo.map(|rpo| rpo.as_secs()),
            snapshot: snapshot.id,
        });
    }
    let steps = graph::sort(steps)?;
    let tools = look::tools(&steps);
    let content = Content {
        name: file.name.clone(),
        file: hex::encode(blake3::hash(ground.source.as_bytes()).as_bytes()),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        repository: ground.indexed.repository().id().to_string(),
        snapshots: pinned(&snapshots),
        cleanup: cleanup(file),
        expects: Expectations {
            tools: tools.iter().filter_map(|(name, hash)| Some((name.clone(), hash.clone()?))).collect(),
            disks: machine.found.clone(),
            root: look::root(&target.root)?,
        },
        target,
        parallel: file.parallel.unwrap_or(PARALLEL),
        rto_seconds: file.rto.map(|rto| rto.as_secs()),
        rpo_seconds: file.rpo.map(|rpo| rpo.as_secs()),
        components: parts,
        steps,
    };
    let missing = tools.into_iter().filter(|(_, hash)| hash.is_none()).map(|(name, _)| name).collect();
    let mut forecast = forecast::forecast(ground, &content, missing)?;
    forecast.warnings.extend(machine.warnings);
    Plan::new(content, forecast)
}

/// The steps that make the place of a sandbox that has an image; everything else comes after them.
fn place(
    snapshots: &BTreeMap<String, Snapshot>,
    target: &Target,
    steps: &mut Vec<Step>,
    parts: &mut Vec<Part>,
) {
    let (Some(image), Some(snapshot)) = (&target.image, snapshots.values().next()) else { return };
    let name = sandbox::COMPONENT;
    for action in sandbox::image_actions(image, &target.root) {
        steps.push(Step {
            id: format!("{name}/{}", action.id),
            component: name.to_owned(),
            title: action.title.clone(),
            snapshot: snapshot.id,
            needs: action.needs.iter().map(|id| format!("{name}/{id}")).collect(),
            work: Work::Action(Box::new(action)),
            reads: None,
            on_failure: OnFailure::Halt,
            retries: 0,
            retry_delay_seconds: 0,
        });
    }
    parts.push(Part {
        name: name.to_owned(),
        kind: "sandbox".to_owned(),
        group: None,
        needs: Vec::new(),
        rto_seconds: None,
        rpo_seconds: None,
        snapshot: snapshot.id,
    });
}

/// How the file names the snapshot of a component.
fn spec_of(file: &PlanFile, component: &Component) -> String {
    component.snapshot.clone().or_else(|| file.snapshot.clone()).unwrap_or_else(|| "latest".into())
}

/// The snapshots that the file names, by how it names them.
fn pin(ground: &Ground<'_>) -> Result<BTreeMap<String, Snapshot>, PlanError> {
    let repository = ground.indexed.repository();
    let mut found = BTreeMap::new();
    for component in ground.file.component.values() {
        let spec = spec_of(ground.file, component);
        if let Entry::Vacant(free) = found.entry(spec) {
            let snapshot = snapshot::find(repository.client(), repository.keyring(), free.key())?;
            free.insert(snapshot);
        }
    }
    Ok(found)
}

fn pinned(snapshots: &BTreeMap<String, Snapshot>) -> Vec<Pinned> {
    let pinned = |(named, snapshot): (&String, &Snapshot)| Pinned {
        id: snapshot.id,
        named: named.clone(),
        host: snapshot.host.clone(),
        time: snapshot.time,
    };
    snapshots.iter().map(pinned).collect()
}

fn target(file: &PlanFile) -> Result<Target, PlanError> {
    let target = &file.target;
    let root = match (&target.root, target.kind) {
        (Some(root), _) => root.clone(),
        (None, TargetKind::Converge) => "/".to_owned(),
        (None, _) => BARE_METAL_ROOT.to_owned(),
    };
    let image = target.image.as_ref().zip(target.size);
    Ok(Target {
        kind: target.kind,
        root: files::below("/", &root).display().to_string(),
        image: image.map(|(path, size_bytes)| Image { path: path.clone(), size_bytes }),
        keep: target.keep,
        disks: Vec::new(),
        protect: machine::protect(file)?,
    })
}

fn cleanup(file: &PlanFile) -> Vec<(Option<String>, CommandLine)> {
    let line = |words: &Words| CommandLine::new(words.0.clone());
    let own = file.component.iter().flat_map(|(name, component)| {
        component.cleanup.iter().map(move |words| (Some(name.clone()), line(words)))
    });
    own.chain(file.cleanup.iter().map(|words| (None, line(words)))).collect()
}

/// The steps that restore one component; `servers` gains those that the run starts for itself.
fn make(
    ground: &Ground<'_>,
    making: &Making<'_>,
    snapshot: &Snapshot,
    (machine, servers): (&Machine, &mut Vec<Throwaway>),
    others: &[Step],
) -> Result<Vec<Step>, PlanError> {
    match making.component.kind.as_str() {
        "files" => Ok(vec![making.files()]),
        "command" => Ok(vec![making.command()?]),
        "containers" => machine.containers(making),
        "databases" => databases::steps(ground, making, snapshot, servers),
        kind => match machine::stage_of(kind) {
            Some(stage) => machine.steps(making, stage, others),
            None => Err(making.fault(format!("nothing is known of how to restore {kind}"))),
        },
    }
}

/// Says of the step what it comes to.
fn measured(
    ground: &Ground<'_>,
    step: &mut Step,
    making: &Making<'_>,
    snapshot: &Snapshot,
) -> Result<(), PlanError> {
    let limit = ground.memory_limit;
    let options = match &step.work {
        Work::Files(files) => files::options(making.root, files, ground.state_dir, ground.indexed, limit),
        Work::Action(_) if !step.entries().is_empty() => {
            let root = files::below(making.root, NOWHERE);
            let selection = Selection {
                include: step.entries().into_iter().map(literal_pattern).collect(),
                ..Selection::default()
            };
            RestoreOptions { selection, ..RestoreOptions::new(root, ground.state_dir) }
        }
        _ => return Ok(()),
    };
    ground.monitor.event(Event::Current(&step.id));
    let source = RepositorySource::new(ground.indexed)?;
    let origin = origin_of(snapshot)?;
    let planned = plan_restore(&source, &origin, &options, ground.monitor, ground.interrupt)
        .map_err(|source| PlanError::Restore { component: making.name.to_owned(), source })?;
    let (amount, packs) = files::amount(&planned);
    if let Work::Files(files) = &mut step.work {
        (files.amount, files.packs) = (amount, packs);
    } else {
        let paths = step.entries().into_iter().map(str::to_owned).collect();
        step.reads = Some(Box::new(Reads { paths, amount, packs }));
    }
    Ok(())
}

/// The snapshot of this id among those that are pinned.
pub fn pinned_of(content: &Content, id: SnapshotId) -> Option<&Pinned> {
    content.snapshots.iter().find(|pinned| pinned.id == id)
}
