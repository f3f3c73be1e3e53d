//! Where passphrases come from: a file, a variable, a descriptor, a command, or a person.
//!
//! Never from an argument, which every user of the machine can see. What is read is the first line,
//! without its end; an empty one is a mistake, not a passphrase.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::base::error_kind::ErrorKind;
use crate::base::secret::SecretText;
use crate::cli::args::GlobalArgs;
use crate::cli::environment::Environment;
use crate::cli::exit::Failure;
use crate::cli::settings::model::RepositorySettings;
use crate::ui::escape;

/// The longest passphrase that is read.
const MAX_BYTES: usize = 4096;

/// Where a passphrase comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseSource {
    /// The text itself, from a variable.
    Text(SecretText),
    /// A file's first line.
    File(PathBuf),
    /// What `sh -c` prints.
    Command(String),
    /// An open file descriptor.
    Descriptor(u16),
    /// Whoever sits at the terminal.
    Terminal,
}

impl PassphraseSource {
    /// What the flags name.
    pub fn of_flags(global: &GlobalArgs) -> Option<Self> {
        let file = global.passphrase_file.clone().map(Self::File);
        let command = || global.passphrase_command.clone().map(Self::Command);
        file.or_else(command).or_else(|| global.passphrase_fd.map(Self::Descriptor))
    }

    /// What the environment holds or names.
    pub fn of_environment(environment: &Environment) -> Option<Self> {
        let text = |name: &str| environment.get(name)?.to_str().map(str::to_owned);
        let itself = text("LIFEBOAT_PASSPHRASE").map(|passphrase| Self::Text(SecretText::new(passphrase)));
        itself
            .or_else(|| environment.path("LIFEBOAT_PASSPHRASE_FILE").map(Self::File))
            .or_else(|| text("LIFEBOAT_PASSPHRASE_COMMAND").map(Self::Command))
    }

    /// What the configuration names.
    pub fn of_settings(repository: &RepositorySettings) -> Option<Self> {
        let file = repository.passphrase_file.clone().map(Self::File);
        file.or_else(|| repository.passphrase_command.clone().map(Self::Command))
    }

    /// Reads it; `prompt` is what a person is asked.
    pub fn read(&self, prompt: &str) -> Result<SecretText, Failure> {
        match self {
            Self::Text(passphrase) => Ok(passphrase.clone()),
            Self::File(path) => read_file(path),
            Self::Command(command) => read_command(command),
            Self::Descriptor(number) => read_file(Path::new(&format!("/dev/fd/{number}"))),
            Self::Terminal => ask(prompt),
        }
    }
}

/// Asks for a new passphrase twice.
pub fn ask_new(prompt: &str) -> Result<SecretText, Failure> {
    let passphrase = ask(prompt)?;
    match ask("Again: ")? == passphrase {
        true => Ok(passphrase),
        false => Err(Failure::new(ErrorKind::Key, "the two passphrases are not the same")),
    }
}

/// Whether there is a terminal to ask at.
pub fn can_ask() -> bool {
    open_terminal().is_ok()
}

fn open_terminal() -> std::io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

fn read_file(path: &Path) -> Result<SecretText, Failure> {
    let what = || format!("the passphrase file {}", escape::path(path));
    let file = File::open(path)
        .map_err(|error| Failure::new(ErrorKind::Key, format!("cannot read {}: {error}", what())))?;
    first_line(file, &what())
}

fn read_command(command: &str) -> Result<SecretText, Failure> {
    let fail = |why: String| {
        Failure::new(ErrorKind::Key, format!("the passphrase command `{command}` {why}"))
            .hint("what it says itself is above; it must print the passphrase and succeed")
    };
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| fail(format!("cannot be run: {error}")))?;
    let line = match child.stdout.take() {
        Some(output) => first_line(output, "what the passphrase command prints"),
        None => Err(fail("has no output".into())),
    };
    let status = child.wait().map_err(|error| fail(format!("cannot be waited for: {error}")))?;
    match status.success() {
        true => line,
        false => Err(fail(format!("failed ({status})"))),
    }
}

/// The first line; the rest is read and forgotten, so that nobody who writes it sees a closed pipe.
fn first_line(mut from: impl Read, what: &str) -> Result<SecretText, Failure> {
    let fail = |why: &str| Failure::new(ErrorKind::Key, format!("{what}: {why}"));
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    let read = from.by_ref().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| fail(&format!("cannot be read: {error}")))?;
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    if end > MAX_BYTES {
        return Err(fail("the first line is too long for a passphrase"));
    }
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let text = std::str::from_utf8(line).map_err(|_| fail("it is not UTF-8 text"))?;
    if text.is_empty() {
        return Err(fail("the first line is empty"));
    }
    let passphrase = SecretText::new(text.to_owned());
    // What comes behind matters to nobody.
    let _ = std::io::copy(&mut from.take(1 << 20), &mut std::io::sink());
    Ok(passphrase)
}

