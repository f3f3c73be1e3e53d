//! Signed records: snapshots, sessions, fences and whatever else a host vouches for.
//!
//! Two lines. The first is the record as JSON; the second is JSON with the host's certificate (signed by
//! the repository's root key) and the host's signature over the first line, line feed included. Who reads
//! with a page of Python takes the first line and leaves the second.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::crypto::sign::{signature_from_text, signature_to_text};
use crate::repo::certificate::{Certificate, CertificateError, SignedCertificate};
use crate::repo::keyring::Keyring;

/// The second line.
#[derive(Serialize, Deserialize)]
struct Seal {
    certificate: SignedCertificate,
    signature: String,
}

/// A record that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not two lines of JSON of the right shape.
    #[error("it is not a signed record: {0}")]
    Shape(&'static str),
    /// A line is no JSON of the right shape.
    #[error("it is damaged")]
    Json(#[source] serde_json::Error),
    /// The certificate is not the repository's.
    #[error("its host is not enrolled in this repository")]
    Certificate(#[source] CertificateError),
    /// The signature is wrong.
    #[error("its signature does not hold: it was forged or altered")]
    Signature,
}

/// The two lines of `body`, signed with the host key of `keyring` for `context`.
pub fn encode(keyring: &Keyring, context: &str, body: &impl Serialize) -> Result<Vec<u8>, RecordError> {
    let mut text = serde_json::to_vec(body).map_err(RecordError::Json)?;
    text.push(b'\n');
    let seal = Seal {
        certificate: keyring.certificate().clone(),
        signature: signature_to_text(&keyring.sign(context, &text)),
    };
    serde_json::to_writer(&mut text, &seal).map_err(RecordError::Json)?;
    text.push(b'\n');
    Ok(text)
}

/// Reads a record of `context`, checks it against the root key that `keyring` knows, and says who signed it.
pub fn decode<T: DeserializeOwned>(
    keyring: &Keyring,
    context: &str,
    text: &[u8],
) -> Result<(T, Certificate), RecordError> {
    let end = text.iter().position(|byte| *byte == b'\n').ok_or(RecordError::Shape("it has one line"))?;
    let (body, seal) = text.split_at(end + 1);
    let seal: Seal = serde_json::from_slice(seal).map_err(RecordError::Json)?;
    let certificate =
        seal.certificate.verify(keyring.signer(), keyring.repository()).map_err(RecordError::Certificate)?;
    let signature = signature_from_text(&seal.signature).ok_or(RecordError::Signature)?;
    certificate.public_key.verify(context, body, &signature).map_err(|_| RecordError::Signature)?;
    Ok((serde_json::from_slice(body).map_err(RecordError::Json)?, certificate))
}
