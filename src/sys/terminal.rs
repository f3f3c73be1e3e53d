//! The terminal as a device: is there one, how wide is it, and reading a passphrase unseen.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read, Write as _};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use zeroize::{Zeroize as _, Zeroizing};

use crate::base::secret::SecretText;
use crate::sys::error::{SysError, SysResult};

/// Longest passphrase that is read, in bytes.
const PASSPHRASE_MAX_BYTES: usize = 4096;

/// Whether standard input is a terminal.
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Columns of the terminal that standard output, else standard error, is; `None` without one.
pub fn width_columns() -> Option<usize> {
    let of = |size: rustix::io::Result<rustix::termios::Winsize>| {
        size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
    };
    of(rustix::termios::tcgetwinsize(io::stdout()))
        .or_else(|| of(rustix::termios::tcgetwinsize(io::stderr())))
}

/// Asks on the controlling terminal, whatever the standard streams are, and reads a line that is
/// not shown. Ctrl-C and end of input are errors of kind `Interrupted` and `UnexpectedEof`.
pub fn read_passphrase(prompt: &str) -> SysResult<SecretText> {
    let failed = |error| SysError::new("read a passphrase from", *b"/dev/tty", error);
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(failed)?;
    read_unseen(&terminal, prompt).map_err(failed)
}

/// Asks on the controlling terminal, whatever the standard streams are, and reads a line that is shown.
pub fn read_answer(prompt: &str) -> SysResult<String> {
    let failed = |error| SysError::new("read an answer from", *b"/dev/tty", error);
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(failed)?;
    (&terminal).write_all(prompt.as_bytes()).map_err(failed)?;
    Ok(read_line(&terminal).map_err(failed)?.expose().to_owned())
}

fn read_unseen(terminal: &File, prompt: &str) -> io::Result<SecretText> {
    let mut out = terminal;
    // First, for it drops what was typed before: whoever answers as soon as the prompt is there is heard.
    let unseen = Unseen::start(terminal)?;
    out.write_all(prompt.as_bytes())?;
    let line = read_line(terminal);
    drop(unseen);
    out.write_all(b"\n")?;
    line
}

/// The terminal gives single bytes and shows none while this lives. Ctrl-C comes as a byte, so that
/// the terminal is always put back, whoever handles signals.
struct Unseen<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Unseen<'a> {
    fn start(terminal: &'a File) -> io::Result<Self> {
        let before = rustix::termios::tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        rustix::termios::tcsetattr(terminal, OptionalActions::Flush, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        // There is nobody to tell, and nothing else that could be done.
        let _ = rustix::termios::tcsetattr(self.terminal, OptionalActions::Drain, &self.before);
    }
}

/// Reads up to the line's end, heeding the keys that edit a line.
fn read_line(mut input: impl Read) -> io::Result<SecretText> {
    const INTERRUPT: u8 = 3;
    const END: u8 = 4;
    const KILL_LINE: u8 = 21;
    let mut line = Zeroizing::new(Vec::with_capacity(PASSPHRASE_MAX_BYTES));
    let mut byte = [0];
    loop {
        match input.read(&mut byte) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(0) => break,
            result => result?,
        };
        match byte[0] {
            b'\n' | b'\r' => break,
            END if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            END => break,
            INTERRUPT => return Err(io::ErrorKind::Interrupted.into()),
            KILL_LINE => line.clear(),
            8 | 127 => while line.pop().is_some_and(|last| last & 0xc0 == 0x80) {},
            _ if line.len() == PASSPHRASE_MAX_BYTES => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is too long"));
            }
            other => line.push(other),
        }
        byte.zeroize();
    }
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(SecretText::new(text.to_owned())),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_as_on_a_terminal() {
        let read = |bytes: &[u8]| read_line(bytes).map(|text| text.expose().to_owned());
        assert_eq!(read(b"secret\nmore").unwrap(), "secret");
        assert_eq!(read("sü\x7f\x08x\r".as_bytes()).unwrap(), "x");
        assert_eq!(read(b"wrong\x15right\x04").unwrap(), "right");
        assert_eq!(read(b"\n").unwrap(), "");
        assert_eq!(read(b"abc\x03").unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert_eq!(read(b"").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(read(b"\x04").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(read(&[b'x'; PASSPHRASE_MAX_BYTES + 1]).is_err());
        assert!(read(b"\xff\n").is_err());
    }
}
