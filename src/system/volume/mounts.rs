//! What is mounted where, as `/proc/self/mountinfo` says.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// One mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub point: PathBuf,
    /// Its kind, such as `ext4`.
    pub kind: String,
    /// The device, or what stands for one.
    pub source: String,
}

/// All of them, in the order in which they were mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mounts(Vec<Mount>);

impl Mounts {
    /// The ones of this process.
    pub fn of_system() -> io::Result<Self> {
        Ok(Self::parse(&fs::read("/proc/self/mountinfo")?))
    }

    /// Reads the lines of `mountinfo`; one that is not understood is left out.
    pub fn parse(text: &[u8]) -> Self {
        let mount = |line: &[u8]| {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
            let separator = fields.iter().position(|field| *field == b"-")?;
            let plain = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Some(Mount {
                point: PathBuf::from(OsString::from_vec(unescape(fields.get(4)?))),
                kind: plain(fields.get(separator + 1)?),
                source: plain(&unescape(fields.get(separator + 2)?)),
            })
        };
        Self(text.split(|byte| *byte == b'\n').filter_map(mount).collect())
    }

    /// The mount that `path` lies on: the last one at the longest mount point.
    pub fn of(&self, path: &Path) -> Option<&Mount> {
        let all = self.0.iter().filter(|mount| path.starts_with(&mount.point));
        all.max_by_key(|mount| mount.point.as_os_str().len())
    }

    /// Mount points strictly below `path`.
    pub fn below<'m>(&'m self, path: &Path) -> impl Iterator<Item = &'m Path> {
        let path = path.to_owned();
        let points = self.0.iter().map(|mount| mount.point.as_path());
        points.filter(move |point| *point != path && point.starts_with(&path))
    }

    /// Whether something is mounted at `path`.
    pub fn has(&self, path: &Path) -> bool {
        self.0.iter().any(|mount| mount.point == path)
    }
}

/// Blanks and the like are written `\040` in octal.
fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let number = (*first == b'\\').then(|| after.get(..3)).flatten();
        let number = number.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match number {
            Some(byte) => {
                plain.push(byte);
                rest = &after[3..];
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}
