//! A captured machine onto one that runs already, freshly installed: what is missing there, as actions.
//!
//! Nothing is taken away: packages, users, groups and members of groups that the captured machine did not
//! have are left, and named; packages that are in the way of its own end the installation. Numbers of users
//! and groups are kept where they are free; where they are taken, the account gets another one and files
//! follow its name. Accounts come first, so that packages find those that they would make otherwise, with the
//! numbers that they had; what differs of those that are there is set after packages, which bring shells.
//! Password hashes go from the snapshot straight into `chpasswd`, and stand in no plan. A package that is
//! newer here stays, unless it was held back.

mod accounts;
mod packages;

use std::collections::BTreeMap;

use crate::system::action::{Action, CommandLine, Operation, Stage};
use crate::system::model::SystemState;
use crate::system::rebuild::bare_metal::Rebuild;
use crate::system::rebuild::error::RebuildError;

/// Does `$0` to each unit, and names all that it cannot be done to.
const UNITS: &str = "failed=; for unit; do systemctl \"$0\" \"$unit\" || failed=\"$failed $unit\"; done; \
    [ -z \"$failed\" ] || { echo \"cannot $0:$failed\" >&2; exit 1; }";

/// What is asked for.
pub struct Converge<'a> {
    /// The machine as it was captured.
    pub captured: &'a SystemState,
    /// The machine that is there.
    pub here: &'a SystemState,
    /// Its root directory.
    pub root: &'a str,
    /// Whether packages are brought too, and not accounts alone.
    pub has_packages: bool,
}

