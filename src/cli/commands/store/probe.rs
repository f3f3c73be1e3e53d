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
    let known = |extra: fn(&Features) -> Extra| match probed.features.as_ref().map(extra) {
        Some(Extra::Yes) => Some(true),
        Some(Extra::No) => Some(false),
        Some(Extra::Unknown) | None => None,
    };
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
    }
    context.output.table(&table)?;
    let verdict = match protocol(probed) {
        Some("time-based") => {
            "a repository is safe there by the slower, time-based protocol, for the server lets writers \
             replace each other's objects"
        }
        Some(_) => "a repository is safe there",
        None => "a repository is NOT safe there",
    };
    context.output.text(&format!("{}: {verdict}\n", escape::text(&probed.location)))
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
