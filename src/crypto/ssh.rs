//! ssh private keys as identities.
//!
//! age's own wrapper asks for the passphrase of an encrypted key once for each stanza it is shown,
//! whether or not the stanza is for that key. Here the public half, which an OpenSSH key file tells
//! in the clear, decides first; then a person is asked once, and the unlocked key is kept.

use std::sync::{Arc, Mutex, PoisonError};

use age::ssh;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::digest;

use crate::crypto::error::CryptoError;
use crate::crypto::prompts::{Prompts, secret_string};

/// An ssh private key, perhaps still locked.
pub(crate) struct SshIdentity {
    /// Name of the file, for questions and messages.
    name: String,
    key: ssh::Identity,
    /// First word and first argument of the stanzas that are for this key.
    stanza: [String; 2],
    unlocked: Mutex<Option<ssh::Identity>>,
    prompts: Arc<dyn Prompts>,
}

impl SshIdentity {
    /// Parses the text of a private key file.
    pub fn parse(text: &str, name: &str, prompts: &Arc<dyn Prompts>) -> Result<Self, CryptoError> {
        let refuse = |reason: &str| CryptoError::Identity { name: name.into(), reason: reason.into() };
        let begin = text.find("-----BEGIN").ok_or_else(|| refuse("it is no private key"))?;
        let key = ssh::Identity::from_buffer(&text.as_bytes()[begin..], Some(name.into()))
            .map_err(|_| refuse("it is no OpenSSH private key of type ed25519 or RSA"))?;
        if let ssh::Identity::Unsupported(why) = &key {
            return Err(refuse(match why {
                ssh::UnsupportedKey::EncryptedPem => {
                    "its old PEM encryption is insecure; convert it with: ssh-keygen -p -f FILE"
                }
                ssh::UnsupportedKey::EncryptedSsh(_) => "its cipher is not supported",
                ssh::UnsupportedKey::Hardware(_) => "keys on ssh hardware tokens cannot decrypt",
                ssh::UnsupportedKey::Type(_) => "age knows ssh-ed25519 and ssh-rsa keys only",
            }));
        }
        let public = ssh::Recipient::try_from(key.clone())
            .map_err(|_| refuse("its public half is of no type that age knows"))?
            .to_string();
        let (kind, blob) = public.split_once(' ').ok_or_else(|| refuse("its public half is damaged"))?;
        let blob = STANDARD.decode(blob).map_err(|_| refuse("its public half is damaged"))?;
        let tag = STANDARD_NO_PAD.encode(&digest::digest(&digest::SHA256, &blob).as_ref()[..4]);
        Ok(Self {
            name: name.into(),
            key,
            stanza: [kind.into(), tag],
            unlocked: Mutex::default(),
            prompts: Arc::clone(prompts),
        })
    }

    /// Whether one of these stanzas is for this key.
    pub fn is_addressed(&self, stanzas: &[Vec<String>]) -> bool {
        stanzas.iter().any(|words| words.len() >= 2 && words[..2] == self.stanza)
    }

    /// Whether using the key may ask a person.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.key, ssh::Identity::Encrypted(_))
    }

    /// The key ready for use, after asking for its passphrase where it needs one.
    pub fn unlock(&self) -> Result<ssh::Identity, CryptoError> {
        let ssh::Identity::Encrypted(encrypted) = &self.key else { return Ok(self.key.clone()) };
        let mut unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = unlocked.as_ref() {
            return Ok(key.clone());
        }
        let locked = |reason| CryptoError::Locked { name: self.name.clone(), reason };
        let passphrase = self
            .prompts
            .passphrase(&format!("Passphrase of the ssh key {}", self.name))
            .ok_or_else(|| locked("nobody was there to give it"))?;
        let key = encrypted
            .decrypt(secret_string(&passphrase))
            .map(ssh::Identity::from)
            .map_err(|_| locked("the one given is wrong"))?;
        *unlocked = Some(key.clone());
        Ok(key)
    }
}
