//! Lower-case hexadecimal, the spelling of every id in names and messages.

/// `bytes` as lower-case hexadecimal, two digits a byte.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

/// The `N` bytes that `text` spells; `None` unless it is exactly `2 * N` lower-case digits.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_encoded_decodes_and_nothing_else_does() {
        assert_eq!(super::encode(&[0, 0xff, 0x1a]), "00ff1a");
        assert_eq!(super::decode::<3>("00ff1a"), Some([0, 0xff, 0x1a]));
        for wrong in ["00FF1a", "00ff1", "00ff1ab", "00ff1g", "00ff1é"] {
            assert_eq!(super::decode::<3>(wrong), None, "{wrong}");
        }
    }
}
