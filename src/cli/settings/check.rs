//! Finds every mistake of a configuration at once, each with its place.
//!
//! Parsing goes on after an error, and what could be parsed is held against the schema, so that a
//! person mends the file once and not ten times. Only a file without mistakes becomes `Settings`.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::backup::filter::{Filter, FilterOptions};
use crate::cli::settings::mistake::Mistake;
use crate::cli::settings::model::Settings;
use crate::cli::settings::notify;
use crate::cli::settings::schema::{FILE, Field, Kind};
use crate::cli::values::{parse_duration, parse_host, parse_size, parse_tag};
use crate::notify::model::SecretSource;
use crate::store::replicas::spec::{self, PRIMARY, ReplicaSpec, Role};
use crate::store::s3::options::S3Options;

/// What `source` says, or everything that is wrong with it, in the order of its lines.
pub fn check(source: &str) -> Result<Settings, Vec<Mistake>> {
    let (document, errors) = DeTable::parse_recoverable(source);
    let mut walk = Walk { source, mistakes: Vec::new(), repositories: BTreeSet::new() };
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        walk.mistakes.push(Mistake::at(source, span, first_line(error.message())));
    }
    let table = document.get_ref();
    if let Some(repositories) = table.get("repository").and_then(|value| value.get_ref().as_table()) {
        walk.repositories = repositories.keys().map(|name| name.get_ref().to_string()).collect();
    }
    walk.table(table, FILE, "the file");
    walk.meaning(table);
    walk.mistakes.extend(notify::check::check(source, table));
    if walk.mistakes.is_empty() {
        match toml::from_str(source) {
            Ok(settings) => {
                walk.buckets(table, &settings);
                walk.databases(table, &settings);
                if walk.mistakes.is_empty() {
                    return Ok(settings);
                }
            }
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                walk.mistakes.push(Mistake::at(source, span, first_line(error.message())));
            }
        }
    }
    // What the parser could not make out may be found again by the schema, at the same place.
    let mut seen = BTreeSet::new();
    walk.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
    walk.mistakes.retain(|mistake| seen.insert((mistake.line, mistake.column)));
    Err(walk.mistakes)
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or("not understood")
}

struct Walk<'a> {
    source: &'a str,
    mistakes: Vec<Mistake>,
    repositories: BTreeSet<String>,
}

