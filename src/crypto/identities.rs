//! Whatever opens a key slot: age identity files, ssh keys, age plugins, and passphrases.
//!
//! A set is tried on many slots, and its members differ in what a try costs: most are silent, ssh
//! keys and tokens may ask a person, a passphrase takes a second of work. So a caller with many slots
//! goes through them once for each `Effort`, cheapest first, and nobody is asked in vain.

use std::io::Read as _;
use std::sync::Arc;

use age::armor::ArmoredReader;
use zeroize::Zeroizing;

use crate::base::limits;
use crate::base::secret::SecretText;
use crate::crypto::error::{CryptoError, from_decrypt};
use crate::crypto::header;
use crate::crypto::payload::Layout;
use crate::crypto::prompts::{Asking, Prompts, secret_string};
use crate::crypto::recipients::WORK_FACTOR_MAX;
use crate::crypto::ssh::SshIdentity;
use crate::crypto::x25519::Identity;

/// Largest identity file, in bytes.
const IDENTITY_FILE_MAX_BYTES: u64 = 1 << 20;
/// Longest header of a key slot: age parses it anew for each line, which must not become endless.
const SLOT_HEADER_MAX: usize = 16 << 10;

/// What a try to open a slot may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Nothing that anybody notices: X25519 and unencrypted ssh keys.
    Silent,
    /// A person may be asked, a program may be started: encrypted ssh keys and plugins.
    Asking,
    /// About a second of work: passphrases.
    Costly,
}

impl Effort {
    /// All of them, cheapest first.
    pub const ALL: [Effort; 3] = [Effort::Silent, Effort::Asking, Effort::Costly];
}

enum Member {
    X25519(Identity),
    Ssh(Box<SshIdentity>),
    Plugin(age::plugin::Identity, Arc<dyn Prompts>),
    Passphrase(SecretText),
}

/// Identities and passphrases, to be tried on key slots.
#[derive(Default)]
pub struct IdentitySet {
    members: Vec<Member>,
}

impl IdentitySet {
    /// The identities of a file: age identities (plugin identities among them), such a file encrypted
    /// with a passphrase, or an ssh private key.
    ///
    /// `name` stands for the file in questions and errors. An encrypted identity file is unlocked
    /// at once, an encrypted ssh key when a slot turns out to be for it.
    pub fn parse(contents: &[u8], name: &str, prompts: &Arc<dyn Prompts>) -> Result<Self, CryptoError> {
        let refuse = |reason: &str| CryptoError::Identity { name: name.into(), reason: reason.into() };
        if contents.len() as u64 > IDENTITY_FILE_MAX_BYTES {
            return Err(refuse("it is too large"));
        }
        let unlocked = unlock_file(contents, name, prompts)?;
        let contents = unlocked.as_ref().map_or(contents, |unlocked| unlocked.as_slice());
        let text = std::str::from_utf8(contents).map_err(|_| refuse("it is no text"))?;
        if text.contains("-----BEGIN") {
            let key = SshIdentity::parse(text, name, prompts)?;
            return Ok(Self { members: vec![Member::Ssh(Box::new(key))] });
        }
        Self::parse_lines(text, name, prompts)
    }

