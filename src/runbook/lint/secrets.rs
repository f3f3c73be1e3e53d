//! Secrets that stand where anybody can read them.

use std::ops::Range;

use crate::runbook::finding::Finding;
use crate::runbook::lint::names::settings;
use crate::runbook::model::{Runbook, Setting};

/// How secrets of well-known kinds begin, and what they are.
const MARKS: [(&str, &str); 10] = [
    ("AGE-SECRET-KEY-1", "an age identity"),
    ("-----BEGIN OPENSSH PRIVATE KEY", "an ssh key"),
    ("-----BEGIN RSA PRIVATE KEY", "a private key"),
    ("-----BEGIN PRIVATE KEY", "a private key"),
    ("ghp_", "a GitHub token"),
    ("xoxb-", "a Slack token"),
    ("hooks.slack.com/services/", "a Slack webhook, whose address is its secret"),
    ("AKIA", "an AWS access key"),
    ("glpat-", "a GitLab token"),
    ("SG.", "a SendGrid key"),
];

/// Words in names that say: this is a secret.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "authorization",
];

const ADVICE: &str =
    "[secrets.NAME] with file, variable, command or credential, and { secret = \"NAME\" } here";

/// Whether a name says that a secret stands behind it.
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    WORDS.iter().any(|word| name.contains(word))
}

/// Everything that looks like a secret.
pub fn check(runbook: &Runbook, source: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        MARKS.iter().flat_map(|(mark, what)| marks(source, mark, what)).collect();
    findings.extend(credentials_in_urls(source));
    for step in runbook.all_steps() {
        for setting in settings(step) {
            if let Setting::Text(text) = &setting.value
                && sounds_secret(&setting.name)
                && text.is_plain()
                && !text.text.is_empty()
            {
                let message = format!("`{}` of step {} stands there for all to read", setting.name, step.id);
                findings.push(Finding::error(text.span.clone(), message).expected(ADVICE));
            }
        }
    }
    for variable in runbook.variables.iter().filter(|variable| sounds_secret(&variable.name)) {
        let message = format!(
            "the variable {} looks like a secret, and variables are written into the journal",
            variable.name
        );
        findings.push(Finding::error(variable.span.clone(), message).expected(ADVICE));
    }
    for input in runbook.inputs.iter().filter(|input| sounds_secret(&input.name)) {
        let message =
            format!("the input {} looks like a secret, and inputs are written into the journal", input.name);
        findings.push(Finding::error(input.span.clone(), message).expected(ADVICE));
    }
    findings
}

fn marks(source: &str, mark: &str, what: &str) -> Vec<Finding> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    source
        .match_indices(mark)
        .filter(|(at, _)| !source[..*at].ends_with(is_word))
        .filter(|(at, _)| source[at + mark.len()..].starts_with(|c: char| is_word(c) || c == '-'))
        .filter_map(|(at, _)| {
            let end = source[at..].find(['"', '\'', ' ', '\n']).map_or(source.len(), |len| at + len);
            // Short ones are words that happen to begin like it.
            (end - at >= mark.len() + 8).then(|| found(at..at + mark.len(), what))
        })
        .collect()
}

/// `scheme://user:password@host`.
fn credentials_in_urls(source: &str) -> Vec<Finding> {
    source
        .match_indices("://")
        .filter_map(|(at, _)| {
            let rest = &source[at + 3..];
            let end = rest.find(['/', '"', '\'', ' ', '\n', '?']).unwrap_or(rest.len());
            let (user, _) = rest[..end].rsplit_once('@')?;
            let (_, password) = user.split_once(':')?;
            (!password.is_empty() && !password.contains("{{"))
                .then(|| found(at + 3..at + 3 + end, "a password in a URL"))
        })
        .collect()
}

fn found(span: Range<usize>, what: &str) -> Finding {
    Finding::error(span, format!("{what} stands there for all to read")).expected(ADVICE)
}
