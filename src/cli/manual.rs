//! The manual: one page for each command and one for the configuration, rendered from the definitions.
//!
//! Nothing is written twice: options and descriptions come from clap, EXIT STATUS from the kinds of
//! errors, ENVIRONMENT from the variables that are read, lifeboat.toml(5) from the schema that the
//! check uses, lifeboat-json(7) from the list of documents. Pages bear no date, so that the same
//! source always gives the same bytes.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::base::error_kind::ErrorKind;
use crate::cli::args::{Cli, GLOBAL_HEADING};
use crate::cli::documents::DOCUMENTS;
use crate::cli::environment::VARIABLES;
use crate::cli::manual_plan;
use crate::cli::runbook_manual;
use crate::cli::settings::SYSTEM_FILE;
use crate::cli::settings::schema::{FILE, Field, Kind};

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its name, such as `lifeboat-backup`.
    pub name: String,
    /// The section of the manual.
    pub section: u8,
    /// The page itself.
    pub roff: Vec<u8>,
}

impl Page {
    /// What its file is called.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.name, self.section)
    }
}

const CONFIGURATION_EXAMPLE: &str = "\
[repository.main]
url = \"/backup/repo\"
passphrase_file = \"/etc/lifeboat/passphrase\"

[job.home]
repository = \"main\"
sources = [\"/home\", \"/etc\"]
exclude = [\"*.tmp\", \"/home/*/.cache/\"]
exclude_caches = true
tags = [\"nightly\"]

[job.home.hooks]
before = [\"systemctl stop app\"]
after = [\"systemctl start app\"]
on_failure = [\"systemctl start app\"]
timeout = \"5m\"

[job.home.retention]
keep_daily = 7
keep_weekly = 5

[job.database]
notify = { to = \"anna\", on = [\"failed\", \"missed\"] }
expect_every = \"26h\"
stream = { name = \"all.sql\", program = [\"pg_dumpall\", \"--clean\"] }

[contact.anna]
email = \"anna@example.com\"
channels = [\"telephone\", \"mail\"]

[channel.telephone]
type = \"ntfy\"
topic = \"file:/etc/lifeboat/ntfy-topic\"

[channel.mail]
type = \"email\"
server = \"smtp.example.com\"
from = \"lifeboat@example.com\"";

/// Every page.
pub fn pages() -> Vec<Page> {
    let mut root = Cli::command();
    root.build();
    let mut pages = Vec::new();
    collect(&root, &mut pages);
    pages.push(Page { name: "lifeboat.toml".into(), section: 5, roff: configuration() });
    pages.push(Page { name: "lifeboat-plan-file".into(), section: 5, roff: plan_file() });
    pages.push(Page { name: "lifeboat-json".into(), section: 7, roff: documents() });
    pages.push(Page { name: "lifeboat-runbook".into(), section: 5, roff: runbook_manual::page() });
    pages
}

fn collect(command: &clap::Command, pages: &mut Vec<Page>) {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut roff = Vec::new();
    // Writing to memory cannot fail; a page that came out short would fail the test that compares them.
    let _ = render(command, &name, &mut roff);
    pages.push(Page { name, section: 1, roff });
    command.get_subcommands().for_each(|command| collect(command, pages));
}

fn render(command: &clap::Command, name: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let is_root = name == "lifeboat";
    let has_commands = command.get_subcommands().next().is_some();
    // What every command takes is told once, on the main page.
    let shown = command.clone().mut_args(|arg| if is_root { arg } else { without_global(arg) });
    let usage = shown.clone().render_usage().to_string();
    let man = Man::new(shown).section("1");
    let mut body = Vec::new();
    man.render_name_section(&mut body)?;
    synopsis(&usage).to_writer(&mut body)?;
    man.render_description_section(&mut body)?;
    man.render_options_section(&mut body)?;
    if has_commands {
        man.render_subcommands_section(&mut body)?;
    }
    let mut roff = Roff::new();
    if !is_root {
        roff.control("SH", ["GLOBAL OPTIONS"]);
        roff.text([roman("Every command also takes the options of "), bold("lifeboat"), roman("(1).")]);
    }
    if let Some(examples) = command.get_after_help() {
        examples_section(&examples.to_string(), &mut roff);
    }
    exit_status(&mut roff);
    environment(&mut roff);
    files(&mut roff);
    see_also(command, is_root, name, &mut roff);
    roff.to_writer(&mut body)?;
    assemble(name, 1, &body, out)
}

/// Puts the title in front, and what every part repeats only once.
///
/// The title is written here because the library leaves an empty date out, and the others move into its
/// place.
pub fn assemble(name: &str, section: u8, body: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    let title = name.to_uppercase();
    let source = concat!("lifeboat ", env!("CARGO_PKG_VERSION"));
    writeln!(out, "{PREAMBLE}.TH \"{title}\" \"{section}\" \"\" \"{source}\" \"Lifeboat\"")?;
    for c in String::from_utf8_lossy(body).replace(PREAMBLE, "").chars() {
        // roff is ASCII; groff spells the rest by code point.
        match c.is_ascii() {
            true => write!(out, "{c}")?,
            false => write!(out, "\\[u{:04X}]", u32::from(c))?,
        }
    }
    Ok(())
}

/// What can be typed, as the help's usage has it.
fn synopsis(usage: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).control("na", []);
    for (index, line) in usage.trim_start_matches("Usage:").lines().enumerate() {
        let (words, rest): (Vec<&str>, Vec<&str>) =
            line.split_whitespace().partition(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
        if index > 0 {
            roff.control("br", []);
        }
        roff.text([bold(words.join(" ")), roman(" "), roman(rest.join(" "))]);
    }
    roff.control("ad", []);
    roff
}

fn without_global(arg: clap::Arg) -> clap::Arg {
    let is_global = arg.get_help_heading() == Some(GLOBAL_HEADING);
    if is_global { arg.hide(true) } else { arg }
}

/// Turns the help's examples, commands indented by two and remarks by six, into a list.
fn examples_section(examples: &str, roff: &mut Roff) {
    roff.control("SH", ["EXAMPLES"]);
    for line in examples.lines().skip(1) {
        match line.strip_prefix("      ") {
            Some(remark) => roff.text([roman(remark)]),
            None => roff.control("TP", []).text([bold(line.trim_start())]),
        };
    }
}

fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    let rows = ErrorKind::ALL.iter().map(|kind| (kind.exit_status(), kind.meaning()));
    for (status, meaning) in [(0, "done")].into_iter().chain(rows) {
        roff.control("TP", []).text([bold(status.to_string())]).text([roman(meaning)]);
    }
}

fn environment(roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    roff.text([roman(
        "An option beats its variable, which beats the configuration. An empty variable counts as not set.",
    )]);
    for variable in VARIABLES {
        roff.control("TP", []).text([bold(variable.name)]).text([roman(variable.help)]);
    }
}

fn files(roff: &mut Roff) {
    let rows = [
        ("~/.config/lifeboat/lifeboat.toml", "The configuration of one user."),
        (SYSTEM_FILE, "The configuration of the system, read where the user has none."),
        ("~/.cache/lifeboat/", "The local index and catalogue. What is in it is made again if it is lost."),
        ("~/.local/state/lifeboat/", "Pinned fingerprints, and journals of restores."),
    ];
    roff.control("SH", ["FILES"]);
    for (path, help) in rows {
        roff.control("TP", []).text([italic(path)]).text([roman(help)]);
    }
}

fn see_also(command: &clap::Command, is_root: bool, name: &str, roff: &mut Roff) {
    let parent = name.rsplit_once('-').map_or("lifeboat", |(parent, _)| parent);
    let own = command.get_subcommands().filter_map(|command| command.get_display_name());
    let mut names: Vec<&str> = own.collect();
    if !is_root {
        names.insert(0, parent);
    }
    if !names.contains(&"lifeboat") && !is_root {
        names.insert(0, "lifeboat");
    }
    roff.control("SH", ["SEE ALSO"]);
    let mut line = Vec::new();
    for name in names {
        line.extend([bold(name), roman("(1), ")]);
    }
    line.extend([bold("lifeboat.toml"), roman("(5), "), bold("lifeboat-json"), roman("(7)")]);
    roff.text(line);
}

/// lifeboat-json(7).
fn documents() -> Vec<u8> {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]).text([roman("lifeboat-json - what lifeboat prints with --json")]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(
        "With --json a command prints JSON documents, one a line, on standard output. Each names its schema \
         and version. Within a version fields are added, never renamed or removed: a reader must pass over \
         those it does not know. A time is a list of seconds since 1970 and nanoseconds. The exit status \
         says the same as without --json, and only it tells success.",
    )]);
    roff.control("SH", ["DOCUMENTS"]);
    for document in DOCUMENTS.iter() {
        roff.control("SS", [document.schema]);
        roff.text([roman("Printed by "), italic(document.printed_by), roman(".")]);
        for (fields, meaning) in document.fields {
            roff.control("TP", []).text([bold(*fields)]).text([roman(*meaning)]);
        }
    }
    roff.control("SH", ["SEE ALSO"]).text([bold("lifeboat"), roman("(1)")]);
    let (mut body, mut page) = (Vec::new(), Vec::new());
    // As above.
    let _ = roff.to_writer(&mut body).and_then(|()| assemble("lifeboat-json", 7, &body, &mut page));
    page
}

/// lifeboat-plan-file(5).
fn plan_file() -> Vec<u8> {
    let (mut body, mut page) = (Vec::new(), Vec::new());
    let written = manual_plan::plan_file().to_writer(&mut body);
    // As above.
    let _ = written.and_then(|()| assemble("lifeboat-plan-file", 5, &body, &mut page));
    page
}

/// lifeboat.toml(5).
fn configuration() -> Vec<u8> {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]).text([roman("lifeboat.toml - the configuration of lifeboat")]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(
        "A TOML file with repositories, jobs and defaults. It is optional: everything in it can be said by \
         options and variables as well, and these beat it. It is not looked for in the working directory, \
         and not used if anyone can write it. A relative path begins at the directory of the file, and ~/ \
         is the home directory. A list of one may be written without brackets.",
    )]);
    roff.control("PP", []);
    roff.text([bold("lifeboat config check"), roman(" lists every mistake in it, with its line.")]);
    for field in FILE {
        match field.kind {
            Kind::Table(fields) => section(&format!("[{}]", field.name), field, fields, &mut roff),
            Kind::Named(fields) => section(&format!("[{}.NAME]", field.name), field, fields, &mut roff),
            _ => {}
        }
    }
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in CONFIGURATION_EXAMPLE.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.control("SH", ["SEE ALSO"]).text([
        bold("lifeboat"),
        roman("(1), "),
        bold("lifeboat-config-check"),
        roman("(1)"),
    ]);
    let (mut body, mut page) = (Vec::new(), Vec::new());
    // As above.
    let _ = roff.to_writer(&mut body).and_then(|()| assemble("lifeboat.toml", 5, &body, &mut page));
    page
}

fn section(title: &str, of: &Field, fields: &[Field], roff: &mut Roff) {
    roff.control("SH", [title.to_owned().as_str()]).text([roman(of.help)]);
    for field in fields {
        entry(field, "", roff);
    }
}

/// One key, and below it the keys of its table.
fn entry(field: &Field, path: &str, roff: &mut Roff) {
    let name = format!("{path}{}", field.name);
    roff.control("TP", []).text([bold(name.as_str())]);
    match field.kind {
        Kind::Table(fields) => {
            roff.text([roman(field.help)]);
            fields.iter().for_each(|below| entry(below, &format!("{name}."), roff));
        }
        Kind::List(fields) | Kind::Rules(fields) => {
            roff.text([roman(format!("{} They are {}.", field.help, field.kind.expected()))]);
            fields.iter().for_each(|below| entry(below, &format!("{name}."), roff));
        }
        kind => {
            roff.text([roman(format!("{} It is {}.", field.help, kind.expected()))]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CONFIGURATION_EXAMPLE, pages};
    use crate::cli::settings::check::check;

    #[test]
    fn every_page_has_the_sections_people_look_for() {
        for page in pages().iter().filter(|page| page.section == 1) {
            let text = String::from_utf8(page.roff.clone()).unwrap();
            for section in ["NAME", "SYNOPSIS", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES", "\"SEE ALSO\""] {
                assert!(text.contains(&format!(".SH {section}\n")), "{} lacks {section}", page.name);
            }
        }
    }

    #[test]
    fn the_example_configuration_has_no_mistakes() {
        let settings = check(CONFIGURATION_EXAMPLE).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        assert_eq!(settings.job.len(), 2);
    }
}
