//! A freshly installed system becomes what the captured one was: packages, accounts, units, files.
//!
//! The systems are miniatures of a Debian with a real dpkg, apt, useradd and systemctl, which
//! tests/support/machine-miniature makes with an apt repository of tiny packages, without any network. Where
//! `LIFEBOAT_TEST_MACHINE` is `converge` or `1`, two that debootstrap made, one of them with a kernel and
//! PostgreSQL, are converged as well.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine;
use crate::program::{Run, finish};
use crate::world::World;

/// What was done to the system that is captured, since it was installed.
const LIVED_IN: &str = r#"
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin
groupadd --gid 777 tiny-server
useradd --uid 777 --gid 777 --password '*' --home-dir /var/lib/tiny-server --shell /bin/false tiny-server
apt-get -qq install tiny-server tiny-agent tiny-pinned=1.4 tiny-tool tiny-shell
apt-mark hold tiny-pinned
apt-mark auto tiny-tool
echo 'port = 8080' >/etc/tiny-server.conf
systemctl disable tiny-agent-helper
systemctl mask tiny-agent
printf '[Service]\nExecStart=/usr/local/bin/job\n' >/etc/systemd/system/local.service
printf '[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n' >/etc/systemd/system/local.timer
systemctl enable local.timer
groupadd --gid 1500 ops
useradd --uid 2345 --create-home --shell /bin/sh --comment 'Alice A.' --groups ops,staff alice
usermod --shell /usr/bin/tiny-shell root
printf 'alice:$6$salt$hash-of-alice\nroot:$6$salt$hash-of-root\n' | chpasswd --encrypted
mkdir -p /etc/cron.d /etc/sysctl.d /var/spool/cron/crontabs /usr/local/bin /srv/data /etc/apt/keyrings
echo '5 4 * * * alice /usr/local/bin/job' >/etc/cron.d/job
echo '1 2 * * 3 echo hello' >/var/spool/cron/crontabs/alice
echo 'vm.swappiness = 7' >/etc/sysctl.d/90-local.conf
printf '#!/bin/sh\n' >/usr/local/bin/job
chmod 4755 /usr/local/bin/job
head -c 3000000 /usr/bin/apt-get >/srv/data/records
chown -R alice:ops /srv/data /var/spool/cron/crontabs/alice
echo 'deb [trusted=yes] file:/media/packages ./' >/etc/apt/sources.list.d/extra.list
echo key >/etc/apt/keyrings/extra.asc
printf 'Package: tiny-pinned\nPin: version 1.4\nPin-Priority: 1001\n' >/etc/apt/preferences.d/pinned
"#;

/// What differs as little as it can on a system that was restored.
const SECTIONS: [&str; 10] = [
    "--section",
    "packages",
    "--section",
    "accounts",
    "--section",
    "services",
    "--section",
    "schedules",
    "--section",
    "settings",
];

/// A snapshot of a system that was lived in, and a fresh one.
struct Systems {
    world: World,
    fresh: PathBuf,
}

fn helper(script: &str, words: &[&str]) -> Run {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(script);
    let mut command = Command::new(script);
    command.args(words);
    finish(command)
}

/// Backs up the system below `source` as it sees itself on a machine of its own.
fn back_up(world: &World, source: &Path) {
    fs::copy(env!("CARGO_BIN_EXE_lifeboat"), world.path("lifeboat")).unwrap();
    let script = "mount -t proc proc \"$0/proc\" && mkdir -p \"$0/mnt\" && mount --bind \"$1\" \"$0/mnt\" && \
                  exec chroot \"$0\" /mnt/lifeboat backup / --system --host lived-in \
                  --exclude /media --exclude /mnt --exclude /proc --exclude /sys --exclude /dev";
    let mut command = Command::new("unshare");
    command.args(["--mount", "/bin/sh", "-c", script]).arg(source).arg(world.sandbox.home.path());
    command.env("LIFEBOAT_REPO", "/mnt/repo").env("LIFEBOAT_IDENTITY_FILE", "/mnt/identity");
    command.env("LIFEBOAT_STATE_DIR", "/mnt/state-there").env("LIFEBOAT_CACHE_DIR", "/mnt/cache-there");
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let run = finish(command);
    assert_eq!(run.status, Some(0), "{run:?}");
}

