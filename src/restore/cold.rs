//! Cold storage before a restore: which packs of a plan cannot be read yet, and waiting for them.
//!
//! Warming up costs money and hours, so it is part of the plan, and happens only where somebody asked
//! for it. Nothing is kept about it here: the store knows what was asked for, so that a wait that was
//! interrupted goes on when the same command is given again, on this machine or another.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::base::ids::PackName;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::restore::error::RestoreError;
use crate::restore::plan::RestorePlan;
use crate::restore::source::{PackRef, Source, SourceError};
use crate::store::archive::{ArchiveClass, WarmUp, WarmUpSpeed, Warmth};

/// How long a sleep goes on before it looks whether the end was asked for.
const NAP: Duration = Duration::from_millis(200);
/// The store is asked at most this often whether it is done…
const POLL_MIN: Duration = Duration::from_secs(15);
/// …and at least this often.
const POLL_MAX: Duration = Duration::from_secs(300);

/// A pack that a plan needs and that cannot be read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ColdPack {
    /// Its name.
    pub pack: PackName,
    /// Bytes of its object: warming up is paid by these.
    pub bytes: u64,
    /// Where it lies.
    pub class: ArchiveClass,
    /// Whether a copy was asked for already.
    pub is_warming: bool,
}

/// What the cold packs of a plan come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ColdCounts {
    /// Packs that cannot be read yet.
    pub packs: u64,
    /// Those of them that were asked for already.
    pub warming: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Seconds until a copy of all of them is to be expected at the latest, by speed; null where the
    /// store does not offer it.
    pub expedited_seconds: Option<u64>,
    /// The same.
    pub standard_seconds: Option<u64>,
    /// The same.
    pub bulk_seconds: Option<u64>,
}

impl ColdCounts {
    /// Sums up.
    pub fn of(packs: &[ColdPack]) -> Self {
        let wait = |speed| {
            let waits = packs.iter().map(|pack| pack.class.expected_wait(speed).map(|wait| wait.as_secs()));
            waits.collect::<Option<Vec<u64>>>().and_then(|waits| waits.into_iter().max())
        };
        Self {
            packs: packs.len() as u64,
            warming: packs.iter().filter(|pack| pack.is_warming).count() as u64,
            bytes: packs.iter().map(|pack| pack.bytes).fold(0, u64::saturating_add),
            expedited_seconds: wait(WarmUpSpeed::Expedited),
            standard_seconds: wait(WarmUpSpeed::Standard),
            bulk_seconds: wait(WarmUpSpeed::Bulk),
        }
    }

    /// How long that speed takes at most; `None` where the store does not offer it.
    pub fn expected_wait(&self, speed: WarmUpSpeed) -> Option<Duration> {
        let seconds = match speed {
            WarmUpSpeed::Expedited => self.expedited_seconds,
            WarmUpSpeed::Standard => self.standard_seconds,
            WarmUpSpeed::Bulk => self.bulk_seconds,
        };
        seconds.map(Duration::from_secs)
    }
}

/// Something that warms packs up in the store's place; gets their names.
pub type WarmUpCommand<'a> = dyn Fn(&[PackName]) -> Result<(), SourceError> + 'a;

/// How cold packs are warmed up.
pub struct Warming<'a> {
    /// What is asked of the store.
    pub how: WarmUp,
    /// What is run instead of asking the store.
    pub command: Option<&'a WarmUpCommand<'a>>,
    /// Whether to wait; otherwise it ends once everything was asked for.
    pub waits: bool,
    /// How often to look whether it is done; by the time it has taken so far, if that is not said.
    pub poll: Option<Duration>,
    /// Is told of progress.
    pub monitor: &'a dyn Monitor,
    /// Ends the wait.
    pub interrupt: &'a Interrupt,
}

/// Those of `packs` that cannot be read yet.
pub fn find(source: &dyn Source, packs: &[PackRef]) -> Result<Vec<ColdPack>, SourceError> {
    let warmth = source.warmth(packs)?;
    let cold = packs.iter().zip(warmth).filter_map(|(pack, warmth)| {
        let is_warming = matches!(warmth, Warmth::Warming(_));
        Some(ColdPack { pack: pack.name, bytes: pack.sealed_len, class: warmth.class()?, is_warming })
    });
    Ok(cold.collect())
}

