//! Names that others chose, in a form that cannot command a terminal.
//!
//! A file's name may hold escape sequences, line feeds and characters that turn the direction of
//! writing: printed raw, it could rewrite what is on the screen or pass for another name. Everything
//! for people goes through here; `--json` carries names exactly instead.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;

/// One line: controls, line ends and direction marks become `\n`, `\x1b`, `\u{202e}`.
pub fn text(raw: &str) -> Cow<'_, str> {
    escape(raw, false)
}

/// The same, but line feeds stay: for messages that have several lines of their own.
pub fn lines(raw: &str) -> Cow<'_, str> {
    escape(raw, true)
}

/// A name of any bytes; those that are not UTF-8 become `\xff`.
pub fn bytes(raw: &[u8]) -> String {
    let mut shown = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        shown.push_str(&text(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// A word of a command line that people may copy: in quotes where a shell would make something else of it.
pub fn shell(raw: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    match !raw.is_empty() && raw.chars().all(is_plain) {
        true => raw.to_owned(),
        false => format!("'{}'", text(raw).replace('\'', "'\\''")),
    }
}

/// A path.
pub fn path(raw: impl AsRef<OsStr>) -> String {
    bytes(raw.as_ref().as_bytes())
}

fn escape(raw: &str, keep_line_feeds: bool) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !(keep_line_feeds && c == '\n');
    if !raw.contains(unsafe_here) {
        return Cow::Borrowed(raw);
    }
    let mut shown = String::with_capacity(raw.len() + 8);
    for c in raw.chars() {
        match c {
            c if !unsafe_here(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            // Writing to a string cannot fail.
            c if c.is_ascii() => drop(write!(shown, "\\x{:02x}", u32::from(c))),
            c => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(shown)
}

/// Controls (C0, DEL, C1), line and paragraph separators, and what Unicode (UAX 9) turns directions with.
fn is_unsafe(c: char) -> bool {
    let marks = matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c.is_control() || marks || matches!(c, '\u{2028}'..='\u{202e}')
}

#[cfg(test)]
mod tests {
    use super::{bytes, lines, text};

    #[test]
    fn nothing_that_commands_a_terminal_survives() {
        assert_eq!(text("a\x1b[31mb\n\r\t\x7f"), "a\\x1b[31mb\\n\\r\\t\\x7f");
        assert_eq!(text("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(text("cod\u{202e}exe.txt"), "cod\\u{202e}exe.txt");
        for code in (0..32).chain(0x7f..0xa0) {
            let raw = char::from_u32(code).unwrap().to_string();
            assert!(!text(&raw).chars().any(char::is_control), "{code:#x}");
        }
    }

    #[test]
    fn ordinary_names_of_any_language_stay_as_they_are() {
        for name in ["plain", "Grüße", "日本語", "a b", "back\\slash", "🚀"] {
            assert_eq!(text(name), name);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_numbers() {
        assert_eq!(bytes(b"a\xffb\xc3("), "a\\xffb\\xc3(");
    }

    #[test]
    fn messages_keep_their_own_lines_only() {
        assert_eq!(lines("one\ntwo\x1b"), "one\ntwo\\x1b");
    }
}
