//! `runbook init`, `list`, `lint` and `show`: runbooks as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::runbook::args::{DirArgs, InitArgs, NamesArgs, ShowArgs, ShowFormat};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::settings;
use crate::cli::settings::mistake::Mistake;
use crate::runbook::error::RunbookError;
use crate::runbook::finding::{Finding, Weight};
use crate::runbook::lint::{self, Surroundings};
use crate::runbook::model::Runbook;
use crate::runbook::runs::Runs;
use crate::runbook::show::{Format, on_paper, show as render};
use crate::runbook::templates::{STARTERS, starter};
use crate::runbook::{library, read};
use crate::sys::file::{create_private_dir, read_bounded};
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

/// An error of runbooks, with what to do next.
pub fn failure(error: &RunbookError) -> Failure {
    let failure = Failure::of(error.kind(), error);
    match error {
        RunbookError::NoRunbook { .. } => failure
            .hint("`lifeboat runbook list` shows what there is, `lifeboat runbook init` writes starters"),
        RunbookError::Mistakes { name } => failure.hint(format!("`lifeboat runbook lint {name}` lists them")),
        RunbookError::NoRun { .. } => {
            failure.hint("`lifeboat runbook history` lists the runs of this machine")
        }
        RunbookError::Over { run, .. } => {
            failure.hint(format!("`lifeboat runbook report {run}` tells of it"))
        }
        RunbookError::Journal(_) if error.kind() == ErrorKind::Damage => failure.hint(
            "what follows that line cannot be relied upon; compare with the copy in the repository: \
             `lifeboat runbook report RUN --repository`",
        ),
        _ => failure,
    }
}

/// Where the runbooks are.
pub fn dir(args: &DirArgs, context: &Context) -> Result<PathBuf, Failure> {
    if let Some(dir) = &args.dir {
        return Ok(dir.clone());
    }
    let beside = settings::locate(context.global.config.as_deref(), &context.environment);
    let base = beside.as_deref().and_then(Path::parent).map(Path::to_owned);
    let own = context.environment.xdg("XDG_CONFIG_HOME", ".config");
    let base = base.or(own).ok_or_else(|| {
        Failure::usage("there is no configuration beside which runbooks could be")
            .hint("name a directory with --dir")
    })?;
    Ok(base.join("runbooks"))
}

/// The runbooks that are named, or all; each with its file.
fn chosen(names: &[String], dir: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let there = library::files(dir);
    if names.is_empty() {
        return match there.is_empty() {
            true => Err(Failure::usage(format!("there are no runbooks in {}", escape::path(dir)))
                .hint("`lifeboat runbook init` writes starters")),
            false => Ok(there),
        };
    }
    let find = |name: &String| {
        let missing = || failure(&RunbookError::NoRunbook { name: name.clone(), dir: dir.to_owned() });
        there.iter().find(|(known, _)| known == name).cloned().ok_or_else(missing)
    };
    names.iter().map(find).collect()
}

/// What lint is told of the world.
fn surroundings(dir: &Path, context: &Context) -> Surroundings {
    let jobs = context.settings().ok().filter(|settings| !settings.job.is_empty());
    let jobs = jobs.map(|settings| settings.job.keys().cloned().collect::<BTreeSet<String>>());
    Surroundings { runbooks: library::texts(dir), jobs, recipients: super::hands::recipients(context) }
}

