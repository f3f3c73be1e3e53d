//! Values as people type them: sizes, durations, times, subsets, snapshots and paths.
//!
//! The command line and `lifeboat.toml` share these, so that `100M` means the same in both. Each
//! parser says what it expected: its message is all that the person who mistyped gets to see.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Local, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use crate::base::duration;
use crate::base::limits::HOST_NAME_MAX_BYTES;
use crate::base::size;
use crate::base::time::Timestamp;

/// Bytes: a number with an optional binary unit (`512`, `100M`, `1.5GiB`).
pub fn parse_size(text: &str) -> Result<u64, String> {
    size::parse(text)
}

/// A length of time: numbers with units, largest first (`90s`, `1h30m`, `7d`).
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    duration::parse(text)
}

/// A point in time: RFC 3339, or a local `YYYY-MM-DD` with an optional `HH:MM[:SS]`.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    const EXPECTED: &str = "a time is spelled 2026-01-31, \"2026-01-31 13:45\" or 2026-01-31T13:45:00Z";
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(Timestamp {
            seconds: time.timestamp(),
            nanos: time.timestamp_subsec_nanos().min(999_999_999),
        });
    }
    let naive = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN)))
        .ok_or(EXPECTED)?;
    match Local.from_local_datetime(&naive) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => {
            Ok(Timestamp { seconds: time.timestamp(), nanos: time.timestamp_subsec_nanos() })
        }
        LocalResult::None => Err("that time does not exist here: the clocks are set forward then".into()),
    }
}

/// A host's name as object keys can hold it.
pub fn parse_host(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.is_empty() || text.len() > HOST_NAME_MAX_BYTES || text.starts_with('.') || !text.chars().all(fits)
    {
        return Err(
            "a host's name has letters, digits, `.`, `_` and `-`, and does not begin with a dot".into()
        );
    }
    Ok(text.to_owned())
}

/// A tag: a word that can be listed with commas between.
pub fn parse_tag(text: &str) -> Result<String, String> {
    if text.is_empty()
        || text.len() > 255
        || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == ',')
    {
        return Err("a tag is one word, without spaces and commas".into());
    }
    Ok(text.to_owned())
}

/// Which packs `check --read-data-subset` reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subset {
    /// The `part`th of `parts` equal parts, counted from 1: the same packs each time.
    Part {
        /// Which one, `1..=parts`.
        part: u32,
        /// How many there are.
        parts: u32,
    },
    /// So many percent of the packs, chosen anew each time.
    Percent(f64),
}

/// `n/m` or `P%`.
pub fn parse_subset(text: &str) -> Result<Subset, String> {
    const EXPECTED: &str = "a subset is a part such as 3/10, or a percentage such as 2.5%";
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.trim().parse().map_err(|_| EXPECTED.to_owned())?;
        return match percent > 0.0 && percent <= 100.0 {
            true => Ok(Subset::Percent(percent)),
            false => Err("a percentage is more than 0 and at most 100".into()),
        };
    }
    let (part, parts) = text.split_once('/').ok_or(EXPECTED)?;
    let part: u32 = part.parse().map_err(|_| EXPECTED.to_owned())?;
    let parts: u32 = parts.parse().map_err(|_| EXPECTED.to_owned())?;
    match (1..=parts).contains(&part) {
        true => Ok(Subset::Part { part, parts }),
        false => Err("of n/m, n is between 1 and m".into()),
    }
}

/// Which snapshot is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotName {
    /// The newest, of one host or of this one.
    Latest {
        /// The host that `latest@HOST` names.
        host: Option<String>,
    },
    /// The one whose id begins with these hexadecimal digits.
    Prefix(String),
}

impl std::fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SnapshotName::Latest { host: None } => f.write_str("latest"),
            SnapshotName::Latest { host: Some(host) } => write!(f, "latest@{host}"),
            SnapshotName::Prefix(prefix) => f.write_str(prefix),
        }
    }
}

/// `latest`, `latest@HOST` or the beginning of an id.
pub fn parse_snapshot(text: &str) -> Result<SnapshotName, String> {
    const EXPECTED: &str = "a snapshot is `latest`, `latest@HOST` or the beginning of an id (hexadecimal)";
    if text == "latest" {
        return Ok(SnapshotName::Latest { host: None });
    }
    if let Some(host) = text.strip_prefix("latest@") {
        return Ok(SnapshotName::Latest { host: Some(parse_host(host)?) });
    }
    let hexadecimal = text.chars().all(|c| c.is_ascii_hexdigit());
    match hexadecimal && (1..=32).contains(&text.len()) {
        true => Ok(SnapshotName::Prefix(text.to_ascii_lowercase())),
        false => Err(EXPECTED.into()),
    }
}

/// A snapshot, and perhaps a path in it: `SNAP[:PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotPath {
    /// Which snapshot.
    pub snapshot: SnapshotName,
    /// What of it; all where it is `None`. Any bytes, as the source had them.
    pub path: Option<PathBuf>,
}

