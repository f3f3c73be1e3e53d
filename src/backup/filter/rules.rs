//! Many patterns at once: which of them decides about a path.
//!
//! All patterns of one origin are one set, matched in one pass; sets lie in layers, one for each
//! `.lifeboatignore` on the way down, and the deepest layer that has an opinion decides.

use std::sync::Arc;

use globset::{Candidate, GlobSet};

use crate::backup::filter::pattern::Rule;

/// Patterns in force together; the last that matches decides.
#[derive(Debug, Default)]
pub(super) struct RuleSet {
    set: GlobSet,
    rules: Vec<Rule>,
}

impl RuleSet {
    /// Compiles `rules`; on failure, the rule that is to blame, or none where only their number is.
    pub fn compile(rules: Vec<Rule>) -> Result<Self, (Option<Box<Rule>>, String)> {
        let set = GlobSet::new(rules.iter().map(|rule| &rule.glob)).map_err(|error| {
            let culprit = rules.iter().find(|rule| GlobSet::new([&rule.glob]).is_err());
            (culprit.cloned().map(Box::new), error.kind().to_string())
        })?;
        Ok(Self { set, rules })
    }

    /// The rule that decides about `path`, which is relative to where these patterns are tied to.
    pub fn decide(&self, path: &[u8], is_dir: bool) -> Option<&Rule> {
        if self.rules.is_empty() {
            return None;
        }
        // Takes no memory until something matches.
        let mut matches = Vec::new();
        self.set.matches_candidate_into(&Candidate::from_bytes(path), &mut matches);
        let matching = matches.iter().rev().filter_map(|index| self.rules.get(*index));
        matching.into_iter().find(|rule| is_dir || !rule.dirs_only)
    }

    /// Whether there is any rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// Rules in force at and below one directory, on top of those in force above it.
#[derive(Debug)]
pub(super) struct Layer {
    rules: Arc<RuleSet>,
    /// Leading bytes of a path that the rules do not look at: the directory's path and a slash.
    strip_bytes: usize,
    above: Option<Arc<Layer>>,
    depth: usize,
}

impl Layer {
    /// `rules` for what lies below the directory `dir`.
    pub fn new(rules: Arc<RuleSet>, dir: &[u8], above: Option<Arc<Layer>>) -> Arc<Self> {
        let slash = usize::from(!dir.is_empty() && !dir.ends_with(b"/"));
        let depth = above.as_ref().map_or(0, |above| above.depth) + 1;
        Arc::new(Self { rules, strip_bytes: dir.len() + slash, above, depth })
    }

    /// How many layers lie on each other here.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The rule of the topmost layer that has one for `path`.
    pub fn decide(&self, path: &[u8], is_dir: bool) -> Option<&Rule> {
        let mut layer = self;
        loop {
            let relative = path.get(layer.strip_bytes..).unwrap_or_default();
            if let Some(rule) = layer.rules.decide(relative, is_dir) {
                return Some(rule);
            }
            layer = layer.above.as_deref()?;
        }
    }
}
