//! One mistake in a plan file: where it is, what it is, and what was expected instead.

use std::ops::Range;

/// A mistake. How it is shown is the command line's affair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which bytes of the file.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What should be there.
    pub expected: Option<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Mistake {
    /// A mistake at `span`.
    pub fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), expected: None, suggestion: None }
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

    /// The line it stands on in `source`, counted from 1.
    pub fn line(&self, source: &str) -> usize {
        let end = self.span.start.min(source.len());
        source.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// Which of `names` is near enough to `typed` to have been meant.
fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let typed = plain(typed);
    let (score, name) = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&typed, &plain(name)), name))
        .max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (score > 0.8).then_some(name)
}
