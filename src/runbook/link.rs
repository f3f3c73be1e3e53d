//! Links by which people answer: each is good for one person, one deed, one step of one run, and some time.
//!
//! What a link may do stands in it, under a MAC (HMAC-SHA256) by a key that never leaves this machine. A link
//! is taken once: its number is that of the answer that it makes, and a run takes an answer once.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::base::hex;
use crate::base::time::Timestamp;
use crate::crypto::derive::{random_bytes, random_secret};
use crate::runbook::record::Deed;
use crate::sys::error::SysError;
use crate::sys::file::{create_private, create_private_dir, read_bounded};

/// Longest token, in bytes.
const TOKEN_MAX_BYTES: usize = 4096;
/// Length of the key, in bytes.
const KEY_BYTES: usize = 32;
/// How often a key is read that another process may be making.
const KEY_TRIES: u32 = 10;

/// What a link may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The run.
    pub run: String,
    /// The step's path.
    pub step: String,
    /// What it does.
    pub deed: Deed,
    /// What it chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whose it is.
    pub who: String,
    /// Seconds since 1970 after which it is worth nothing.
    pub expires: i64,
    /// The id of the answer that it makes.
    pub id: String,
}

/// A link that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not one of ours.
    #[error("this link was not made here, or was altered")]
    Forged,
    /// Its time is over.
    #[error("this link has expired")]
    Expired,
}

/// The key in the file at `path`. One that was cut short, which anybody could guess, is none.
fn read_key(path: &Path) -> Result<[u8; KEY_BYTES], SysError> {
    // Whoever makes it at this moment may not have written it yet.
    for _ in 1..KEY_TRIES {
        if let Ok(key) = read_bounded(path, 64)?.try_into() {
            return Ok(key);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    let why = "it is no key of links: remove it, and a new one is made (links that were sent end with it)";
    let bytes = read_bounded(path, 64)?;
    bytes.try_into().map_err(|_| SysError::at("use", path, Error::new(ErrorKind::InvalidData, why)))
}

/// Makes links and reads them.
#[derive(Clone)]
pub struct Links {
    key: hmac::Key,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links(…)")
    }
}

impl Links {
    /// With the key of this state directory, which is made if there is none.
    pub fn open(state_dir: &Path) -> Result<Self, SysError> {
        let dir = state_dir.join("runs");
        create_private_dir(&dir)?;
        let path = dir.join("links.key");
        if !path.exists() {
            let made = create_private(&path, random_secret().expose());
            // Another process may have made it at the same moment.
            if made.is_err() && !path.exists() {
                made?;
            }
        }
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &read_key(&path)?) })
    }

    /// A grant with a number of its own.
    pub fn grant(run: &str, step: &str, deed: Deed, who: &str, expires: i64) -> Grant {
        Grant {
            run: run.to_owned(),
            step: step.to_owned(),
            deed,
            value: None,
            who: who.to_owned(),
            expires,
            id: hex::encode(&random_bytes::<8>()),
        }
    }

    /// The token of a grant: what stands in the link.
    pub fn token(&self, grant: &Grant) -> String {
        // Text and numbers have a JSON form.
        let body = serde_json::to_vec(grant).unwrap_or_default();
        let mac = hmac::sign(&self.key, &body);
        format!("{}.{}", BASE64.encode(&body), BASE64.encode(mac.as_ref()))
    }

    /// What a token may do, now.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Grant, LinkError> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(LinkError::Forged);
        }
        let (body, mac) = token.split_once('.').ok_or(LinkError::Forged)?;
        let body = BASE64.decode(body).map_err(|_| LinkError::Forged)?;
        let mac = BASE64.decode(mac).map_err(|_| LinkError::Forged)?;
        hmac::verify(&self.key, &body, &mac).map_err(|_| LinkError::Forged)?;
        let grant: Grant = serde_json::from_slice(&body).map_err(|_| LinkError::Forged)?;
        match now.seconds > grant.expires {
            true => Err(LinkError::Expired),
            false => Ok(grant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LinkError, Links};
    use crate::base::time::Timestamp;
    use crate::runbook::record::Deed;

    const NOW: Timestamp = Timestamp { seconds: 1000, nanos: 0 };

    #[test]
    fn a_link_says_what_it_may_do_and_nothing_else_is_believed() {
        let dir = tempfile::tempdir().unwrap();
        let links = Links::open(dir.path()).unwrap();
        let grant = Links::grant("r", "approve_it", Deed::Approve, "alice", 2000);
        let token = links.token(&grant);
        assert_eq!(Links::open(dir.path()).unwrap().read(&token, NOW), Ok(grant));
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_ne!(links.read(&other, NOW).ok().map(|grant| grant.who), Some("mallory".into()));
            assert!(links.read(&other, NOW).is_err() || other.ends_with(&token[token.len() - 1..]), "{at}");
        }
        assert_eq!(links.read(&token, Timestamp { seconds: 2001, nanos: 0 }), Err(LinkError::Expired));
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(Links::open(elsewhere.path()).unwrap().read(&token, NOW), Err(LinkError::Forged));
        for wrong in ["", ".", "a.b", &"x".repeat(5000)] {
            assert_eq!(links.read(wrong, NOW), Err(LinkError::Forged));
        }
    }

    #[test]
    fn a_key_that_was_cut_short_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        Links::open(dir.path()).unwrap();
        let file = dir.path().join("runs/links.key");
        for length in [0, 31, 33] {
            std::fs::write(&file, vec![0; length]).unwrap();
            let error = Links::open(dir.path()).unwrap_err();
            assert!(error.source.to_string().contains("remove it"), "{length}: {error}");
        }
        std::fs::remove_file(&file).unwrap();
        Links::open(dir.path()).unwrap();
    }
}
