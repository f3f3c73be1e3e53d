//! `dpkg-query -W` and apt's extended states: what is installed, held, and asked for.

use std::collections::BTreeSet;

use crate::system::model::packages::{Package, PackageStatus};
use crate::system::parse::text;

/// What `dpkg-query -W -f` is given: want, error, state, name, version, architecture.
pub const FORMAT: &str = "${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n";

/// Reads the output; a line is `ii \tname\tversion\tarchitecture`.
pub fn parse(output: &str) -> Vec<Package> {
    let package = |line: &str| {
        let words: Vec<&str> = line.split('\t').collect();
        let [status, name, version, architecture] = words.as_slice() else { return None };
        let mut letters = status.chars();
        let (want, state, error) = (letters.next()?, letters.next()?, letters.next());
        let status = match (state, error) {
            ('n', _) => return None,
            ('i', Some(' ') | None) => PackageStatus::Installed,
            ('c', Some(' ') | None) => PackageStatus::ConfigFiles,
            _ => PackageStatus::Broken,
        };
        Some(Package {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            architecture: (*architecture).to_owned(),
            status,
            is_held: want == 'h',
            ..Package::default()
        })
    };
    let mut packages: Vec<Package> = output.lines().filter_map(package).collect();
    sort(&mut packages);
    packages
}

/// Reads `/var/lib/dpkg/status` itself, where there is no dpkg to ask.
pub fn parse_status(file: &str) -> Vec<Package> {
    let stanza = |stanza: &str| {
        let field = |name: &str| {
            let line = stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            text::some(line)
        };
        let status = field("Status")?;
        let words: Vec<&str> = status.split_whitespace().collect();
        let [want, error, state] = words.as_slice() else { return None };
        let status = match (*state, *error) {
            ("not-installed", _) => return None,
            ("installed", "ok") => PackageStatus::Installed,
            ("config-files", "ok") => PackageStatus::ConfigFiles,
            _ => PackageStatus::Broken,
        };
        Some(Package {
            name: field("Package")?,
            version: field("Version").unwrap_or_default(),
            architecture: field("Architecture").unwrap_or_default(),
            status,
            is_held: *want == "hold",
            ..Package::default()
        })
    };
    let mut packages: Vec<Package> = file.split("\n\n").filter_map(stanza).collect();
    sort(&mut packages);
    packages
}

/// Marks packages by apt's `extended_states`: what is not said to be automatic was asked for.
pub fn mark(packages: &mut [Package], extended_states: &str) {
    let mut automatic = BTreeSet::new();
    for stanza in extended_states.split("\n\n") {
        let field = |name: &str| {
            stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
        };
        if let (Some(name), Some("1")) = (field("Package"), field("Auto-Installed")) {
            automatic.insert((name, field("Architecture").unwrap_or_default()));
        }
    }
    for package in packages {
        let (name, architecture) = (package.name.as_str(), package.architecture.as_str());
        // `all` packages stand there with the database's own architecture.
        let is_automatic = match architecture {
            "all" => automatic.range((name, "")..).next().is_some_and(|(found, _)| *found == name),
            _ => automatic.contains(&(name, architecture)),
        };
        package.is_manual = Some(!is_automatic);
    }
}

/// The model's order.
pub fn sort(packages: &mut [Package]) {
    packages.sort_by(|left, right| {
        let key =
            |package: &Package| (package.name.clone(), package.architecture.clone(), package.version.clone());
        key(left).cmp(&key(right))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: &str = "Package: libc6\nArchitecture: amd64\nAuto-Installed: 1\n\n\
        Package: adduser\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: vim\nArchitecture: amd64\n\
        Auto-Installed: 0\n";

    #[test]
    fn states_holds_and_marks_are_read() {
        let output = "ii \tlibc6\t2.36-9\tamd64\nhi \tvim\t2:9.0\tamd64\nrc \told\t1\tall\nun \tnone\t\t\n\
            iU \tbroken\t1\tall\nii \tadduser\t3\tall\nbad\n";
        let mut packages = parse(output);
        mark(&mut packages, STATES);
        let shown: Vec<(&str, PackageStatus, bool, Option<bool>)> =
            packages.iter().map(|one| (one.name.as_str(), one.status, one.is_held, one.is_manual)).collect();
        let expected = [
            ("adduser", PackageStatus::Installed, false, Some(false)),
            ("broken", PackageStatus::Broken, false, Some(true)),
            ("libc6", PackageStatus::Installed, false, Some(false)),
            ("old", PackageStatus::ConfigFiles, false, Some(true)),
            ("vim", PackageStatus::Installed, true, Some(true)),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_status_file_tells_the_same_as_dpkg_query() {
        let file = "Package: vim\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 2:9.0\n\
            Description: x\n Package: no\n\nPackage: old\nStatus: deinstall ok config-files\n\
            Architecture: all\nVersion: 1\n\nPackage: gone\nStatus: purge ok not-installed\n\ngarbage";
        assert_eq!(parse_status(file), parse("hi \tvim\t2:9.0\tamd64\nrc \told\t1\tall\n"));
    }
}
