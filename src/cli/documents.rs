//! What `--json` prints: every document's schema, its commands and its fields.
//!
//! lifeboat-json(7) is made from it.

mod locks;
mod notify;
mod plan;
mod runbook;

use std::sync::LazyLock;

/// One kind of document.
#[derive(Clone, Copy)]
pub struct DocumentKind {
    /// `lifeboat.NAME/VERSION`, the value of its field `schema`.
    pub schema: &'static str,
    /// Who prints it, and when.
    pub printed_by: &'static str,
    /// Its other fields, and what they say; each may be left out where the text says so.
    pub fields: &'static [(&'static str, &'static str)],
}

const COUNTS: &str = "Entries of a kind, as a number.";
const WARNINGS: &str = "What was not as it should be, as sentences; only the first hundred or so are kept.";
const FINGERPRINT: &str = "The repository's fingerprint, in hexadecimal.";
const LOCATION: &str = "The repository's address, without secrets.";
const ATTACHMENTS: &str = "What it carries beside files: kind, name, path, files, and where known engine, \
     version, tool, position, time, details and fault; left out if nothing.";
const SNAPSHOT: &str = "The snapshot's id.";
const DURATION: &str = "Wall time in seconds.";
const REPLICA: &str = "Of the replica.";
const ENTRY_TYPE: &str = "file, dir, symlink, fifo, socket, chardev, blockdev.";

/// All of them, by schema.
pub static DOCUMENTS: LazyLock<Vec<DocumentKind>> = LazyLock::new(|| {
    let mut documents =
        [GENERAL, locks::DOCUMENTS, notify::DOCUMENTS, plan::DOCUMENTS, runbook::DOCUMENTS].concat();
    documents.sort_by_key(|document| document.schema);
    documents
});