impl Walk<'_> {
    /// Holds one table against its fields.
    fn table(&mut self, table: &DeTable<'_>, fields: &[Field], of: &str) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match fields.iter().find(|field| field.name == name) {
                Some(field) => self.value(value, field.kind, name),
                None => {
                    let names = fields.iter().map(|field| field.name);
                    let mistake = Mistake::at(self.source, key.span(), format!("{of} has no key `{name}`"))
                        .expected(format!("one of {}", names.clone().collect::<Vec<_>>().join(", ")))
                        .suggest(name, names);
                    self.mistakes.push(mistake);
                }
            }
        }
    }

    /// Holds one value against what its key is to hold.
    fn value(&mut self, value: &Spanned<DeValue<'_>>, kind: Kind, name: &str) {
        match kind {
            Kind::Table(fields) => match value.get_ref().as_table() {
                Some(table) => self.table(table, fields, &format!("`{name}`")),
                None => self.wrong(value, kind, name),
            },
            Kind::Named(fields) => match value.get_ref().as_table() {
                Some(tables) => self.named(tables, fields, name),
                None => self.wrong(value, kind, name),
            },
            Kind::List(fields) => match value.get_ref().as_array() {
                Some(items) => items.iter().for_each(|item| match item.get_ref().as_table() {
                    Some(table) => self.table(table, fields, &format!("`{name}`")),
                    None => self.wrong(item, kind, name),
                }),
                None => self.wrong(value, kind, name),
            },
            Kind::Rules(fields) => match value.get_ref() {
                DeValue::Table(table) => self.table(table, fields, &format!("`{name}`")),
                DeValue::Array(_) => self.value(value, Kind::List(fields), name),
                _ => self.wrong(value, kind, name),
            },
            Kind::Texts
            | Kind::Paths
            | Kind::Patterns
            | Kind::Tags
            | Kind::Words(_)
            | Kind::People
            | Kind::ContactNames
            | Kind::ChannelNames => match value.get_ref().as_array() {
                Some(items) => items.iter().for_each(|item| self.scalar(item, kind, name)),
                None => self.scalar(value, kind, name),
            },
            _ => self.scalar(value, kind, name),
        }
    }

    fn named(&mut self, tables: &DeTable<'_>, fields: &[Field], kind: &str) {
        for (key, value) in tables {
            let name = key.get_ref().as_ref();
            if name.is_empty() || name.contains('/') || name.starts_with(['.', '-']) || name.contains("://") {
                let message = format!("`{name}` is no name for a {kind}");
                let expected = "a name without a slash that begins neither with a dot nor with a dash";
                self.mistakes.push(Mistake::at(self.source, key.span(), message).expected(expected));
            }
            match value.get_ref().as_table() {
                Some(table) => self.table(table, fields, &format!("[{kind}.{name}]")),
                None => {
                    let message = format!("`{kind}.{name}` is to be a table");
                    let mistake = Mistake::at(self.source, value.span(), message);
                    self.mistakes
                        .push(mistake.expected(format!("[{kind}.NAME] with its keys on lines of their own")));
                }
            }
        }
    }

    /// Holds a single value, or an item of a list, against its kind.
    fn scalar(&mut self, value: &Spanned<DeValue<'_>>, kind: Kind, name: &str) {
        let text = value.get_ref().as_str();
        let not_empty = text.is_some_and(|text| !text.is_empty());
        let because = match kind {
            Kind::Bool => value.get_ref().as_bool().map(|_| Ok(())),
            Kind::Integer(low, high) => {
                integer(value).map(|number| (low..=high).contains(&number).then_some(()).ok_or(String::new()))
            }
            Kind::Size if integer(value).is_some_and(|bytes| bytes >= 0) => Some(Ok(())),
            Kind::Size => text.map(|text| parse_size(text).map(drop)),
            Kind::Duration => text.map(|text| parse_duration(text).map(drop)),
            Kind::Host => text.map(|text| parse_host(text).map(drop)),
            Kind::Tags => text.map(|text| parse_tag(text).map(drop)),
            Kind::Patterns => text.map(check_pattern),
            Kind::Url => text.map(check_url),
            Kind::Word(words) | Kind::Words(words) => text.map(|text| check_word(text, words)),
            Kind::Secret => text.map(check_secret),
            Kind::ReplicaName => text.map(|text| match spec::name_fault(text) {
                None => Ok(()),
                Some(why) => Err(format!("a replica's name: {why}")),
            }),
            Kind::RepositoryName => return self.repository_name(value, kind, name),
            _ => not_empty.then_some(Ok(())),
        };
        match because {
            Some(Ok(())) => {}
            Some(Err(why)) if !why.is_empty() => {
                let message = format!("`{name}` is not understood: {why}");
                self.mistakes.push(Mistake::at(self.source, value.span(), message).expected(kind.expected()));
            }
            _ => self.wrong(value, kind, name),
        }
    }

    fn repository_name(&mut self, value: &Spanned<DeValue<'_>>, kind: Kind, name: &str) {
        let Some(text) = value.get_ref().as_str() else { return self.wrong(value, kind, name) };
        if !self.repositories.contains(text) {
            let message = format!("there is no [repository.{text}] in this file");
            let mistake = Mistake::at(self.source, value.span(), message)
                .expected(kind.expected())
                .suggest(text, self.repositories.iter().map(String::as_str));
            self.mistakes.push(mistake);
        }
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, kind: Kind, name: &str) {
        let message = match value.get_ref() {
            DeValue::String(text) if text.is_empty() => format!("`{name}` is empty"),
            DeValue::Integer(_) if matches!(kind, Kind::Integer(..)) => format!("`{name}` is out of range"),
            other => format!("`{name}` cannot be {}", with_article(other.type_str())),
        };
        self.mistakes.push(Mistake::at(self.source, value.span(), message).expected(kind.expected()));
    }

    /// What is required, and what excludes each other.
    fn meaning(&mut self, file: &DeTable<'_>) {
        for (key, value) in tables(file, "repository") {
            let Some(table) = value.get_ref().as_table() else { continue };
            self.require(key, table, "url", Kind::Url);
            if let (Some(_), Some(command)) = (table.get("passphrase_file"), table.get("passphrase_command"))
            {
                let message = "`passphrase_command` and `passphrase_file` exclude each other";
                self.mistakes
                    .push(Mistake::at(self.source, command.span(), message).expected("only one of them"));
            }
            self.replicas(table);
        }
        for (key, value) in tables(file, "job") {
            let Some(table) = value.get_ref().as_table() else { continue };
            match (table.get("sources"), table.get("stream")) {
                (None, None) if table.contains_key("database") || table.contains_key("system") => {}
                (None, None) => self.missing(key, "sources", Kind::Paths, " (or `stream`, or `database`)"),
                (Some(_), Some(stream)) => {
                    let message = "`stream` and `sources` exclude each other";
                    self.mistakes
                        .push(Mistake::at(self.source, stream.span(), message).expected("one job for each"));
                }
                (Some(sources), None) if sources.get_ref().as_array().is_some_and(|list| list.is_empty()) => {
                    let message = "`sources` is empty: the job would back up nothing";
                    self.mistakes.push(
                        Mistake::at(self.source, sources.span(), message).expected(Kind::Paths.expected()),
                    );
                }
                (_, Some(stream)) => {
                    let Some(stream_table) = stream.get_ref().as_table() else { continue };
                    self.require(key, stream_table, "name", Kind::Text);
                    self.require(key, stream_table, "program", Kind::Texts);
                }
                _ => {}
            }
            if let Some(freeze) = table.get("freeze").and_then(|value| value.get_ref().as_table()) {
                self.require(key, freeze, "thaw", Kind::Texts);
            }
            if table.get("repository").is_none() && !self.has_default(file) {
                self.missing(key, "repository", Kind::RepositoryName, " (there is no default one)");
            }
        }
    }

    /// What the URL of a bucket and its table say together.
    fn buckets(&mut self, file: &DeTable<'_>, settings: &Settings) {
        for (key, value) in tables(file, "repository") {
            let Some(repository) = settings.repository.get(key.get_ref().as_ref()) else { continue };
            let table = value.get_ref().as_table().and_then(|table| table.get("s3"));
            let span = table.map_or(key.span(), |table| table.span());
            let folded = repository.s3.fold(&repository.url);
            let fault = match folded.strip_prefix("s3://") {
                Some(rest) => S3Options::parse(rest).err(),
                None => table.map(|_| "it is for repositories at s3://".to_owned()),
            };
            if let Some(why) = fault {
                let message = format!("`{}` cannot be used: {why}", key.get_ref());
                self.mistakes.push(Mistake::at(self.source, span, message).expected(Kind::Url.expected()));
            }
        }
    }

    /// Whether each database of a job, and its snapshot, says all it must.
    fn databases(&mut self, file: &DeTable<'_>, settings: &Settings) {
        for (key, value) in tables(file, "job") {
            let Some(job) = settings.job.get(key.get_ref().as_ref()) else { continue };
            let list = value.get_ref().as_table().and_then(|table| table.get("database"));
            let items = list.and_then(|list| list.get_ref().as_array()).into_iter().flatten();
            let snapshot = value.get_ref().as_table().and_then(|table| table.get("snapshot"));
            if let Some((lacks, snapshot)) = job.snapshot.as_ref().and_then(|one| one.lacks()).zip(snapshot) {
                let why = format!("`snapshot` lacks the key `{lacks}`");
                self.mistakes.push(Mistake::at(self.source, snapshot.span(), why));
            }
            if let Some(snapshot) = snapshot.filter(|_| job.sources.is_empty() && job.stream.is_none()) {
                let why = "`snapshot` is for a job with `sources`";
                self.mistakes.push(Mistake::at(self.source, snapshot.span(), why));
            }
            let mut names = BTreeSet::new();
            for (item, database) in items.zip(&job.database) {
                let place = |key: &str| item.get_ref().as_table().and_then(|table| table.get(key));
                if let Some((key, why)) = database.fault() {
                    let span = place(key).map_or(item.span(), Spanned::span);
                    self.mistakes.push(Mistake::at(self.source, span, why));
                } else if !names.insert(&database.name) {
                    let why = format!("the job has two databases called `{}`", database.name);
                    let span = place("name").map_or(item.span(), Spanned::span);
                    self.mistakes.push(Mistake::at(self.source, span, why).expected("a name of its own"));
                }
            }
        }
    }

    /// Whether the replicas of a repository can work together.
    fn replicas(&mut self, table: &DeTable<'_>) {
        let text = |table: &DeTable<'_>, name: &str| {
            table.get(name).and_then(|value| value.get_ref().as_str()).map(str::to_owned)
        };
        let role = |word: Option<String>| word.and_then(|word| Role::parse(&word)).unwrap_or_default();
        let first_name = text(table, "replica_name").unwrap_or_else(|| PRIMARY.into());
        let mut specs = vec![ReplicaSpec {
            role: role(text(table, "replica_role")),
            ..ReplicaSpec::new(first_name, text(table, "url").unwrap_or_default())
        }];
        let list = table.get("replica").and_then(|value| value.get_ref().as_array());
        for item in list.into_iter().flatten() {
            let Some(replica) = item.get_ref().as_table() else { continue };
            let (name, url) = (text(replica, "name"), text(replica, "url"));
            for (key, found, kind) in [("name", &name, Kind::ReplicaName), ("url", &url, Kind::Url)] {
                if found.is_none() && !replica.contains_key(key) {
                    let message = format!("a replica lacks the key `{key}`");
                    self.mistakes
                        .push(Mistake::at(self.source, item.span(), message).expected(kind.expected()));
                }
            }
            let (Some(name), Some(url)) = (name, url) else { return };
            let spec = ReplicaSpec { role: role(text(replica, "role")), ..ReplicaSpec::new(name, url) };
            specs.push(spec);
            if let Some(why) = spec::clash(&specs) {
                let span = replica.get("name").map_or(item.span(), Spanned::span);
                self.mistakes.push(Mistake::at(self.source, span, why));
                return;
            }
        }
        if !table.contains_key("replica") {
            return;
        }
        let quorum = table.get("write_quorum");
        let number = quorum.and_then(integer).and_then(|number| usize::try_from(number).ok());
        if let Some(why) = spec::fault(&specs, number) {
            let place = quorum.or_else(|| table.get("replica"));
            let span = place.map_or(0..0, Spanned::span);
            self.mistakes.push(Mistake::at(self.source, span, why));
        }
    }

    /// Whether a job may leave out its repository.
    fn has_default(&self, file: &DeTable<'_>) -> bool {
        let defaults = file.get("defaults").and_then(|value| value.get_ref().as_table());
        self.repositories.len() <= 1 || defaults.is_some_and(|table| table.contains_key("repository"))
    }

    fn require(
        &mut self,
        key: &Spanned<toml::de::DeString<'_>>,
        table: &DeTable<'_>,
        name: &str,
        kind: Kind,
    ) {
        if !table.contains_key(name) {
            self.missing(key, name, kind, "");
        }
    }

    fn missing(&mut self, key: &Spanned<toml::de::DeString<'_>>, name: &str, kind: Kind, remark: &str) {
        let message = format!("`{}` lacks the key `{name}`{remark}", key.get_ref());
        self.mistakes.push(Mistake::at(self.source, key.span(), message).expected(kind.expected()));
    }
}

