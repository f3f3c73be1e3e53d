//! Padding by Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019).
//!
//! A stored length then tells at most O(log log n) bits of the true one, for at most 12 % more bytes,
//! about 3 % at a pack's size.

/// Magic number of the skippable frame that holds padding (and a pack's trailer).
pub const PADDING_MAGIC: u32 = 0x184D_2A5D;
/// Bytes of a skippable frame before its content.
pub const SKIPPABLE_HEADER_BYTES: usize = 8;

/// The length that `len` bytes are padded to.
pub fn padded_len(len: u64) -> u64 {
    if len < 2 {
        return len;
    }
    let exponent = u64::from(len.ilog2());
    let last_bits = exponent - (u64::from(exponent.ilog2()) + 1).min(exponent);
    let mask = (1u64 << last_bits) - 1;
    len.saturating_add(mask) & !mask
}

/// Appends a skippable frame that ends in `trailer` and makes `plain` a Padmé length.
pub fn pad_with_trailer(plain: &mut Vec<u8>, trailer: &[u8]) {
    let least = plain.len() + SKIPPABLE_HEADER_BYTES + trailer.len();
    let padded = padded_len(least as u64) as usize;
    let content = padded - plain.len() - SKIPPABLE_HEADER_BYTES;
    plain.extend_from_slice(&PADDING_MAGIC.to_le_bytes());
    plain.extend_from_slice(&(content as u32).to_le_bytes());
    plain.resize(padded - trailer.len(), 0);
    plain.extend_from_slice(trailer);
}

#[cfg(test)]
mod tests {
    use super::padded_len;

    #[test]
    fn padding_is_bounded_and_leaves_few_lengths() {
        for len in [2u64, 9, 100, 1 << 10, 12_345, (1 << 20) + 1, (32 << 20) + 77_777, 1 << 40] {
            let padded = padded_len(len);
            assert!(padded >= len && padded as f64 <= len as f64 * 1.12 + 1.0, "{len} to {padded}");
            assert_eq!(padded_len(padded), padded);
        }
        let lengths: std::collections::HashSet<u64> = (1 << 20..2 << 20).map(padded_len).collect();
        assert!(lengths.len() <= 64, "{}", lengths.len());
    }
}
