//! Whatever a key slot may be sealed to: X25519 and ssh keys, age plugins, and passphrases.

use std::fmt;
use std::sync::Arc;

use age::ssh::ParseRecipientKeyError;

use crate::base::secret::SecretText;
use crate::crypto::error::{CryptoError, from_encrypt};
use crate::crypto::header;
use crate::crypto::payload::Layout;
use crate::crypto::prompts::{Asking, Prompts, secret_string};
use crate::crypto::x25519::Recipient;

/// Base-2 logarithm of scrypt's N for new passphrase slots: about a quarter of a second and 64 MiB, as the
/// peers spend. A passphrase worth its name does not live by the second; slots of any factor open.
pub const WORK_FACTOR_DEFAULT: u8 = 16;
/// The largest accepted: 4 GiB. As stock age, which refuses more since a header is untrusted.
pub const WORK_FACTOR_MAX: u8 = 22;

/// The one recipient of a key slot.
#[derive(Clone)]
pub enum SlotRecipient {
    /// An X25519 key, `age1…`.
    X25519(Recipient),
    /// An ssh key, `ssh-ed25519 …` or `ssh-rsa …` (2048 bits and more).
    Ssh(Box<age::ssh::Recipient>),
    /// A key of an age plugin, `age1NAME1…`.
    Plugin(age::plugin::Recipient),
    /// Something a person knows.
    Passphrase {
        /// The passphrase.
        passphrase: SecretText,
        /// Base-2 logarithm of scrypt's N, 1 to `WORK_FACTOR_MAX`.
        work_factor: u8,
    },
}

impl SlotRecipient {
    /// The recipient that `text` spells: `age1…`, `age1NAME1…`, `ssh-ed25519 …` or `ssh-rsa …`.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let text = text.trim();
        let refuse = |reason: &str| CryptoError::Recipient {
            text: text.chars().take(100).collect(),
            reason: reason.into(),
        };
        if text.starts_with("AGE-") || text.contains("PRIVATE KEY") {
            // Not echoed: somebody took the private half for the public one.
            return Err(CryptoError::Recipient {
                text: "(hidden)".into(),
                reason: "that is a private key; give its public half".into(),
            });
        }
        if text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("sk-") {
            return text.parse().map(|key| Self::Ssh(Box::new(key))).map_err(|error| match error {
                ParseRecipientKeyError::RsaModulusTooSmall => refuse("its RSA key is under 2048 bits"),
                ParseRecipientKeyError::RsaModulusTooLarge => refuse("its RSA key is too large"),
                ParseRecipientKeyError::Unsupported(_) | ParseRecipientKeyError::Ignore => {
                    refuse("age knows ssh-ed25519 and ssh-rsa keys only")
                }
                _ => refuse("it is no ssh public key"),
            });
        }
        if let Ok(recipient) = text.parse::<Recipient>() {
            return Ok(Self::X25519(recipient));
        }
        if let Ok(recipient) = text.parse::<age::plugin::Recipient>() {
            return Ok(Self::Plugin(recipient));
        }
        Err(refuse("expected age1…, ssh-ed25519 …, ssh-rsa …, or an age plugin's recipient"))
    }

    /// A passphrase slot; `work_factor` is the base-2 logarithm of scrypt's N.
    pub fn passphrase(passphrase: SecretText, work_factor: u8) -> Result<Self, CryptoError> {
        if passphrase.expose().is_empty() {
            return Err(CryptoError::EmptyPassphrase);
        }
        if !(1..=WORK_FACTOR_MAX).contains(&work_factor) {
            return Err(CryptoError::WorkFactor { work_factor, max: WORK_FACTOR_MAX });
        }
        Ok(Self::Passphrase { passphrase, work_factor })
    }

    /// Seals the contents of a slot; `prompts` answers a plugin's questions.
    pub fn seal_slot(&self, plaintext: &[u8], prompts: &Arc<dyn Prompts>) -> Result<Vec<u8>, CryptoError> {
        match self {
            Self::X25519(recipient) => seal_to(&recipient.0, plaintext),
            Self::Ssh(recipient) => seal_to(recipient.as_ref(), plaintext),
            Self::Plugin(recipient) => {
                let plugin = age::plugin::RecipientPluginV1::new(
                    recipient.plugin(),
                    std::slice::from_ref(recipient),
                    &[],
                    Asking(Arc::clone(prompts)),
                )
                .map_err(|source| from_encrypt(age::EncryptError::PluginResolve(source)))?;
                seal_to(&plugin, plaintext)
            }
            Self::Passphrase { passphrase, work_factor } => {
                let mut recipient = age::scrypt::Recipient::new(secret_string(passphrase));
                recipient.set_work_factor(*work_factor);
                seal_to(&recipient, plaintext)
            }
        }
    }

    /// The recipient as people may see it; "passphrase" for a passphrase.
    pub fn describe(&self) -> String {
        match self {
            Self::X25519(recipient) => recipient.to_string(),
            Self::Ssh(recipient) => recipient.to_string(),
            Self::Plugin(recipient) => recipient.to_string(),
            Self::Passphrase { .. } => "passphrase".into(),
        }
    }
}

impl fmt::Debug for SlotRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotRecipient({})", self.describe())
    }
}

fn seal_to(recipient: &dyn age::Recipient, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut sealed = Vec::with_capacity(1024 + Layout::sealed_len(plaintext.len()));
    let payload_key = header::write_any(recipient, &mut sealed)?;
    payload_key.seal(&[plaintext], &mut sealed);
    Ok(sealed)
}
