//! Collects users, groups and subordinate ids from their files.

use crate::system::capture::probe::Probe;
use crate::system::model::accounts::Accounts;
use crate::system::parse::accounts;

/// Looks.
pub fn collect(probe: &mut Probe) -> Accounts {
    let passwd = probe.file("/etc/passwd").unwrap_or_default();
    let group = probe.file("/etc/group").unwrap_or_default();
    let shadow = probe.secret("/etc/shadow");
    let gshadow = probe.secret("/etc/gshadow");
    let found = Accounts {
        users: accounts::parse_users(&passwd, shadow.as_deref()),
        groups: accounts::parse_groups(&group, gshadow.as_deref()),
        sub_uids: probe.file("/etc/subuid").map(|file| accounts::parse_ranges(&file)).unwrap_or_default(),
        sub_gids: probe.file("/etc/subgid").map(|file| accounts::parse_ranges(&file)).unwrap_or_default(),
    };
    for file in ["/etc/login.defs", "/etc/sudoers", "/etc/shells", "/etc/default/useradd"] {
        probe.file(file);
    }
    probe.keep_tree("/etc/sudoers.d", false);
    found
}
