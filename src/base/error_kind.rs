//! What sort of failure an error is: the one bridge from errors to exit statuses.
//!
//! Every module's error enum answers `kind()` with one of these; only `cli` turns a kind into a
//! process exit status, and the manual's EXIT STATUS table is rendered from this list.

/// The sort of a failure, as scripts need to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Anything that has no status of its own.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// Done, but some sources could not be read.
    Partial,
    /// The repository is damaged: something it should hold is missing or wrong.
    Damage,
    /// An objective (RPO, RTO, drill interval) was missed.
    Objective,
    /// Done, but a replica missed some of it.
    Degraded,
    /// There is no repository at the named place.
    NoRepository,
    /// Another run of the same job is going on.
    Busy,
    /// A passphrase or identity is wrong or missing, or its role is too small.
    Key,
    /// A person has to act first.
    Waiting,
    /// A signal ended the run.
    Interrupted,
}

impl ErrorKind {
    /// All kinds, in the order of their exit statuses.
    pub const ALL: [ErrorKind; 11] = [
        ErrorKind::Failed,
        ErrorKind::Usage,
        ErrorKind::Partial,
        ErrorKind::Damage,
        ErrorKind::Objective,
        ErrorKind::Degraded,
        ErrorKind::NoRepository,
        ErrorKind::Busy,
        ErrorKind::Key,
        ErrorKind::Waiting,
        ErrorKind::Interrupted,
    ];

    /// The process exit status that stands for this kind.
    pub fn exit_status(self) -> u8 {
        match self {
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Partial => 3,
            ErrorKind::Damage => 4,
            ErrorKind::Objective => 5,
            ErrorKind::Degraded => 6,
            ErrorKind::NoRepository => 10,
            ErrorKind::Busy => 11,
            ErrorKind::Key => 12,
            ErrorKind::Waiting => 13,
            ErrorKind::Interrupted => 130,
        }
    }

    /// The word that stands for this kind in `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Failed => "failed",
            ErrorKind::Usage => "usage",
            ErrorKind::Partial => "partial",
            ErrorKind::Damage => "damage",
            ErrorKind::Objective => "objective-missed",
            ErrorKind::Degraded => "degraded",
            ErrorKind::NoRepository => "no-repository",
            ErrorKind::Busy => "busy",
            ErrorKind::Key => "key",
            ErrorKind::Waiting => "waiting",
            ErrorKind::Interrupted => "interrupted",
        }
    }

    /// One line for the manual's EXIT STATUS section.
    pub fn meaning(self) -> &'static str {
        match self {
            ErrorKind::Failed => "failed; the message names what and why",
            ErrorKind::Usage => "the command line or the configuration is wrong",
            ErrorKind::Partial => "partial: done, but some sources could not be read",
            ErrorKind::Damage => "damage found in the repository",
            ErrorKind::Objective => "an objective was missed (RPO, RTO, drill overdue)",
            ErrorKind::Degraded => "degraded: done and safe, but a replica is down or behind",
            ErrorKind::NoRepository => "there is no repository at the named place",
            ErrorKind::Busy => "another run of the same job is going on",
            ErrorKind::Key => "wrong or missing key, or a role that is too small",
            ErrorKind::Waiting => "waiting for a person",
            ErrorKind::Interrupted => "interrupted; what was stored is kept",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    #[test]
    fn every_kind_has_its_own_nonzero_status() {
        let mut seen: Vec<u8> = ErrorKind::ALL.iter().map(|k| k.exit_status()).collect();
        seen.sort_unstable();
        let all = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), all);
        assert!(!seen.contains(&0));
    }
}
