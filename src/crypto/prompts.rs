//! How a key asks a person something: the library itself never prints and never reads a terminal.

use std::sync::Arc;

use age::secrecy::SecretString;

use crate::base::secret::SecretText;

/// Answers what ssh keys, identity files and age plugins ask. `None` means: nobody is there.
pub trait Prompts: Send + Sync {
    /// Shows a message, such as "touch the token".
    fn message(&self, text: &str);
    /// Asks to choose; `true` for `yes`.
    fn confirm(&self, text: &str, yes: &str, no: Option<&str>) -> Option<bool>;
    /// Asks for a text that may be seen.
    fn text(&self, description: &str) -> Option<String>;
    /// Asks for a passphrase or PIN.
    fn passphrase(&self, description: &str) -> Option<SecretText>;
}

/// Nobody is there: shows nothing, answers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPrompts;

impl Prompts for NoPrompts {
    fn message(&self, _text: &str) {}

    fn confirm(&self, _text: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn text(&self, _description: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _description: &str) -> Option<SecretText> {
        None
    }
}

/// Our prompts as age asks them.
#[derive(Clone)]
pub(crate) struct Asking(pub(crate) Arc<dyn Prompts>);

impl age::Callbacks for Asking {
    fn display_message(&self, message: &str) {
        self.0.message(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        self.0.confirm(message, yes, no)
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.0.text(description)
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.0.passphrase(description).map(|passphrase| secret_string(&passphrase))
    }
}

/// The same secret in age's type.
pub(crate) fn secret_string(text: &SecretText) -> SecretString {
    SecretString::from(text.expose().to_owned())
}
