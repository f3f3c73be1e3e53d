//! Where passphrases come from: a file, a variable, a descriptor, a command, or a person.
//!
//! Never from an argument, which every user of the machine can see. What is read is the first line,
//! without its end; an empty one is a mistake, not a passphrase.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use crate::base::error_kind::ErrorKind;
use crate::base::secret::SecretText;
use crate::cli::args::GlobalArgs;
use crate::cli::environment::Environment;
use crate::cli::exit::Failure;
use crate::cli::settings::model::RepositorySettings;
use crate::sys::terminal;
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

pub fn read_file(path: &Path) -> Result<SecretText, Failure> {
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

/// Asks at the terminal, whatever standard input and output are.
fn ask(prompt: &str) -> Result<SecretText, Failure> {
    let passphrase = terminal::read_passphrase(prompt).map_err(|error| match error.kind() {
        ErrorKind::Interrupted => Failure::new(ErrorKind::Interrupted, "interrupted"),
        _ => Failure::of(ErrorKind::Key, &error).context("a passphrase is needed").hint(
            "give it with --passphrase-file, --passphrase-command, --passphrase-fd or LIFEBOAT_PASSPHRASE",
        ),
    })?;
    match passphrase.expose().is_empty() {
        true => Err(Failure::new(ErrorKind::Key, "the passphrase is empty")),
        false => Ok(passphrase),
    }
}

#[cfg(test)]
mod tests {
    use super::{PassphraseSource, first_line};
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
    fn a_missing_file_is_a_matter_of_keys() {
        let failure = PassphraseSource::File("/nonexistent/file".into()).read("").unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Key);
        assert!(failure.message().contains("/nonexistent/file"));
    }
}
