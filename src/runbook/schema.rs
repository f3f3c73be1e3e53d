//! Every key that a runbook's file may have: what it holds and what it is for.
//!
//! The reader finds unknown keys by these tables, and lifeboat-runbook(5) is made from them; a test sees to
//! it that the reader asks for every key that stands here, and for no other.

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What it holds, as an error and the manual say it.
    pub holds: &'static str,
    /// What it is for.
    pub help: &'static str,
}

const fn field(name: &'static str, holds: &'static str, help: &'static str) -> Field {
    Field { name, holds, help }
}

/// A text.
pub const TEXT: &str = "text in quotes";
/// A text with `{{ … }}`.
pub const TEMPLATE: &str =
    "text, in which {{ inputs.NAME }}, {{ vars.NAME }}, {{ steps.ID.output }} are filled in";
/// A list of such texts.
pub const TEMPLATES: &str = "a list of texts, such as [\"one\", \"two\"]; {{ … }} is filled in in each";
/// Words of a program.
pub const ARGUMENTS: &str =
    "a list: the program and its arguments, such as [\"systemctl\", \"start\", \"nginx\"]";
/// A duration.
pub const DURATION: &str = "a duration such as \"90s\" or \"1h30m\"";
/// Yes or no.
pub const BOOL: &str = "true or false";
/// The id of a step.
pub const STEP: &str = "the id of another step of this runbook";
/// A list of them.
pub const STEPS: &str = "a list of ids of steps, such as [\"declare\", \"restore\"]";
/// A condition.
pub const EXPRESSION: &str = "a condition, such as \"inputs.site == 'north' and not steps.ping.failed\"";
/// A table that says how to find out.
pub const CONDITION: &str = "a table with one of run, script, http, tcp, file, expression";
/// Variables.
pub const ENVIRONMENT: &str = "a table: NAME = \"value\", or NAME = { secret = \"NAME\" }";

/// The file itself.
pub const FILE: &[Field] = &[
    field("schema", "\"lifeboat.runbook/1\"", "The version of this format. Required."),
    field("title", TEXT, "What people call the runbook. Required."),
    field("description", TEXT, "What it is for, and when it is used."),
    field("owner", TEXT, "Who looks after it."),
    field("rto", DURATION, "How long a recovery may take; the report compares."),
    field("rpo", DURATION, "How much data may be lost, as time; the report states it."),
    field(
        "inputs",
        "tables with names: [inputs.site]",
        "What is asked for when it is run; scripts see INPUT_NAME.",
    ),
    field("variables", "a table: NAME = \"text\"", "Texts made of inputs; scripts see VAR_NAME."),
    field(
        "secrets",
        "tables with names: [secrets.token]",
        "Where secrets are to be had. What they are stands nowhere.",
    ),
    field(
        "outputs",
        "a table: NAME = \"text\"",
        "What a runbook that this one is a step of sees as output.NAME.",
    ),
    field(
        "step",
        "tables in a list: [[step]]",
        "What is done, in this order, unless `needs` and phases say otherwise.",
    ),
];

/// `[inputs.NAME]`.
pub const INPUT: &[Field] = &[
    field("type", "text, integer, boolean, path, duration or choice", "What it may be; text otherwise."),
    field("choices", "a list of words", "What can be chosen, of type choice."),
    field("default", "a value of that type", "What it is if nobody says; required otherwise."),
    field("description", TEXT, "What it means."),
];

/// `[secrets.NAME]`.
pub const SECRET: &[Field] = &[
    field("file", TEXT, "A file whose first line it is."),
    field("variable", TEXT, "A variable of the environment that lifeboat runs in."),
    field("command", ARGUMENTS, "A program whose first line of output it is."),
    field("credential", TEXT, "A file in systemd's $CREDENTIALS_DIRECTORY."),
];

/// What every step has.
pub const STEP_COMMON: &[Field] = &[
    field(
        "id",
        "letters a-z, digits and _, beginning with a letter",
        "Its id, unique in the runbook. Required.",
    ),
    field("kind", "one of the kinds below", "What it is. Required."),
    field("title", TEXT, "What people call it; the id otherwise."),
    field("phase", "activation, recovery or reconstitution", "Its phase; that of the step before otherwise."),
    field("needs", STEPS, "What must be done before. Left out where one of them failed."),
    field("when", EXPRESSION, "Whether it is done at all."),
    field("timeout", DURATION, "How long one attempt may take, or how long people have to answer."),
    field("retry", "a table: count, backoff, factor, max, jitter", "What is done where an attempt fails."),
    field(
        "on_failure",
        "\"halt\", \"continue\", \"rollback\" or { step = \"ID\" }",
        "What happens where it fails for good: halt (the default) stops the run, which can be resumed; \
         continue goes on; rollback undoes what was done, last first, and ends the run; a step is done, and \
         the run goes on.",
    ),
    field("rollback", STEP, "The step that undoes it; done only then."),
    field(
        "idempotent",
        BOOL,
        "Whether it may be repeated without harm where a crash leaves open whether it was done. `command` \
         and changing `http` steps are not unless this says so; all others are.",
    ),
    field("check", CONDITION, "Tells whether it was done, where a crash leaves that open."),
    field(
        "drill",
        "\"run\" or \"skip\"; of notify also \"mark\", \"suppress\" or { redirect = [\"NAME\"] }",
        "What becomes of it in a drill. Messages are marked [DRILL] unless redirected or suppressed.",
    ),
];

