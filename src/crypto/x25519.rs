//! X25519 keys, spelled and used as age does: thin newtypes, so that age's types stay in this floor.

use std::fmt;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::base::secret::SecretText;
use crate::crypto::error::CryptoError;

/// The public half: what an object is sealed to. Spelled `age1…`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Recipient(pub(crate) age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Self, CryptoError> {
        text.parse().map(Self).map_err(|reason: &str| CryptoError::Recipient {
            text: text.chars().take(100).collect(),
            reason: reason.into(),
        })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.0)
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("no X25519 recipient (age1…)"))
    }
}

/// The private half: what opens an object. Wiped when dropped.
#[derive(Clone)]
pub struct Identity(pub(crate) age::x25519::Identity);

impl Identity {
    /// A new key pair from the operating system's randomness.
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// The public half.
    pub fn to_recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// The identity that `text` (`AGE-SECRET-KEY-1…`) spells.
    pub fn parse(text: &SecretText) -> Result<Self, CryptoError> {
        text.expose()
            .parse()
            .map(Self)
            .map_err(|reason: &str| CryptoError::Identity { name: "the text".into(), reason: reason.into() })
    }

    /// Its spelling, `AGE-SECRET-KEY-1…`.
    pub fn to_secret_text(&self) -> SecretText {
        SecretText::new(self.0.to_string().expose_secret().to_owned())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(of {})", self.0.to_public())
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Recipient};
    use crate::base::secret::SecretText;

    #[test]
    fn both_halves_survive_their_spelling_and_nothing_secret_is_printed() {
        let identity = Identity::generate();
        let again = Identity::parse(&identity.to_secret_text()).unwrap();
        assert_eq!(again.to_recipient(), identity.to_recipient());
        let recipient: Recipient = identity.to_recipient().to_string().parse().unwrap();
        assert_eq!(recipient, identity.to_recipient());
        assert!(!format!("{identity:?}").contains("SECRET"));
        assert!(Identity::parse(&SecretText::new(recipient.to_string())).is_err());
        assert!("age1nothing".parse::<Recipient>().is_err());
    }
}
