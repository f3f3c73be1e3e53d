//! Where runbooks are: files beside the configuration, and what is published in the repository.
//!
//! A runbook makes this machine run commands. So a file that others can write is refused, as a configuration
//! is, and what comes from a repository must be signed by a restorer.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::repo::evidence::{self, Audience, EvidenceError, New, RUNBOOKS_PREFIX};
use crate::repo::keyring::Keyring;
use crate::runbook::error::RunbookError;
use crate::runbook::evidence::number_of;
use crate::runbook::read::{self, FILE_MAX_BYTES};
use crate::store::client::Client;
use crate::sys::file::read_bounded;

/// A runbook in a repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// Its name.
    pub name: String,
    /// Its version, from 1.
    pub version: u64,
    /// Its text.
    pub text: String,
}

/// A published runbook, and who vouches for it.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The runbook.
    pub published: Published,
    /// The label of the key slot that signed it.
    pub signer: String,
    /// When it was published.
    pub time: Timestamp,
}

/// Whether `name` can be a runbook's name: it becomes a file's and an object's.
pub fn is_runbook_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

/// Names and files of the runbooks in a directory, by name; none where there is no directory.
pub fn files(dir: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".toml")?.to_owned();
        is_runbook_name(&name).then_some((name, path))
    };
    let mut files: Vec<(String, PathBuf)> = entries.filter_map(named).collect();
    files.sort();
    files
}

/// The text of a runbook's file.
pub fn load(path: &Path) -> Result<String, RunbookError> {
    let refuse = |why: &str| RunbookError::File { path: path.to_owned(), why: why.to_owned() };
    let bytes = read_bounded(path, FILE_MAX_BYTES)?;
    let is_open = std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o002 != 0);
    if is_open {
        return Err(refuse("can be written by anyone, so it is not used (see chmod o-w)"));
    }
    String::from_utf8(bytes).map_err(|_| refuse("is not UTF-8 text"))
}

/// The texts of all runbooks of a directory that can be read.
pub fn texts(dir: &Path) -> BTreeMap<String, String> {
    files(dir).into_iter().filter_map(|(name, path)| Some((name, load(&path).ok()?))).collect()
}

/// The text of the runbook `name` and of all that it leads to.
pub fn closure(name: &str, dir: &Path) -> Result<BTreeMap<String, String>, RunbookError> {
    let known = texts(dir);
    let mut found = BTreeMap::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let path = dir.join(format!("{name}.toml"));
        let text = match known.get(&name) {
            Some(text) => text.clone(),
            None if path.exists() => load(&path)?,
            None => return Err(RunbookError::NoRunbook { name, dir: dir.to_owned() }),
        };
        let (runbook, _) = read::read(&name, &text);
        open.extend(runbook.nested().into_iter().map(|nested| nested.name.clone()));
        found.insert(name, text);
    }
    Ok(found)
}

/// Versions of the runbook `name` in a repository, from the oldest.
pub fn versions(client: &Client, name: &str) -> Result<Vec<u64>, EvidenceError> {
    let keys = evidence::list(client, &format!("{RUNBOOKS_PREFIX}{name}/"))?;
    Ok(keys.iter().filter_map(|key| number_of(key.split().1)).collect())
}

/// Names of the runbooks in a repository.
pub fn published_names(client: &Client) -> Result<Vec<String>, EvidenceError> {
    let keys = evidence::list(client, RUNBOOKS_PREFIX)?;
    let name = |text: &str| text.strip_prefix(RUNBOOKS_PREFIX)?.split('/').next().map(str::to_owned);
    let mut names: Vec<String> = keys.iter().filter_map(|key| name(key.as_str())).collect();
    names.dedup();
    Ok(names)
}

