//! Every mistake is found, on its line, and runbooks without any are left in peace.

use std::collections::BTreeMap;

use super::{Surroundings, has_errors, lint};
use crate::runbook::finding::Weight;
use crate::runbook::templates::STARTERS;

const HEAD: &str = "schema = \"lifeboat.runbook/1\"\ntitle = \"t\"\n";

/// Lines and messages of what is wrong; lines are counted behind the head.
fn found(body: &str) -> Vec<(usize, String)> {
    let source = format!("{HEAD}{body}");
    let (_, findings) = lint("r", &source, &Surroundings::default());
    findings
        .iter()
        .map(|finding| (finding.line(&source).saturating_sub(2), finding.message.clone()))
        .collect()
}

fn expect(body: &str, line: usize, message: &str) {
    let findings = found(body);
    let is_there = findings.iter().any(|(at, text)| *at == line && text.contains(message));
    assert!(is_there, "no {message:?} on line {line} of\n{body}\nbut {findings:?}");
}

fn step(more: &str) -> String {
    format!("[[step]]\nid = \"a\"\nkind = \"command\"\nrun = [\"true\"]\n{more}")
}

#[test]
fn mistakes_of_form_are_told_with_their_lines() {
    for (body, line, message) in [
        (step("tiemout = \"5m\""), 5, "has no key `tiemout`"),
        (step("timeout = \"5 minutes\""), 5, "`timeout` is not understood"),
        (step("retry = { backoff = \"1s\" }"), 5, "lacks the key `count`"),
        (step("retry = { count = 1000 }"), 5, "`count` is out of range"),
        (step("on_failure = \"explode\""), 5, "`on_failure` is not understood"),
        (step("script = \"true\""), 2, "either `run` or `script`"),
        (step("idempotent = \"yes\""), 5, "`idempotent` cannot be of type string"),
        (step("check = { file = \"/a\", tcp = \"b:1\" }"), 5, "exactly one way"),
        (step("drill = \"suppress\""), 5, "`drill` is not understood"),
        ("[[step]]\nid = \"a\"\nkind = \"dance\"".into(), 3, "`kind` cannot be \"dance\""),
        ("[[step]]\nid = \"A-b\"\nkind = \"wait\"\nfor = \"1s\"".into(), 2, "cannot be an id"),
        ("[[step]]\nkind = \"wait\"\nfor = \"1s\"".into(), 1, "lacks the key `id`"),
        ("[[step]]\nid = \"a\"\nkind = \"notify\"\nto = [\"x\"]".into(), 2, "lacks the key `message`"),
        ("[[step]]\nid = \"a\"\nkind = \"restore\"".into(), 2, "`target` or `in_place"),
        (
            "[inputs.x]\ntype = \"integer\"\ndefault = \"y\"\n".to_owned() + &step(""),
            3,
            "is not a whole number",
        ),
        ("[secrets.x]\nfile = \"/a\"\nvariable = \"B\"\n".to_owned() + &step(""), 1, "is to have one of"),
        ("[[step]]\nid = \"a\"\nkind = \"choice\"\nquestion = \"?\"".into(), 2, "lacks the key `options`"),
        ("x = [".into(), 1, ""),
    ] {
        expect(&body, line, message);
    }
}

#[test]
fn a_runbook_of_another_schema_or_without_steps_is_refused() {
    let (_, findings) = lint("r", "schema = \"lifeboat.runbook/9\"\ntitle = \"t\"", &Surroundings::default());
    let texts: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("does not know the schema")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("has no steps")), "{texts:?}");
}

