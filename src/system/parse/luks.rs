//! `cryptsetup luksDump`: what stands in a LUKS header, of version 1 and 2, but for what opens it.

use crate::system::model::storage::content::{Luks, LuksSlot};
use crate::system::parse::text;

/// Reads a dump.
pub fn parse(dump: &str) -> Option<Luks> {
    let version = field(dump, "Version")?.parse().ok()?;
    let mut luks = Luks { version, uuid: field(dump, "UUID")?, ..Luks::default() };
    match version {
        1 => read_version_1(dump, &mut luks),
        _ => read_version_2(dump, &mut luks),
    }
    Some(luks)
}

/// How long the header with its key slots is: what must be kept to open the data.
pub fn header_bytes(dump: &str) -> Option<u64> {
    let bytes = |name: &str| field(dump, name)?.split_whitespace().next()?.parse::<u64>().ok();
    match field(dump, "Version")?.as_str() {
        "1" => bytes("Payload offset")?.checked_mul(512),
        // The metadata area is there twice.
        _ => bytes("Metadata area")?.checked_mul(2)?.checked_add(bytes("Keyslots area")?),
    }
}

/// The value of the first unindented `name:`; `(no label)` and its kin are none.
fn field(dump: &str, name: &str) -> Option<String> {
    let value = dump.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    text::some(value).filter(|value| !value.starts_with("(no "))
}

fn read_version_1(dump: &str, luks: &mut Luks) {
    let parts = (field(dump, "Cipher name"), field(dump, "Cipher mode"));
    luks.cipher = match parts {
        (Some(name), Some(mode)) => Some(format!("{name}-{mode}")),
        (name, _) => name,
    };
    luks.hash = field(dump, "Hash spec");
    luks.key_bits = field(dump, "MK bits").and_then(|bits| bits.parse().ok());
    luks.sector_bytes = Some(512);
    luks.data_offset_bytes = field(dump, "Payload offset")
        .and_then(|sectors| sectors.parse::<u64>().ok())
        .and_then(|sectors| sectors.checked_mul(512));
    for line in dump.lines() {
        let Some((number, state)) = line.strip_prefix("Key Slot ").and_then(|rest| rest.split_once(':'))
        else {
            continue;
        };
        if let (Ok(number), "ENABLED") = (number.trim().parse(), state.trim()) {
            luks.slots.push(LuksSlot { number, kdf: Some("pbkdf2".into()), priority: None });
        }
    }
}

fn read_version_2(dump: &str, luks: &mut Luks) {
    luks.label = field(dump, "Label");
    luks.subsystem = field(dump, "Subsystem");
    luks.flags = field(dump, "Flags").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let mut section = "";
    for line in dump.lines() {
        if !line.starts_with([' ', '\t']) {
            section = line.split(':').next().unwrap_or_default();
            continue;
        }
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        let value = value.trim();
        let number = || value.split_whitespace().next().and_then(|word| word.parse::<u64>().ok());
        // Entries begin with their number, two spaces in; their fields stand after a tab.
        let is_entry = !line.starts_with('\t') && key.parse::<u32>().is_ok();
        match (section, is_entry, key) {
            ("Data segments", false, "offset") => luks.data_offset_bytes = number(),
            ("Data segments", false, "cipher") => luks.cipher = text::some(value),
            ("Data segments", false, "sector") => {
                luks.sector_bytes = number().and_then(|n| n.try_into().ok())
            }
            ("Keyslots", true, number) => {
                let number = number.parse().unwrap_or(0);
                luks.slots.push(LuksSlot { number, ..LuksSlot::default() });
            }
            ("Keyslots", false, "Key") => {
                luks.key_bits = luks.key_bits.or(number().and_then(|bits| bits.try_into().ok()));
            }
            ("Keyslots", false, "Priority" | "PBKDF") => {
                if let Some(slot) = luks.slots.last_mut() {
                    let place = if key == "PBKDF" { &mut slot.kdf } else { &mut slot.priority };
                    *place = text::some(value);
                }
            }
            ("Tokens", true, _) => luks.tokens.extend(text::some(value)),
            ("Digests", false, "Hash") => luks.hash = text::some(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LUKS2: &str = "LUKS header information\nVersion:       \t2\nEpoch:         \t3\n\
        Metadata area: \t16384 [bytes]\nKeyslots area: \t16744448 [bytes]\nUUID:          \t17999146-5aba\n\
        Label:         \t(no label)\nSubsystem:     \t(no subsystem)\nFlags:       \tallow-discards \n\n\
        Data segments:\n  0: crypt\n\toffset: 16777216 [bytes]\n\tlength: (whole device)\n\
        \tcipher: aes-xts-plain64\n\tsector: 4096 [bytes]\n\nKeyslots:\n  0: luks2\n\tKey:        512 bits\n\
        \tPriority:   normal\n\tCipher:     aes-xts-plain64\n\tPBKDF:      argon2id\n\tSalt:       84 d6\n\
        \t            21 5d\n  3: luks2\n\tKey:        512 bits\n\tPBKDF:      pbkdf2\n\
        Tokens:\n  0: systemd-tpm2\n\tKeyslot:    3\nDigests:\n  0: pbkdf2\n\tHash:       sha256\n";

    #[test]
    fn a_header_of_version_2_is_read_without_its_salts() {
        let luks = parse(LUKS2).unwrap();
        assert_eq!((luks.version, luks.label.as_deref(), luks.sector_bytes), (2, None, Some(4096)));
        assert_eq!((luks.cipher.as_deref(), luks.key_bits), (Some("aes-xts-plain64"), Some(512)));
        assert_eq!(luks.flags, ["allow-discards"]);
        let slots: Vec<(u32, Option<&str>)> =
            luks.slots.iter().map(|slot| (slot.number, slot.kdf.as_deref())).collect();
        assert_eq!(slots, [(0, Some("argon2id")), (3, Some("pbkdf2"))]);
        assert_eq!((luks.tokens, luks.hash.as_deref()), (vec!["systemd-tpm2".to_owned()], Some("sha256")));
        assert_eq!(header_bytes(LUKS2), Some(16 << 20));
    }

    #[test]
    fn a_header_of_version_1_is_read_too() {
        let dump = "LUKS header information for /dev/sda2\n\nVersion:       \t1\nCipher name:   \taes\n\
            Cipher mode:   \txts-plain64\nHash spec:     \tsha256\nPayload offset:\t4096\n\
            MK bits:       \t256\n\
            MK digest:     \tab cd\nUUID:          \tU-1\n\nKey Slot 0: ENABLED\n\tIterations: 1000\n\
            Key Slot 1: DISABLED\n";
        let luks = parse(dump).unwrap();
        assert_eq!((luks.cipher.as_deref(), luks.key_bits), (Some("aes-xts-plain64"), Some(256)));
        assert_eq!((luks.slots.len(), luks.data_offset_bytes), (1, Some(2 << 20)));
        assert_eq!(header_bytes(dump), Some(2 << 20));
        assert_eq!(parse("Device /dev/sda is not a valid LUKS device."), None);
    }
}
