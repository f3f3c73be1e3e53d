//! `lifeboat.toml` as values: what is left when everything has been checked.
//!
//! A key that is missing is `None` or empty, never a default: flags and variables come first, and
//! only a command knows what holds in the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::cli::settings::database::DatabaseSettings;
use crate::cli::settings::notify::model::{
    ByName, ChannelSettings, ContactSettings, EscalationSettings, GroupSettings, NotifySettings,
    RuleSettings, TemplateSettings, rules,
};
use crate::cli::settings::protect::{FreezeSettings, SnapshotSettings};
use crate::cli::settings::s3::S3Settings;
use crate::cli::values::{parse_duration, parse_size};

/// The file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What holds where nothing else is said.
    pub defaults: Defaults,
    /// Repositories by name.
    pub repository: BTreeMap<String, RepositorySettings>,
    /// Jobs by name.
    pub job: BTreeMap<String, JobSettings>,
    /// How people are told.
    pub notify: NotifySettings,
    /// People by name.
    pub contact: ByName<ContactSettings>,
    /// Groups by name.
    pub group: ByName<GroupSettings>,
    /// Channels by name.
    pub channel: ByName<ChannelSettings>,
    /// Escalations by name.
    pub escalation: ByName<EscalationSettings>,
    /// Words by name.
    pub template: ByName<TemplateSettings>,
}

/// `[defaults]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// The name of a repository.
    pub repository: Option<String>,
    /// The host's name.
    pub host: Option<String>,
    /// Where the cache is.
    pub cache_dir: Option<PathBuf>,
    /// Where state is.
    pub state_dir: Option<PathBuf>,
    /// Bytes of memory.
    #[serde(deserialize_with = "size")]
    pub memory_limit: Option<u64>,
    /// The zstd level.
    pub compression: Option<i32>,
    /// Files read at once.
    pub read_concurrency: Option<usize>,
}

/// `[repository.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepositorySettings {
    /// A directory or a URL.
    pub url: String,
    /// The pinned fingerprint.
    pub fingerprint: Option<String>,
    /// Identity files.
    #[serde(deserialize_with = "list")]
    pub identity_file: Vec<PathBuf>,
    /// Where the passphrase is.
    pub passphrase_file: Option<PathBuf>,
    /// What prints the passphrase.
    pub passphrase_command: Option<String>,
    /// Bytes a second to it.
    #[serde(deserialize_with = "size")]
    pub limit_upload: Option<u64>,
    /// Bytes a second from it.
    #[serde(deserialize_with = "size")]
    pub limit_download: Option<u64>,
    /// Operations at once.
    pub connections: Option<u16>,
    /// Attempts beyond the first.
    pub retries: Option<u32>,
    /// When to give up trying again.
    #[serde(deserialize_with = "duration")]
    pub retry_deadline: Option<Duration>,
    /// What warms objects up.
    pub warm_up_command: Option<String>,
    /// The options of a bucket.
    pub s3: S3Settings,
    /// Further stores that hold the same.
    pub replica: Vec<ReplicaSettings>,
    /// The name of the first, at `url`.
    pub replica_name: Option<String>,
    /// Its zone.
    pub replica_zone: Option<String>,
    /// Its role.
    pub replica_role: Option<String>,
    /// Its share of the reads.
    pub replica_weight: Option<u32>,
    /// How reads choose.
    pub read_policy: Option<String>,
    /// How many required replicas must hold a write.
    pub write_quorum: Option<usize>,
    /// How young a snapshot is whose locks are renewed.
    #[serde(deserialize_with = "duration")]
    pub lock_window: Option<Duration>,
    /// How young evidence is whose locks are renewed.
    #[serde(deserialize_with = "duration")]
    pub lock_evidence: Option<Duration>,
    /// Who is told of it.
    #[serde(deserialize_with = "rules")]
    pub notify: Vec<RuleSettings>,
    /// How often a check is expected.
    #[serde(deserialize_with = "duration")]
    pub check_every: Option<Duration>,
    /// How often replicas are to be brought up to date.
    #[serde(deserialize_with = "duration")]
    pub replica_sync_every: Option<Duration>,
}

