//! Whether a single value of a plan file is what its key is to hold, and if not, why.

use toml::de::DeValue;

use crate::base::{duration, size};
use crate::plan::file::model::DiskName;
use crate::plan::file::schema::{Kind, SCHEMA};

/// `None` where the value is of another type than its key's, else whether it fits; an empty reason leaves
/// what is expected to speak for itself.
pub fn fits(value: &DeValue<'_>, kind: Kind) -> Option<Result<(), String>> {
    let text = value.as_str();
    match kind {
        Kind::Bool => value.as_bool().map(|_| Ok(())),
        Kind::Integer(low, high) => {
            integer(value).map(|number| (low..=high).contains(&number).then_some(()).ok_or(String::new()))
        }
        Kind::Size => match integer(value) {
            Some(bytes) => (bytes > 0).then_some(Ok(())),
            None => text.map(|text| size::parse(text).map(drop)),
        },
        Kind::Duration => text.map(|text| duration::parse(text).map(drop)),
        Kind::Schema => text.map(schema),
        Kind::Name => text.map(name),
        Kind::Path | Kind::Paths => text.map(path),
        Kind::Patterns => text.map(pattern),
        Kind::Snapshot => text.map(snapshot),
        Kind::Disk | Kind::Disks => text.map(|text| DiskName::parse(text).map(drop)),
        Kind::Word(words) => text.map(|text| match words.contains(&text) {
            true => Ok(()),
            false => Err(format!("`{text}` is none of these words")),
        }),
        _ => text.filter(|text| !text.is_empty()).map(|_| Ok(())),
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn schema(text: &str) -> Result<(), String> {
    match text {
        SCHEMA => Ok(()),
        _ => Err("this version of lifeboat reads no other".into()),
    }
}

/// Whether `text` is a name as components, groups and plans have it.
pub fn name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    match !text.is_empty() && text.len() <= 64 && !text.starts_with(['.', '-']) && text.chars().all(fits) {
        true => Ok(()),
        false => {
            Err("a name has at most 64 letters, digits, `.`, `_` and `-`, and begins with no dot or dash"
                .into())
        }
    }
}

fn path(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err("it does not begin with a slash".into());
    }
    match text.contains('\0') || text.split('/').any(|name| name == "..") {
        true => Err("it climbs with `..`".into()),
        false => Ok(()),
    }
}

fn pattern(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("an empty pattern matches nothing".into());
    }
    let mut builder = ignore::gitignore::GitignoreBuilder::new("/");
    builder.add_line(None, text).map_err(|error| error.to_string())?;
    builder.build().map(drop).map_err(|error| error.to_string())
}

fn snapshot(text: &str) -> Result<(), String> {
    let host = text.strip_prefix("latest@");
    let is_id = (4..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text == "latest" || host.is_some_and(|host| !host.is_empty() && !host.contains('/')) || is_id {
        true => Ok(()),
        false => Err("it names no snapshot".into()),
    }
}
