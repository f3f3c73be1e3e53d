//! Numbers, sizes and times as people read them.
//!
//! Sizes are in units of 1024 with their proper names (IEC 80000-13). Exact numbers are for `--json`.

use std::time::Duration;

use chrono::{DateTime, Local};

use crate::base::time::Timestamp;

/// Bytes in at most four digits: `0 B`, `1023 B`, `1.5 KiB`, `12.3 GiB`, `117 GiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would be rounded up to 1024 belongs to the next unit.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match value < 99.95 {
        true => format!("{value:.1} {}", UNITS[unit]),
        false => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// Bytes a second; a dash where no time has passed.
pub fn rate(bytes: u64, elapsed: Duration) -> String {
    let per_second = bytes as f64 / elapsed.as_secs_f64();
    match per_second.is_finite() {
        true => format!("{}/s", size(per_second as u64)),
        false => "–".to_owned(),
    }
}

/// A count with its digits in threes: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A count of things, with the word in the right form: `1 file`, `2 files`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A length of time in its two largest units: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// How long ago `time` was at `now`: `just now`, `5 minutes ago`, `in 2 days`.
pub fn relative(time: Timestamp, now: Timestamp) -> String {
    let past = now.seconds.saturating_sub(time.seconds);
    let distance = past.unsigned_abs();
    let (number, one, many) = match distance {
        0..60 => return "just now".to_owned(),
        60..3600 => (distance / 60, "minute", "minutes"),
        3600..86_400 => (distance / 3600, "hour", "hours"),
        86_400..5_184_000 => (distance / 86_400, "day", "days"),
        5_184_000..63_072_000 => (distance / 2_592_000, "month", "months"),
        _ => (distance / 31_536_000, "year", "years"),
    };
    let amount = counted(number, one, many);
    if past > 0 { format!("{amount} ago") } else { format!("in {amount}") }
}

/// Date and time to the second, in local time.
pub fn timestamp(time: Timestamp) -> String {
    match DateTime::from_timestamp(time.seconds, time.nanos) {
        Some(utc) => utc.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string(),
        None => format!("@{}", time.seconds),
    }
}

/// Date and time as scripts want it: RFC 3339 in UTC, with as many digits of the second as there are.
pub fn rfc3339(time: Timestamp) -> String {
    match DateTime::from_timestamp(time.seconds, time.nanos) {
        Some(utc) => utc.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        None => format!("@{}.{:09}", time.seconds, time.nanos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_or_four_digits_whatever_their_magnitude() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (102_300, "99.9 KiB"),
            (102_400, "100 KiB"),
            (5 << 40, "5.0 TiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn counts_are_grouped_and_agree_with_their_word() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(0, "file", "files"), "0 files");
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        for (milliseconds, text) in [
            (0, "0.0 s"),
            (420, "0.4 s"),
            (12_900, "12 s"),
            (185_000, "3 min 05 s"),
            (7_620_000, "2 h 07 min"),
            (273_600_000, "3 d 04 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn times_far_off_and_in_the_future_are_still_told() {
        let at = |seconds| Timestamp { seconds, nanos: 0 };
        assert_eq!(relative(at(0), at(59)), "just now");
        assert_eq!(relative(at(0), at(60)), "1 minute ago");
        assert_eq!(relative(at(172_800), at(0)), "in 2 days");
        assert_eq!(relative(at(i64::MIN), at(i64::MAX)), "292,471,208,677 years ago");
        assert_eq!(timestamp(at(i64::MAX)), "@9223372036854775807");
        assert_eq!(rfc3339(Timestamp { seconds: -1, nanos: 500_000_000 }), "1969-12-31T23:59:59.500Z");
    }

    #[test]
    fn a_rate_over_no_time_is_no_number() {
        assert_eq!(rate(1, Duration::ZERO), "–");
        assert_eq!(rate(2048, Duration::from_secs(2)), "1.0 KiB/s");
    }
}
