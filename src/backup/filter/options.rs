//! What can be asked for, and the patterns in it, understood or refused by name and place.

use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::backup::filter::pattern::{self, Anchor, Origin, Rule};
use crate::backup::filter::reason::FilterError;
use crate::backup::filter::rules::RuleSet;
use crate::sys::error::show_path;

/// What the user wants left out.
#[derive(Clone, Debug)]
pub struct FilterOptions {
    /// Patterns in gitignore syntax; a leading slash is the file system's root.
    pub exclude: Vec<String>,
    /// The same, ignoring case.
    pub iexclude: Vec<String>,
    /// Files of such patterns, one a line, with their contents.
    pub exclude_files: Vec<(PathBuf, String)>,
    /// Skip what is in directories with a valid `CACHEDIR.TAG`.
    pub exclude_caches: bool,
    /// Skip what is in directories that hold `NAME`; of `NAME:HEADER`, a file that begins so.
    pub exclude_if_present: Vec<String>,
    /// Skip regular files longer than this many bytes, holes counted.
    pub larger_than: Option<u64>,
    /// Skip what carries the nodump flag.
    pub nodump: bool,
    /// Skip what has one of these attributes, or, of `NAME=VALUE`, has it with just that value.
    pub xattr_names: Vec<String>,
    /// Stay on the source's mount; the places where others are mounted are kept, empty.
    pub one_file_system: bool,
    /// Heed `.lifeboatignore`.
    pub ignore_files: bool,
}

impl Default for FilterOptions {
    fn default() -> Self {
        Self {
            exclude: Vec::new(),
            iexclude: Vec::new(),
            exclude_files: Vec::new(),
            exclude_caches: false,
            exclude_if_present: Vec::new(),
            larger_than: None,
            nodump: false,
            xattr_names: Vec::new(),
            one_file_system: false,
            ignore_files: true,
        }
    }
}

/// The patterns of all options, in the order in which the last match decides.
pub(super) fn parse_rules(options: &FilterOptions) -> Result<Vec<Rule>, FilterError> {
    let mut rules = Vec::new();
    for (place, texts, ignore_case) in
        [("exclude", &options.exclude, false), ("iexclude", &options.iexclude, true)]
    {
        let place: Arc<str> = place.into();
        for text in texts {
            rules.push(parse_rule(text, Origin { place: place.clone(), line: None }, ignore_case)?);
        }
    }
    for (path, contents) in &options.exclude_files {
        let place: Arc<str> = show_path(path.as_os_str().as_bytes()).into();
        for (line, text) in pattern::lines(contents.as_bytes()) {
            // Lines end at ASCII bytes, so they are text as the whole is.
            let text = String::from_utf8_lossy(text);
            rules.push(parse_rule(&text, Origin { place: place.clone(), line: Some(line) }, false)?);
        }
    }
    Ok(rules)
}

fn parse_rule(text: &str, origin: Origin, ignore_case: bool) -> Result<Rule, FilterError> {
    Rule::parse(text, origin.clone(), Anchor::FileSystem, ignore_case).map_err(|problem| {
        FilterError::Pattern { pattern: text.to_owned(), origin: origin.to_string(), problem }
    })
}

/// Compiles `rules`; an error names the pattern to blame, if one alone is.
pub(super) fn compile(rules: Vec<Rule>) -> Result<Arc<RuleSet>, FilterError> {
    match RuleSet::compile(rules) {
        Ok(rules) => Ok(Arc::new(rules)),
        Err((Some(rule), problem)) => {
            let (pattern, origin) = (rule.text.to_string(), rule.origin.to_string());
            Err(FilterError::Pattern { pattern, origin, problem })
        }
        Err((None, problem)) => Err(FilterError::TooMany { problem }),
    }
}
