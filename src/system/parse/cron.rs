//! Crontabs of the system and of users.

use crate::system::model::services::{CronEntry, Crontab};
use crate::system::parse::text;

/// Reads a table; `user` is whose it is, where it is one user's and its lines name none.
pub fn parse(file: &str, path: &str, user: Option<&str>) -> Crontab {
    let mut table = Crontab { path: path.to_owned(), user: user.map(str::to_owned), ..Crontab::default() };
    for line in text::lines(file, "#") {
        if let Some((name, value)) = variable(line) {
            table.variables.push((name, value));
        } else {
            table.entries.extend(entry(line, user));
        }
    }
    table
}

/// `NAME = value`; a line of a job has five fields or an `@` before any `=`.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim().trim_matches('"');
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), text::unquote(value.trim())))
}

fn entry(line: &str, user: Option<&str>) -> Option<CronEntry> {
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let (when, rest) = take(line, fields)?;
    let (user, command) = match user {
        Some(user) => (user.to_owned(), rest),
        None => {
            let (user, command) = take(rest, 1)?;
            (user, command)
        }
    };
    (!command.is_empty()).then(|| CronEntry { when, user, command: command.to_owned() })
}

/// The first `count` words, with single spaces between, and the rest.
fn take(line: &str, count: usize) -> Option<(String, &str)> {
    let mut rest = line.trim_start();
    let mut words = Vec::new();
    for _ in 0..count {
        let (word, tail) = rest.split_once(char::is_whitespace)?;
        words.push(word);
        rest = tail.trim_start();
    }
    Some((words.join(" "), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_system_name_users_and_those_of_users_do_not() {
        let file = "SHELL=/bin/sh\nPATH = \"/a:/b\"\n# m h\n17 *\t* * *  root  cd / && run-parts\n\
            @daily bob echo a=b\nbad\n";
        let table = parse(file, "/etc/crontab", None);
        assert_eq!(table.variables[1], ("PATH".into(), "/a:/b".into()));
        let first = &table.entries[0];
        let shown = (first.when.as_str(), first.user.as_str(), first.command.as_str());
        assert_eq!(shown, ("17 * * * *", "root", "cd / && run-parts"));
        assert_eq!(table.entries[1].command, "echo a=b");
        let own = parse("0 1 * * 1-5 echo hi\n", "/var/spool/cron/crontabs/bob", Some("bob"));
        assert_eq!((own.entries[0].user.as_str(), own.entries[0].command.as_str()), ("bob", "echo hi"));
    }
}
