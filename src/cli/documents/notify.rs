//! Documents of events, of the outbox, and of what watches over jobs.

use crate::cli::documents::DocumentKind;

const OUTBOX: &str = "The event as in lifeboat.event/1; what it does to its matter; the worst state of its \
 deliveries \
    (pending, delivered, in-doubt, failed, dropped); how often it was repeated; what ended it; who \
    acknowledged; each delivery with contact, channels, action, state, by, at, receipt, error and due; when \
    the next step of the escalation is due.";

/// By schema.
pub const DOCUMENTS: &[DocumentKind] = &[
    DocumentKind {
        schema: "lifeboat.event/1",
        printed_by: "no command: channels of type command and webhook get it",
        fields: &[
            ("id", "The event's id, as `notify ack` takes it."),
            ("time", "When it happened."),
            (
                "kind",
                "What it is about: backup, check, restore, replica, replica-sync, lock-audit, lock-extend, \
                 runbook, runbook-step, message, test, drill.",
            ),
            ("outcome", "started, ok, degraded, partial, failed, missed, damage, notice."),
            ("severity", "info, warning, error, critical."),
            ("key", "The matter: what goes wrong and its end have the same."),
            ("host, job", "Where, and of which job; `job` is left out where there is none."),
            ("title, text, details", "One line, what people need to know, and facts by name."),
            ("is_drill", "Whether it is only a drill."),
            (
                "links",
                "Links by which it is answered, each with label and url; left out where there are none.",
            ),
            ("action", "trigger, acknowledge, resolve, notice: what it does to the matter."),
            ("message_id", "The same for every attempt, and for no other message: drop what came already."),
            ("subject, body", "The words as the templates have them."),
            ("triggered_by", "The event that opened the matter; left out where it is this one."),
            ("ack_url", "Where it can be acknowledged; left out where there is no such page."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.notify-call-tree/1",
        printed_by: "notify call-tree",
        fields: &[
            ("ok", "Whether everybody acknowledged."),
            ("waited_seconds", "How long was waited."),
            (
                "contacts",
                "Each with contact, event, reached, by_channel, reached_after_seconds, acknowledged, \
                 acknowledged_by, \
                 via, acknowledged_after_seconds and error.",
            ),
        ],
    },
    DocumentKind {
        schema: "lifeboat.notify-event/1",
        printed_by: "notify outbox show, notify ack, notify send",
        fields: &[(
            "event, action, state, repeats, resolved_by, acknowledged, deliveries, next_step",
            OUTBOX,
        )],
    },
    DocumentKind {
        schema: "lifeboat.notify-flush/1",
        printed_by: "notify flush",
        fields: &[
            ("delivered, failed, in_doubt, pending", "Messages."),
            ("troubles", "What went wrong, as sentences."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.notify-outbox/1",
        printed_by: "notify outbox",
        fields: &[
            ("events", OUTBOX),
            ("disabled", "Channels that are not used, for they answered 410: channel, since and why."),
            ("damaged", "Files in the outbox that cannot be read, and why."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.notify-test/1",
        printed_by: "notify test",
        fields: &[
            ("ok", "Whether every channel works."),
            ("attempts", "Each with channel, contact, ok and what the other side said."),
        ],
    },
    DocumentKind {
        schema: "lifeboat.watch/1",
        printed_by: "watch, after each look",
        fields: &[
            ("overdue", "Expectations that are."),
            (
                "expectations",
                "Each with kind, name, every_seconds, state (in-time or overdue), last_done, last_outcome \
                 and due.",
            ),
            ("delivered, pending", "Messages of the outbox."),
        ],
    },
];
