//! `[repository.NAME.s3]`: the options of a bucket, which become part of its URL.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::cli::settings::model::duration;
use crate::store::s3::options::with_option;

/// The table. A key is the option of the URL with `_` for `-`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3Settings {
    /// The server.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The bucket stands in the path.
    pub path_style: Option<bool>,
    /// Whose credentials.
    pub profile: Option<String>,
    /// Certificates.
    pub ca_bundle: Option<PathBuf>,
    /// An HTTP proxy.
    pub proxy: Option<String>,
    /// The storage class of all objects.
    pub storage_class: Option<String>,
    /// That of packs.
    pub storage_class_packs: Option<String>,
    /// Server-side encryption.
    pub sse: Option<String>,
    /// Its key.
    pub sse_kms_key: Option<String>,
    /// The requester pays.
    pub request_payer: Option<bool>,
    /// The checksum of uploads.
    pub checksum: Option<String>,
    /// Until a connection stands.
    #[serde(deserialize_with = "duration")]
    pub connect_timeout: Option<Duration>,
    /// Until an answer begins.
    #[serde(deserialize_with = "duration")]
    pub first_byte_timeout: Option<Duration>,
    /// Between two pieces.
    #[serde(deserialize_with = "duration")]
    pub stall_timeout: Option<Duration>,
    /// Who sees to it that nothing is replaced.
    pub conditional: Option<String>,
    /// The mode of Object Lock.
    pub lock: Option<String>,
    /// For how long.
    #[serde(deserialize_with = "duration")]
    pub lock_for: Option<Duration>,
    /// What is left when it is renewed.
    #[serde(deserialize_with = "duration")]
    pub lock_renew: Option<Duration>,
    /// How long that waits.
    #[serde(deserialize_with = "duration")]
    pub settle: Option<Duration>,
}

impl S3Settings {
    /// `url` with what the table says; `url` itself where that is nothing.
    pub fn fold(&self, url: &str) -> String {
        let path = self.ca_bundle.as_ref().map(|path| path.to_string_lossy().into_owned());
        let truth = |value: Option<bool>| value.map(|value| value.to_string());
        let time = |value: Option<Duration>| value.map(|value| format!("{}ms", value.as_millis()));
        let seconds = |value: Option<Duration>| value.map(|value| format!("{}s", value.as_secs()));
        let options = [
            ("endpoint", self.endpoint.clone()),
            ("region", self.region.clone()),
            ("path-style", truth(self.path_style)),
            ("profile", self.profile.clone()),
            ("ca-bundle", path),
            ("proxy", self.proxy.clone()),
            ("storage-class", self.storage_class.clone()),
            ("storage-class-packs", self.storage_class_packs.clone()),
            ("sse", self.sse.clone()),
            ("sse-kms-key", self.sse_kms_key.clone()),
            ("request-payer", truth(self.request_payer)),
            ("checksum", self.checksum.clone()),
            ("connect-timeout", time(self.connect_timeout)),
            ("first-byte-timeout", time(self.first_byte_timeout)),
            ("stall-timeout", time(self.stall_timeout)),
            ("conditional", self.conditional.clone()),
            ("lock", self.lock.clone()),
            ("lock-for", seconds(self.lock_for)),
            ("lock-renew", seconds(self.lock_renew)),
            ("settle", time(self.settle)),
        ];
        let said = options.into_iter().filter_map(|(name, value)| Some((name, value?)));
        said.fold(url.to_owned(), |url, (name, value)| with_option(&url, name, &value))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::S3Settings;
    use crate::cli::settings::schema::{FILE, Field, Kind};
    use crate::store::s3::options::{OPTIONS, S3Options};
    use crate::store::vault::LockMode;

    #[test]
    fn the_table_says_what_the_url_would() {
        let settings: S3Settings = toml::from_str(
            "endpoint = 'http://127.0.0.1:8333'\nstall_timeout = '90s'\npath_style = false\n\
             profile = 'a b&c=d'\nsse = 'aws:kms'\nsse_kms_key = 'arn:aws:kms:eu-west-1:1:key/1'\n\
             lock = 'compliance'\nlock_for = '2w'",
        )
        .unwrap();
        let url = settings.fold("s3://bucket/prefix?region=eu-west-1");
        let options = S3Options::parse(url.strip_prefix("s3://").unwrap()).unwrap();
        assert_eq!(options.endpoint.as_deref(), Some("http://127.0.0.1:8333"));
        assert_eq!(options.stall_timeout, Duration::from_secs(90));
        assert_eq!(options.profile.as_deref(), Some("a b&c=d"));
        assert_eq!(options.region.as_deref(), Some("eu-west-1"));
        assert_eq!(options.sse_kms_key.as_deref(), Some("arn:aws:kms:eu-west-1:1:key/1"));
        let lock = options.lock.unwrap();
        assert_eq!((lock.mode, lock.duration.as_secs()), (LockMode::Compliance, 14 * 86_400));
        assert!(!options.path_style);
        assert_eq!(S3Settings::default().fold("/a?b"), "/a?b");
    }

    #[test]
    fn the_table_has_every_option_of_the_url() {
        let inner = |fields: &'static [Field], name: &str| -> &'static [Field] {
            match fields.iter().find(|field| field.name == name).unwrap().kind {
                Kind::Table(fields) | Kind::Named(fields) => fields,
                _ => panic!("{name} is no table"),
            }
        };
        let mut keys: Vec<String> =
            inner(inner(FILE, "repository"), "s3").iter().map(|field| field.name.replace('_', "-")).collect();
        let mut options: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
        keys.sort_unstable();
        options.sort_unstable();
        assert_eq!(keys, options);
    }
}
