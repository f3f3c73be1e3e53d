//! The one error of this floor: which operation failed, on what, and what the system said.
//!
//! Paths are bytes; they are shown so that nothing is lost and no control character reaches a
//! terminal or a log.

use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::base::error_kind::ErrorKind;

/// An operation on something of the system's failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {op} {}", show_path(.path))]
pub struct SysError {
    /// What was tried, as it reads after "cannot": "open", "set the owner of".
    pub op: &'static str,
    /// On what: a path's bytes, or the name of a thing that is no file.
    pub path: Vec<u8>,
    /// What the system said.
    pub source: io::Error,
}

/// What this floor's functions return.
pub type SysResult<T> = Result<T, SysError>;

impl SysError {
    /// An error of `op` on `path`.
    pub fn new(op: &'static str, path: impl Into<Vec<u8>>, source: impl Into<io::Error>) -> Self {
        Self { op, path: path.into(), source: source.into() }
    }

    /// An error of `op` on a file named the usual way.
    pub fn at(op: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::new(op, path.as_os_str().as_bytes(), source)
    }

    /// The sort of failure, for the exit status.
    pub fn kind(&self) -> ErrorKind {
        match self.source.kind() {
            io::ErrorKind::Interrupted => ErrorKind::Interrupted,
            _ => ErrorKind::Failed,
        }
    }

    /// What sort of failure the system reported.
    pub fn io_kind(&self) -> io::ErrorKind {
        self.source.kind()
    }

    /// Whether there is (or was, a moment later) no such thing.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Whether the system refused for want of rights.
    pub fn is_denied(&self) -> bool {
        self.source.kind() == io::ErrorKind::PermissionDenied
    }

    /// Whether the file system or the kernel cannot do this at all.
    pub fn is_unsupported(&self) -> bool {
        is_unsupported(&self.source)
    }

    /// Whether there is no space, or no quota, left.
    pub fn is_full(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        )
    }
}

/// Whether `error` says that this cannot be done here at all, by anyone.
pub fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error() == Some(libc::ENOTTY)
}

/// `path` for people: text as it is; control characters, backslashes and bytes that are no UTF-8 as
/// `\xNN`, `\n`, `\t`, `\r` and `\\`, so that two different paths never look alike.
pub fn show_path(path: &[u8]) -> String {
    let mut shown = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => shown.push_str("\\\\"),
                '\n' => shown.push_str("\\n"),
                '\r' => shown.push_str("\\r"),
                '\t' => shown.push_str("\\t"),
                _ if is_harmless(character) => shown.push(character),
                _ => {
                    let mut bytes = [0; 4];
                    push_hex(&mut shown, character.encode_utf8(&mut bytes).as_bytes());
                }
            }
        }
        push_hex(&mut shown, chunk.invalid());
    }
    shown
}

/// Neither a control character nor one that rearranges or hides the text around it.
fn is_harmless(character: char) -> bool {
    const INVISIBLE: [std::ops::RangeInclusive<char>; 4] =
        ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{2069}', '\u{feff}'..='\u{feff}'];
    !character.is_control() && !INVISIBLE.iter().any(|range| range.contains(&character))
}

fn push_hex(shown: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(shown, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_loss_and_without_control_characters() {
        assert_eq!(show_path("/etc/süß".as_bytes()), "/etc/süß");
        assert_eq!(show_path(b"a\nb\x1b[31m\xff\\"), "a\\nb\\x1b[31m\\xff\\\\");
        assert_eq!(show_path("\u{202e}gpj.exe".as_bytes()), "\\xe2\\x80\\xaegpj.exe");
        assert_eq!(show_path(&[0xc3, 0x28]), "\\xc3(");
        assert_ne!(show_path(b"\xff"), show_path(b"\\xff"));
    }

    #[test]
    fn an_error_names_operation_and_path_and_leaves_the_cause_to_its_source() {
        let error = SysError::new("open", *b"/x\n", io::Error::from_raw_os_error(libc::ENOENT));
        assert_eq!(error.to_string(), "cannot open /x\\n");
        assert!(error.is_not_found() && error.kind() == ErrorKind::Failed);
        assert!(std::error::Error::source(&error).is_some());
    }
}
