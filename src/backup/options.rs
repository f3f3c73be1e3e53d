//! What a backup is told to do, as data.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::backup::catalogue::Leniency;
use crate::backup::filter::FilterOptions;
use crate::base::time::Timestamp;

/// Where the data comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Files and directories.
    Paths(Vec<PathBuf>),
    /// Standard input, stored as one file of this name.
    Stdin {
        /// The file's name in the snapshot.
        name: String,
    },
    /// What a program writes, stored as one file of this name; the program's failure fails the backup.
    Command {
        /// The file's name in the snapshot.
        name: String,
        /// The program.
        program: OsString,
        /// Its arguments.
        arguments: Vec<OsString>,
    },
    /// Nothing but what is attached.
    Attachments,
}

/// One backup.
#[derive(Clone, Debug)]
pub struct BackupOptions {
    /// Where the data comes from.
    pub source: Source,
    /// What to leave out.
    pub filter: FilterOptions,
    /// The host's name in the snapshot.
    pub host: String,
    /// Who runs the backup.
    pub user: Option<String>,
    /// The configured job's name.
    pub job: Option<String>,
    /// Tags of the snapshot.
    pub tags: Vec<String>,
    /// The snapshot's time, if it is not now.
    pub time: Option<Timestamp>,
    /// Read every file, whatever the catalogue says.
    pub force: bool,
    /// What does not count as a change.
    pub leniency: Leniency,
    /// Keep access times.
    pub with_atime: bool,
    /// zstd level; 0 is the default.
    pub level: i32,
    /// Threads that read and compress; 0 is one a CPU.
    pub threads: usize,
    /// The version of the tool, for the record.
    pub tool: String,
}

impl BackupOptions {
    /// What of the options decides over the contents of trees; part of the catalogue's validity.
    pub fn fingerprint(&self) -> String {
        format!("atime={}", self.with_atime)
    }
}
