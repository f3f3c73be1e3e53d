//! `lifeboat store probe`: whether a repository would be safe in a store. `init` asks the same.

use std::sync::Arc;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::store::ProbeArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::store;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::probe::{self, Finding, Property};
use crate::store::s3::S3Store;
use crate::store::s3::features::{Extra, Features};
use crate::store::s3::options::{Conditional, S3Options};
use crate::store::tuning::Tuning;
use crate::ui::escape;
use crate::ui::table::{Shrink, Table};

/// What was found out about a store.
#[derive(Debug)]
pub struct Probed {
    /// The store.
    pub location: String,
    /// Property by property.
    pub findings: Vec<Finding>,
    /// Of an S3 server, what it has besides.
    pub features: Option<Features>,
}

impl Probed {
    /// Whether writers must be kept apart by time: the server replaces what it must not, and does all else
    /// that a repository needs.
    pub fn needs_time(&self) -> bool {
        let is_conditional =
            |finding: &Finding| matches!(finding.property, Property::CreateOnly | Property::CompareAndSwap);
        let mut broken = self.findings.iter().filter(|finding| finding.fault.is_some()).peekable();
        self.features.is_some() && broken.peek().is_some() && broken.all(is_conditional)
    }

    /// Why a repository would not be safe there, if it would not.
    pub fn faults(&self) -> Vec<String> {
        let fault = |finding: &Finding| {
            finding.fault.as_ref().map(|fault| format!("{}: {fault}", finding.property.as_str()))
        };
        self.findings.iter().filter_map(fault).collect()
    }

    /// Why objects are not locked there though the options of `url` say that they are to be.
    pub fn lock_fault(&self, url: &str) -> Option<String> {
        let options = S3Options::parse(url.strip_prefix("s3://")?).ok()?;
        let features = self.features.as_ref().filter(|_| options.lock.is_some())?;
        match (features.object_lock, &features.retention) {
            (Extra::No, _) => Some("Object Lock is not switched on for the bucket".into()),
            (_, Some(trial)) if trial.honoured == Extra::No => trial.fault.clone(),
            _ => None,
        }
    }
}

/// What `--json` prints: schema `lifeboat.store-probe/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    location: &'a str,
    sound: bool,
    protocol: Option<&'static str>,
    properties: Vec<PropertyRow<'a>>,
    checksums: Option<bool>,
    versioning: Option<bool>,
    object_lock: Option<bool>,
    default_retention: Option<DefaultRetention>,
    retention: Option<RetentionRow<'a>>,
}

#[derive(Serialize)]
struct DefaultRetention {
    mode: &'static str,
    days: u32,
}

#[derive(Serialize)]
struct RetentionRow<'a> {
    honoured: Option<bool>,
    fault: Option<&'a str>,
    can_bypass: bool,
    left: Option<String>,
}

#[derive(Serialize)]
struct PropertyRow<'a> {
    name: &'static str,
    holds: bool,
    fault: Option<&'a str>,
}

/// Runs the command.
pub fn run(args: &ProbeArgs, context: &Context) -> CommandResult {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => context.repository(None)?.url,
    };
    let probed = look(&url, false)?;
    match context.output.json {
        true => context.output.document(&document(&probed))?,
        false => show(&probed, context)?,
    }
    Ok(if protocol(&probed).is_some() { Outcome::Done } else { Outcome::Told(ErrorKind::Failed) })
}

/// Tries the store at `url`, which is made if `create`.
pub fn look(url: &str, create: bool) -> Result<Probed, Failure> {
    let failed = |error: StoreError| Failure::of(error.kind(), &error).context("trying the store");
    let Some(rest) = url.strip_prefix("s3://") else {
        let client = store::open(url, create, &Tuning::default()).and_then(Client::new).map_err(failed)?;
        let findings = probe::probe(&client).map_err(failed)?;
        return Ok(Probed { location: client.location(), findings, features: None });
    };
    let mut options = S3Options::parse(rest)
        .map_err(|why| failed(StoreError::Unsupported { location: url.to_owned(), why }))?;
    // What the server does by itself is the question.
    options.conditional = Conditional::Server;
    let store = Arc::new(S3Store::new(options, create));
    let client = Client::new(store.clone()).map_err(failed)?;
    let findings = probe::probe(&client).map_err(failed)?;
    let spare = probe::spare_key(&client).map_err(failed)?;
    let features = client.finish(store.features(&spare));
    let deleted = client.delete(&spare);
    let features = features.map_err(failed)?;
    deleted.map_err(failed)?;
    Ok(Probed { location: client.location(), findings, features: Some(features) })
}

/// How writers would be kept apart; nothing where a repository would not be safe.
fn protocol(probed: &Probed) -> Option<&'static str> {
    match probed.faults().is_empty() {
        true => Some("conditional-writes"),
        false => probed.needs_time().then_some("time-based"),
    }
}

