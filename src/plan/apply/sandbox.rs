//! Sandboxes: a place of its own, commands that reach nothing else, and a removal that is verified.
//!
//! Files are written beneath the root by the restore itself, which follows no link out of it. Commands run in
//! namespaces that one process holds open: no network but a loopback of their own, no process but theirs,
//! and of the file system only the root can be written; `/run` and the temporary directories, where sockets
//! of the machine's services are, are empty ones of their own, and so is `/dev`. When the run ends, even by
//! a crash, the pipe that the process reads ends, the process with it, and the kernel ends everything in
//! its namespaces.
//!
//! This guards against mistakes and stray connections, not against root that means harm.

use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::plan::artefact::{Image, Target};
use crate::plan::error::PlanError;
use crate::sys::disk::{disks, mounts_below};
use crate::sys::process;
use crate::sys::target::Target as Beneath;
use crate::system::action::{Action, CommandLine, Operation, Stage};

/// The component whose steps make a sandbox.
pub const COMPONENT: &str = "sandbox";

/// Makes the namespaces what they are to be, says so, and waits until its standard input ends.
const HOLD: &str = r#"
set -e
cd /
exec 3<"$ROOT"
for dir in /run /tmp /var/tmp /dev/shm; do
  if [ -d "$dir" ] && [ ! -L "$dir" ]; then mount -t tmpfs -o mode=1777 lifeboat "$dir"; fi
done
mkdir -p "$ROOT"
mount -c --bind /proc/self/fd/3 "$ROOT"
exec 3<&-
mount -t tmpfs -o mode=0755 lifeboat /mnt
for node in null zero full random urandom tty; do
  : > "/mnt/$node"
  mount --bind "/dev/$node" "/mnt/$node"
done
mkdir /mnt/shm /mnt/pts
ln -s /proc/self/fd /mnt/fd
ln -s /proc/self/fd/0 /mnt/stdin
ln -s /proc/self/fd/1 /mnt/stdout
ln -s /proc/self/fd/2 /mnt/stderr
mount --move /mnt /dev
mount -t tmpfs -o mode=1777 lifeboat /dev/shm
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
while read -r _ _ _ _ at _; do
  at=$(printf '%b' "$at")
  case "$at" in
    "$ROOT"|"$ROOT"/*|/run|/run/*|/tmp|/tmp/*|/var/tmp|/var/tmp/*|/dev|/dev/*|/proc) ;;
    *) mount -o remount,bind,ro "$at" 2>/dev/null || case "$at" in /proc/*|/sys/*) ;; *) exit 9 ;; esac ;;
  esac
done < /proc/self/mountinfo
ip link set lo up
echo ready
exec cat > /dev/null
"#;
/// Whether what is mounted at `$0` is the image `$1`, and not something of this machine.
const MOUNTED: &str = "{ at=$(findmnt -nvro SOURCE --mountpoint \"$0\" | tail -n 1) && test -n \"$at\" && \
                       test \"$(cat \"/sys/class/block/${at##*/}/loop/backing_file\")\" = \
                       \"$(readlink -f \"$1\")\"; }";
/// How long the namespaces may take to come about, and to go.
const PATIENCE: Duration = Duration::from_secs(30);
/// What no command in a sandbox may do, root or not.
const WITHOUT: &str = "-mknod,-sys_rawio,-sys_module,-sys_boot,-sys_time,-syslog,-mac_admin,-audit_control";

/// The namespaces that commands run in; they end with this value.
#[derive(Debug)]
pub struct Confinement {
    holder: Child,
    /// Ends with us, whatever ends us.
    _stdin: ChildStdin,
    /// The process whose namespaces are entered.
    inside: u32,
}

impl Confinement {
    /// Makes namespaces in which nothing but `root` can be written and nothing beyond reached.
    pub fn start(root: &str) -> Result<Self, PlanError> {
        let failed = |what: String| PlanError::Sandbox {
            what: format!(
                "cannot keep commands in: {what}; run it as root on Linux with util-linux and iproute2"
            ),
        };
        let words = ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child"];
        let mut command = Command::new("unshare");
        command.args(words).args(["--propagation", "private", "--", "/bin/sh", "-c", HOLD]);
        command.env_clear().env("PATH", crate::plan::build::look::PATH).env("ROOT", root);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut holder = command.spawn().map_err(|error| failed(format!("unshare: {error}")))?;
        let (Some(stdin), Some(stdout)) = (holder.stdin.take(), holder.stdout.take()) else {
            return Err(failed("it has no pipes".into()));
        };
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        if read.is_err() || line.trim() != "ready" {
            let mut said = String::new();
            // What it said is a courtesy; that it is not ready is certain.
            let _ = holder.kill();
            if let Some(mut stderr) = holder.stderr.take() {
                let _ = io::Read::read_to_string(&mut stderr, &mut said);
            }
            let _ = holder.wait();
            return Err(failed(said.trim().to_owned()));
        }
        let children = format!("/proc/{0}/task/{0}/children", holder.id());
        let inside = std::fs::read_to_string(children).ok().and_then(|text| text.trim().parse().ok());
        let inside = inside.ok_or_else(|| failed("its process is not found".into()))?;
        Ok(Self { holder, _stdin: stdin, inside })
    }