/// `retry`.
pub const RETRY: &[Field] = &[
    field("count", "a whole number from 0 to 100", "Attempts beyond the first. Required."),
    field("backoff", DURATION, "The wait before the second; 5s otherwise."),
    field("factor", "a number from 1 to 10", "How much longer each further wait is; 2 otherwise."),
    field("max", DURATION, "The longest wait; 5m otherwise."),
    field("jitter", "a number from 0 to 1", "The share that chance adds or takes; 0.1 otherwise."),
];

/// What everything has that waits for people.
pub const ASKING: &[Field] = &[
    field("who", TEMPLATES, "Who may answer, by name; anybody otherwise."),
    field("notify", TEMPLATES, "Contacts, groups or channels that are told that an answer is waited for."),
    field(
        "escalate",
        STEP,
        "A step that is done where nobody answers within `timeout`; the same time is then waited once more.",
    ),
    field(
        "on_timeout",
        "\"fail\", \"proceed\" or, of choice, a value",
        "What happens after that; fail otherwise.",
    ),
];

/// `kind = "notify"`.
pub const NOTIFY: &[Field] = &[
    field("to", TEMPLATES, "Contacts, groups or channels. Required."),
    field("message", TEMPLATE, "What they are told below the title. Required."),
    field("severity", "info, warning, error or critical", "How bad it is; info otherwise."),
    field("required", BOOL, "Whether the step fails where the message could not be handed over."),
    field("acknowledge", BOOL, "Whether somebody has to acknowledge it, within `timeout`."),
    field("who", TEMPLATES, "Who may acknowledge, by name; anybody otherwise."),
    field("escalate", STEP, "A step that is done where nobody does; the same time is then waited once more."),
    field("on_timeout", "\"fail\" or \"proceed\"", "What happens after that; fail otherwise."),
];

/// `kind = "approval"`.
pub const APPROVAL: &[Field] = &[
    field("question", TEMPLATE, "What is to be approved. Required."),
    field(
        "quorum",
        "a whole number from 1 to 100",
        "How many have to approve; 1 otherwise. One refusal refuses.",
    ),
];

/// `kind = "command"`, and whatever else runs a program.
pub const PROGRAM: &[Field] = &[
    field("run", ARGUMENTS, "A program and its arguments; no shell is involved."),
    field(
        "script",
        TEXT,
        "A script instead. Nothing is filled in: inputs and variables come as INPUT_X and VAR_X.",
    ),
    field("shell", TEXT, "The shell for it; /bin/sh otherwise."),
    field("environment", ENVIRONMENT, "Further variables."),
    field("directory", TEMPLATE, "Where it runs."),
    field("user", TEMPLATE, "As whom; needs root."),
    field("group", TEMPLATE, "Of which group; that with the user's name otherwise."),
    field("stdin", TEMPLATE, "What it reads."),
    field("success", "a list of exit statuses", "What means success; [0] otherwise."),
];

/// What a `command` or `http` step has beside.
pub const OUTPUT: &[Field] = &[field(
    "output",
    "\"text\" or \"json\"",
    "What it gives: later steps see steps.ID.output, or steps.ID.output.FIELD.",
)];

/// `kind = "http"`.
pub const HTTP: &[Field] = &[
    field("url", TEMPLATE, "Where to. Required."),
    field("method", "GET, HEAD, POST, PUT, PATCH or DELETE", "The method; GET otherwise."),
    field("headers", ENVIRONMENT, "Headers."),
    field("body", TEMPLATE, "What is sent."),
    field("expect", "a list of statuses", "What means success; any 2xx otherwise."),
    field("contains", TEMPLATE, "What the answer must hold."),
];

/// A condition: of `check`, of `wait`, or whether a step was done.
pub const CONDITION_FIELDS: &[Field] = &[
    field("http", TEMPLATE, "A URL that answers as `expect` and `contains` say."),
    field("tcp", TEMPLATE, "HOST:PORT where something listens."),
    field("file", TEMPLATE, "The absolute path of something that exists."),
    field("expression", EXPRESSION, "A condition that can be told from what is known."),
];

