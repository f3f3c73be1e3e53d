//! What a snapshot carries beside files: streamed in, listed in the record, read like any other file, and
//! never restored to where no file of the system was.

use std::fs;
use std::io::{self, Read};

use lifeboat::backup::catalogue::Leniency;
use lifeboat::backup::error::BackupError;
use lifeboat::backup::filter::FilterOptions;
use lifeboat::backup::options::{BackupOptions, Source};
use lifeboat::backup::prepare::prepare;
use lifeboat::backup::report::BackupReport;
use lifeboat::backup::run::{Context, backup};
use lifeboat::base::monitor::{Interrupt, Silent};
use lifeboat::base::role::Role;
use lifeboat::crypto::identities::IdentitySet;
use lifeboat::crypto::prompts::{NoPrompts, Prompts};
use lifeboat::repo::attachment::{
    AttachedFile, Attachment, ContributeError, Contributor, Given, Necessity, Sink,
};
use lifeboat::repo::config::Config;
use lifeboat::repo::open::{LocalPaths, Repository};
use lifeboat::store;
use lifeboat::store::client::Client;
use lifeboat::store::tuning::Tuning;
use lifeboat::sys::clock::SystemClock;

use crate::world::{World, make_sample, noise};

fn back_up(
    world: &World,
    source: Source,
    contributors: impl Fn() -> Vec<Box<dyn Contributor>>,
) -> Result<BackupReport, BackupError> {
    loop {
        match try_to_back_up(world, source.clone(), contributors()) {
            // A program that another test starts holds all our files until it runs, and so the job's lock.
            Err(BackupError::Lock(_)) => std::thread::sleep(std::time::Duration::from_millis(10)),
            result => return result,
        }
    }
}

fn try_to_back_up(
    world: &World,
    source: Source,
    contributors: Vec<Box<dyn Contributor>>,
) -> Result<BackupReport, BackupError> {
    let options = BackupOptions {
        source,
        filter: FilterOptions::default(),
        host: "host".into(),
        user: None,
        job: Some("job".into()),
        tags: vec![],
        time: None,
        force: false,
        leniency: Leniency::default(),
        with_atime: false,
        level: 1,
        threads: 2,
        tool: "test".into(),
    };
    let store = store::open(world.path("repo").to_str().unwrap(), false, &Tuning::default()).unwrap();
    let client = Client::new(store).unwrap();
    let (config, _) = Config::load(&client).unwrap();
    let prompts: std::sync::Arc<dyn Prompts> = std::sync::Arc::new(NoPrompts);
    let secret = fs::read(world.path("identity")).unwrap();
    let identities = IdentitySet::parse(&secret, "identity", &prompts).unwrap();
    let paths = LocalPaths { cache: world.path("cache"), state: world.path("state") };
    let repository = Repository::open(client, config, &identities, Role::Writer, None, paths).unwrap();
    let interrupt = Interrupt::default();
    let context = Context { monitor: &Silent, interrupt: &interrupt, clock: &SystemClock };
    backup(repository, &options, prepare(&options)?.attach(contributors)?, &context)
}

fn given(name: &str, files: &[(&str, &[u8])]) -> Box<dyn Contributor> {
    Box::new(Given {
        attachment: Attachment {
            kind: "system".into(),
            name: name.into(),
            path: format!("/.lifeboat/{name}"),
            ..Attachment::default()
        },
        files: files.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect(),
        ..Given::default()
    })
}

/// Gives `good` whole, then `bytes` of `bad`, and fails.
struct Failing {
    necessity: Necessity,
    bytes: usize,
}

impl Contributor for Failing {
    fn attachment(&self) -> Attachment {
        Attachment {
            kind: "database".into(),
            name: "failing".into(),
            path: "/.lifeboat/databases/failing".into(),
            ..Attachment::default()
        }
    }

    fn necessity(&self) -> Necessity {
        self.necessity
    }

    fn contribute(&mut self, into: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        into.position = Some("0/1".into());
        let file = |path: &str| AttachedFile { path: path.into(), ..AttachedFile::default() };
        sink.put(file("good"), &mut noise(5 << 20, 3).as_slice()).unwrap();
        let mut bad = noise(self.bytes, 4);
        bad.truncate(self.bytes);
        struct Breaks;
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("last words"))
            }
        }
        let error = sink.put(file("bad"), &mut bad.as_slice().chain(Breaks)).unwrap_err();
        Err(ContributeError(error.to_string()))
    }
}

