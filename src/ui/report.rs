//! A report of several parts, which is written as text or as one page of HTML.
//!
//! Whoever has something to tell fills in headings, pairs, tables and lines; how they look on a terminal and
//! in a browser is decided here. All of it is escaped here, so that no caller can forget to. The page stands
//! by itself: it loads nothing, and runs nothing.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::ui::escape;
use crate::ui::style::Style;
use crate::ui::table::{Shrink, Table};

/// A report.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What it is about.
    pub title: String,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// One part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its heading; none goes on under the one before.
    pub heading: Option<String>,
    /// What it says.
    pub body: Body,
}

/// What a part says.
#[derive(Clone, Debug)]
pub enum Body {
    /// Names with values.
    Pairs(Vec<(String, String)>),
    /// Rows below titles; the first column is never cut, the last ones are.
    Rows {
        /// The columns' titles.
        titles: Vec<&'static str>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
    /// The same, but with values that must not be cut: where a row has no room, it takes a line for each
    /// column behind the third.
    Records {
        /// The columns' titles.
        titles: Vec<&'static str>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
    /// Lines as they are, such as a tree.
    Lines(Vec<String>),
    /// One sentence.
    Text(String),
}

impl Report {
    /// An empty one.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), parts: Vec::new() }
    }

    /// Adds a part.
    pub fn add(&mut self, heading: impl Into<String>, body: Body) {
        self.parts.push(Part { heading: Some(heading.into()), body });
    }

    /// Adds a part under the heading before.
    pub fn more(&mut self, body: Body) {
        self.parts.push(Part { heading: None, body });
    }

    /// As text, within `width` columns if that is given.
    pub fn text(&self, width: Option<usize>, style: Style) -> String {
        let mut text = format!("{}\n", style.bold(&escape::text(&self.title)));
        for part in &self.parts {
            text.push('\n');
            if let Some(heading) = &part.heading {
                text.push_str(&style.bold(&escape::text(heading)));
                text.push('\n');
            }
            match &part.body {
                Body::Pairs(pairs) => {
                    let longest = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
                    for (name, value) in pairs {
                        // Writing to a string cannot fail.
                        let _ = writeln!(text, "  {:longest$}  {}", escape::text(name), escape::text(value));
                    }
                }
                Body::Rows { titles, rows } => text.push_str(&table(titles, rows).render(width, style)),
                Body::Records { titles, rows } => text.push_str(&records(titles, rows, width, style)),
                Body::Lines(lines) => {
                    for line in lines {
                        text.push_str(&escape::text(line));
                        text.push('\n');
                    }
                }
                Body::Text(sentence) => {
                    text.push_str(&escape::text(sentence));
                    text.push('\n');
                }
            }
        }
        text
    }

    /// As one page of HTML.
    pub fn html(&self) -> String {
        let title = html(&self.title);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n\
             <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        );
        for part in &self.parts {
            if let Some(heading) = &part.heading {
                // Writing to a string cannot fail.
                let _ = writeln!(page, "<h2>{}</h2>", html(heading));
            }
            part.body.html(&mut page);
        }
        page.push_str("</body></html>\n");
        page
    }
}

impl Body {
    fn html(&self, page: &mut String) {
        let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| -> String {
            cells.map(|cell| format!("<{tag}>{}</{tag}>", html(cell))).collect()
        };
        // Writing to a string cannot fail.
        let _ = match self {
            Body::Pairs(pairs) => {
                let row = |(name, value): &(String, String)| {
                    format!("<tr><th>{}</th><td>{}</td></tr>\n", html(name), html(value))
                };
                writeln!(page, "<table>{}</table>", pairs.iter().map(row).collect::<String>())
            }
            Body::Rows { titles, rows } | Body::Records { titles, rows } => {
                let _ = writeln!(page, "<table><tr>{}</tr>", cells("th", &mut titles.iter().copied()));
                for row in rows {
                    // A word such as `critical` colours its row.
                    let class = row.first().filter(|word| SEVERITIES.contains(&word.as_str()));
                    let class = class.map(|word| format!(" class=\"{word}\"")).unwrap_or_default();
                    let _ = writeln!(
                        page,
                        "<tr{class}>{}</tr>",
                        cells("td", &mut row.iter().map(String::as_str))
                    );
                }
                writeln!(page, "</table>")
            }
            Body::Lines(lines) => writeln!(page, "<pre>{}</pre>", html(&lines.join("\n"))),
            Body::Text(sentence) => writeln!(page, "<p>{}</p>", html(sentence)),
        };
    }
}

