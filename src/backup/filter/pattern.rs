//! One pattern: from a line in gitignore syntax to a glob and what it means.
//!
//! The matching itself is globset's. What gitignore adds to globs is done here: negation, anchoring,
//! "directories only", escapes; and braces, which gitignore does not know, are taken literally.
//! Matching is by bytes, as git's: `?` is one byte. Ignoring case knows Unicode's simple pairs, but
//! in classes only ASCII's.

use std::fmt;
use std::sync::Arc;

use globset::{Glob, GlobBuilder};

use crate::backup::filter::class;

/// Longest line of a pattern file, in bytes: a pattern that is longer than any path matches none.
const LINE_MAX_BYTES: usize = 4096;

/// Where patterns come from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// `exclude`, or a file's path ready to be shown.
    pub place: Arc<str>,
    /// Line, from 1, if it is a file.
    pub line: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.place),
            None => f.write_str(&self.place),
        }
    }
}

/// What a slash at the front or in the middle ties a pattern to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// A leading slash is the file system's root; without one, the pattern matches at any depth.
    FileSystem,
    /// Any such slash ties it to the directory of its file, as git has it.
    Directory,
}

/// A pattern, understood.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The pattern as it was written.
    pub text: Box<str>,
    /// Where.
    pub origin: Origin,
    /// `!`: takes back what an earlier rule excludes.
    pub re_includes: bool,
    /// A trailing slash: about directories only.
    pub dirs_only: bool,
    /// Only means something to absolute paths.
    pub is_absolute: bool,
    /// What the path must look like.
    pub glob: Glob,
}

impl Rule {
    /// Understands `text`, or says what is wrong with it.
    pub fn parse(text: &str, origin: Origin, anchor: Anchor, ignore_case: bool) -> Result<Self, String> {
        if text.len() > LINE_MAX_BYTES {
            return Err(format!("it is longer than {LINE_MAX_BYTES} bytes"));
        }
        let (re_includes, mut rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut dirs_only = false;
        if let Some(shorter) = rest.strip_suffix('/') {
            dirs_only = true;
            // An escaped slash is a slash; the backslash must not be left to escape nothing.
            let backslashes = shorter.len() - shorter.trim_end_matches('\\').len();
            rest = &shorter[..shorter.len() - backslashes % 2];
        }
        let body = rest.trim_start_matches('/');
        if body.is_empty() {
            return Err("it names nothing".to_owned());
        }
        let is_tied = match anchor {
            Anchor::FileSystem => rest.starts_with('/'),
            Anchor::Directory => rest.contains('/'),
        };
        let mut glob = String::with_capacity(body.len() + 8);
        if !is_tied && body != "**" && !body.starts_with("**/") {
            glob.push_str("**/");
        }
        translate(body, ignore_case, &mut glob)?;
        if body.ends_with("/**") {
            // What is in the directory, not the directory itself.
            glob.push_str("/*");
        }
        let glob = GlobBuilder::new(&glob)
            .literal_separator(true)
            .backslash_escape(true)
            .case_insensitive(ignore_case)
            .build()
            .map_err(|error| error.kind().to_string())?;
        let is_absolute = is_tied && anchor == Anchor::FileSystem;
        Ok(Self { text: text.into(), origin, re_includes, dirs_only, is_absolute, glob })
    }
}

/// Rewrites `pattern` into globset's dialect.
fn translate(pattern: &str, ignore_case: bool, glob: &mut String) -> Result<(), String> {
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // More stars than two are two.
            '*' if glob.ends_with("**") && !glob.ends_with("\\**") => {}
            '*' | '?' | '/' => glob.push(c),
            '[' => match class::translate(&mut chars, ignore_case)? {
                Some(class) => glob.push_str(&class),
                None => glob.push_str("\\["),
            },
            '\\' => match chars.next() {
                Some(escaped) => push_literal(escaped, ignore_case, glob),
                None => return Err("it ends in a lone backslash".to_owned()),
            },
            c => push_literal(c, ignore_case, glob),
        }
    }
    Ok(())
}

fn push_literal(c: char, ignore_case: bool, glob: &mut String) {
    match c {
        '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\' => glob.extend(['\\', c]),
        _ if c.is_ascii() || !ignore_case => glob.push(c),
        _ => {
            let mut choices = Vec::new();
            class::each_case(c, true, |c| choices.push(c.to_string()));
            match choices.as_slice() {
                [only] => glob.push_str(only),
                choices => glob.push_str(&format!("{{{}}}", choices.join(","))),
            }
        }
    }
}

/// The patterns in a file's contents with their line numbers: without comments, blank lines, line ends,
/// trailing spaces that no backslash keeps, and a byte order mark.
pub(super) fn lines(contents: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let contents = contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(contents);
    let lines = contents.split(|byte| *byte == b'\n').zip(1..);
    lines.filter_map(|(line, number)| {
        let line = trim_spaces(line.strip_suffix(b"\r").unwrap_or(line));
        (!line.is_empty() && line[0] != b'#').then_some((number, line))
    })
}

fn trim_spaces(line: &[u8]) -> &[u8] {
    let (mut kept, mut at) = (0, 0);
    while at < line.len() {
        let (byte, escapes) = (line[at], line[at] == b'\\');
        at = line.len().min(at + if escapes { 2 } else { 1 });
        if byte != b' ' {
            kept = at;
        }
    }
    &line[..kept]
}
