//! Backups and restores over a store that fails in every way stores fail, behind the wrappers that real
//! stores are used through: thousands of runs, each the same for the same seed up to the order of threads.
//!
//! Every run ends with the tree restored as it was, or with an error that names what failed. What a backup
//! acknowledged is there when the store works again. Waits are virtual, so that runs take no longer for them.
//!
//! LIFEBOAT_TEST_CHAOS_RUNS says how many runs are made at each rate; a few are, where it is not set.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lifeboat::backup::catalogue::Leniency;
use lifeboat::backup::filter::FilterOptions;
use lifeboat::backup::options::{BackupOptions, Source};
use lifeboat::backup::prepare::prepare;
use lifeboat::backup::run::{Context, backup};
use lifeboat::base::monitor::{Interrupt, Silent};
use lifeboat::base::role::Role;
use lifeboat::crypto::identities::IdentitySet;
use lifeboat::crypto::prompts::{NoPrompts, Prompts};
use lifeboat::crypto::recipients::SlotRecipient;
use lifeboat::crypto::x25519::Identity;
use lifeboat::repo::config::Config;
use lifeboat::repo::open::{LocalPaths, Repository};
use lifeboat::repo::read::IndexedRepository;
use lifeboat::repo::{init, snapshot};
use lifeboat::restore::execute::execute;
use lifeboat::restore::options::{RestoreOptions, Selection};
use lifeboat::restore::plan::plan;
use lifeboat::restore::repository::{RepositorySource, origin_of};
use lifeboat::store::Store;
use lifeboat::store::action::Action;
use lifeboat::store::client::Client;
use lifeboat::store::clock::VirtualClock;
use lifeboat::store::counters::Counts;
use lifeboat::store::faulty::{Fault, FaultPlan, FaultyStore};
use lifeboat::store::inline::InlineStore;
use lifeboat::store::memory::MemoryStore;
use lifeboat::store::random::Random;
use lifeboat::store::recording::RecordingStore;
use lifeboat::store::tuning::{Tuning, wrap_with};
use lifeboat::sys::clock::SystemClock;

use crate::world::{noise, tree};

/// Real time after which a run counts as hanging.
const HANG: Duration = Duration::from_secs(120);
/// Runs at once: they compute, but for what they wait on the disk.
const RUNS_AT_ONCE: usize = 4;
/// Runs at each rate where nobody says how many.
const FEW_RUNS: u64 = 20;

type Failure = Box<dyn Error + Send + Sync>;

/// Ways to fail that any operation has.
const ANY: [Fault; 6] = [
    Fault::Fail,
    Fault::Unavailable,
    Fault::Throttle,
    Fault::Reset,
    Fault::Stall,
    Fault::LoseAcknowledgement,
];
/// Ways to fail of operations that move a body.
const OF_BODIES: [Fault; 2] = [Fault::Shorten, Fault::FlipBit];

#[derive(Clone, Copy, PartialEq)]
enum Damage {
    /// Bodies arrive damaged now and then; what is stored is what was sent, as checksums on the wire see to.
    OnTheWayBack,
    /// Bodies are stored damaged and acknowledged as well: there is nothing that could be read instead.
    InTheStore,
}

/// A plan in which every operation fails with probability `rate`, in every way it can to equal parts.
fn faults(seed: u64, rate: f64, damage: Damage) -> FaultPlan {
    let mut plan = FaultPlan::new(seed);
    for action in Action::ALL {
        let has_body = match action {
            Action::Get | Action::GetRange => true,
            Action::Create | Action::Swap => damage == Damage::InTheStore,
            _ => false,
        };
        let kinds: Vec<Fault> = match has_body {
            true => ANY.into_iter().chain(OF_BODIES).collect(),
            false => ANY.to_vec(),
        };
        // The first rule that applies acts, each with the same chance of its own.
        let chance = 1.0 - (1.0 - rate).powf(1.0 / kinds.len() as f64);
        for fault in kinds {
            plan = plan.chance(chance, fault).only(action);
        }
    }
    plan
}

/// What is backed up, and how it must come back.
struct Sample {
    dir: tempfile::TempDir,
    source: PathBuf,
    expected: BTreeMap<OsString, String>,
}

