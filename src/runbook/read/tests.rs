//! The reader and the schema say the same.

use std::collections::BTreeSet;

use super::{file_of, read};
use crate::runbook::model::{Action, InputKind};
use crate::runbook::read::reader::{Reader, Table};
use crate::runbook::schema::{FILE, INPUT, KINDS, RETRY, SECRET, STEP_COMMON};

/// A runbook with a step of every kind, and keys of every sort.
const ALL: &str = r#"
schema = "lifeboat.runbook/1"
title = "t"
[inputs.site]
type = "choice"
choices = ["north", "south"]
[secrets.key]
command = ["pass", "x"]
[[step]]
id = "notify"
kind = "notify"
to = "x"
message = "m"
retry = { count = 1 }
[[step]]
id = "approval"
kind = "approval"
question = "?"
[[step]]
id = "command"
kind = "command"
run = "true"
environment = { A = "b", C = { secret = "key" } }
[[step]]
id = "http"
kind = "http"
url = "http://x/"
[[step]]
id = "check"
kind = "check"
tcp = "x:1"
[[step]]
id = "file"
kind = "check"
file = "/x"
[[step]]
id = "expression"
kind = "check"
expression = "true"
[[step]]
id = "url"
kind = "check"
http = "http://x/"
[[step]]
id = "wait"
kind = "wait"
for = "1s"
[[step]]
id = "manual"
kind = "manual"
instruction = "i"
[[step]]
id = "choice"
kind = "choice"
question = "?"
options = { z = "last of the alphabet, first here", a = "b" }
[[step]]
id = "backup"
kind = "backup"
jobs = "j"
[[step]]
id = "restore"
kind = "restore"
target = "/x"
[[step]]
id = "plan"
kind = "plan"
file = "/x"
[[step]]
id = "parallel"
kind = "parallel"
[[step.step]]
id = "inner"
kind = "wait"
for = "1s"
[[step]]
id = "nested"
kind = "runbook"
runbook = "other"
"#;

#[test]
fn every_key_of_the_schema_is_asked_for_and_no_other() {
    let (document, errors) = toml::de::DeTable::parse_recoverable(ALL);
    assert!(errors.is_empty());
    let mut reader = Reader::default();
    let file = Table { table: document.get_ref(), span: 0..0, what: "it".into() };
    file_of(&mut reader, "r", &file);
    assert!(reader.findings.is_empty(), "{:?}", reader.findings);
    let kinds = KINDS.iter().flat_map(|kind| kind.fields.iter().copied().flatten());
    let tables = [FILE, INPUT, SECRET, STEP_COMMON, RETRY].into_iter().flatten();
    let known: BTreeSet<&str> = tables.chain(kinds).map(|field| field.name).collect();
    assert_eq!(reader.asked, known);
}

#[test]
fn every_kind_is_read_and_options_keep_their_order() {
    let (runbook, findings) = read("r", ALL);
    assert!(findings.is_empty(), "{findings:?}");
    let kinds: BTreeSet<&str> = runbook.all_steps().iter().map(|step| step.action.kind()).collect();
    assert_eq!(kinds, KINDS.iter().map(|kind| kind.kind).collect());
    let Some(Action::Choice(choice)) = runbook.step("choice").map(|step| &step.action) else { panic!() };
    assert_eq!(choice.options[0].0, "z");
}

#[test]
fn inputs_are_what_their_types_say() {
    for (kind, good, bad) in [
        (InputKind::Integer, "-7", "7.5"),
        (InputKind::Boolean, "yes", "maybe"),
        (InputKind::Path, "/a b", "a"),
        (InputKind::Duration, "1h30m", "soon"),
        (InputKind::Text, "a b", "a\nb"),
        (InputKind::Choice(vec!["x".into()]), "x", "y"),
    ] {
        assert!(kind.parse(good).is_ok(), "{good}");
        let why = kind.parse(bad).unwrap_err();
        assert!(why.contains(&kind.expected()), "{why}");
    }
}
