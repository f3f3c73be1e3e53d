//! What can go wrong with keys, signatures and sealed objects; never a word of what they hold.

use crate::base::error_kind::ErrorKind;

/// A failure of `crypto`. It does not know the object's name: the caller does, and says it.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The bytes do not begin with a sound age header.
    #[error("no age file, or its header is damaged")]
    Header,
    /// No stanza of the header opens with any of the identities.
    #[error("sealed to a key that is not held here, or its header is damaged")]
    NotForUs,
    /// There was no identity to try.
    #[error("no identity was given to open it with")]
    NoIdentity,
    /// A piece of the payload failed its authentication.
    #[error("piece {piece} of the sealed payload is damaged")]
    Piece {
        /// Which piece, from 0.
        piece: u64,
    },
    /// The length is none that sealing could have given.
    #[error("no sealed object is {sealed_len} bytes long: it was cut short or added to")]
    Length {
        /// The object's length in bytes.
        sealed_len: u64,
    },
    /// More was asked for than there is.
    #[error("bytes {start}..{end} are not within a plaintext of {plaintext_len} bytes")]
    Range {
        /// First byte asked for.
        start: u64,
        /// The byte after the last one asked for.
        end: u64,
        /// Length of the plaintext in bytes.
        plaintext_len: u64,
    },
    /// What was read from the store is not as long as what was asked for.
    #[error("{actual} bytes were read where the pieces have {expected}")]
    PieceBytes {
        /// Bytes that the pieces have.
        expected: u64,
        /// Bytes at hand.
        actual: u64,
    },
    /// A signature does not belong to this key, context and message.
    #[error("the signature does not match")]
    Signature,
    /// A text that should be a recipient is none.
    #[error("\"{text}\" is no recipient: {reason}")]
    Recipient {
        /// The text, which is public.
        text: String,
        /// What was expected.
        reason: String,
    },
    /// A file that should hold identities does not.
    #[error("{name} holds no usable identity: {reason}")]
    Identity {
        /// Name of the file.
        name: String,
        /// Why not; never contents of the file.
        reason: String,
    },
    /// The passphrase of an identity file or ssh key is wrong, or nobody was there to give it.
    #[error("{name} is protected by a passphrase, and {reason}")]
    Locked {
        /// Name of the file or key.
        name: String,
        /// What went wrong with the passphrase.
        reason: &'static str,
    },
    /// An empty passphrase protects nothing.
    #[error("an empty passphrase protects nothing; give one that is not empty")]
    EmptyPassphrase,
    /// A work factor outside of what is accepted.
    #[error("a passphrase work factor of {work_factor} is refused: it must be from 1 to {max}")]
    WorkFactor {
        /// Base-2 logarithm of scrypt's N.
        work_factor: u8,
        /// The largest that is accepted.
        max: u8,
    },
    /// A plugin failed or is not installed.
    #[error("age plugin: {message}")]
    Plugin {
        /// The plugin's own words, or age's about it.
        message: String,
    },
    /// age refused for a reason that has no variant of its own.
    #[error("age: {message}")]
    Age {
        /// age's own words.
        message: String,
    },
}

impl CryptoError {
    /// The sort of failure.
    ///
    /// `NotForUs` counts as damage: whoever opens an object has made sure beforehand that its role
    /// holds the key, so what does not open is broken or was swapped.
    pub fn kind(&self) -> ErrorKind {
        match self {
            CryptoError::Header
            | CryptoError::NotForUs
            | CryptoError::Piece { .. }
            | CryptoError::Length { .. }
            | CryptoError::Range { .. }
            | CryptoError::PieceBytes { .. }
            | CryptoError::Signature => ErrorKind::Damage,
            CryptoError::Recipient { .. } => ErrorKind::Usage,
            CryptoError::NoIdentity
            | CryptoError::Identity { .. }
            | CryptoError::Locked { .. }
            | CryptoError::EmptyPassphrase
            | CryptoError::WorkFactor { .. }
            | CryptoError::Plugin { .. } => ErrorKind::Key,
            CryptoError::Age { .. } => ErrorKind::Failed,
        }
    }
}

/// Our word for what age says while opening.
pub(crate) fn from_decrypt(error: age::DecryptError) -> CryptoError {
    match error {
        age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed => CryptoError::NotForUs,
        age::DecryptError::Plugin(_) | age::DecryptError::PluginResolve(_) => {
            CryptoError::Plugin { message: one_line(&error.to_string()) }
        }
        // Its Display computes 2^(required - target), which an object of a hostile store overflows.
        age::DecryptError::ExcessiveWork { required, .. } => {
            CryptoError::WorkFactor { work_factor: required, max: crate::crypto::recipients::WORK_FACTOR_MAX }
        }
        age::DecryptError::KeyDecryptionFailed => {
            CryptoError::Locked { name: "the key".into(), reason: "the passphrase is wrong" }
        }
        age::DecryptError::InvalidHeader
        | age::DecryptError::InvalidMac
        | age::DecryptError::UnknownFormat => CryptoError::Header,
        age::DecryptError::Io(ref source) if source.kind() == std::io::ErrorKind::ConnectionAborted => {
            CryptoError::Plugin { message: one_line(&source.to_string()) }
        }
        age::DecryptError::Io(_) => CryptoError::Header,
        other => CryptoError::Age { message: one_line(&other.to_string()) },
    }
}

/// Our word for what age says while sealing.
pub(crate) fn from_encrypt(error: age::EncryptError) -> CryptoError {
    match error {
        age::EncryptError::Plugin(_) | age::EncryptError::PluginResolve(_) => {
            CryptoError::Plugin { message: one_line(&error.to_string()) }
        }
        other => CryptoError::Age { message: one_line(&other.to_string()) },
    }
}

/// age's messages may span lines and isolate their arguments with bidi marks; ours do neither.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '\u{2068}' | '\u{2069}')).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