impl Sample {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("source");
        for folder in ["a", "a/b", "c"] {
            fs::create_dir_all(source.join(folder)).unwrap();
        }
        for number in 0..15u64 {
            let folder = ["a", "a/b", "c"][number as usize % 3];
            fs::write(source.join(folder).join(format!("f{number}")), noise(500 << (number % 6), number))
                .unwrap();
        }
        fs::write(source.join("large"), noise(700_000, 99)).unwrap();
        fs::write(source.join("empty"), b"").unwrap();
        std::os::unix::fs::symlink("large", source.join("link")).unwrap();
        let expected = tree(&source);
        Self { dir, source, expected }
    }
}

/// A repository on a store that fails, opened with an identity.
struct Run<'a> {
    sample: &'a Sample,
    local: tempfile::TempDir,
    identity: Identity,
    faulty: FaultyStore,
    client: Client,
    tuning: Tuning,
}

#[derive(Debug)]
enum Outcome {
    Restored,
    /// An error before the snapshot stood, and one after.
    NotBackedUp(String),
    NotRestored(String),
    Wrong(String),
}

impl<'a> Run<'a> {
    fn new(sample: &'a Sample, seed: u64, plan: FaultPlan) -> Self {
        let memory = MemoryStore::new();
        let identity = Identity::generate();
        let recipients = [SlotRecipient::X25519(identity.to_recipient())];
        let prompts: Arc<dyn Prompts> = Arc::new(NoPrompts);
        let plain = Client::new(Arc::new(memory.clone())).unwrap();
        let now = lifeboat::base::time::Timestamp::default();
        init::create(&plain, &recipients, "owner", now, &prompts, None).unwrap();
        let inline = InlineStore::new(Arc::new(memory));
        let faulty = FaultyStore::new(Arc::new(inline), plan);
        let tuning = Tuning::default();
        let backend: Arc<dyn Store> = Arc::new(faulty.clone());
        let clock = Arc::new(VirtualClock::default());
        let client = Client::new(wrap_with(backend, &tuning, clock, Random::seeded(seed))).unwrap();
        let local = tempfile::tempdir_in(sample.dir.path()).unwrap();
        Self { sample, local, identity, faulty, client, tuning }
    }

    fn open(&self, host: &str, role: Role) -> Result<Repository, Failure> {
        let path = |name: &str| self.local.path().join(host).join(name);
        let paths = LocalPaths { cache: path("cache"), state: path("state") };
        let (config, _) = Config::load(&self.client)?;
        let identities = IdentitySet::identity(self.identity.clone());
        Ok(Repository::open(self.client.clone(), config, &identities, role, None, paths)?)
    }

    fn back_up(&self) -> Result<(), Failure> {
        let options = BackupOptions {
            source: Source::Paths(vec![self.sample.source.clone()]),
            filter: FilterOptions::default(),
            host: "host".into(),
            user: None,
            job: None,
            tags: vec![],
            time: None,
            force: false,
            leniency: Leniency::default(),
            with_atime: false,
            level: 1,
            threads: 2,
            tool: "test".into(),
        };
        let repository = self.open("host", Role::Writer)?;
        let interrupt = Interrupt::default();
        let context = Context { monitor: &Silent, interrupt: &interrupt, clock: &SystemClock };
        let report = backup(repository, &options, prepare(&options)?, &context)?;
        assert_eq!(report.faults, 0, "the source is sound");
        Ok(())
    }

    /// Restores on a machine that knows nothing yet.
    fn restore(&self, name: &str) -> Result<PathBuf, Failure> {
        self.restore_with(name, |_| {}, |options| options)
    }

    fn restore_with(
        &self,
        name: &str,
        expect: impl FnOnce(&IndexedRepository),
        adapt: impl FnOnce(RestoreOptions) -> RestoreOptions,
    ) -> Result<PathBuf, Failure> {
        let indexed = self.open(name, Role::Restorer)?.load_index()?;
        let repository = indexed.repository();
        let snapshot = snapshot::find(repository.client(), repository.keyring(), "latest")?;
        let target = self.local.path().join(name).join("out");
        let subpath = self.sample.source.as_os_str().as_encoded_bytes().to_vec();
        let options = RestoreOptions {
            selection: Selection { subpath: Some(subpath), ..Selection::default() },
            workers: 2,
            ..RestoreOptions::new(&target, self.local.path().join(name))
        };
        let options = adapt(options);
        expect(&indexed);
        let (monitor, interrupt) = (Silent, Interrupt::default());
        let source = RepositorySource::new(&indexed)?;
        let planned = plan(&source, &origin_of(&snapshot)?, &options, &monitor, &interrupt)?;
        let summary = execute(&source, &planned, &options, &monitor, &interrupt)?;
        match summary.failed.first() {
            Some(failed) => Err(format!("{}: {}", failed.path, failed.why).into()),
            None => Ok(target),
        }
    }

