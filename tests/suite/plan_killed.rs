//! A disk with partitions and file systems, made again on another one by runs that are killed at every line
//! of their journal: whoever goes on comes to the same disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::plan::{kill_at, traced};
use crate::program::{Run, finish};
use crate::world::World;

const MIB: u64 = 1 << 20;
/// The disk that is captured, and the one that takes its place.
const OLD_BYTES: u64 = 96 * MIB;
const NEW_BYTES: u64 = 128 * MIB;

fn sh(script: &str) -> String {
    let output = Command::new("/bin/sh").args(["-ec", script]).env("PATH", PATH).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why this machine cannot do it, if it cannot.
fn lacking() -> Option<&'static str> {
    let works = |script: &str| {
        let tried = Command::new("/bin/sh").args(["-c", script]).env("PATH", PATH).output();
        tried.is_ok_and(|output| output.status.success())
    };
    for (script, why) in [
        ("losetup --find", "there are no loop devices for us"),
        ("strace --version", "there is no strace to kill at a chosen moment"),
        ("command -v sfdisk && command -v mkfs.ext4 && command -v partx", "no sfdisk or mkfs"),
        ("unshare --mount true", "this machine lets nobody make namespaces"),
    ] {
        if !works(script) {
            return Some(why);
        }
    }
    None
}

/// A loop device that is gone with this.
struct Disk {
    device: String,
}

/// Waits until nothing holds the image: the kernel detaches a device for real once no namespace has its
/// file systems mounted, and another test's may have a copy of every mount for a moment.
fn wait_until_free(image: &Path) {
    let begun = Instant::now();
    loop {
        let script = format!("losetup --noheadings --output NAME --associated '{}'", image.display());
        let devices = if image.exists() { sh(&script) } else { String::new() };
        if devices.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{} is held by {devices}", image.display());
        sleep(Duration::from_millis(20));
    }
}

impl Disk {
    fn new(file: &Path, bytes: u64) -> Self {
        fs::File::create(file).unwrap().set_len(bytes).unwrap();
        Self { device: sh(&format!("losetup --find --show --partscan '{}'", file.display())) }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let device = &self.device;
        let script = format!("partx --delete {device} 2>/dev/null; losetup --detach {device}");
        let _ = Command::new("/bin/sh").args(["-c", &script]).env("PATH", PATH).status();
    }
}

/// A world whose snapshot captured a machine of one disk: ext4 at /boot and at /, and swap.
///
/// The disk is a loop device, which no machine counts among its own; in a namespace of the backup's own,
/// lsblk tells of it as of a disk, and fstab names what is on it. All else is as it is.
fn captured(world: &World) -> Disk {
    let old = Disk::new(&world.path("old.img"), OLD_BYTES);
    let device = &old.device;
    sh(&format!(
        "printf 'label: gpt\\nsize=16MiB, type=linux\\nsize=60MiB, type=linux, name=root\\ntype=swap\\n' | \
         sfdisk --quiet {device}; partx --update {device} 2>/dev/null || partx --add {device}; \
         mkfs.ext4 -q -L boot {device}p1; mkfs.ext4 -q -L root {device}p2; mkswap -q {device}p3"
    ));
    let bin = world.path("bin");
    fs::create_dir(&bin).unwrap();
    let script = format!(
        "#!/bin/sh\n/usr/bin/lsblk \"$@\" {device} | sed 's/\"type\": *\"loop\"/\"type\":\"disk\"/'\n"
    );
    fs::write(bin.join("lsblk"), script).unwrap();
    sh(&format!("chmod 755 '{}/lsblk'", bin.display()));
    let id = |part: u32| sh(&format!("blkid -p -s UUID -o value {device}p{part}"));
    let table = format!(
        "UUID={} / ext4 defaults 0 1\nUUID={} /boot ext4 defaults 0 2\nUUID={} none swap sw 0 0\n",
        id(2),
        id(1),
        id(3)
    );
    fs::write(world.path("fstab"), table).unwrap();
    fs::create_dir_all(world.path("source/boot")).unwrap();
    fs::create_dir_all(world.path("source/etc")).unwrap();
    fs::write(world.path("source/etc/motd"), "welcome\n".repeat(1000)).unwrap();
    fs::write(world.path("source/boot/loader"), "loader").unwrap();
    let plain = world.command(&["backup", "source", "--system"]);
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$BIN\" /usr/local/sbin; mount --bind \"$TABLE\" /etc/fstab; exec \"$@\"";
    command.args(["--mount", "--", "/bin/sh", "-ec", script, "sh"]);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.current_dir(plain.get_current_dir().unwrap());
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("PATH", PATH).env("BIN", &bin).env("TABLE", world.path("fstab"));
    let run = finish(command);
    assert!(matches!(run.status, Some(0 | 3)), "{run:?}");
    old
}

/// Everything about the new disk that a machine would notice.
fn seen(image: &Path) -> String {
    wait_until_free(image);
    let disk = Disk { device: sh(&format!("losetup --find --show --partscan '{}'", image.display())) };
    let device = &disk.device;
    sh(&format!("partx --update {device} 2>/dev/null || partx --add {device}"));
    let mount = image.with_extension("mnt");
    let _ = fs::create_dir(&mount);
    let at = mount.display();
    sh(&format!("e2fsck -fn {device}p1 >&2; e2fsck -fn {device}p2 >&2"));
    let told = sh(&format!(
        "sfdisk --dump {device} | grep -v '^device:' | sed 's|{device}||'; \
         for part in 1 2 3; do blkid -p -s UUID -s LABEL -s TYPE -o export {device}p$part | grep -v \
         DEVNAME; done; \
         mount -o ro {device}p2 {at}; mount -o ro {device}p1 {at}/boot; \
         (cd {at} && find . -xdev -type f -exec sha256sum {{}} + | sort -k2; sha256sum boot/loader); \
         umount -R {at}"
    ));
    drop(disk);
    wait_until_free(image);
    told
}

