//! Collects installed software and where it comes from: dpkg and apt, rpm with dnf or zypper, pacman.

use crate::system::capture::probe::{Probe, kept_path};
use crate::system::model::packages::{Package, PackageManager, Packages, RepositoryKey};
use crate::system::parse::{apt, dnf, dpkg, rpm, text};

/// Looks.
pub fn collect(probe: &mut Probe) -> Packages {
    let mut packages = if probe.exists("/var/lib/dpkg/status") {
        debian(probe)
    } else if ["/var/lib/rpm", "/usr/lib/sysimage/rpm"].iter().any(|path| probe.is_dir(path)) {
        redhat(probe)
    } else if probe.is_dir("/var/lib/pacman/local") {
        arch(probe)
    } else {
        Packages::default()
    };
    let front_ends = ["apt", "dnf", "zypper", "yum", "pacman"];
    let front_end = front_ends.into_iter().find(|name| probe.exists(&format!("/usr/bin/{name}")));
    packages.front_end = front_end.filter(|_| packages.manager != PackageManager::Unknown).map(str::to_owned);
    packages.keys.sort_by(|left, right| left.path.cmp(&right.path));
    packages.keys.dedup_by(|left, right| left.path == right.path);
    packages
}

fn debian(probe: &mut Probe) -> Packages {
    let directory = format!("--admindir={}/var/lib/dpkg", probe.root().trim_end_matches('/'));
    let format = format!("-f={}", dpkg::FORMAT);
    let mut installed = match probe.run("dpkg-query.txt", "dpkg-query", &[&directory, "-W", &format]) {
        Some(output) => dpkg::parse(&output),
        None => probe.file("/var/lib/dpkg/status").map(|file| dpkg::parse_status(&file)).unwrap_or_default(),
    };
    if installed.is_empty() {
        probe.warn("no package could be read from dpkg's database");
    }
    // Without it (no apt ever ran), all that is installed was asked for.
    let states = probe.file("/var/lib/apt/extended_states").unwrap_or_default();
    dpkg::mark(&mut installed, &states);
    let architectures = probe.file("/var/lib/dpkg/arch").unwrap_or_default();
    let mut architectures = text::lines(&architectures, "#").map(str::to_owned);
    let own = installed.iter().find(|package| package.name == "dpkg" || package.name == "libc6");
    let architecture = architectures.next().or_else(|| own.map(|package| package.architecture.clone()));
    let mut packages = Packages {
        manager: PackageManager::Dpkg,
        architecture,
        foreign_architectures: architectures.collect(),
        installed,
        ..Packages::default()
    };
    if let Some(file) = probe.file("/etc/apt/sources.list") {
        packages.repositories.extend(apt::parse_list(&file, "/etc/apt/sources.list"));
    }
    let is_source = |name: &str| name.ends_with(".list") || name.ends_with(".sources");
    for (path, file) in probe.files("/etc/apt/sources.list.d", is_source) {
        packages.repositories.extend(match path.ends_with(".list") {
            true => apt::parse_list(&file, &path),
            false => apt::parse_sources(&file, &path),
        });
    }
    for directory in ["/etc/apt/preferences.d", "/etc/apt/apt.conf.d"] {
        probe.keep_tree(directory, false);
    }
    for file in ["/etc/apt/preferences", "/etc/apt/apt.conf"] {
        probe.file(file);
    }
    // Both hold passwords of repositories.
    probe.secret("/etc/apt/auth.conf");
    probe.keep_tree("/etc/apt/auth.conf.d", true);
    let directories = ["/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/usr/share/keyrings"];
    keep_keys(probe, &directories, &["/etc/apt/trusted.gpg"], &mut packages);
    packages
}