    fn is_right(&self, target: &Path) -> bool {
        tree(target) == self.sample.expected
    }

    fn outcome(&self, damage: Damage) -> Outcome {
        if let Err(error) = self.back_up() {
            return Outcome::NotBackedUp(told(&*error));
        }
        let restored = self.restore("one");
        let outcome = match restored {
            Ok(target) if self.is_right(&target) => return Outcome::Restored,
            Ok(_) => Outcome::Wrong("a restore says that it succeeded, and did not".into()),
            Err(error) => Outcome::NotRestored(told(&*error)),
        };
        // What was acknowledged is there as soon as the store works again.
        self.faulty.disarm();
        match (damage, self.restore("two")) {
            (_, Ok(target)) if self.is_right(&target) => outcome,
            (Damage::InTheStore, Err(_)) => outcome,
            (_, Ok(_)) => Outcome::Wrong("the second restore is wrong".into()),
            (_, Err(error)) => Outcome::Wrong(format!("what was acknowledged is lost: {}", told(&*error))),
        }
    }
}

fn told(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// How many runs came out how.
#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    restored: u64,
    errors: Vec<(u64, String)>,
    wrong: Vec<(u64, String)>,
    operations: u64,
    faults: u64,
    retries: u64,
    lost_acknowledgements: u64,
    given_up: u64,
    slowest: Duration,
}

impl Tally {
    fn add(&mut self, seed: u64, outcome: Outcome, operations: (u64, u64), counts: Counts, took: Duration) {
        self.runs += 1;
        match outcome {
            Outcome::Restored => self.restored += 1,
            Outcome::NotBackedUp(why) => self.errors.push((seed, format!("backup: {why}"))),
            Outcome::NotRestored(why) => self.errors.push((seed, format!("restore: {why}"))),
            Outcome::Wrong(why) => self.wrong.push((seed, why)),
        }
        self.operations += operations.0;
        self.faults += operations.1;
        self.retries += counts.retries;
        self.lost_acknowledgements += counts.lost_acknowledgements;
        self.given_up += counts.given_up;
        self.slowest = self.slowest.max(took);
    }
}

