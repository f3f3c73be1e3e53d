//! The few colours there are, and whether to use them.

/// Paints text, or leaves it alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    colors: bool,
}

impl Style {
    /// With or without colours (SGR sequences, ECMA-48).
    pub fn new(colors: bool) -> Self {
        Self { colors }
    }

    /// Headings.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Errors, and what was removed.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Success, and what was added.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Warnings, and what was changed.
    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.colors {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}
