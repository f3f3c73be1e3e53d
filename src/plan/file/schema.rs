//! Every key that a plan file may have: what it holds and what it is for.
//!
//! The check and the manual page lifeboat-plan-file(5) are both made from these tables; a test holds them
//! against the types in `model`.

/// The schema that a plan file names in its first key.
pub const SCHEMA: &str = "lifeboat.plan-file/1";

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The schema itself.
    Schema,
    /// Any text that is not empty.
    Text,
    /// A list of texts; one text stands for a list of one.
    Texts,
    /// A name: letters, digits, `.`, `_` and `-`.
    Name,
    /// An absolute path.
    Path,
    /// A list of such paths.
    Paths,
    /// A list of patterns in gitignore syntax.
    Patterns,
    /// A snapshot: `latest`, `latest@HOST`, or the beginning of an id.
    Snapshot,
    /// A disk by its identity.
    Disk,
    /// A list of such.
    Disks,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, both included.
    Integer(i64, i64),
    /// A size, as a number of bytes or as text such as `"20G"`.
    Size,
    /// A duration such as `"4h"`.
    Duration,
    /// A command: a list of program and arguments, or a text for `sh -c`.
    Command,
    /// A list of commands.
    Commands,
    /// Names of other components.
    Components,
    /// A table of texts.
    Variables,
    /// A table with keys of its own.
    Table(&'static [Field]),
    /// Tables in a list.
    List(&'static [Field]),
    /// The components, each with keys that depend on its kind.
    Named,
}

impl Kind {
    /// What is expected, as an error and the manual say it.
    pub fn expected(self) -> String {
        match self {
            Kind::Schema => format!("\"{SCHEMA}\""),
            Kind::Text => "text in quotes".into(),
            Kind::Texts => "a list of texts, such as [\"one\", \"two\"]".into(),
            Kind::Name => "a name in quotes: letters, digits, `.`, `_` and `-`".into(),
            Kind::Path => "an absolute path in quotes, without `..`".into(),
            Kind::Paths => "a list of absolute paths, such as [\"/etc\", \"/home\"]".into(),
            Kind::Patterns => {
                "a list of patterns in gitignore syntax, such as [\"*.tmp\", \"/cache/\"]".into()
            }
            Kind::Snapshot => {
                "a snapshot in quotes: latest, latest@HOST, or at least four digits of an id".into()
            }
            Kind::Disk => "a disk in quotes: \"wwn:0x…\", \"serial:…\", \"path:/dev/disk/by-…\" or \
                 \"image:/FILE\""
                .into(),
            Kind::Disks => "a list of disks, such as [\"serial:S3Z9NX0M\", \
            \"wwn:0x5002538e40a1b2c3\"]"
                .into(),
            Kind::Word(words) => format!("one of {}", words.join(", ")),
            Kind::Bool => "true or false".into(),
            Kind::Integer(low, high) => format!("a whole number from {low} to {high}"),
            Kind::Size => "a size such as \"20G\", or a number of bytes".into(),
            Kind::Duration => "a duration such as \"90s\" or \"4h\"".into(),
            Kind::Command => {
                "a program with its arguments, such as [\"systemctl\", \"start\", \"app\"], or a text for \
                 sh -c"
                    .into()
            }
            Kind::Commands => "a list of commands, each a list of words or a text for sh -c".into(),
            Kind::Components => "a list of names of components of this file".into(),
            Kind::Variables => "a table of texts, such as { LANG = \"C\" }".into(),
            Kind::Table(_) | Kind::Named => "a table".into(),
            Kind::List(_) => "tables in a list, each with a header in double brackets".into(),
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

const fn field(name: &'static str, kind: Kind, help: &'static str) -> Field {
    Field { name, kind, help }
}

/// What becomes of a failure.
const ON_FAILURE: Kind = Kind::Word(&["halt", "continue", "retry"]);
const RETRIES: Kind = Kind::Integer(1, 1000);

/// The file itself.
pub const FILE: &[Field] = &[
    field("schema", Kind::Schema, "The version of this format. Required."),
    field("name", Kind::Name, "What the plan is called. Required."),
    field("snapshot", Kind::Snapshot, "Which snapshot is restored; the newest of any host otherwise."),
    field("rto", Kind::Duration, "How long the whole may take: the recovery time objective."),
    field("rpo", Kind::Duration, "How old the snapshot may be: the recovery point objective."),
    field("parallel", Kind::Integer(1, 64), "How many steps may go on at once; 2 otherwise."),
    field(
        "on_failure",
        ON_FAILURE,
        "What a failed step does to the others, where its component says nothing.",
    ),
    field("retries", RETRIES, "How often `retry` tries again; 3 times otherwise."),
    field("retry_delay", Kind::Duration, "How long `retry` waits first; 5s otherwise."),
    field(
        "protect",
        Kind::Disks,
        "Disks that are never written to, whatever else this file says. The disks that hold the running \
         system, the repository and the local state are always protected.",
    ),
    field("cleanup", Kind::Commands, "Commands that run at the end, however it ended."),
    field("target", Kind::Table(TARGET), "Where to restore. Required."),
    field("disk", Kind::List(DISK), "Which disk here takes the place of which disk of the snapshot."),
    field("interface", Kind::List(INTERFACE), "Network interfaces that keep their captured names here."),
    field("component", Kind::Named, "What is restored, each with a name of its own."),
];

const TARGET: &[Field] = &[
    field(
        "kind",
        Kind::Word(&["bare-metal", "converge", "sandbox"]),
        "`bare-metal`: onto empty disks, from a rescue system. `converge`: onto the running, freshly \
         installed system. `sandbox`: into a place of its own that is removed at the end. Required.",
    ),
    field(
        "root",
        Kind::Path,
        "The directory that becomes the root of what is restored. bare-metal: where its file systems are \
         mounted meanwhile, /mnt/lifeboat otherwise. converge: / otherwise. sandbox: a directory that must \
         not exist yet, or be empty. Required there.",
    ),
    field(
        "image",
        Kind::Path,
        "sandbox: a file that is made, holds a file system, and is mounted at `root`.",
    ),
    field("size", Kind::Size, "sandbox: how large that file system is. Required with `image`."),
    field("keep", Kind::Bool, "sandbox: leave it there at the end."),
    field(
        "room",
        Kind::Word(&["keep", "grow", "fit"]),
        "bare-metal: `grow` (the default) gives what is left on a larger disk to the partition of `/`; \
         `keep` leaves it; `fit` also shrinks partitions for a smaller disk, as far as their files fit.",
    ),
    field(
        "same_hardware",
        Kind::Bool,
        "bare-metal: the machine that will run is the captured one or just like it; the captured initial RAM \
         disk is kept then.",
    ),
    field("host_name", Kind::Name, "bare-metal: another host name."),
    field("new_machine_id", Kind::Bool, "bare-metal: for a copy that runs beside the original."),
    field("new_ssh_host_keys", Kind::Bool, "bare-metal: for the same."),
];

const INTERFACE: &[Field] = &[
    field("name", Kind::Text, "The name in the snapshot, such as \"enp3s0\". Required."),
    field("mac", Kind::Text, "The hardware address of the interface here that is to have it. Required."),
];

const DISK: &[Field] = &[
    field("from", Kind::Disk, "The disk of the snapshot, by the identity that `plan init` wrote. Required."),
    field(
        "to",
        Kind::Disk,
        "The disk here, by an identity that exactly one disk has, or `image:` and a file that is made and \
         holds the whole disk. Required.",
    ),
    field("size", Kind::Size, "How large such an image is; as large as the disk of the snapshot otherwise."),
    field(
        "wipe",
        Kind::Bool,
        "The disk may hold old data: partitions, file systems, members of arrays. Without it only an empty \
         disk is taken.",
    ),
];

/// What every component may have.
pub const COMMON: &[Field] = &[
    field("kind", Kind::Word(KINDS), "What it is. Required."),
    field("needs", Kind::Components, "What must have been restored and verified before."),
    field("group", Kind::Name, "The group it belongs to: for --step, --from and --until, and for `order`."),
    field("order", Kind::Integer(-1000, 1000), "Its place in its group: it waits for all with a lower one."),
    field("snapshot", Kind::Snapshot, "The snapshot it comes from, where that is another one."),
    field("rto", Kind::Duration, "When it must be there, counted from the beginning."),
    field("rpo", Kind::Duration, "How old its snapshot may be."),
    field(
        "on_failure",
        ON_FAILURE,
        "`halt` (the default): nothing new is begun. `continue`: what needs it is left out, all else goes \
         on. `retry`: it is tried again, then `halt`.",
    ),
    field("retries", RETRIES, "How often `retry` tries again."),
    field("retry_delay", Kind::Duration, "How long `retry` waits first."),
    field("time_limit", Kind::Duration, "How long each of its commands may take; without limit otherwise."),
    field("verify", Kind::List(VERIFY), "What must hold afterwards."),
    field("cleanup", Kind::Commands, "Commands that run at the end, if it was begun, however it ended."),
];

/// Every kind of component.
pub const KINDS: &[&str] = &[
    "disks",
    "file-systems",
    "files",
    "packages",
    "users",
    "services",
    "databases",
    "containers",
    "boot",
    "command",
];

/// What a component of `kind` may have besides.
pub fn fields_of(kind: &str) -> &'static [Field] {
    match kind {
        "files" => FILES,
        "databases" => DATABASES,
        "packages" | "users" | "services" | "containers" => CHOSEN,
        "command" => COMMAND,
        _ => &[],
    }
}

const FILES: &[Field] = &[
    field("paths", Kind::Paths, "Paths of the snapshot that come back to their own places below the root."),
    field("from", Kind::Path, "A directory of the snapshot whose contents come to `to`, instead of `paths`."),
    field("to", Kind::Path, "Where, below the root; the root itself otherwise."),
    field("exclude", Kind::Patterns, "What is left out."),
    field(
        "overwrite",
        Kind::Word(&["never", "if-changed", "always"]),
        "What happens where a file is there already; `if-changed` otherwise.",
    ),
    field("delete", Kind::Bool, "Remove what the snapshot does not have."),
    field(
        "owners",
        Kind::Word(&["by-name", "numeric", "none"]),
        "Whose the files become; `by-name` otherwise.",
    ),
    field("allow_devices", Kind::Bool, "Make device nodes."),
    field("allow_setuid", Kind::Bool, "Keep setuid and setgid bits and file capabilities."),
    field("read_back", Kind::Bool, "Read every file back and compare it with the snapshot."),
];

const CHOSEN: &[Field] = &[
    field("only", Kind::Texts, "Names that are meant; all otherwise."),
    field("exclude", Kind::Texts, "Names that are left out."),
    field("method", Kind::Name, "How, where there are several ways."),
];

const DATABASES: &[Field] = &[
    field("only", Kind::Texts, "Names of dumps that are meant; all otherwise."),
    field("exclude", Kind::Texts, "Names of dumps that are left out."),
    field(
        "method",
        Kind::Word(&["keep", "replace"]),
        "`keep` (the default): a database that is there already is a failure. `replace`: it is replaced. \
             In a \
         sandbox everything was made for the run, and may be.",
    ),
    field(
        "bin_dir",
        Kind::Path,
        "The directory of the programs of a server that is started in a sandbox; otherwise they are looked \
             for \
         in the usual places.",
    ),
    field(
        "run_as",
        Kind::Name,
        "Who runs a server that is started in a sandbox; otherwise `postgres` or `mysql`, else `nobody`.",
    ),
];

const COMMAND: &[Field] = &[
    field("run", Kind::Command, "What is run. Required."),
    field(
        "check",
        Kind::Command,
        "Succeeds if it is done already; then it is not run, and where nobody knows, it may be run again.",
    ),
    field(
        "repeat",
        Kind::Bool,
        "It may be run again after a crash in which nobody knows whether it was done; false otherwise.",
    ),
    field(
        "volatile",
        Kind::Bool,
        "What it does ends with the session, as a server that it starts in a sandbox does: a run that was \
             cut \
         off and needs it runs it again, unless its check succeeds; false otherwise.",
    ),
    field("inside", Kind::Bool, "Run it inside the root (chroot), not beside it; false otherwise."),
    field("input", Kind::Path, "A file of the snapshot that it reads as standard input."),
    field(
        "secret",
        Kind::Name,
        "A secret that it reads as standard input, without a line feed: what `plan apply --secret \
             NAME=FILE` gives, or \
         what is typed at the terminal. The plan, its journal and its records hold the name alone.",
    ),
    field("environment", Kind::Variables, "Variables it gets; never secrets: they would stand in the plan."),
    field("user", Kind::Name, "Who runs it; who runs lifeboat otherwise."),
];

/// Every kind of verification.
pub const CHECKS: &[&str] = &["sql", "http", "command", "file", "checksum", "port", "unit"];

const VERIFY: &[Field] = &[
    field(
        "kind",
        Kind::Word(CHECKS),
        "`sql`: a query answers. `http`: a URL answers. `command`: a program succeeds. `file`: a file is \
         there. `checksum`: files are those of the snapshot. `port`: something listens. `unit`: a systemd \
         unit is active, or enabled where nothing runs. Required.",
    ),
    field("within", Kind::Duration, "How long to try until it holds; once otherwise."),
    field("engine", Kind::Word(&["postgres", "mysql", "mariadb", "sqlite"]), "sql: which. Required there."),
    field(
        "dump",
        Kind::Text,
        "sql: the dump whose server is asked, where a sandbox has several servers of the engine.",
    ),
    field("user", Kind::Text, "sql: the database user; otherwise the server's superuser."),
    field("database", Kind::Text, "sql: its name, or the file of SQLite below the root."),
    field("query", Kind::Text, "sql: the query. Required there."),
    field("expect", Kind::Text, "sql, command: what the answer is, blanks around it not counted."),
    field("url", Kind::Text, "http: what is asked for. Required there."),
    field("status", Kind::Integer(100, 599), "http: the status; any from 200 to 299 otherwise."),
    field("contains", Kind::Text, "sql, http, command, file: what must stand in it."),
    field("run", Kind::Command, "command: what is run. Required there."),
    field("inside", Kind::Bool, "sql, command: inside the root (chroot)."),
    field(
        "path",
        Kind::Path,
        "file: the file, below the root. Required there. checksum: only what lies below it.",
    ),
    field("min_size", Kind::Size, "file: how long it must be at least."),
    field(
        "host",
        Kind::Text,
        "port: where; 127.0.0.1 otherwise. sql: another server than the dump's own; a path is its socket.",
    ),
    field("port", Kind::Integer(1, 65535), "port: which. Required there. sql: of that server."),
    field("unit", Kind::Text, "unit: its name. Required there."),
];

/// Everything that a verification of any kind may have.
pub fn verify_fields() -> &'static [Field] {
    VERIFY
}

/// What a verification of `kind` must have.
pub fn required_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "sql" => &["engine", "query"],
        "http" => &["url"],
        "command" => &["run"],
        "file" => &["path"],
        "port" => &["port"],
        "unit" => &["unit"],
        _ => &[],
    }
}

/// What a verification of `kind` may have, beside `kind` and `within`.
pub fn allowed_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "sql" => {
            &["engine", "database", "query", "expect", "contains", "inside", "dump", "host", "port", "user"]
        }
        "http" => &["url", "status", "contains"],
        "command" => &["run", "expect", "contains", "inside"],
        "file" => &["path", "contains", "min_size"],
        "checksum" => &["path"],
        "port" => &["host", "port"],
        "unit" => &["unit"],
        _ => &[],
    }
}
