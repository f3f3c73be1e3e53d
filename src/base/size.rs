//! Sizes as people type them, the same on the command line and in every file they write.

/// Bytes: a number with an optional binary unit (`512`, `100M`, `1.5GiB`).
pub fn parse(text: &str) -> Result<u64, String> {
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

#[cfg(test)]
mod tests {
    use super::parse;

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
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in
            ["", "M", "-1", "1.5", "1e3", "1..5M", ".5M", "1Q", "18446744073709551616", "99999999T", "１M"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
