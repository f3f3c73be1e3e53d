//! Disks that a plan must not overwrite are not overwritten: a matrix on loop devices.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::plan_runs::{has_script, on_a_terminal};
use crate::program::Run;
use crate::world::World;

const MIB: u64 = 1 << 20;

/// A disk of the captured machine, as a plan file names it, and its size.
struct Captured {
    from: String,
    size: u64,
}

/// A world with a snapshot that knows its machine; `None`, said aloud, where this machine cannot do that.
fn world() -> Option<(World, Captured)> {
    let skip = |why: &str| {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        eprintln!("skipped: {why}");
        None
    };
    let loops = Command::new("losetup").arg("--find").output();
    if !loops.is_ok_and(|output| output.status.success()) {
        return skip("there are no loop devices for us");
    }
    let world = World::new();
    fs::create_dir(world.path("source")).unwrap();
    fs::write(world.path("source/a"), "contents").unwrap();
    let run = world.run(&["backup", "source", "--system"]);
    assert!(matches!(run.status, Some(0 | 3)), "{run:?}");
    let run = world.run(&["cat", "latest:/.lifeboat/system/system.json"]);
    let state: Value = serde_json::from_str(&run.stdout).unwrap();
    let devices = state["storage"]["devices"].as_array().cloned().unwrap_or_default();
    let disk = devices.iter().find(|device| device["kind"]["type"] == "disk" && !device["content"].is_null());
    let Some(disk) = disk else { return skip("this machine tells of no disk") };
    let from = match (disk["kind"]["serial"].as_str(), disk["kind"]["wwn"].as_str()) {
        (Some(serial), _) => format!("serial:{serial}"),
        (None, Some(wwn)) => format!("wwn:{wwn}"),
        (None, None) => format!("path:{}", disk["name"].as_str().unwrap()),
    };
    Some((world, Captured { from, size: disk["size_bytes"].as_u64().unwrap() }))
}

/// A file of `size` bytes seen as a disk, until dropped.
struct Loop {
    device: String,
    file: PathBuf,
}

impl Loop {
    fn new(world: &World, name: &str, size: u64) -> Self {
        let file = world.path(name);
        fs::File::create(&file).unwrap().set_len(size).unwrap();
        let output = Command::new("losetup").args(["--find", "--show"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Self { device: String::from_utf8(output.stdout).unwrap().trim().to_owned(), file }
    }

    /// What its beginning holds, where every file system and partition table leaves its mark.
    fn mark(&self) -> Vec<u8> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        fs::File::open(&self.file).unwrap().take(4 * MIB).read_to_end(&mut bytes).unwrap();
        bytes
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["--detach", &self.device]).status();
    }
}

fn sh(script: &str) {
    let status = Command::new("/bin/sh").args(["-ec", script]).status().unwrap();
    assert!(status.success(), "{script}");
}

