//! Sizes and durations as people type them, on the command line and in every file they write.
//!
//! Each parser says what it expected: its message is all that the person who mistyped gets to see.

use std::time::Duration;

/// Bytes: a number with an optional binary unit (`512`, `100M`, `1.5GiB`).
pub fn parse_size(text: &str) -> Result<u64, String> {
    const EXPECTED: &str = "a size is a number with K, M, G or T behind it, such as 100M (units of 1024)";
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return Err(EXPECTED.into()),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty()
        || fraction.len() > 9
        || fraction.contains('.')
        || (shift == 0 && number.contains('.'))
    {
        return Err(EXPECTED.into());
    }
    let unit_bytes = 1u64 << shift;
    let whole: u64 = whole.parse().map_err(|_| EXPECTED.to_owned())?;
    let mut bytes = whole.checked_mul(unit_bytes).ok_or("that is more than any file can have")?;
    if !fraction.is_empty() {
        let scale = 10u128.pow(fraction.len() as u32);
        let part: u128 = fraction.parse().map_err(|_| EXPECTED.to_owned())?;
        let part = u64::try_from(part * u128::from(unit_bytes) / scale).map_err(|_| EXPECTED.to_owned())?;
        bytes = bytes.checked_add(part).ok_or("that is more than any file can have")?;
    }
    Ok(bytes)
}

/// A length of time: numbers with units, largest first (`90s`, `1h30m`, `7d`).
pub fn parse_duration(text: &str) -> Result<Duration, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_units_of_1024_and_nothing_else_is_a_size() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("512B", 512),
            ("1k", 1024),
            ("100M", 100 << 20),
            ("1.5GiB", 3 << 29),
            ("2 TB", 2 << 40),
            ("0.5K", 512),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in
            ["", "M", "-1", "1.5", "1e3", "1..5M", ".5M", "1Q", "18446744073709551616", "99999999T", "１M"]
        {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_add_up_and_units_only_shrink() {
        for (text, seconds) in [("90s", 90), ("1h30m", 5400), ("7d", 604_800), ("1w1d", 691_200), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "90", "s", "1m1h", "1s1s", "-1s", "1.5h", "99999999999999999999s", "1 h", "5é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
