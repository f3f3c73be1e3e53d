//! The report as a page that needs nothing else: for browsers and for printing.

use std::fmt::Write as _;

use crate::runbook::report::Report;
use crate::runbook::report::text::{facts, span, utc};
use crate::runbook::show::{STYLE, html};

/// The report as a page.
pub fn page(report: &Report) -> String {
    let title = format!("Report of run {}", html(&report.run));
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<table>\n"
    );
    for (name, value) in facts(report) {
        let _ = writeln!(text, "<tr><th>{}</th><td>{}</td></tr>", html(&name), html(&value));
    }
    text.push_str("</table>\n<h2>Gaps</h2>\n");
    match report.gaps.is_empty() {
        true => text.push_str("<p>None.</p>\n"),
        false => {
            text.push_str("<ul>\n");
            for gap in &report.gaps {
                let _ = writeln!(text, "<li>{}</li>", html(gap));
            }
            text.push_str("</ul>\n");
        }
    }
    text.push_str("<h2>Phases</h2>\n<table>\n<tr><th>phase</th><th>steps</th><th>time</th></tr>\n");
    for phase in &report.phases {
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            phase.phase,
            phase.steps,
            span(phase.seconds)
        );
    }
    text.push_str(
        "</table>\n<h2>Steps</h2>\n<table>\n<tr><th>step</th><th>kind</th><th>result</th><th>time</th>\
         <th>of it people</th><th>by</th></tr>\n",
    );
    for step in &report.steps {
        let class = match step.state {
            "done" => "good",
            "skipped" => "",
            _ => "bad",
        };
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            html(&step.step),
            html(&step.kind),
            step.state,
            span(step.seconds),
            span(step.people_seconds),
            html(step.by.as_deref().unwrap_or_default())
        );
    }
    text.push_str("</table>\n<h2>Timeline (UTC)</h2>\n<table>\n");
    for event in &report.timeline {
        let _ = writeln!(text, "<tr><td>{}</td><td>{}</td></tr>", utc(event.time), html(&event.what));
    }
    text.push_str("</table>\n</body></html>\n");
    text
}
