//! From what was asked for to what can be begun: sources and rules made definite, before anything is opened.

use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::backup::attach;
use crate::backup::error::BackupError;
use crate::backup::filter::Filter;
use crate::backup::guard::FilesGuard;
use crate::backup::options::{BackupOptions, Source};
use crate::backup::roots::{RootNode, resolve};
use crate::backup::stream;
use crate::backup::walk::Redirects;
use crate::repo::attachment::{Contributor, DIRECTORY};
use crate::sys::error::show_path;

/// The sources made definite.
pub struct Resolved {
    /// Where the walk begins; none for a stream.
    pub roots: Option<RootNode>,
    /// The sources as the snapshot names them.
    pub names: Vec<String>,
    pub(super) filter: Filter,
    pub(super) contributors: Vec<Box<dyn Contributor>>,
    pub(super) guard: Option<Box<dyn FilesGuard>>,
    pub(super) redirects: Redirects,
    pub(super) missing: Vec<(PathBuf, String)>,
}

impl Resolved {
    /// The sources that are paths, as they are on this machine.
    pub fn source_paths(&self) -> Vec<PathBuf> {
        self.roots.as_ref().map(RootNode::sources).unwrap_or_default()
    }

    /// The same; what lies at or below the first path of each pair is read below its second, under the names
    /// of the first. `missing` lie below sources, but are not there, and why: each is a fault.
    pub fn redirected(self, redirects: Redirects, missing: Vec<(PathBuf, String)>) -> Self {
        Self { redirects, missing, ..self }
    }

    /// The same, with `guard` around the reading of files.
    pub fn guarded(self, guard: Box<dyn FilesGuard>) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// The same with what `contributors` attach; they go first, in this order.
    pub fn attach(mut self, contributors: Vec<Box<dyn Contributor>>) -> Result<Self, BackupError> {
        if contributors.is_empty() {
            return Ok(self);
        }
        attach::check(&contributors)?;
        let below = |roots: &RootNode| roots.children.contains_key(DIRECTORY.as_bytes());
        if self.roots.as_ref().is_some_and(below) || self.names.iter().any(|name| name == DIRECTORY) {
            return Err(BackupError::Usage(format!(
                "/{DIRECTORY} cannot be a source beside attachments: it is where the snapshot keeps them"
            )));
        }
        if self.names.is_empty() {
            self.names = contributors.iter().map(|one| one.attachment().path).collect();
        }
        self.contributors.extend(contributors);
        Ok(self)
    }
}

/// Makes the sources and the rules definite, before anything is opened or asked for.
pub fn prepare(options: &BackupOptions) -> Result<Resolved, BackupError> {
    let filter =
        Filter::new(options.filter.clone()).map_err(|error| BackupError::Usage(error.to_string()))?;
    let (roots, names) = match &options.source {
        Source::Paths(paths) if paths.is_empty() => {
            return Err(BackupError::Usage("there is nothing to back up: name a path or a job".into()));
        }
        Source::Paths(paths) => {
            let (paths, root) = resolve(paths)?;
            let names = paths.iter().map(|path| show_path(path.as_os_str().as_bytes())).collect();
            (Some(root), names)
        }
        Source::Stdin { name } | Source::Command { name, .. } => {
            stream::check_name(name)?;
            (None, vec![name.clone()])
        }
        Source::Attachments => (None, Vec::new()),
    };
    let (redirects, missing) = (Vec::new(), Vec::new());
    Ok(Resolved { roots, names, filter, contributors: Vec::new(), guard: None, redirects, missing })
}
