//! What a directory says about itself: cache marks, marks of the user's choice, and ignore files.
//!
//! All of it is data of whoever owns the directory, read by a backup that may be root's: only regular
//! files are opened, nothing is followed, and every read is bounded.

use std::io::Read as _;

use crate::backup::filter::pattern::{self, Anchor, Origin, Rule};
use crate::backup::filter::reason::{CACHE_TAG, FilterError};
use crate::backup::filter::rules::RuleSet;
use crate::sys::dir::{DirHandle, Listed, Listing};
use crate::sys::error::{SysResult, show_path};
use crate::sys::path::check_name;
use crate::sys::stat::FileKind;

/// The name of a directory's own rules.
pub(super) const IGNORE_FILE: &[u8] = b".lifeboatignore";
/// Longest ignore file that is heeded, in bytes.
const IGNORE_FILE_MAX_BYTES: u64 = 1 << 20;
/// Most patterns of one ignore file.
const IGNORE_RULES_MAX: usize = 10_000;
/// Most bytes of patterns with wildcards in one ignore file: compiled, a byte takes about 1 KiB, and
/// anybody can put such files wherever they can write.
const IGNORE_WILDCARDS_MAX_BYTES: usize = 32 << 10;
/// How a cache directory's tag begins (<https://bford.info/cachedir/>).
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// A mark that `exclude-if-present` looks for.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// The entry's name.
    pub name: String,
    /// How its contents must begin; empty for "whatever it is".
    header: Vec<u8>,
}

impl Mark {
    /// Understands `NAME` or `NAME:HEADER`.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let (name, header) = text.split_once(':').unwrap_or((text, ""));
        check_name(name.as_bytes())
            .map_err(|error| FilterError::Mark { mark: text.to_owned(), problem: error.to_string() })?;
        Ok(Self { name: name.to_owned(), header: header.as_bytes().to_vec() })
    }

    /// Whether the directory carries it; what cannot be read is no mark, but worth a warning.
    pub fn is_in(&self, dir: &DirHandle, listing: &Listing, warnings: &mut Vec<String>) -> bool {
        match find(listing, self.name.as_bytes()) {
            None => false,
            Some(_) if self.header.is_empty() => true,
            Some(listed) => begins_with(dir, listed, &self.header, warnings),
        }
    }
}

/// Whether the directory is marked as a cache.
pub(super) fn is_cache(dir: &DirHandle, listing: &Listing, warnings: &mut Vec<String>) -> bool {
    find(listing, CACHE_TAG).is_some_and(|listed| begins_with(dir, listed, CACHE_SIGNATURE, warnings))
}

fn find<'a>(listing: &'a Listing, name: &[u8]) -> Option<&'a Listed> {
    let at = listing.entries.binary_search_by(|listed| listed.name.as_slice().cmp(name)).ok()?;
    Some(&listing.entries[at])
}

fn begins_with(dir: &DirHandle, listed: &Listed, header: &[u8], warnings: &mut Vec<String>) -> bool {
    if listed.stat.kind != FileKind::File || listed.stat.size < header.len() as u64 {
        return false;
    }
    match read_start(dir, &listed.name, header.len() as u64) {
        Ok(start) => start == header,
        Err(error) if error.is_not_found() => false,
        Err(error) => {
            warnings.push(format!("{error}: {}; the directory is taken as unmarked", error.source));
            false
        }
    }
}

fn read_start(dir: &DirHandle, name: &[u8], max_bytes: u64) -> SysResult<Vec<u8>> {
    let (file, _) = dir.open_regular_child(name)?;
    let mut start = Vec::new();
    file.take(max_bytes).read_to_end(&mut start).map_err(|error| dir.error("read", name, error))?;
    Ok(start)
}

/// The rules in the directory's ignore file, if it has one with any; `path` is the directory's.
pub(super) fn ignore_rules(
    dir: &DirHandle,
    path: &[u8],
    listing: &Listing,
    warnings: &mut Vec<String>,
) -> Option<RuleSet> {
    let listed = find(listing, IGNORE_FILE)?;
    let slash: &[u8] = if path.ends_with(b"/") { b"" } else { b"/" };
    let place = show_path(&[path, slash, IGNORE_FILE].concat());
    if listed.stat.kind != FileKind::File {
        warnings.push(format!("{place} is no regular file; it is not heeded"));
        return None;
    }
    let contents = match read_start(dir, IGNORE_FILE, IGNORE_FILE_MAX_BYTES + 1) {
        Ok(contents) => contents,
        Err(error) if error.is_not_found() => return None,
        Err(error) => {
            warnings.push(format!("{error}: {}; it is not heeded", error.source));
            return None;
        }
    };
    if contents.len() as u64 > IGNORE_FILE_MAX_BYTES {
        warnings.push(format!("{place} is longer than {IGNORE_FILE_MAX_BYTES} bytes; it is not heeded"));
        return None;
    }
    let rules = parse_lines(&contents, &place, warnings);
    let wildcards = rules.iter().filter(|rule| rule.text.contains(['*', '?', '[']));
    let wildcards_bytes: usize = wildcards.map(|rule| rule.text.len()).sum();
    if rules.len() > IGNORE_RULES_MAX || wildcards_bytes > IGNORE_WILDCARDS_MAX_BYTES {
        warnings.push(format!(
            "{place} has more than {IGNORE_RULES_MAX} patterns, or {IGNORE_WILDCARDS_MAX_BYTES} bytes \
             of those with wildcards; it is not heeded"
        ));
        return None;
    }
    match RuleSet::compile(rules) {
        Ok(rules) => (!rules.is_empty()).then_some(rules),
        Err((culprit, problem)) => {
            let place = culprit.map_or(place, |rule| rule.origin.to_string());
            warnings.push(format!("{place}: {problem}; the file is not heeded"));
            None
        }
    }
}

/// The rules that can be understood; a warning for each that cannot, up to a handful.
fn parse_lines(contents: &[u8], place: &str, warnings: &mut Vec<String>) -> Vec<Rule> {
    const WARNINGS_MAX: usize = 8;
    let place: std::sync::Arc<str> = place.into();
    let mut rules = Vec::new();
    let mut bad_lines = 0usize;
    for (line, text) in pattern::lines(contents).take(IGNORE_RULES_MAX + 1) {
        let origin = Origin { place: place.clone(), line: Some(line) };
        let parsed = match str::from_utf8(text) {
            Ok(text) => Rule::parse(text, origin, Anchor::Directory, false),
            Err(_) => Err("it is no UTF-8 (`?` stands for any one byte)".to_owned()),
        };
        match parsed {
            Ok(rule) => rules.push(rule),
            Err(problem) => {
                bad_lines += 1;
                if bad_lines <= WARNINGS_MAX {
                    let text = show_path(&text[..text.len().min(200)]);
                    warnings.push(format!(
                        "{place}:{line}: the pattern `{text}` is wrong and not heeded: {problem}"
                    ));
                }
            }
        }
    }
    if bad_lines > WARNINGS_MAX {
        warnings.push(format!("{place}: {} more wrong patterns", bad_lines - WARNINGS_MAX));
    }
    rules
}
