//! What a snapshot carries beside files: database dumps, the captured state of the system.
//!
//! Attachments lie as ordinary files below the directory `/.lifeboat` of the snapshot's tree, so everything
//! that reads trees reads them; the snapshot's record says beside that what they are. Who has something to
//! attach implements [`Contributor`], and gets a [`Sink`] that takes contents as they come: nothing passes
//! through a temporary file. It stands on this floor because those who contribute and the backup that takes
//! are mates.

use std::collections::BTreeMap;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use crate::base::limits;
use crate::base::time::Timestamp;

/// Name of the directory at the top of the snapshot's tree.
pub const DIRECTORY: &str = ".lifeboat";
/// Kind of an attachment that is the dump of a database.
pub const KIND_DATABASE: &str = "database";
/// Kind of an attachment that is the state of the system.
pub const KIND_SYSTEM: &str = "system";

/// One attachment as the snapshot's record has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is: `database`, `system`, …
    pub kind: String,
    /// Its name among those of its kind.
    pub name: String,
    /// Its directory in the snapshot, such as `/.lifeboat/databases/main`.
    pub path: String,
    /// Whose data it is: `postgres`, `mariadb`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The version of whose data it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The program that dumped it, with its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Where in the log of changes it stands: LSN, GTID, binary log and offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// When it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What else whoever contributed it wants to find again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// Its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<AttachedFile>,
    /// Why it is not whole, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// One file of an attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedFile {
    /// Its path below the attachment's directory.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What it is for, in the words of whoever contributed it; such as `globals` or `dump`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// What it is a part of; the name of the database it dumps.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
}

/// What becomes of the backup when an attachment cannot be made whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Necessity {
    /// There is no snapshot.
    #[default]
    Required,
    /// There is one, and it counts as partial.
    Wanted,
    /// There is one, and a warning.
    Optional,
}

/// Why an attachment is not whole, as a sentence that names what failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ContributeError(pub String);

/// Takes the files of one attachment.
pub trait Sink {
    /// Stores what `content` gives until its end as `file`, and notes it in the attachment with its length,
    /// which `file` need not know. An error, also one that `content` gives, leaves nothing of the file
    /// behind; after one that is not `content`'s own the backup is over.
    fn put(&mut self, file: AttachedFile, content: &mut dyn Read) -> io::Result<u64>;

    /// Says something to people that spoils nothing.
    fn warn(&mut self, text: &str);

    /// Whether the end was asked for; whoever waits without reading looks now and then.
    fn is_interrupted(&self) -> bool;
}

/// Who has something to attach. Nothing happens before [`Contributor::contribute`] is called, once.
pub trait Contributor: Send {
    /// What is known before the beginning: at least kind, name and path.
    fn attachment(&self) -> Attachment;

    /// What a failure means.
    fn necessity(&self) -> Necessity;

    /// Puts everything into `sink` and fills in `attachment`, but for its files, which `sink` notes. What
    /// was put before an error stays where the snapshot does.
    fn contribute(&mut self, attachment: &mut Attachment, sink: &mut dyn Sink)
    -> Result<(), ContributeError>;
}

/// What is in memory already.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The record.
    pub attachment: Attachment,
    /// Paths below the attachment's directory, and contents.
    pub files: Vec<(String, Vec<u8>)>,
    /// What a failure means.
    pub necessity: Necessity,
    /// Things to be said to people.
    pub warnings: Vec<String>,
}

impl Contributor for Given {
    fn attachment(&self) -> Attachment {
        self.attachment.clone()
    }

    fn necessity(&self) -> Necessity {
        self.necessity
    }

    fn contribute(&mut self, _: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        self.warnings.drain(..).for_each(|warning| sink.warn(&warning));
        for (path, content) in self.files.drain(..) {
            let file = AttachedFile { path: path.clone(), ..AttachedFile::default() };
            sink.put(file, &mut content.as_slice())
                .map_err(|error| ContributeError(format!("{path} cannot be attached: {error}")))?;
        }
        Ok(())
    }
}

/// The names on the way from `/` to `path`, which is absolute; `None` unless it lies below `/.lifeboat` and
/// every name of it can stand in a tree.
pub fn names_below(path: &str) -> Option<Vec<&str>> {
    let rest = path.strip_prefix('/')?.strip_prefix(DIRECTORY)?.strip_prefix('/')?;
    let names: Vec<&str> = rest.split('/').collect();
    names.iter().all(|name| is_name(name)).then_some(names)
}

/// Whether `name` can be the name of a file.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= limits::NAME_MAX_BYTES
        && name != "."
        && name != ".."
        && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_below_the_directory_can_be_attached() {
        assert_eq!(names_below("/.lifeboat/databases/main"), Some(vec!["databases", "main"]));
        let outside =
            ["/.lifeboat", "/.lifeboat/", "/.lifeboat/a//b", "/.lifeboat/../etc", "/.lifeboats/a", "/a"];
        for path in outside {
            assert_eq!(names_below(path), None, "{path}");
        }
    }

    #[test]
    fn a_record_without_anything_optional_is_short_and_reads_back() {
        let attachment = Attachment { kind: "system".into(), name: "system".into(), ..Attachment::default() };
        let text = serde_json::to_string(&attachment).unwrap();
        assert_eq!(text, r#"{"kind":"system","name":"system","path":""}"#);
        assert_eq!(serde_json::from_str::<Attachment>(&text).unwrap(), attachment);
    }
}
