//! The small formats that many files share: `KEY=value` of shells, `key: value`, INI, words in quotes.

/// Lines that say something: trimmed, without empty ones and those that begin with one of `comment`.
pub fn lines<'a>(text: &'a str, comment: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines()
        .map(str::trim)
        .filter(move |line| !line.is_empty() && !line.starts_with(|c| comment.contains(c)))
}

/// `KEY=value` as in os-release and /etc/default: quotes and backslashes are undone, in order.
pub fn assignments(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in lines(text, "#;") {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim();
        if !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            found.push((key.to_owned(), unquote(value.trim())));
        }
    }
    found
}

/// The value of the last `KEY=value` of that key.
pub fn assignment(text: &str, key: &str) -> Option<String> {
    let found = assignments(text).into_iter().rev().find(|(name, _)| name == key);
    found.map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// A word as a shell reads it: quotes go, and backslashes but in single quotes; a comment after a space goes
/// too.
pub fn unquote(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut quote = None;
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => text.extend(characters.next()),
            ('"' | '\'', None) => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            ('#', None) if text.ends_with(' ') => break,
            _ => text.push(c),
        }
    }
    match quote {
        None => text.trim_end().to_owned(),
        Some(_) => text,
    }
}

/// One section of an INI file: its name and its settings, in order.
pub type Section = (String, Vec<(String, String)>);

/// An INI file: sections with their `key = value`, in order; lines that begin with a space go on.
pub fn ini(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push((name.trim().to_owned(), Vec::new()));
            continue;
        }
        let Some((_, settings)) = sections.last_mut() else { continue };
        match (line.starts_with([' ', '\t']), trimmed.split_once('='), settings.last_mut()) {
            (true, _, Some((_, value))) => {
                value.push('\n');
                value.push_str(trimmed);
            }
            (_, Some((key, value)), _) => settings.push((key.trim().to_owned(), value.trim().to_owned())),
            _ => {}
        }
    }
    sections
}

/// The last value of `key` in a section's settings.
pub fn setting<'a>(settings: &'a [(String, String)], key: &str) -> Option<&'a str> {
    settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// A text without its surroundings of space; `None` if nothing is left.
pub fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether a setting means yes.
pub fn is_yes(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "1" | "yes" | "true" | "on" | "enabled")
}

/// An address without user and password: `https://user:pass@host/` becomes `https://host/`.
pub fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_as_a_shell_reads_them() {
        let text = "# no\nNAME=\"Debian \\\"x\\\" GNU\"\nID='a b'\nexport X=1 # why\nbad line\n=x\nE=\n";
        let found = assignments(text);
        let expected = [("NAME", "Debian \"x\" GNU"), ("ID", "a b"), ("X", "1"), ("E", "")];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(assignment(text, "E"), None);
        assert_eq!(unquote("\"never closed"), "never closed");
    }

    #[test]
    fn ini_sections_keep_order_and_continued_lines() {
        let sections = ini("lost=1\n[a]\nb = c\n d\n# x\n[e]\nf=g=h\n");
        assert_eq!(sections[0], ("a".into(), vec![("b".into(), "c\nd".into())]));
        assert_eq!(setting(&sections[1].1, "f"), Some("g=h"));
    }

    #[test]
    fn credentials_do_not_survive_in_addresses() {
        assert_eq!(without_credentials("https://u:p@host/a@b"), "https://host/a@b");
        assert_eq!(without_credentials("https://u:p@q@host"), "https://host");
        assert_eq!(without_credentials("http://host/x@y"), "http://host/x@y");
        assert_eq!(without_credentials("cdrom:[x]"), "cdrom:[x]");
    }
}
