//! What people write for the place of a repository, taken apart.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use crate::base::hex;
use crate::store::s3::options::S3Options;

/// A place that a backend serves.
pub enum Place {
    /// A directory of this machine.
    Directory(PathBuf),
    /// A bucket.
    S3(Box<S3Options>),
}

/// The place that `url` names, or why none.
pub fn parse(url: &str) -> Result<Place, String> {
    match url.split_once("://") {
        _ if url.is_empty() => Err("an empty text names no repository".into()),
        Some(("file", rest)) => match file_url_path(rest) {
            Some(path) => Ok(Place::Directory(path)),
            None => Err("a file URL has the form file:///absolute/path, on this machine".into()),
        },
        Some(("s3", rest)) => S3Options::parse(rest).map(|options| Place::S3(Box::new(options))),
        Some((scheme, _)) if is_scheme(scheme) => Err(format!(
            "{scheme}:// is not supported: repositories are kept in directories and in S3 buckets; give \
             a path or s3://BUCKET/PREFIX"
        )),
        _ => Ok(Place::Directory(PathBuf::from(url))),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
}

/// The path of `file://` + `rest` (RFC 8089): no host or `localhost`, absolute, percent-encoded.
fn file_url_path(rest: &str) -> Option<PathBuf> {
    let encoded = rest.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(rest);
    if !encoded.starts_with('/') {
        return None;
    }
    let mut path = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        path.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(|digit| digit.to_ascii_lowercase());
                hex::decode::<1>(std::str::from_utf8(&digits).ok()?)?[0]
            }
            byte => byte,
        });
    }
    (!path.contains(&0)).then(|| OsString::from_vec(path).into())
}
