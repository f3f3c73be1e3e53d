//! What a backup leaves out, and why.
//!
//! One list of patterns, in which the last match decides: those given with the job, the
//! case-insensitive ones, those of exclude files in their order, then each `.lifeboatignore` from the
//! source down. As in git, nothing inside an excluded directory can be taken back, for nobody looks
//! there; `dir/*` leaves the door open where `dir` shuts it. The source that the user named is never
//! judged itself, only what lies in it.
//!
//! When nothing is asked, judging costs a branch: texts are made only for what is left out. What
//! cannot be found out (an attribute, a mark) counts as "take it". A fault in the user's options is an
//! error; a fault in data met on the way is a warning.
//!
//! Left out: walking, and selecting what to restore.

mod class;
mod marks;
mod options;
mod pattern;
mod reason;
mod rules;

use std::sync::Arc;

use rustix::fs::StatxAttributes;

pub use self::options::FilterOptions;
pub use self::reason::{FilterError, Reason};

use self::marks::Mark;
use self::rules::{Layer, RuleSet};
use crate::sys::dir::{DirHandle, Listed, Listing};
use crate::sys::error::show_path;
use crate::sys::meta::xattrs;
use crate::sys::stat::{FileKind, Stat};

/// Most layers of rules on the way to one entry: each is matched for every entry below it.
const LAYERS_MAX: usize = 64;

/// The rules of one backup, ready for use.
#[derive(Debug)]
pub struct Filter {
    wanted: Arc<Wanted>,
    rules: Arc<RuleSet>,
    /// Those rules that mean something to relative paths; `None` if all do.
    floating: Option<Arc<RuleSet>>,
}

/// Everything but patterns.
#[derive(Debug)]
struct Wanted {
    caches: bool,
    marks: Vec<Mark>,
    larger_than: Option<u64>,
    nodump: bool,
    xattrs: Vec<WantedXattr>,
    one_file_system: bool,
    ignore_files: bool,
}

#[derive(Debug)]
struct WantedXattr {
    text: String,
    name: Vec<u8>,
    value: Option<Vec<u8>>,
}

/// The rules in force inside one directory. Cloning shares them.
#[derive(Clone, Debug)]
pub struct DirFilter {
    wanted: Arc<Wanted>,
    /// The source, where it matters what is mounted on it.
    source: Option<Arc<Stat>>,
    layers: Option<Arc<Layer>>,
    /// Whether any entry could be left out here.
    judges: bool,
}

/// What entering a directory found.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The rules inside it.
    pub filter: DirFilter,
    /// If set, the directory itself and the entry `Reason::tag` are kept, and nothing else in it.
    pub contents: Option<Reason>,
    /// For people: rules and marks that could not be heeded.
    pub warnings: Vec<String>,
}

impl Filter {
    /// Understands `options`; an error names the first that is wrong.
    pub fn new(options: FilterOptions) -> Result<Self, FilterError> {
        let rules = options::parse_rules(&options)?;
        let floating = match rules.iter().any(|rule| rule.is_absolute) {
            true => Some(options::compile(rules.iter().filter(|rule| !rule.is_absolute).cloned().collect())?),
            false => None,
        };
        let wanted = Wanted {
            caches: options.exclude_caches,
            marks: options
                .exclude_if_present
                .iter()
                .map(|text| Mark::parse(text))
                .collect::<Result<_, _>>()?,
            larger_than: options.larger_than,
            nodump: options.nodump,
            xattrs: options.xattr_names.into_iter().map(WantedXattr::parse).collect::<Result<_, _>>()?,
            one_file_system: options.one_file_system,
            ignore_files: options.ignore_files,
        };
        Ok(Self { wanted: Arc::new(wanted), rules: options::compile(rules)?, floating })
    }

    /// The rules at a source, whose path should be absolute: patterns with a leading slash mean nothing
    /// to a relative one.
    pub fn root(&self, source_path: &[u8], source_stat: &Stat) -> DirFilter {
        let is_absolute = source_path.starts_with(b"/");
        let rules = match &self.floating {
            Some(floating) if !is_absolute => floating,
            _ => &self.rules,
        };
        let tied_to: &[u8] = if is_absolute { b"/" } else { b"" };
        let layers = (!rules.is_empty()).then(|| Layer::new(rules.clone(), tied_to, None));
        let source = self.wanted.one_file_system.then(|| Arc::new(source_stat.clone()));
        DirFilter::new(self.wanted.clone(), source, layers)
    }
}

impl DirFilter {
    fn new(wanted: Arc<Wanted>, source: Option<Arc<Stat>>, layers: Option<Arc<Layer>>) -> Self {
        let asks = wanted.larger_than.is_some() || wanted.nodump || !wanted.xattrs.is_empty();
        let judges = asks || source.is_some() || layers.is_some();
        Self { wanted, source, layers, judges }
    }

