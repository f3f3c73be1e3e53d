//! `runbook resume`: goes on with a run of this machine, or takes over one of another.

use std::collections::BTreeMap;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::runbook::args::{DirArgs, ResumeArgs};
use crate::cli::commands::runbook::begin::{archive, archive_of_run, claim, go, machine, operator};
use crate::cli::commands::runbook::library::{dir, failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure};
use crate::repo::certificate::Certificate;
use crate::repo::evidence::EvidenceError;
use crate::runbook::answer::{find_step, judge, leave};
use crate::runbook::evidence::{Archive, Fetched};
use crate::runbook::library;
use crate::runbook::record::{Answer, Deed, Header, Record};
use crate::runbook::runs::{Runs, understand};
use crate::sys::clock::SystemClock;
use crate::sys::journal;
use crate::ui::escape;

/// `runbook resume`.
pub fn resume(args: &ResumeArgs, context: &Context) -> CommandResult {
    let runs = Runs::of(&context.state_dir()?);
    let by = operator(args.going.name.as_ref());
    let archive = match args.take_over {
        true => archive(context, Role::Maintainer)?,
        false => archive_of_run(context, &args.going),
    };
    let run = match (args.take_over, &archive) {
        (true, Some(archive)) => take_over(args, &runs, archive, context)?,
        (true, None) => {
            return Err(Failure::usage("there is no repository from which the run could be taken over")
                .hint("name it with --repo, and its key with --identity"));
        }
        (false, _) => runs.find(&args.run).map_err(|error| {
            let failure = failure(&error);
            failure.hint("a run of another host is taken over from the repository with --take-over")
        })?,
    };
    let read = runs.read(&run).map_err(|error| failure(&error))?;
    let now = SystemClock.now();
    let opened = runs.resume(&run, &by, &machine(context), now).map_err(|error| failure(&error))?;
    let header = Header { operator: by.clone(), host: machine(context), ..read.state.header };
    let passed_over = claim(context, archive.as_ref(), &header, args.take_over, args.reason.as_ref())?;
    // Whoever had it may have claimed nothing, or by this machine's name; it is taken from them all the same.
    let taken_over = || Record::PassedOver {
        run: run.clone(),
        operator: read.state.operator.clone(),
        host: read.state.host.clone(),
        why: args.reason.clone(),
    };
    let passed_over = passed_over.or_else(|| args.take_over.then(taken_over));
    let (mut journal, mut state) = opened;
    if let Some(record) = passed_over {
        Runs::note(&mut journal, &mut state, now, record).map_err(|error| failure(&error))?;
    }
    for (names, deed) in [(&args.done, Deed::Done), (&args.repeat, Deed::Repeat)] {
        for word in names {
            let (name, output) =
                word.split_once('=').map_or((word.as_str(), None), |(name, output)| (name, Some(output)));
            let step = find_step(&state, name).ok_or_else(|| {
                Failure::usage(format!("run {run} has no step {name} that is in doubt or failed"))
            })?;
            let mut answer = Answer::new(&step, deed, &by, "command", now);
            answer.value = output.map(str::to_owned);
            judge(&state, &answer).map_err(Failure::usage)?;
            leave(&runs.inbox(&run), &answer).map_err(|error| Failure::of(error.kind(), &error))?;
        }
    }
    go(context, &args.going, &runs, archive, journal, state)
}

/// Brings the journal of a run of another host here.
fn take_over(
    args: &ResumeArgs,
    runs: &Runs,
    archive: &Archive,
    context: &Context,
) -> Result<String, Failure> {
    let evidence = |error: EvidenceError| Failure::of(error.kind(), &error);
    let known = archive.runs().map_err(evidence)?;
    let fits: Vec<&String> = known.iter().filter(|run| run.starts_with(&args.run)).collect();
    let [run] = fits.as_slice() else {
        return Err(Failure::usage(format!("{:?} fits {} runs of the repository", args.run, fits.len()))
            .hint("`lifeboat runbook history --repository` lists them"));
    };
    let Fetched { lines, signer, ignored } = archive.fetch_journal(run).map_err(evidence)?;
    warn_of(&ignored, context);
    let contents = journal::verify(&lines, run).map_err(|error| Failure::of(error.kind(), &error))?;
    let header = understand(run, &contents).map_err(|error| failure(&error))?.state.header;
    // What is here already is this machine's own word; what comes from elsewhere runs commands here.
    if runs.read(run).is_err() {
        require_vouched(run, &header.texts, &signer, archive, context)?;
    }
    runs.adopt(run, &lines).map_err(|error| failure(&error))?;
    Ok((*run).clone())
}

/// Tells what stands beside a run's journal in the repository and proves nothing.
pub fn warn_of(ignored: &[String], context: &Context) {
    for what in ignored {
        let what = escape::text(what);
        context.output.warn(&format!("warning: the run's journal is read without it: {what}"));
    }
}

/// Refuses texts that were not signed by a restorer, and are neither here nor published.
fn require_vouched(
    run: &str,
    texts: &BTreeMap<String, String>,
    signer: &Certificate,
    archive: &Archive,
    context: &Context,
) -> Result<(), Failure> {
    if signer.role >= Role::Restorer {
        return Ok(());
    }
    let dir = dir(&DirArgs { dir: None }, context).ok();
    let unknown = library::unknown(texts, dir.as_deref(), &archive.client, &archive.keyring);
    let Some(name) = unknown.map_err(|error| Failure::of(error.kind(), &error))? else { return Ok(()) };
    let name = escape::text(name);
    let message = format!(
        "run {run} brings its own text of the runbook {name}, signed by {}, a {}'s key slot: only a \
         restorer's is carried out",
        escape::text(&signer.label),
        signer.role
    );
    let place = dir.as_deref().map_or_else(|| "the directory of runbooks".to_owned(), escape::path);
    Err(Failure::new(ErrorKind::Key, message).hint(format!(
        "the same text must stand in {place}, or be published with a restorer's key (`lifeboat runbook \
         publish {name}`)"
    )))
}