#[test]
fn mistakes_of_meaning_are_told_with_their_lines() {
    let wait =
        |id: &str, more: &str| format!("[[step]]\nid = \"{id}\"\nkind = \"wait\"\nfor = \"1s\"\n{more}\n");
    for (body, line, message) in [
        (wait("a", "") + &wait("a", ""), 7, "another step with the id a"),
        (wait("a", "needs = [\"b\"]"), 5, "needs b, which is not there"),
        (wait("a", "needs = [\"b\"]") + &wait("b", "needs = [\"a\"]"), 2, "a → b → a"),
        (wait("a", "needs = [\"a\"]"), 5, "needs itself"),
        (wait("a", "needs = [\"b\"]") + &wait("b", "phase = \"recovery\""), 5, "belongs to recovery"),
        (wait("a", "when = \"false\""), 2, "can never be reached"),
        (
            wait("a", "on_failure = { step = \"b\" }") + &wait("b", "") + &wait("c", "needs = [\"b\"]"),
            15,
            "never be reached",
        ),
        (wait("a", "rollback = \"nothing\""), 5, "names nothing, which is not there"),
        (wait("a", "when = \"inputs.x == 1\""), 5, "no input `x`"),
        (wait("a", "when = \"steps.b.done\"") + &wait("b", ""), 5, "does not come before"),
        (wait("a", "") + &wait("b", "when = \"steps.a.outptu == 1\""), 10, "no field `outptu`"),
        (wait("a", "when = \"1 +\""), 5, "is not understood"),
        (step("environment = { X = { secret = \"s\" } }"), 5, "no [secrets.s]"),
        (step("environment = { DB_PASSWORD = \"hunter2\" }"), 5, "stands there for all to read"),
        ("[variables]\napi_token = \"x\"\n".to_owned() + &step(""), 2, "looks like a secret"),
        (step("directory = \"https://bob:hunter2@host/\""), 5, "password in a URL"),
        (step("stdin = \"AGE-SECRET-KEY-1QQQQQQQQQQQQ\""), 5, "an age identity"),
        (
            "[[step]]\nid = \"a\"\nkind = \"command\"\n\
            run = [\"sh\", \"-c\", \"rm {{ run.id }}\"]"
                .into(),
            4,
            "pastes a text into a shell",
        ),
        (
            "[[step]]\nid = \"a\"\nkind = \"command\"\n\
            script = \"rm {{ run.id }}\""
                .into(),
            2,
            "nothing is filled in",
        ),
        (
            "[[step]]\nid = \"a\"\nkind = \"approval\"\nquestion = \"?\"\nquorum = 3\n\
            who = [\"x\", \"y\"]\ntimeout = \"1h\""
                .into(),
            2,
            "3 approvals of 2 people",
        ),
        ("[[step]]\nid = \"a\"\nkind = \"runbook\"\nrunbook = \"other\"".into(), 4, "no runbook other"),
        (
            "[[step]]\nid = \"a\"\nkind = \"manual\"\n\
            instruction = \"x\""
                .into(),
            2,
            "waits for people without end",
        ),
    ] {
        expect(&body, line, message);
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_their_lines() {
    let body = "[[step]]\nid = \"a\"\nkind = \"wait\"\nfor = \"soon\"\nneeds = [\"x\"]\n[[step]]\n\
        id = \"a\"\nkind = \"wait\"\nfor = \"1s\"\nbogus = 1";
    let lines: Vec<usize> = found(body).into_iter().map(|(line, _)| line).collect();
    assert!(lines.len() >= 3 && lines.is_sorted(), "{lines:?}");
}

#[test]
fn runbooks_that_lead_back_to_themselves_are_refused_however_far_round() {
    let nest = |name: &str| format!("{HEAD}[[step]]\nid = \"n\"\nkind = \"runbook\"\nrunbook = \"{name}\"\n");
    let runbooks: BTreeMap<String, String> = [("a", nest("b")), ("b", nest("c")), ("c", nest("a"))]
        .map(|(name, text)| (name.to_owned(), text))
        .into();
    let around = Surroundings { runbooks: runbooks.clone(), ..Surroundings::default() };
    let (_, findings) = lint("a", &runbooks["a"], &around);
    assert!(findings.iter().any(|finding| finding.message.contains("leads back to a")), "{findings:?}");
    let straight: BTreeMap<String, String> =
        [("b".to_owned(), nest("c")), ("c".to_owned(), format!("{HEAD}{}", step("")))].into();
    let around = Surroundings { runbooks: straight, ..Surroundings::default() };
    assert!(!has_errors(&lint("a", &nest("b"), &around).1));
}

#[test]
fn inputs_of_a_nested_runbook_are_held_against_it() {
    let inner = format!("{HEAD}[inputs.site]\n{}", step("stdin = \"{{ inputs.site }}\""));
    let around = Surroundings { runbooks: [("inner".to_owned(), inner)].into(), ..Surroundings::default() };
    let outer = format!(
        "{HEAD}[[step]]\nid = \"n\"\nkind = \"runbook\"\nrunbook = \"inner\"\ninputs = {{ sight = \"x\" }}\n"
    );
    let messages: Vec<String> =
        lint("o", &outer, &around).1.into_iter().map(|finding| finding.message).collect();
    assert!(messages.iter().any(|text| text.contains("no input sight")), "{messages:?}");
    assert!(messages.iter().any(|text| text.contains("needs the input site")), "{messages:?}");
}

#[test]
fn the_starters_have_no_mistakes_and_nothing_to_regret() {
    for starter in STARTERS {
        let (runbook, findings) = lint(starter.name, starter.text, &Surroundings::default());
        assert!(findings.is_empty(), "{}: {findings:?}", starter.name);
        assert!(runbook.steps.len() >= 5);
    }
}

#[test]
fn names_outside_are_held_against_a_configuration_where_there_is_one() {
    let source = format!("{HEAD}[[step]]\nid = \"a\"\nkind = \"backup\"\njobs = [\"hoem\"]\n");
    let around = Surroundings { jobs: Some(["home".to_owned()].into()), ..Surroundings::default() };
    let (_, findings) = lint("r", &source, &around);
    assert_eq!(findings[0].candidates.as_ref().map(|(typed, _)| typed.as_str()), Some("hoem"));
    assert_eq!(findings[0].weight, Weight::Error);
}