/// Runs a script inside a system.
fn inside(root: &Path, script: &str) -> String {
    let mut command = Command::new("chroot");
    command.arg(root).args(["/bin/sh", "-exc", script]);
    let run = finish(command);
    assert_eq!(run.status, Some(0), "{run:?}");
    run.stdout
}

/// Whether systems can be installed here: by root, who may mount.
fn can_install(world: &World) -> bool {
    let mut mounts = Command::new("unshare");
    mounts.args(["--mount", "true"]);
    fs::metadata(world.path("repo")).unwrap().uid() == 0 && finish(mounts).status == Some(0)
}

/// Says why not; must not be where everything is required.
fn skip(why: &str) -> Option<Systems> {
    assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
    println!("skipped: {why}");
    None
}

impl Systems {
    /// Two miniatures; `None`, said aloud, where this machine cannot make them.
    fn new() -> Option<Self> {
        let world = World::new();
        if !can_install(&world) {
            return skip("only root, who may mount, can install a system");
        }
        let lacking = helper("machine-miniature", &["tools"]);
        if lacking.status != Some(0) || !lacking.stdout.is_empty() {
            return skip(&format!("not everything that a small Debian is made of is here: {lacking:?}"));
        }
        let [packages, source, fresh] = ["packages", "source", "fresh"].map(|name| world.path(name));
        let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
        for words in [
            vec!["packages".to_owned(), text(&packages)],
            vec!["root".into(), text(&source), text(&packages)],
            vec!["root".into(), text(&fresh), text(&packages)],
            vec!["libraries".into(), text(&source), env!("CARGO_BIN_EXE_lifeboat").into()],
        ] {
            let run = helper("machine-miniature", &words.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(run.status, Some(0), "{words:?} {run:?}");
        }
        inside(&source, LIVED_IN);
        inside(&fresh, "apt-get -qq install tiny-tool=2.0");
        back_up(&world, &source);
        Some(Self { world, fresh })
    }

    /// Two that debootstrap made, of packages of the mirror that this machine uses.
    fn installed() -> Option<Self> {
        let world = World::new();
        if !can_install(&world) || !Path::new("/usr/sbin/debootstrap").exists() {
            return skip("only root, who may mount, can install a system, and only with debootstrap");
        }
        let cache = machine::cache();
        let [source, fresh] = ["source", "fresh"].map(|name| world.path(name));
        for (script, what, root) in [
            ("machine", "prepare", None),
            ("machine-converge", "source", Some(&source)),
            ("machine-converge", "fresh", Some(&fresh)),
        ] {
            let words = [what, cache.to_str().unwrap()];
            let words: Vec<&str> = words.into_iter().chain(root.map(|root| root.to_str().unwrap())).collect();
            let run = helper(script, &words);
            assert_eq!(run.status, Some(0), "{run:?}");
        }
        back_up(&world, &source);
        Some(Self { world, fresh })
    }

    /// Writes a plan file as `plan init` makes it, for the fresh system, and builds it.
    fn plan(&self) -> serde_json::Value {
        let path = self.world.path("plan.toml");
        let words = ["plan", "init", "latest", "--target", "converge", "--name", "fresh"];
        let run = self.world.run(&words);
        assert_eq!(run.status, Some(0), "{run:?}");
        let target = format!("kind = \"converge\"\nroot = {:?}\n#", self.fresh);
        fs::write(&path, run.stdout.replace("kind = \"converge\"", &target)).unwrap();
        self.world.json(&["plan", "build", path.to_str().unwrap(), "--json"])
    }

    fn apply(&self, plan: &serde_json::Value) -> Run {
        self.world.run(&["plan", "apply", plan["id"].as_str().unwrap()])
    }

    /// What `system diff` says, and its status.
    fn differences(&self) -> Run {
        let live = format!("live:{}", self.fresh.display());
        let mut words = vec!["system", "diff", "latest", &live, "--severity", "minor", "--exit-code"];
        words.extend(SECTIONS);
        self.world.run(&words)
    }

    fn file(&self, path: &str) -> String {
        fs::read_to_string(self.fresh.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn owner(&self, path: &str) -> (u32, u32) {
        let found = fs::metadata(self.fresh.join(path)).unwrap();
        (found.uid(), found.gid())
    }
}

/// The ids of a plan's steps.
fn steps(plan: &serde_json::Value) -> Vec<&str> {
    plan["content"]["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect()
}

#[test]
fn a_fresh_system_becomes_what_the_captured_one_was() {
    let Some(systems) = Systems::new() else { return };
    assert_eq!(systems.differences().status, Some(5));
    let plan = systems.plan();
    let before = systems.file("var/lib/dpkg/status");
    let run = systems.world.run(&["plan", "apply", plan["id"].as_str().unwrap(), "--dry-run"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(systems.file("var/lib/dpkg/status"), before);
    let run = systems.apply(&plan);
    assert_eq!(run.status, Some(0), "{run:?}");
    let run = systems.differences();
    assert_eq!(run.status, Some(0), "{}\n{}", run.stdout, run.stderr);
    // What no state tells.
    assert_eq!(systems.file("etc/tiny-server.conf"), "port = 8080\n");
    assert!(systems.file("etc/shadow").contains("\nalice:$6$salt$hash-of-alice:"));
    assert!(systems.file("etc/shadow").starts_with("root:$6$salt$hash-of-root:"));
    assert_eq!(
        fs::metadata(systems.fresh.join("srv/data/records")).unwrap().len(),
        3_000_000.min(fs::metadata("/usr/bin/apt-get").unwrap().len())
    );
    assert_eq!(systems.owner("srv/data/records"), (2345, 1500));
    assert_eq!(systems.owner("var/lib/tiny-server").0, 777);
    assert_eq!(fs::metadata(systems.fresh.join("usr/local/bin/job")).unwrap().mode() & 0o7777, 0o4755);
    assert_eq!(systems.file("etc/sysctl.d/90-local.conf"), "vm.swappiness = 7\n");
    // Once more there is nothing left to install, to mark, to make or to switch.
    let again = systems.plan();
    let left = steps(&again).into_iter().filter(|id| !id.starts_with("files/")).collect::<Vec<_>>();
    assert_eq!(left, ["packages/converge:repositories"]);
}

#[test]
fn what_cannot_be_had_is_named_and_what_is_taken_gets_around() {
    let Some(systems) = Systems::new() else { return };
    // The repository moved on: a package is gone, another is there in a newer version only.
    let there = systems.fresh.join("media/packages");
    fs::rename(there.join("tiny-agent_0.9_all.deb"), systems.world.path("kept.deb")).unwrap();
    fs::remove_file(there.join("tiny-pinned_1.4_all.deb")).unwrap();
    let list = |script: &str| {
        let mut command = Command::new("/bin/sh");
        command.args(["-ec", script]).arg(&there);
        assert_eq!(finish(command).status, Some(0));
    };
    list("cd \"$0\" && dpkg-scanpackages --multiversion . >Packages");
    inside(&systems.fresh, "useradd --uid 2345 --user-group --shell /bin/sh carol; groupadd --gid 1500 crew");
    let plan = systems.plan();
    let warnings = plan["forecast"]["warnings"].to_string();
    assert!(warnings.contains("the user alice had the number 2345, which is carol's here"), "{warnings}");
    assert!(warnings.contains("the group ops had the number 1500, which is crew's here"), "{warnings}");
    let run = systems.apply(&plan);
    assert_ne!(run.status, Some(0), "{run:?}");
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains("not to be had from any repository: tiny-agent"), "{run:?}");
    // All else that was asked for is there, and it goes on where the package turns up.
    let have = inside(&systems.fresh, "dpkg-query -W");
    assert!(!have.contains("tiny-agent"), "{have}");
    assert!(have.contains("tiny-server\t3.1") && have.contains("tiny-pinned\t1.5"), "{have}");
    fs::rename(systems.world.path("kept.deb"), there.join("tiny-agent_0.9_all.deb")).unwrap();
    list("cd \"$0\" && dpkg-scanpackages --multiversion . >Packages");
    let run = systems.apply(&plan);
    assert_eq!(run.status, Some(0), "{run:?}");
    let accounts = systems.file("etc/passwd");
    let alice = accounts.lines().find_map(|line| line.strip_prefix("alice:x:")).unwrap();
    let uid: u32 = alice.split(':').next().unwrap().parse().unwrap();
    assert_ne!(uid, 2345);
    assert_eq!(systems.owner("srv/data/records").0, uid, "files follow the name");
    let units =
        inside(&systems.fresh, "systemctl is-enabled tiny-agent.service tiny-agent-helper.service || true");
    assert_eq!(units, "masked\ndisabled\n");
}

#[test]
fn nothing_of_what_is_here_is_taken_away() {
    let Some(systems) = Systems::new() else { return };
    let script =
        "useradd --uid 3000 --shell /bin/sh --groups staff installer; apt-get -qq install tiny-rival";
    inside(&systems.fresh, script);
    let plan = systems.plan();
    let warnings = plan["forecast"]["warnings"].to_string();
    assert!(warnings.contains("the group staff did not have are left in it: installer"), "{warnings}");
    let run = systems.apply(&plan);
    assert_ne!(run.status, Some(0), "{run:?}");
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains("in the way of packages that it had: tiny-rival"), "{run:?}");
    let have = inside(&systems.fresh, "dpkg-query -W");
    assert!(have.contains("tiny-rival\t1.0") && !have.contains("tiny-server"), "{have}");
    // Whoever is to mend it gets in: root has no shell that is not there.
    assert!(systems.file("etc/passwd").starts_with("root:x:0:0:root:/root:/bin/sh\n"));
    inside(&systems.fresh, "dpkg --remove tiny-rival");
    let run = systems.apply(&plan);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(systems.file("etc/passwd").starts_with("root:x:0:0:root:/root:/usr/bin/tiny-shell\n"));
    assert!(systems.file("etc/group").contains("\nstaff:x:50:installer,alice\n"));
}

#[test]
fn a_minimal_debian_becomes_what_another_was_data_and_all() {
    if !machine::is_wanted("converge") {
        return;
    }
    let Some(systems) = Systems::installed() else { return };
    let source = systems.world.path("source");
    let ask = |root: &Path| {
        let run = helper("machine-converge", &["ask", root.to_str().unwrap()]);
        assert_eq!(run.status, Some(0), "{run:?}");
        run.stdout
    };
    let expected = ask(&source);
    let begun = std::time::Instant::now();
    let plan = systems.plan();
    let run = systems.apply(&plan);
    assert_eq!(run.status, Some(0), "{run:?}");
    println!("converged in {:.0} s", begun.elapsed().as_secs_f64());
    let run = systems.differences();
    assert_eq!(run.status, Some(0), "{}\n{}", run.stdout, run.stderr);
    assert_eq!(ask(&systems.fresh), expected);
    assert_eq!(systems.owner("srv/records"), (2345, 1500));
    assert!(systems.file("etc/shadow").contains("\nalice:$6$salt$hash-of-alice:"));
    assert!(!systems.fresh.join("usr/sbin/policy-rc.d").exists());
}
