//! What standard output and standard error are: a terminal and how wide, or a file or pipe.

use crate::sys::terminal;

/// Where people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Columns, where it is a terminal; a file or a pipe has no width.
    pub width: Option<usize>,
}

/// A terminal that does not know its width is taken to be as wide as the first ones were.
const DEFAULT_WIDTH: usize = 80;
/// Narrower than this, nothing useful fits.
const MIN_WIDTH: usize = 20;

impl Terminal {
    /// Standard output.
    pub fn stdout() -> Self {
        Self::of(terminal::stdout_is_terminal(), terminal::width_columns())
    }

    /// Standard error.
    pub fn stderr() -> Self {
        Self::of(terminal::stderr_is_terminal(), terminal::width_columns())
    }

    /// Not a terminal.
    pub fn none() -> Self {
        Self { width: None }
    }

    fn of(is_terminal: bool, columns: Option<usize>) -> Self {
        let columns = columns.filter(|columns| *columns > 0).unwrap_or(DEFAULT_WIDTH);
        Self { width: is_terminal.then_some(columns.max(MIN_WIDTH)) }
    }

    /// Whether it is a terminal.
    pub fn is_terminal(self) -> bool {
        self.width.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Terminal;

    #[test]
    fn a_pipe_has_no_width_and_a_terminal_always_has_one() {
        assert_eq!(Terminal::of(false, Some(100)).width, None);
        assert_eq!(Terminal::of(true, Some(100)).width, Some(100));
        assert_eq!(Terminal::of(true, Some(0)).width, Some(80));
        assert_eq!(Terminal::of(true, None).width, Some(80));
        assert_eq!(Terminal::of(true, Some(3)).width, Some(20));
    }
}