/// Puts the terminal back as it was, whatever happens.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    /// No echo, and every key at once: so Ctrl-C is seen here and cannot leave the echo off.
    fn new(terminal: &'a File) -> rustix::io::Result<Self> {
        let before = tcgetattr(terminal.as_fd())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(terminal.as_fd(), OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // There is nothing else to be done about a terminal that is gone.
        let _ = tcsetattr(self.terminal.as_fd(), OptionalActions::Now, &self.before);
    }
}

/// Asks at the terminal, whatever standard input and output are.
fn ask(prompt: &str) -> Result<SecretText, Failure> {
    let no_terminal = || {
        Failure::new(ErrorKind::Key, "a passphrase is needed, and there is no terminal to ask for it").hint(
            "give it with --passphrase-file, --passphrase-command, --passphrase-fd or LIFEBOAT_PASSPHRASE",
        )
    };
    let mut terminal = open_terminal().map_err(|_| no_terminal())?;
    let quiet_on = terminal.try_clone().map_err(|_| no_terminal())?;
    let quiet = Quiet::new(&quiet_on).map_err(|_| no_terminal())?;
    let fail =
        |error: std::io::Error| Failure::new(ErrorKind::Key, format!("cannot ask at the terminal: {error}"));
    terminal.write_all(prompt.as_bytes()).map_err(fail)?;
    let typed = type_in(&mut terminal);
    drop(quiet);
    terminal.write_all(b"\n").map_err(fail)?;
    let typed = typed.map_err(fail)?.ok_or_else(|| Failure::new(ErrorKind::Interrupted, "interrupted"))?;
    let text =
        std::str::from_utf8(&typed).map_err(|_| Failure::new(ErrorKind::Key, "that is not UTF-8 text"))?;
    match text.is_empty() {
        true => Err(Failure::new(ErrorKind::Key, "the passphrase is empty")),
        false => Ok(SecretText::new(text.to_owned())),
    }
}

/// Keys up to Enter, with the editing that terminals have; `None` on Ctrl-C.
fn type_in(keys: &mut impl Read) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Given all at once, so that growing leaves no copies behind.
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    let mut key = [0u8];
    while keys.read(&mut key)? == 1 {
        match key[0] {
            b'\n' | b'\r' | 0x04 => break,
            0x03 | 0x1c => return Ok(None),
            0x15 => typed.clear(),
            0x08 | 0x7f => {
                // A character may be several bytes.
                while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            byte if typed.len() < MAX_BYTES => typed.push(byte),
            _ => {}
        }
    }
    Ok(Some(typed))
}

#[cfg(test)]
mod tests {
    use super::{PassphraseSource, first_line, type_in};
    use crate::base::error_kind::ErrorKind;

    #[test]
    fn the_first_line_is_the_passphrase_with_all_its_spaces() {
        for (bytes, passphrase) in
            [(&b" a b \nrest"[..], " a b "), (b"x", "x"), (b"x\r\n", "x"), ("ü\n".as_bytes(), "ü")]
        {
            assert_eq!(first_line(bytes, "f").unwrap().expose(), passphrase);
        }
    }

    #[test]
    fn empty_overlong_and_binary_lines_are_no_passphrases() {
        for bytes in [&b""[..], b"\n", b"\r\nx", b"\xff\n", &[b'x'; 5000]] {
            assert_eq!(first_line(bytes, "f").unwrap_err().kind(), ErrorKind::Key);
        }
    }

    #[test]
    fn a_command_must_print_and_succeed_and_the_secret_is_in_no_message() {
        let run = |command: &str| PassphraseSource::Command(command.into()).read("");
        assert_eq!(run("echo hush; yes | head -c 300000").unwrap().expose(), "hush");
        let failure = run("printf 'hu%s\\n' sh; exit 3").unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Key);
        assert!(failure.message().contains("exit status: 3") && !failure.message().contains("hush"));
        assert!(run("true").is_err());
    }

    #[test]
    fn keys_are_edited_as_on_a_terminal() {
        let typed = |keys: &[u8]| {
            type_in(&mut &*keys).unwrap().map(|typed| String::from_utf8(typed.to_vec()).unwrap())
        };
        assert_eq!(typed("aü\x7f\x7fb\n".as_bytes()), Some("b".into()));
        assert_eq!(typed(b"wrong\x15right\rmore"), Some("right".into()));
        assert_eq!(typed(b"\x7f\x7fx\x04"), Some("x".into()));
        assert_eq!(typed(b"ab\x03"), None);
    }

    #[test]
    fn a_missing_file_is_a_matter_of_keys() {
        let failure = PassphraseSource::File("/nonexistent/file".into()).read("").unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Key);
        assert!(failure.message().contains("/nonexistent/file"));
    }
}
