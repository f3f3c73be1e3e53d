//! Changes to configuration files where the rebuilt machine differs from the captured one: as data, and what
//! they make of a file's bytes.
//!
//! Every rewrite may be applied again to its own result, so that a run that was cut off can simply go on.
//! Bytes that need no change stay as they are, comments and alignment and text in any encoding among them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What stands before a line that was made a comment.
const DISABLED: &str = "# not rebuilt: ";

/// A change to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rewrite {
    /// In a table as fstab and crypttab are, field `field` (counted from 0) of every line that is no comment,
    /// from the key to the value.
    Field {
        /// Which field: 0 of fstab is the device, 1 of crypttab.
        field: usize,
        /// Old values and new ones.
        values: BTreeMap<String, String>,
    },
    /// In such a table, makes a comment of every line whose field `field` is one of these.
    Disable {
        /// Which field.
        field: usize,
        /// Its values.
        values: BTreeSet<String>,
    },
    /// Everywhere, each whole word from the key to the value: UUIDs in a boot loader's configuration, for
    /// example. A word is a run of letters, digits and `_ - . : /`.
    Words {
        /// Old words and new ones.
        words: BTreeMap<String, String>,
        /// Whether `A` and `a` are the same: hardware addresses are written either way.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ignore_case: bool,
    },
}

impl Rewrite {
    /// What becomes of `old`.
    pub fn apply(&self, old: &[u8]) -> Vec<u8> {
        let mut new = Vec::with_capacity(old.len());
        for line in old.split_inclusive(|byte| *byte == b'\n') {
            match self {
                Rewrite::Field { field, values } => rewrite_field(line, *field, values, &mut new),
                Rewrite::Disable { field, values } => disable(line, *field, values, &mut new),
                Rewrite::Words { words, ignore_case } => rewrite_words(line, words, *ignore_case, &mut new),
            }
        }
        new
    }
}

fn is_comment(line: &[u8]) -> bool {
    line.trim_ascii_start().first().is_none_or(|byte| *byte == b'#')
}

fn disable(line: &[u8], field: usize, values: &BTreeSet<String>, new: &mut Vec<u8>) {
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let word = fields.nth(field).and_then(|word| std::str::from_utf8(word).ok());
    if !is_comment(line) && word.is_some_and(|word| values.contains(word)) {
        new.extend_from_slice(DISABLED.as_bytes());
    }
    new.extend_from_slice(line);
}

fn rewrite_field(line: &[u8], field: usize, values: &BTreeMap<String, String>, new: &mut Vec<u8>) {
    if is_comment(line) {
        return new.extend_from_slice(line);
    }
    rewrite_runs(
        line,
        |byte| !byte.is_ascii_whitespace(),
        new,
        |number, word| {
            let word = std::str::from_utf8(word).ok().filter(|_| number == field)?;
            values.get(word).map(String::as_str)
        },
    );
}

fn rewrite_words(line: &[u8], words: &BTreeMap<String, String>, ignore_case: bool, new: &mut Vec<u8>) {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte);
    rewrite_runs(line, is_word, new, |_, word| {
        let same = |key: &str| match ignore_case {
            true => key.as_bytes().eq_ignore_ascii_case(word),
            false => key.as_bytes() == word,
        };
        words.iter().find(|(key, _)| same(key)).map(|(_, value)| value.as_str())
    });
}

/// Copies `line`, with each run of bytes that are `of_word` replaced by what `replace` gives for its number
/// and itself, if it gives something.
fn rewrite_runs<'a>(
    line: &[u8],
    of_word: impl Fn(u8) -> bool,
    new: &mut Vec<u8>,
    replace: impl Fn(usize, &[u8]) -> Option<&'a str>,
) {
    let mut number = 0;
    for run in line.chunk_by(|one, other| of_word(*one) == of_word(*other)) {
        if !of_word(run[0]) {
            new.extend_from_slice(run);
            continue;
        }
        new.extend_from_slice(replace(number, run).map_or(run, str::as_bytes));
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_field_changes_and_comments_and_alignment_stay() {
        let rewrite = Rewrite::Field { field: 0, values: map(&[("/dev/sda1", "UUID=1-2")]) };
        let old = b"# /dev/sda1 was /\n/dev/sda1   /  ext4\t/dev/sda1 0 1\n/dev/sda10 /x ext4 caf\xe9 0 2";
        let new = rewrite.apply(old);
        let expected =
            &b"# /dev/sda1 was /\nUUID=1-2   /  ext4\t/dev/sda1 0 1\n/dev/sda10 /x ext4 caf\xe9 0 2"[..];
        assert_eq!(new, expected);
        assert_eq!(rewrite.apply(&new), expected);
    }

    #[test]
    fn a_line_is_disabled_once() {
        let rewrite = Rewrite::Disable { field: 0, values: ["LABEL=x".to_owned()].into() };
        let new = rewrite.apply(b"LABEL=x /x ext4\nLABEL=xy / ext4 LABEL=x\n");
        assert_eq!(new, b"# not rebuilt: LABEL=x /x ext4\nLABEL=xy / ext4 LABEL=x\n");
        assert_eq!(rewrite.apply(&new), new);
    }

    #[test]
    fn only_whole_words_change() {
        let rewrite = Rewrite::Words { words: map(&[("a-b", "c-d")]), ignore_case: false };
        assert_eq!(
            rewrite.apply(b"root=UUID=a-b ro a-b-c xa-b 'a-b'\n"),
            b"root=UUID=c-d ro a-b-c xa-b 'c-d'\n"
        );
        let macs = Rewrite::Words { words: map(&[("52:54:00:aa", "00:11:22:33")]), ignore_case: true };
        assert_eq!(macs.apply(b"MACAddress=52:54:00:AA"), b"MACAddress=00:11:22:33");
    }
}
