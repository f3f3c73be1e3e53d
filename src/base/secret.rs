//! Key material that is wiped when dropped and never printed.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// 32 secret bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret32(Box<[u8; 32]>);

impl Secret32 {
    /// Takes the bytes; the caller wipes its own copy.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Box::new(bytes))
    }

    /// The bytes, for the primitive that uses them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for Secret32 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret32(…)")
    }
}

/// A secret text: a passphrase or the private half of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the primitive that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret32, SecretText};

    #[test]
    fn secrets_do_not_print() {
        let shown = format!("{:?} {:?}", Secret32::new([7; 32]), SecretText::new("hush".into()));
        assert!(!shown.contains('7') && !shown.contains("hush"));
    }
}
