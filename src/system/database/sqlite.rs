//! SQLite by `.dump` of the `sqlite3` program: SQL text, read in one transaction.
//!
//! Of SQLite's three ways only this one streams: the backup interface and `VACUUM INTO` write a second file
//! of the whole database first, while a copy of the bytes would have to hold off every checkpoint. The text
//! deduplicates (rows stand in the order of their keys, so what has not changed is cut into the same
//! chunks), fits every version, and is readable without Lifeboat. In WAL mode writers are not held up;
//! otherwise they wait while it is read, as they do for any reader.
//!
//! What `.dump` leaves out is put around it, from the same transaction: page size, encoding, vacuum mode,
//! user version and application id; `.sha3sum` of all contents goes along, which a restored database is
//! compared with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::base::monitor::Interrupt;
use crate::repo::attachment::{Attachment, ContributeError, Contributor, Necessity, Sink};
use crate::sys::dialogue::Dialogue;
use crate::system::database::client::{fault, file, version_of};
use crate::system::database::manifest::{Database, Manifest};
use crate::system::database::spec::{DatabaseSpec, file_name};

/// Bytes of the end that are looked at.
const TAIL_BYTES: usize = 4096;
/// Stands before the checksum, at the very end of a whole dump.
const SUM_MARK: &str = "/* lifeboat: sha3sum of all contents\n";
/// Stands at the end.
const END_MARK: &str = "lifeboat: end of the dump */";
/// What `.dump` writes when it could not read all.
const ERROR_MARK: &str = "ROLLBACK; -- due to errors";

/// Its dump.
pub struct Sqlite {
    spec: DatabaseSpec,
    interrupt: Interrupt,
}

impl Sqlite {
    /// What `spec` says.
    pub fn new(spec: DatabaseSpec, interrupt: Interrupt) -> Self {
        Self { spec, interrupt }
    }
}

/// What the program is told; one transaction around everything.
fn script(with_sum: bool) -> String {
    let settings = ["page_size", "auto_vacuum", "user_version", "application_id"];
    let mut script = String::from(".bail on\n.timeout 60000\nBEGIN;\n");
    // Before the tables, for a database of some size cannot change its encoding or its page size.
    script.push_str("SELECT 'PRAGMA encoding=''' || encoding || ''';' FROM pragma_encoding;\n");
    for name in settings {
        script.push_str(&format!("SELECT 'PRAGMA {name}=' || {name} || ';' FROM pragma_{name};\n"));
    }
    script.push_str(".dump --preserve-rowids\n");
    script.push_str(&format!(".print '{}'\n", SUM_MARK.trim_end()));
    script.push_str(if with_sum { ".sha3sum\n" } else { ".print none\n" });
    script.push_str(&format!(".print '{END_MARK}'\nCOMMIT;\n"));
    script
}

impl Contributor for Sqlite {
    fn attachment(&self) -> Attachment {
        let mut attachment = self.spec.attachment();
        attachment.details.insert("path".into(), self.spec.path.to_string_lossy().into_owned());
        attachment
    }

    fn necessity(&self) -> Necessity {
        self.spec.necessity
    }

    fn contribute(&mut self, into: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let server = &self.spec.server;
        let version = version_of(server, "sqlite3", &self.interrupt)?;
        let short = version.split_whitespace().next().unwrap_or_default().to_owned();
        into.tool = Some(format!("sqlite3 {short}"));
        let path = &self.spec.path;
        // A name that is mistyped makes no empty database. Not `-readonly`: then a database in WAL mode that
        // is at rest could not be read, for its log would have to be made; nor one whose last writer
        // crashed.
        let arguments = ["-batch", "-init", "/dev/null"].map(OsString::from).into_iter().chain([uri(path)]);
        let mut invocation = server.invocation("sqlite3", arguments);
        invocation.time_limit = self.spec.time_limit;
        let mut dialogue = Dialogue::start(&invocation, &self.interrupt)
            .map_err(|error| ContributeError(format!("{error}: {}", error.source)))?;
        let shown = path.display().to_string();
        if is_wal(path).unwrap_or(false) {
            into.details.insert("journal_mode".into(), "wal".into());
        }
        dialogue.say(&script(self.spec.verify)).map_err(fault(&shown))?;
        dialogue.hang_up();
        let stem = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = format!("{}.sql", file_name(&stem));
        let mut watched = Watched { output: dialogue, tail: Vec::new() };
        sink.put(file(&name, "dump", &stem), &mut watched).map_err(fault(&shown))?;
        let mut manifest = Manifest::of(into);
        manifest.restore.push(format!("sqlite3 -bail {stem} < {name}"));
        let expect = checksum(&watched.tail).map(|sum| (".sha3sum".to_owned(), sum));
        manifest.databases.push(Database { name: stem, file: name, expect: BTreeMap::from_iter(expect) });
        manifest.put(sink)
    }
}

/// `path` as a URI that makes no file.
fn uri(path: &Path) -> OsString {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'_' | b'-' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?mode=rw");
    uri.into()
}

/// Whether a database keeps a write-ahead log: its header says so, where a query would have to change it to
/// tell.
fn is_wal(path: &Path) -> io::Result<bool> {
    let mut header = [0; 20];
    File::open(path)?.read_exact(&mut header)?;
    Ok(header[18..] == [2, 2])
}

/// A dump whose end is kept, and must say that it is whole.
struct Watched {
    output: Dialogue,
    tail: Vec<u8>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.output.read(buffer)?;
        if len == 0 {
            return complete(&self.tail).map(|()| 0);
        }
        self.tail.extend_from_slice(&buffer[..len]);
        if self.tail.len() > 4 * TAIL_BYTES {
            let excess = self.tail.len() - TAIL_BYTES;
            self.tail.drain(..excess);
        }
        Ok(len)
    }
}

fn complete(tail: &[u8]) -> io::Result<()> {
    let text = String::from_utf8_lossy(tail);
    let end = text.rfind(SUM_MARK).map(|at| &text[..at]);
    match end {
        Some(dump) if dump.trim_end().ends_with(ERROR_MARK) => {
            Err(io::Error::other("the database is damaged: sqlite3 could not read all of it"))
        }
        Some(_) if text.trim_end().ends_with(END_MARK) => Ok(()),
        _ => Err(io::Error::other("the dump ends too early")),
    }
}

/// The checksum at the end of a dump, if there is one.
fn checksum(tail: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(tail);
    let sum = text.rsplit_once(SUM_MARK)?.1.lines().next()?.trim().to_owned();
    (sum.len() >= 32 && sum.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_that_makes_no_file() {
        assert_eq!(uri(Path::new("/srv/a b?c.db")), "file:/srv/a%20b%3Fc.db?mode=rw");
    }

    #[test]
    fn a_dump_is_whole_only_if_it_ends_as_one() {
        let end = format!("COMMIT;\n{SUM_MARK}{}\n{END_MARK}\n", "ab".repeat(28));
        assert!(complete(end.as_bytes()).is_ok());
        assert_eq!(checksum(end.as_bytes()), Some("ab".repeat(28)));
        assert!(complete(b"INSERT INTO t VALUES(1);\n").is_err());
        let damaged = end.replace("COMMIT;", ERROR_MARK);
        assert!(complete(damaged.as_bytes()).unwrap_err().to_string().contains("damaged"));
        assert_eq!(checksum(format!("{SUM_MARK}none\n{END_MARK}").as_bytes()), None);
    }
}
