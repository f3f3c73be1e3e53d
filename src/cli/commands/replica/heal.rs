//! `lifeboat replica heal`: find damaged copies, and replace them by good ones.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::PackName;
use crate::base::limits;
use crate::base::role::Role;
use crate::cli::commands::replica::{sync, verify};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Outcome};
use crate::cli::{opening, replicas};
use crate::index::rows::PackRow;
use crate::repo::copies::{Verdict, verdict};
use crate::store::client::Client;
use crate::store::key::Key;
use crate::ui::{escape, format};

/// Schema `lifeboat.replica-heal/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    synced: &'a [sync::Synced],
    repaired: &'a [String],
    unrepaired: &'a [Unrepaired],
}

/// An object that stays as it is.
#[derive(Serialize)]
struct Unrepaired {
    key: String,
    why: &'static str,
}

/// Runs the command.
pub fn run(context: &Context) -> CommandResult {
    let repository = opening::repository(context, None, Role::Restorer)?;
    let client = repository.client().clone();
    let count = replicas::set_of(&client)?.members().len();
    let mut synced = Vec::new();
    for at in 0..count {
        synced.push(sync::sync_one(context, &client, at)?);
    }
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let packs: HashMap<PackName, PackRow> =
        indexed.index().packs().into_iter().map(|row| (row.name, row)).collect();
    let comparison = verify::compare(context, &client, true)?;
    let (mut repaired, mut unrepaired) = (Vec::new(), Vec::new());
    let uneven: std::collections::BTreeSet<&String> =
        comparison.replicas.iter().flat_map(|one| one.different.iter().chain(&one.unreadable)).collect();
    for name in uneven {
        let Ok(key) = Key::new(name.clone()) else { continue };
        let judge = |body: &Bytes| {
            verdict(indexed.repository().keyring(), &|pack| packs.get(pack).copied(), &key, body)
        };
        match heal_one(&client, &key, &judge) {
            Ok(()) => repaired.push(name.clone()),
            Err(why) => unrepaired.push(Unrepaired { key: name.clone(), why }),
        }
    }
    if context.output.json {
        context.output.document(&Document {
            schema: "lifeboat.replica-heal/1",
            synced: &synced,
            repaired: &repaired,
            unrepaired: &unrepaired,
        })?;
    } else {
        synced.iter().try_for_each(|one| sync::tell(context, one))?;
        let mut text = format!("{} repaired\n", format::counted(repaired.len() as u64, "object", "objects"));
        for one in &unrepaired {
            text.push_str(&format!("NOT repaired: {} ({})\n", escape::text(&one.key), one.why));
        }
        context.output.text(&text)?;
    }
    replicas::warn(context, &client, None);
    Ok(match (unrepaired.is_empty(), synced.iter().all(|one| one.is_complete)) {
        (false, _) => Outcome::Told(ErrorKind::Damage),
        (true, false) => Outcome::Told(ErrorKind::Degraded),
        (true, true) => Outcome::Done,
    })
}

/// Puts a good copy in the place of all others: one that is verified, or else what most replicas have.
fn heal_one(client: &Client, key: &Key, judge: &dyn Fn(&Bytes) -> Verdict) -> Result<(), &'static str> {
    let max = limits::PACK_MAX_BYTES;
    let mut copies: Vec<Bytes> = Vec::new();
    client.each_copy(key, max, |body| {
        copies.push(body);
        false
    });
    let total = copies.len();
    let verdicts: Vec<Verdict> = copies.iter().map(judge).collect();
    let good: Vec<&Bytes> = copies
        .iter()
        .zip(&verdicts)
        .filter(|(_, one)| **one == Verdict::Good)
        .map(|(body, _)| body)
        .collect();
    let votes = |body: &Bytes| copies.iter().filter(|other| *other == body).count();
    let chosen = match good.first() {
        // Several may verify, as a snapshot and a fence do: what a majority has was chosen.
        Some(first) => match good.iter().find(|body| votes(body) * 2 > total) {
            Some(most) => most,
            None if good.iter().all(|body| body == first) => first,
            None => return Err("several copies are valid, but differ, and no majority decides"),
        },
        None if verdicts.contains(&Verdict::Unknown) => {
            match copies.iter().find(|body| votes(body) * 2 > total && total > 2) {
                Some(most) => most,
                None => return Err("no majority tells which copy is right, and this key cannot verify it"),
            }
        }
        None => return Err("all copies are damaged"),
    };
    let chosen = chosen.clone();
    match client.heal(key, max, &|body| *body == chosen) {
        Some(rescued) if rescued.is_everywhere => Ok(()),
        Some(_) => Err("a replica could not be reached, or its copy not be replaced"),
        None => Err("the good copy cannot be read any more"),
    }
}
