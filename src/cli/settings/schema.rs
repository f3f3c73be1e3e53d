//! Every key that `lifeboat.toml` may have: what it holds and what it is for.
//!
//! The check and the manual page lifeboat.toml(5) are both made from these tables; a test holds them
//! against the types in `model`, so that none can have a key the other lacks.

use crate::cli::settings::database::DATABASE;
use crate::cli::settings::notify::schema as notify;
use crate::cli::settings::protect::{FREEZE, SNAPSHOT};

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text that is not empty.
    Text,
    /// A list of texts; one text stands for a list of one.
    Texts,
    /// A path; `~/` is the home directory, and a relative path begins at the file's own directory.
    Path,
    /// A list of such paths.
    Paths,
    /// A list of patterns in gitignore syntax.
    Patterns,
    /// Where a repository is.
    Url,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// The name of a replica.
    ReplicaName,
    /// Tables in a list: `[[repository.main.replica]]`.
    List(&'static [Field]),
    /// The name of a `[repository.NAME]` of the same file.
    RepositoryName,
    /// A host's name.
    Host,
    /// A list of tags.
    Tags,
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, both included.
    Integer(i64, i64),
    /// A size, as a number of bytes or as text such as `"100M"`.
    Size,
    /// A duration such as `"90s"`.
    Duration,
    /// A table with keys of its own.
    Table(&'static [Field]),
    /// Tables, each with a name of its own: `[job.home]`.
    Named(&'static [Field]),
    /// A table, or a list of tables: `notify = { to = "oncall" }`.
    Rules(&'static [Field]),
    /// A list of some of a few words.
    Words(&'static [&'static str]),
    /// Where a secret is, such as `"file:PATH"`.
    Secret,
    /// The same, or what is no secret itself.
    SecretOrText,
    /// Names of contacts, groups and channels of the same file.
    People,
    /// Names of contacts of the same file.
    ContactNames,
    /// Names of channels of the same file.
    ChannelNames,
    /// The name of an escalation of the same file.
    EscalationName,
}

impl Kind {
    /// What is expected, as an error and the manual say it.
    pub fn expected(self) -> String {
        match self {
            Kind::Text => "text in quotes".into(),
            Kind::Texts => "a list of texts, such as [\"one\", \"two\"]".into(),
            Kind::Path => "a path in quotes".into(),
            Kind::Paths => "a list of paths, such as [\"/etc\", \"/home\"]".into(),
            Kind::Patterns => {
                "a list of patterns in gitignore syntax, such as [\"*.tmp\", \"/cache/\"]".into()
            }
            Kind::Url => "a directory or s3://BUCKET/PREFIX, in quotes".into(),
            Kind::Word(words) => format!("one of {}", words.join(", ")),
            Kind::ReplicaName => "a name in quotes: letters, digits, `.`, `_` and `-`".into(),
            Kind::List(_) => "tables, each with a header such as [[repository.main.replica]]".into(),
            Kind::RepositoryName => "the name of a [repository.NAME] of this file".into(),
            Kind::Host => "a host's name in quotes: letters, digits, `.`, `_` and `-`".into(),
            Kind::Tags => "a list of tags, each one word, such as [\"nightly\"]".into(),
            Kind::Bool => "true or false".into(),
            Kind::Integer(low, high) if high == i64::MAX => format!("a whole number, at least {low}"),
            Kind::Integer(low, high) => format!("a whole number from {low} to {high}"),
            Kind::Size => "a size such as \"100M\", or a number of bytes".into(),
            Kind::Duration => "a duration such as \"90s\" or \"1h30m\"".into(),
            Kind::Table(_) | Kind::Named(_) => "a table".into(),
            Kind::Rules(_) => {
                "a table such as { to = [\"oncall\"], on = [\"failed\"] }, or a list of such tables".into()
            }
            Kind::Words(words) => format!("a list of some of {}", words.join(", ")),
            Kind::Secret => {
                "where the secret is: \"file:PATH\", \"env:NAME\", \"command:…\" (for `sh -c`) or \
                 \"credential:NAME\" (of systemd)"
                    .into()
            }
            Kind::SecretOrText => {
                "text, or where it is: \"file:PATH\", \"env:NAME\", \"command:…\" or \"credential:NAME\""
                    .into()
            }
            Kind::People => "a list of names of contacts, groups and channels of this file".into(),
            Kind::ContactNames => "a list of names of contacts of this file".into(),
            Kind::ChannelNames => "a list of names of channels of this file".into(),
            Kind::EscalationName => "the name of an [escalation.NAME] of this file".into(),
        }
    }
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it is for.
    pub help: &'static str,
}

/// A key, what it holds and what it is for.
pub const fn field(name: &'static str, kind: Kind, help: &'static str) -> Field {
    Field { name, kind, help }
}

/// The file itself.
pub const FILE: &[Field] = &[
    field(
        "defaults",
        Kind::Table(DEFAULTS),
        "What holds wherever a job, a repository or a flag says nothing else.",
    ),
    field("repository", Kind::Named(REPOSITORY), "Repositories, each with a name that --repo understands."),
    field("job", Kind::Named(JOB), "Jobs, each with a name that `lifeboat backup NAME` runs."),
    field("notify", Kind::Table(notify::NOTIFY), "How people are told of what happens."),
    field("contact", Kind::Named(notify::CONTACT), "People, each with a name that rules and groups use."),
    field("group", Kind::Named(notify::GROUP), "Several people under one name."),
    field(
        "channel",
        Kind::Named(notify::CHANNEL),
        "Ways to tell somebody something. Secrets are never written here: a key says where they are.",
    ),
    field("escalation", Kind::Named(notify::ESCALATION), "Who is told next where nobody acknowledges."),
    field(
        "template",
        Kind::Named(notify::TEMPLATE),
        "Words of your own. Of several that fit, the first by name is used.",
    ),
];

const DEFAULTS: &[Field] = &[
    field("repository", Kind::RepositoryName, "The repository that is meant where none is named."),
    field("host", Kind::Host, "The name snapshots are recorded for; the machine's own otherwise."),
    field("cache_dir", Kind::Path, "Where the local index and catalogue are kept."),
    field("state_dir", Kind::Path, "Where pinned fingerprints and journals are kept."),
    field("memory_limit", Kind::Size, "About how much memory a restore from an object store may take."),
    field("compression", COMPRESSION, "The zstd level."),
    field("read_concurrency", READ_CONCURRENCY, "How many files to read at once."),
];

const COMPRESSION: Kind = Kind::Integer(-7, 22);
const READ_CONCURRENCY: Kind = Kind::Integer(1, 1024);

const REPOSITORY: &[Field] = &[
    field("url", Kind::Url, "Where it is. Required."),
    field(
        "fingerprint",
        Kind::Text,
        "The fingerprint that `init` showed; a repository with another one is refused.",
    ),
    field("identity_file", Kind::Paths, "age or ssh identities that open it."),
    field("passphrase_file", Kind::Path, "A file whose first line is the passphrase."),
    field(
        "passphrase_command",
        Kind::Text,
        "A command for `sh -c` whose first line of output is the passphrase.",
    ),
    field("limit_upload", Kind::Size, "How much to send to it in a second at most."),
    field("limit_download", Kind::Size, "How much to fetch from it in a second at most."),
    field(
        "connections",
        Kind::Integer(1, 1024),
        "How much to ask of it at once at most, if it lies behind a network; 32 otherwise.",
    ),
    field(
        "retries",
        Kind::Integer(0, 1000),
        "How often to repeat what failed but may succeed later, behind a network; 11 times otherwise.",
    ),
    field("retry_deadline", Kind::Duration, "For how long to repeat it; for 15 minutes otherwise."),
    field(
        "replica",
        Kind::List(REPLICA),
        "Further stores that hold the same, one table each; `url` above is the first replica. All hosts must \
         name the same required ones in the same order.",
    ),
    field("replica_name", Kind::ReplicaName, "The name of the first replica, at `url`; `primary` otherwise."),
    field("replica_zone", Kind::Text, "Its zone."),
    field("replica_role", Kind::Word(ROLES), "Its role."),
    field("replica_weight", Kind::Integer(0, 1000), "Its share of the reads."),
    field(
        "read_policy",
        Kind::Word(POLICIES),
        "How reads choose among the replicas; the one that is expected to finish first otherwise.",
    ),
    field(
        "write_quorum",
        Kind::Integer(1, 16),
        "How many required replicas must hold a write; more than half of them otherwise, and never fewer.",
    ),
    field(
        "warm_up_command",
        Kind::Text,
        "A command for `sh -c` that warms objects up where the store does not do it by itself; `restore \
         --warm-up` gives it their keys, one a line.",
    ),
    field(
        "lock_window",
        Kind::Duration,
        "The locks of snapshots younger than this are renewed, and those of the newest of each host; as long \
         as `lock_for` of the store otherwise.",
    ),
    field(
        "lock_evidence",
        Kind::Duration,
        "The locks of evidence younger than this are renewed, by each backup and by `lock extend`, so that \
         it cannot be deleted before; 400d otherwise. Runbooks in the repository are always kept locked.",
    ),
    field("s3", Kind::Table(S3), "How an S3 server is spoken to; each key may stand in the URL instead."),
    field("notify", Kind::Rules(notify::RULE), "Who is told of its checks, restores and replicas."),
    field(
        "check_every",
        Kind::Duration,
        "How much time may lie between two checks, before `lifeboat watch` raises an alarm.",
    ),
    field("replica_sync_every", Kind::Duration, "The same for `lifeboat replica sync`."),
];

const S3: &[Field] = &[
    field("endpoint", Kind::Text, "The server's URL, such as \"https://s3.example.com\"; AWS otherwise."),
    field("region", Kind::Text, "The bucket's region."),
    field(
        "path_style",
        Kind::Bool,
        "Name the bucket in the path, not in the host; true wherever an endpoint is named.",
    ),
    field("profile", Kind::Text, "The profile of ~/.aws/config and ~/.aws/credentials to use."),
    field("ca_bundle", Kind::Path, "Certificates (PEM) to trust beside the system's."),
    field("proxy", Kind::Text, "The URL of an HTTP proxy."),
    field("storage_class", Kind::Text, "The storage class of every object; none that has to be warmed up."),
    field(
        "storage_class_packs",
        Kind::Text,
        "The storage class of packs of file contents, \"GLACIER\" and \"DEEP_ARCHIVE\" among them; what \
         every command reads stays at hand.",
    ),
    field("sse", Kind::Text, "How the server encrypts: \"AES256\", \"aws:kms\" or \"aws:kms:dsse\"."),
    field("sse_kms_key", Kind::Text, "The KMS key for it."),
    field("request_payer", Kind::Bool, "The requester pays."),
    field(
        "checksum",
        Kind::Text,
        "What uploads are checked by on their way: \"crc32\" (the default), \"crc32c\", \"crc64nvme\" or \
         \"off\".",
    ),
    field("connect_timeout", Kind::Duration, "How long a connection may take to come about; 10s otherwise."),
    field("first_byte_timeout", Kind::Duration, "How long an answer may take to begin; 60s otherwise."),
    field("stall_timeout", Kind::Duration, "How long a transfer may stand still; 30s otherwise."),
    field(
        "conditional",
        Kind::Text,
        "\"server\" (the default): the server sees to it that nothing is replaced. \"time-based\": for \
         servers that do not; slower, and found out and recorded by `init`. \"single-writer\": sound only \
         while one process at a time writes.",
    ),
    field(
        "settle",
        Kind::Duration,
        "How long the time-based protocol waits before a contest is decided; 60s otherwise. What `init` \
         recorded in the repository holds.",
    ),
    field(
        "lock",
        Kind::Text,
        "\"governance\" or \"compliance\": lock packs, segments, snapshots, key slots, the config, \
         evidence and runbooks by Object Lock as they are written. The bucket must have it switched on.",
    ),
    field("lock_for", Kind::Duration, "For how long, from the writing and from each renewal; 30d otherwise."),
    field(
        "lock_renew",
        Kind::Duration,
        "What is left of it when it is renewed; half of `lock_for` otherwise.",
    ),
];

const REPLICA: &[Field] = &[
    field("name", Kind::ReplicaName, "Its name, unique in the repository. Required."),
    field("url", Kind::Url, "Where it is. Required."),
    field("zone", Kind::Text, "What fails together with it: a site, a provider, a shelf of disks."),
    field(
        "role",
        Kind::Word(ROLES),
        "`required` replicas make up the write quorum; a `mirror` gets everything, and nothing waits for it. \
         The default is `required`.",
    ),
    field("weight", Kind::Integer(0, 1000), "Its share of the reads; 0 is read only where no other answers."),
];

const ROLES: &[&str] = &["required", "mirror"];
const POLICIES: &[&str] = &["fastest", "round-robin", "least-connections", "hash"];

const JOB: &[Field] = &[
    field("repository", Kind::RepositoryName, "Where to; the default repository otherwise."),
    field("sources", Kind::Paths, "What to back up. This, `stream` or `database` is required."),
    field("stream", Kind::Table(STREAM), "A program whose output is backed up instead of files."),
    field(
        "database",
        Kind::List(DATABASE),
        "Databases that are dumped beside it, or alone, one table each; they lie below \
         /.lifeboat/databases of \
         the snapshot. See `lifeboat database`.",
    ),
    field("host", Kind::Host, "The name snapshots are recorded for."),
    field("tags", Kind::Tags, "Tags of the snapshots."),
    field("exclude", Kind::Patterns, "What to leave out."),
    field("iexclude", Kind::Patterns, "The same, without regard to upper and lower case."),
    field("exclude_files", Kind::Paths, "Files with such patterns, one on each line."),
    field("exclude_caches", Kind::Bool, "Leave out the contents of directories marked with CACHEDIR.TAG."),
    field(
        "exclude_if_present",
        Kind::Texts,
        "Leave out the contents of directories that hold a file of such a name.",
    ),
    field("exclude_larger_than", Kind::Size, "Leave out files larger than this."),
    field("exclude_xattrs", Kind::Texts, "Leave out what has such an extended attribute."),
    field("nodump", Kind::Bool, "Leave out what has the `d` attribute (chattr +d)."),
    field("one_file_system", Kind::Bool, "Do not enter other file systems."),
    field("ignore_ctime", Kind::Bool, "Do not take a new ctime for a change."),
    field("ignore_inode", Kind::Bool, "Do not take a new inode number for a change."),
    field("with_atime", Kind::Bool, "Record access times as well."),
    field("compression", COMPRESSION, "The zstd level."),
    field("read_concurrency", READ_CONCURRENCY, "How many files to read at once."),
    field(
        "system",
        Kind::Bool,
        "Capture the system's state as well: disks, boot loader, packages, services, accounts, network.",
    ),
    field(
        "luks_headers",
        Kind::Bool,
        "Keep LUKS headers with the system's state. Whoever reads a snapshot and knows any passphrase that a \
         header ever had can open the disk.",
    ),
    field(
        "freeze",
        Kind::Table(FREEZE),
        "What holds writers still while the files are read, or while the snapshot below is made.",
    ),
    field(
        "snapshot",
        Kind::Table(SNAPSHOT),
        "A snapshot of the file system that is read instead of the files themselves, under their names.",
    ),
    field("hooks", Kind::Table(HOOKS), "Commands to run around the backup."),
    field(
        "retention",
        Kind::Table(RETENTION),
        "Which snapshots of this job to keep. Read by `forget`, not by `backup`.",
    ),
    field("notify", Kind::Rules(notify::RULE), "Who is told of how it went."),
    field(
        "expect_every",
        Kind::Duration,
        "How much time may lie between two backups, such as \"26h\", before `lifeboat watch` raises an \
         alarm.",
    ),
];

const STREAM: &[Field] = &[
    field("name", Kind::Text, "The name the output gets in the snapshot. Required."),
    field("program", Kind::Texts, "The program and its arguments; no shell is involved. Required."),
];

const HOOKS: &[Field] = &[
    field("before", Kind::Texts, "Commands for `sh -c`, in order; if one fails, nothing is backed up."),
    field("after", Kind::Texts, "Commands to run after a backup that was committed."),
    field("on_failure", Kind::Texts, "Commands to run where the backup or a hook failed."),
    field("timeout", Kind::Duration, "How long each command may take; an hour otherwise."),
];

const KEEP: Kind = Kind::Integer(0, 1_000_000);

const RETENTION: &[Field] = &[
    field("keep_last", KEEP, "Keep the newest so many."),
    field("keep_hourly", KEEP, "Keep the newest of each of so many hours."),
    field("keep_daily", KEEP, "Keep the newest of each of so many days."),
    field("keep_weekly", KEEP, "Keep the newest of each of so many weeks."),
    field("keep_monthly", KEEP, "Keep the newest of each of so many months."),
    field("keep_yearly", KEEP, "Keep the newest of each of so many years."),
    field("keep_within", Kind::Duration, "Keep all that are younger than this."),
    field("keep_tags", Kind::Tags, "Keep all that have one of these tags."),
];
