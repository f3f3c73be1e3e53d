//! How much a difference matters, and what it means when the first state is restored: one table.

use crate::system::diff::keys::is_below;
use crate::system::diff::{ChangeKind, Severity};

use Severity::{Critical, Info, Major, Minor};

/// A rule: for paths at or below the first, and (where given) one kind of change alone.
type Rule = (&'static str, Option<ChangeKind>, Severity, &'static str);

const ADDED: Option<ChangeKind> = Some(ChangeKind::Added);
const REMOVED: Option<ChangeKind> = Some(ChangeKind::Removed);

/// The first rule that fits counts, so what is special stands before what is general.
const RULES: &[Rule] = &[
    // Storage.
    ("storage.devices.name", None, Info, "The kernel's name moved; devices are told apart by identity."),
    ("storage.devices.kind.state", None, Major, "The array was in another state; a rebuild makes it whole."),
    (
        "storage.devices.kind.members",
        None,
        Major,
        "The array has other members; a rebuild needs a device for each.",
    ),
    ("storage.devices.kind.by_path", None, Info, "It is plugged in elsewhere; it is the same disk."),
    ("storage.devices.kind.attributes", None, Minor, "Partition or volume attributes are set as captured."),
    (
        "storage.devices.kind.has_grub",
        None,
        Critical,
        "The boot loader is on other disks; a rebuild installs it as captured.",
    ),
    (
        "storage.devices.kind",
        None,
        Critical,
        "The device is another one or laid out differently: map it in the plan.",
    ),
    (
        "storage.devices.size_bytes",
        None,
        Critical,
        "The length differs: what was captured must fit on the target.",
    ),
    (
        "storage.devices.parents",
        None,
        Critical,
        "It is stacked differently; a rebuild makes the captured stack.",
    ),
    (
        "storage.devices.content.label",
        None,
        Minor,
        "A label differs; what mounts by label would not find it.",
    ),
    ("storage.devices.content.free_bytes", None, Info, "Free space of LVM comes and goes."),
    ("storage.devices.content.inodes", None, Minor, "mkfs is given the captured number of inodes."),
    (
        "storage.devices.content.size_bytes",
        None,
        Major,
        "The file system's length differs; its files must fit.",
    ),
    (
        "storage.devices.content.slots",
        None,
        Major,
        "Other passphrases or keys open the container than when it was captured.",
    ),
    (
        "storage.devices.content.tokens",
        None,
        Major,
        "What opens the container by itself (TPM, network) differs.",
    ),
    ("storage.devices.content.header_file", None, Info, "The header was kept in one of the captures only."),
    ("storage.devices.content.options", None, Minor, "mkfs is given the captured settings."),
    ("storage.devices.content.features", None, Minor, "mkfs is given the captured features."),
    (
        "storage.devices.content.subvolumes",
        None,
        Major,
        "Subvolumes are made as captured; mounts may name them.",
    ),
    (
        "storage.devices.content",
        None,
        Critical,
        "It holds something else: a rebuild writes what was captured, over what is there.",
    ),
    (
        "storage.devices",
        REMOVED,
        Critical,
        "The device is not there any more: a rebuild needs another in its place.",
    ),
    (
        "storage.devices",
        ADDED,
        Major,
        "The captured state does not know this device; a rebuild leaves it alone.",
    ),
    ("storage.volume_groups.free_bytes", None, Info, "Free space of LVM comes and goes."),
    ("storage.volume_groups", None, Critical, "The volume group is made as captured, with its volumes."),
    ("storage.mounts.propagation", None, Info, "Set at boot."),
    ("storage.mounts", None, Minor, "What is mounted follows from fstab and services after a restore."),
    (
        "storage.fstab",
        None,
        Critical,
        "fstab is restored as captured; entries without a device stop the boot.",
    ),
    (
        "storage.crypttab",
        None,
        Critical,
        "crypttab is restored as captured; what it names must exist to boot.",
    ),
    ("storage.swaps", None, Minor, "Swap follows from fstab after a restore."),
    // Boot.
    (
        "boot.firmware",
        None,
        Critical,
        "BIOS and UEFI need other boot loaders and partitions: the disk may not start.",
    ),
    ("boot.secure_boot", None, Major, "With secure boot only signed loaders and kernels start."),
    ("boot.efi.current", None, Info, "What was started last."),
    ("boot.efi.next", None, Minor, "What is started once at the next boot."),
    (
        "boot.efi",
        None,
        Major,
        "Boot entries live in the firmware, not on the disk; a rebuild makes them again.",
    ),
    ("boot.loaders.version", None, Minor, "The boot loader is installed again by the restored system."),
    ("boot.loaders", None, Critical, "The boot loader is installed as captured."),
    ("boot.running_kernel", None, Info, "What ran; the newest installed kernel starts."),
    (
        "boot.command_line",
        None,
        Minor,
        "The kernel is started with what the boot loader's configuration says.",
    ),
    ("boot.kernels", REMOVED, Major, "This kernel is not there any more; a restore brings it back."),
    ("boot.kernels", None, Minor, "Kernels are those that were captured."),
    ("boot", None, Major, "The machine starts as captured."),
    // Packages.
    (
        "packages.installed.version",
        None,
        Minor,
        "Another version; converging installs the captured one where it can still be had.",
    ),
    ("packages.installed.is_manual", None, Info, "A mark of what was asked for, restored as captured."),
    ("packages.installed.origin", None, Info, "It came from another repository."),
    ("packages.installed.is_held", None, Minor, "Held back at its version, or not any more."),
    ("packages.installed", REMOVED, Major, "The package is not there any more; a restore brings it back."),
    (
        "packages.installed",
        ADDED,
        Minor,
        "Not there when captured; a restore to bare metal does not have it.",
    ),
    ("packages.installed", None, Major, "The package is in another state."),
    (
        "packages.repositories",
        None,
        Major,
        "Packages come from elsewhere; converging needs the captured repositories.",
    ),
    ("packages.keys", None, Major, "Other keys sign packages; a restore brings the captured keyrings back."),
    ("packages", None, Major, "Packages of another kind cannot be converged."),
    // Services.
    ("services.units.is_active", None, Info, "What ran at that moment."),
    ("services.units.preset", None, Info, "The distribution's own default."),
    ("services.failed", None, Minor, "Services had failed on one side."),
    ("services.timers", None, Minor, "Timers follow from their unit files."),
    ("services.units", ADDED, Minor, "The captured state does not know this unit."),
    ("services.units", None, Major, "The unit is switched on, off or masked as captured."),
    ("services.local_files", None, Major, "Unit files of this machine are restored as captured."),
    ("services", None, Major, "Services start differently."),
    ("schedules", None, Major, "Scheduled work runs as captured after a restore."),
    // Accounts.
    (
        "accounts.users.uid",
        None,
        Critical,
        "Files belong to numbers: after a restore they would belong to someone else.",
    ),
    (
        "accounts.groups.gid",
        None,
        Critical,
        "Files belong to numbers: after a restore they would belong to another group.",
    ),
    ("accounts.users.gid", None, Major, "The first group differs."),
    (
        "accounts.users.ageing.changed_day",
        None,
        Info,
        "The password was changed; the captured one is restored.",
    ),
    ("accounts.users.password_hash", None, Major, "The password differs; the captured one is restored."),
    ("accounts.users.password", None, Major, "Whether a password opens the account differs."),
    ("accounts.users.ageing", None, Minor, "Password ageing differs."),
    ("accounts.users.gecos", None, Info, "A description."),
    (
        "accounts.users",
        ADDED,
        Major,
        "The user is newer than the captured state: a restore removes it with passwd.",
    ),
    ("accounts", None, Major, "Who may log in, and as what, is restored as captured."),
    // Settings.
    ("settings.modules.loaded", None, Info, "What was loaded at that moment."),
    ("settings.sysctl.running", None, Minor, "The kernel ran with another value than its files say."),
    ("settings.selinux", None, Major, "SELinux' mode is restored as captured; new labels may be needed."),
    ("settings.apparmor", None, Major, "Confinement of programs differs."),
    ("settings", None, Minor, "Set as captured after a restore."),
    // Network.
    ("network.interfaces.state", None, Info, "Up or down at that moment."),
    (
        "network.interfaces.mac",
        None,
        Major,
        "The hardware is another: names and leases that hang on it change.",
    ),
    (
        "network.interfaces.permanent_mac",
        None,
        Major,
        "The hardware is another: names and leases that hang on it change.",
    ),
    ("network.interfaces.addresses.is_dynamic", None, Minor, "Leased on one side, fixed on the other."),
    ("network.interfaces.addresses.scope", None, Info, "The kernel's view of the address."),
    ("network.interfaces.driver", None, Minor, "Another driver; the initial RAM disk may need it."),
    ("network.interfaces.bus", None, Minor, "Plugged in elsewhere: predictable names follow the place."),
    ("network.interfaces", None, Major, "The network must be reachable by the captured configuration."),
    ("network.firewall.managers", None, Major, "Another program manages the firewall."),
    ("network.firewall", None, Major, "The firewall lets through what it did when captured."),
    ("network.routes.protocol", None, Info, "Who made the route."),
    ("network.routes", None, Minor, "Routes follow from configuration and leases."),
    ("network.hosts", None, Minor, "Names of /etc/hosts are restored as captured."),
    ("network.dns", None, Minor, "Name resolution is restored as captured."),
    ("network", None, Major, "The network is set up as captured."),
    // Containers.
    ("containers.engines.containers.is_running", None, Minor, "Whether it ran at that moment."),
    (
        "containers.engines.containers.image_id",
        None,
        Minor,
        "Another build of the image; the captured digest can be pulled.",
    ),
    ("containers.engines.version", None, Info, "Another version of the engine."),
    (
        "containers.engines.images",
        None,
        Minor,
        "Images are pulled again by digest; those without one must be built again.",
    ),
    ("containers.engines.volumes", None, Major, "The volume's data must be among what is restored."),
    ("containers", None, Major, "Containers are made again as captured."),
    // Host.
    (
        "host.machine_id",
        None,
        Major,
        "Journals, leases and licences hang on the machine id; the captured one is restored.",
    ),
    ("host.name", None, Major, "The machine is called as captured after a restore."),
    ("host.architecture", None, Critical, "Programs of one architecture do not run on another."),
    ("host.os.title", None, Info, "A title."),
    ("host.os", None, Major, "Another release of the operating system: converge needs the same."),
    ("host.hardware.memory_bytes", None, Minor, "Another amount of memory."),
    ("host.hardware", None, Minor, "Other hardware: drivers, names and licences may need a look."),
    ("host", None, Minor, "The machine is another."),
    // What is kept beside the document.
    (
        "files",
        None,
        Info,
        "A kept file or output differs; look at it with `lifeboat cat` or `lifeboat diff`.",
    ),
];