/// First words of rows that are coloured.
const SEVERITIES: [&str; 4] = ["critical", "major", "minor", "info"];

const STYLE: &str = "body{font:15px/1.45 \
    system-ui,sans-serif;margin:2rem;max-width:110rem;color:#1c2126;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #d5dae0}\
table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;\
overflow-wrap:anywhere}th{font-weight:600;white-space:nowrap}tr+tr td{border-top:1px solid #eceff2}\
pre{font:13px/1.4 ui-monospace,monospace;overflow-x:auto}\
.critical td:first-child{color:#a40000;font-weight:700}.major td:first-child{color:#b35900;font-weight:600}\
.minor td:first-child{color:#33607a}.info td:first-child{color:#777}\
@media(prefers-color-scheme:dark){body{color:#dde;background:#16191d}tr+tr td,h2{border-color:#333}}";

fn table(titles: &[&'static str], rows: &[Vec<String>]) -> Table {
    let mut table = Table::new();
    for (index, title) in titles.iter().enumerate() {
        let shrink = if index == 0 { Shrink::Never } else { Shrink::End };
        table = table.words(title, shrink);
    }
    rows.iter().for_each(|row| table.row(row));
    table
}

/// A table where that has room, or else a paragraph for each row.
fn records(titles: &[&'static str], rows: &[Vec<String>], width: Option<usize>, style: Style) -> String {
    let whole = table(titles, rows).render(None, style);
    let longest = whole.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
    if width.is_none_or(|width| longest <= width) {
        return whole;
    }
    let mut text = String::new();
    for row in rows {
        let (head, tail) = row.split_at(row.len().min(3));
        text.push_str(&escape::text(&head.join("  ")));
        text.push('\n');
        for (title, value) in titles.iter().skip(3).zip(tail).filter(|(_, value)| !value.is_empty()) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    {}: {}", title.to_lowercase(), escape::text(value));
        }
    }
    text
}

/// Text for HTML: what a browser or a reader's eye could take for something else is spelled out.
pub fn html(text: &str) -> String {
    let text = escape::lines(text);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{Body, Report};
    use crate::ui::style::Style;

    fn report() -> Report {
        let mut report = Report::new("web1 \x1b[31m<b>");
        report.add(
            "Host",
            Body::Pairs(vec![("name".into(), "a\nb".into()), ("longer".into(), "<script>".into())]),
        );
        report.add(
            "Rows",
            Body::Rows { titles: vec!["A", "B"], rows: vec![vec!["critical".into(), "'x'".into()]] },
        );
        report.more(Body::Lines(vec!["└─ x & y".into()]));
        report
    }

    #[test]
    fn text_lines_up_and_commands_no_terminal() {
        let text = report().text(None, Style::new(false));
        assert!(text.contains("  name    a\\nb\n  longer  <script>\n"), "{text}");
        assert!(!text.contains('\x1b') && text.contains("└─ x & y\n"));
    }

    #[test]
    fn records_that_have_no_room_in_a_table_lose_nothing() {
        let mut report = Report::new("t");
        let row =
            vec!["major".into(), "changed".into(), "a[b]".into(), String::new(), "what it means\x1b".into()];
        report.more(Body::Records { titles: vec!["S", "C", "WHAT", "OLD", "MEANS"], rows: vec![row] });
        assert!(
            report.text(None, Style::new(false)).contains("major  changed  a[b]       what it means\\x1b\n")
        );
        let narrow = report.text(Some(30), Style::new(false));
        assert!(narrow.ends_with("major  changed  a[b]\n    means: what it means\\x1b\n"), "{narrow}");
        assert!(report.html().contains("<tr class=\"major\">"));
    }

    #[test]
    fn the_page_stands_by_itself_and_takes_no_markup_from_values() {
        let page = report().html();
        assert!(
            !page.contains("<script>") && page.contains("&lt;script&gt;") && page.contains("&#39;x&#39;")
        );
        assert!(!page.contains("http://") && !page.contains("src=") && page.contains("class=\"critical\""));
        assert!(page.ends_with("</html>\n"));
    }
}
