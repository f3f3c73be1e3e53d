//! Which entries of a snapshot are meant: patterns in gitignore syntax, as ripgrep reads them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::restore::error::RestoreError;
use crate::restore::options::Selection;

/// The patterns, compiled. Paths begin with `/`, which stands for what is restored.
#[derive(Debug)]
pub struct Patterns {
    include: Option<Gitignore>,
    exclude: Option<Gitignore>,
}

/// What the patterns say of an entry whose parent is not excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is meant, and so is everything below that is not excluded.
    Selected,
    /// Something below it may be meant.
    Maybe,
    /// Neither it nor anything below is meant.
    Out,
}

impl Patterns {
    /// Compiles the patterns of `selection`.
    pub fn new(selection: &Selection) -> Result<Self, RestoreError> {
        Ok(Self { include: compile(&selection.include)?, exclude: compile(&selection.exclude)? })
    }

    /// What is to be done about `path`; `parent_selected` says whether its directory is meant as a whole.
    pub fn verdict(&self, path: &[u8], is_dir: bool, parent_selected: bool) -> Verdict {
        let as_path = Path::new(OsStr::from_bytes(path));
        let matches = |set: &Option<Gitignore>| {
            set.as_ref().is_some_and(|set| set.matched(as_path, is_dir).is_ignore())
        };
        if matches(&self.exclude) {
            return Verdict::Out;
        }
        if parent_selected || self.include.is_none() || matches(&self.include) {
            return Verdict::Selected;
        }
        if is_dir { Verdict::Maybe } else { Verdict::Out }
    }
}

fn compile(patterns: &[String]) -> Result<Option<Gitignore>, RestoreError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut builder = GitignoreBuilder::new("/");
    for pattern in patterns {
        let wrong = |source| RestoreError::Pattern { pattern: pattern.clone(), source };
        builder.add_line(None, pattern).map_err(wrong)?;
    }
    let all = patterns.join(" ");
    builder.build().map(Some).map_err(|source| RestoreError::Pattern { pattern: all, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(include: &[&str], exclude: &[&str]) -> Patterns {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let selection = Selection { subpath: None, include: own(include), exclude: own(exclude) };
        Patterns::new(&selection).unwrap()
    }

    #[test]
    fn without_includes_everything_but_the_excluded_is_meant() {
        let patterns = patterns(&[], &["*.tmp", "/cache/"]);
        assert_eq!(patterns.verdict(b"/a/b.txt", false, true), Verdict::Selected);
        assert_eq!(patterns.verdict(b"/a/b.tmp", false, true), Verdict::Out);
        assert_eq!(patterns.verdict(b"/cache", true, true), Verdict::Out);
        assert_eq!(patterns.verdict(b"/a/cache", true, true), Verdict::Selected);
        assert_eq!(patterns.verdict(b"/cache", false, true), Verdict::Selected);
    }

    #[test]
    fn with_includes_only_what_matches_and_what_lies_below_is_meant() {
        let patterns = patterns(&["*.conf", "/srv/www"], &["secret.conf"]);
        assert_eq!(patterns.verdict(b"/etc", true, false), Verdict::Maybe);
        assert_eq!(patterns.verdict(b"/etc/a.conf", false, false), Verdict::Selected);
        assert_eq!(patterns.verdict(b"/etc/secret.conf", false, false), Verdict::Out);
        assert_eq!(patterns.verdict(b"/etc/passwd", false, false), Verdict::Out);
        assert_eq!(patterns.verdict(b"/srv/www", true, false), Verdict::Selected);
        assert_eq!(patterns.verdict(b"/srv/www/index", false, true), Verdict::Selected);
    }

    #[test]
    fn names_that_are_no_text_can_be_matched() {
        assert_eq!(patterns(&[], &["*.o"]).verdict(b"/\xff\xfe.o", false, true), Verdict::Out);
    }
}
