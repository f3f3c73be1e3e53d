//! Steps side by side, as `apply` carries them out: each as soon as what it needs is done and a place is
//! free.

use std::collections::BTreeMap;

use crate::plan::artefact::Step;
use crate::plan::forecast::Estimate;
use crate::plan::predict::observation::method_of;

/// How often the whole is played through to find its bar.
const PLAYS: usize = 300;
/// How much of a step's uncertainty it shares with all steps of its method: a slow store is slow for all.
const SHARED: f64 = 0.8;

/// When each of `steps` begins and ends, in seconds, where each takes `seconds` and `parallel` may go on at
/// once. The steps stand in an order that respects what each needs.
pub fn play(steps: &[Step], seconds: &[f64], parallel: usize) -> Vec<(f64, f64)> {
    let numbers: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(number, step)| (step.id.as_str(), number)).collect();
    let mut times: Vec<Option<(f64, f64)>> = vec![None; steps.len()];
    let mut free = vec![0.0f64; parallel.max(1)];
    for _ in 0..steps.len() {
        // Of those whose needs are done, the one that can begin first; the plan's own order decides else.
        let ready = |number: usize| {
            let needs = steps[number].needs.iter().filter_map(|id| numbers.get(id.as_str()));
            needs
                .map(|need| times[*need].map(|(_, end)| end))
                .try_fold(0.0, |latest: f64, end| Some(latest.max(end?)))
        };
        let next = (0..steps.len())
            .filter(|number| times[*number].is_none())
            .filter_map(|number| Some((ready(number)?, number)))
            .min_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        let Some((ready, number)) = next else { break };
        let place = (0..free.len()).min_by(|left, right| free[*left].total_cmp(&free[*right])).unwrap_or(0);
        let begin = ready.max(free[place]);
        let end = begin + seconds[number];
        free[place] = end;
        times[number] = Some((begin, end));
    }
    times.into_iter().map(|time| time.unwrap_or((0.0, 0.0))).collect()
}

/// How long until `is_meant` steps are all done: the bar of the end of the last of them.
pub fn total(
    steps: &[Step],
    estimates: &BTreeMap<String, Estimate>,
    parallel: usize,
    seed: &str,
    is_meant: &dyn Fn(&Step) -> bool,
) -> Estimate {
    let mut numbers = Numbers::new(seed);
    let methods: Vec<String> = steps.iter().map(method_of).collect();
    let mut ends: Vec<f64> = Vec::with_capacity(PLAYS);
    for _ in 0..PLAYS {
        let mut shared: BTreeMap<&str, f64> = BTreeMap::new();
        let seconds: Vec<f64> = steps
            .iter()
            .zip(&methods)
            .map(|(step, method)| {
                let common = *shared.entry(method).or_insert_with(|| numbers.normal());
                let own = numbers.normal();
                let at = SHARED * common + (1.0 - SHARED * SHARED).sqrt() * own;
                estimates.get(&step.id).map_or(0.0, |estimate| sample(estimate, at))
            })
            .collect();
        ends.push(end(steps, &play(steps, &seconds, parallel), is_meant));
    }
    ends.sort_by(f64::total_cmp);
    let quantile = |share: f64| ends[((ends.len() - 1) as f64 * share) as usize];
    let expected: Vec<f64> = steps
        .iter()
        .map(|step| estimates.get(&step.id).map_or(0.0, |estimate| estimate.expected_seconds))
        .collect();
    let middle = end(steps, &play(steps, &expected, parallel), is_meant);
    Estimate {
        low_seconds: quantile(0.025).min(middle),
        expected_seconds: middle,
        high_seconds: quantile(0.975).max(middle),
        basis: "its steps side by side".to_owned(),
    }
}

fn end(steps: &[Step], times: &[(f64, f64)], is_meant: &dyn Fn(&Step) -> bool) -> f64 {
    steps.iter().zip(times).filter(|(step, _)| is_meant(step)).map(|(_, (_, end))| *end).fold(0.0, f64::max)
}

/// A time `at` standard deviations from the middle; each half of the bar has its own width.
fn sample(estimate: &Estimate, at: f64) -> f64 {
    let Estimate { low_seconds, expected_seconds, high_seconds, .. } = *estimate;
    let middle = expected_seconds.max(1e-6);
    let edge = if at < 0.0 { low_seconds.max(middle / 100.0) } else { high_seconds };
    middle * (edge / middle).powf(at.abs() / 1.96)
}

/// A small generator: the same plan always gives the same bar.
struct Numbers(u64);

impl Numbers {
    fn new(seed: &str) -> Self {
        let hash = blake3::hash(seed.as_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        Self(u64::from_le_bytes(bytes))
    }

    /// Between 0 and 1 (SplitMix64: Steele, Lea and Flood 2014).
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Normally distributed (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().max(f64::MIN_POSITIVE).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