/// `[[repository.NAME.replica]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplicaSettings {
    /// Its name.
    pub name: String,
    /// A directory or a URL.
    pub url: String,
    /// What fails together with it.
    pub zone: Option<String>,
    /// `required` or `mirror`.
    pub role: Option<String>,
    /// Its share of the reads.
    pub weight: Option<u32>,
}

/// `[job.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobSettings {
    /// The name of a repository.
    pub repository: Option<String>,
    /// What is backed up.
    #[serde(deserialize_with = "list")]
    pub sources: Vec<PathBuf>,
    /// A program whose output is backed up instead.
    pub stream: Option<StreamSettings>,
    /// Databases that are dumped.
    pub database: Vec<DatabaseSettings>,
    /// The host's name.
    pub host: Option<String>,
    /// Tags of the snapshots.
    #[serde(deserialize_with = "list")]
    pub tags: Vec<String>,
    /// Patterns of what is left out.
    #[serde(deserialize_with = "list")]
    pub exclude: Vec<String>,
    /// The same, whatever the case.
    #[serde(deserialize_with = "list")]
    pub iexclude: Vec<String>,
    /// Files of patterns.
    #[serde(deserialize_with = "list")]
    pub exclude_files: Vec<PathBuf>,
    /// CACHEDIR.TAG counts.
    pub exclude_caches: Option<bool>,
    /// Names of files that mark a directory.
    #[serde(deserialize_with = "list")]
    pub exclude_if_present: Vec<String>,
    /// Bytes.
    #[serde(deserialize_with = "size")]
    pub exclude_larger_than: Option<u64>,
    /// Names of extended attributes.
    #[serde(deserialize_with = "list")]
    pub exclude_xattrs: Vec<String>,
    /// The `d` attribute counts.
    pub nodump: Option<bool>,
    /// Stay on one file system.
    pub one_file_system: Option<bool>,
    /// ctime does not count.
    pub ignore_ctime: Option<bool>,
    /// Inode numbers do not count.
    pub ignore_inode: Option<bool>,
    /// Access times are recorded.
    pub with_atime: Option<bool>,
    /// The zstd level.
    pub compression: Option<i32>,
    /// Files read at once.
    pub read_concurrency: Option<usize>,
    /// The system's state is captured.
    pub system: Option<bool>,
    /// LUKS headers are kept with it.
    pub luks_headers: Option<bool>,
    /// What holds writers still.
    pub freeze: Option<FreezeSettings>,
    /// What is read instead of the files themselves.
    pub snapshot: Option<SnapshotSettings>,
    /// Commands around the backup.
    pub hooks: HookSettings,
    /// What is kept.
    pub retention: RetentionSettings,
    /// Who is told.
    #[serde(deserialize_with = "rules")]
    pub notify: Vec<RuleSettings>,
    /// How often it is expected.
    #[serde(deserialize_with = "duration")]
    pub expect_every: Option<Duration>,
}

/// `stream = { … }` of a job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamSettings {
    /// The name in the snapshot.
    pub name: String,
    /// The program and its arguments.
    #[serde(deserialize_with = "list")]
    pub program: Vec<String>,
}

/// `[job.NAME.hooks]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HookSettings {
    /// Before the backup.
    #[serde(deserialize_with = "list")]
    pub before: Vec<String>,
    /// After it was committed.
    #[serde(deserialize_with = "list")]
    pub after: Vec<String>,
    /// After it failed.
    #[serde(deserialize_with = "list")]
    pub on_failure: Vec<String>,
    /// For each command.
    #[serde(deserialize_with = "duration")]
    pub timeout: Option<Duration>,
}

