//! One mistake in the configuration: where it is, what it is, and what was expected instead.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use serde::Serialize;

use crate::ui::escape;
use crate::ui::style::Style;

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The offending text, as far as it stands on that line.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What should be there.
    pub expected: Option<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
    #[serde(skip)]
    source_line: String,
}

impl Mistake {
    /// A mistake at `span` (bytes) of `source`.
    pub fn at(source: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = floor(source, span.start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        let end = floor(source, span.end.clamp(start, line_end));
        Self {
            line: source[..start].matches('\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            text: source[start..end].trim_end().to_owned(),
            message: message.into(),
            expected: None,
            suggestion: None,
            source_line: source[line_start..line_end].trim_end().to_owned(),
        }
    }

    /// Adds what should be there.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds which of `names` was probably meant by `typed`, if any is near.
    pub fn suggest<'a>(mut self, typed: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.suggestion = nearest(typed, names).map(str::to_owned);
        self
    }

    /// The mistake as people read it: place and message, the line with a mark below, and advice.
    pub fn for_people(&self, file: &Path, style: Style) -> String {
        let place = format!("{}:{}:{}:", escape::path(file), self.line, self.column);
        let mut text = format!("{} {}\n", style.bold(&place), escape::text(&self.message));
        // Writing to a string cannot fail.
        let number = self.line.to_string();
        let _ = writeln!(text, "  {number} | {}", escape::text(&self.source_line));
        let before: String = self.source_line.chars().take(self.column - 1).collect();
        let marks = escape::text(&self.text).chars().count().max(1);
        let blank = " ".repeat(escape::text(&before).chars().count());
        let _ = writeln!(text, "  {:>2$} | {blank}{}", "", style.red(&"^".repeat(marks)), number.len());
        if let Some(expected) = &self.expected {
            let _ = writeln!(text, "  expected {}", escape::text(expected));
        }
        if let Some(suggestion) = &self.suggestion {
            let _ = writeln!(text, "  did you mean `{}`?", escape::text(suggestion));
        }
        text
    }
}

/// The beginning of the character that `at` falls into.
fn floor(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Which of `names` is near enough to `typed` to have been meant.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('-', "_");
    let nearness = |name: &str| strsim::jaro_winkler(&typed, &name.to_lowercase().replace('-', "_"));
    let (score, name) = names
        .into_iter()
        .map(|name| (nearness(name), name))
        .max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (score > 0.8).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Mistake, nearest};
    use crate::ui::style::Style;

    #[test]
    fn a_mistake_is_shown_with_its_line_and_a_mark_below() {
        let source = "a = 1\nbé = \"ü\"  # c\n";
        let at = source.find('"').unwrap();
        let mistake = Mistake::at(source, at..at + 4, "no").expected("yes").suggest("yess", ["yes", "maybe"]);
        assert_eq!((mistake.line, mistake.column, mistake.text.as_str()), (2, 6, "\"ü\""));
        assert_eq!(
            mistake.for_people(Path::new("f"), Style::new(false)),
            "f:2:6: no\n  2 | bé = \"ü\"  # c\n    |      ^^^\n  expected yes\n  did you mean `yes`?\n"
        );
    }

    #[test]
    fn spans_past_the_end_or_inside_a_character_do_not_panic() {
        for (start, end) in [(0, 0), (1, 2), (2, 1), (90, 99), (0, 99)] {
            let mistake = Mistake::at("é\nb", start..end, "x");
            assert!(mistake.line >= 1 && mistake.column >= 1);
            mistake.for_people(Path::new("f"), Style::new(false));
        }
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        assert_eq!(nearest("exclud", ["exclude", "sources"]), Some("exclude"));
        assert_eq!(nearest("exclude-caches", ["exclude", "exclude_caches"]), Some("exclude_caches"));
        assert_eq!(nearest("zebra", ["exclude", "sources"]), None);
    }
}