/// Plans it.
pub fn plan(asked: &Converge<'_>) -> Result<Rebuild, RebuildError> {
    let mut rebuild = Rebuild::default();
    asked.check_names()?;
    accounts::plan(asked, &mut rebuild);
    packages::plan(asked, &mut rebuild);
    let settled = if asked.has_packages { Stage::Packages } else { Stage::Users };
    accounts::settle(asked, settled, &mut rebuild);
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

/// Adds actions of a stage, each after the one before and the first after those that are there; all may be
/// repeated.
fn chain(rebuild: &mut Rebuild, stage: Stage) -> impl FnMut(&str, &str, Operation) + '_ {
    let last = rebuild.actions.iter().rfind(|action| action.stage == stage);
    let mut before: Option<String> = last.map(|action| action.id.clone());
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
    use crate::system::action::Stdin;
    use crate::system::model::Sensitive;
    use crate::system::model::accounts::{Group, Password, User};
    use crate::system::model::packages::{Package, PackageManager};
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
        let rebuild = plan(&Converge { captured: &old, here: &here, root: "/", has_packages: true }).unwrap();
        let install = rebuild.actions.iter().find(|action| action.id == "converge:install").unwrap();
        let Operation::Run { commands } = &install.operation else { panic!() };
        assert_eq!(commands[1].stdin, Stdin::Text("bash:amd64 5\nnginx:amd64 1.2-3\nlibz:amd64 1\n".into()));
        let lines = shown(&rebuild.actions);
        for expected in [
            "apt-mark manual nginx:amd64",
            "apt-mark auto libz:amd64",
            "groupadd -f -g 2000 alice",
            "groupadd -f -r bob",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected}\n{}", lines.join("\n"));
        }
        for (verb, unit) in [("enable", "nginx"), ("disable", "cron"), ("mask", "x")] {
            assert!(lines.iter().any(|line| line.ends_with(&format!(" {verb} {unit}.service"))), "{verb}");
        }
        assert_eq!(rebuild.warnings.len(), 4, "{:?}", rebuild.warnings);
        assert!(rebuild.warnings[0].contains("the group bob had the number 2001, which is carol's here"));
        assert!(rebuild.warnings[1].contains("the user bob had the number 2001, which is carol's here"));
        assert!(rebuild.warnings[2].contains("left: vim"));
        assert!(rebuild.warnings[3].contains("bash 6 (it had 5)"));
        // Packages would make users that are missing, with other numbers.
        let place = |id: &str| rebuild.actions.iter().position(|action| action.id == id).unwrap();
        assert!(place("converge:accounts") < place("converge:install"));
    }

    #[test]
    fn accounts_that_are_there_keep_number_and_password_and_get_the_rest() {
        let mut old = state(&[], &[("root", 0), ("bus", 104), ("app", 105), ("own", 106)], &[]);
        let mut here = state(&[], &[("root", 0), ("bus", 100), ("own", 106)], &[]);
        for user in &mut old.accounts.users {
            user.password = if user.name == "app" { Password::None } else { Password::Set };
            user.password_hash = Some(Sensitive::new(if user.name == "app" { "*" } else { "$6$x" }));
        }
        old.accounts.users[0].shell = "/bin/zsh".into();
        old.accounts.users[1].ageing.maximum_days = Some(90);
        here.accounts.users[2].password = Password::Set;
        let rebuild = plan(&Converge { captured: &old, here: &here, root: "/", has_packages: true }).unwrap();
        let lines = shown(&rebuild.actions);
        assert!(lines.iter().any(|line| line.ends_with(" root -s /bin/zsh")), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.contains("useradd") && line.contains(" app -u 105 -p '*' -r -M"))
        );
        let passwords = rebuild.actions.iter().find(|action| action.id == "converge:passwords").unwrap();
        let Operation::Run { commands } = &passwords.operation else { panic!() };
        assert_eq!(commands[0].argv.last().unwrap(), "root bus");
        assert_eq!(rebuild.warnings.len(), 2, "{:?}", rebuild.warnings);
        assert!(rebuild.warnings[1].contains("the user bus had the number 104 and has 100 here"));
    }

    #[test]
    fn what_was_held_back_is_brought_to_just_that_version() {
        let mut held = package("db", "1.4", true);
        held.is_held = true;
        let old = state(&[held, package("tool", "2", true)], &[], &[]);
        let here = state(&[package("db", "1.5", true), package("tool", "1", true)], &[], &[]);
        let rebuild = plan(&Converge { captured: &old, here: &here, root: "/", has_packages: true }).unwrap();
        let install = rebuild.actions.iter().find(|action| action.id == "converge:install").unwrap();
        assert_eq!(install.title, "bring 2 packages to the versions that they had");
        let Operation::Run { commands } = &install.operation else { panic!() };
        assert_eq!(commands[1].stdin, Stdin::Text("db:amd64 1.4 held\ntool:amd64 2\n".into()));
        assert!(shown(&rebuild.actions).iter().any(|line| line == "apt-mark hold db:amd64"));
    }

    #[test]
    fn accounts_that_are_there_are_set_when_packages_have_brought_their_shells() {
        let mut old = state(&[package("zsh", "5", true)], &[("root", 0), ("new", 2000)], &[]);
        let here = state(&[], &[("root", 0)], &[]);
        old.accounts.users[0].shell = "/bin/zsh".into();
        let order = |has_packages| {
            let rebuild = plan(&Converge { captured: &old, here: &here, root: "/", has_packages }).unwrap();
            let told = |action: &Action| (action.id.clone(), action.stage, action.needs.clone());
            rebuild.actions.iter().map(told).collect::<Vec<_>>()
        };
        let both = order(true);
        let place = |id: &str| both.iter().position(|(own, ..)| own == id).unwrap();
        assert!(place("converge:accounts") < place("converge:install"), "{both:?}");
        assert!(place("converge:install") < place("converge:settle"), "no shell that is not there: {both:?}");
        let settle = &both[place("converge:settle")];
        assert_eq!((settle.1, settle.2.as_slice()), (Stage::Packages, &["converge:mark-manual".into()][..]));
        // A plan that has no packages has the component of accounts alone.
        let alone = order(false);
        let settle = alone.iter().find(|(id, ..)| id == "converge:settle").unwrap();
        assert_eq!((settle.1, settle.2.as_slice()), (Stage::Users, &["converge:passwords".into()][..]));
    }

    #[test]
    fn members_that_only_this_machine_has_stay_in_their_groups() {
        let group = |members: &[&str]| Group {
            name: "sudo".into(),
            members: members.iter().map(|name| (*name).into()).collect(),
            ..Group::default()
        };
        let made = |captured: &[&str], present: &[&str]| {
            let [mut old, mut here] = [(); 2].map(|()| state(&[], &[], &[]));
            old.accounts.groups = vec![group(captured)];
            here.accounts.groups = vec![group(present)];
            let asked = Converge { captured: &old, here: &here, root: "/", has_packages: true };
            let rebuild = plan(&asked).unwrap();
            (shown(&rebuild.actions), rebuild.warnings)
        };
        let (lines, warnings) = made(&["alice", "bob"], &["installer", "bob"]);
        assert_eq!(lines, ["gpasswd -a alice sudo"]);
        assert_eq!(warnings, ["members that the group sudo did not have are left in it: installer"]);
        assert_eq!(made(&["alice", "bob"], &["bob"]).0, ["gpasswd -M alice,bob sudo"]);
        let (lines, warnings) = made(&[], &["installer"]);
        assert!(lines.is_empty() && warnings.len() == 1, "{lines:?}");
    }

    #[test]
    fn packages_are_named_with_their_architecture_where_there_may_be_two() {
        let named = |architecture: &str, native_here: &str| {
            let one = Package { architecture: architecture.into(), ..package("ssl", "3", true) };
            let [mut old, mut here] = [state(&[one], &[], &[]), state(&[], &[], &[])];
            old.packages.architecture = Some("amd64".into());
            old.packages.foreign_architectures = vec!["i386".into()];
            here.packages.architecture = Some(native_here.into());
            let asked = Converge { captured: &old, here: &here, root: "/", has_packages: true };
            let lines = shown(&plan(&asked).unwrap().actions);
            lines
                .into_iter()
                .find_map(|line| Some(line.strip_prefix("apt-mark manual ")?.to_owned()))
                .unwrap()
        };
        assert_eq!(named("amd64", "amd64"), "ssl:amd64");
        assert_eq!(named("i386", "amd64"), "ssl:i386");
        assert_eq!(named("all", "amd64"), "ssl");
        assert_eq!(named("amd64", "arm64"), "ssl");
    }

    #[test]
    fn a_machine_that_is_the_same_needs_nothing() {
        let same = state(&[package("bash", "5", true)], &[("alice", 2000)], &[("a.service", "enabled")]);
        let rebuild =
            plan(&Converge { captured: &same, here: &same, root: "/", has_packages: true }).unwrap();
        assert_eq!(shown(&rebuild.actions), Vec::<String>::new());
        assert!(rebuild.warnings.is_empty());
    }

    #[test]
    fn a_name_that_could_be_an_option_is_refused() {
        let old = state(&[package("--purge", "5", true)], &[], &[]);
        let error =
            plan(&Converge { captured: &old, here: &SystemState::default(), root: "/", has_packages: true })
                .unwrap_err();
        assert!(matches!(error, RebuildError::Hostile { what: "package", .. }));
    }
}
