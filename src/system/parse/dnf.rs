//! `*.repo` of yum, dnf and zypper, dnf's module streams, and pacman's configuration.

use crate::system::model::packages::{Package, Repository};
use crate::system::parse::{dpkg, text};

/// Reads a `.repo` file.
pub fn parse_repo(file: &str, path: &str) -> Vec<Repository> {
    let mut found = Vec::new();
    for (id, settings) in text::ini(file) {
        if id == "main" {
            continue;
        }
        let get = |key: &str| text::setting(&settings, key);
        let list = |key: &str| -> Vec<String> {
            get(key).unwrap_or("").split([',', '\n', ' ']).filter_map(text::some).collect()
        };
        let urls = ["baseurl", "metalink", "mirrorlist"].iter().flat_map(|key| list(key));
        let known =
            ["name", "enabled", "gpgcheck", "repo_gpgcheck", "gpgkey", "baseurl", "metalink", "mirrorlist"];
        let secret = ["password", "username", "sslclientkey", "proxy_password", "proxy_username"];
        let options = settings.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        let options = options.filter(|(key, _)| !secret.contains(&key.as_str())).cloned().collect();
        found.push(Repository {
            file: path.to_owned(),
            kind: "rpm".to_owned(),
            name: get("name").map(str::to_owned),
            is_enabled: get("enabled").is_none_or(text::is_yes),
            urls: urls.map(|url| text::without_credentials(&url)).collect(),
            signed_by: list("gpgkey"),
            is_verified: ["gpgcheck", "repo_gpgcheck"].iter().any(|key| get(key).is_some_and(text::is_yes)),
            options,
            id,
            ..Repository::default()
        });
    }
    found
}

/// Reads a file of `/etc/dnf/modules.d`: enabled streams, as `name:stream`.
pub fn parse_module(file: &str) -> Vec<String> {
    let mut streams = Vec::new();
    for (name, settings) in text::ini(file) {
        let get = |key: &str| text::setting(&settings, key).unwrap_or("");
        if get("state") == "enabled" {
            streams.push(format!("{name}:{}", get("stream")));
        }
    }
    streams
}

/// Reads pacman's `pacman.conf`.
pub fn parse_pacman(file: &str, path: &str) -> Vec<Repository> {
    let mut found = Vec::new();
    let mut level = String::new();
    for (id, settings) in text::ini(file) {
        let own = text::setting(&settings, "SigLevel").map(str::to_owned);
        if id == "options" {
            level = own.unwrap_or_default();
            continue;
        }
        let urls = settings.iter().filter(|(key, _)| key == "Server" || key == "Include");
        found.push(Repository {
            file: path.to_owned(),
            kind: "pacman".to_owned(),
            is_enabled: true,
            urls: urls.map(|(_, value)| text::without_credentials(value)).collect(),
            is_verified: !own.as_deref().unwrap_or(&level).contains("Never"),
            id,
            ..Repository::default()
        });
    }
    found
}

/// Reads the `desc` of a package in pacman's local database.
pub fn parse_desc(file: &str) -> Option<Package> {
    let field = |name: &str| {
        let mut lines = file.lines().skip_while(|line| line.trim() != name);
        lines.nth(1).and_then(text::some)
    };
    Some(Package {
        name: field("%NAME%")?,
        version: field("%VERSION%")?,
        architecture: field("%ARCH%").unwrap_or_default(),
        // 1 is written for what another package needs.
        is_manual: Some(field("%REASON%").as_deref() != Some("1")),
        origin: field("%PACKAGER%"),
        ..Package::default()
    })
}

/// Reads `pacman.conf`'s `IgnorePkg` and marks what it keeps.
pub fn hold(packages: &mut [Package], file: &str) {
    let sections = text::ini(file);
    let options = sections.iter().filter(|(id, _)| id == "options").flat_map(|(_, settings)| settings);
    let ignored: Vec<&str> = options
        .filter(|(key, _)| key == "IgnorePkg")
        .flat_map(|(_, value)| value.split_whitespace())
        .collect();
    for package in packages.iter_mut() {
        package.is_held = ignored.contains(&package.name.as_str());
    }
    dpkg::sort(packages);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repo_files_are_read_without_their_secrets() {
        let file = "[fedora]\nname=Fedora $releasever\nmetalink=https://m/?a=b&c\nenabled=1\ngpgcheck=1\n\
            gpgkey=file:///etc/a\n       file:///etc/b\nskip_if_unavailable=False\n[own]\n\
            baseurl=https://u:p@h/\n\
            password=hush\nenabled=0\n";
        let found = parse_repo(file, "/etc/yum.repos.d/f.repo");
        assert_eq!((found[0].signed_by.len(), found[0].urls[0].as_str()), (2, "https://m/?a=b&c"));
        assert_eq!(found[0].options["skip_if_unavailable"], "False");
        assert!(!found[1].is_enabled && !found[1].is_verified && found[1].urls[0] == "https://h/");
        assert!(!format!("{found:?}").contains("hush"));
        assert_eq!(
            parse_module("[nodejs]\nname=nodejs\nstream=18\nstate=enabled\n[x]\nstate=\n"),
            ["nodejs:18"]
        );
    }

    #[test]
    fn pacman_is_read_from_its_files() {
        let conf = "[options]\nSigLevel = Required DatabaseOptional\nIgnorePkg = linux vim\n[core]\n\
            Include = /etc/pacman.d/mirrorlist\n[own]\nSigLevel = Never\nServer = https://h/$repo\n";
        let found = parse_pacman(conf, "/etc/pacman.conf");
        assert_eq!((found.len(), found[0].is_verified, found[1].is_verified), (2, true, false));
        let mut packages =
            vec![parse_desc("%NAME%\nvim\n\n%VERSION%\n9.1-1\n\n%ARCH%\nx86_64\n\n%REASON%\n1\n").unwrap()];
        hold(&mut packages, conf);
        assert!(packages[0].is_held && packages[0].is_manual == Some(false));
        assert_eq!(parse_desc("%NAME%\n"), None);
    }
}
