//! Packages: where they come from, those that are missing or older here, and their marks.

use std::collections::{BTreeMap, BTreeSet};

use crate::system::action::{CommandLine, Operation, RestoreFiles, Stage, Stdin};
use crate::system::model::packages::{Package, PackageManager, PackageStatus};
use crate::system::rebuild::bare_metal::Rebuild;
use crate::system::rebuild::converge::{Converge, chain, literal, run};

/// Installs what standard input lists, a name and a version a line, and `held` where it must be just that
/// version: that version where it is to be had, else the newest, and says so; what is not to be had at all is
/// named, and ends it after all else is installed. What is here and newer stays. So does what is here and in
/// the way of what is to come: it is named, and nothing is installed. No service is started on the way: it
/// would run with a new configuration, on data that is about to be overwritten. `apt-cache show` succeeds for
/// a version that is not there, and prints nothing.
const APT_INSTALL: &str = r#"
export DEBIAN_FRONTEND=noninteractive
there() { apt-cache show "$1" 2>/dev/null | grep -q '^Version:'; }
newer() {
    dpkg --compare-versions "$1" gt "$2" && return
    case $? in 1) return 1 ;; esac
    echo "the versions $1 and $2 of $name cannot be compared" >&2
    exit 1
}
apt() {
    apt-get "$@" --no-install-recommends --allow-downgrades --allow-change-held-packages \
        -o Dpkg::Options::=--force-confold
}
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] || grep -q lifeboat $policy; then
    trap 'rm -f $policy' EXIT
    # A shell that a signal ends does not do what it does at its exit.
    trap 'exit 143' HUP INT TERM
    printf '#!/bin/sh\n# by lifeboat\nexit 101\n' >$policy
    chmod 755 $policy
fi
# Where an earlier attempt was cut off, apt does nothing before this was done.
dpkg --force-confold --configure -a </dev/null || exit
set --
gone=
while read -r name version held; do
    here=$(dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$name" 2>/dev/null |
        sed -n 's/^installed //p' | head -n 1)
    if [ "$here" = "$version" ]; then
        continue
    elif [ -n "$here" ] && [ -z "$held" ] && newer "$here" "$version"; then
        echo "$name $here is newer than $version, and stays" >&2
    elif there "$name=$version"; then
        set -- "$@" "$name=$version"
    elif there "$name"; then
        echo "$name $version is not to be had any more; the newest is taken" >&2
        set -- "$@" "$name"
    else
        gone="$gone $name"
    fi
