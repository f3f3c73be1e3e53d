//! The report as text: one line for each record, and all of it as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

use crate::base::duration::spell;
use crate::base::time::Timestamp;
use crate::runbook::record::{AskKind, Entry, Record, StepEnd};
use crate::runbook::report::Report;
use crate::runbook::show::markdown as escape;

/// A time in UTC, as everybody reads it the same.
pub fn utc(time: Timestamp) -> String {
    DateTime::from_timestamp(time.seconds, time.nanos)
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
        .unwrap_or_default()
}

/// A length of time in seconds, for people.
pub fn span(seconds: f64) -> String {
    match seconds < 10.0 {
        true => format!("{seconds:.1}s"),
        false => spell(Duration::from_secs(seconds as u64)),
    }
}

/// What a record says, in one line.
pub fn line(entry: &Entry) -> String {
    let because = |why: &Option<String>| why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let text = match &entry.record {
        Record::Began(header) => {
            let mode = header.mode.as_str();
            format!("{} began {} on {} ({mode})", header.operator, header.runbook, header.host)
        }
        Record::PassedOver { run, operator, host, why } => {
            let why = why.as_deref().unwrap_or("no reason was given");
            format!("the claim of {operator} on {host} (run {run}) was passed over: {why}")
        }
        Record::Resumed { operator, host } => format!("{operator} went on with it on {host}"),
        Record::Intent { step, attempt, kind, title, .. } => {
            let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            format!("{step}: {kind}: {title}{again}")
        }
        Record::Retrying { step, error, after_ms } => {
            format!("{step}: failed, again in {}: {error}", span(*after_ms as f64 / 1000.0))
        }
        Record::Asked { step, ask } => {
            let what = match ask.kind {
                AskKind::Approval => "waits for approval",
                AskKind::Acknowledgement => "waits for an acknowledgement",
                AskKind::Manual => "waits for a person to do it",
                AskKind::Choice => "waits for a choice",
            };
            let of = if ask.who.is_empty() { String::new() } else { format!(" of {}", ask.who.join(", ")) };
            format!("{step}: {what}{of}: {}", ask.question)
        }
        Record::Answered { answer } => {
            let value = answer.value.as_ref().map(|value| format!(" {value}")).unwrap_or_default();
            let step = if answer.step.is_empty() { String::new() } else { format!("{}: ", answer.step) };
            let slot = answer.slot.as_ref().map(|(label, _)| format!(", slot {label}")).unwrap_or_default();
            let note = because(&answer.note);
            format!("{step}{} {}{value} (by {}{slot}){note}", answer.by, answer.deed.past(), answer.via)
        }
        Record::Ignored { answer, why } => {
            format!("{}: an answer of {} does not count: {why}", answer.step, answer.by)
        }
        Record::Escalated { step, with } => {
            format!("{step}: nobody answered; {with} was done, asking once more")
        }
        Record::Doubt { step, why } => format!("{step}: in doubt: {why}"),
        Record::Settled { step, done, how } => {
            format!("{step}: {} ({how})", if *done { "it was done" } else { "it is done again" })
        }
        Record::Ended { step, end, error, by, .. } => {
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            match end {
                StepEnd::Done => format!("{step}: done{by}"),
                StepEnd::Failed => format!("{step}: failed{}", because(error)),
                StepEnd::Skipped => format!("{step}: left out{}", because(error)),
            }
        }
        Record::Halted { step, why } => match why.is_empty() {
            true => format!("halted at {step}"),
            false => format!("halted at {step}: {why}"),
        },
        Record::RollingBack { step } => format!("{step} failed: what was done is being undone"),
        Record::Finished { end, why, by } => {
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("the run is over: {}{by}{}", end.as_str(), because(why))
        }
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# Report of run {}\n\n", escape(&report.run));
    for (name, value) in facts(report) {
        let _ = writeln!(text, "- {}: {}", escape(&name), escape(&value));
    }
    let _ = writeln!(text, "\n## Gaps\n");
    match report.gaps.is_empty() {
        true => text.push_str("None.\n"),
        false => report.gaps.iter().for_each(|gap| {
            let _ = writeln!(text, "- [ ] {} (owner: __________ until: __________)", escape(gap));
        }),
    }
    let _ = writeln!(text, "\n## Phases\n\n| phase | steps | time |\n|---|---|---|");
    for phase in &report.phases {
        let _ = writeln!(text, "| {} | {} | {} |", phase.phase, phase.steps, span(phase.seconds));
    }
    let _ = writeln!(
        text,
        "\n## Steps\n\n| step | kind | result | time | of it people | by |\n|---|---|---|---|---|---|"
    );
    for step in &report.steps {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            escape(&step.step),
            step.kind,
            step.state,
            span(step.seconds),
            span(step.people_seconds),
            escape(step.by.as_deref().unwrap_or_default())
        );
    }
    let _ = writeln!(text, "\n## Timeline (UTC)\n");
    for event in &report.timeline {
        let _ = writeln!(text, "- {} {}", utc(event.time), escape(&event.what));
    }
    text
}

/// What stands at the top of every report.
pub fn facts(report: &Report) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Runbook".to_owned(), format!("{} ({})", report.title, report.runbook)),
        ("Mode".to_owned(), report.mode.to_owned()),
        ("State".to_owned(), report.state.to_owned()),
        ("Begun".to_owned(), format!("{} by {} on {}", utc(report.began), report.operator, report.host)),
        ("Ended".to_owned(), utc(report.ended)),
        ("Total time".to_owned(), span(report.total_seconds)),
        ("Machine time".to_owned(), span(report.machine_seconds)),
        ("Waited for people".to_owned(), span(report.people_seconds)),
        ("Waited as steps say".to_owned(), span(report.pause_seconds)),
    ];
    if let Some(recovered) = report.recovered_seconds {
        let against = report.rto_seconds.map(|rto| {
            let verdict = match report.rto_met {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "open",
            };
            format!(" (objective {}: {verdict})", spell(Duration::from_secs(rto)))
        });
        facts.push((
            "Recovered after".to_owned(),
            format!("{}{}", span(recovered), against.unwrap_or_default()),
        ));
    }
    if let Some(rpo) = report.rpo_seconds {
        facts.push(("Recovery point objective".to_owned(), spell(Duration::from_secs(rpo))));
    }
    let copied = match report.copied_lines {
        Some(copied) => format!("; {copied} lines in the repository"),
        None => String::new(),
    };
    facts.push((
        "Journal".to_owned(),
        format!("{} lines, hash chain holds, head {}{copied}", report.journal_lines, report.journal_head),
    ));
    facts
}