fn plan_file(world: &World, captured: &Captured, to: &str, more: &str) -> String {
    let (from, root) = (&captured.from, world.path("mnt"));
    let text = format!(
        "schema = \"lifeboat.plan-file/1\"\nname = \"machine\"\n{more}\n[target]\nkind = \"bare-metal\"\n\
         root = {root:?}\n[[disk]]\nfrom = {from:?}\nto = {to:?}\n#WIPE\n\
         [component.disks]\nkind = \"disks\"\n\
         [component.fs]\nkind = \"file-systems\"\n"
    );
    let path = world.path("machine.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn built(world: &World, file: &str) -> Result<String, Run> {
    let run = world.run(&["plan", "build", file, "--json"]);
    match run.status {
        Some(0) => {
            let plan: Value = serde_json::from_str(&run.stdout).unwrap();
            Ok(plan["id"].as_str().unwrap().to_owned())
        }
        _ => Err(run),
    }
}

/// Fails unless the run ended with this status and said this, and the disk is as it was.
fn refused(run: &Run, status: i32, says: &str, disk: &Loop, before: &[u8]) {
    assert_eq!(run.status, Some(status), "{says}: {run:?}");
    assert!(run.stderr.contains(says), "{says}: {run:?}");
    assert!(disk.mark() == before, "{says}: the disk was written to");
}

#[test]
fn a_disk_that_is_not_meant_in_use_protected_or_unconfirmed_is_not_touched() {
    let Some((world, captured)) = world() else { return };
    let disk = Loop::new(&world, "disk", captured.size + (64 << 20));
    let to = disk.device.clone();
    let empty = disk.mark();
    let apply = |id: &str, confirm: &str| world.run(&["plan", "apply", id, "--confirm", confirm]);

    let run = built(&world, &plan_file(&world, &captured, "serial:NO-SUCH-DISK", "")).unwrap_err();
    refused(&run, 1, "no disk here has this identity", &disk, &empty);
    let protect = format!("protect = [{to:?}]");
    let run = built(&world, &plan_file(&world, &captured, &to, &protect)).unwrap_err();
    refused(&run, 2, "protect", &disk, &empty);

    let file = plan_file(&world, &captured, &to, "");
    let id = built(&world, &file).unwrap();
    let mut command = world.command(&["plan", "apply", &id]);
    command.stdin(std::process::Stdio::null());
    let run = crate::program::finish(command);
    refused(&run, 13, "nobody has confirmed", &disk, &empty);
    let run = apply(&id, "/dev/loop99");
    refused(&run, 13, "nobody has confirmed", &disk, &empty);
    if has_script() {
        // At a terminal, only its name will do, and three mistakes are enough.
        let typed = ["yes", "/dev/sda", ""];
        let run = on_a_terminal(&world.command(&["plan", "apply", &id]), "Type its name", &typed);
        assert_eq!(run.status, Some(13), "{run:?}");
        assert_eq!(run.stdout.matches(&format!("Type its name ({to})")).count(), 3, "{run:?}");
        assert!(run.stdout.contains("that is not its name") && disk.mark() == empty, "{run:?}");
    }

    sh(&format!("mkfs.ext4 -q {to}"));
    let filled = disk.mark();
    let run = apply(&id, &to);
    refused(&run, 1, "it holds ext4 data", &disk, &filled);

    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("#WIPE", "wipe = true")).unwrap();
    let id = built(&world, &file).unwrap();
    let at = world.path("mounted");
    fs::create_dir(&at).unwrap();
    sh(&format!("mount -o ro {to} {}", at.display()));
    let run = apply(&id, &to);
    sh(&format!("umount {}", at.display()));
    refused(&run, 1, "mounted at", &disk, &filled);

    sh(&format!("mkswap -q {to} 2>/dev/null || mkswap {to} >/dev/null; swapon {to}"));
    let swap = disk.mark();
    let run = apply(&id, &to);
    sh(&format!("swapoff {to}"));
    refused(&run, 1, "swap on", &disk, &swap);

    let run = match has_script() {
        true => on_a_terminal(&world.command(&["plan", "apply", &id]), "Type its name", &["no", &to]),
        false => apply(&id, &to),
    };
    assert_eq!(run.status, Some(0), "at last it may: {run:?}");
    assert!(disk.mark() != swap);
}

#[test]
fn a_disk_that_is_another_or_smaller_than_it_was_is_not_touched() {
    let Some((world, captured)) = world() else { return };
    let disk = Loop::new(&world, "disk", captured.size + (64 << 20));
    let to = disk.device.clone();
    let id = built(&world, &plan_file(&world, &captured, &to, "")).unwrap();
    sh(&format!("losetup --detach {to}"));
    let other = world.path("other");
    fs::File::create(&other).unwrap().set_len(captured.size / 2).unwrap();
    sh(&format!("losetup {to} {}", other.display()));
    let swapped = Loop { device: to.clone(), file: other };
    std::mem::forget(disk);
    let before = swapped.mark();
    let run = world.run(&["plan", "apply", &id, "--confirm", &to]);
    refused(&run, 1, "no longer fits", &swapped, &before);
    let run = world.run(&["plan", "apply", &id, "--confirm", &to, "--accept-changes"]);
    refused(&run, 1, "has shrunk", &swapped, &before);
}