done
apt install -y -q --no-remove "$@" || {
    status=$?
    away=$(apt install -s -q "$@" 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/ \1/p' | tr -d '\n')
    [ -z "$away" ] ||
        echo "in the way of packages that it had:$away; remove them, and apply the plan again" >&2
    exit $status
}
[ -z "$gone" ] || { echo "not to be had from any repository:$gone" >&2; exit 1; }
"#;
/// The same with dnf, for what is missing.
const DNF_INSTALL: &str = r#"
set --
gone=
while read -r name version; do
    if dnf -q repoquery "$name-$version" 2>/dev/null | grep -q .; then
        set -- "$@" "$name-$version"
    elif dnf -q repoquery "$name" 2>/dev/null | grep -q .; then
        echo "$name $version is not to be had any more; the newest is taken" >&2
        set -- "$@" "$name"
    else
        gone="$gone $name"
    fi
done
dnf install -y -q "$@" || exit
[ -z "$gone" ] || { echo "not to be had from any repository:$gone" >&2; exit 1; }
"#;

/// A mark of packages, and which have it.
type Mark = (&'static str, fn(&Package) -> bool);
/// What names a package: the same program may be there for several architectures.
type Key<'a> = (&'a str, &'a str);

fn key(package: &Package) -> Key<'_> {
    (&package.name, &package.architecture)
}

pub(super) fn plan(asked: &Converge<'_>, rebuild: &mut Rebuild) {
    let (old, new) = (&asked.captured.packages, &asked.here.packages);
    if old.manager != new.manager || !matches!(old.manager, PackageManager::Dpkg | PackageManager::Rpm) {
        rebuild
            .warnings
            .push(format!("packages cannot be compared: {:?} there, {:?} here", old.manager, new.manager));
        return;
    }
    let whole = |package: &&Package| package.status == PackageStatus::Installed;
    let here: BTreeMap<Key<'_>, &Package> =
        new.installed.iter().filter(whole).map(|one| (key(one), one)).collect();
    let wanted: Vec<&Package> = old.installed.iter().filter(whole).collect();
    let mut add = chain(rebuild, Stage::Packages);
    let sources = sources(asked);
    if !sources.is_empty() {
        let include = sources.into_iter().map(|path| literal(path)).collect();
        add("repositories", "restore repositories and their keys", files(asked, include));
    }
    if let Some((title, commands)) = install(asked, &here, &wanted) {
        add("install", &title, Operation::Run { commands });
    }
    let marks: [Mark; 3] = [
        ("manual", |one| one.is_manual == Some(true)),
        ("auto", |one| one.is_manual == Some(false)),
        ("hold", |one| one.is_held),
    ];
    for (mark, what) in marks.into_iter().filter(|_| old.manager == PackageManager::Dpkg) {
        let names = marked(asked, &here, &wanted, what);
        if !names.is_empty() {
            let command = asked.inside(["apt-mark".to_owned(), mark.to_owned()].into_iter().chain(names));
            add(&format!("mark-{mark}"), &format!("mark packages {mark}"), run(command));
        }
    }
    drop(add);
    let known: BTreeSet<Key<'_>> = wanted.iter().map(|one| key(one)).collect();
    let extra: Vec<&str> = here.keys().filter(|key| !known.contains(*key)).map(|(name, _)| *name).collect();
    if !extra.is_empty() {
        rebuild.warnings.push(format!("packages that it did not have are left: {}", extra.join(" ")));
    }
    let changed: Vec<String> = wanted
        .iter()
        .filter_map(|one| Some((one, here.get(&key(one)).filter(|here| here.version != one.version)?)))
        .map(|(one, here)| format!("{} {} (it had {})", one.name, here.version, one.version))
        .collect();
    if !changed.is_empty() {
        let how = match old.manager {
            PackageManager::Dpkg => "brought to what it had, unless what is here is newer and not held back",
            _ => "left at what is here",
        };
        rebuild.warnings.push(format!("packages of another version are {how}: {}", changed.join(", ")));
    }
}

/// What apt and dnf call the package. dpkg, asked for a name alone, tells all packages of that name. One for
/// all architectures needs no more, and on another kind of machine the native one is another.
fn name(asked: &Converge<'_>, package: &Package) -> String {
    let (old, new) = (&asked.captured.packages, &asked.here.packages);
    let known = &package.architecture;
    let is_native = old.architecture == new.architecture && !["", "all"].contains(&known.as_str());
    let is_qualified = is_native || old.foreign_architectures.contains(known);
    match old.manager == PackageManager::Dpkg && is_qualified {
        true => format!("{}:{}", package.name, package.architecture),
        false => package.name.clone(),
    }
}

/// A title and commands that install what is missing and, with apt, what has another version.
fn install(
    asked: &Converge<'_>,
    here: &BTreeMap<Key<'_>, &Package>,
    wanted: &[&Package],
) -> Option<(String, Vec<CommandLine>)> {
    let is_apt = asked.captured.packages.manager == PackageManager::Dpkg;
    let (mut list, mut missing, mut changed) = (String::new(), 0, 0);
    for package in wanted {
        match here.get(&key(package)) {
            None => missing += 1,
            Some(here) if is_apt && here.version != package.version => changed += 1,
            Some(_) => continue,
        }
        let held = if is_apt && package.is_held { " held" } else { "" };
        list.push_str(&format!("{} {}{held}\n", name(asked, package), package.version));
    }
    if list.is_empty() {
        return None;
    }
    let title = match (missing, changed) {
        (missing, 0) => format!("install {missing} packages"),
        (0, changed) => format!("bring {changed} packages to the versions that they had"),
        (missing, changed) => {
            format!("install {missing} packages, and bring {changed} to the versions that they had")
        }
    };
    let mut commands = lists_renewed(asked);
    let script = if is_apt { APT_INSTALL } else { DNF_INSTALL };
    commands.push(CommandLine { stdin: Stdin::Text(list), ..asked.script(script, []) });
    Some((title, commands))
}

/// What must be run before packages of all architectures can be had.
fn lists_renewed(asked: &Converge<'_>) -> Vec<CommandLine> {
    let (old, new) = (&asked.captured.packages, &asked.here.packages);
    let lacking = old.foreign_architectures.iter().filter(|one| !new.foreign_architectures.contains(one));
    let added = lacking.map(|architecture| asked.inside(["dpkg", "--add-architecture", architecture]));
    let update = (old.manager == PackageManager::Dpkg).then(|| asked.inside(["apt-get", "update", "-q"]));
    added.chain(update).collect()
}

/// The packages that have the mark, and do not have it here.
fn marked(
    asked: &Converge<'_>,
    here: &BTreeMap<Key<'_>, &Package>,
    wanted: &[&Package],
    what: fn(&Package) -> bool,
) -> Vec<String> {
    let has_it = |one: &Package| here.get(&key(one)).is_some_and(|here| what(here));
    wanted.iter().filter(|one| what(one) && !has_it(one)).map(|one| name(asked, one)).collect()
}

/// The files that say where packages come from, and the keys that vouch for them.
fn sources<'a>(asked: &Converge<'a>) -> Vec<&'a String> {
    let old = &asked.captured.packages;
    let mut sources: Vec<&String> = old.repositories.iter().map(|repository| &repository.file).collect();
    sources.extend(old.keys.iter().map(|key| &key.path));
    sources.retain(|path| path.starts_with('/'));
    sources.sort();
    sources.dedup();
    sources
}

fn files(asked: &Converge<'_>, include: Vec<String>) -> Operation {
    Operation::RestoreFiles(RestoreFiles {
        subpath: None,
        target: asked.root.to_owned(),
        include,
        exclude: Vec::new(),
        numeric_owners: false,
        verify: false,
    })
}
