//! A captured machine onto one that runs already, freshly installed: what is missing there, as actions.
//!
//! Nothing is taken away: packages, users and groups that the captured machine did not have are left, and
//! named. Numbers of users and groups are kept where they are free; where they are taken, the account gets
//! another one and files follow its name. Password hashes go from the snapshot straight into `chpasswd`, and
//! stand in no plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::system::action::{Action, CommandLine, Operation, RestoreFiles, Stage, Stdin};
use crate::system::model::SystemState;
use crate::system::model::packages::{Package, PackageManager, PackageStatus};
use crate::system::rebuild::bare_metal::Rebuild;
use crate::system::rebuild::error::RebuildError;

/// Installs what standard input lists, a name and a version a line: that version where it is to be had, else
/// the newest, and says so; what is not to be had at all is named, and ends it after all else is installed.
const APT_INSTALL: &str = "export DEBIAN_FRONTEND=noninteractive; set --; gone=; \
    while read -r name version; do \
    if apt-cache show \"$name=$version\" >/dev/null 2>&1; then set -- \"$@\" \"$name=$version\"; \
    elif apt-cache show \"$name\" >/dev/null 2>&1; then \
    echo \"$name $version is not to be had any more; the newest is taken\" >&2; set -- \"$@\" \"$name\"; \
    else gone=\"$gone $name\"; fi; done; \
    apt-get install -y -q --no-install-recommends --allow-downgrades \
    -o Dpkg::Options::=--force-confold \"$@\" || exit; \
    [ -z \"$gone\" ] || { echo \"not to be had from any repository:$gone\" >&2; exit 1; }";
/// The same with dnf.
const DNF_INSTALL: &str = "set --; gone=; while read -r name version; do \
    if dnf -q repoquery \"$name-$version\" 2>/dev/null | grep -q .; then set -- \"$@\" \"$name-$version\"; \
    elif dnf -q repoquery \"$name\" 2>/dev/null | grep -q .; then \
    echo \"$name $version is not to be had any more; the newest is taken\" >&2; set -- \"$@\" \"$name\"; \
    else gone=\"$gone $name\"; fi; done; dnf install -y -q \"$@\" || exit; \
    [ -z \"$gone\" ] || { echo \"not to be had from any repository:$gone\" >&2; exit 1; }";
/// Gives the accounts named in `$0` the hashes that the captured `shadow` on standard input has for them.
const PASSWORDS: &str = "awk -F: -v names=\" $0 \" \
    'index(names, \" \" $1 \" \") && $2 ~ /^\\$/ { print $1 \":\" $2 }' | chpasswd --encrypted";
/// Does `$0` to each unit, and names all that it cannot be done to.
const UNITS: &str = "failed=; for unit; do systemctl \"$0\" \"$unit\" || failed=\"$failed $unit\"; done; \
    [ -z \"$failed\" ] || { echo \"cannot $0:$failed\" >&2; exit 1; }";

/// A mark of packages, and which have it.
type Mark = (&'static str, fn(&Package) -> bool);

/// What is asked for.
pub struct Converge<'a> {
    /// The machine as it was captured.
    pub captured: &'a SystemState,
    /// The machine that is there.
    pub here: &'a SystemState,
    /// Its root directory.
    pub root: &'a str,
}

/// Plans it.
pub fn plan(asked: &Converge<'_>) -> Result<Rebuild, RebuildError> {
    let mut rebuild = Rebuild::default();
    asked.check_names()?;
    asked.packages(&mut rebuild);
    asked.accounts(&mut rebuild);
    asked.units(&mut rebuild);
    Ok(rebuild)
}

