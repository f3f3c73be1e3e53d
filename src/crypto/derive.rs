//! Keys derived from the dedup secret, and randomness from the operating system.
//!
//! One BLAKE3 `derive_key` context string for each use, as the BLAKE3 paper asks (section 6.2:
//! hardcoded, globally unique, application-specific), so that no key can stand for another.

use ring::rand::{SecureRandom, SystemRandom};

use crate::base::ids::ChunkKind;
use crate::base::secret::Secret32;

/// The key of the keyed BLAKE3 that names chunks of this kind.
///
/// Data and meta have keys of their own: equal bytes in both must not share a name, for they are
/// sealed to different recipients.
pub fn chunk_key(dedup: &Secret32, kind: ChunkKind) -> Secret32 {
    let context = match kind {
        ChunkKind::Data => "lifeboat v1 chunk id data",
        ChunkKind::Meta => "lifeboat v1 chunk id meta",
    };
    Secret32::new(blake3::derive_key(context, dedup.expose()))
}

/// What the chunker is seeded with, so that chunk boundaries say nothing to who lacks the secret.
pub fn chunker_seed(dedup: &Secret32) -> Secret32 {
    Secret32::new(blake3::derive_key("lifeboat v1 chunker seed", dedup.expose()))
}

/// A public value that binds `config` to the dedup secret without telling it.
pub fn dedup_commitment(dedup: &Secret32) -> [u8; 32] {
    blake3::derive_key("lifeboat v1 dedup commitment", dedup.expose())
}

/// `N` bytes from the operating system's generator.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness there is no safe way on: getrandom fails only where the kernel lacks it.
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A fresh random secret.
pub fn random_secret() -> Secret32 {
    use zeroize::Zeroize;
    let mut bytes = random_bytes::<32>();
    let secret = Secret32::new(bytes);
    bytes.zeroize();
    secret
}

#[cfg(test)]
mod tests {
    use super::{chunk_key, chunker_seed, dedup_commitment, random_bytes};
    use crate::base::hex;
    use crate::base::ids::ChunkKind;
    use crate::base::secret::Secret32;

    #[test]
    fn each_use_of_the_dedup_secret_has_a_key_of_its_own_and_it_never_changes() {
        let dedup = Secret32::new([0x42; 32]);
        let all = [
            *chunk_key(&dedup, ChunkKind::Data).expose(),
            *chunk_key(&dedup, ChunkKind::Meta).expose(),
            *chunker_seed(&dedup).expose(),
            dedup_commitment(&dedup),
        ];
        let spelled: Vec<String> = all.iter().map(|key| hex::encode(&key[..8])).collect();
        assert_eq!(spelled, ["6bef4262ec60f1bd", "856ab41eab74731b", "1151cade63b5042c", "55682324313dc361"]);
    }

    #[test]
    fn random_bytes_differ_from_call_to_call() {
        assert_ne!(random_bytes::<32>(), random_bytes::<32>());
    }
}