/// `SNAP[:PATH]`; everything behind the first colon is the path.
pub fn parse_snapshot_path(text: OsString) -> Result<SnapshotPath, String> {
    let bytes = text.as_bytes();
    let (name, path) = match bytes.iter().position(|byte| *byte == b':') {
        Some(colon) => (&bytes[..colon], Some(&bytes[colon + 1..])),
        None => (bytes, None),
    };
    let name = std::str::from_utf8(name).map_err(|_| "a snapshot's name is plain text".to_owned())?;
    let path =
        path.filter(|path| !path.is_empty()).map(|path| PathBuf::from(OsString::from_vec(path.to_vec())));
    Ok(SnapshotPath { snapshot: parse_snapshot(name)?, path })
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffSide {
    /// A snapshot, or a part of it.
    Snapshot(SnapshotPath),
    /// The tree as it is now: below a directory, or where the other side's roots stood.
    Live(Option<PathBuf>),
}

/// `SNAP[:PATH]` or `live:[PATH]`.
pub fn parse_diff_side(text: OsString) -> Result<DiffSide, String> {
    match text.as_bytes().strip_prefix(b"live:") {
        Some(b"") => Ok(DiffSide::Live(None)),
        Some(path) => Ok(DiffSide::Live(Some(PathBuf::from(OsString::from_vec(path.to_vec()))))),
        None => parse_snapshot_path(text).map(DiffSide::Snapshot),
    }
}

/// One `--map-user` or `--map-group`: whoever was FROM becomes TO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerMap {
    /// A name or a number of the source.
    pub from: String,
    /// A name or a number here.
    pub to: String,
}

/// `FROM:TO`.
pub fn parse_owner_map(text: &str) -> Result<OwnerMap, String> {
    match text.split_once(':') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() && !to.contains(':') => {
            Ok(OwnerMap { from: from.to_owned(), to: to.to_owned() })
        }
        _ => Err("a mapping is FROM:TO, each a name or a number, such as 1000:alice".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up_and_units_only_shrink() {
        for (text, seconds) in [("90s", 90), ("1h30m", 5400), ("7d", 604_800), ("1w1d", 691_200), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "90", "s", "1m1h", "1s1s", "-1s", "1.5h", "99999999999999999999s", "1 h", "5é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read_with_a_zone_or_as_local() {
        assert_eq!(parse_time("1970-01-01T00:00:01Z"), Ok(Timestamp { seconds: 1, nanos: 0 }));
        assert_eq!(
            parse_time("1970-01-01T01:00:00.5+01:00"),
            Ok(Timestamp { seconds: 0, nanos: 500_000_000 })
        );
        assert_eq!(parse_time("2026-01-31 00:00"), parse_time("2026-01-31"));
        for text in ["", "yesterday", "2026-02-30", "2026-01-31 25:00", "31.01.2026"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn subsets_stay_within_the_whole() {
        assert_eq!(parse_subset("3/10"), Ok(Subset::Part { part: 3, parts: 10 }));
        assert_eq!(parse_subset("2.5%"), Ok(Subset::Percent(2.5)));
        for text in ["0/10", "11/10", "1/0", "0%", "101%", "NaN%", "inf%", "", "1", "1/2/3"] {
            assert!(parse_subset(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_snapshot_path_is_cut_at_the_first_colon_and_keeps_odd_bytes() {
        let parsed = parse_snapshot_path(OsString::from_vec(b"latest@web-1:/a:b\xff".to_vec())).unwrap();
        assert_eq!(parsed.snapshot, SnapshotName::Latest { host: Some("web-1".into()) });
        assert_eq!(parsed.path.unwrap().as_os_str().as_bytes(), b"/a:b\xff");
        let parsed = parse_snapshot_path("DEADbeef:".into()).unwrap();
        assert_eq!(parsed, SnapshotPath { snapshot: SnapshotName::Prefix("deadbeef".into()), path: None });
        for text in ["", "newest", ":/etc", "latest@", "latest@a/b", "/etc", &"a".repeat(33)] {
            assert!(parse_snapshot_path(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_live_tree_is_one_side_of_a_comparison() {
        assert_eq!(parse_diff_side("live:".into()), Ok(DiffSide::Live(None)));
        assert_eq!(parse_diff_side("live:/etc".into()), Ok(DiffSide::Live(Some("/etc".into()))));
        assert!(matches!(parse_diff_side("latest:/etc".into()), Ok(DiffSide::Snapshot(_))));
    }

    #[test]
    fn names_that_object_keys_cannot_hold_are_refused() {
        assert!(parse_host("web-1.example.org").is_ok());
        for host in ["", ".", "..", ".hidden", "a/b", "a b", "é", &"x".repeat(256)] {
            assert!(parse_host(host).is_err(), "{host}");
        }
        for tag in ["", "a b", "a,b", "a\n"] {
            assert!(parse_tag(tag).is_err(), "{tag}");
        }
    }

    #[test]
    fn owner_maps_have_exactly_two_sides() {
        assert!(parse_owner_map("1000:alice").is_ok());
        for text in ["", "a", ":a", "a:", "a:b:c"] {
            assert!(parse_owner_map(text).is_err(), "{text}");
        }
    }
}