fn runs() -> u64 {
    std::env::var("LIFEBOAT_TEST_CHAOS_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(FEW_RUNS)
}

/// Makes `runs` runs with the seeds from `first_seed`, several at once.
fn tally(runs: u64, first_seed: u64, rate: f64, damage: Damage) -> Tally {
    let sample = Arc::new(Sample::new());
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..RUNS_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= runs {
                        return;
                    }
                    one_run(&sample, first_seed + number, rate, damage, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    let Tally { restored, operations, faults, retries, lost_acknowledgements, given_up, slowest, .. } =
        &tally;
    println!(
        "{} % faults: {restored} of {runs} restored, {} errors, {} wrong; {operations} operations, {faults} \
         faults, {retries} retries, {lost_acknowledgements} lost acknowledgements recognised, \
         {given_up} given up; slowest run {slowest:.2?}",
        rate * 100.0,
        tally.errors.len(),
        tally.wrong.len(),
    );
    tally.errors.iter().for_each(|(seed, why)| println!("seed {seed}: {why}"));
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    for (seed, why) in &tally.errors {
        assert!(names_what_failed(why), "seed {seed}: {why}");
    }
    tally
}

/// A run on a thread of its own, so that one that hangs is found out.
fn one_run(sample: &Arc<Sample>, seed: u64, rate: f64, damage: Damage, tally: &Mutex<Tally>) {
    let (tell, hear) = mpsc::channel();
    let sample = Arc::clone(sample);
    let began = Instant::now();
    thread::spawn(move || {
        let run = Run::new(&sample, seed, faults(seed, rate, damage));
        let outcome = run.outcome(damage);
        let operations = (run.faulty.operations(), run.faulty.faults());
        let _ = tell.send((outcome, operations, run.tuning.counters.read()));
    });
    match hear.recv_timeout(HANG) {
        Ok((outcome, operations, counts)) => {
            tally.lock().unwrap().add(seed, outcome, operations, counts, began.elapsed());
        }
        Err(error) => panic!("the run of seed {seed} at {rate} hangs or panicked: {error}"),
    }
}

/// Whether an error tells of which object or file it speaks.
fn names_what_failed(why: &str) -> bool {
    [
        "config",
        "keys/",
        "packs/",
        "pack ",
        "index/",
        "snapshots/",
        "snapshot ",
        "sessions/",
        "gc/",
        "chunk ",
        "/",
    ]
    .iter()
    .any(|name| why.contains(name))
}

#[test]
fn one_operation_of_a_hundred_failing_is_not_noticed() {
    let tally = tally(runs(), 1_000_000, 0.01, Damage::OnTheWayBack);
    assert!(tally.restored * 1000 >= tally.runs * 999, "{tally:?}");
    assert!(tally.faults > 0);
}

#[test]
fn one_operation_of_ten_failing_lets_999_of_1000_runs_finish() {
    let tally = tally(runs(), 2_000_000, 0.1, Damage::OnTheWayBack);
    assert!(tally.restored * 1000 >= tally.runs * 999, "{tally:?}");
    assert!(tally.lost_acknowledgements > 0);
}

#[test]
fn three_operations_of_ten_failing_never_give_a_wrong_result() {
    let tally = tally(runs(), 3_000_000, 0.3, Damage::OnTheWayBack);
    assert!(tally.restored > 0);
}

/// The first ranged reads of a restore are the headers of packs, the nonce of the payload among them, which
/// only the payload itself verifies.
#[test]
fn a_bit_flipped_anywhere_in_what_is_read_first_of_a_pack_costs_another_reading() {
    let sample = Sample::new();
    for seed in 0..60 {
        let plan = FaultPlan::new(seed).nth(seed % 2, Fault::FlipBit).only(Action::GetRange);
        let run = Run::new(&sample, seed, plan);
        run.back_up().unwrap();
        let target = run.restore("one").unwrap_or_else(|error| panic!("seed {seed}: {}", told(&*error)));
        assert!(run.is_right(&target), "seed {seed}");
        assert_eq!(run.faulty.faults(), 1, "seed {seed}");
    }
}

#[test]
fn whatever_is_read_is_read_again_where_it_arrives_damaged() {
    let sample = Sample::new();
    for prefix in ["config", "keys/", "index/", "snapshots/"] {
        for (seed, fault) in (0..12).zip([Fault::FlipBit, Fault::Shorten].into_iter().cycle()) {
            // The first two readings, of which a backup may be one; then every other one.
            let plan = (0..4).fold(FaultPlan::new(seed), |plan, n| {
                plan.nth(if n < 2 { n } else { 2 * n }, fault).only(Action::Get).under(prefix)
            });
            let run = Run::new(&sample, seed, plan);
            let what = format!("{prefix} {fault:?} seed {seed}");
            run.back_up().unwrap_or_else(|error| panic!("{what}: {}", told(&*error)));
            let target = run.restore("one").unwrap_or_else(|error| panic!("{what}: {}", told(&*error)));
            assert!(run.is_right(&target), "{what}");
            assert!(run.faulty.faults() > 0, "{what}");
        }
    }
}

#[test]
fn bodies_stored_damaged_and_acknowledged_are_never_restored_as_if_they_were_right() {
    let tally = tally(runs(), 4_000_000, 0.1, Damage::InTheStore);
    assert!(tally.restored > 0);
}

/// The root of a snapshot lies behind all other trees, and these are longer than what is read ahead at first.
#[test]
fn a_restore_from_a_distant_store_asks_for_each_pack_once() {
    let mut sample = Sample::new();
    for number in 0..30_000u64 {
        let target = noise(240, number).iter().map(|byte| b'0' + byte % 64).collect::<Vec<u8>>();
        let link = sample.source.join(format!("a/link{number}"));
        std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(&target), link).unwrap();
    }
    sample.expected = tree(&sample.source);
    let mut run = Run::new(&sample, 1, FaultPlan::new(1));
    run.back_up().unwrap();
    let recording = RecordingStore::new(Arc::new(run.faulty.clone()));
    run.client = Client::new(Arc::new(recording.clone())).unwrap();
    let target = run.restore_with("one", |indexed| indexed.expect_all_trees(), |one| one.from_afar(None));
    assert!(run.is_right(&target.unwrap()));
    let mut asked: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    for operation in recording.operations().iter().filter(|one| one.key.starts_with("packs/")) {
        if matches!(operation.action, Action::Get | Action::GetRange) {
            let (times, bytes) = asked.entry(operation.key.clone()).or_default();
            (*times, *bytes) = (*times + 1, *bytes + operation.read_bytes);
        }
    }
    assert!(asked.values().any(|(_, bytes)| *bytes > 4 << 20), "the trees are too short: {asked:?}");
    assert!(asked.len() > 1 && asked.values().all(|(times, _)| *times == 1), "{asked:?}");
}
