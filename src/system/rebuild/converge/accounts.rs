//! Users and groups: those that are missing, and what differs of those that are there.
//!
//! What is missing is made before packages; what is there is set after them, for a shell may be one of
//! theirs, and whoever mends this machine must get into it at any time between.

use std::collections::BTreeMap;

use crate::system::action::{CommandLine, Operation, Stage, Stdin};
use crate::system::model::Sensitive;
use crate::system::model::accounts::{Password, User};
use crate::system::rebuild::bare_metal::Rebuild;
use crate::system::rebuild::converge::{Converge, chain, run};

/// Gives the accounts named in `$0` the hashes that the captured `shadow` on standard input has for them.
const PASSWORDS: &str = "awk -F: -v names=\" $0 \" \
    'index(names, \" \" $1 \" \") && $2 ~ /^\\$/ { print $1 \":\" $2 }' | chpasswd --encrypted";

/// Changes the user `$0` by the options that follow, one after the other: a shell only if it is there, a home
/// only while the user has no processes (status 8 of usermod).
const SETTLE: &str = r#"
while [ $# -gt 0 ]; do
    if [ "$1" = -s ] && [ -n "$2" ] && ! [ -x "$2" ]; then
        echo "$0 keeps its shell: $2 is not there" >&2
    else
        usermod "$1" "$2" "$0" || {
            status=$?
            [ $status = 8 ] && [ "$1" = -d ] || exit $status
            echo "$0 keeps its home: it is in use" >&2
        }
    fi
    shift 2
done
"#;

/// Commands, and what a person should know.
#[derive(Default)]
struct Made {
    commands: Vec<CommandLine>,
    warnings: Vec<String>,
}

pub(super) fn plan(asked: &Converge<'_>, rebuild: &mut Rebuild) {
    let mut made = Made::default();
    groups(asked, &mut made);
    let missing = users(asked, &mut made);
    members(asked, &mut made);
    rebuild.warnings.extend(made.warnings);
    let opened = opened(asked);
    let mut add = chain(rebuild, Stage::Users);
    if !made.commands.is_empty() {
        let title = match missing {
            0 => "set groups".to_owned(),
            count => format!("make {count} users, and groups"),
        };
        add("accounts", &title, Operation::Run { commands: made.commands });
    }
    if !opened.is_empty() {
        let set = asked.script(PASSWORDS, [opened.join(" ")]);
        let command = CommandLine { stdin: Stdin::Entry("/etc/shadow".into()), ..set };
        add("passwords", "give accounts the passwords that they had", run(command));
    }
}

/// Sets what differs of users that are there, in the stage that is given: after its other actions.
pub(super) fn settle(asked: &Converge<'_>, stage: Stage, rebuild: &mut Rebuild) {
    let (old, new) = (&asked.captured.accounts, &asked.here.accounts);
    let mut commands = Vec::new();
    for user in &old.users {
        let Some(here) = new.users.iter().find(|one| one.name == user.name) else { continue };
        let fields = [
            ("-s", &user.shell, &here.shell),
            ("-d", &user.home, &here.home),
            ("-c", &user.gecos, &here.gecos),
        ];
        let differs = fields.into_iter().filter(|(_, old, here)| old != here);
        let set: Vec<String> =
            differs.flat_map(|(option, old, _)| [option.to_owned(), old.clone()]).collect();
        if !set.is_empty() {
            commands.push(asked.script(SETTLE, [user.name.clone()].into_iter().chain(set)));
        }
    }
    if !commands.is_empty() {
        let title = format!("set shell, home or name of {} users", commands.len());
        chain(rebuild, stage)("settle", &title, Operation::Run { commands });
    }
}

fn groups(asked: &Converge<'_>, made: &mut Made) {
    let (old, new) = (&asked.captured.accounts, &asked.here.accounts);
    let taken: BTreeMap<u32, &str> =
        new.groups.iter().map(|group| (group.gid, group.name.as_str())).collect();
    for group in &old.groups {
        let (name, gid) = (&group.name, group.gid.to_string());
        if let Some(here) = new.groups.iter().find(|one| one.name == *name) {
            if here.gid != group.gid {
                made.warnings.push(other_number("group", name, group.gid, here.gid));
            }
            continue;
        }
        match taken.get(&group.gid) {
            None => {
                let mut words = vec!["groupadd", "-f", "-g", &gid];
                words.extend(closed(group.password_hash.as_ref()).into_iter().flatten());
                words.push(name);
                made.commands.push(asked.inside(words));
            }
            Some(taken) => {
                made.warnings.push(format!(
                    "the group {name} had the number {gid}, which is {taken}'s here; it gets another"
                ));
                made.commands.push(asked.inside(["groupadd", "-f", "-r", name]));
            }
        }
    }
}

fn other_number(what: &str, name: &str, old: u32, here: u32) -> String {
    format!(
        "the {what} {name} had the number {old} and has {here} here, which it keeps; files follow its name"
    )
}

/// Makes users that are missing; says how many.
fn users(asked: &Converge<'_>, made: &mut Made) -> usize {
    let (old, new) = (&asked.captured.accounts, &asked.here.accounts);
    let taken: BTreeMap<u32, &str> = new.users.iter().map(|user| (user.uid, user.name.as_str())).collect();
    let mut missing = 0;
    for user in &old.users {
        let Some(here) = new.users.iter().find(|one| one.name == user.name) else {
            missing += 1;
            let taken = taken.get(&user.uid);
            if let Some(taken) = taken {
                made.warnings.push(format!(
                    "the user {} had the number {}, which is {taken}'s here; it gets another",
                    user.name, user.uid
                ));
            }
            made.commands.push(user_made(asked, user, taken.is_none()));
            continue;
        };
        if here.uid != user.uid {
            made.warnings.push(other_number("user", &user.name, user.uid, here.uid));
        }
    }
    missing
}

fn user_made(asked: &Converge<'_>, user: &User, keeps_number: bool) -> CommandLine {
    let group = asked.captured.accounts.groups.iter().find(|group| group.gid == user.gid);
    let group = group.map_or_else(|| user.gid.to_string(), |group| group.name.clone());
    let script = "id -u \"$0\" >/dev/null 2>&1 || exec useradd \"$@\" \"$0\"";
    let mut words = vec![user.name.clone()];
    if keeps_number {
        words.extend(["-u".to_owned(), user.uid.to_string()]);
    }
    words.extend(closed(user.password_hash.as_ref()).into_iter().flatten().map(str::to_owned));
    let days = &user.ageing;
    let ageing = [
        ("PASS_MAX_DAYS", days.maximum_days),
        ("PASS_MIN_DAYS", days.minimum_days),
        ("PASS_WARN_AGE", days.warning_days),
    ];
    // Accounts of programs do not age.
    if user.password_hash.is_some() && ageing.iter().all(|(_, days)| days.is_none()) {
        words.push("-r".to_owned());
    }
    for (key, days) in ageing.into_iter().filter_map(|(key, days)| Some((key, days?))) {
        words.extend(["-K".to_owned(), format!("{key}={days}")]);
    }
    // Its home directory comes back with the files.
    let fixed = ["-M", "-N", "-g", &group, "-d", &user.home, "-s", &user.shell, "-c", &user.gecos];
    words.extend(fixed.map(str::to_owned));
    asked.script(script, words)
}

/// How the account is closed, in so many words: what lets nobody in is no secret. `!` is what the tools write
/// by themselves.
fn closed(hash: Option<&Sensitive>) -> Option<[&str; 2]> {
    let hash = hash?.expose()?;
    let is_closed = !hash.is_empty() && hash != "!" && hash.chars().all(|c| "*!".contains(c));
    is_closed.then_some(["-p", hash])
}

/// Adds members that groups lack. Those that only this machine has stay: whoever mends it may be one of them.
fn members(asked: &Converge<'_>, made: &mut Made) {
    for group in &asked.captured.accounts.groups {
        let here = asked.here.accounts.groups.iter().find(|one| one.name == group.name);
        let here = here.map_or(&[][..], |one| &one.members);
        let extra: Vec<&str> =
            here.iter().filter(|one| !group.members.contains(one)).map(String::as_str).collect();
        if !extra.is_empty() {
            let (name, extra) = (&group.name, extra.join(" "));
            made.warnings.push(format!("members that the group {name} did not have are left in it: {extra}"));
            let lacking = group.members.iter().filter(|one| !here.contains(one));
            made.commands.extend(lacking.map(|one| asked.inside(["gpasswd", "-a", one, name])));
        } else if here != group.members {
            made.commands.push(asked.inside(["gpasswd", "-M", &group.members.join(","), &group.name]));
        }
    }
}

/// Accounts that a password opened, and none opens here. One that has another password here keeps it: whoever
/// installed this machine may know no other.
fn opened<'a>(asked: &Converge<'a>) -> Vec<&'a str> {
    let here = &asked.here.accounts.users;
    let is_open = |name: &str| here.iter().any(|one| one.name == name && one.password == Password::Set);
    // What nobody could read is left to what is found in the file.
    let had = asked.captured.accounts.users.iter().filter(|user| {
        let is_new = !here.iter().any(|one| one.name == user.name);
        user.password == Password::Set || (user.password == Password::Unknown && is_new)
    });
    had.map(|user| user.name.as_str()).filter(|name| !is_open(name)).collect()
}
