//! Packages, services, schedules, accounts and containers.

use crate::cli::system_report::{or_empty, pairs, rows, yes};
use crate::system::model::SystemState;
use crate::system::model::accounts::Password;
use crate::system::model::packages::{PackageManager, PackageStatus};
use crate::ui::report::Report;

/// Packages, repositories, keys.
pub fn packages(state: &SystemState, report: &mut Report) {
    let packages = &state.packages;
    let manager = match packages.manager {
        PackageManager::Dpkg => "dpkg",
        PackageManager::Rpm => "rpm",
        PackageManager::Pacman => "pacman",
        PackageManager::Unknown => "unknown",
    };
    let manual = packages.installed.iter().filter(|one| one.is_manual == Some(true)).count();
    report.add(
        "Packages",
        pairs(vec![
            ("manager", manager.to_owned()),
            ("front end", or_empty(&packages.front_end)),
            ("architecture", or_empty(&packages.architecture)),
            ("further architectures", packages.foreign_architectures.join(", ")),
            ("installed", format!("{}, {manual} of them asked for", packages.installed.len())),
            ("module streams", packages.module_streams.join(", ")),
        ]),
    );
    let repositories = packages.repositories.iter().map(|one| {
        let what = one.suites.iter().chain(&one.components).cloned().collect::<Vec<_>>().join(" ");
        let what = if what.is_empty() { one.id.clone() } else { what };
        let state = if one.is_enabled { "on" } else { "off" };
        let verified = if one.is_verified { "yes" } else { "NO" };
        vec![
            one.kind.clone(),
            state.to_owned(),
            one.urls.join(" "),
            what,
            verified.to_owned(),
            one.file.clone(),
        ]
    });
    let titles = ["KIND", "STATE", "ADDRESS", "WHAT", "VERIFIED", "FILE"];
    rows(report, "Repositories", &titles, repositories.collect());
    let keys = packages.keys.iter().map(|one| vec![one.path.clone()]);
    rows(report, "Keys", &["FILE"], keys.collect());
    let installed = packages.installed.iter().map(|one| {
        let status = match one.status {
            PackageStatus::Installed => "",
            PackageStatus::ConfigFiles => "configuration left",
            PackageStatus::Broken => "broken",
        };
        let asked = yes(one.is_manual == Some(true));
        let held = yes(one.is_held);
        vec![one.name.clone(), one.version.clone(), one.architecture.clone(), asked, held, status.to_owned()]
    });
    let titles = ["PACKAGE", "VERSION", "ARCHITECTURE", "ASKED FOR", "HELD", "STATE"];
    rows(report, "Installed packages", &titles, installed.collect());
}

/// Units and timers; of units, those that somebody or something switched.
pub fn services(state: &SystemState, report: &mut Report) {
    let services = &state.services;
    report.add(
        "Services",
        pairs(vec![
            ("manager", or_empty(&services.manager)),
            ("boots to", or_empty(&services.default_target)),
            ("failed", services.failed.join(", ")),
            ("local files", services.local_files.join(", ")),
        ]),
    );
    let is_switched =
        |state: &str| state.starts_with("enabled") || state.starts_with("masked") || state == "linked";
    let units = services.units.iter().filter(|unit| {
        is_switched(&unit.state) || unit.preset.as_deref() == Some("enabled") && unit.state == "disabled"
    });
    let units = units.map(|unit| {
        let active = unit.is_active.map(|on| if on { "active" } else { "inactive" }.to_owned());
        vec![unit.name.clone(), unit.state.clone(), or_empty(&unit.preset), active.unwrap_or_default()]
    });
    rows(report, "Units switched on, off or masked", &["UNIT", "STATE", "PRESET", "RAN"], units.collect());
    let timers =
        services.timers.iter().map(|one| vec![one.name.clone(), one.activates.clone(), yes(one.is_enabled)]);
    rows(report, "Timers", &["TIMER", "STARTS", "ENABLED"], timers.collect());
}

/// Crontabs.
pub fn schedules(state: &SystemState, report: &mut Report) {
    let entries = state.schedules.crontabs.iter().flat_map(|table| {
        let row = |one: &crate::system::model::services::CronEntry| {
            vec![one.when.clone(), one.user.clone(), one.command.clone(), table.path.clone()]
        };
        table.entries.iter().map(row)
    });
    rows(report, "Crontabs", &["WHEN", "USER", "COMMAND", "FILE"], entries.collect());
    let scripts = state.schedules.scripts.iter().map(|path| vec![path.clone()]);
    rows(report, "Periodic scripts", &["SCRIPT"], scripts.collect());
}

/// Users and groups.
pub fn accounts(state: &SystemState, report: &mut Report) {
    let users = state.accounts.users.iter().map(|user| {
        let password = match user.password {
            Password::Unknown => "not read",
            Password::None => "none",
            Password::Locked => "locked",
            Password::Set => "set",
            Password::Empty => "EMPTY",
        };
        vec![
            user.name.clone(),
            user.uid.to_string(),
            user.gid.to_string(),
            password.to_owned(),
            user.home.clone(),
            user.shell.clone(),
            user.gecos.clone(),
        ]
    });
    rows(report, "Users", &["USER", "UID", "GID", "PASSWORD", "HOME", "SHELL", "NAME"], users.collect());
    let groups = state.accounts.groups.iter();
    let groups =
        groups.map(|group| vec![group.name.clone(), group.gid.to_string(), group.members.join(", ")]);
    rows(report, "Groups", &["GROUP", "GID", "MEMBERS"], groups.collect());
}

/// Containers, images, volumes.
pub fn containers(state: &SystemState, report: &mut Report) {
    for engine in &state.containers.engines {
        let heading = |what: &str| format!("{what} of {} {}", engine.name, or_empty(&engine.version));
        let containers = engine.containers.iter().map(|one| {
            let image = engine.images.iter().find(|image| image.id == one.image_id);
            let digest = image
                .and_then(|image| image.digests.first().cloned())
                .unwrap_or_else(|| one.image_id.clone());
            let mounts = one.mounts.iter().map(|mount| format!("{}:{}", mount.source, mount.target));
            let mounts = mounts.collect::<Vec<_>>().join(", ");
            let state = if one.is_running { "running" } else { "stopped" };
            vec![
                one.name.clone(),
                state.to_owned(),
                one.image.clone(),
                one.restart.clone(),
                one.ports.join(", "),
                mounts,
                digest,
            ]
        });
        let titles = ["NAME", "STATE", "IMAGE", "RESTART", "PORTS", "MOUNTS", "DIGEST"];
        rows(report, &heading("Containers"), &titles, containers.collect());
        let volumes =
            engine.volumes.iter().map(|one| vec![one.name.clone(), one.driver.clone(), one.path.clone()]);
        rows(report, &heading("Volumes"), &["VOLUME", "DRIVER", "PATH"], volumes.collect());
    }
}