/// `[job.NAME.retention]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// The newest so many.
    pub keep_last: Option<u32>,
    /// Of so many hours.
    pub keep_hourly: Option<u32>,
    /// Of so many days.
    pub keep_daily: Option<u32>,
    /// Of so many weeks.
    pub keep_weekly: Option<u32>,
    /// Of so many months.
    pub keep_monthly: Option<u32>,
    /// Of so many years.
    pub keep_yearly: Option<u32>,
    /// All younger than this.
    #[serde(deserialize_with = "duration")]
    pub keep_within: Option<Duration>,
    /// All with one of these tags.
    #[serde(deserialize_with = "list")]
    pub keep_tags: Vec<String>,
}

impl Settings {
    /// Makes every path absolute: `~/` is `home`, and anything else that is relative begins at `base`.
    pub fn resolve_paths(&mut self, base: &Path, home: Option<&Path>) {
        let resolve = |path: &mut PathBuf| *path = absolute(path, base, home);
        self.defaults.cache_dir.iter_mut().for_each(resolve);
        self.defaults.state_dir.iter_mut().for_each(resolve);
        for repository in self.repository.values_mut() {
            repository.identity_file.iter_mut().for_each(resolve);
            repository.passphrase_file.iter_mut().for_each(resolve);
            repository.s3.ca_bundle.iter_mut().for_each(resolve);
            let replicas = repository.replica.iter_mut().map(|replica| &mut replica.url);
            for url in std::iter::once(&mut repository.url).chain(replicas) {
                if !url.contains("://") {
                    // A TOML text and a home directory that is UTF-8 make UTF-8; another home stays
                    // unresolved.
                    let path = absolute(Path::new(url.as_str()), base, home);
                    *url = path.into_os_string().into_string().unwrap_or_else(|_| url.clone());
                }
            }
        }
        for channel in self.channel.values_mut() {
            channel.ca_file.iter_mut().chain(&mut channel.socket).for_each(resolve);
            for text in channel.secrets() {
                if let Some(path) = text.strip_prefix("file:") {
                    *text = format!("file:{}", absolute(Path::new(path), base, home).display());
                }
            }
        }
        for job in self.job.values_mut() {
            job.sources.iter_mut().for_each(resolve);
            job.exclude_files.iter_mut().for_each(resolve);
            if let Some(snapshot) = &mut job.snapshot {
                snapshot.of.iter_mut().chain(&mut snapshot.path).for_each(resolve);
            }
            for database in &mut job.database {
                database.paths().for_each(resolve);
            }
        }
    }
}

fn absolute(path: &Path, base: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) if rest.as_os_str().is_empty() => home.to_owned(),
        (Ok(rest), Some(home)) => home.join(rest),
        _ => base.join(path),
    }
}

pub(super) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        One(T),
        Many(Vec<T>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Size {
        Bytes(u64),
        Text(String),
    }
    match Size::deserialize(deserializer)? {
        Size::Bytes(bytes) => Ok(Some(bytes)),
        Size::Text(text) => parse_size(&text).map(Some).map_err(D::Error::custom),
    }
}

pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Settings;

    #[test]
    fn paths_begin_at_the_file_or_at_home() {
        let mut settings: Settings = toml::from_str(
            "[repository.a]\nurl = 'repo'\nidentity_file = '~/key'\n\
             [[repository.a.replica]]\nname = 'x'\nurl = '~/copy'\n[repository.b]\nurl = 's3://b/p'\n\
             [job.j]\nsources = ['~', '/etc', 'here']",
        )
        .unwrap();
        settings.resolve_paths(Path::new("/conf"), Some(Path::new("/home/me")));
        assert_eq!(settings.repository["a"].url, "/conf/repo");
        assert_eq!(settings.repository["a"].replica[0].url, "/home/me/copy");
        assert_eq!(settings.repository["a"].identity_file, [Path::new("/home/me/key")]);
        assert_eq!(settings.repository["b"].url, "s3://b/p");
        assert_eq!(settings.job["j"].sources, ["/home/me", "/etc", "/conf/here"].map(Path::new));
    }
}