#[test]
fn the_disk_that_holds_the_repository_is_not_touched() {
    let Some((world, captured)) = world() else { return };
    let disk = Loop::new(&world, "disk", captured.size + (64 << 20));
    let to = disk.device.clone();
    let (old, new) = (world.path("repo"), world.path("moved"));
    fs::create_dir(&new).unwrap();
    sh(&format!(
        "mkfs.ext4 -q {to}; mount {to} {}; cp -a {}/. {}",
        new.display(),
        old.display(),
        new.display()
    ));
    let file = plan_file(&world, &captured, &to, "");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("#WIPE", "wipe = true")).unwrap();
    let id = built(&world, &file).unwrap();
    let mut command = world.command(&["plan", "apply", &id, "--confirm", &to]);
    command.env("LIFEBOAT_REPO", &new);
    let run = crate::program::finish(command);
    sh(&format!("umount {}", new.display()));
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("it holds") && run.stderr.contains("moved"), "{run:?}");
}

/// Runs the program where udev tells these serial numbers, which it alone sees.
fn with_serials(world: &World, serials: &[(&Loop, &str)], words: &[&str]) -> Run {
    let mut script = String::from("mount -t tmpfs none /run; mkdir -p /run/udev/data; ");
    for (disk, serial) in serials {
        let minor = disk.device.strip_prefix("/dev/loop").unwrap();
        script.push_str(&format!("echo E:ID_SERIAL_SHORT={serial} > /run/udev/data/b7:{minor}; "));
    }
    script.push_str("exec \"$@\"");
    let plain = world.command(words);
    let mut command = Command::new("unshare");
    command.args(["--mount", "--", "/bin/sh", "-ec", &script, "sh"]);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.current_dir(plain.get_current_dir().unwrap());
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    crate::program::finish(command)
}

#[test]
fn a_disk_is_found_by_its_number_wherever_it_is_plugged_in_and_two_of_one_number_are_none() {
    let Some((world, captured)) = world() else { return };
    let (one, other) =
        (Loop::new(&world, "one", captured.size + MIB), Loop::new(&world, "other", captured.size + MIB));
    let file = plan_file(&world, &captured, "serial:TWIN-7", "");
    let build =
        |serials: &[(&Loop, &str)]| with_serials(&world, serials, &["plan", "build", &file, "--json"]);
    let twins = build(&[(&one, "TWIN-7"), (&other, "TWIN-7")]);
    assert_eq!(twins.status, Some(1), "{twins:?}");
    assert!(twins.stderr.contains("all have this identity: it is not known which is meant"), "{twins:?}");
    assert!(twins.stderr.contains(&one.device) && twins.stderr.contains(&other.device), "{twins:?}");

    let built = build(&[(&one, "TWIN-7"), (&other, "OTHER-8")]);
    assert_eq!(built.status, Some(0), "{built:?}");
    let plan: Value = serde_json::from_str(&built.stdout).unwrap();
    let id = plan["id"].as_str().unwrap();
    let empty = one.mark();
    let apply = |serials: &[(&Loop, &str)], confirm: &str| {
        with_serials(&world, serials, &["plan", "apply", id, "--confirm", confirm])
    };
    // Since then a twin appeared.
    let run = apply(&[(&one, "TWIN-7"), (&other, "TWIN-7")], "serial:TWIN-7");
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("it is not known which is meant"), "{run:?}");
    assert!(one.mark() == empty && other.mark() == empty);
    // They were swapped: the node that it had confirms nothing, and the number finds it at the other.
    let swapped = [(&one, "OTHER-8"), (&other, "TWIN-7")];
    let run = apply(&swapped, &one.device);
    assert_eq!(run.status, Some(13), "{run:?}");
    assert!(one.mark() == empty && other.mark() == empty);
    let run = apply(&swapped, "serial:TWIN-7");
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(one.mark() == empty, "the disk at the old node was written to");
    assert!(other.mark() != empty);
}

#[test]
fn a_disk_that_is_too_small_is_refused_before_anything_is_planned_on_it() {
    let Some((world, captured)) = world() else { return };
    let disk = Loop::new(&world, "small", captured.size / 2);
    let empty = disk.mark();
    let run = built(&world, &plan_file(&world, &captured, &disk.device, "")).unwrap_err();
    refused(&run, 2, "is too small", &disk, &empty);
}
