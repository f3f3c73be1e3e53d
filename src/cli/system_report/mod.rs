//! A machine's state as a report for people: section by section, the most telling first.
//!
//! Secrets are not in it: a password is `set` or `locked`, a variable is its name.

mod machine;
mod storage;
mod work;

use crate::cli::commands::system::Section;
use crate::system::model::{Outcome, SystemState};
use crate::ui::format;
use crate::ui::report::{Body, Report};

/// Writes one section.
type Writer = fn(&SystemState, &mut Report);

/// What the machine is called.
pub fn name(state: &SystemState) -> String {
    match state.host.name.as_str() {
        "" => "a machine without a name".to_owned(),
        name => name.to_owned(),
    }
}

/// The report of `sections`; of all of them if none is named.
pub fn report(state: &SystemState, title: String, sections: &[Section]) -> Report {
    let mut report = Report::new(title);
    let mut about = vec![("captured".to_owned(), format::timestamp(state.captured))];
    if state.root != "/" {
        about.push(("root".to_owned(), state.root.clone()));
    }
    let missing =
        state.collectors.iter().filter(|one| matches!(one.outcome, Outcome::Failed | Outcome::TimedOut));
    let missing: Vec<&str> = missing.map(|one| one.name.as_str()).collect();
    if !missing.is_empty() {
        about.push(("not captured".to_owned(), missing.join(", ")));
    }
    report.more(Body::Pairs(about));
    let wants = |section: Section| sections.is_empty() || sections.contains(&section);
    let writers: [(Section, Writer); 12] = [
        (Section::Host, machine::host),
        (Section::Boot, machine::boot),
        (Section::Storage, storage::storage),
        (Section::Network, machine::network),
        (Section::Packages, work::packages),
        (Section::Services, work::services),
        (Section::Schedules, work::schedules),
        (Section::Accounts, work::accounts),
        (Section::Settings, machine::settings),
        (Section::Containers, work::containers),
        (Section::Collectors, collectors),
        // Hundreds of files say little to those who did not ask for them.
        (Section::Files, files),
    ];
    for (section, write) in writers {
        if wants(section) && (section != Section::Files || sections.contains(&section)) {
            write(state, &mut report);
        }
    }
    report
}

/// Pairs without those whose value is empty.
fn pairs(all: Vec<(&str, String)>) -> Body {
    let said = all.into_iter().filter(|(_, value)| !value.is_empty());
    Body::Pairs(said.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A table, unless it has no rows.
fn rows(report: &mut Report, heading: &str, titles: &[&'static str], rows: Vec<Vec<String>>) {
    if !rows.is_empty() {
        report.add(heading, Body::Rows { titles: titles.to_vec(), rows });
    }
}

/// An optional text, empty if there is none.
fn or_empty(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

/// `yes` or nothing.
fn yes(flag: bool) -> String {
    if flag { "yes".to_owned() } else { String::new() }
}

fn collectors(state: &SystemState, report: &mut Report) {
    let row = |one: &crate::system::model::CollectorReport| {
        let outcome = match one.outcome {
            Outcome::Complete => "complete",
            Outcome::Partial => "partial",
            Outcome::Absent => "nothing there",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed out",
        };
        vec![
            one.name.clone(),
            outcome.to_owned(),
            format!("{} ms", one.milliseconds),
            one.warnings.join("; "),
        ]
    };
    rows(
        report,
        "How the capture went",
        &["COLLECTOR", "OUTCOME", "TIME", "WARNINGS"],
        state.collectors.iter().map(row).collect(),
    );
}

fn files(state: &SystemState, report: &mut Report) {
    let row = |file: &crate::system::model::RawFile| {
        let remark = match (file.is_secret, file.is_cut) {
            (true, _) => "secret",
            (_, true) => "its end is missing",
            _ => "",
        };
        vec![file.path.clone(), format::size(file.size_bytes), file.source.clone(), remark.to_owned()]
    };
    rows(
        report,
        "Files beside it",
        &["FILE", "SIZE", "SOURCE", "REMARK"],
        state.files.iter().map(row).collect(),
    );
}
