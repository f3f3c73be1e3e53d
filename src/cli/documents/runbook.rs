//! Documents of runbooks and their runs.

use crate::cli::documents::DocumentKind;

/// By schema.
pub const DOCUMENTS: &[DocumentKind] = &[
    DocumentKind {
        schema: "lifeboat.run/1",
        printed_by: "runbook status --watch and runbook run, inside the first lifeboat.runbook-event/1",
        fields: &[
            ("run, runbook, mode, operator, host, tool", "What is run, by whom, where, with what."),
            ("texts", "The runbook and those that are its steps, as they were when it began."),
            ("inputs", "What was answered to its questions."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook/1",
        printed_by: "runbook show; also the schema of a runbook's own file",
        fields: &[
            ("name, title, description", "What it is."),
            ("inputs", "Names of what is asked for."),
            ("steps", "Each as in lifeboat.runbook-plan/1."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-answer/1",
        printed_by: "runbook approve, runbook ack, runbook abort",
        fields: &[
            ("run", "The run."),
            (
                "answer",
                "What was said: id, step, deed, by, via, time, and value, note, file where there are such.",
            ),
            ("is_active", "Whether a process on this machine takes it now."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-event/1",
        printed_by: "runbook run, runbook resume and runbook status --watch, for each record of the journal",
        fields: &[
            ("time", "When."),
            ("run", "The run's id."),
            ("what", "The record as a sentence."),
            ("record", "The record: event, and what belongs to it. `run` and `resume` print its fields too."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-fetch/1",
        printed_by: "runbook fetch",
        fields: &[("runbooks", "Each with name, version, and is_new: whether a file was written.")],
    },
    DocumentKind {
        schema: "lifeboat.runbook-history/1",
        printed_by: "runbook history",
        fields: &[(
            "runs",
            "Each with run, runbook, mode, state, began, seconds, operator, host, and place.",
        )],
    },
    DocumentKind {
        schema: "lifeboat.runbook-init/1",
        printed_by: "runbook init",
        fields: &[("written, kept", "Files that were written, and that were there.")],
    },
    DocumentKind {
        schema: "lifeboat.runbook-link/1",
        printed_by: "runbook link",
        fields: &[("links", "Each with answer and url.")],
    },
    DocumentKind {
        schema: "lifeboat.runbook-lint/1",
        printed_by: "runbook lint",
        fields: &[
            ("ok", "Whether there is no mistake."),
            (
                "runbooks",
                "Each with name, file, mistakes and warnings, which have line, column, text, message, \
                 expected and suggestion.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-list/1",
        printed_by: "runbook list",
        fields: &[
            ("dir", "Where they are."),
            ("runbooks", "Each with name, title, steps, errors, warnings, last_run and last_state."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-plan/1",
        printed_by: "runbook run --dry-run",
        fields: &[
            ("runbook, mode, inputs", "What would be run."),
            (
                "steps",
                "Each with step, kind, title, phase, needs, when, does, on_failure, retries, \
                 timeout_seconds, drill and only_if_needed.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-publish/1",
        printed_by: "runbook publish",
        fields: &[("runbooks", "Each with name, version, and is_new: whether that version was made.")],
    },
    DocumentKind {
        schema: "lifeboat.runbook-report/1",
        printed_by: "runbook report",
        fields: &[
            (
                "run, runbook, title, mode, state, operator, host, began, ended",
                "What was run, and how it is.",
            ),
            ("total_seconds", "From beginning to end."),
            (
                "machine_seconds, people_seconds, pause_seconds",
                "What machines took, people were waited for, and \
              was waited because steps say so.",
            ),
            (
                "recovered_seconds, rto_seconds, rto_met, rpo_seconds",
                "Objectives; null where there are none.",
            ),
            ("phases", "Each with phase, steps and seconds."),
            (
                "steps",
                "Each with step, title, kind, phase, state, began, ended, seconds, people_seconds, attempts, \
              by and error.",
            ),
            ("gaps", "What fell short, as sentences."),
            ("timeline", "Each record with its time and what it says."),
            (
                "journal_lines, journal_head, copied_lines",
                "The verified journal, and its copy in the repository.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-run/1",
        printed_by: "runbook run and runbook resume, at the end",
        fields: &[
            ("run, runbook, state", "What was run, and where it is."),
            ("steps", "How many were begun or left out."),
            (
                "failed, waiting, halted",
                "Steps that failed, that wait for people, and at which it stands still.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.runbook-serve/1",
        printed_by: "runbook serve, once it does",
        fields: &[("address, url", "Where it listens, and what stands before its links.")],
    },
    DocumentKind {
        schema: "lifeboat.runbook-status/1",
        printed_by: "runbook status",
        fields: &[(
            "runs",
            "Each with run, runbook, mode, state, is_active, operator, host, began, latest and steps, which \
             have step, title, kind, phase, state, began, ended, attempts, question, who and error.",
        )],
    },
];
