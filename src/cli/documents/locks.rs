//! Documents of locks and of looking back.

use crate::cli::documents::{DocumentKind, LOCATION};

/// By schema.
pub const DOCUMENTS: &[DocumentKind] = &[
    DocumentKind {
        schema: "lifeboat.lock-audit/1",
        printed_by: "lock audit",
        fields: &[
            (
                "is_met",
                "Whether every store that locks has protected snapshots and covers all, records too; else \
                 exit status 5.",
            ),
            ("within_seconds, window_seconds", "What was asked, and how young a protected snapshot is."),
            (
                "stores",
                "Each with name, location, is_locking, versioning, object_lock, objects, losing, uncovered, \
                 due (objects that a renewal would bring more time now), records (of all of them, evidence \
                 and runbooks: objects, losing and uncovered), lock_for_seconds, renew_below_seconds, \
                 named (objects with key, until, mode, is_missing and is_overwritten) and snapshots (id, \
                 host, time, cover, until and fault; time is null where the record cannot be read; \
                 cover is covered, losing, uncovered or unreadable).",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.lock-extend/1",
        printed_by: "lock extend",
        fields: &[
            ("is_dry_run", "Whether nothing was renewed."),
            ("window_seconds", "How young a protected snapshot is."),
            (
                "unreadable",
                "Snapshots of which something cannot be read: key and why. With any, all packs that the \
                 index relies on are renewed, and the exit status is 5.",
            ),
            (
                "stores",
                "Each with name, location, objects, asked, renewed, renew (keys, with --dry-run) and \
                 failures; with any the exit status is 5.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.lock-status/1",
        printed_by: "lock status",
        fields: &[
            ("window_seconds", "How young a protected snapshot is."),
            (
                "stores",
                "Each with name, location, versioning, object_lock, default_retention, policy, objects, \
                 bytes, hidden_versions, hidden_bytes and markers.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.lock-sweep/1",
        printed_by: "lock sweep",
        fields: &[
            ("is_dry_run", "Whether nothing was deleted."),
            (
                "stores",
                "Each with name, location, versions, bytes, markers, locked, kept, overwritten (keys of \
                 which all versions are kept), deleted (those of evidence and runbooks that are to be kept, \
                 of which they are too) and failures; with any failure the exit status is 1.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.recover/1",
        printed_by: "recover",
        fields: &[
            ("as_of", "The time that was asked for."),
            (
                "stores",
                "Each with name, location, objects_then, bytes_then, snapshots_then, deleted, overwritten, \
                 added, first_change, last_change, changes (key, change, since and version) and \
                 applied (null, or unhidden, rewritten, rewritten_bytes, left_out and failures; left_out are \
                 key slots).",
            ),
            ("copied", "With --to: to, objects, bytes, present and failures; else null."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.store-probe/1",
        printed_by: "store probe",
        fields: &[
            ("location", LOCATION),
            ("sound", "Whether the server keeps all that a repository rests on."),
            ("protocol", "`conditional-writes`, `time-based`, or null where a repository is not safe."),
            ("properties", "Each with name, holds and fault."),
            ("checksums, versioning, object_lock", "What the server has, or null if that is unknown."),
            ("default_retention", "What the bucket locks by itself: mode and days; or null."),
            (
                "retention",
                "What became of an object that was locked for a minute: honoured, fault, can_bypass and \
                 left; null where nothing can be locked.",
            ),
        ],
    },
];
