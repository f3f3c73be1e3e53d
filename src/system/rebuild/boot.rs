//! What makes the rebuilt machine start: initial RAM disk, boot loader and the firmware's entry.
//!
//! All of it is done by the machine's own tools, in its own root, with the kernel's file systems bound below
//! it: nobody knows better what this release's boot loader needs. A UEFI boot loader is installed at the
//! removable path too, where every firmware looks that knows of no entry.

use crate::system::action::{Action, Check, CommandLine, Operation, Place, Stage, disk};
use crate::system::model::boot::{EfiEntry, Firmware, Loader};
use crate::system::model::packages::PackageManager;
use crate::system::model::storage::DeviceKind;
use crate::system::rebuild::bare_metal::Rebuild;
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::identity::step;
use crate::system::rebuild::layers::ours;
use crate::system::rebuild::stack::Stack;

/// What is bound below the new root.
const BOUND: &[&str] = &["/dev", "/proc", "/sys", "/run"];
const EFI_VARIABLES: &str = "/sys/firmware/efi/efivars";
const EFI_DIRECTORY: &str = "/boot/efi";

pub(super) fn plan(stack: &Stack<'_>, rebuild: &mut Rebuild) -> Result<(), RebuildError> {
    let mut needs = rebuild.mounts.clone();
    needs.extend(
        rebuild.actions.iter().filter(|action| action.stage == Stage::Boot).map(|action| action.id.clone()),
    );
    let has_variables = stack.options.firmware == Firmware::Uefi;
    let bound = BOUND.iter().chain(has_variables.then_some(&EFI_VARIABLES));
    for path in bound {
        let action = bind(stack.root, path, &needs);
        needs.push(action.id.clone());
        rebuild.actions.push(action);
    }
    let maker = Maker { stack, is_rpm: stack.state.packages.manager == PackageManager::Rpm };
    let mut add = |id: &str, title: &str, commands: Vec<CommandLine>| {
        let action = step(id, title, Operation::Run { commands }, &needs);
        needs.push(action.id.clone());
        rebuild.actions.push(action);
    };
    if !stack.options.is_same_hardware {
        match maker.initramfs() {
            Some(command) => add("initramfs", "make the initial RAM disks for this hardware", vec![command]),
            None => rebuild.warnings.push(
                "nobody knows what made the initial RAM disk: the captured one is kept, and may lack drivers"
                    .into(),
            ),
        }
    }
    let loaders = &stack.state.boot.loaders;
    for loader in loaders {
        match maker.loader(loader) {
            Ok(steps) => steps.into_iter().for_each(|(id, title, commands)| add(&id, &title, commands)),
            Err(warning) => rebuild.warnings.push(warning),
        }
    }
    if loaders.is_empty() {
        rebuild
            .warnings
            .push("no boot loader was captured, so none is installed: see to it before restarting".into());
    }
    if let Some((title, command)) = maker.entry() {
        add("boot-entry", &title, vec![command]);
    }
    Ok(())
}

/// Whether `$0` is a mount and shows what `$1` is. `mountpoint` looks at device numbers, and so takes a bind
/// within one file system for none.
const IS_BOUND: &str = "{ findmnt -n --mountpoint \"$0\" >/dev/null && \
                        test \"$(stat -c %d:%i \"$0\")\" = \"$(stat -c %d:%i \"$1\")\"; }";

fn bind(root: &str, path: &str, needs: &[String]) -> Action {
    let place = format!("{root}{path}");
    let operation = Operation::Run { commands: vec![CommandLine::new(["mount", "--bind", path, &place])] };
    let words = [place.as_str(), path];
    Action {
        check: Some(Check::Succeeds(ours(IS_BOUND, "", &words))),
        volatile: true,
        release: vec![ours(IS_BOUND, "umount \"$0\"", &words)],
        ..step(&format!("bind:{path}"), &format!("bind {path} below the new root"), operation, needs)
    }
}

/// An id, a title and what is run.
type Made = (String, String, Vec<CommandLine>);

struct Maker<'a> {
    stack: &'a Stack<'a>,
    is_rpm: bool,
}