/// Ends what a killed run left attached or mounted, as the machine's restart would.
fn restart(image: &Path, root: &Path) {
    let (root, file) = (root.display(), image.display());
    let script = format!(
        "umount -R '{root}' 2>/dev/null || true; \
         for device in $(losetup --noheadings --output NAME --associated '{file}'); do \
         partx --delete $device 2>/dev/null || true; losetup --detach $device; done"
    );
    sh(&script);
    wait_until_free(image);
}

struct Machine {
    world: World,
    image: PathBuf,
    root: PathBuf,
    id: String,
    _old: Disk,
}

impl Machine {
    fn new() -> Self {
        let world = World::new();
        let old = captured(&world);
        // By another name than the kernel calls it.
        std::os::unix::fs::symlink(".", world.path("there")).unwrap();
        let (image, root) = (world.path("there/new.img"), world.path("mnt"));
        let text = format!(
            "schema = \"lifeboat.plan-file/1\"\nname = \"machine\"\n[target]\nkind = \"bare-metal\"\nroot = \
             {root:?}\n[[disk]]\nfrom = \"path:{}\"\nto = \"image:{}\"\nsize = {NEW_BYTES}\n\
             [component.disks]\nkind = \"disks\"\n[component.fs]\nkind = \"file-systems\"\n\
             [component.files]\nkind = \"files\"\nfrom = {:?}\nto = \"/\"\n\
             [[component.files.verify]]\nkind = \"checksum\"\n",
            old.device,
            image.display(),
            world.path("source"),
        );
        fs::write(world.path("machine.toml"), text).unwrap();
        let built = world.run(&["plan", "build", "machine.toml", "--json"]);
        assert_eq!(built.status, Some(0), "{built:?}");
        let plan: serde_json::Value = serde_json::from_str(&built.stdout).unwrap();
        let id = plan["id"].as_str().unwrap().to_owned();
        Self { world, image, root, id, _old: old }
    }

    fn words(&self) -> Vec<&str> {
        vec!["plan", "apply", &self.id, "--confirm", self.image.to_str().unwrap(), "--json"]
    }

    fn apply(&self, more: &[&str]) -> Run {
        self.world.run(&[&self.words()[..], more].concat())
    }

    fn begin_anew(&self) {
        restart(&self.image, &self.root);
        let _ = fs::remove_file(&self.image);
        let _ = fs::remove_dir_all(&self.root);
        let _ = fs::remove_file(self.world.path(format!("state/plans/{}.journal", self.id)));
        let _ = fs::remove_dir_all(self.world.path(format!("state/plans/{}", &self.id[..12])));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        restart(&self.image, &self.root);
    }
}

#[test]
fn what_is_done_is_on_the_disk_before_the_journal_says_so() {
    if let Some(why) = lacking() {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        eprintln!("skipped: {why}");
        return;
    }
    let machine = Machine::new();
    let trace = machine.world.path("trace");
    let options = ["-y", "-e", "signal=none", "-e", "trace=syncfs", "-o", trace.to_str().unwrap()];
    let run = finish(traced(&machine.world, &machine.words(), &options));
    assert_eq!(run.status, Some(0), "{run:?}");
    let trace = fs::read_to_string(trace).unwrap();
    let root = fs::canonicalize(&machine.root).unwrap();
    for at in [root.clone(), root.join("boot")] {
        assert!(trace.contains(&format!("<{}>", at.display())), "no sync of {}: {trace}", at.display());
    }
}

#[test]
fn a_disk_comes_out_the_same_wherever_the_run_that_made_it_was_killed() {
    if let Some(why) = lacking() {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        eprintln!("skipped: {why}");
        return;
    }
    let machine = Machine::new();
    let whole = machine.apply(&[]);
    assert_eq!(whole.status, Some(0), "{whole:?}");
    let steps: serde_json::Value = serde_json::from_str(&whole.stdout).unwrap();
    let steps = steps["steps"].as_array().unwrap().len();
    let expected = seen(&machine.image);
    assert!(expected.contains("etc/motd") && expected.contains("LABEL=boot"), "{expected}");
    let (mut killed, mut asked) = (0, 0);
    // Each line of the journal is made durable by one fdatasync: killed there, the line may or may not be.
    for moment in 1..200 {
        machine.begin_anew();
        if !kill_at(&machine.world, &machine.words(), "fdatasync", moment) {
            break;
        }
        killed += 1;
        // Every second time the machine starts anew as well: nothing is mounted or attached any more.
        if moment % 2 == 0 {
            restart(&machine.image, &machine.root);
        }
        let mut run = machine.apply(&[]);
        while run.status == Some(13) && asked < 50 {
            // Nothing tells whether it was done: a person looks, and has it done once more.
            asked += 1;
            let record: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            let steps = record["steps"].as_array().unwrap();
            let waiting: Vec<&str> = steps
                .iter()
                .filter(|step| step["state"] == "waiting")
                .flat_map(|step| ["--repeat", step["id"].as_str().unwrap()])
                .collect();
            assert!(!waiting.is_empty(), "{moment}: {run:?}");
            run = machine.apply(&waiting);
        }
        assert_eq!(run.status, Some(0), "{moment}: {run:?}");
        assert_eq!(seen(&machine.image), expected, "{moment}: {run:?}");
        assert!(!machine.root.join("etc").exists(), "{moment}: it is still mounted");
    }
    eprintln!("{steps} steps, killed at {killed} lines of the journal; {asked} times a person was asked");
    assert!(killed > 2 * steps, "only {killed} of the lines of {steps} steps");
}
