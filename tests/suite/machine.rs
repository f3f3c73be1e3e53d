//! A whole machine, end to end: installed, started, backed up from inside, lost, rebuilt by a plan onto an
//! empty and larger disk, started again, and looked at. All of it in QEMU; tests/support/machine does it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::program::finish;

/// Each takes all of this machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Programs without which there is no such machine.
const TOOLS: &[&str] = &["debootstrap", "qemu-system-x86_64", "mkfs.ext4", "debugfs", "chroot"];

/// Whether `LIFEBOAT_TEST_MACHINE` is `what` or 1: what takes many minutes and a mirror of packages is done
/// only where it is asked for.
pub fn is_wanted(what: &str) -> bool {
    let wanted = std::env::var("LIFEBOAT_TEST_MACHINE").unwrap_or_default();
    if wanted != "1" && wanted != what {
        println!("skipped: LIFEBOAT_TEST_MACHINE is neither {what} nor 1");
    }
    wanted == "1" || wanted == what
}

/// Why it cannot be done here, if it cannot.
fn obstacle(how: &str) -> Option<String> {
    let dirs = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let is_there = |tool: &&&str| dirs.iter().any(|dir| Path::new(dir).join(tool).exists());
    if let Some(tool) = TOOLS.iter().find(|tool| !is_there(tool)) {
        return Some(format!("{tool} is not installed"));
    }
    if how == "uefi" && !Path::new("/usr/share/OVMF/OVMF_CODE_4M.fd").exists() {
        return Some("there is no OVMF".into());
    }
    let id = finish({
        let mut id = Command::new("id");
        id.arg("-u");
        id
    });
    (id.stdout.trim() != "0").then(|| "debootstrap needs to be root".into())
}

/// Where installed systems are kept from one run to the next.
pub fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("lifeboat-ci/machine")
}

fn prove(how: &str) {
    if !is_wanted(how) {
        return;
    }
    if let Some(why) = obstacle(how) {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
        return;
    }
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/machine");
    let run = |words: &[&Path]| {
        let mut command = Command::new(&script);
        command.args(words);
        finish(command)
    };
    let prepared = run(&[Path::new("prepare"), &cache()]);
    assert_eq!(prepared.status, Some(0), "{prepared:?}");
    let work = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_lifeboat"));
    let words = [Path::new("prove"), &cache(), work.path(), program, Path::new(how)];
    let proved = run(&words);
    assert_eq!(proved.status, Some(0), "{}\n{}", proved.stdout, proved.stderr);
    let times = proved.stdout.lines().filter(|line| line.starts_with("TIME ") || line.starts_with("ACCEL"));
    times.for_each(|line| println!("{how}: {line}"));
    let own: &[&str] = match how {
        "uefi" => &["uefi", "boot-entry"],
        "layers" => &["layers"],
        _ => &[],
    };
    for what in [
        "host-name",
        "database-answers",
        "files",
        "identities",
        "users",
        "swap",
        "mounts",
        "units",
        "grown",
        "system-diff",
    ]
    .iter()
    .chain(own)
    {
        let line = format!("PROVED {what}");
        assert!(proved.stdout.lines().any(|said| said == line), "{what} does not hold:\n{}", proved.stdout);
    }
}

#[test]
fn a_lost_machine_comes_back_on_another_disk_and_starts_by_bios() {
    prove("bios");
}

#[test]
fn a_lost_machine_comes_back_on_another_disk_and_starts_by_uefi() {
    prove("uefi");
}

#[test]
fn arrays_and_volumes_come_back_with_it_on_other_hardware() {
    prove("layers");
}
