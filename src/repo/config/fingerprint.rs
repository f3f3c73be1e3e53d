//! Fingerprints: what a repository is recognised by, and pinned.

use std::fmt;

use crate::base::hex;
use crate::repo::config::error::ConfigError;

/// What a repository is recognised by: 32 bytes, of which people see the first 16.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// All of it, as 64 hexadecimal digits: what programs should pin.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// Compares with a fingerprint that was pinned in `place` (a file's name, "the configuration").
    ///
    /// `pinned` is either the 32 digits that people see or all 64; groups may be set apart by `-`,
    /// `:` or spaces.
    pub fn check_pinned(&self, pinned: &str, place: &str) -> Result<(), ConfigError> {
        let separators = ['-', ':', ' ', '\t', '\n', '\r'];
        let digits: String = pinned.to_ascii_lowercase().replace(separators, "");
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || !(digits.len() == 32 || digits.len() == 64) {
            return Err(ConfigError::PinSyntax { place: place.into() });
        }
        if !self.to_hex().starts_with(&digits) {
            return Err(ConfigError::Fingerprint {
                found: *self,
                expected: grouped(&digits[..32]),
                place: place.into(),
            });
        }
        Ok(())
    }
}

fn grouped(digits: &str) -> String {
    // Hexadecimal digits are one byte each.
    let groups: Vec<&str> =
        digits.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join("-")
}

/// Eight groups of four digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(&hex::encode(&self.0[..16])))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
