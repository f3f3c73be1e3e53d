//! Lengths of time as people type them, the same on the command line, in `lifeboat.toml` and in runbooks.

use std::time::Duration;

/// Numbers with units, largest first (`90s`, `1h30m`, `7d`). The error says what was expected.
pub fn parse(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "a duration is a number with s, m, h, d or w behind it, such as 90s or 1h30m";
    let mut rest = text.trim();
    let mut seconds = 0u64;
    let mut last_unit = u64::MAX;
    if rest.is_empty() {
        return Err(EXPECTED.into());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(EXPECTED)?;
        let count: u64 = rest[..digits].parse().map_err(|_| EXPECTED.to_owned())?;
        let unit = match rest[digits..].chars().next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return Err(EXPECTED.into()),
        };
        if unit >= last_unit {
            return Err(EXPECTED.into());
        }
        last_unit = unit;
        let part = count.checked_mul(unit).ok_or("that is longer than time is counted")?;
        seconds = seconds.checked_add(part).ok_or("that is longer than time is counted")?;
        rest = &rest[digits + 1..];
    }
    Ok(Duration::from_secs(seconds))
}

/// The shortest text that `parse` reads as this, in whole seconds: `1h30m`.
pub fn spell(duration: Duration) -> String {
    let mut seconds = duration.as_secs();
    let mut text = String::new();
    for (unit, length) in [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        if seconds >= length {
            text.push_str(&format!("{}{unit}", seconds / length));
            seconds %= length;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse, spell};

    #[test]
    fn what_is_spelled_is_read_as_the_same() {
        for seconds in [0, 1, 59, 60, 61, 3600, 5400, 86_400, 604_801] {
            let duration = Duration::from_secs(seconds);
            assert_eq!(parse(&spell(duration)), Ok(duration));
        }
        assert_eq!(spell(Duration::from_secs(5400)), "1h30m");
    }
}
