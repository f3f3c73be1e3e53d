//! `rpm -qa --qf`, `dnf repoquery --userinstalled` and zypper's locks: what is installed, kept, and asked
//! for.

use std::collections::BTreeSet;

use crate::system::model::packages::{Package, PackageStatus};
use crate::system::parse::{dpkg, text};

/// What `rpm -qa --qf` is given: name, epoch, version, release, architecture, origin.
pub const FORMAT: &str = "%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{VENDOR}\n";

/// Reads the output; keys in rpm's database come second, as `gpg-pubkey` with their version.
pub fn parse(output: &str) -> (Vec<Package>, Vec<String>) {
    let mut keys = Vec::new();
    let mut packages = Vec::new();
    for line in output.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let [name, epoch, version, release, architecture, origin] = words.as_slice() else { continue };
        if *name == "gpg-pubkey" {
            keys.push(format!("gpg-pubkey-{version}-{release}"));
            continue;
        }
        let epoch = if matches!(*epoch, "0" | "(none)" | "") { String::new() } else { format!("{epoch}:") };
        packages.push(Package {
            name: (*name).to_owned(),
            version: format!("{epoch}{version}-{release}"),
            architecture: (*architecture).to_owned(),
            status: PackageStatus::Installed,
            origin: text::some(origin).filter(|origin| origin != "(none)"),
            ..Package::default()
        });
    }
    dpkg::sort(&mut packages);
    keys.sort_unstable();
    (packages, keys)
}

/// Marks packages by a list of names, or of `name.arch`, that were asked for.
pub fn mark(packages: &mut [Package], asked_for: &str) {
    let names: BTreeSet<&str> = text::lines(asked_for, "#").collect();
    if names.is_empty() {
        return;
    }
    for package in packages {
        let full = format!("{}.{}", package.name, package.architecture);
        package.is_manual = Some(names.contains(package.name.as_str()) || names.contains(full.as_str()));
    }
}

/// Marks packages that dnf's `versionlock.list` (or its TOML successor) or zypper's `locks` keeps.
pub fn hold(packages: &mut [Package], locks: &str) {
    let mut held = BTreeSet::new();
    for line in text::lines(locks, "#!") {
        // dnf 5: `name = "bash"`; zypper: `solvable_name: bash`; dnf 4: `bash-0:5.1.8-6.el9.*`.
        let named = line.strip_prefix("solvable_name:").or_else(|| {
            line.strip_prefix("name").map(str::trim_start).and_then(|rest| rest.strip_prefix('='))
        });
        match named {
            Some(name) => drop(held.insert(name.trim().trim_matches('"').to_owned())),
            None => drop(held.insert(locked_name(line).to_owned())),
        }
    }
    for package in packages {
        package.is_held = held.contains(&package.name);
    }
}

/// The name of `bash-0:5.1.8-6.el9.*`: what stands before version and release.
fn locked_name(line: &str) -> &str {
    let mut name = line;
    for _ in 0..2 {
        match name.rsplit_once('-') {
            Some((before, after)) if after.starts_with(|c: char| c.is_ascii_digit()) => name = before,
            _ => break,
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_keys_marks_and_locks_are_read() {
        let output = "bash\t0\t5.1.8\t6.el9\tx86_64\tRed Hat, Inc.\n\
            gpg-pubkey\t0\tfd431d51\t4ae0493b\t(none)\t(none)\n\
            kernel-core\t0\t5.14.0\t362.el9\tx86_64\tx\nkernel-core\t0\t5.14.0\t427.el9\tx86_64\tx\n\
            shadow-utils\t2\t4.9\t8.el9\tx86_64\t(none)\nbad\n";
        let (mut packages, keys) = parse(output);
        assert_eq!(keys, ["gpg-pubkey-fd431d51-4ae0493b"]);
        assert_eq!(packages.len(), 4);
        assert_eq!((packages[3].version.as_str(), packages[3].origin.as_deref()), ("2:4.9-8.el9", None));
        mark(&mut packages, "bash.x86_64\nkernel-core\n");
        assert_eq!(packages.iter().filter(|one| one.is_manual == Some(true)).count(), 3);
        hold(&mut packages, "# x\nbash-0:5.1.8-6.el9.*\nname = \"shadow-utils\"\n");
        let held: Vec<&str> =
            packages.iter().filter(|one| one.is_held).map(|one| one.name.as_str()).collect();
        assert_eq!(held, ["bash", "shadow-utils"]);
        hold(&mut packages, "solvable_name: kernel-core\n");
        assert!(packages[1].is_held && !packages[0].is_held);
    }

    #[test]
    fn without_a_list_nobody_knows_what_was_asked_for() {
        let (mut packages, _) = parse("a\t0\t1\t1\tnoarch\tx\n");
        mark(&mut packages, "");
        assert_eq!(packages[0].is_manual, None);
    }
}