/// `runbook init`.
pub fn init(args: &InitArgs, context: &Context) -> CommandResult {
    let dir = dir(&args.place, context)?;
    let mut wanted = Vec::new();
    for name in &args.names {
        let names: Vec<&str> = STARTERS.iter().map(|starter| starter.name).collect();
        let unknown = || {
            Failure::usage(format!("there is no starter {name}"))
                .hint(format!("there are {}", names.join(", ")))
        };
        wanted.push(starter(name).ok_or_else(unknown)?);
    }
    if wanted.is_empty() {
        wanted.extend(STARTERS.iter());
    }
    if !dir.exists() {
        create_private_dir(&dir).map_err(|error| Failure::of(error.kind(), &error))?;
    }
    let (mut written, mut kept) = (Vec::new(), Vec::new());
    for starter in wanted {
        let path = dir.join(format!("{}.toml", starter.name));
        match crate::sys::file::create_private(&path, starter.text.as_bytes()) {
            Ok(()) => written.push(path),
            Err(_) if path.exists() => kept.push(path),
            Err(error) => return Err(Failure::of(error.kind(), &error)),
        }
    }
    if context.output.json {
        #[derive(Serialize)]
        struct Document {
            schema: &'static str,
            written: Vec<PathBuf>,
            kept: Vec<PathBuf>,
        }
        context.output.document(&Document { schema: "lifeboat.runbook-init/1", written, kept })?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    written.iter().for_each(|path| text.push_str(&format!("wrote {}\n", escape::path(path))));
    kept.iter().for_each(|path| text.push_str(&format!("kept {}, which was there\n", escape::path(path))));
    context.output.text(&text)?;
    context
        .output
        .note("make them your own, then `lifeboat runbook lint` and `lifeboat runbook run NAME --dry-run`");
    Ok(Outcome::Done)
}

/// Schema `lifeboat.runbook-list/1`.
#[derive(Serialize)]
struct ListDocument {
    schema: &'static str,
    dir: PathBuf,
    runbooks: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    steps: usize,
    errors: usize,
    warnings: usize,
    last_run: Option<String>,
    last_state: Option<&'static str>,
}

/// `runbook list`.
pub fn list(args: &DirArgs, context: &Context) -> CommandResult {
    let dir = dir(args, context)?;
    let around = surroundings(&dir, context);
    let runs = Runs::of(&context.state_dir()?);
    let mut last: BTreeMap<String, (String, &'static str)> = BTreeMap::new();
    for run in runs.ids() {
        if let Ok(read) = runs.read(&run) {
            last.insert(read.state.header.runbook.clone(), (run, read.state.word()));
        }
    }
    let mut runbooks = Vec::new();
    for (name, path) in library::files(&dir) {
        let (runbook, findings) = match library::load(&path) {
            Ok(text) => lint::lint(&name, &text, &around),
            Err(error) => (Runbook::default(), vec![Finding::error(0..0, error.to_string())]),
        };
        let errors = findings.iter().filter(|finding| finding.weight == Weight::Error).count();
        let (last_run, last_state) = last.get(&name).cloned().unzip();
        runbooks.push(Listed {
            title: runbook.title.clone(),
            steps: runbook.all_steps().len(),
            warnings: findings.len() - errors,
            errors,
            last_run,
            last_state,
            name,
        });
    }
    if context.output.json {
        context.output.document(&ListDocument { schema: "lifeboat.runbook-list/1", dir, runbooks })?;
        return Ok(Outcome::Done);
    }
    if runbooks.is_empty() {
        context
            .output
            .note(&format!("no runbooks in {}; `lifeboat runbook init` writes starters", escape::path(&dir)));
        return Ok(Outcome::Done);
    }
    let mut table = Table::new()
        .words("RUNBOOK", Shrink::Never)
        .words("TITLE", Shrink::End)
        .numbers("STEPS")
        .words("LINT", Shrink::Never)
        .words("LAST RUN", Shrink::End);
    for listed in &runbooks {
        let lint = match (listed.errors, listed.warnings) {
            (0, 0) => "ok".to_owned(),
            (0, warnings) => format::counted(warnings as u64, "warning", "warnings"),
            (errors, _) => format::counted(errors as u64, "mistake", "mistakes"),
        };
        let last = match (&listed.last_run, listed.last_state) {
            (Some(run), Some(state)) => format!("{run}: {state}"),
            _ => "never run".into(),
        };
        table.row([&listed.name, &listed.title, &listed.steps.to_string(), &lint, &last]);
    }
    context.output.table(&table)?;
    Ok(Outcome::Done)
}

/// Schema `lifeboat.runbook-lint/1`.
#[derive(Serialize)]
struct LintDocument {
    schema: &'static str,
    ok: bool,
    runbooks: Vec<Linted>,
}

#[derive(Serialize)]
struct Linted {
    name: String,
    file: PathBuf,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
}

/// A finding as mistakes are shown everywhere.
fn mistake(source: &str, finding: &Finding) -> Mistake {
    let mut mistake = Mistake::at(source, finding.span.clone(), finding.message.clone());
    mistake.expected = finding.expected.clone();
    if let Some((typed, names)) = &finding.candidates {
        mistake = mistake.suggest(typed, names.iter().map(String::as_str));
        mistake.suggestion = mistake.suggestion.filter(|suggestion| suggestion != typed);
    }
    mistake
}

/// `runbook lint`.
pub fn lint(args: &NamesArgs, context: &Context) -> CommandResult {
    let dir = dir(&args.place, context)?;
    let around = surroundings(&dir, context);
    let mut linted = Vec::new();
    for (name, file) in chosen(&args.names, &dir)? {
        // One that others may write is linted all the same: that is the first thing to say.
        let source = match library::load(&file) {
            Ok(source) => source,
            Err(RunbookError::File { why, .. }) => {
                let bytes = read_bounded(&file, read::FILE_MAX_BYTES).unwrap_or_default();
                let source = String::from_utf8_lossy(&bytes).into_owned();
                let mistakes = vec![Mistake::at(&source, 0..0, format!("the file {why}"))];
                linted.push(Linted { name, file, mistakes, warnings: Vec::new() });
                continue;
            }
            Err(error) => return Err(failure(&error)),
        };
        let (_, findings) = lint::lint(&name, &source, &around);
        let of = |weight: Weight| {
            findings
                .iter()
                .filter(|one| one.weight == weight)
                .map(|one| mistake(&source, one))
                .collect::<Vec<_>>()
        };
        linted.push(Linted { name, file, mistakes: of(Weight::Error), warnings: of(Weight::Warning) });
    }
    let is_ok = linted.iter().all(|one| one.mistakes.is_empty());
    let outcome = if is_ok { Outcome::Done } else { Outcome::Told(ErrorKind::Usage) };
    if context.output.json {
        let document = LintDocument { schema: "lifeboat.runbook-lint/1", ok: is_ok, runbooks: linted };
        context.output.document(&document)?;
        return Ok(outcome);
    }
    let mut text = String::new();
    for one in &linted {
        for mistake in &one.mistakes {
            text.push_str(&mistake.for_people(&one.file, context.output.style));
        }
        for warning in &one.warnings {
            let mut warning = warning.clone();
            warning.message = format!("warning: {}", warning.message);
            text.push_str(&warning.for_people(&one.file, context.output.style));
        }
        if one.mistakes.is_empty() && !context.output.quiet {
            let warnings = match one.warnings.len() as u64 {
                0 => String::new(),
                count => format!(", {}", format::counted(count, "warning", "warnings")),
            };
            text.push_str(&format!("{}: no mistakes{warnings}\n", one.name));
        }
    }
    context.output.text(&text)?;
    Ok(outcome)
}

/// `runbook show`.
pub fn show(args: &ShowArgs, context: &Context) -> CommandResult {
    let dir = dir(&args.place, context)?;
    let texts = library::closure(&args.name, &dir).map_err(|error| failure(&error))?;
    let runbooks: BTreeMap<String, Runbook> =
        texts.iter().map(|(name, text)| (name.clone(), read::read(name, text).0)).collect();
    let (runbook, findings) = lint::lint(&args.name, &texts[&args.name], &surroundings(&dir, context));
    if lint::has_errors(&findings) {
        context.output.warn(&format!("warning: {} has mistakes; see `lifeboat runbook lint`", args.name));
    }
    let planned = on_paper(&runbook, &runbooks);
    if context.output.json {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: &'static str,
            name: &'a str,
            title: &'a str,
            description: &'a str,
            inputs: Vec<&'a str>,
            steps: &'a [crate::runbook::engine::PlannedStep],
        }
        context.output.document(&Document {
            schema: "lifeboat.runbook/1",
            name: &runbook.name,
            title: &runbook.title,
            description: &runbook.description,
            inputs: runbook.inputs.iter().map(|input| input.name.as_str()).collect(),
            steps: &planned,
        })?;
        return Ok(Outcome::Done);
    }
    let format = match args.format {
        ShowFormat::Tree => Format::Tree,
        ShowFormat::Markdown => Format::Markdown,
        ShowFormat::Html => Format::Html,
        ShowFormat::Mermaid => Format::Mermaid,
    };
    let people = super::hands::people(context);
    deliver(&render(&runbook, &planned, &people, format), args.output.as_deref(), context)
}

/// Writes text to a file, or to standard output.
pub fn deliver(text: &str, file: Option<&Path>, context: &Context) -> CommandResult {
    match file {
        None => context.output.text(text)?,
        Some(file) => {
            std::fs::write(file, text).map_err(|error| {
                Failure::new(ErrorKind::Failed, format!("cannot write {}: {error}", escape::path(file)))
            })?;
            context.output.note(&format!("wrote {}", escape::path(file)));
        }
    }
    Ok(Outcome::Done)
}
