//! Collects what is set for the whole system: locale, time zone, kernel parameters and modules, access
//! control.

use std::collections::BTreeMap;

use crate::system::capture::probe::Probe;
use crate::system::model::settings::{Modules, SeLinux, Settings, Sysctl};
use crate::system::parse::{settings, text};

/// Where files of one kind are looked for; what stands in a later directory gives way to the same name
/// earlier.
const PLACES: [&str; 4] = ["/etc", "/run", "/usr/local/lib", "/usr/lib"];

/// Looks.
pub fn collect(probe: &mut Probe) -> Settings {
    let generated = probe.file("/etc/locale.gen").map(|file| settings::parse_locale_gen(&file));
    Settings {
        locale: assignments(probe, &["/etc/locale.conf", "/etc/default/locale"]),
        generated_locales: generated.unwrap_or_default(),
        keyboard: assignments(probe, &["/etc/vconsole.conf", "/etc/default/keyboard"]),
        time_zone: time_zone(probe),
        has_local_clock: probe
            .file("/etc/adjtime")
            .is_some_and(|file| file.lines().any(|line| line == "LOCAL")),
        sysctl: sysctl(probe),
        modules: modules(probe),
        selinux: selinux(probe),
        apparmor: probe.peek("/sys/module/apparmor/parameters/enabled").map(|state| state == "Y"),
    }
}

fn assignments(probe: &mut Probe, paths: &[&str]) -> BTreeMap<String, String> {
    let file = paths.iter().find_map(|path| probe.file(path));
    file.map(|file| text::assignments(&file).into_iter().collect()).unwrap_or_default()
}

fn time_zone(probe: &mut Probe) -> Option<String> {
    let link = probe.link("/etc/localtime").and_then(|link| settings::parse_time_zone(&link));
    link.or_else(|| probe.file("/etc/timezone").and_then(|file| text::some(&file)))
}

/// Files `*.conf` of `PLACE/NAME.d`, in the order in which they count.
fn drop_ins(probe: &mut Probe, name: &str) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, (String, String)> = BTreeMap::new();
    for place in PLACES {
        for (path, file) in probe.files(&format!("{place}/{name}"), |name| name.ends_with(".conf")) {
            let key = path.rsplit('/').next().unwrap_or_default().to_owned();
            found.entry(key).or_insert((path, file));
        }
    }
    found.into_values().collect()
}

fn sysctl(probe: &mut Probe) -> Vec<Sysctl> {
    let mut found = BTreeMap::new();
    for (path, file) in drop_ins(probe, "sysctl.d") {
        settings::read_sysctl(&file, &path, &mut found);
    }
    // Read last by every tool that reads it.
    if let Some(file) = probe.file("/etc/sysctl.conf") {
        settings::read_sysctl(&file, "/etc/sysctl.conf", &mut found);
    }
    if probe.is_live() {
        // It exits with 255 where one parameter of hundreds cannot be read.
        let output = probe.run_allowing("sysctl.txt", "sysctl", &["-a"], &[1, 255]).unwrap_or_default();
        let running = settings::parse_running(&output);
        for parameter in found.values_mut() {
            parameter.running = running.get(&parameter.key).cloned();
        }
    }
    found.into_values().collect()
}

fn modules(probe: &mut Probe) -> Modules {
    let mut modules = Modules::default();
    if let Some(file) = probe.file("/etc/modules") {
        settings::read_at_boot(&file, &mut modules);
    }
    for (_, file) in drop_ins(probe, "modules-load.d") {
        settings::read_at_boot(&file, &mut modules);
    }
    for (_, file) in drop_ins(probe, "modprobe.d") {
        settings::read_modprobe(&file, &mut modules);
    }
    if probe.is_live() {
        let loaded = probe.peek("/proc/modules");
        modules.loaded = loaded.map(|file| settings::parse_loaded(&file)).unwrap_or_default();
    }
    modules
}

fn selinux(probe: &mut Probe) -> Option<SeLinux> {
    let file = probe.file("/etc/selinux/config");
    let is_there = probe.is_live() && probe.is_dir("/sys/fs/selinux");
    if file.is_none() && !is_there {
        return None;
    }
    let get = |key: &str| file.as_deref().and_then(|file| text::assignment(file, key));
    let enforces = probe.peek("/sys/fs/selinux/enforce");
    let running = match (probe.is_live(), is_there, enforces.as_deref()) {
        (false, _, _) => None,
        (_, true, Some("1")) => Some("enforcing"),
        (_, true, Some(_)) => Some("permissive"),
        _ => Some("disabled"),
    };
    Some(SeLinux {
        running: running.map(str::to_owned),
        configured: get("SELINUX"),
        policy: get("SELINUXTYPE"),
        relabels_at_boot: probe.exists("/.autorelabel"),
    })
}
