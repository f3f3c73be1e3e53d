//! `passwd`, `shadow`, `group`, `gshadow`, `subuid` and `subgid`.

use std::collections::BTreeMap;

use crate::system::model::Sensitive;
use crate::system::model::accounts::{Ageing, Group, Password, SubordinateRange, User};

/// Reads `passwd` with `shadow`, if that could be read.
pub fn parse_users(passwd: &str, shadow: Option<&str>) -> Vec<User> {
    let shadow = by_name(shadow);
    let user = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, password, uid, gid, gecos, home, shell] = fields.as_slice() else { return None };
        let mut user = User {
            name: (*name).to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            gecos: (*gecos).to_owned(),
            home: (*home).to_owned(),
            shell: (*shell).to_owned(),
            ..User::default()
        };
        match (shadow.get(name), *password) {
            (Some(line), _) => read_shadow(line, &mut user),
            (None, "x") => {}
            // A hash in passwd itself, as on systems without shadow.
            (None, hash) => {
                user.password = password_state(hash);
                user.password_hash = Some(Sensitive::new(hash));
            }
        }
        (!name.is_empty()).then_some(user)
    };
    passwd.lines().filter_map(user).collect()
}

/// Lines by their first field; where it stands twice, the first line counts.
fn by_name(file: Option<&str>) -> BTreeMap<&str, &str> {
    let mut lines = BTreeMap::new();
    for line in file.unwrap_or("").lines() {
        if let Some((name, _)) = line.split_once(':') {
            lines.entry(name).or_insert(line);
        }
    }
    lines
}

fn read_shadow(line: &str, user: &mut User) {
    let fields: Vec<&str> = line.split(':').collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<i64>().ok());
    let hash = fields.get(1).copied().unwrap_or_default();
    user.password = password_state(hash);
    user.password_hash = Some(Sensitive::new(hash));
    user.ageing = Ageing {
        changed_day: number(2),
        minimum_days: number(3),
        maximum_days: number(4),
        warning_days: number(5),
        inactive_days: number(6),
        expires_day: number(7),
    };
}

fn password_state(hash: &str) -> Password {
    match hash {
        "" => Password::Empty,
        _ if hash.starts_with('!') && hash.trim_start_matches('!').len() > 1 => Password::Locked,
        // `*`, `!`, `!!` and whatever else is no hash.
        _ if hash.starts_with('$') || hash.len() == 13 => Password::Set,
        _ => Password::None,
    }
}

/// Reads `group` with `gshadow`, if that could be read.
pub fn parse_groups(group: &str, gshadow: Option<&str>) -> Vec<Group> {
    let gshadow = by_name(gshadow);
    let list = |field: &str| -> Vec<String> {
        field.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let read = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, gid, members] = fields.as_slice() else { return None };
        let mut group = Group {
            name: (*name).to_owned(),
            gid: gid.parse().ok()?,
            members: list(members),
            ..Group::default()
        };
        if let Some(shadow) = gshadow.get(name) {
            let fields: Vec<&str> = shadow.split(':').collect();
            group.password_hash = fields.get(1).map(|hash| Sensitive::new(*hash));
            group.administrators = fields.get(2).map(|names| list(names)).unwrap_or_default();
        }
        (!name.is_empty()).then_some(group)
    };
    group.lines().filter_map(read).collect()
}

/// Reads `subuid` or `subgid`.
pub fn parse_ranges(file: &str) -> Vec<SubordinateRange> {
    let range = |line: &str| {
        let mut fields = line.trim().split(':');
        Some(SubordinateRange {
            owner: fields.next().filter(|owner| !owner.is_empty())?.to_owned(),
            start: fields.next()?.parse().ok()?,
            count: fields.next()?.parse().ok()?,
        })
    };
    file.lines().filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_come_with_the_state_of_their_passwords_and_no_hash_in_debug() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbob:x:1000:1000:Bob,,,:/home/bob:/bin/sh\n\
            bobby:x:1001:1000::/:\nold:$1$abc:5:5::/:\nbad:x:y:0:::\n+::::::\n";
        let shadow = "root:!$6$hush:19000:0:99999:7:::\nbobby::19001:0:99999:7:30:20000:\n\
            bob:$y$hush:19000:0:99999:7:::\n";
        let users = parse_users(passwd, Some(shadow));
        let states: Vec<Password> = users.iter().map(|user| user.password).collect();
        assert_eq!(states, [Password::Locked, Password::Set, Password::Empty, Password::Set]);
        assert_eq!(users[2].ageing.inactive_days, Some(30));
        assert!(!format!("{users:?}").contains("hush"));
        let unknown = parse_users(passwd, None);
        assert_eq!((unknown[0].password, &unknown[0].password_hash), (Password::Unknown, &None));
        for none in ["*", "!", "!!", "!*", "*LK*"] {
            assert!(matches!(password_state(none), Password::None | Password::Locked), "{none}");
        }
    }

    #[test]
    fn groups_and_ranges_are_read() {
        let groups = parse_groups("sudo:x:27:bob,amy\nx:x:bad:\n", Some("sudo:!:amy:bob,amy\n"));
        assert_eq!((groups.len(), groups[0].members.len()), (1, 2));
        assert_eq!(groups[0].administrators, ["amy"]);
        let ranges = parse_ranges("bob:100000:65536\nbad:1\n:1:1\n");
        assert_eq!((ranges.len(), ranges[0].count), (1, 65536));
    }
}