impl RestorePlan {
    /// The packs that cannot be read yet, as they were when the plan was made or last waited for.
    pub fn cold(&self) -> &[ColdPack] {
        &self.cold
    }

    /// Fails where packs cannot be read yet, before anything is written.
    pub(in crate::restore) fn need_warm(&self) -> Result<(), RestoreError> {
        match self.cold.is_empty() {
            true => Ok(()),
            false => Err(RestoreError::Cold { counts: ColdCounts::of(&self.cold) }),
        }
    }

    /// Every pack that is read, each once.
    pub(in crate::restore) fn packs_read(&self) -> Vec<PackRef> {
        let spans = self.schedule.spans.chunk_by(|one, two| one.pack == two.pack);
        spans.map(|spans| self.packs[spans[0].pack as usize]).collect()
    }
}

/// Asks for the plan's cold packs and, unless told otherwise, waits until all can be read.
pub fn warm_up(
    source: &dyn Source,
    plan: &mut RestorePlan,
    warming: &Warming<'_>,
) -> Result<(), RestoreError> {
    let read = plan.packs_read();
    warm(source, &read, &mut plan.cold, warming)
}

/// The same for any packs, `read`, of which those in `cold` cannot be read yet; what is left in it at the end
/// still cannot.
pub fn warm(
    source: &dyn Source,
    read: &[PackRef],
    cold: &mut Vec<ColdPack>,
    warming: &Warming<'_>,
) -> Result<(), RestoreError> {
    let names = |packs: &[ColdPack]| packs.iter().map(|pack| pack.pack).collect::<Vec<_>>();
    warming.monitor.event(Event::Stage("warming up"));
    match warming.command {
        // Where the store tells nothing, whatever is read may be cold.
        Some(command) if !source.tells_warmth() && !read.is_empty() => {
            return Ok(command(&read.iter().map(|pack| pack.name).collect::<Vec<_>>())?);
        }
        Some(command) if cold.iter().any(|pack| !pack.is_warming) => command(&names(cold))?,
        _ => {}
    }
    let began = Instant::now();
    let all = ColdCounts::of(cold);
    warming.monitor.event(Event::Total { files: all.packs, bytes: all.bytes });
    loop {
        if warming.command.is_none() {
            // Again where a copy's days were over before the last one was there.
            let asked: Vec<PackRef> = of(read, cold.iter().filter(|pack| !pack.is_warming));
            source.warm_up(&asked, warming.how)?;
        }
        let before = ColdCounts::of(cold);
        *cold = find(source, &of(read, cold.iter()))?;
        let now = ColdCounts::of(cold);
        let (files, bytes) = (before.packs - now.packs, before.bytes - now.bytes);
        warming.monitor.event(Event::Advance { files, bytes });
        if cold.is_empty() || !warming.waits {
            return Ok(());
        }
        let by_age = (began.elapsed() / 20).clamp(POLL_MIN, POLL_MAX);
        rest(warming.poll.unwrap_or(by_age), warming.interrupt)?;
    }
}

/// The packs of `read` that are in `cold`.
fn of<'a>(read: &[PackRef], cold: impl Iterator<Item = &'a ColdPack>) -> Vec<PackRef> {
    let names: std::collections::HashSet<PackName> = cold.map(|pack| pack.pack).collect();
    read.iter().filter(|pack| names.contains(&pack.name)).copied().collect()
}

fn rest(time: Duration, interrupt: &Interrupt) -> Result<(), RestoreError> {
    // Measured, not added to: the time may be longer than any clock runs.
    let began = Instant::now();
    loop {
        if interrupt.is_set() {
            return Err(RestoreError::Interrupted);
        }
        let left = time.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(NAP));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::rest;
    use crate::base::monitor::Interrupt;
    use crate::restore::error::RestoreError;

    #[test]
    fn a_rest_that_would_outlast_every_clock_can_be_interrupted() {
        let interrupt = Interrupt::default();
        interrupt.set();
        let ended = rest(Duration::MAX, &interrupt);
        assert!(matches!(ended, Err(RestoreError::Interrupted)), "{ended:?}");
        assert!(rest(Duration::from_millis(1), &Interrupt::default()).is_ok());
    }
}