/// Those of repositories, snapshots and restores.
const GENERAL: &[DocumentKind] = &[
    DocumentKind {
        schema: "lifeboat.backup/1",
        printed_by: "backup",
        fields: &[
            ("snapshot", SNAPSHOT),
            ("host", "Who made it."),
            ("time", "When it began."),
            ("parent", "The snapshot it was compared with, or null."),
            ("files_new, files_changed, files_unmodified, dirs, specials, excluded", COUNTS),
            ("total_bytes", "Length of all files in it."),
            ("read_bytes", "Bytes read from the sources."),
            ("new_bytes", "Bytes of chunks the repository did not have."),
            ("stored_bytes", "What these became after compression and encryption."),
            ("packs, new_chunks", "Objects and chunks added."),
            ("attachments", ATTACHMENTS),
            ("duration_seconds", DURATION),
            ("faults", "Entries that are incomplete; above 0 the exit status is 3."),
            ("warning_count, warnings", WARNINGS),
        ],
    },
    DocumentKind {
        schema: "lifeboat.backup-plan/1",
        printed_by: "backup --dry-run, after one line for every entry: path, action, bytes, and why not",
        fields: &[
            ("files_new, files_changed, files_unmodified, dirs, specials, excluded", COUNTS),
            (
                "total_bytes, read_bytes, new_bytes, stored_bytes, packs, new_chunks",
                "As in lifeboat.backup/1.",
            ),
            ("warning_count, warnings", WARNINGS),
        ],
    },
    DocumentKind {
        schema: "lifeboat.change/1",
        printed_by: "diff, one for each difference",
        fields: &[
            ("change", "added, removed, modified, metadata or type."),
            ("path", "Where; with path_base64 if it is no UTF-8."),
            ("path_base64", "The exact bytes of such a path; else left out."),
            ("old_type, new_type", "What stood there before and after; left out where nothing did."),
            ("old_bytes, new_bytes", "Length before and after; left out where there is none."),
            ("fields", "The metadata that differ; left out if none."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.check/1",
        printed_by: "check",
        fields: &[
            ("findings", "Objects with severity, code, object, what, consequence and advice."),
            ("damage_count, warning_count", "Findings by severity; with damage the exit status is not 0."),
            ("remarks", "What is worth knowing and no fault."),
            ("unchecked", "What could not be looked at, and why."),
            ("counts", "How many objects of every kind were looked at."),
            ("lost_files, lost_file_count", "Files that cannot be restored whole."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.config-check/1",
        printed_by: "config check",
        fields: &[
            ("file", "The configuration file."),
            ("ok", "Whether it has no mistake."),
            ("repositories, jobs", "Names it defines."),
            ("mistakes", "Each with its line and what to write instead."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.database/1",
        printed_by: "nothing; it is manifest.json beside a dump in a snapshot",
        fields: &[
            ("engine, version, tool, position", "What was dumped, by what, and where in its log it stands."),
            ("restore", "How it is loaded by hand, line by line."),
            (
                "databases",
                "Each with name, file, and in expect what each query yields at the moment of the dump.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.database-list/1",
        printed_by: "database list",
        fields: &[
            ("snapshot", SNAPSHOT),
            ("databases", "Its attachments that are dumps; see lifeboat.backup/1."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.database-restore/1",
        printed_by: "database restore",
        fields: &[
            ("snapshot", SNAPSHOT),
            ("name", "The dump."),
            ("dry_run", "Whether nothing was done."),
            ("actions", "Each with id, title, commands, and duration_seconds unless nothing was done."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.demo/1",
        printed_by: "demo",
        fields: &[
            ("directory", "Where it ran."),
            ("kept", "Whether that is still there."),
            ("verified", "Whether everything came back identically."),
            ("steps", "Each command, its seconds and its own document."),
            ("comparisons", "What was compared, and the outcome."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.diff/1",
        printed_by: "diff, at the end",
        fields: &[
            ("added, removed, modified, metadata, type_changed", COUNTS),
            ("added_bytes, removed_bytes", "Length of what came and went."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.dump/1",
        printed_by: "dump --output; without it standard output is the archive",
        fields: &[
            ("entries, content_bytes", "What the archive holds."),
            ("sockets", "Sockets left out: tar has none."),
            ("damaged, damaged_files", "Files that could not be read whole: path and reason."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.entry/1",
        printed_by: "ls and find, one for each entry",
        fields: &[
            ("snapshot", "The snapshot's id, where several are searched; else left out."),
            ("path", "Absolute; with path_base64 if it is no UTF-8."),
            ("path_base64", "The exact bytes of such a path; else left out."),
            ("type", ENTRY_TYPE),
            ("mode", "Permissions with the setuid, setgid and sticky bits, as a decimal number."),
            ("uid, gid", "Owner by number."),
            ("user, group", "Owner by name; left out if it had none."),
            ("size", "Bytes of the contents."),
            ("mtime", "When the contents changed."),
            ("target", "Of a symbolic link; else left out."),
            ("device", "Major and minor number; else left out."),
            ("fault", "Why the entry is incomplete; else left out."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.error/1",
        printed_by: "every command that fails",
        fields: &[
            ("kind", "The kind of failure, as the exit status tells it."),
            ("message", "What happened."),
            ("hint", "What to do next, or null."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.find/1",
        printed_by: "find, at the end",
        fields: &[
            ("snapshots", "How many were searched."),
            ("without_path", "How many do not have the path that was asked for."),
            ("entries", "How many entries were looked at."),
            ("found", "How many matched."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.init/1",
        printed_by: "init",
        fields: &[
            ("location", LOCATION),
            ("id", "The repository's id."),
            ("fingerprint", FINGERPRINT),
            ("slots", "What opens it: recipients, or `passphrase`."),
            ("settle_seconds", "The settle time of the time-based protocol, or null where it is not needed."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.key-add/1",
        printed_by: "key add",
        fields: &[("slots", "Each with name, role, label, host and recipient.")],
    },
    DocumentKind {
        schema: "lifeboat.key-export/1",
        printed_by: "key export",
        fields: &[
            ("output", "The file that was written."),
            ("repository", "The repository's id."),
            ("fingerprint", FINGERPRINT),
        ],
    },
    DocumentKind {
        schema: "lifeboat.key-list/1",
        printed_by: "key list",
        fields: &[
            ("location", LOCATION),
            ("repository", "The repository's id."),
            ("fingerprint", FINGERPRINT),
            ("open", "The slot that opened it: slot, role, label and host."),
            ("slots", "Each with name, role, label, opens_with, written, size_bytes and is_open."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.key-passwd/1",
        printed_by: "key passwd",
        fields: &[("old, new", "Name of the slot that went, and of the one that took its place.")],
    },
    DocumentKind {
        schema: "lifeboat.key-remove/1",
        printed_by: "key remove",
        fields: &[("removed", "Names of the slots that are gone.")],
    },
    DocumentKind {
        schema: "lifeboat.key-trust/1",
        printed_by: "key trust",
        fields: &[
            ("location", LOCATION),
            ("fingerprint", FINGERPRINT),
            ("previous", "The fingerprint trusted before, or null."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.replica-add/1",
        printed_by: "replica add",
        fields: &[
            (
                "name, is_complete, copied_objects, copied_bytes, deleted_objects, left_objects, failures",
                REPLICA,
            ),
            ("configuration", "What to add to lifeboat.toml, or null if it is there."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.replica-heal/1",
        printed_by: "replica heal",
        fields: &[
            ("synced", "As `replicas` in lifeboat.replica-sync/1."),
            ("repaired", "Keys of the objects that were mended."),
            ("unrepaired", "Each with its key and why."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.replica-list/1",
        printed_by: "replica list",
        fields: &[
            ("write_quorum", "Replicas that must hold a write."),
            ("read_policy", "How reads are spread."),
            ("replicas", "Each with name, url, zone, role and weight."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.replica-remove/1",
        printed_by: "replica remove",
        fields: &[
            ("name", REPLICA),
            ("only_here", "Keys of objects that no other replica has."),
            ("deleted_objects", "How many were deleted there."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.replica-status/1",
        printed_by: "replica status",
        fields: &[
            ("state", "Of the whole."),
            ("write_quorum", "Replicas that must hold a write."),
            ("objects, bytes", "What the repository holds."),
            ("replicas", "Each with its state, reachable, objects, bytes, and what is missing or different."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.replica-sync/1",
        printed_by: "replica sync",
        fields: &[("replicas", "Each with what lifeboat.replica-add/1 says of one, from name to failures.")],
    },
    DocumentKind {
        schema: "lifeboat.replica-verify/1",
        printed_by: "replica verify, with the differences found beside it",
        fields: &[("same", "Whether all replicas hold the same.")],
    },
    DocumentKind {
        schema: "lifeboat.restore/1",
        printed_by: "restore",
        fields: &[
            ("snapshot", SNAPSHOT),
            ("target", "Where to, or null in place."),
            ("files, dirs, others, unchanged, kept, deleted, refused", COUNTS),
            ("refusals, failed", "What was not restored, and why; with any the exit status is not 0."),
            ("warning_count, warnings", WARNINGS),
            ("written_bytes", "Bytes written to the target."),
            ("fetched_bytes, requests", "What was read from the repository."),
            ("reused_bytes", "Bytes that were there already."),
            ("verified", "The outcome of --verify, or null."),
            ("duration_seconds", DURATION),
            ("resumed", "Whether an interrupted restore was continued."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.restore-plan/1",
        printed_by: "restore --dry-run",
        fields: &[
            ("snapshot", SNAPSHOT),
            ("target", "Where to, or null in place."),
            ("resumes", "Whether an interrupted restore would be continued."),
            ("counts", "Entries by action, and bytes and requests that are needed."),
            ("warnings", WARNINGS),
            ("packs", "Each pack with the ranges to fetch: offset and length in bytes."),
            ("cold", "How many packs lie in cold storage, their bytes, and the longest wait by speed."),
            ("cold_packs", "Each of them with bytes, class, and whether it was asked for (is_warming)."),
            ("entries", "Each with path, type, action and size."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.snapshot/1",
        printed_by: "snapshots, as part of lifeboat.snapshots/1",
        fields: &[
            ("id", SNAPSHOT),
            (
                "host, time, finished, sources, parent, statistics, tool",
                "As `lifeboat snapshots` shows them.",
            ),
            ("attachments", ATTACHMENTS),
            ("sequence, previous, segments, last_segment, epoch, root, faults", "See src/repo/FORMAT.md."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.snapshots/1",
        printed_by: "snapshots",
        fields: &[
            ("snapshots", "The chosen ones, oldest first."),
            ("damaged", "Objects that should be snapshots and cannot be read."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.stats/1",
        printed_by: "stats",
        fields: &[
            ("snapshots, files, dirs, specials", COUNTS),
            ("logical_bytes, content_bytes", "Length of all files, with and without holes."),
            ("chunks, unique_bytes", "Different chunks among them."),
            ("stored_bytes", "Their share of the stored blocks."),
            ("dedup_ratio, compression_ratio", "content ÷ unique, unique ÷ stored."),
            ("is_estimate", "Whether the numbers of chunks come from a sample (beyond four million)."),
            ("missing_chunks", "Chunks the repository does not have: see lifeboat check."),
            ("repository", "Objects and bytes of the whole repository."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.system/1",
        printed_by: "system capture and system show; with --section, its other sections are left out",
        fields: &[
            ("captured", "When it was looked at, as seconds and nanoseconds since 1970."),
            ("tool, root", "The version of lifeboat that looked, and the directory it took for `/`."),
            ("host", "Name, machine id, operating system, architecture, hardware."),
            ("boot", "Firmware, boot loaders, EFI entries, kernels, what makes initial RAM disks."),
            (
                "storage",
                "Devices, each after its parents, with kind and content; volume groups, mounts, fstab.",
            ),
            ("packages", "Installed packages with versions and marks, repositories, keys."),
            ("services, schedules", "Units, timers, crontabs."),
            ("accounts", "Users, groups, subordinate ids; hashes are redacted outside of snapshots."),
            ("settings", "Locale, time zone, kernel parameters and modules, SELinux, AppArmor."),
            ("network", "Interfaces, routes, rules, name resolution, firewall."),
            ("containers", "By engine: containers, images with digests, volumes, networks."),
            (
                "collectors",
                "Each with name, outcome (complete, partial, absent, failed, timed-out), warnings and \
                    milliseconds.",
            ),
            (
                "files",
                "What is kept beside it: path, source, size_bytes, hash, mode, owner, is_secret, is_cut.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.system-diff/1",
        printed_by: "system diff",
        fields: &[
            ("old, new", "What was compared."),
            (
                "changes",
                "The worst first, each with section, path, change (added, removed, changed, unknown), \
                    severity \
                 (critical, major, minor, info), old, new and meaning.",
            ),
            ("counts", "How many there are of each severity."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.version/1",
        printed_by: "version",
        fields: &[
            ("version", "Of the program."),
            ("formats_read, format_written", "Versions of the repository format."),
            ("system, machine", "What it was built for."),
        ],
    },
];
