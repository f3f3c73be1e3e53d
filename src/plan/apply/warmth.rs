//! Cold storage before a run: what its steps read must be readable before the first of them writes anything.
//!
//! Warming up costs money and hours: it happens only with consent, which stands in the journal beside what
//! was asked for. What was asked for is known by the store, so that a run that was cut off, or that did not
//! want to wait, goes on with the same command, and nothing is paid twice (`restore::cold`).

use std::collections::BTreeSet;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::PackName;
use crate::plan::apply::log::Line;
use crate::plan::artefact::Step;
use crate::plan::error::PlanError;
use crate::repo::read::IndexedRepository;
use crate::restore::cold::{ColdCounts, Warming, find, warm};
use crate::restore::repository::RepositorySource;
use crate::restore::source::{PackRef, Source as _};

/// Has what `steps` read warmed up; whether anything had to be. `note` writes to the journal.
pub fn see<'s>(
    indexed: &IndexedRepository,
    steps: impl Iterator<Item = &'s Step>,
    warming: Option<&Warming<'_>>,
    note: &dyn Fn(&Line) -> Result<(), PlanError>,
) -> Result<bool, PlanError> {
    let names: BTreeSet<PackName> = steps.flat_map(Step::packs).map(|used| used.pack).collect();
    let source = RepositorySource::new(indexed)?;
    let has_command = warming.is_some_and(|warming| warming.command.is_some());
    if names.is_empty() || !source.tells_warmth() && !has_command {
        return Ok(false);
    }
    let rows = indexed.index().packs();
    let rows = rows.iter().filter(|row| names.contains(&row.name));
    let read: Vec<PackRef> = rows.map(|row| PackRef { name: row.name, sealed_len: row.sealed_len }).collect();
    let mut cold = find(&source, &read)?;
    let counts = ColdCounts::of(&cold);
    if counts.packs == 0 && source.tells_warmth() {
        return Ok(false);
    }
    let Some(warming) = warming else { return Err(PlanError::Cold { counts }) };
    let is_offered = counts.warming == counts.packs || counts.expected_wait(warming.how.speed).is_some();
    if !has_command && !is_offered {
        return Err(PlanError::Speed { speed: warming.how.speed.as_str() });
    }
    let speed = warming.how.speed.as_str().to_owned();
    note(&Line::WarmUp { packs: counts.packs, bytes: counts.bytes, speed })?;
    warm(&source, &read, &mut cold, warming).map_err(|source| match source {
        error if error.kind() == ErrorKind::Interrupted => PlanError::Interrupted,
        source => PlanError::Restore { component: "warming up".to_owned(), source },
    })?;
    match cold.is_empty() {
        true => Ok(true),
        false => Err(PlanError::Cold { counts: ColdCounts::of(&cold) }),
    }
}
