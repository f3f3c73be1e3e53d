//! Documents of restore plans and their runs.

use crate::cli::documents::DocumentKind;

/// By schema.
pub const DOCUMENTS: &[DocumentKind] = &[
    DocumentKind {
        schema: "lifeboat.plan/1",
        printed_by: "plan build, plan show and plan apply --dry-run; it is also the file of a plan",
        fields: &[
            ("id", "BLAKE3 over the canonical JSON (keys sorted, no blanks) of `content`, in hexadecimal."),
            (
                "content",
                "What will be done: pinned snapshots, target, components, steps with what they need.",
            ),
            ("forecast", "What is expected: times with their bars, verdicts, room, packs to be warmed up."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.plan-diff/1",
        printed_by: "plan diff",
        fields: &[
            ("old, new", "Ids of the plans."),
            ("changes", "Each with change (added, removed, changed), what, old and new."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.plan-run/1",
        printed_by: "plan apply; also kept in the state directory, where predictions learn from it",
        fields: &[
            ("run", "The run's id."),
            ("plan, name", "The plan's id, and what it is called."),
            ("started, finished", "When it was begun, and when it was over."),
            ("outcome", "done, partial, failed, waiting or unfinished."),
            ("sessions", "More than one where it was cut off and gone on with."),
            ("machine_seconds, waited_seconds", "Seconds of the machine, and those people were waited for."),
            ("warm_up_seconds", "Seconds that cold storage was waited for."),
            ("predicted", "What was predicted of the whole."),
            ("steps", "Each with state, attempts, seconds, predicted, within_bar, and why it is not done."),
            ("verdicts", "Whether the objectives were met."),
            ("warnings", "What went wrong at the end."),
            ("sandbox", "What was seen to be gone after it was removed, and what is left; else null."),
            ("journal", "The hash of the journal's last line."),
            (
                "evidence",
                "The object in the repository that holds the signed copy; null if it is not signed.",
            ),
            ("observations", "What predictions learn from."),
            ("once", "The name that it was asked for by (--once); left out where there was none."),
            (
                "done_before",
                "true where a run by that name was found and nothing was done now; else left out.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.plan-run-verify/1",
        printed_by: "plan verify, of a run",
        fields: &[
            ("run", "The run's id."),
            ("holds", "Whether record, journal and signed copy agree; the exit status is 4 otherwise."),
            ("faults", "What does not agree, as sentences."),
            ("remarks", "What stands beside the signed copies and proves nothing, as sentences; no faults."),
            ("lines", "Lines of the run's journal."),
            ("evidence", "The object that holds the signed copy, or null."),
            ("signer, host, time", "The key slot that signed it, the machine, and when; or null."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.plan-runs/1",
        printed_by: "plan runs",
        fields: &[
            (
                "runs",
                "Oldest first, each with run, plan, name, started, finished, outcome, and the following.",
            ),
            ("runs[].machine_seconds, runs[].waited_seconds", "Seconds of the machine, and of people."),
            ("runs[].predicted", "What was predicted of the whole."),
            ("runs[].evidence", "The object in the repository that holds the signed copy, or null."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.plan-verify/1",
        printed_by: "plan verify",
        fields: &[
            ("plan", "The plan's id."),
            ("fits", "Whether it still fits."),
            ("changes", "What is different, as sentences; with any the exit status is 1."),
        ],
    },
];