    /// The words before a command that let it run inside; with `chroot` what a system needs to run is mounted
    /// there, in the sandbox's own view alone.
    pub fn enter(&self, chroot: Option<&str>) -> Vec<String> {
        let inside = self.inside.to_string();
        let mut words = vec!["nsenter", "--target", &inside];
        words.extend(["--mount", "--net", "--pid", "--uts", "--ipc", "--wd=/", "--"]);
        let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        if let Some(root) = chroot {
            let script = "for dir in dev proc sys run tmp; do [ -d \"$0/$dir\" ] || mkdir \"$0/$dir\"; \
                 mountpoint -q \"$0/$dir\" || mount --bind \"/$dir\" \"$0/$dir\"; done; exec \"$@\"";
            words.extend(["/bin/sh", "-c", script, root].map(str::to_owned));
        }
        words.extend(["setpriv".to_owned(), format!("--bounding-set={WITHOUT}"), "--".to_owned()]);
        words
    }

    /// The process whose network is the sandbox's.
    pub fn network(&self) -> u32 {
        self.inside
    }

    /// Ends everything that runs inside; whether it is gone.
    pub fn end(mut self) -> bool {
        let inside = self.inside;
        // The first of its namespace: the kernel ends the others with it.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
        let begun = Instant::now();
        while process::is_alive(inside) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        !process::is_alive(inside)
    }
}

/// The actions that make the file system of an image and mount it at the root.
pub fn image_actions(image: &Image, root: &str) -> Vec<Action> {
    let action = |id: &str, title: String, commands: Vec<CommandLine>| Action {
        id: id.to_owned(),
        title,
        stage: Stage::FileSystems,
        operation: Operation::Run { commands },
        check: None,
        destroys: Vec::new(),
        repeatable: true,
        volatile: false,
        release: Vec::new(),
        needs: Vec::new(),
    };
    let size = image.size_bytes.to_string();
    let make = action(
        "mkfs:sandbox",
        format!("make a file system in {}", image.path),
        vec![
            CommandLine::new(["truncate", "--size", &size, "--", &image.path]),
            CommandLine::new(["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", &image.path]),
        ],
    );
    let mut mount = action(
        "mount:sandbox",
        format!("mount it at {root}"),
        vec![
            CommandLine::new(["mkdir", "-p", "--", root]),
            CommandLine::new(["mount", "-o", "loop,nodev", "--", &image.path, root]),
            CommandLine::new(["rmdir", "--", &format!("{root}/lost+found")]).accepts(&[1]),
        ],
    );
    mount.volatile = true;
    let words = |script: String| CommandLine::new(["sh", "-c", &script, root, &image.path]);
    mount.check = Some(crate::system::action::Check::Succeeds(words(MOUNTED.to_owned())));
    mount.release = vec![words(format!("if {MOUNTED}; then umount -- \"$0\"; fi"))];
    mount.needs = vec![make.id.clone()];
    vec![make, mount]
}

/// What was seen after a sandbox was removed. Part of `lifeboat.plan-run/1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Removal {
    /// What was looked at, and is gone.
    pub verified: Vec<String>,
    /// What is still there.
    pub left: Vec<String>,
}

/// Removes the sandbox at `target` and looks whether it is gone. `was_there` says that its root, empty, was
/// there before, and stays; `ended` whether all that ran in it has ended, if anything did.
pub fn remove(target: &Target, was_there: bool, ended: Option<bool>) -> Removal {
    let mut removal = Removal::default();
    let mut see = |what: String, gone: bool| match gone {
        true => removal.verified.push(what),
        false => removal.left.push(what),
    };
    if let Some(ended) = ended {
        see("its processes and network".into(), ended);
    }
    let root = Path::new(&target.root);
    let mounts = mounts_below(root);
    see(format!("mounts at {}", target.root), mounts.is_empty());
    // Never through a mount: what lies there is somebody else's.
    if mounts.is_empty() {
        let error = remove_directory(root, was_there).err();
        let empty = std::fs::read_dir(root).map_or(true, |mut entries| entries.next().is_none());
        let gone = if was_there { empty } else { !root.exists() };
        let why = error.map(|error| format!(": {error}")).unwrap_or_default();
        see(format!("{}{why}", target.root), gone);
    }
    if let Some(image) = &target.image {
        let file = PathBuf::from(&image.path);
        let attached = disks().map_or(true, |all| all.iter().any(|disk| disk.is_backed_by(&file)));
        see(format!("the loop device of {}", image.path), !attached);
        if !attached && mounts.is_empty() {
            // Whether it is gone is looked at, whatever removing it said.
            let _ = std::fs::remove_file(&file);
            see(image.path.clone(), !file.exists());
        }
    }
    removal
}

fn remove_directory(root: &Path, keep: bool) -> io::Result<()> {
    let other =
        |error: crate::sys::error::SysError| io::Error::other(crate::restore::error::chain_text(&error));
    let (Some(parent), Some(name)) = (root.parent(), root.file_name()) else {
        return Err(io::Error::other("it is the root directory"));
    };
    if !keep {
        let parent = Beneath::open(parent).map_err(other)?;
        return parent.root().remove_tree(name.as_encoded_bytes()).map_err(other);
    }
    let directory = Beneath::open(root).map_err(other)?;
    for entry in std::fs::read_dir(root)? {
        directory.root().remove_tree(entry?.file_name().as_encoded_bytes()).map_err(other)?;
    }
    Ok(())
}