fn paths(world: &World) -> Vec<String> {
    let run = world.run(&["ls", "--recursive", "latest:/.lifeboat"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn attachments_lie_beside_the_files_and_are_read_like_them() {
    let world = World::new();
    make_sample(&world.path("source"));
    let large = noise(9 << 20, 7);
    let files: [(&str, &[u8]); 3] = [("a/b/c", b"deep"), ("large", &large), ("empty", b"")];
    let contributors = || vec![given("system", &files), given("databases/main", &[("dump", b"rows")])];
    let report = back_up(&world, Source::Paths(vec![world.path("source")]), contributors).unwrap();
    assert_eq!(report.faults, 0);
    assert_eq!(report.attachments[0].files[1].bytes, 9 << 20);

    assert!(paths(&world).iter().any(|line| line.ends_with("/.lifeboat/databases/main/dump")));
    assert_eq!(world.run(&["cat", "latest:/.lifeboat/system/a/b/c"]).stdout, "deep");
    assert_eq!(world.run(&["check", "--read-data"]).status, Some(0));
    assert_eq!(world.restore("/.lifeboat/system".as_ref(), "out", &["--verify"]).status, Some(0));
    assert_eq!(fs::read(world.path("out/large")).unwrap(), large);
    let listed = world.json(&["snapshots", "--json"]);
    let record = &listed["snapshots"][0]["attachments"][0];
    assert_eq!((&record["kind"], &record["files"][1]["bytes"]), (&"system".into(), &(9 << 20).into()));
}

#[test]
fn with_attachments_an_unchanged_tree_is_still_not_read_and_nothing_is_stored_twice() {
    let world = World::new();
    make_sample(&world.path("source"));
    std::thread::sleep(std::time::Duration::from_millis(120));
    let source = || Source::Paths(vec![world.path("source")]);
    let large = noise(3 << 20, 8);
    back_up(&world, source(), || vec![given("system", &[("state", &large)])]).unwrap();
    let second = back_up(&world, source(), || vec![given("system", &[("state", &large)])]).unwrap();
    assert_eq!((second.statistics.files_changed, second.statistics.files_unmodified), (0, 55));
    assert!(second.statistics.new_bytes < 10_000, "{:?}", second.statistics);
    // Without them, they are gone, and what stays is still not read.
    let third = back_up(&world, source(), Vec::new).unwrap();
    assert_eq!((third.statistics.read_bytes, third.statistics.files_unmodified), (0, 55));
    assert_eq!(world.run(&["ls", "latest:/.lifeboat"]).status, Some(2));
    assert!(third.attachments.is_empty());
    let fourth = back_up(&world, source(), || vec![given("system", &[("state", b"new")])]).unwrap();
    assert_eq!((fourth.statistics.read_bytes, fourth.statistics.files_unmodified), (3, 55));
    assert_eq!(world.run(&["cat", "latest:/.lifeboat/system/state"]).stdout, "new");
}

#[test]
fn a_snapshot_may_hold_nothing_but_attachments() {
    let world = World::new();
    let report = back_up(&world, Source::Attachments, || vec![given("databases/x", &[("d", b"1")])]).unwrap();
    assert_eq!(report.statistics.files_new, 1);
    assert_eq!(world.run(&["cat", "latest:/.lifeboat/databases/x/d"]).stdout, "1");
    let listed = world.json(&["snapshots", "--json"]);
    assert_eq!(listed["snapshots"][0]["sources"][0], "/.lifeboat/databases/x");
}

#[test]
fn an_attachment_that_fails_fails_the_backup_or_spoils_it_or_is_told_of() {
    let world = World::new();
    fs::create_dir(world.path("source")).unwrap();
    let run = |necessity| {
        let failing = || Failing { necessity, bytes: 4 << 20 };
        back_up(&world, Source::Paths(vec![world.path("source")]), || vec![Box::new(failing())])
    };
    let error = run(Necessity::Required).unwrap_err().to_string();
    assert!(error.starts_with("database failing: last words; no snapshot was made"), "{error}");
    assert_eq!(world.json(&["snapshots", "--json"])["snapshots"].as_array().unwrap().len(), 0);
    for (necessity, faults) in [(Necessity::Wanted, 1), (Necessity::Optional, 0)] {
        let report = run(necessity).unwrap();
        assert_eq!((report.faults, report.warning_count), (faults, 1), "{:?}", report.warnings);
        let record = &report.attachments[0];
        assert_eq!((record.fault.as_deref(), record.position.as_deref()), (Some("last words"), Some("0/1")));
        let found: Vec<&str> = record.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(found, ["good"], "half a file is no file");
        assert!(paths(&world).iter().all(|line| !line.contains("bad")));
    }
    assert_eq!(world.run(&["check"]).status, Some(0));
}

#[test]
fn a_restore_in_place_leaves_them_out_unless_they_are_named() {
    let world = World::new();
    fs::create_dir(world.path("source")).unwrap();
    fs::write(world.path("source/file"), "x").unwrap();
    let contributors = || vec![given("system", &[("state", b"s")])];
    back_up(&world, Source::Paths(vec![world.path("source")]), contributors).unwrap();
    fs::remove_file(world.path("source/file")).unwrap();
    let run = world.run(&["restore", "latest", "--in-place", "--dry-run"]);
    assert!(run.stdout.contains("source/file") && !run.stdout.contains(".lifeboat"), "{run:?}");
    let named = world.run(&["restore", "latest:/.lifeboat/system", "--in-place", "--dry-run"]);
    assert!(named.stdout.contains("/.lifeboat/system/state"), "{named:?}");
    let target = world.path("all");
    let run = world.run(&["restore", "latest", "--target", target.to_str().unwrap()]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(fs::read(target.join(".lifeboat/system/state")).unwrap(), b"s");
}

#[test]
fn what_cannot_be_attached_side_by_side_is_refused_before_anything_is_done() {
    let world = World::new();
    let refused = |contributors: Vec<Box<dyn Contributor>>| {
        try_to_back_up(&world, Source::Attachments, contributors).unwrap_err().to_string()
    };
    let twice = refused(vec![given("system", &[]), given("system/x", &[])]);
    assert!(twice.contains("give one another name"), "{twice}");
    let outside = refused(vec![given("../etc", &[])]);
    assert!(outside.contains("not a path below /.lifeboat"), "{outside}");
}
