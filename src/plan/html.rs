//! A plan as one HTML page that needs nothing else: the verdicts, a Gantt chart, and every step with its
//! commands.

use std::fmt::Write as _;

use crate::plan::artefact::{Plan, Step};
use crate::plan::explain;
use crate::plan::forecast::{Estimate, Objective, State};

/// Height of a line of the chart, in pixels, and the widths of its parts.
const LINE: usize = 22;
const NAMES: f64 = 260.0;
const BARS: f64 = 700.0;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;\
padding:0 1rem;color:#1c2430;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid #dde3ea;vertical-align:top}td.n{text-align:right;\
font-variant-numeric:tabular-nums}pre{margin:.2rem 0;white-space:pre-wrap;font-size:13px;color:#43505f}\
.met{color:#14713d}.at-risk{color:#9a6200}.missed{color:#b3261e;font-weight:600}code{font-size:13px}\
svg text{font:12px system-ui,sans-serif;fill:#1c2430}.bar{fill:#3d7edb}.reach{fill:#3d7edb;opacity:.25}\
.verify{fill:#2a9d5c}.grid{stroke:#dde3ea}";

/// The page.
pub fn page(plan: &Plan) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(plan, &mut out);
    out
}

fn write_page(plan: &Plan, out: &mut String) -> std::fmt::Result {
    let content = &plan.content;
    let name = escape(&content.name);
    write!(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")?;
    write!(out, "<meta name=\"viewport\" content=\"width=device-width\"><title>Restore plan {name}</title>")?;
    writeln!(out, "<style>{STYLE}</style></head><body>")?;
    writeln!(out, "<h1>Restore plan {name}</h1><p><code>{}</code></p>", escape(&plan.id))?;
    writeln!(out, "<table>")?;
    for pinned in &content.snapshots {
        let id = pinned.id.to_string();
        row(out, "Snapshot", &format!("{} of {}, {}", id, pinned.host, moment(pinned.time.seconds)))?;
    }
    row(out, "Target", &format!("{} at {}", kind_word(plan), content.target.root))?;
    for disk in &content.target.disks {
        row(out, "Overwrites", &format!("{}, in place of {}", disk.disk.place, disk.takes_place_of))?;
    }
    if let Some(wait) = plan.forecast.warm_up_seconds {
        let count = plan.forecast.warm_up.len();
        let text = format!("{count} packs to be warmed up first, up to {}", seconds(wait as f64));
        row(out, "Cold storage", &text)?;
    }
    row(out, "Expected", &bar(&plan.forecast.total))?;
    writeln!(out, "</table>")?;
    verdicts(plan, out)?;
    writeln!(out, "<h2>Timeline</h2>")?;
    chart(plan, out)?;
    steps(plan, out)?;
    writeln!(out, "</body></html>")
}

fn row(out: &mut String, name: &str, value: &str) -> std::fmt::Result {
    writeln!(out, "<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(value))
}

fn verdicts(plan: &Plan, out: &mut String) -> std::fmt::Result {
    if !plan.forecast.verdicts.is_empty() {
        writeln!(out, "<h2>Objectives</h2><table>")?;
    }
    for verdict in &plan.forecast.verdicts {
        let (class, word) = match verdict.state {
            State::Met => ("met", "met"),
            State::AtRisk => ("at-risk", "at risk"),
            State::Missed => ("missed", "missed"),
        };
        let name = match verdict.objective {
            Objective::Rto => "RTO",
            Objective::Rpo => "RPO",
        };
        writeln!(
            out,
            "<tr><th>{name} of {}</th><td>allowed {}, expected {}</td><td class=\"{class}\">{word}</td></tr>",
            escape(verdict.component.as_deref().unwrap_or("the whole")),
            seconds(verdict.limit_seconds as f64),
            seconds(verdict.expected_seconds),
        )?;
    }
    if !plan.forecast.verdicts.is_empty() {
        writeln!(out, "</table>")?;
    }
    for space in plan.forecast.space.iter().filter(|space| !space.fits) {
        let text = format!(
            "{}: {} bytes are needed, {} are free",
            space.place, space.needed_bytes, space.free_bytes
        );
        writeln!(out, "<p class=\"missed\">{}</p>", escape(&text))?;
    }
    for warning in &plan.forecast.warnings {
        writeln!(out, "<p class=\"at-risk\">{}</p>", escape(warning))?;
    }
    Ok(())
}

/// One bar for each step: solid as expected, pale up to the end of its error bar.
fn chart(plan: &Plan, out: &mut String) -> std::fmt::Result {
    let forecast = &plan.forecast;
    let reach = |step: &Step| {
        let (begin, end) = forecast.timeline.get(&step.id).copied().unwrap_or_default();
        let high = forecast.steps.get(&step.id).map_or(end - begin, |bar| bar.high_seconds);
        (begin, end, begin + high)
    };
    let last = plan.content.steps.iter().map(|step| reach(step).2).fold(1.0, f64::max);
    let x = |at: f64| NAMES + at / last * BARS;
    let height = (plan.content.steps.len() + 1) * LINE + 8;
    let (width, top) = (NAMES + BARS + 20.0, LINE);
    writeln!(out, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Gantt chart\">")?;
    for part in 0..=4 {
        let at = last * f64::from(part) / 4.0;
        let place = x(at);
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"{top}\" y2=\"{height}\"/>"
        )?;
        let anchor = if part == 4 { "end" } else { "middle" };
        writeln!(out, "<text x=\"{place:.1}\" y=\"14\" text-anchor=\"{anchor}\">{}</text>", seconds(at))?;
    }
    for (number, step) in plan.content.steps.iter().enumerate() {
        let (begin, end, high) = reach(step);
        let y = top + number * LINE + 4;
        let class = if step.id.contains("/verify-") { "verify" } else { "bar" };
        writeln!(out, "<text x=\"0\" y=\"{}\">{}</text>", y + 13, escape(&short(&step.id)))?;
        for (class, to) in [("reach", high), (class, end)] {
            let width = (x(to) - x(begin)).max(2.0);
            writeln!(
                out,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"14\" rx=\"2\"/>",
                x(begin)
            )?;
        }
    }
    writeln!(out, "</svg>")
}

fn steps(plan: &Plan, out: &mut String) -> std::fmt::Result {
    writeln!(out, "<h2>Steps</h2><table><tr><th>Step</th><th>What</th><th>Needs</th><th>Expected</th></tr>")?;
    for step in &plan.content.steps {
        let lines = explain::lines(step, &plan.content.target.root).join("\n");
        let expected = plan.forecast.steps.get(&step.id).map(bar).unwrap_or_default();
        writeln!(
            out,
            "<tr><td>{}</td><td>{}<pre>{}</pre></td><td>{}</td><td class=\"n\">{}</td></tr>",
            escape(&step.id),
            escape(&step.title),
            escape(&lines),
            escape(&step.needs.join(", ")),
            escape(&expected),
        )?;
    }
    writeln!(out, "</table>")
}

fn kind_word(plan: &Plan) -> &'static str {
    match plan.content.target.kind {
        crate::plan::file::model::TargetKind::BareMetal => "bare metal",
        crate::plan::file::model::TargetKind::Converge => "the running system",
        crate::plan::file::model::TargetKind::Sandbox => "a sandbox",
    }
}

fn bar(estimate: &Estimate) -> String {
    format!(
        "{} ({} to {}; {})",
        seconds(estimate.expected_seconds),
        seconds(estimate.low_seconds),
        seconds(estimate.high_seconds),
        estimate.basis
    )
}

fn seconds(seconds: f64) -> String {
    let whole = seconds.clamp(0.0, 1e12).round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        s if s < 60 => format!("{s} s"),
        s if s < 3600 => format!("{} min {:02} s", s / 60, s % 60),
        s => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
    }
}

fn moment(seconds: i64) -> String {
    let time = chrono::DateTime::from_timestamp(seconds, 0);
    time.map_or_else(|| seconds.to_string(), |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn short(text: &str) -> String {
    match text.char_indices().nth(36) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Text as HTML has it.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
