//! `lifeboat replica add`: fill a new replica from the others.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::replica::{AddArgs, sync};
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{opening, replicas};
use crate::store::replicas::spec::{self, PRIMARY, ReplicaSpec, Role};
use crate::ui::escape;

/// Schema `lifeboat.replica-add/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    synced: &'a sync::Synced,
    configuration: Option<&'a str>,
}

/// Runs the command.
pub fn run(args: &AddArgs, context: &Context) -> CommandResult {
    let mut choice = context.repository(None)?;
    let lines = complete(args, &mut choice)?;
    let (_, config) = opening::in_use(context, &choice)?;
    let choice = opening::paced(&choice, &config)?.unwrap_or(choice);
    let client = replicas::open_all(context, &choice, &|name| name == args.name)?;
    replicas::leave_out_strangers(&client, Some(&args.name));
    let members = replicas::set_of(&client)?.members();
    let at = members.iter().position(|member| member.spec.name == args.name).unwrap_or(0);
    if let (None, Some(why)) = (members[at].store(), members[at].trouble()) {
        return Err(Failure::new(ErrorKind::Failed, format!("replica {}: {why}", args.name)));
    }
    if members.iter().enumerate().all(|(other, member)| other == at || member.store().is_none()) {
        return Err(Failure::new(ErrorKind::NoRepository, "there is no replica to fill it from"));
    }
    let synced = sync::sync_one(context, &client, at)?;
    if context.output.json {
        context.output.document(&Document {
            schema: "lifeboat.replica-add/1",
            synced: &synced,
            configuration: lines.as_deref(),
        })?;
    } else {
        sync::tell(context, &synced)?;
        if let Some(lines) = &lines {
            context.output.text(&format!(
                "\nFor the configuration of every host that uses this repository:\n\n{lines}"
            ))?;
        }
    }
    replicas::warn(context, &client, None);
    Ok(if synced.is_complete { Outcome::Done } else { Outcome::Told(ErrorKind::Degraded) })
}

/// Puts the new replica into `choice`, and says what the configuration lacks, if anything.
fn complete(args: &AddArgs, choice: &mut RepositoryChoice) -> Result<Option<String>, Failure> {
    let known = choice.replicas.iter().find(|spec| spec.name == args.name);
    let Some(url) = &args.url else {
        return match known {
            Some(_) => Ok(None),
            None => Err(Failure::usage(format!("the configuration has no replica `{}`", args.name))
                .hint("say where it is with --url, or put it into the configuration first")),
        };
    };
    if let Some(known) = known {
        return match known.url == *url {
            true => Ok(None),
            false => {
                Err(Failure::usage(format!("replica `{}` is at {}", known.name, escape::text(&known.url))))
            }
        };
    }
    if choice.replicas.is_empty() {
        choice.replicas.push(ReplicaSpec::new(PRIMARY, choice.url.clone()));
    }
    let mut new = ReplicaSpec::new(args.name.clone(), url.clone());
    new.zone.clone_from(&args.zone);
    new.role = if args.mirror { Role::Mirror } else { Role::Required };
    new.weight = args.weight.unwrap_or(1);
    let lines = lines(choice.name.as_deref().unwrap_or("NAME"), &new);
    // It votes only once the configuration says so; being filled, it takes no part.
    choice.replicas.push(ReplicaSpec { role: Role::Mirror, ..new });
    match spec::fault(&choice.replicas, choice.set.write_quorum) {
        Some(why) => Err(Failure::usage(why)),
        None => Ok(Some(lines)),
    }
}

/// The lines that name `replica` in the configuration.
fn lines(repository: &str, replica: &ReplicaSpec) -> String {
    // A JSON string is a TOML basic string; text always has a JSON form.
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let mut text = format!(
        "[[repository.{repository}.replica]]\nname = {}\nurl = {}\n",
        quoted(&replica.name),
        quoted(&replica.url)
    );
    if let Some(zone) = &replica.zone {
        text.push_str(&format!("zone = {}\n", quoted(zone)));
    }
    if replica.role == Role::Mirror {
        text.push_str("role = \"mirror\"\n");
    }
    if replica.weight != 1 {
        text.push_str(&format!("weight = {}\n", replica.weight));
    }
    text
}