impl Converge<'_> {
    fn inside(&self, words: impl IntoIterator<Item = impl Into<String>>) -> CommandLine {
        let command = CommandLine::new(words);
        if self.root == "/" { command } else { command.within(self.root) }
    }

    fn script(&self, script: &str, arguments: impl IntoIterator<Item = String>) -> CommandLine {
        let fixed = ["sh", "-c", script].map(str::to_owned);
        self.inside(fixed.into_iter().chain(arguments))
    }

    /// Names go into command lines; one that could be taken for an option was not captured by us.
    fn check_names(&self) -> Result<(), RebuildError> {
        let hostile = |what, name: &str| Err(RebuildError::Hostile { what, name: name.to_owned() });
        let is_plain = |name: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "+_.-:~@\\$".contains(c);
            !name.is_empty() && !name.starts_with(['-', '.']) && name.chars().all(known)
        };
        for package in &self.captured.packages.installed {
            if !is_plain(&package.name) || !is_plain(&package.version) {
                return hostile("package", &package.name);
            }
        }
        let accounts = &self.captured.accounts;
        let names = accounts.users.iter().map(|user| &user.name);
        let members = accounts.groups.iter().flat_map(|group| group.members.iter().chain([&group.name]));
        if let Some(name) = names.chain(members).find(|name| !is_plain(name)) {
            return hostile("account", name);
        }
        match self.captured.services.units.iter().find(|unit| !is_plain(&unit.name)) {
            Some(unit) => hostile("unit", &unit.name),
            None => Ok(()),
        }
    }

    fn packages(&self, rebuild: &mut Rebuild) {
        let (old, new) = (&self.captured.packages, &self.here.packages);
        let is_apt = old.manager == PackageManager::Dpkg;
        if old.manager != new.manager || !matches!(old.manager, PackageManager::Dpkg | PackageManager::Rpm) {
            rebuild.warnings.push(format!(
                "packages cannot be compared: {:?} there, {:?} here",
                old.manager, new.manager
            ));
            return;
        }
        let mut add = chain(rebuild, Stage::Packages);
        let sources = self.package_sources();
        if !sources.is_empty() {
            let include = sources.into_iter().map(|path| literal(path)).collect();
            add("repositories", "restore repositories and their keys", self.files(include));
        }
        let mut commands = self.lists_renewed();
        let key = |package: &Package| (package.name.clone(), package.architecture.clone());
        let whole = |package: &&Package| package.status == PackageStatus::Installed;
        let here: BTreeMap<_, _> = new.installed.iter().filter(whole).map(|one| (key(one), one)).collect();
        let wanted: Vec<&Package> = old.installed.iter().filter(whole).collect();
        let missing = wanted.iter().filter(|package| !here.contains_key(&key(package)));
        let name =
            |package: &Package| match is_apt && old.foreign_architectures.contains(&package.architecture) {
                true => format!("{}:{}", package.name, package.architecture),
                false => package.name.clone(),
            };
        let list: String = missing.map(|one| format!("{} {}\n", name(one), one.version)).collect();
        if !list.is_empty() {
            let script = if is_apt { APT_INSTALL } else { DNF_INSTALL };
            let install = CommandLine { stdin: Stdin::Text(list.clone()), ..self.script(script, []) };
            commands.push(install);
            let title = format!("install {} packages", list.lines().count());
            add("install", &title, Operation::Run { commands });
        }
        let marked = |what: fn(&Package) -> bool| {
            let changed =
                wanted.iter().filter(|one| what(one) && !here.get(&key(one)).is_some_and(|here| what(here)));
            changed.map(|one| name(one)).collect::<Vec<_>>()
        };
        let marks: [Mark; 3] = [
            ("manual", |one| one.is_manual == Some(true)),
            ("auto", |one| one.is_manual == Some(false)),
            ("hold", |one| one.is_held),
        ];
        for (mark, what) in marks.into_iter().filter(|_| is_apt) {
            let names = marked(what);
            if !names.is_empty() {
                let command = self.inside(["apt-mark".to_owned(), mark.to_owned()].into_iter().chain(names));
                add(&format!("mark-{mark}"), &format!("mark packages {mark}"), run(command));
            }
        }
        drop(add);
        let known: BTreeSet<_> = wanted.iter().map(|one| key(one)).collect();
        let extra: Vec<&str> =
            here.iter().filter(|(key, _)| !known.contains(*key)).map(|(_, one)| one.name.as_str()).collect();
        if !extra.is_empty() {
            rebuild.warnings.push(format!("packages that it did not have are left: {}", extra.join(" ")));
        }
    }

    /// What must be run before packages of all architectures can be had.
    fn lists_renewed(&self) -> Vec<CommandLine> {
        let (old, new) = (&self.captured.packages, &self.here.packages);
        let lacking = old.foreign_architectures.iter().filter(|one| !new.foreign_architectures.contains(one));
        let added = lacking.map(|architecture| self.inside(["dpkg", "--add-architecture", architecture]));
        let update = (old.manager == PackageManager::Dpkg).then(|| self.inside(["apt-get", "update", "-q"]));
        added.chain(update).collect()
    }

    /// The files that say where packages come from, and the keys that vouch for them.
    fn package_sources(&self) -> Vec<&String> {
        let old = &self.captured.packages;
        let mut sources: Vec<&String> = old.repositories.iter().map(|repository| &repository.file).collect();
        sources.extend(old.keys.iter().map(|key| &key.path));
        sources.retain(|path| path.starts_with('/'));
        sources.sort();
        sources.dedup();
        sources
    }

    fn files(&self, include: Vec<String>) -> Operation {
        Operation::RestoreFiles(RestoreFiles {
            subpath: None,
            target: self.root.to_owned(),
            include,
            exclude: Vec::new(),
            numeric_owners: false,
            verify: false,
        })
    }

    fn accounts(&self, rebuild: &mut Rebuild) {
        let (old, new) = (&self.captured.accounts, &self.here.accounts);
        let mut warnings = Vec::new();
        let mut commands = Vec::new();
        let gids: BTreeMap<u32, &str> =
            new.groups.iter().map(|group| (group.gid, group.name.as_str())).collect();
        for group in old.groups.iter().filter(|group| !new.groups.iter().any(|one| one.name == group.name)) {
            let gid = group.gid.to_string();
            match gids.get(&group.gid) {
                None => commands.push(self.inside(["groupadd", "-f", "-g", &gid, &group.name])),
                Some(taken) => {
                    warnings.push(format!(
                        "the group {} had the number {gid}, which is {taken}'s here; it gets another",
                        group.name
                    ));
                    commands.push(self.inside(["groupadd", "-f", "-r", &group.name]));
                }
            }
        }
        let uids: BTreeMap<u32, &str> = new.users.iter().map(|user| (user.uid, user.name.as_str())).collect();
        let missing: Vec<_> =
            old.users.iter().filter(|user| !new.users.iter().any(|one| one.name == user.name)).collect();
        for user in &missing {
            let group = old.groups.iter().find(|group| group.gid == user.gid);
            let group = group.map_or_else(|| user.gid.to_string(), |group| group.name.clone());
            let uid = user.uid.to_string();
            let mut words = vec![
                "id -u \"$0\" >/dev/null 2>&1 || exec useradd \"$@\" \"$0\"".to_owned(),
                user.name.clone(),
            ];
            match uids.get(&user.uid) {
                None => words.extend(["-u".to_owned(), uid]),
                Some(taken) => warnings.push(format!(
                    "the user {} had the number {uid}, which is {taken}'s here; it gets another",
                    user.name
                )),
            }
            // Its home directory comes back with the files.
            let fixed = ["-M", "-N", "-g", &group, "-d", &user.home, "-s", &user.shell, "-c", &user.gecos];
            words.extend(fixed.map(str::to_owned));
            commands.push(self.inside(["sh".to_owned(), "-c".to_owned()].into_iter().chain(words)));
        }
        for group in &old.groups {
            let here = new.groups.iter().find(|one| one.name == group.name).map(|one| &one.members);
            if here != Some(&group.members) && !(here.is_none() && group.members.is_empty()) {
                commands.push(self.inside(["gpasswd", "-M", &group.members.join(","), &group.name]));
            }
        }
        rebuild.warnings.extend(warnings);
        let mut add = chain(rebuild, Stage::Users);
        if !commands.is_empty() {
            add("accounts", "make users and groups", Operation::Run { commands });
        }
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|user| user.name.as_str()).collect();
            let set = self.script(PASSWORDS, [names.join(" ")]);
            let command = CommandLine { stdin: Stdin::Entry("/etc/shadow".into()), ..set };
            add("passwords", "give them the passwords that they had", run(command));
        }
    }

    fn units(&self, rebuild: &mut Rebuild) {
        let here: BTreeMap<&str, &str> =
            self.here.services.units.iter().map(|unit| (unit.name.as_str(), unit.state.as_str())).collect();
        let with = |wanted: &str, differs: fn(Option<&str>) -> bool| -> Vec<String> {
            let units = self.captured.services.units.iter().filter(|unit| unit.state == wanted);
            let units = units.filter(|unit| differs(here.get(unit.name.as_str()).copied()));
            units.map(|unit| unit.name.clone()).collect()
        };
        let unmask: Vec<String> = self
            .captured
            .services
            .units
            .iter()
            .filter(|unit| unit.state != "masked" && here.get(unit.name.as_str()) == Some(&"masked"))
            .map(|unit| unit.name.clone())
            .collect();
        let changes = [
            ("unmask", unmask),
            ("enable", with("enabled", |state| state != Some("enabled"))),
            ("disable", with("disabled", |state| state != Some("disabled"))),
            ("mask", with("masked", |state| state != Some("masked"))),
        ];
        let mut add = chain(rebuild, Stage::Services);
        for (verb, units) in changes {
            if !units.is_empty() {
                let title = format!("{verb} {} units", units.len());
                add(verb, &title, run(self.script(UNITS, [verb.to_owned()].into_iter().chain(units))));
            }
        }
    }
}

