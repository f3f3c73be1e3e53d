//! Attachments on their way into the snapshot: each contributor in turn puts its files below `/.lifeboat`.
//!
//! They are stored before the walk, so that what is taken of files is never older than the dumps that may
//! refer to them. What this leaves out is any knowledge of what is attached: see `repo::attachment`.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::backup::error::BackupError;
use crate::backup::feeder::{FeedError, Feeder};
use crate::backup::notes::Notes;
use crate::base::monitor::Interrupt;
use crate::repo::attachment::{
    AttachedFile, Attachment, Contributor, DIRECTORY, Necessity, Sink, names_below,
};
use crate::repo::tree::Entry;

/// What was attached.
#[derive(Debug, Default)]
pub struct Attached {
    /// The entry of `/.lifeboat`; none if nothing was attached.
    pub entry: Option<Entry>,
    /// The records.
    pub records: Vec<Attachment>,
}

/// A directory under way: entries of files, and directories by name.
#[derive(Default)]
struct Folder {
    files: BTreeMap<String, Entry>,
    folders: BTreeMap<String, Folder>,
}

/// Whether `contributors` can be attached side by side.
pub fn check(contributors: &[Box<dyn Contributor>]) -> Result<(), BackupError> {
    let attachments: Vec<Attachment> = contributors.iter().map(|one| one.attachment()).collect();
    for (index, attachment) in attachments.iter().enumerate() {
        let Attachment { kind, name, path, .. } = attachment;
        if names_below(path).is_none() {
            let what =
                format!("the {kind} {name:?} cannot be attached at {path:?}: not a path below /{DIRECTORY}");
            return Err(BackupError::Usage(what));
        }
        let below = |one: &str, two: &str| format!("{one}/").starts_with(&format!("{two}/"));
        let clash = |other: &&Attachment| below(path, &other.path) || below(&other.path, path);
        if let Some(other) = attachments[..index].iter().find(clash) {
            return Err(BackupError::Usage(format!(
                "{} {:?} and {kind} {name:?} would both lie at {path}; give one another name",
                other.kind, other.name
            )));
        }
    }
    Ok(())
}

/// Stores what `contributors` have.
pub fn store(
    feeder: &mut Feeder<'_, '_>,
    contributors: &mut [Box<dyn Contributor>],
    notes: &Notes<'_>,
    interrupt: &Interrupt,
) -> Result<Attached, BackupError> {
    let mut top = Folder::default();
    let mut records = Vec::new();
    for contributor in contributors {
        let mut attachment = contributor.attachment();
        let mut tray = Tray {
            feeder,
            notes,
            interrupt,
            base: attachment.path.clone(),
            top: &mut top,
            files: Vec::new(),
            fatal: None,
        };
        let result = contributor.contribute(&mut attachment, &mut tray);
        if let Some(fatal) = tray.fatal {
            return Err(fatal);
        }
        attachment.files = tray.files;
        if interrupt.is_set() {
            return Err(BackupError::Interrupted);
        }
        if let Err(error) = result {
            let what = format!("{} {}: {error}", attachment.kind, attachment.name);
            match contributor.necessity() {
                Necessity::Required => return Err(BackupError::Attachment { what }),
                Necessity::Wanted => notes.fault(attachment.path.as_bytes(), &what),
                Necessity::Optional => notes.warn(&what),
            }
            attachment.fault = Some(error.to_string());
        }
        records.push(attachment);
    }
    let entry = match records.is_empty() {
        true => None,
        false => Some(finish(feeder, DIRECTORY, &format!("/{DIRECTORY}"), top)?),
    };
    Ok(Attached { entry, records })
}

fn finish(feeder: &mut Feeder<'_, '_>, name: &str, path: &str, folder: Folder) -> Result<Entry, BackupError> {
    let mut entries: Vec<Entry> = folder.files.into_values().collect();
    for (name, folder) in folder.folders {
        entries.push(finish(feeder, &name, &format!("{path}/{name}"), folder)?);
    }
    let chunks = feeder.tree(path.as_bytes(), entries)?;
    Ok(feeder.dir(name, chunks))
}

/// Where one contributor puts its files.
struct Tray<'t, 'f, 'w> {
    feeder: &'t mut Feeder<'f, 'w>,
    notes: &'t Notes<'t>,
    interrupt: &'t Interrupt,
    base: String,
    top: &'t mut Folder,
    files: Vec<AttachedFile>,
    fatal: Option<BackupError>,
}

impl Sink for Tray<'_, '_, '_> {
    fn put(&mut self, file: AttachedFile, content: &mut dyn Read) -> io::Result<u64> {
        if self.fatal.is_some() {
            return Err(io::Error::other("the backup has ended"));
        }
        let path = format!("{}/{}", self.base, file.path);
        let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{path}: {why}"));
        let Some(mut names) = names_below(&path) else {
            return Err(invalid("it cannot be the path of an attached file"));
        };
        // `names_below` answers at least one name.
        let name = names.pop().unwrap_or_default();
        let mut folder = &mut *self.top;
        for name in names {
            if folder.files.contains_key(name) {
                return Err(invalid("a file is where a directory would have to be"));
            }
            folder = folder.folders.entry(name.to_owned()).or_default();
        }
        if folder.files.contains_key(name) || folder.folders.contains_key(name) {
            return Err(invalid("it is attached already"));
        }
        match self.feeder.file(&path, name, content) {
            Ok(entry) => {
                let bytes = entry.size;
                folder.files.insert(name.to_owned(), entry);
                self.files.push(AttachedFile { bytes, ..file });
                Ok(bytes)
            }
            Err(FeedError::Content(error)) => Err(error),
            Err(FeedError::Fatal(error)) => {
                self.fatal = Some(error);
                Err(io::Error::other("the backup has ended"))
            }
        }
    }

    fn warn(&mut self, text: &str) {
        self.notes.warn(text);
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_set()
    }
}
