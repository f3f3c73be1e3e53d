//! Certificates: the root key's word on whose signatures count, and for what.
//!
//! Every key slot comes with a signing key of its own and a certificate for it, which travels inside
//! every record that key signs. So a reader needs nothing but the root's public key to tell a record
//! of an enrolled host from a forged one, long after the slot is gone.

use serde::{Deserialize, Serialize};

use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::crypto::sign::{PublicKey, SigningKey, signature_from_text, signature_to_text};
use crate::repo::config::RepositoryId;

/// The purpose that the root key signs for here.
const SIGN_CONTEXT: &str = "certificate";
/// Longest statement, in bytes.
const STATEMENT_MAX_BYTES: usize = 4096;
/// The host name that stands for every host.
pub const ANY_HOST: &str = "*";

/// What the root key states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// In which repository.
    pub repository: RepositoryId,
    /// As which host the key may sign: its name, or `*` for any.
    pub host: String,
    /// The key.
    #[serde(rename = "key")]
    pub public_key: PublicKey,
    /// The role of the slot that holds the key.
    pub role: Role,
    /// The label of that slot.
    pub label: String,
    /// When it was stated.
    pub created: Timestamp,
}

impl Certificate {
    /// Whether the key may sign as `host`.
    pub fn allows_host(&self, host: &str) -> bool {
        self.host == ANY_HOST || self.host == host
    }

    /// Signs the statement.
    pub fn sign(&self, root: &SigningKey) -> SignedCertificate {
        // Every field has a text form; only a failing writer fails, and a String is none.
        let statement = serde_json::to_string(self).expect("serialisable");
        let signature = signature_to_text(&root.sign(SIGN_CONTEXT, statement.as_bytes()));
        SignedCertificate { statement, signature }
    }
}

/// A certificate as it travels: the statement's exact JSON text, and the root's signature over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCertificate {
    /// The JSON text that was signed (context `certificate`).
    pub statement: String,
    /// Base64 without padding.
    pub signature: String,
}

impl SignedCertificate {
    /// The statement, once the signature is that of the root key and the repository is this one.
    pub fn verify(
        &self,
        root: &PublicKey,
        repository: RepositoryId,
    ) -> Result<Certificate, CertificateError> {
        if self.statement.len() > STATEMENT_MAX_BYTES {
            return Err(CertificateError::Malformed);
        }
        let signature = signature_from_text(&self.signature).ok_or(CertificateError::Malformed)?;
        root.verify(SIGN_CONTEXT, self.statement.as_bytes(), &signature)
            .map_err(|_| CertificateError::Signature)?;
        let certificate: Certificate =
            serde_json::from_str(&self.statement).map_err(|_| CertificateError::Malformed)?;
        if certificate.repository != repository {
            return Err(CertificateError::OtherRepository { repository: certificate.repository });
        }
        if certificate.host != ANY_HOST && !is_host_name(&certificate.host) {
            return Err(CertificateError::Malformed);
        }
        Ok(certificate)
    }
}

/// Whether `name` can be a host's name: letters, digits, `.`, `_` and `-`, beginning with a letter or
/// digit. It becomes a segment of object keys, so nothing else may get through.
pub fn is_host_name(name: &str) -> bool {
    name.len() <= limits::HOST_NAME_MAX_BYTES
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A certificate that proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Not what `sign` makes.
    #[error("the certificate of the signing key is malformed")]
    Malformed,
    /// The root key did not sign it.
    #[error("the certificate of the signing key was not signed by this repository's root key")]
    Signature,
    /// It is for another repository.
    #[error("the certificate of the signing key is for repository {repository}, not for this one")]
    OtherRepository {
        /// The repository that it is for.
        repository: RepositoryId,
    },
}

impl CertificateError {
    /// The sort of failure: a record with such a certificate is forged or broken.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Damage
    }
}

#[cfg(test)]
mod tests {
    use super::{ANY_HOST, Certificate, CertificateError, is_host_name};
    use crate::base::role::Role;
    use crate::base::time::Timestamp;
    use crate::crypto::sign::SigningKey;
    use crate::repo::config::RepositoryId;

    fn statement(host: &str) -> Certificate {
        Certificate {
            repository: RepositoryId([7; 16]),
            host: host.into(),
            public_key: SigningKey::generate().public(),
            role: Role::Writer,
            label: "web1".into(),
            created: Timestamp { seconds: 1, nanos: 2 },
        }
    }

    #[test]
    fn a_certificate_holds_for_its_root_repository_and_text_only() {
        let root = SigningKey::generate();
        let stated = statement("web1");
        let signed = stated.sign(&root);
        let repository = stated.repository;
        assert_eq!(signed.verify(&root.public(), repository).unwrap(), stated);
        let other = SigningKey::generate().public();
        assert!(matches!(signed.verify(&other, repository), Err(CertificateError::Signature)));
        assert!(signed.verify(&root.public(), RepositoryId([8; 16])).is_err());
        let mut forged = signed.clone();
        forged.statement = forged.statement.replace("writer", "restorer");
        assert!(matches!(forged.verify(&root.public(), repository), Err(CertificateError::Signature)));
        let mut forged = signed.clone();
        forged.signature = "AAAA".into();
        assert!(forged.verify(&root.public(), repository).is_err());
        assert!(statement("../etc").sign(&root).verify(&root.public(), repository).is_err());
    }

    #[test]
    fn a_key_signs_as_its_own_host_or_as_any_where_it_says_so() {
        assert!(statement("web1").allows_host("web1") && !statement("web1").allows_host("web2"));
        assert!(statement(ANY_HOST).allows_host("web2"));
    }

    #[test]
    fn host_names_cannot_leave_their_segment() {
        assert!(is_host_name("web-1.example.org") && is_host_name("0"));
        for wrong in ["", "*", ".", "..", "a/b", "a b", "-a", ".hidden", "ä", &"a".repeat(256)] {
            assert!(!is_host_name(wrong), "{wrong}");
        }
    }
}