fn document(probed: &Probed) -> Document<'_> {
    let row = |finding: &'_ Finding| (finding.property, finding.fault.is_none());
    let truth = |extra: Extra| match extra {
        Extra::Yes => Some(true),
        Extra::No => Some(false),
        Extra::Unknown => None,
    };
    let known = |extra: fn(&Features) -> Extra| truth(probed.features.as_ref().map(extra)?);
    let trial = probed.features.as_ref().and_then(|features| features.retention.as_ref());
    let default = probed.features.as_ref().and_then(|features| features.default_retention);
    let properties = probed.findings.iter().map(|finding| {
        let (property, holds) = row(finding);
        PropertyRow { name: property.as_str(), holds, fault: finding.fault.as_deref() }
    });
    Document {
        schema: "lifeboat.store-probe/1",
        location: &probed.location,
        sound: probed.faults().is_empty(),
        protocol: protocol(probed),
        properties: properties.collect(),
        checksums: known(|features| features.checksums),
        versioning: known(|features| features.versioning),
        object_lock: known(|features| features.object_lock),
        default_retention: default.map(|(mode, days)| DefaultRetention { mode: mode.as_str(), days }),
        retention: trial.map(|trial| RetentionRow {
            honoured: truth(trial.honoured),
            fault: trial.fault.as_deref(),
            can_bypass: trial.can_bypass,
            left: trial.left.as_ref().map(ToString::to_string),
        }),
    }
}

fn show(probed: &Probed, context: &Context) -> Result<(), Failure> {
    let mut table = Table::new()
        .words("PROPERTY", Shrink::Never)
        .words("RESULT", Shrink::Never)
        .words("WHAT", Shrink::End);
    for finding in &probed.findings {
        let result = if finding.fault.is_some() { "BROKEN" } else { "holds" };
        let what = finding.fault.as_deref().unwrap_or_else(|| meaning(finding.property));
        table.row([finding.property.as_str(), result, what]);
    }
    if let Some(features) = &probed.features {
        for (name, extra, what) in [
            ("checksums", features.checksums, "uploads are checked against the checksum they bring"),
            ("versioning", features.versioning, "what is deleted or replaced is kept as a version"),
            ("object-lock", features.object_lock, "objects can be kept from being deleted"),
        ] {
            let result = match extra {
                Extra::Yes => "yes",
                Extra::No => "no",
                Extra::Unknown => "unknown",
            };
            table.row([name, result, what]);
        }
        show_retention(features, &mut table);
    }
    context.output.table(&table)?;
    if let Some(key) =
        probed.features.as_ref().and_then(|features| features.retention.as_ref()?.left.as_ref())
    {
        context.output.note(&format!(
            "lifeboat: a locked version of {key} (19 bytes) stays until its lock ends, in a minute"
        ));
    }
    let verdict = match protocol(probed) {
        Some("time-based") => {
            "a repository is safe there by the slower, time-based protocol, for the server lets writers \
             replace each other's objects (for its rights see `lifeboat store policy --time-based`)"
        }
        Some(_) => "a repository is safe there",
        None => "a repository is NOT safe there",
    };
    context.output.text(&format!("{}: {verdict}\n", escape::text(&probed.location)))
}

/// What the bucket locks, and what became of the object that was locked for a moment.
fn show_retention(features: &Features, table: &mut Table) {
    if let Some((mode, days)) = features.default_retention {
        let what = format!("every new object is locked for {days} days in {} mode", mode.as_str());
        table.row(["default-retention", "yes", &what]);
    }
    let Some(trial) = &features.retention else { return };
    let (result, what) = match (trial.honoured, &trial.fault) {
        (Extra::Yes, _) => ("yes", "a locked object could be neither deleted nor unlocked".to_owned()),
        (Extra::No, fault) => ("BROKEN", fault.clone().unwrap_or_default()),
        (Extra::Unknown, fault) => ("unknown", fault.clone().unwrap_or_default()),
    };
    table.row(["retention", result, &what]);
    if trial.can_bypass && trial.honoured == Extra::Yes {
        let what =
            "these credentials can delete what is locked in governance mode, and so can a thief of them";
        table.row(["bypass", "yes", what]);
    }
}

fn meaning(property: Property) -> &'static str {
    match property {
        Property::CreateOnly => "of racing creates exactly one wins, and nothing is replaced",
        Property::CompareAndSwap => "of racing swaps of one state exactly one wins",
        Property::ReadAfterWrite => "what was written is read and listed at once",
        Property::Ranges => "ranged reads give exactly the bytes asked for",
        Property::Deletes => "what is deleted is gone at once",
    }
}
