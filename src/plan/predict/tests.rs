//! Predictions: wide where nothing is known, right where something is, and the same every time.

use std::collections::BTreeMap;

use crate::base::ids::SnapshotId;
use crate::plan::artefact::{Step, Work};
use crate::plan::file::model::OnFailure;
use crate::plan::forecast::Estimate;
use crate::plan::predict::estimate::{Prior, estimate, nominal};
use crate::plan::predict::observation::{Load, Observation, method_of};
use crate::plan::predict::timeline::{play, total};
use crate::plan::probe::{Probe, Verify};
use crate::system::action::{Action, Operation, Stage};

const MIB: u64 = 1 << 20;

fn load(mib: u64, entries: u64) -> Load {
    Load { bytes: mib * MIB, entries, requests: mib / 4 }
}

fn seen(place: &str, load: Load, seconds: f64) -> Observation {
    Observation { method: "files".into(), place: place.into(), load, seconds }
}

/// A small generator of factors that scatter by about `spread` in the logarithm.
struct Scatter(u64);

impl Scatter {
    fn factor(&mut self, spread: f64) -> f64 {
        let mut sum = 0.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            sum += (self.0 >> 33) as f64 / f64::from(1u32 << 31);
        }
        ((sum - 6.0) * spread).exp()
    }
}

#[test]
fn with_no_past_the_bar_is_wide_and_with_one_it_narrows() {
    let none = estimate(&[], "files", "here", load(100, 10), Prior::default());
    assert!(none.high_seconds / none.expected_seconds > 5.0, "{none:?}");
    assert_eq!(none.basis, "no past runs");
    let measured = estimate(&[], "files", "here", load(100, 10), Prior { measured: Some(2.0) });
    assert!(measured.high_seconds - measured.low_seconds < 2.0 * (none.high_seconds - none.low_seconds));
    let past: Vec<Observation> =
        (1..=9).map(|n| seen("here", load(n * 20, 10), 2.0 * nominal("files", load(n * 20, 10)))).collect();
    let known = estimate(&past, "files", "here", load(100, 10), Prior::default());
    let truth = 2.0 * nominal("files", load(100, 10));
    assert!((known.expected_seconds / truth - 1.0).abs() < 0.1, "{known:?} {truth}");
    assert!(known.high_seconds / known.expected_seconds < 2.0, "{known:?}");
    assert_eq!(known.basis, "9 past runs");
}

#[test]
fn of_many_predictions_about_nineteen_in_twenty_hold_whatever_the_machine() {
    let mut scatter = Scatter(7);
    let (mut held, mut made) = (0, 0);
    for machine in 0..60 {
        // From four times as fast as a plain one to four times as slow, with more or less scatter.
        let (speed, spread) =
            (4f64.powf(f64::from(machine % 9) / 4.0 - 1.0), 0.05 + f64::from(machine % 5) * 0.06);
        let mut past: Vec<Observation> = Vec::new();
        for run in 0..10u64 {
            let load = load(1 + (run * 37) % 200, 5 + (run * 101) % 3000);
            let truth = speed * nominal("files", load) * scatter.factor(spread);
            let bar = estimate(&past, "files", "here", load, Prior::default());
            held += u32::from((bar.low_seconds..=bar.high_seconds).contains(&truth));
            made += 1;
            past.push(seen("here", load, truth));
        }
    }
    assert!(f64::from(held) / f64::from(made) > 0.92, "{held} of {made}");
}

#[test]
fn what_was_seen_elsewhere_counts_for_less() {
    let elsewhere = [seen("there", load(10, 10), 50.0)];
    let here = [seen("here", load(10, 10), 50.0)];
    let one = estimate(&elsewhere, "files", "here", load(10, 10), Prior::default());
    let other = estimate(&here, "files", "here", load(10, 10), Prior::default());
    assert!(one.expected_seconds < other.expected_seconds);
    assert_eq!(one.basis, "1 past run elsewhere");
}

fn step(id: &str, needs: &[&str]) -> Step {
    let probe = Probe::Port { host: "h".into(), port: 1 };
    Step {
        id: id.into(),
        component: id.into(),
        title: id.into(),
        snapshot: SnapshotId([0; 16]),
        work: Work::Verify(Box::new(Verify { probe, within_seconds: 0 })),
        reads: None,
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        on_failure: OnFailure::Halt,
        retries: 0,
        retry_delay_seconds: 0,
    }
}

#[test]
fn steps_go_side_by_side_as_far_as_places_and_needs_allow() {
    let steps = [step("a", &[]), step("b", &[]), step("c", &[]), step("d", &["a"])];
    let times = play(&steps, &[4.0, 1.0, 2.0, 1.0], 2);
    assert_eq!(times, [(0.0, 4.0), (0.0, 1.0), (1.0, 3.0), (4.0, 5.0)]);
    let times = play(&steps, &[4.0, 1.0, 2.0, 1.0], 1);
    assert_eq!(times.iter().map(|(_, end)| *end).fold(0.0, f64::max), 8.0);
}

#[test]
fn the_whole_has_a_bar_that_is_the_same_every_time() {
    let steps = [step("a", &[]), step("b", &["a"])];
    let bar = |low, expected, high| Estimate {
        low_seconds: low,
        expected_seconds: expected,
        high_seconds: high,
        basis: String::new(),
    };
    let estimates =
        BTreeMap::from([("a".to_owned(), bar(1.0, 2.0, 4.0)), ("b".to_owned(), bar(5.0, 10.0, 20.0))]);
    let one = total(&steps, &estimates, 2, "seed", &|_| true);
    assert_eq!(one, total(&steps, &estimates, 2, "seed", &|_| true));
    assert_eq!(one.expected_seconds, 12.0);
    assert!(one.low_seconds > 5.0 && one.high_seconds < 26.0 && one.high_seconds > 16.0, "{one:?}");
}

#[test]
fn what_takes_long_is_timed_by_itself_whatever_its_component_is_called() {
    let timed = |id: &str, stage: Stage| {
        let action = Action {
            id: id.into(),
            title: id.into(),
            stage,
            operation: Operation::Run { commands: Vec::new() },
            check: None,
            destroys: Vec::new(),
            repeatable: true,
            volatile: false,
            release: Vec::new(),
            needs: Vec::new(),
        };
        let own = step(&format!("part/{id}"), &[]);
        method_of(&Step { work: Work::Action(Box::new(action)), ..own })
    };
    let nominal_seconds = |method: &str| nominal(method, Load::default());
    assert_eq!(timed("initramfs", Stage::Boot), "initramfs");
    assert!(nominal_seconds("initramfs") >= 30.0);
    assert_eq!(timed("mkfs:/boot", Stage::FileSystems), "mkfs");
    let (install, mark) =
        (timed("converge:install", Stage::Packages), timed("converge:hold", Stage::Packages));
    assert!(nominal_seconds(&install) > 100.0 * nominal_seconds(&mark), "{install} {mark}");
    assert!(nominal_seconds(&timed("boot-loader:bios:disk0", Stage::Boot)) >= 10.0);
    assert_eq!(timed("run", Stage::Custom), "part/run");
}