    fn parse_lines(text: &str, name: &str, prompts: &Arc<dyn Prompts>) -> Result<Self, CryptoError> {
        let mut members = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Ok(identity) = line.parse() {
                members.push(Member::X25519(Identity(identity)));
            } else if let Ok(identity) = line.parse::<age::plugin::Identity>() {
                members.push(Member::Plugin(identity, Arc::clone(prompts)));
            } else {
                // The line's number only: the line may be a mistyped key.
                let reason = if line.starts_with("age1") || line.starts_with("ssh-") {
                    format!("line {} is a public key; its private half is needed", number + 1)
                } else {
                    format!("line {} is no identity", number + 1)
                };
                return Err(CryptoError::Identity { name: name.into(), reason });
            }
        }
        if members.is_empty() {
            return Err(CryptoError::Identity { name: name.into(), reason: "it is empty".into() });
        }
        Ok(Self { members })
    }

    /// A set of one passphrase.
    pub fn passphrase(passphrase: SecretText) -> Self {
        Self { members: vec![Member::Passphrase(passphrase)] }
    }

    /// A set of one X25519 identity.
    pub fn identity(identity: Identity) -> Self {
        Self { members: vec![Member::X25519(identity)] }
    }

    /// Takes the members of another set too.
    pub fn add(&mut self, other: IdentitySet) {
        self.members.extend(other.members);
    }

    /// Whether there is nothing to try.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many of the members are passphrases, and how many are anything else.
    pub fn count(&self) -> (usize, usize) {
        let passphrases = self.members.iter().filter(|member| matches!(member, Member::Passphrase(_)));
        let passphrases = passphrases.count();
        (passphrases, self.members.len() - passphrases)
    }

    /// The contents of a slot, or `None` if no member opens it.
    pub fn open_slot(&self, sealed: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, CryptoError> {
        for effort in Effort::ALL {
            if let Some(opened) = self.open_slot_at(effort, sealed)? {
                return Ok(Some(opened));
            }
        }
        Ok(None)
    }

    /// The same with only the members that cost just this effort.
    ///
    /// An error of one member (a wrong passphrase of an ssh key, a plugin that is not installed) is
    /// told only if no other member opens the slot.
    pub fn open_slot_at(
        &self,
        effort: Effort,
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, CryptoError> {
        let stanzas = header::stanzas(&sealed[..sealed.len().min(SLOT_HEADER_MAX)]);
        let mut failure = None;
        for member in self.members.iter().filter(|member| member.effort() == effort) {
            match member.try_slot(&stanzas, sealed) {
                Ok(opened) => return Ok(Some(opened)),
                Err(CryptoError::NotForUs) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(None), Err)
    }
}

impl Member {
    fn effort(&self) -> Effort {
        match self {
            Member::X25519(_) => Effort::Silent,
            Member::Ssh(key) if key.is_encrypted() => Effort::Asking,
            Member::Ssh(_) => Effort::Silent,
            Member::Plugin(..) => Effort::Asking,
            Member::Passphrase(_) => Effort::Costly,
        }
    }

    fn try_slot(&self, stanzas: &[Vec<String>], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self {
            Member::X25519(identity) => open_with(&identity.0, sealed),
            Member::Ssh(key) if key.is_addressed(stanzas) => open_with(&key.unlock()?, sealed),
            Member::Ssh(_) => Err(CryptoError::NotForUs),
            // A program is not started for a slot that is sealed to a passphrase.
            Member::Plugin(..) if work_factor_of(stanzas).is_some() => Err(CryptoError::NotForUs),
            Member::Plugin(identity, prompts) => {
                let plugin = age::plugin::IdentityPluginV1::new(
                    identity.plugin(),
                    std::slice::from_ref(identity),
                    Asking(Arc::clone(prompts)),
                )
                .map_err(|source| from_decrypt(age::DecryptError::PluginResolve(source)))?;
                open_with(&plugin, sealed)
            }
            Member::Passphrase(_) if work_factor_of(stanzas).is_none() => Err(CryptoError::NotForUs),
            Member::Passphrase(passphrase) => {
                let mut identity = age::scrypt::Identity::new(secret_string(passphrase));
                identity.set_max_work_factor(WORK_FACTOR_MAX);
                open_with(&identity, sealed)
            }
        }
    }
}

impl std::fmt::Debug for IdentitySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdentitySet({} members)", self.members.len())
    }
}

/// The work factor (base-2 logarithm of scrypt's N) of a slot that is sealed to a passphrase; `None`
/// for every other slot. Nothing of it is verified: it tells in which order to try.
pub fn passphrase_work_factor(sealed: &[u8]) -> Option<u8> {
    work_factor_of(&header::stanzas(&sealed[..sealed.len().min(SLOT_HEADER_MAX)]))
}

