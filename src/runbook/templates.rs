//! Runbooks to begin with: `runbook init` writes one, and people make it theirs.

/// A runbook to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Starter {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All of them.
pub const STARTERS: [Starter; 5] = [
    Starter {
        name: "full-site-loss",
        help: "the site is gone: restore elsewhere, and go back when it is over",
        text: include_str!("templates/full-site-loss.toml"),
    },
    Starter {
        name: "one-host",
        help: "one machine is gone: restore it on another",
        text: include_str!("templates/one-host.toml"),
    },
    Starter {
        name: "database-corruption",
        help: "a database is damaged: restore a dump beside it, check it by SQL, switch over",
        text: include_str!("templates/database-corruption.toml"),
    },
    Starter {
        name: "ransomware",
        help: "files were encrypted or altered: isolate, find a clean snapshot, restore",
        text: include_str!("templates/ransomware.toml"),
    },
    Starter {
        name: "backup-overdue",
        help: "a backup has not run: find out why, run it, tell if it fails again",
        text: include_str!("templates/backup-overdue.toml"),
    },
];

/// The one of that name.
pub fn starter(name: &str) -> Option<&'static Starter> {
    STARTERS.iter().find(|starter| starter.name == name)
}
