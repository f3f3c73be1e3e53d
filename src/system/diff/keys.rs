//! What names the items of each list, and what is not compared. Paths here are plain: `accounts.users.shell`.

use serde_json::Value;

/// Lists of the model, and the fields that name their items.
const LISTS: [(&str, &[&str]); 37] = [
    ("accounts.groups", &["name"]),
    ("accounts.sub_gids", &["owner", "start"]),
    ("accounts.sub_uids", &["owner", "start"]),
    ("accounts.users", &["name"]),
    ("boot.efi.entries", &["number"]),
    ("boot.kernels", &["release"]),
    ("boot.loaders", &["name", "platform"]),
    ("collectors", &["name"]),
    ("containers.engines", &["name"]),
    ("containers.engines.containers", &["name"]),
    ("containers.engines.containers.mounts", &["target"]),
    ("containers.engines.images", &["id"]),
    ("containers.engines.networks", &["name"]),
    ("containers.engines.volumes", &["name"]),
    ("files", &["path"]),
    ("network.hosts", &["address"]),
    ("network.interfaces", &["name"]),
    ("network.interfaces.addresses", &["address", "prefix"]),
    ("network.routes", &["family", "table", "destination", "gateway", "interface"]),
    ("network.rules", &["family", "priority"]),
    ("packages.installed", &["name", "architecture"]),
    ("packages.keys", &["path"]),
    ("packages.repositories", &["file", "id"]),
    ("schedules.crontabs", &["path"]),
    ("schedules.crontabs.entries", &["when", "user", "command"]),
    ("services.timers", &["name"]),
    ("services.units", &["name"]),
    ("settings.sysctl", &["key"]),
    ("storage.crypttab", &["name"]),
    ("storage.devices", &["key"]),
    ("storage.devices.content.slots", &["number"]),
    ("storage.devices.content.subvolumes", &["path"]),
    ("storage.devices.kind.members", &["device"]),
    ("storage.fstab", &["target", "source"]),
    ("storage.mounts", &["target"]),
    ("storage.swaps", &["name"]),
    ("storage.volume_groups", &["name"]),
];

/// Maps whose keys are names of the machine's, not of the model.
const MAPS: [&str; 11] = [
    "containers.engines.containers.environment",
    "containers.engines.containers.labels",
    "containers.engines.networks.options",
    "containers.engines.volumes.labels",
    "containers.engines.volumes.options",
    "network.interfaces.settings",
    "network.rules.fields",
    "packages.repositories.options",
    "settings.modules.options",
    "storage.devices.content.options",
    "storage.devices.content.profiles",
];

/// Lists of names whose order says nothing: each name is an item.
const SETS: [&str; 9] = [
    "network.configuration",
    "packages.foreign_architectures",
    "packages.module_streams",
    "schedules.scripts",
    "services.failed",
    "services.local_files",
    "settings.modules.blacklisted",
    "settings.modules.loaded",
    "storage.devices.content.features",
];

/// What is not compared, and why.
const IGNORED: [(&str, &str); 16] = [
    ("schema", "both are of the one that is read"),
    ("captured", "when it was looked, not what was seen"),
    ("tool", "who looked"),
    ("root", "said on its own, where it matters"),
    ("collectors", "how the looking went; failures are said on their own"),
    ("files.source", "names the file again"),
    ("files.size_bytes", "the hash tells"),
    ("files.is_cut", "the hash tells"),
    ("files.is_secret", "what lifeboat thinks of it"),
    ("storage.devices.content.used_bytes", "changes all the time"),
    ("storage.devices.content.used_inodes", "changes all the time"),
    ("storage.devices.content.dump", "a text of what is compared field by field, with kernel names in it"),
    ("storage.volume_groups.backup", "a text with times in it; its volumes are compared"),
    ("network.firewall.nft", "a text with counters; its rules are compared"),
    ("packages.keys.file", "where its copy is kept"),
    ("containers.engines.containers.id", "new each time it is made"),
];

/// What only a running system tells: not compared with a directory that holds one.
const RUNNING: [&str; 28] = [
    "boot.command_line",
    "boot.efi",
    "boot.firmware",
    "boot.firmware_bits",
    "boot.loaders.disks",
    "boot.running_kernel",
    "boot.secure_boot",
    "containers",
    "files",
    "host.architecture",
    "host.hardware",
    "host.virtualization",
    "network.firewall.ip6tables",
    "network.firewall.iptables",
    "network.firewall.rules",
    "network.interfaces",
    "network.routes",
    "network.rules",
    "services.failed",
    "services.timers",
    "services.units.is_active",
    "settings.apparmor",
    "settings.modules.loaded",
    "settings.selinux.running",
    "settings.sysctl.running",
    "storage.devices",
    "storage.mounts",
    "storage.swaps",
];

/// The plain path: `accounts.users[root].shell` without what stands in brackets. Keys may hold brackets.
pub fn plain(path: &str) -> String {
    let mut depth = 0usize;
    let mut plain = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// Whether `path` is `stem` or lies below it.
pub fn is_below(path: &str, stem: &str) -> bool {
    path.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What names an item of the list `plain`; none for a list that is not known.
pub fn key(plain: &str, item: &Value) -> Option<String> {
    let (_, fields) = LISTS.iter().find(|(list, _)| *list == plain)?;
    let texts = fields.iter().filter_map(|field| match item.get(field)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    // A key is shown; brackets in it would end it too early.
    let separator = if *fields == ["address", "prefix"] { "/" } else { " " };
    let key = texts.collect::<Vec<_>>().join(separator);
    Some(key.replace(['[', ']'], "_"))
}

/// Whether the keys of the object at `plain` are the machine's own names.
pub fn is_map(plain: &str) -> bool {
    MAPS.contains(&plain) || matches!(plain, "settings.locale" | "settings.keyboard")
}

/// Whether the list at `plain` is one of names whose order says nothing.
pub fn is_set(plain: &str) -> bool {
    SETS.contains(&plain)
}

/// Whether what stands at `plain` must not be shown.
pub fn is_sensitive(plain: &str) -> bool {
    plain.ends_with(".password_hash") || plain == "containers.engines.containers.environment"
}

/// Whether a difference at `plain` is none.
pub fn is_ignored(plain: &str) -> bool {
    IGNORED.iter().any(|(stem, _)| is_below(plain, stem))
}

/// Whether `plain` can only be told of a running system.
pub fn needs_running_system(plain: &str) -> bool {
    RUNNING.iter().any(|stem| is_below(plain, stem))
}

/// A value without what changes by itself: counters and dates of iptables-save.
pub fn normal(plain: &str, value: &Value) -> Value {
    let text = match (plain, value) {
        ("network.firewall.iptables" | "network.firewall.ip6tables", Value::String(text)) => text,
        _ => return value.clone(),
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| match (line.starts_with(':'), line.rfind(" [")) {
        (true, Some(at)) => &line[..at],
        _ => line,
    });
    Value::String(lines.collect::<Vec<_>>().join("\n"))
}