/// What a slot is sealed to, by the first word of its header that means anything: `passphrase`, `age`,
/// `ssh-ed25519`, `ssh-rsa`, or a plugin's own word. Nothing of it is verified.
pub fn recipient_kind(sealed: &[u8]) -> Option<String> {
    let stanzas = header::stanzas(&sealed[..sealed.len().min(SLOT_HEADER_MAX)]);
    // age's library adds a stanza that means nothing, so that readers learn to pass over such.
    let tag = stanzas.iter().map(|words| words[0].as_str()).find(|tag| !tag.ends_with("-grease"))?;
    Some(match tag {
        "scrypt" => "passphrase".into(),
        "X25519" => "age".into(),
        tag => tag.chars().take(64).collect(),
    })
}

fn work_factor_of(stanzas: &[Vec<String>]) -> Option<u8> {
    let scrypt = stanzas.iter().find(|words| words[0] == "scrypt")?;
    Some(scrypt.get(2).and_then(|factor| factor.parse().ok()).unwrap_or(u8::MAX))
}

fn open_with(identity: &dyn age::Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let sealed_len = sealed.len() as u64;
    if sealed_len > limits::SLOT_MAX_BYTES {
        return Err(CryptoError::Length { sealed_len });
    }
    let prefix = &sealed[..sealed.len().min(SLOT_HEADER_MAX)];
    let (header_len, payload_key) = header::read(std::iter::once(identity), prefix)?;
    let payload = &sealed[header_len..];
    let layout = Layout::of_sealed(payload.len() as u64).ok_or(CryptoError::Length { sealed_len })?;
    payload_key.open(layout, 0..layout.plaintext_len, payload).map(Zeroizing::new)
}

/// The contents of a key file that is itself encrypted with a passphrase, which is asked for; `None` for
/// one that is not.
pub fn unlock_file(
    contents: &[u8],
    name: &str,
    prompts: &Arc<dyn Prompts>,
) -> Result<Option<Zeroizing<Vec<u8>>>, CryptoError> {
    let armored = contents.trim_ascii_start().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----");
    match armored || contents.starts_with(b"age-encryption.org/") {
        true => open_identity_file(contents, name, prompts).map(Some),
        false => Ok(None),
    }
}

