//! What is expected of a plan: times from past runs or a short measurement, verdicts, room.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::base::ids::PackName;
use crate::base::time::Timestamp;
use crate::plan::artefact::{Amount, Content, Files, Part, Step, Work};
use crate::plan::build::{Ground, look, pinned_of};
use crate::plan::error::PlanError;
use crate::plan::file::model::TargetKind;
use crate::plan::forecast::{Estimate, Forecast, Objective, State, Verdict, WarmUp};
use crate::plan::predict::estimate::{Prior, estimate, nominal};
use crate::plan::predict::observation::{Load, Observation, method_of};
use crate::plan::predict::timeline;
use crate::restore::repository::RepositorySource;
use crate::restore::source::{PackRef, Source as _};
use crate::store::archive::{ArchiveClass, WarmUpSpeed};

/// Bytes that a short measurement reads.
const MEASURED_BYTES: u64 = 8 << 20;
/// Fewer tell nothing: they come from a cache, at no speed of the repository's.
const MEASURED_LEAST_BYTES: u64 = 512 << 10;
/// Observations below which it is made.
const KNOWN_ENOUGH: usize = 3;

/// What is expected of `content`; `missing` are programs that are not there.
pub fn forecast(ground: &Ground<'_>, content: &Content, missing: Vec<String>) -> Result<Forecast, PlanError> {
    let place = place_of(content);
    let prior = prior(ground, content, &place);
    let mut estimates: BTreeMap<String, Estimate> = BTreeMap::new();
    for step in &content.steps {
        let method = method_of(step);
        let is_data = matches!(step.work, Work::Files(_));
        let prior = if is_data { prior } else { Prior::default() };
        let load = load_of(step, content);
        estimates.insert(step.id.clone(), estimate(ground.history, &method, &place, load, prior));
    }
    let expected: Vec<f64> = content.steps.iter().map(|step| estimates[&step.id].expected_seconds).collect();
    let times = timeline::play(&content.steps, &expected, content.parallel);
    let timeline = content.steps.iter().map(|step| step.id.clone()).zip(times).collect();
    let total = timeline::total(&content.steps, &estimates, content.parallel, &content.file, &|_| true);
    let mut verdicts = Vec::new();
    let (warm_up, warm_up_seconds) = cold(ground, content)?;
    recovery_time(content, &estimates, &total, warm_up_seconds.unwrap_or(0) as f64, &mut verdicts);
    recovery_point(content, ground.now, &mut verdicts);
    let space = look::space(content)?;
    Ok(Forecast {
        time: ground.now,
        steps: estimates,
        timeline,
        total,
        verdicts,
        space,
        warnings: warnings(content, missing, &warm_up),
        warm_up,
        warm_up_seconds,
    })
}

/// The packs that lie in cold storage, where the store has such a thing, and how many seconds it takes to
/// warm them up.
fn cold(ground: &Ground<'_>, content: &Content) -> Result<(Vec<WarmUp>, Option<u64>), PlanError> {
    let packs: BTreeSet<PackName> =
        content.steps.iter().flat_map(Step::packs).map(|used| used.pack).collect();
    if packs.is_empty() || !ground.indexed.tells_warmth() {
        return Ok((Vec::new(), None));
    }
    let packs: Vec<PackName> = packs.into_iter().collect();
    let warmth = ground.indexed.warmth(&packs).map_err(PlanError::Store)?;
    let rows = ground.indexed.index().packs();
    let bytes = |name: &PackName| rows.iter().find(|row| row.name == *name).map_or(0, |row| row.sealed_len);
    let cold: Vec<(&PackName, ArchiveClass)> =
        packs.iter().zip(warmth).filter_map(|(pack, warmth)| Some((pack, warmth.class()?))).collect();
    let waits = cold.iter().filter_map(|(_, class)| class.expected_wait(WarmUpSpeed::Standard));
    let longest = waits.map(|wait| wait.as_secs()).max();
    let cold = cold.into_iter().map(|(pack, class)| WarmUp {
        pack: *pack,
        class: class.as_str().to_owned(),
        bytes: bytes(pack),
    });
    Ok((cold.collect(), longest))
}

/// Between where and where: times differ between repositories and kinds of targets.
pub fn place_of(content: &Content) -> String {
    let kind = match content.target.kind {
        TargetKind::BareMetal => "bare-metal",
        TargetKind::Converge => "converge",
        TargetKind::Sandbox if content.target.image.is_some() => "image",
        TargetKind::Sandbox => "sandbox",
    };
    format!("{}/{kind}", content.repository.get(..8).unwrap_or_default())
}

/// How much a step has to do.
pub fn load_of(step: &Step, content: &Content) -> Load {
    let of = |files: &Files| Load {
        bytes: files.amount.bytes,
        entries: files.amount.entries,
        requests: files.amount.requests,
    };
    match &step.work {
        Work::Files(files) => of(files),
        // What is compared is what was restored.
        Work::Verify(_) if method_of(step) == "verify-checksum" => {
            let own = content.steps.iter().filter(|other| other.component == step.component);
            own.fold(Load::default(), |sum, other| match &other.work {
                Work::Files(files) => Load { requests: 0, ..of(files) },
                _ => sum,
            })
        }
        _ => {
            let Amount { bytes, requests, .. } = step.amount();
            Load { bytes, entries: 0, requests }
        }
    }
}

