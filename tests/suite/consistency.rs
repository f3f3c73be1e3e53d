//! Files that hold still while they are read: frozen, snapshotted, and let go again whatever happens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Run, finish};
use crate::world::World;

/// A job `files` of the directory `live`, with more tables.
fn configure(world: &World, more: &str) {
    let text = format!(
        "[repository.main]\nurl = {:?}\n[job.files]\nsources = {:?}\n{more}\n",
        world.path("repo"),
        world.path("live")
    );
    fs::write(world.path("lifeboat.toml"), text).unwrap();
}

fn command(world: &World) -> Command {
    let mut command = world.command(&["backup", "files", "--json"]);
    command.env("LIFEBOAT_CONFIG", world.path("lifeboat.toml")).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

fn back_up(world: &World) -> Run {
    finish(command(world))
}

fn saved(world: &World, path: &Path) -> String {
    let run = world.run(&["cat", &format!("latest:{}", path.display())]);
    assert_eq!(run.status, Some(0), "{run:?}");
    run.stdout
}

fn wait_for(what: &str, limit: Duration, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "{what} does not happen within {limit:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn world() -> World {
    let world = World::new();
    fs::create_dir(world.path("live")).unwrap();
    fs::write(world.path("live/file"), "at rest").unwrap();
    world
}

/// `freeze` and `thaw` that leave their marks in the source, and count how often it was thawed.
fn marks(world: &World, deadline: &str) -> String {
    let (file, log) = (world.path("live/file"), world.path("thawed"));
    format!(
        "[job.files.freeze]\nfreeze = 'printf frozen > {0}'\nthaw = 'printf thawed > {0}; echo x >> {1}'\n\
         deadline = '{deadline}'\n",
        file.display(),
        log.display()
    )
}

fn times_thawed(world: &World) -> usize {
    fs::read_to_string(world.path("thawed")).map_or(0, |text| text.lines().count())
}

#[test]
fn files_are_read_while_frozen_and_thawed_once() {
    let world = world();
    configure(&world, &marks(&world, "60s"));
    let run = back_up(&world);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(saved(&world, &world.path("live/file")), "frozen");
    assert_eq!(fs::read_to_string(world.path("live/file")).unwrap(), "thawed");
    assert_eq!(times_thawed(&world), 1);
}

#[test]
fn what_cannot_be_frozen_is_thawed_and_not_backed_up() {
    let world = world();
    let log = world.path("thawed");
    for (freeze, deadline, complaint) in
        [("echo no way >&2; exit 3", "60s", "status 3: no way"), ("sleep 100", "1s", "its time limit")]
    {
        let _ = fs::remove_file(&log);
        let table =
            format!("freeze = '{freeze}'\nthaw = 'echo x >> {}'\ndeadline = '{deadline}'", log.display());
        configure(&world, &format!("[job.files.freeze]\n{table}"));
        let run = back_up(&world);
        assert_eq!(run.status, Some(1), "{run:?}");
        assert!(run.stderr.contains(complaint), "{run:?}");
        assert_eq!(times_thawed(&world), 1);
    }
    configure(&world, "[job.files.freeze]\nfreeze = 'true'\nthaw = 'echo stuck >&2; exit 9'");
    let run = back_up(&world);
    assert!(run.status == Some(1) && run.stderr.contains("MAY STILL BE FROZEN"), "{run:?}");
    configure(&world, "[job.files.freeze]\nfreeze = 'true'");
    assert!(back_up(&world).stderr.contains("lacks the key `thaw`"));
}

/// A snapshot that is a copy, and a live file that changes at once.
fn copying(world: &World, create: &str) -> String {
    let (live, copy) = (world.path("live"), world.path("copy"));
    format!(
        "[job.files.snapshot]\nkind = 'command'\nof = {live:?}\npath = {copy:?}\n\
         create = ['cp -a {0} {1}', 'echo changed > {0}/file', {create:?}]\n\
         remove = 'rm -rf {1}; echo x >> {2}'\n",
        live.display(),
        copy.display(),
        world.path("removed").display()
    )
}

#[test]
fn a_snapshot_is_read_under_the_original_names_and_removed() {
    let world = world();
    configure(&world, &format!("{}{}", marks(&world, "60s"), copying(&world, "true")));
    let run = back_up(&world);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(saved(&world, &world.path("live/file")), "frozen", "as it was when it was frozen");
    assert!(!world.path("copy").exists() && world.path("removed").exists());
    assert_eq!(times_thawed(&world), 1);
    let listed = world.run(&["ls", "--recursive", "latest"]).stdout;
    assert!(listed.contains("live/file") && !listed.contains("copy"), "{listed}");
}

#[test]
fn a_deadline_thaws_while_the_snapshot_is_still_being_made() {
    let world = world();
    configure(&world, &format!("{}{}", marks(&world, "1s"), copying(&world, "sleep 3")));
    let begun = Instant::now();
    let mut child = command(&world).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("thawing", Duration::from_millis(2500), || times_thawed(&world) == 1);
    assert!(child.try_wait().unwrap().is_none(), "the snapshot is still being made");
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("thawed by its deadline"), "{said}");
    assert_eq!(times_thawed(&world), 1);
    assert!(!world.path("copy").exists());
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_run_is_thawed_at_once_and_the_next_removes_what_it_left() {
    let world = world();
    let started = world.path("started");
    let create = format!("touch {}; sleep 5", started.display());
    configure(&world, &format!("{}{}", marks(&world, "1h"), copying(&world, &create)));
    let child = command(&world).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the snapshot", Duration::from_secs(30), || started.exists());
    kill(child);
    wait_for("thawing", Duration::from_secs(10), || times_thawed(&world) == 1);
    assert!(world.path("copy").exists(), "nobody was there to remove it");
    configure(&world, &copying(&world, "true"));
    let next = back_up(&world);
    assert_eq!(next.status, Some(0), "{next:?}");
    assert!(next.stderr.contains("a run before was killed"), "{next:?}");
    assert!(!world.path("copy").exists());
}

#[test]
fn a_hook_that_takes_too_long_is_ended_with_all_that_it_started() {
    let world = world();
    let alive = world.path("alive");
    let script = format!("(while :; do touch {0}; sleep 0.1; done) & sleep 1000", alive.display());
    configure(&world, &format!("[job.files.hooks]\nbefore = {script:?}\ntimeout = '1s'"));
    let run = back_up(&world);
    assert!(run.status == Some(1) && run.stderr.contains("its time limit"), "{run:?}");
    let _ = fs::remove_file(&alive);
    thread::sleep(Duration::from_millis(400));
    assert!(!alive.exists(), "what the hook started lives on");
}

/// A btrfs of its own on a loop device, unmounted with the test.
struct Btrfs(PathBuf);

impl Btrfs {
    fn new(world: &World) -> Option<Self> {
        let (image, point) = (world.path("disk"), world.path("mnt"));
        fs::File::create(&image).unwrap().set_len(200 << 20).unwrap();
        fs::create_dir(&point).unwrap();
        let run = |program: &str, words: &[&str]| {
            let mut command = Command::new(program);
            command.args(words).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let (disk, at) = (image.to_str().unwrap(), point.to_str().unwrap());
        let is_there = run("mkfs.btrfs", &["-q", disk]) && run("mount", &["-o", "loop", disk, at]);
        if !is_there {
            let why = "no btrfs can be made and mounted on a loop device";
            assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
            println!("skipped: {why}");
        }
        is_there.then_some(Self(point))
    }

    fn run(&self, words: &[&str]) -> String {
        let output = Command::new("btrfs").args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Btrfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_btrfs_subvolume_is_backed_up_as_of_one_moment() {
    let world = World::new();
    let Some(btrfs) = Btrfs::new(&world) else { return };
    let volume = btrfs.0.join("volume");
    btrfs.run(&["subvolume", "create", volume.to_str().unwrap()]);
    fs::create_dir(volume.join("data")).unwrap();
    fs::write(volume.join("data/file"), "at rest").unwrap();
    fs::write(volume.join("data/other"), "other").unwrap();
    let source = volume.join("data");
    let configure = |more: &str| {
        let text = format!(
            "[repository.main]\nurl = {:?}\n[job.files]\nsources = {source:?}\n{more}\n\
             [job.files.snapshot]\nkind = 'btrfs'\n[job.files.freeze]\nfreeze = 'printf frozen > {1}'\n\
             thaw = 'printf thawed > {1}'\n",
            world.path("repo"),
            source.join("file").display()
        );
        fs::write(world.path("lifeboat.toml"), text).unwrap();
    };
    configure("");
    thread::sleep(Duration::from_millis(120));
    let first = back_up(&world);
    assert_eq!(first.status, Some(0), "{first:?}");
    assert_eq!(saved(&world, &source.join("file")), "frozen");
    assert_eq!(fs::read_to_string(source.join("file")).unwrap(), "thawed");
    let subvolumes = || btrfs.run(&["subvolume", "list", btrfs.0.to_str().unwrap()]);
    assert_eq!(subvolumes().lines().count(), 1, "{}", subvolumes());
    // What has not changed is not read again, though it is another snapshot.
    let second: serde_json::Value = serde_json::from_str(&back_up(&world).stdout).unwrap();
    assert_eq!((&second["files_changed"], &second["files_unmodified"]), (&1.into(), &1.into()), "{second}");

    // A subvolume inside is not in the snapshot, and that is said.
    btrfs.run(&["subvolume", "create", source.join("inner").to_str().unwrap()]);
    let partial = back_up(&world);
    assert_eq!(partial.status, Some(3), "{partial:?}");
    assert!(partial.stderr.contains("data/inner: not in the snapshot"), "{partial:?}");
    configure("one_file_system = true");
    assert_eq!(back_up(&world).status, Some(0));

    // Killed while it reads: the next run removes what is left.
    let started = world.path("started");
    configure("one_file_system = true");
    let text = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    let slow = format!(
        "{text}\n[[job.files.database]]\nname = 'slow'\nengine = 'command'\n\
         program = ['sh', '-c', 'touch {}; exec sleep 30']\n",
        started.display()
    );
    fs::write(world.path("lifeboat.toml"), slow).unwrap();
    let child = command(&world).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the dump", Duration::from_secs(30), || started.exists());
    kill(child);
    assert_eq!(subvolumes().lines().count(), 3, "{}", subvolumes());
    fs::write(world.path("lifeboat.toml"), text).unwrap();
    let next = back_up(&world);
    assert!(next.status == Some(0) && next.stderr.contains("a run before was killed"), "{next:?}");
    assert_eq!(subvolumes().lines().count(), 2, "{}", subvolumes());
    let elsewhere = world.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let text = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    fs::write(
        world.path("lifeboat.toml"),
        text.replace(source.to_str().unwrap(), elsewhere.to_str().unwrap()),
    )
    .unwrap();
    let unfit = back_up(&world);
    assert!(unfit.status == Some(1) && unfit.stderr.contains("not on btrfs"), "{unfit:?}");
}