fn redhat(probe: &mut Probe) -> Packages {
    let root = probe.root();
    let rooted: &[&str] = if root == "/" { &[] } else { &["--root", &root] };
    let arguments: Vec<&str> = rooted.iter().copied().chain(["-qa", "--qf", rpm::FORMAT]).collect();
    let output = probe.run("rpm.txt", "rpm", &arguments);
    if output.is_none() {
        probe.warn("rpm's database is there, but `rpm` did not print it");
    }
    let (mut installed, keys) = rpm::parse(&output.unwrap_or_default());
    if let Some(list) = asked_for(probe, &root) {
        rpm::mark(&mut installed, &list);
    } else if let Some(automatic) = probe.file("/var/lib/zypp/AutoInstalled") {
        let names: Vec<&str> = text::lines(&automatic, "#").collect();
        installed.iter_mut().for_each(|one| one.is_manual = Some(!names.contains(&one.name.as_str())));
    }
    let locks = [
        "/etc/dnf/versionlock.toml",
        "/etc/dnf/plugins/versionlock.list",
        "/etc/yum/pluginconf.d/versionlock.list",
        "/etc/zypp/locks",
    ];
    if let Some(file) = locks.into_iter().find_map(|path| probe.file(path)) {
        rpm::hold(&mut installed, &file);
    }
    let own = installed.iter().find(|package| package.name == "rpm" || package.name == "glibc");
    let mut packages = Packages {
        manager: PackageManager::Rpm,
        architecture: own.map(|package| package.architecture.clone()),
        installed,
        ..Packages::default()
    };
    for directory in ["/etc/yum.repos.d", "/etc/zypp/repos.d"] {
        for (path, file) in probe.files(directory, |name| name.ends_with(".repo")) {
            packages.repositories.extend(dnf::parse_repo(&file, &path));
        }
    }
    for (_, file) in probe.files("/etc/dnf/modules.d", |name| name.ends_with(".module")) {
        packages.module_streams.extend(dnf::parse_module(&file));
    }
    for file in ["/etc/dnf/dnf.conf", "/etc/yum.conf", "/etc/zypp/zypp.conf"] {
        probe.file(file);
    }
    let key = |name: String| RepositoryKey { path: format!("rpm {name}"), ..RepositoryKey::default() };
    packages.keys = keys.into_iter().map(key).collect();
    keep_keys(probe, &["/etc/pki/rpm-gpg"], &[], &mut packages);
    packages
}

/// What people asked dnf for; without repositories, so that it asks no server.
fn asked_for(probe: &mut Probe, root: &str) -> Option<String> {
    let mut arguments = vec!["-q", "-C", "--disablerepo=*"];
    if root != "/" {
        arguments.extend(["--installroot", root]);
    }
    arguments.extend(["repoquery", "--userinstalled", "--qf", "%{name}.%{arch}\n"]);
    probe.run("dnf-userinstalled.txt", "dnf", &arguments)
}

fn arch(probe: &mut Probe) -> Packages {
    const DATABASE: &str = "/var/lib/pacman/local";
    let mut installed: Vec<Package> = Vec::new();
    for name in probe.list(DATABASE) {
        let description = probe.peek(&format!("{DATABASE}/{name}/desc"));
        installed.extend(description.as_deref().and_then(dnf::parse_desc));
    }
    let conf = probe.file("/etc/pacman.conf").unwrap_or_default();
    dnf::hold(&mut installed, &conf);
    probe.keep_tree("/etc/pacman.d", false);
    let own = installed.iter().find(|package| package.name == "pacman");
    Packages {
        manager: PackageManager::Pacman,
        architecture: own.map(|package| package.architecture.clone()),
        installed,
        repositories: dnf::parse_pacman(&conf, "/etc/pacman.conf"),
        ..Packages::default()
    }
}

/// Keeps keyrings: each file of `directories`, and `files`.
fn keep_keys(probe: &mut Probe, directories: &[&str], files: &[&str], packages: &mut Packages) {
    let mut paths: Vec<String> = directories.iter().flat_map(|place| probe.keep_tree(place, false)).collect();
    for file in files {
        if probe.file(file).is_some() {
            paths.push((*file).to_owned());
        }
    }
    for path in paths {
        let kept = kept_path(&path);
        if let Some(file) = probe.kept.iter().find(|one| one.file.path == kept) {
            packages.keys.push(RepositoryKey { hash: file.file.hash.clone(), file: Some(kept), path });
        }
    }
}