/// What a short measurement says, where too little is known from past runs.
fn prior(ground: &Ground<'_>, content: &Content, place: &str) -> Prior {
    let is_known = |one: &&Observation| one.method == "files" && one.place == place;
    if ground.history.iter().filter(is_known).count() >= KNOWN_ENOUGH {
        return Prior::default();
    }
    let largest = content.steps.iter().filter_map(|step| match &step.work {
        Work::Files(files) => Some(files),
        _ => None,
    });
    let Some(files) = largest.max_by_key(|files| files.amount.bytes) else { return Prior::default() };
    // A measurement that fails leaves the bar as wide as it was.
    Prior { measured: measure(ground, files).filter(|factor| factor.is_finite()) }
}

/// How many times slower than a plain machine the beginning of `files` is fetched and opened here.
fn measure(ground: &Ground<'_>, files: &Files) -> Option<f64> {
    let source = RepositorySource::new(ground.indexed).ok()?;
    let rows = ground.indexed.index().packs();
    let begun = Instant::now();
    let (mut bytes, mut requests) = (0u64, 0u64);
    for used in &files.packs {
        let row = rows.iter().find(|row| row.name == used.pack)?;
        let pack = PackRef { name: row.name, sealed_len: row.sealed_len };
        let wanted = (MEASURED_BYTES - bytes).min(used.bytes);
        bytes += source.read_plain(&pack, 0..wanted).ok()?.len() as u64;
        requests += 1;
        if bytes >= MEASURED_BYTES {
            break;
        }
    }
    let load = Load { bytes, entries: 0, requests };
    (bytes >= MEASURED_LEAST_BYTES).then(|| begun.elapsed().as_secs_f64() / nominal("files", load))
}

fn recovery_time(
    content: &Content,
    estimates: &BTreeMap<String, Estimate>,
    total: &Estimate,
    warm_up_seconds: f64,
    verdicts: &mut Vec<Verdict>,
) {
    let mut judge = |component: Option<String>, limit_seconds: u64, estimate: &Estimate| {
        let limit = limit_seconds as f64;
        let expected_seconds = estimate.expected_seconds + warm_up_seconds;
        let high_seconds = estimate.high_seconds + warm_up_seconds;
        let state = match () {
            () if expected_seconds > limit => State::Missed,
            () if high_seconds > limit => State::AtRisk,
            () => State::Met,
        };
        verdicts.push(Verdict {
            objective: Objective::Rto,
            component,
            limit_seconds,
            expected_seconds,
            high_seconds,
            state,
        });
    };
    if let Some(limit) = content.rto_seconds {
        judge(None, limit, total);
    }
    for part in &content.components {
        let Some(limit) = part.rto_seconds else { continue };
        let is_meant = |step: &Step| step.component == part.name;
        let own = timeline::total(&content.steps, estimates, content.parallel, &content.file, &is_meant);
        judge(Some(part.name.clone()), limit, &own);
    }
}

fn recovery_point(content: &Content, now: Timestamp, verdicts: &mut Vec<Verdict>) {
    let age = |part: &Part| {
        let pinned = pinned_of(content, part.snapshot);
        pinned.map_or(0, |pinned| now.seconds.saturating_sub(pinned.time.seconds).max(0)) as f64
    };
    let mut judge = |component: Option<String>, limit_seconds: u64, age: f64| {
        let state = if age > limit_seconds as f64 { State::Missed } else { State::Met };
        verdicts.push(Verdict {
            objective: Objective::Rpo,
            component,
            limit_seconds,
            expected_seconds: age,
            high_seconds: age,
            state,
        });
    };
    if let Some(limit) = content.rpo_seconds {
        let oldest = content.components.iter().map(age).fold(0.0, f64::max);
        judge(None, limit, oldest);
    }
    for part in &content.components {
        if let Some(limit) = part.rpo_seconds {
            judge(Some(part.name.clone()), limit, age(part));
        }
    }
}

fn warnings(content: &Content, missing: Vec<String>, cold: &[WarmUp]) -> Vec<String> {
    let mut warnings: Vec<String> =
        missing.iter().map(|name| format!("the program {name} is not here; a step runs it")).collect();
    if !cold.is_empty() {
        warnings.push(format!(
            "{} lie in cold storage and cannot be read yet: `plan apply --warm-up` has the store make them \
             readable, for which it charges, and waits",
            match cold.len() {
                1 => "1 pack".to_owned(),
                count => format!("{count} packs"),
            }
        ));
    }
    let is_verified = |name: &str| {
        content.steps.iter().any(|step| step.component == name && matches!(step.work, Work::Verify(_)))
    };
    let without: Vec<&str> = content
        .components
        .iter()
        .filter(|part| !is_verified(&part.name))
        .map(|part| part.name.as_str())
        .collect();
    if !without.is_empty() {
        warnings.push(format!("nothing verifies {}", without.join(", ")));
    }
    warnings
}
