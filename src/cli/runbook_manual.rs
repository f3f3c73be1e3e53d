//! lifeboat-runbook(5): the format of runbooks, from the tables by which they are read.

use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::manual::assemble;
use crate::runbook::schema::{
    ASKING, CONDITION_FIELDS, CONDITION_HTTP, FILE, Field, INPUT, KINDS, PROGRAM, RETRY, SECRET, STEP_COMMON,
};

const EXAMPLE: &str = "\
schema = \"lifeboat.runbook/1\"
title = \"Restore the shop's database\"
rto = \"2h\"

[inputs.snapshot]
default = \"latest\"

[secrets.database]
file = \"/etc/lifeboat/database.password\"

[[step]]
id = \"alarm\"
kind = \"notify\"
title = \"The shop is down\"
to = [\"oncall\"]
severity = \"critical\"
message = \"Run {{ run.id }} restores it from {{ inputs.snapshot }}.\"
acknowledge = true
timeout = \"10m\"
escalate = \"alarm_manager\"

[[step]]
id = \"alarm_manager\"
kind = \"notify\"
to = [\"manager\"]
message = \"Nobody on call has answered.\"

[[step]]
id = \"fetch\"
kind = \"restore\"
phase = \"recovery\"
snapshot = \"{{ inputs.snapshot }}\"
path = \"/shop.sql\"
target = \"/var/tmp/shop\"

[[step]]
id = \"load\"
kind = \"command\"
needs = [\"fetch\"]
idempotent = true
timeout = \"1h\"
retry = { count = 2, backoff = \"30s\" }
environment = { PGPASSWORD = { secret = \"database\" } }
script = '''
dropdb --if-exists shop && createdb shop &&
psql -v ON_ERROR_STOP=1 -d shop -f /var/tmp/shop/shop.sql'''";

/// What cannot be told key by key.
const RULES: &[(&str, &str)] = &[
    (
        "ORDER",
        "Steps are done by phase (activation, recovery, reconstitution), then by what they need, then as \
         they stand in the file; one after the other, but for those inside a parallel step. A step that \
         another names in on_failure, rollback or escalate is done only because of that one. A step that \
         needs one that failed is left out; one that was left out by its `when` counts as done.",
    ),
    (
        "TEXTS",
        "In texts {{ inputs.NAME }}, {{ vars.NAME }}, {{ run.FIELD }} (id, runbook, mode, operator, host, \
         started, phase) and {{ steps.ID.FIELD }} (output, state, done, failed, skipped, error, status, \
          by) are filled in; `when` is a condition of the same names, with and, or, not, ==, !=, <, >, \
          in. A name that is missing is an error. Nothing is filled in in scripts: they get INPUT_NAME \
          and VAR_NAME, and LIFEBOAT_RUN, LIFEBOAT_STEP, LIFEBOAT_MODE and LIFEBOAT_RUNBOOK, as \
          variables.",
    ),
    (
        "CRASHES",
        "A step that has ended is never done again. One whose end nobody saw is in doubt: its check decides, \
         if it has one that can be made (a program that is missing, or a server that does not answer, says \
          nothing); otherwise it is repeated if it may be repeated (idempotent); else the \
          run ends with exit status 13, and a person says with `lifeboat runbook resume RUN --done STEP` \
          or `--repeat STEP`. What a step started and what still runs is waited for first, up to a \
          minute; while it runs, nothing is repeated. An approval is never taken for done: \
          resume asks again.",
    ),
    (
        "SECRETS",
        "A secret is named where it is used, as { secret = \"NAME\" }, in `environment` and `headers` \
         alone. It is read when it is needed, and taken out of whatever a step says before that is \
         written down.",
    ),
];

/// The page.
pub fn page() -> Vec<u8> {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]).text([roman("lifeboat-runbook - the format of runbooks")]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(
        "A runbook is a TOML file NAME.toml in the directory `runbooks` beside lifeboat.toml, or wherever \
         --dir says. It is not used if anyone can write it. A list of one may be written without brackets.",
    )]);
    roff.control("PP", []);
    roff.text([bold("lifeboat runbook lint"), roman(" lists every mistake, with its line.")]);
    section("THE FILE", FILE, &mut roff);
    section("[inputs.NAME]", INPUT, &mut roff);
    section("[secrets.NAME]", SECRET, &mut roff);
    section("EVERY STEP", STEP_COMMON, &mut roff);
    section("retry", RETRY, &mut roff);
    for kind in KINDS {
        roff.control("SH", [format!("kind = \"{}\"", kind.kind).as_str()]).text([roman(kind.help)]);
        kind.fields.iter().copied().flatten().for_each(|field| entry(field, &mut roff));
    }
    roff.control("SH", ["CONDITIONS"]);
    roff.text([roman(
        "What `check` of a step and `until` of a wait hold: one of these, with what belongs to it.",
    )]);
    for field in PROGRAM.iter().chain(CONDITION_FIELDS).chain(CONDITION_HTTP) {
        entry(field, &mut roff);
    }
    section("QUESTIONS", ASKING, &mut roff);
    for (title, text) in RULES {
        roff.control("SH", [*title]).text([roman(*text)]);
    }
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in EXAMPLE.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.control("SH", ["SEE ALSO"]).text([
        bold("lifeboat-runbook"),
        roman("(1), "),
        bold("lifeboat.toml"),
        roman("(5)"),
    ]);
    let (mut body, mut page) = (Vec::new(), Vec::new());
    // Writing to memory cannot fail; a page that came out short would fail the test that compares them.
    let _ = roff.to_writer(&mut body).and_then(|()| assemble("lifeboat-runbook", 5, &body, &mut page));
    page
}

fn section(title: &str, fields: &[Field], roff: &mut Roff) {
    roff.control("SH", [title]);
    fields.iter().for_each(|field| entry(field, roff));
}

fn entry(field: &Field, roff: &mut Roff) {
    roff.control("TP", []).text([bold(field.name)]);
    roff.text([roman(format!("{} It is {}.", field.help, field.holds))]);
}

#[cfg(test)]
mod tests {
    use super::EXAMPLE;
    use crate::runbook::lint::{Surroundings, lint};

    #[test]
    fn the_example_has_no_mistakes() {
        let (_, findings) = lint("shop", EXAMPLE, &Surroundings::default());
        assert!(findings.is_empty(), "{findings:?}");
    }
}