/// `kind = "wait"`.
pub const WAIT: &[Field] = &[
    field("for", DURATION, "So long."),
    field("until", CONDITION, "Or until this is so, within `timeout`."),
    field("every", DURATION, "How often that is looked at; 5s otherwise."),
];

/// `kind = "manual"`.
pub const MANUAL: &[Field] = &[
    field("instruction", TEMPLATE, "What to do. Required."),
    field("evidence", "\"none\", \"text\" or \"file\"", "What to hand in to show for it; none otherwise."),
];

/// `kind = "choice"`.
pub const CHOICE: &[Field] = &[
    field("question", TEMPLATE, "What is to be chosen. Required."),
    field(
        "options",
        "a table: VALUE = \"what it means\"",
        "The values; later steps see steps.ID.output. Required.",
    ),
];

/// `kind = "backup"`.
pub const BACKUP: &[Field] = &[
    field("jobs", TEMPLATES, "Jobs of the configuration. Required."),
    field("tags", TEMPLATES, "Tags of the snapshots."),
    field("repository", TEMPLATE, "Where to, if not where the jobs say."),
];

/// `kind = "restore"`.
pub const RESTORE: &[Field] = &[
    field("snapshot", TEMPLATE, "latest, latest@HOST or the beginning of an id; latest otherwise."),
    field("path", TEMPLATE, "What of it; all otherwise."),
    field("target", TEMPLATE, "The directory below which it is put. Either this or `in_place` is required."),
    field("in_place", BOOL, "Puts it where it was."),
    field("verify", BOOL, "Reads everything back and compares."),
    field("delete", BOOL, "Removes what the snapshot does not have."),
    field("repository", TEMPLATE, "Where from, if not from the run's repository."),
];

/// `kind = "plan"`.
pub const PLAN: &[Field] = &[
    field("file", TEMPLATE, "The plan: its file, or its id; to build one, the plan file. Required."),
    field(
        "verb",
        "\"apply\", \"verify\" or \"build\"",
        "What is done with it; apply otherwise. What was built is applied by a later step with \
         file = \"{{ steps.ID.output.id }}\".",
    ),
    field("arguments", TEMPLATES, "Further arguments of `lifeboat plan`."),
];

/// `kind = "parallel"`.
pub const PARALLEL: &[Field] = &[field(
    "step",
    "tables in a list: [[step.step]]",
    "Steps that run at once, as far as their `needs` allow. Required.",
)];

/// `kind = "runbook"`.
pub const NESTED: &[Field] = &[
    field("runbook", TEXT, "The name of another runbook of the same directory. Required."),
    field("inputs", "a table: NAME = \"text\"", "Its inputs."),
];

/// A kind, what it is for, and the tables of its keys.
pub struct KindFields {
    /// Its word.
    pub kind: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// The keys beside those of every step.
    pub fields: &'static [&'static [Field]],
}

const fn kind(kind: &'static str, help: &'static str, fields: &'static [&'static [Field]]) -> KindFields {
    KindFields { kind, help, fields }
}

/// Every kind of step.
pub const KINDS: &[KindFields] = &[
    kind("notify", "Tells people, and may wait for an acknowledgement.", &[NOTIFY]),
    kind("approval", "Waits for people's leave.", &[APPROVAL, ASKING]),
    kind("command", "Runs a program or a script.", &[PROGRAM, OUTPUT]),
    kind("http", "Asks a server.", &[HTTP, OUTPUT]),
    kind("check", "Finds out whether something is so.", &[PROGRAM, CONDITION_FIELDS, CONDITION_HTTP]),
    kind("wait", "Lets time pass, or waits until something is so.", &[WAIT]),
    kind("manual", "Has a person do something.", &[MANUAL, ASKING]),
    kind("backup", "Runs backup jobs.", &[BACKUP]),
    kind("restore", "Restores from a snapshot.", &[RESTORE]),
    kind("plan", "Builds a restore plan, verifies that it still fits, or carries it out.", &[PLAN]),
    kind("parallel", "Does several steps at once.", &[PARALLEL]),
    kind("runbook", "Does all that another runbook says.", &[NESTED]),
    kind("choice", "Has a person choose.", &[CHOICE, ASKING]),
];

/// What `http` in a condition has beside.
pub const CONDITION_HTTP: &[Field] = &[
    field("method", "GET or HEAD", "The method; GET otherwise."),
    field("headers", ENVIRONMENT, "Headers."),
    field("expect", "a list of statuses", "What means success; any 2xx otherwise."),
    field("contains", TEMPLATE, "What the answer must hold."),
];