type Entries<'t, 'i> =
    Box<dyn Iterator<Item = (&'t Spanned<toml::de::DeString<'i>>, &'t Spanned<DeValue<'i>>)> + 't>;

/// The named tables of one kind.
fn tables<'t, 'i>(file: &'t DeTable<'i>, kind: &str) -> Entries<'t, 'i> {
    match file.get(kind).and_then(|value| value.get_ref().as_table()) {
        Some(table) => Box::new(table.iter()),
        None => Box::new(std::iter::empty()),
    }
}

fn integer(value: &Spanned<DeValue<'_>>) -> Option<i64> {
    let number = value.get_ref().as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Err("an empty pattern matches nothing".into());
    }
    let options = FilterOptions { exclude: vec![pattern.to_owned()], ..FilterOptions::default() };
    Filter::new(options).map(drop).map_err(|error| error.to_string())
}

fn check_secret(text: &str) -> Result<(), String> {
    match SecretSource::parse(text) {
        Some(_) => Ok(()),
        // What was written may be the secret itself: it is not repeated.
        None => Err("a secret does not belong into this file".into()),
    }
}

fn check_word(word: &str, words: &[&str]) -> Result<(), String> {
    match words.contains(&word) {
        true => Ok(()),
        false => Err(format!("`{word}` is none of these words")),
    }
}

fn check_url(url: &str) -> Result<(), String> {
    match url.split_once("://") {
        None if url.is_empty() => Err("it is empty".into()),
        None | Some(("s3", _)) => Ok(()),
        Some((scheme, _)) => Err(format!("there is no store for {scheme}://")),
    }
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}