/// The severity and meaning of a change at a plain path.
pub fn judge(
    plain: &str,
    kind: ChangeKind,
    old: Option<&str>,
    new: Option<&str>,
) -> (Severity, &'static str) {
    // More room than was captured is none of harm.
    if plain == "storage.devices.size_bytes"
        && let (Some(Ok(old)), Some(Ok(new))) = (old.map(str::parse::<u64>), new.map(str::parse::<u64>))
        && new > old
    {
        return (Minor, "The device is longer than it was; what was captured fits.");
    }
    let fits = |rule: &&Rule| is_below(plain, rule.0) && rule.1.is_none_or(|wanted| wanted == kind);
    let rule = RULES.iter().find(fits);
    rule.map_or((Minor, "It is restored as captured."), |rule| (rule.2, rule.3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_hides_behind_one_that_stands_before_it() {
        for (index, rule) in RULES.iter().enumerate() {
            for before in &RULES[..index] {
                let hides = is_below(rule.0, before.0) && (before.1.is_none() || before.1 == rule.1);
                assert!(!hides, "{} can never be reached past {}", rule.0, before.0);
            }
        }
    }

    #[test]
    fn a_longer_disk_is_harmless_and_a_shorter_one_is_not() {
        let judged =
            |old, new| judge("storage.devices.size_bytes", ChangeKind::Changed, Some(old), Some(new)).0;
        assert_eq!((judged("10", "20"), judged("20", "10")), (Minor, Critical));
    }
}