    /// Why the directory `listed`, which itself is taken, need not even be opened: something else is
    /// mounted there (which may be slow, endless, or gone). `enter` finds the same, later.
    pub fn judge_unopened(&self, listed: &Listed) -> Option<Reason> {
        let source = self.source.as_deref()?;
        (!listed.stat.is_same_mount(source)).then_some(Reason::OtherFileSystem)
    }

    /// The rules inside a directory that was just opened and listed, and whether its contents are wanted
    /// at all. `path` is its full path, beginning with the source's.
    pub fn enter(&self, dir: &DirHandle, path: &[u8], listing: &Listing) -> Entered {
        let mut entered = Entered { filter: self.clone(), contents: None, warnings: Vec::new() };
        entered.contents = self.judge_contents(dir, listing, &mut entered.warnings);
        if entered.contents.is_some() || !self.wanted.ignore_files {
            return entered;
        }
        let Some(rules) = marks::ignore_rules(dir, path, listing, &mut entered.warnings) else {
            return entered;
        };
        if self.layers.as_ref().is_some_and(|layers| layers.depth() >= LAYERS_MAX) {
            let warning =
                format!("the rules in {} are not heeded: {LAYERS_MAX} levels have some", show_path(path));
            entered.warnings.push(warning);
            return entered;
        }
        let layers = Layer::new(Arc::new(rules), path, self.layers.clone());
        entered.filter = Self::new(self.wanted.clone(), self.source.clone(), Some(layers));
        entered
    }

    fn judge_contents(
        &self,
        dir: &DirHandle,
        listing: &Listing,
        warnings: &mut Vec<String>,
    ) -> Option<Reason> {
        // What cannot be looked at now was on the right mount when it was listed.
        if let Some(source) = self.source.as_deref()
            && dir.stat().is_ok_and(|stat| !stat.is_same_mount(source))
        {
            return Some(Reason::OtherFileSystem);
        }
        if self.wanted.caches && marks::is_cache(dir, listing, warnings) {
            return Some(Reason::CacheDir);
        }
        let mark = self.wanted.marks.iter().find(|mark| mark.is_in(dir, listing, warnings))?;
        Some(Reason::Present(mark.name.clone()))
    }

    /// Why the entry `listed` of `dir` is left out; `None` if it is taken. `path` is its full path.
    #[inline]
    pub fn judge(&self, dir: &DirHandle, path: &[u8], listed: &Listed) -> Option<Reason> {
        if !self.judges {
            return None;
        }
        self.judge_closely(dir, path, listed)
    }

    fn judge_closely(&self, dir: &DirHandle, path: &[u8], listed: &Listed) -> Option<Reason> {
        let (wanted, stat) = (&*self.wanted, &listed.stat);
        let is_dir = stat.kind == FileKind::Dir;
        // A directory where something is mounted is kept: a restore needs the place.
        if !is_dir && self.source.as_deref().is_some_and(|source| !stat.is_same_mount(source)) {
            return Some(Reason::OtherFileSystem);
        }
        if wanted.nodump && stat.attributes & StatxAttributes::NODUMP.bits() != 0 {
            return Some(Reason::NoDump);
        }
        if let Some(limit) = wanted.larger_than
            && stat.kind == FileKind::File
            && stat.size > limit
        {
            return Some(Reason::LargerThan(limit));
        }
        if let Some(rule) = self.layers.as_ref().and_then(|layers| layers.decide(path, is_dir))
            && !rule.re_includes
        {
            let (pattern, origin) = (rule.text.to_string(), rule.origin.to_string());
            return Some(Reason::Pattern { pattern, origin });
        }
        let xattr = wanted.xattrs.iter().find(|xattr| xattr.is_on(dir, &listed.name))?;
        Some(Reason::Xattr(xattr.text.clone()))
    }
}

impl WantedXattr {
    fn parse(text: String) -> Result<Self, FilterError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.as_bytes().to_vec())),
            None => (text.as_str(), None),
        };
        // Linux: at most 255 bytes (XATTR_NAME_MAX), with a namespace before the first dot.
        if name.len() > 255 || name.contains('\0') || !name.trim_matches('.').contains('.') {
            return Err(FilterError::Xattr { name: text });
        }
        Ok(Self { name: name.as_bytes().to_vec(), value, text })
    }

    fn is_on(&self, dir: &DirHandle, name: &[u8]) -> bool {
        match xattrs::get_child(dir, name, &self.name) {
            Ok(Some(found)) => self.value.as_ref().is_none_or(|wanted| *wanted == found),
            Ok(None) | Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
