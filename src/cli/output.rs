//! Where a command's result goes: text for people or one JSON document, on standard output.
//!
//! Progress, warnings and failures go to standard error and are not dealt with here.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::cli::args::{ColorWhen, GlobalArgs};
use crate::cli::environment::Environment;
use crate::cli::exit::Failure;
use crate::ui::progress::{Progress, ProgressOptions};
use crate::ui::style::Style;
use crate::ui::table::Table;
use crate::ui::terminal::Terminal;

/// How results are shown.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// One JSON document instead of text.
    pub json: bool,
    /// Nothing but the result itself, warnings and errors.
    pub quiet: bool,
    /// How much more is told.
    pub verbose: u8,
    /// Columns of standard output, if it has such.
    pub width: Option<usize>,
    /// Colours of standard output.
    pub style: Style,
    error_style: Style,
    draw: bool,
}

impl Output {
    /// What the flags and the environment ask for.
    pub fn new(global: &GlobalArgs, environment: &Environment) -> Self {
        let dumb = environment.get("TERM").is_some_and(|term| term == "dumb");
        let (stdout, stderr) = (Terminal::stdout(), Terminal::stderr());
        let colors = |terminal: Terminal| match global.color.unwrap_or(ColorWhen::Auto) {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal.is_terminal() && !dumb && environment.get("NO_COLOR").is_none(),
        };
        let columns = environment.get("COLUMNS").and_then(|text| text.to_str()?.parse().ok());
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            width: stdout.width.or(columns.filter(|columns| (20..=10_000).contains(columns))),
            style: Style::new(colors(stdout)),
            error_style: Style::new(colors(stderr)),
            draw: stderr.is_terminal() && !dumb && !global.quiet && !global.no_progress,
        }
    }

    /// Whether there is a terminal to draw on, and nobody has asked for silence.
    pub fn draws(&self) -> bool {
        self.draw
    }

    /// Begins to show progress.
    pub fn progress(&self) -> Progress {
        Progress::new(ProgressOptions { draw: self.draw, details: self.verbose > 0, style: self.error_style })
    }

    /// Writes text as it is; it must be escaped already.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        self.write(|out| out.write_all(text.as_bytes()))
    }

    /// Writes a table.
    pub fn table(&self, table: &Table) -> Result<(), Failure> {
        self.text(&table.render(self.width, self.style))
    }

    /// Writes a document, and a line feed behind it.
    pub fn document<T: Serialize>(&self, document: &T) -> Result<(), Failure> {
        self.write(|out| {
            serde_json::to_writer(&mut *out, document)?;
            out.write_all(b"\n")
        })
    }

    /// Lets `write` fill standard output, buffered, and sees that all of it has gone out.
    pub fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
        write(&mut out).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
    }

    /// Says something to people that they must hear even if they want quiet.
    pub fn warn(&self, text: &str) {
        // Nobody can be told that standard error cannot be written.
        let _ = writeln!(io::stderr().lock(), "lifeboat: {}", self.error_style.yellow(text));
    }

    /// Says something to people beside the result, unless they want quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            // Nobody can be told that standard error cannot be written.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }
}