/// The contents of an identity file that is itself encrypted with a passphrase.
fn open_identity_file(
    contents: &[u8],
    name: &str,
    prompts: &Arc<dyn Prompts>,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let refuse = |reason: &str| CryptoError::Identity { name: name.into(), reason: reason.into() };
    let locked = |reason| CryptoError::Locked { name: name.into(), reason };
    let damaged = |_| refuse("it is a damaged age file");
    let decryptor = age::Decryptor::new(ArmoredReader::new(contents)).map_err(damaged)?;
    if !decryptor.is_scrypt() {
        return Err(refuse("it is encrypted to a key; only a passphrase is understood here"));
    }
    let passphrase = prompts
        .passphrase(&format!("Passphrase of the identity file {name}"))
        .ok_or_else(|| locked("nobody was there to give it"))?;
    let mut identity = age::scrypt::Identity::new(secret_string(&passphrase));
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|error| match error {
        age::DecryptError::DecryptionFailed | age::DecryptError::NoMatchingKeys => {
            locked("the one given is wrong")
        }
        other => from_decrypt(other),
    })?;
    // Room for all of it from the start, so that no copy is left behind by growing.
    let mut opened = Zeroizing::new(Vec::with_capacity(contents.len()));
    reader
        .take(IDENTITY_FILE_MAX_BYTES)
        .read_to_end(&mut opened)
        .map_err(|_| refuse("it is a damaged age file"))?;
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Effort, IdentitySet, passphrase_work_factor};
    use crate::base::error_kind::ErrorKind;
    use crate::base::secret::SecretText;
    use crate::crypto::error::CryptoError;
    use crate::crypto::prompts::{NoPrompts, Prompts};
    use crate::crypto::recipients::SlotRecipient;
    use crate::crypto::x25519::Identity;

    /// Always gives the same passphrase, and counts how often it was asked.
    struct Answer(&'static str, AtomicUsize);

    impl Prompts for Answer {
        fn message(&self, _text: &str) {}

        fn confirm(&self, _text: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
            None
        }

        fn text(&self, _description: &str) -> Option<String> {
            None
        }

        fn passphrase(&self, _description: &str) -> Option<SecretText> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Some(SecretText::new(self.0.into()))
        }
    }

    fn answer(passphrase: &'static str) -> (Arc<Answer>, Arc<dyn Prompts>) {
        let answer = Arc::new(Answer(passphrase, AtomicUsize::new(0)));
        (Arc::clone(&answer), answer)
    }

    fn nobody() -> Arc<dyn Prompts> {
        Arc::new(NoPrompts)
    }

    fn secret(text: &str) -> SecretText {
        SecretText::new(text.into())
    }

    fn ssh_keygen(directory: &Path, kind: &[&str], passphrase: &str) -> Option<(String, String)> {
        let file = directory.join(format!("key-{}-{}", kind.concat(), passphrase.len()));
        let made = Command::new("ssh-keygen")
            .args(["-q", "-C", "somebody@somewhere", "-N", passphrase, "-f"])
            .arg(&file)
            .arg("-t")
            .args(kind)
            .status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: no ssh-keygen on PATH");
            return None;
        }
        let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
        Some((std::fs::read_to_string(file).unwrap(), public))
    }

    #[test]
    fn a_slot_opens_with_its_own_identity_and_with_no_other() {
        let identity = Identity::generate();
        let text = format!("# mine\n\n{}\n", identity.to_secret_text().expose());
        let recipient = SlotRecipient::parse(&format!(" {}\n", identity.to_recipient())).unwrap();
        let sealed = recipient.seal_slot(b"secrets", &nobody()).unwrap();
        let set = IdentitySet::parse(text.as_bytes(), "key.txt", &nobody()).unwrap();
        assert_eq!(set.open_slot(&sealed).unwrap().unwrap().as_slice(), b"secrets");
        assert_eq!(age::decrypt(&identity.0, &sealed).unwrap(), b"secrets");
        let mut other = IdentitySet::identity(Identity::generate());
        assert!(other.open_slot(&sealed).unwrap().is_none());
        other.add(set);
        assert_eq!(other.count(), (0, 2));
        assert!(other.open_slot(&sealed).unwrap().is_some());
    }

    #[test]
    fn a_passphrase_opens_its_slot_and_a_wrong_one_does_not() {
        let recipient = SlotRecipient::passphrase(secret("correct horse"), 10).unwrap();
        let sealed = recipient.seal_slot(b"secrets", &nobody()).unwrap();
        assert_eq!(passphrase_work_factor(&sealed), Some(10));
        let set = IdentitySet::passphrase(secret("correct horse"));
        assert_eq!(set.open_slot(&sealed).unwrap().unwrap().as_slice(), b"secrets");
        assert!(set.open_slot_at(Effort::Silent, &sealed).unwrap().is_none());
        assert!(IdentitySet::passphrase(secret("wrong")).open_slot(&sealed).unwrap().is_none());
        assert!(SlotRecipient::passphrase(secret(""), 10).is_err());
        assert!(SlotRecipient::passphrase(secret("x"), 0).is_err());
        assert!(SlotRecipient::passphrase(secret("x"), 23).is_err());
        assert!(!format!("{recipient:?}").contains("horse"));
    }

    #[test]
    fn a_slot_that_asks_for_endless_work_is_refused() {
        let recipient = SlotRecipient::passphrase(secret("x"), 10).unwrap();
        let mut sealed = recipient.seal_slot(b"secrets", &nobody()).unwrap();
        let line_end = sealed.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(1).unwrap().0;
        for factor in [b"23", b"40", b"63", b"99"] {
            sealed[line_end - 2..line_end].copy_from_slice(factor);
            let error = IdentitySet::passphrase(secret("x")).open_slot(&sealed).unwrap_err();
            assert!(matches!(error, CryptoError::WorkFactor { .. }), "{error}");
            assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn a_damaged_slot_is_an_error_and_never_opens() {
        let identity = Identity::generate();
        let recipient = SlotRecipient::X25519(identity.to_recipient());
        let sealed = recipient.seal_slot(b"secrets", &nobody()).unwrap();
        let set = IdentitySet::identity(identity);
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 0x20;
            assert!(!matches!(set.open_slot(&flipped), Ok(Some(_))), "byte {at}");
            assert!(!matches!(set.open_slot(&sealed[..at]), Ok(Some(_))), "{at} bytes");
        }
        assert!(set.open_slot(b"").is_err());
        let endless = [b"age-encryption.org/v1\n".as_slice(), &b"-> a\n\n".repeat(100_000)].concat();
        assert!(set.open_slot(&endless).is_err());
    }

    #[test]
    fn ssh_keys_open_what_is_sealed_to_their_public_halves() {
        let directory = tempfile::tempdir().unwrap();
        for kind in [&["ed25519"][..], &["rsa", "-b", "2048"]] {
            let Some((private, public)) = ssh_keygen(directory.path(), kind, "") else { return };
            let recipient = SlotRecipient::parse(&public).unwrap();
            assert!(recipient.describe().starts_with("ssh-"));
            let sealed = recipient.seal_slot(b"secrets", &nobody()).unwrap();
            let set = IdentitySet::parse(private.as_bytes(), "id", &nobody()).unwrap();
            assert_eq!(set.open_slot_at(Effort::Silent, &sealed).unwrap().unwrap().as_slice(), b"secrets");
        }
    }

    #[test]
    fn an_encrypted_ssh_key_asks_once_and_only_for_slots_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let Some((private, public)) = ssh_keygen(directory.path(), &["ed25519"], "open sesame") else {
            return;
        };
        let Some((_, other)) = ssh_keygen(directory.path(), &["ed25519"], "") else { return };
        let sealed = SlotRecipient::parse(&public).unwrap().seal_slot(b"secrets", &nobody()).unwrap();
        let others = SlotRecipient::parse(&other).unwrap().seal_slot(b"others", &nobody()).unwrap();
        let (asked, prompts) = answer("open sesame");
        let set = IdentitySet::parse(private.as_bytes(), "id", &prompts).unwrap();
        assert!(set.open_slot(&others).unwrap().is_none());
        assert_eq!(asked.1.load(Ordering::Relaxed), 0);
        for _ in 0..3 {
            assert_eq!(set.open_slot(&sealed).unwrap().unwrap().as_slice(), b"secrets");
        }
        assert_eq!(asked.1.load(Ordering::Relaxed), 1);
        for prompts in [answer("wrong").1, nobody()] {
            let set = IdentitySet::parse(private.as_bytes(), "id", &prompts).unwrap();
            assert!(matches!(set.open_slot(&sealed), Err(CryptoError::Locked { .. })));
        }
    }

    #[test]
    fn an_identity_file_that_is_itself_encrypted_opens_with_its_passphrase() {
        let identity = Identity::generate();
        let file = SlotRecipient::passphrase(secret("open sesame"), 10)
            .unwrap()
            .seal_slot(identity.to_secret_text().expose().as_bytes(), &nobody())
            .unwrap();
        let mut armored = Vec::new();
        let mut writer =
            age::armor::ArmoredWriter::wrap_output(&mut armored, age::armor::Format::AsciiArmor).unwrap();
        std::io::Write::write_all(&mut writer, &file).unwrap();
        writer.finish().unwrap();
        let recipient = SlotRecipient::X25519(identity.to_recipient());
        let sealed = recipient.seal_slot(b"secrets", &nobody()).unwrap();
        for file in [&file, &armored] {
            let set = IdentitySet::parse(file, "key.age", &answer("open sesame").1).unwrap();
            assert_eq!(set.open_slot(&sealed).unwrap().unwrap().as_slice(), b"secrets");
            for prompts in [answer("wrong").1, nobody()] {
                let error = IdentitySet::parse(file, "key.age", &prompts).unwrap_err();
                assert!(matches!(error, CryptoError::Locked { .. }), "{error}");
                assert_eq!(error.kind(), ErrorKind::Key);
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let typo = "AGE-SECRET-KEY-1MISTYPED";
        for wrong in [typo, "", "# nothing\n", "age1abc", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"] {
            let error = IdentitySet::parse(wrong.as_bytes(), "key.txt", &nobody()).unwrap_err();
            assert!(error.to_string().contains("key.txt") && !error.to_string().contains("MISTYPED"));
        }
        assert!(IdentitySet::parse(&[0xff; 10], "key.txt", &nobody()).is_err());
        for wrong in [typo, "", "age1abc", "ssh-dss AAAA", "ecdsa-sha2-nistp256 AAAA", "hello"] {
            let error = SlotRecipient::parse(wrong).unwrap_err();
            assert!(!error.to_string().contains("MISTYPED"), "{error}");
        }
    }

    /// Plugins are looked up on PATH, which a test cannot set for itself: it runs itself once more.
    #[test]
    fn a_plugins_keys_seal_and_open_slots() {
        let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(support).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(paths).unwrap();
        if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
            println!("skipped: no python3 on PATH");
            return;
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "crypto::identities::tests::with_the_plugin_on_the_path"])
            .env("PATH", path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }

    #[test]
    #[ignore = "run by a_plugins_keys_seal_and_open_slots with the plugin on PATH"]
    fn with_the_plugin_on_the_path() {
        let generate = |pin: &[&str]| {
            let output = Command::new("age-plugin-lbtest").arg("--generate").args(pin).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let recipient = text.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
            (text, recipient)
        };
        let (text, recipient) = generate(&[]);
        let recipient = SlotRecipient::parse(&recipient).unwrap();
        assert!(matches!(recipient, SlotRecipient::Plugin(_)));
        let sealed = recipient.seal_slot(b"secrets", &nobody()).unwrap();
        let set = IdentitySet::parse(text.as_bytes(), "token", &nobody()).unwrap();
        assert!(set.open_slot_at(Effort::Silent, &sealed).unwrap().is_none());
        assert_eq!(set.open_slot(&sealed).unwrap().unwrap().as_slice(), b"secrets");
        let (others, _) = generate(&[]);
        let others = IdentitySet::parse(others.as_bytes(), "token", &nobody()).unwrap();
        assert!(others.open_slot(&sealed).unwrap().is_none());

        let (text, recipient) = generate(&["1234"]);
        let sealed = SlotRecipient::parse(&recipient).unwrap().seal_slot(b"pin", &nobody()).unwrap();
        let set = IdentitySet::parse(text.as_bytes(), "token", &answer("1234").1).unwrap();
        assert_eq!(set.open_slot(&sealed).unwrap().unwrap().as_slice(), b"pin");
        for prompts in [answer("4321").1, nobody()] {
            let set = IdentitySet::parse(text.as_bytes(), "token", &prompts).unwrap();
            assert!(matches!(set.open_slot(&sealed), Err(CryptoError::Plugin { .. })));
        }
    }

    #[test]
    fn a_plugin_that_is_not_installed_is_named() {
        // Spelled by the test plugin's own code, for a plugin called "nosuch".
        let recipient = SlotRecipient::parse("age1nosuch10pu8s7qe7w7ae").unwrap();
        let error = recipient.seal_slot(b"x", &nobody()).unwrap_err();
        assert!(error.to_string().contains("age-plugin-nosuch"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Key);
        let text = "AGE-PLUGIN-NOSUCH-10PU8S7QHYGEWE";
        let set = IdentitySet::parse(text.as_bytes(), "token", &nobody()).unwrap();
        let other = SlotRecipient::X25519(Identity::generate().to_recipient());
        let error = set.open_slot(&other.seal_slot(b"x", &nobody()).unwrap()).unwrap_err();
        assert!(error.to_string().contains("age-plugin-nosuch"), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
}