/// Puts a runbook into the repository as its next version; answers that, or the present one if it is the
/// same.
pub fn publish(
    client: &Client,
    keyring: &Keyring,
    host: &str,
    name: &str,
    text: &str,
    time: Timestamp,
) -> Result<(u64, bool), EvidenceError> {
    keyring.need(Role::Restorer, "publishing a runbook")?;
    let latest = fetch(client, keyring, name, None);
    let next = match &latest {
        Ok(fetched) if fetched.published.text == text => return Ok((fetched.published.version, false)),
        _ => versions(client, name)?.last().map_or(1, |last| last + 1),
    };
    let published = Published { name: name.to_owned(), version: next, text: text.to_owned() };
    let key = evidence::key(RUNBOOKS_PREFIX, &[name, &format!("{next:08}")])?;
    let new = New { key: &key, audience: Audience::Keepers, host, time };
    evidence::put(client, keyring, &new, &published)?;
    Ok((next, true))
}

/// The first of `texts` that nobody vouches for: neither a file in `dir` nor a published version says the
/// same.
pub fn unknown<'a>(
    texts: &'a BTreeMap<String, String>,
    dir: Option<&Path>,
    client: &Client,
    keyring: &Keyring,
) -> Result<Option<&'a str>, EvidenceError> {
    for (name, text) in texts {
        let file = dir.filter(|_| is_runbook_name(name)).map(|dir| dir.join(format!("{name}.toml")));
        let is_here = file.is_some_and(|file| load(&file).is_ok_and(|own| own == *text));
        if !is_here && !is_published(client, keyring, name, text)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn is_published(client: &Client, keyring: &Keyring, name: &str, text: &str) -> Result<bool, EvidenceError> {
    if !is_runbook_name(name) {
        return Ok(false);
    }
    for version in versions(client, name)?.into_iter().rev() {
        match fetch(client, keyring, name, Some(version)) {
            Ok(found) if found.published.text == text => return Ok(true),
            // One that proves nothing must not hide the others.
            Ok(_) | Err(EvidenceError::Damaged { .. } | EvidenceError::Signer { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// A runbook from the repository: the newest version, or the one that is asked for.
pub fn fetch(
    client: &Client,
    keyring: &Keyring,
    name: &str,
    version: Option<u64>,
) -> Result<Fetched, EvidenceError> {
    let known = versions(client, name)?;
    let wanted = version.or_else(|| known.last().copied()).unwrap_or(1);
    let key = evidence::key(RUNBOOKS_PREFIX, &[name, &format!("{wanted:08}")])?;
    let found = evidence::get::<Published>(client, keyring, &key)?;
    evidence::require_signer(&found, Role::Restorer)?;
    let published = found.record.body;
    if published.name != name || published.version != wanted {
        return Err(EvidenceError::Damaged { key: key.to_string(), what: "it is another runbook".into() });
    }
    Ok(Fetched { published, signer: found.signer.label, time: found.record.time })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::{publish, unknown};
    use crate::base::time::Timestamp;
    use crate::repo::config::ChunkerSpec;
    use crate::repo::keyring::Keyring;
    use crate::store::client::Client;
    use crate::store::memory::MemoryStore;

    #[test]
    fn a_text_is_known_that_is_here_or_was_ever_published_and_no_other() {
        let time = Timestamp::default();
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters: Default::default() };
        let (_, owner) = Keyring::create(chunker, "owner", time);
        let client = Client::new(Arc::new(MemoryStore::new())).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("here.toml"), "mine").unwrap();
        for text in ["first", "second"] {
            publish(&client, &owner, "any", "there", text, time).unwrap();
        }
        for (name, text, is_known) in [
            ("here", "mine", true),
            ("here", "theirs", false),
            ("there", "first", true),
            ("there", "second", true),
            ("there", "third", false),
            ("nowhere", "mine", false),
            ("../here", "mine", false),
        ] {
            let texts = BTreeMap::from([(name.to_owned(), text.to_owned())]);
            let found = unknown(&texts, Some(dir.path()), &client, &owner).unwrap();
            assert_eq!(found.is_none(), is_known, "{name} {text}");
        }
        let texts = BTreeMap::from([("here".to_owned(), "mine".to_owned())]);
        assert_eq!(unknown(&texts, None, &client, &owner).unwrap(), Some("here"));
    }
}