/// A pattern in gitignore syntax that means just this path.
fn literal(path: &str) -> String {
    let special = |c: char| "*?[]{}\\! #".contains(c);
    path.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn run(command: CommandLine) -> Operation {
    Operation::Run { commands: vec![command] }
}

/// Adds actions of a stage, each after the one before; all may be repeated.
fn chain(rebuild: &mut Rebuild, stage: Stage) -> impl FnMut(&str, &str, Operation) + '_ {
    let mut before: Option<String> = None;
    move |id, title, operation| {
        let action = Action {
            id: format!("converge:{id}"),
            title: title.to_owned(),
            stage,
            operation,
            check: None,
            destroys: Vec::new(),
            repeatable: true,
            volatile: false,
            release: Vec::new(),
            needs: before.take().into_iter().collect(),
        };
        before = Some(action.id.clone());
        rebuild.actions.push(action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::model::accounts::{Group, User};
    use crate::system::model::services::Unit;
    use crate::system::rebuild::fixture::shown;

    fn package(name: &str, version: &str, is_manual: bool) -> Package {
        Package {
            name: name.into(),
            version: version.into(),
            architecture: "amd64".into(),
            is_manual: Some(is_manual),
            ..Package::default()
        }
    }

    fn state(packages: &[Package], users: &[(&str, u32)], units: &[(&str, &str)]) -> SystemState {
        let mut state = SystemState::default();
        state.packages.manager = PackageManager::Dpkg;
        state.packages.installed = packages.to_vec();
        let group = |(name, gid): &(&str, u32)| Group { name: (*name).into(), gid: *gid, ..Group::default() };
        state.accounts.groups = users.iter().map(group).collect();
        let user = |(name, uid): &(&str, u32)| User {
            name: (*name).into(),
            uid: *uid,
            gid: *uid,
            home: format!("/home/{name}"),
            shell: "/bin/sh".into(),
            ..User::default()
        };
        state.accounts.users = users.iter().map(user).collect();
        let unit = |(name, state): &(&str, &str)| Unit {
            name: (*name).into(),
            state: (*state).into(),
            ..Unit::default()
        };
        state.services.units = units.iter().map(unit).collect();
        state
    }

    #[test]
    fn what_is_missing_comes_and_what_is_there_stays() {
        let old = state(
            &[package("bash", "5", true), package("nginx", "1.2-3", true), package("libz", "1", false)],
            &[("alice", 2000), ("bob", 2001)],
            &[("nginx.service", "enabled"), ("cron.service", "disabled"), ("x.service", "masked")],
        );
        let here = state(
            &[package("bash", "6", true), package("vim", "9", true)],
            &[("carol", 2001)],
            &[("cron.service", "enabled")],
        );
        let rebuild = plan(&Converge { captured: &old, here: &here, root: "/" }).unwrap();
        let install = rebuild.actions.iter().find(|action| action.id == "converge:install").unwrap();
        let Operation::Run { commands } = &install.operation else { panic!() };
        assert_eq!(commands[1].stdin, Stdin::Text("nginx 1.2-3\nlibz 1\n".into()));
        let lines = shown(&rebuild.actions);
        for expected in
            ["apt-mark manual nginx", "apt-mark auto libz", "groupadd -f -g 2000 alice", "groupadd -f -r bob"]
        {
            assert!(lines.iter().any(|line| line == expected), "{expected}\n{}", lines.join("\n"));
        }
        for (verb, unit) in [("enable", "nginx"), ("disable", "cron"), ("mask", "x")] {
            assert!(lines.iter().any(|line| line.ends_with(&format!(" {verb} {unit}.service"))), "{verb}");
        }
        assert_eq!(rebuild.warnings.len(), 3, "{:?}", rebuild.warnings);
        assert!(rebuild.warnings[0].contains("left: vim"));
        assert!(rebuild.warnings[1].contains("the group bob had the number 2001, which is carol's here"));
    }

    #[test]
    fn a_machine_that_is_the_same_needs_nothing() {
        let same = state(&[package("bash", "5", true)], &[("alice", 2000)], &[("a.service", "enabled")]);
        let rebuild = plan(&Converge { captured: &same, here: &same, root: "/" }).unwrap();
        assert_eq!(shown(&rebuild.actions), Vec::<String>::new());
        assert!(rebuild.warnings.is_empty());
    }

    #[test]
    fn a_name_that_could_be_an_option_is_refused() {
        let old = state(&[package("--purge", "5", true)], &[], &[]);
        let error = plan(&Converge { captured: &old, here: &SystemState::default(), root: "/" }).unwrap_err();
        assert!(matches!(error, RebuildError::Hostile { what: "package", .. }));
    }
}
