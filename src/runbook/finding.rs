//! One thing that lint has found: where, what, and what to write instead.

use std::ops::Range;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It would not work, or not as it says.
    Error,
    /// It works, but somebody may come to regret it.
    Warning,
}

/// Something that lint has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// Where, in bytes of the file.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What should be there.
    pub expected: Option<String>,
    /// What was typed, and the names among which the right one may be.
    pub candidates: Option<(String, Vec<String>)>,
}

impl Finding {
    /// Something that would not work.
    pub fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { weight: Weight::Error, span, message: message.into(), expected: None, candidates: None }
    }

    /// Something to think about.
    pub fn warning(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::error(span, message) }
    }

    /// Adds what should be there.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds the names among which the right one may be.
    pub fn among<N: Into<String>>(
        mut self,
        typed: impl Into<String>,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.candidates = Some((typed.into(), names.into_iter().map(Into::into).collect()));
        self
    }

    /// The line it is on in `source`, counted from 1.
    pub fn line(&self, source: &str) -> usize {
        let start = self.span.start.min(source.len());
        source.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}