impl Maker<'_> {
    fn inside(&self, words: &[&str]) -> CommandLine {
        CommandLine::new(words.iter().copied()).within(self.stack.root)
    }

    fn initramfs(&self) -> Option<CommandLine> {
        let captured = self.stack.state.boot.initramfs.as_ref().map(|initramfs| initramfs.tool.as_str());
        let usual = match self.stack.state.packages.manager {
            PackageManager::Dpkg => Some("initramfs-tools"),
            PackageManager::Rpm => Some("dracut"),
            PackageManager::Pacman => Some("mkinitcpio"),
            PackageManager::Unknown => None,
        };
        match captured.or(usual)? {
            "initramfs-tools" => Some(self.inside(&["update-initramfs", "-u", "-k", "all"])),
            "dracut" => Some(self.inside(&["dracut", "--force", "--regenerate-all"])),
            "mkinitcpio" => Some(self.inside(&["mkinitcpio", "-P"])),
            "booster" => Some(self.inside(&["/usr/lib/booster/regenerate_images"])),
            _ => None,
        }
    }

    fn loader(&self, loader: &Loader) -> Result<Vec<Made>, String> {
        match (loader.name.as_str(), loader.platform.as_str()) {
            ("grub", "bios" | "i386-pc") => Ok(self.grub_bios(loader)),
            ("grub", platform) if platform == "efi" || platform.ends_with("-efi") => {
                Ok(self.grub_efi(loader))
            }
            ("systemd-boot", _) => Ok(vec![self.systemd_boot(loader)]),
            (name, platform) => Err(format!(
                "the boot loader {name} ({platform}) is not installed again: do it by hand before restarting"
            )),
        }
    }

    fn grub(&self, tool: &str) -> String {
        format!("{}-{tool}", if self.is_rpm { "grub2" } else { "grub" })
    }

    fn grub_bios(&self, loader: &Loader) -> Vec<Made> {
        let stack = self.stack;
        let disks = stack.mapping.iter().filter(|(key, _)| {
            let has_grub = stack
                .storage()
                .device(key)
                .is_some_and(|device| matches!(&device.kind, DeviceKind::Disk(disk) if disk.has_grub));
            has_grub || loader.disks.iter().any(|disk| disk == *key)
        });
        let mut chosen: Vec<_> = disks.map(|(_, mapped)| mapped).collect();
        if chosen.is_empty() {
            chosen = stack
                .mapping
                .iter()
                .filter(|(key, _)| stack.carries_root(key))
                .map(|(_, mapped)| mapped)
                .collect();
        }
        let mut made = vec![self.grub_config(loader)];
        for mapped in chosen {
            let name = &mapped.to.name;
            let (install, node) = (self.grub("install"), disk(name));
            made.push((
                format!("boot-loader:bios:{name}"),
                format!("install GRUB for BIOS on {name}"),
                vec![self.inside(&[&install, "--target=i386-pc", "--no-floppy", &node])],
            ));
        }
        made
    }

    /// The map of disks that some releases keep names disks that are gone.
    fn grub_config(&self, loader: &Loader) -> Made {
        let directory = if self.is_rpm { "/boot/grub2" } else { "/boot/grub" };
        let usual = format!("{directory}/grub.cfg");
        let config =
            loader.configuration.as_deref().filter(|path| path.starts_with("/boot/")).unwrap_or(&usual);
        let make = self.inside(&[&self.grub("mkconfig"), "-o", config]);
        // The rescue system is not to become an entry of the menu.
        let make = make.variable("GRUB_DISABLE_OS_PROBER", "true");
        let commands = vec![self.inside(&["rm", "-f", &format!("{directory}/device.map")]), make];
        let id = format!("boot-loader:config:{}", loader.platform);
        (id, "write the boot loader's configuration".to_owned(), commands)
    }

    fn grub_efi(&self, loader: &Loader) -> Vec<Made> {
        let directory = loader.efi_directory.as_deref().unwrap_or(EFI_DIRECTORY);
        let own = self.vendor(loader);
        let mut commands = Vec::new();
        if self.is_rpm {
            // Signed programs come with packages there, and so with the files; grub2-install spoils them.
            commands.push(self.fallback(directory, &own));
        } else {
            let install = self.grub("install");
            let (target, into) =
                (format!("--target={}", self.efi_target(loader)), format!("--efi-directory={directory}"));
            let id = format!("--bootloader-id={own}");
            commands.push(self.inside(&[&install, &target, &into, &id, "--no-nvram"]));
            commands.push(self.inside(&[&install, &target, &into, "--removable", "--no-nvram"]));
        }
        let made = ("boot-loader:efi".to_owned(), "install GRUB for UEFI".to_owned(), commands);
        match self.is_rpm {
            true => vec![made],
            false => vec![self.grub_config(loader), made],
        }
    }

    /// The directory below `EFI` that the loader's own programs are in.
    fn vendor(&self, loader: &Loader) -> String {
        let program =
            loader.efi_programs.iter().find(|path| !path.to_ascii_uppercase().contains("/EFI/BOOT/"));
        let parts = program.map(|path| path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>());
        let vendor = parts.and_then(|parts| (parts.len() > 1).then(|| parts[1].to_owned()));
        vendor.unwrap_or_else(|| self.stack.state.host.os.id.clone())
    }

    fn efi_target(&self, loader: &Loader) -> String {
        if loader.platform.ends_with("-efi") {
            return loader.platform.clone();
        }
        let is_narrow = self.stack.state.boot.firmware_bits == Some(32);
        match self.stack.state.host.architecture.as_str() {
            "aarch64" => "arm64-efi".to_owned(),
            "riscv64" => "riscv64-efi".to_owned(),
            _ if is_narrow => "i386-efi".to_owned(),
            _ => "x86_64-efi".to_owned(),
        }
    }

    /// Copies the vendor's programs to where firmware looks by itself, unless something is there.
    fn fallback(&self, directory: &str, vendor: &str) -> CommandLine {
        let script = "cd \"$0/EFI\" && mkdir -p BOOT && for arch in x64 aa64 ia32; do \
                      if [ -e \"$1/shim$arch.efi\" ] && [ ! -e BOOT/BOOT$arch.EFI ]; then \
                      cp \"$1/shim$arch.efi\" BOOT/BOOT$arch.EFI; cp \"$1/grub$arch.efi\" BOOT/; fi; done";
        self.inside(&["sh", "-c", script, directory, vendor])
    }

    fn systemd_boot(&self, loader: &Loader) -> Made {
        let directory = loader.efi_directory.as_deref().unwrap_or(EFI_DIRECTORY);
        let path = format!("--esp-path={directory}");
        let command = self.inside(&["bootctl", &path, "--no-variables", "install"]);
        ("boot-loader:systemd-boot".to_owned(), "install systemd-boot".to_owned(), vec![command])
    }

    /// The firmware's entry, where we run on the machine that is to start, and it keeps such entries.
    fn entry(&self) -> Option<(String, CommandLine)> {
        let efi =
            self.stack.state.boot.efi.as_ref().filter(|_| self.stack.options.firmware == Firmware::Uefi)?;
        let by_number = |number: &String| efi.entries.iter().find(|entry| entry.number == *number);
        let tried = efi.current.iter().chain(&efi.order).filter_map(by_number);
        let (entry, name, number) = tried.filter_map(|entry| self.place_of(entry)).next()?;
        let (uuid, loader) = (entry.partition.as_deref()?, entry.loader.as_deref()?);
        // The removable path starts the machine as well, so that a full variable store is no reason to fail.
        let script = "efibootmgr -v | grep -qi -- \"$0\" && exit 0; \
                      efibootmgr --quiet --create --disk \"$1\" --part \"$2\" \
                      --label \"$3\" --loader \"$4\" || \
                      echo 'the firmware took no entry; it will start the removable path' >&2";
        let (node, number) = (disk(&name), number.to_string());
        let command = CommandLine::new(["sh", "-c", script, uuid, &node, &number, &entry.label, loader]);
        Some((format!("tell the firmware to start {}", entry.label), command))
    }

    /// The target disk and the partition that an entry leads to; none for an image: it is not this machine's.
    fn place_of<'e>(&self, entry: &'e EfiEntry) -> Option<(&'e EfiEntry, String, u32)> {
        let uuid = entry.partition.as_deref()?;
        self.stack.devices().find_map(|device| match &device.kind {
            DeviceKind::Partition(part) if part.uuid.as_deref() == Some(uuid) => {
                let mapped = self.stack.mapping.get(device.parents.first()?.as_str())?;
                let is_here = matches!(mapped.to.place, Place::Device(_));
                is_here.then(|| (entry, mapped.to.name.clone(), part.number))
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_within_one_file_system_is_seen_and_another_mount_is_not_taken_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let (root, from, other) = (path("root"), path("from"), path("other"));
        let place = format!("{root}{from}");
        for made in [&from, &other, &place] {
            std::fs::create_dir_all(made).unwrap();
        }
        let action = bind(&root, &from, &[]);
        let Some(Check::Succeeds(check)) = &action.check else { panic!("{action:?}") };
        let quoted = |command: &CommandLine| command.display();
        let (check, release) = (quoted(check), quoted(&action.release[0]));
        let Operation::Run { commands } = &action.operation else { panic!("{action:?}") };
        let absent = format!("if {check}; then exit 9; fi");
        let script = format!(
            "set -ex; {absent}; {mount}; {check}; {release}; {absent}; \
             mount --bind {other} {place}; {absent}; {release}; findmnt --mountpoint {place}",
            mount = quoted(&commands[0])
        );
        let unshare = |script: &str| {
            let mut command = std::process::Command::new("unshare");
            command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).output().unwrap()
        };
        if !unshare("true").status.success() {
            assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "user namespaces must be had");
            return println!("skipped: there are no user namespaces for us");
        }
        let ended = unshare(&script);
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
}
