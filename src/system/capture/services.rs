//! Collects units and timers, by systemd itself or by the links that switch them on.

use std::collections::BTreeMap;

use crate::system::capture::probe::Probe;
use crate::system::model::services::{Services, Unit};
use crate::system::parse::systemd;

/// Looks.
pub fn collect(probe: &mut Probe) -> Services {
    let manager = manager(probe);
    let mut services = match manager {
        Some("systemd") => systemd(probe),
        Some("openrc") => openrc(probe),
        Some(_) => sysv(probe),
        None => return Services::default(),
    };
    services.manager = manager.map(str::to_owned);
    services
}

fn manager(probe: &Probe) -> Option<&'static str> {
    let signs = [
        ("systemd", ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"]),
        ("openrc", ["/sbin/openrc", "/usr/sbin/openrc"]),
        ("sysvinit", ["/etc/inittab", "/etc/rc2.d"]),
    ];
    signs.into_iter().find(|(_, paths)| paths.iter().any(|path| probe.exists(path))).map(|(name, _)| name)
}

fn systemd(probe: &mut Probe) -> Services {
    let mut services = Services::default();
    let root = format!("--root={}", probe.root());
    let list = ["list-unit-files", "--no-pager", "-o", "json"];
    let from_files: Vec<&str> = [root.as_str()].into_iter().chain(list).collect();
    // A systemd that is too busy to answer is not needed: the files say the same.
    let ways = [Some(list.to_vec()).filter(|_| probe.is_live()), Some(from_files)];
    for arguments in ways.into_iter().flatten() {
        let output = probe.run("unit-files.json", "systemctl", &arguments);
        services.units = output.map(|output| systemd::parse_unit_files(&output)).unwrap_or_default();
        if !services.units.is_empty() {
            break;
        }
    }
    if services.units.is_empty() {
        services.units = linked_units(probe);
    }
    let target = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
    let target = target.iter().find_map(|place| probe.link(&format!("{place}/default.target")));
    services.default_target = target.and_then(|path| path.rsplit('/').next().map(str::to_owned));
    // Without a running systemd there is nobody to ask.
    if probe.is_live() && probe.is_dir("/run/systemd/system") {
        read_running(probe, &mut services);
    }
    for directory in ["/etc/systemd/system", "/etc/systemd/user"] {
        services.local_files.extend(probe.keep_tree(directory, false));
    }
    for (path, _) in probe.files("/etc/systemd", |name| name.ends_with(".conf")) {
        services.local_files.push(path);
    }
    services.local_files.sort_unstable();
    services
}

fn read_running(probe: &mut Probe, services: &mut Services) {
    let all = ["list-units", "--all", "--no-pager", "--plain", "-o", "json"];
    let states = probe.run("units.json", "systemctl", &all).map(|output| systemd::parse_units(&output));
    if let Some(states) = states {
        for unit in &mut services.units {
            unit.is_active = Some(states.get(&unit.name).is_some_and(|state| state == "active"));
        }
        let failed = states.iter().filter(|(_, state)| *state == "failed");
        services.failed = failed.map(|(name, _)| name.clone()).collect();
    }
    let all = ["list-timers", "--all", "--no-pager", "-o", "json"];
    let timers = probe.run("timers.json", "systemctl", &all);
    services.timers = timers.map(|output| systemd::parse_timers(&output)).unwrap_or_default();
    for timer in &mut services.timers {
        let unit = services.units.iter().find(|unit| unit.name == timer.name);
        timer.is_enabled = unit.is_some_and(|unit| unit.state == "enabled");
    }
}

/// What the links below `/etc/systemd/system` say, where there is no systemctl to ask.
fn linked_units(probe: &mut Probe) -> Vec<Unit> {
    const DIRECTORY: &str = "/etc/systemd/system";
    let mut found: BTreeMap<String, Unit> = BTreeMap::new();
    for name in probe.list(DIRECTORY) {
        let path = format!("{DIRECTORY}/{name}");
        if probe.link(&path).as_deref() == Some("/dev/null") {
            let unit = Unit { name: name.clone(), state: "masked".to_owned(), ..Unit::default() };
            found.insert(name, unit);
        } else if name.ends_with(".wants") || name.ends_with(".requires") {
            for name in probe.list(&path) {
                let unit = Unit { name: name.clone(), state: "enabled".to_owned(), ..Unit::default() };
                found.entry(name).or_insert(unit);
            }
        }
    }
    found.into_values().collect()
}

fn openrc(probe: &mut Probe) -> Services {
    let mut services = Services { default_target: Some("default".to_owned()), ..Services::default() };
    for level in probe.list("/etc/runlevels") {
        for name in probe.list(&format!("/etc/runlevels/{level}")) {
            services.units.push(Unit { name, state: format!("enabled in {level}"), ..Unit::default() });
        }
    }
    services.units.sort_by(|left, right| left.name.cmp(&right.name));
    services.local_files = probe.keep_tree("/etc/conf.d", false);
    services
}

/// `S20ssh` in the directory of the usual run level means that `ssh` is started.
fn sysv(probe: &mut Probe) -> Services {
    let directories = ["/etc/rc5.d", "/etc/rc3.d", "/etc/rc2.d", "/etc/rc.d/rc3.d"];
    let Some(directory) = directories.into_iter().find(|path| probe.is_dir(path)) else {
        return Services::default();
    };
    let started = |name: String| {
        let rest = name.strip_prefix('S')?;
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
        (unit.len() < rest.len()).then(|| Unit { name: unit, state: "enabled".to_owned(), ..Unit::default() })
    };
    let mut units: Vec<Unit> = probe.list(directory).into_iter().filter_map(started).collect();
    units.sort_by(|left, right| left.name.cmp(&right.name));
    probe.file("/etc/inittab");
    Services { units, ..Services::default() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::base::monitor::Interrupt;
    use crate::system::capture::fixture::Scripted;
    use crate::system::capture::machine::{Answer, Call};

    #[test]
    fn units_are_read_from_their_files_where_systemd_does_not_answer() {
        let mut machine = Scripted::default().holds("/usr/lib/systemd/systemd", b"");
        let answer = |call: &Call, _: Duration| {
            let is_offline = call.arguments.iter().any(|argument| argument == "--root=/");
            let units = r#"[{"unit_file":"a.service","state":"enabled","preset":"enabled"}]"#;
            Answer::Ran {
                output: if is_offline { units.into() } else { Vec::new() },
                is_cut: false,
                status: Some(if is_offline { 0 } else { 1 }),
                is_timed_out: false,
                report: "exited with status 1: Connection timed out".into(),
            }
        };
        machine.programs.insert("systemctl", Box::new(answer));
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut probe = Probe::new(Arc::new(machine), Interrupt::default(), deadline);
        let units = collect(&mut probe).units;
        assert_eq!(units.len(), 1);
        assert_eq!((units[0].name.as_str(), units[0].state.as_str()), ("a.service", "enabled"));
        assert!(probe.warnings[0].contains("Connection timed out"), "{:?}", probe.warnings);
    }
}
