//! `sources.list` and `*.sources` (deb822): where apt takes packages from.

use crate::system::model::packages::Repository;
use crate::system::parse::text::{self, without_credentials};

/// Reads a file of one line for each repository.
pub fn parse_list(file: &str, path: &str) -> Vec<Repository> {
    let mut found = Vec::new();
    for line in text::lines(file, "") {
        let (line, is_enabled) = match line.strip_prefix('#') {
            // A line that was commented out is a repository that is switched off; other comments are prose.
            Some(rest) => (rest.trim_start_matches(['#', ' ']), false),
            None => (line, true),
        };
        let Some((kind, rest)) = line.split_once(char::is_whitespace) else { continue };
        if !matches!(kind, "deb" | "deb-src") {
            continue;
        }
        found.extend(one_line(kind, rest.trim(), path, is_enabled));
    }
    found
}

fn one_line(kind: &str, rest: &str, path: &str, is_enabled: bool) -> Option<Repository> {
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let rest = rest.split('#').next().unwrap_or(rest);
    // `cdrom:[Debian 12]/` has spaces in its address.
    let (url, rest) = match rest.trim().strip_prefix("cdrom:[") {
        Some(disc) => {
            let (name, rest) = disc.split_once(']')?;
            let (tail, rest) = rest.split_once(char::is_whitespace)?;
            (format!("cdrom:[{name}]{tail}"), rest)
        }
        None => {
            let (url, rest) = rest.trim().split_once(char::is_whitespace)?;
            (without_credentials(url), rest)
        }
    };
    if !url.contains(':') {
        return None;
    }
    let mut words = rest.split_whitespace().map(str::to_owned);
    let suite = words.next()?;
    let mut repository = Repository {
        file: path.to_owned(),
        kind: kind.to_owned(),
        is_enabled,
        is_verified: true,
        urls: vec![url],
        suites: vec![suite],
        components: words.collect(),
        ..Repository::default()
    };
    for (key, value) in options.split_whitespace().filter_map(|option| option.split_once('=')) {
        set(&mut repository, &key.to_ascii_lowercase(), value);
    }
    name(&mut repository);
    Some(repository)
}

/// Reads a file of stanzas.
pub fn parse_sources(file: &str, path: &str) -> Vec<Repository> {
    let mut found = Vec::new();
    let without_comments: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
    for stanza in without_comments.join("\n").split("\n\n") {
        let fields = fields(stanza);
        let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let words = |name: &str| -> Vec<String> {
            get(name).unwrap_or("").split_whitespace().map(str::to_owned).collect()
        };
        for kind in words("types") {
            let mut repository = Repository {
                file: path.to_owned(),
                kind,
                is_enabled: get("enabled").is_none_or(text::is_yes),
                is_verified: true,
                urls: words("uris").iter().map(|url| without_credentials(url)).collect(),
                suites: words("suites"),
                components: words("components"),
                ..Repository::default()
            };
            for (key, value) in &fields {
                if !matches!(key.as_str(), "types" | "uris" | "suites" | "components" | "enabled") {
                    set(&mut repository, key, value);
                }
            }
            name(&mut repository);
            found.extend((!repository.urls.is_empty()).then_some(repository));
        }
    }
    found
}

/// The fields of a stanza, names in small letters; lines that begin with a space go on.
fn fields(stanza: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in stanza.lines() {
        match (line.starts_with([' ', '\t']), line.split_once(':'), fields.last_mut()) {
            (true, _, Some((_, value))) => {
                value.push('\n');
                value.push_str(line.trim());
            }
            (false, Some((key, value)), _) => {
                fields.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
            _ => {}
        }
    }
    fields
}

fn set(repository: &mut Repository, key: &str, value: &str) {
    match key {
        // A key may stand in the stanza itself: then the file is its place.
        "signed-by" if value.contains("BEGIN PGP") => repository.signed_by = vec![repository.file.clone()],
        "signed-by" => {
            repository.signed_by = value.split([',', '\n', ' ']).filter_map(text::some).collect();
        }
        "trusted" => repository.is_verified = !text::is_yes(value),
        _ => {
            repository.options.insert(key.to_owned(), value.to_owned());
        }
    }
}

fn name(repository: &mut Repository) {
    let first = |list: &[String]| list.first().cloned().unwrap_or_default();
    let (url, suite) = (first(&repository.urls), first(&repository.suites));
    repository.id = format!("{} {url} {suite}", repository.kind);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_options_credentials_and_switched_off_ones_are_read() {
        let file = "# see the manual\ndeb http://deb.debian.org/debian bookworm main contrib # x\n\
            #deb-src http://deb.debian.org/debian bookworm main\n\
            deb [arch=amd64,arm64 signed-by=/k.gpg trusted=yes] https://u:p@host/apt stable main\n\
            deb cdrom:[Debian 12 _B_]/ bookworm main\ndeb nonsense\ndebris x y\n";
        let found = parse_list(file, "/etc/apt/sources.list");
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].components, ["main", "contrib"]);
        assert!(!found[1].is_enabled && found[1].kind == "deb-src");
        assert_eq!((found[2].urls[0].as_str(), found[2].is_verified), ("https://host/apt", false));
        assert_eq!(
            (found[2].options["arch"].as_str(), found[2].signed_by[0].as_str()),
            ("amd64,arm64", "/k.gpg")
        );
        assert_eq!(found[3].urls[0], "cdrom:[Debian 12 _B_]/");
    }

    #[test]
    fn stanzas_are_read_with_keys_inside() {
        let file = "# Ubuntu\nTypes: deb deb-src\nURIs: http://archive.ubuntu.com/ubuntu/\n\
            Suites: noble noble-updates\nComponents: main\nSigned-By: /usr/share/keyrings/x.gpg\n\n\
            Enabled: no\nTypes: deb\nURIs: https://host/\nSuites: ./\nSigned-By:\n\
            \x20-----BEGIN PGP PUBLIC KEY\n .\n";
        let found = parse_sources(file, "/etc/apt/sources.list.d/u.sources");
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].suites.len(), found[1].kind.as_str()), (2, "deb-src"));
        assert!(!found[2].is_enabled);
        assert_eq!(found[2].signed_by, ["/etc/apt/sources.list.d/u.sources"]);
        assert_eq!(found[0].id, "deb http://archive.ubuntu.com/ubuntu/ noble");
    }
}
