//! Snapshots: each opens and is signed, and each host's form one chain without a gap or a fork.
//!
//! The chain is found by the hashes that the records name, never by times. Fences are no links.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::base::ids::{ObjectHash, SnapshotId};
use crate::maintain::check::Checking;
use crate::maintain::check::error::CheckError;
use crate::maintain::check::report::Findings;
use crate::maintain::check::segments::Sessions;
use crate::repo::chain;
use crate::repo::snapshot::{self, Snapshot, host_for_key, snapshot_key};

const DAMAGED_ADVICE: &str = "put the object back from another copy of the repository if there is one; \
    the files themselves may still be in the packs, and other snapshots are not concerned";
const CHAIN_ADVICE: &str = "unless somebody removed it on purpose, look who can delete or replace objects \
    in the store, and put the object back from another copy";

/// A snapshot with the hash of its object.
struct Link {
    snapshot: Snapshot,
    hash: ObjectHash,
}

/// Reads every snapshot and checks the chains; answers the sound ones, oldest first.
pub fn check_snapshots(
    checking: &Checking<'_>,
    sessions: &Sessions,
    findings: &mut Findings,
) -> Result<Vec<Snapshot>, CheckError> {
    let repository = checking.repository.repository();
    let listed = snapshot::list(repository.client(), repository.keyring())?;
    let mut hosts: BTreeMap<String, Vec<Link>> = BTreeMap::new();
    let mut damaged_hosts: HashSet<String> = HashSet::new();
    for entry in listed {
        checking.check()?;
        let key = snapshot_key(&entry.host, &entry.id);
        match entry.snapshot {
            Ok(None) => {}
            Ok(Some(snapshot)) => {
                findings.counts.snapshots += 1;
                check_segments_of(&snapshot, sessions, &key, findings);
                hosts.entry(entry.host).or_default().push(Link { snapshot, hash: entry.hash });
            }
            Err(error) => {
                findings.counts.snapshots += 1;
                let what = crate::maintain::check::segments::told(&error);
                let finding = findings.damage("snapshot-damaged", key, what, DAMAGED_ADVICE);
                findings.costs_snapshot(finding, &entry.id.to_string());
                findings.explain(finding, "the snapshot cannot be restored");
                damaged_hosts.insert(entry.host);
            }
        }
    }
    for (host, links) in &hosts {
        check_chain(host, links, damaged_hosts.contains(host), findings);
    }
    check_heads(checking, &hosts, &damaged_hosts, findings);
    check_lone_sessions(sessions, &hosts, findings);
    let mut snapshots: Vec<Snapshot> = hosts.into_values().flatten().map(|link| link.snapshot).collect();
    snapshots.sort_by_key(|snapshot| (snapshot.time, snapshot.sequence, snapshot.id));
    Ok(snapshots)
}

/// The segments that the snapshot counts are all there, and the last is the one it names.
fn check_segments_of(snapshot: &Snapshot, sessions: &Sessions, key: &str, findings: &mut Findings) {
    let links = sessions.get(&snapshot.id).map_or(&[][..], Vec::as_slice);
    let last = links.last().map(|link| link.hash);
    if links.len() as u64 == u64::from(snapshot.segments) && last == snapshot.last_segment {
        return;
    }
    let what = match links.len() as u64 == u64::from(snapshot.segments) {
        true => "the last segment of its session is not the one it names".to_owned(),
        false => format!("{} of its {} segments are readable", links.len(), snapshot.segments),
    };
    let advice = "run `lifeboat repair`: the index is made again from the packs";
    let finding = findings.damage("snapshot-segments", key, what, advice);
    findings.costs_snapshot(finding, &snapshot.id.to_string());
}

fn check_chain(host: &str, links: &[Link], has_damaged: bool, findings: &mut Findings) {
    let by_hash: HashMap<ObjectHash, &Link> = links.iter().map(|link| (link.hash, link)).collect();
    let mut followers: HashMap<Option<ObjectHash>, Vec<&Link>> = HashMap::new();
    for link in links {
        followers.entry(link.snapshot.previous).or_default().push(link);
        let key = snapshot_key(&host_for_key(host), &link.snapshot.id);
        let Some(previous) = link.snapshot.previous else { continue };
        match by_hash.get(&previous) {
            Some(before) if before.snapshot.sequence >= link.snapshot.sequence => {
                let what = format!(
                    "its number {} is not above {}, that of the snapshot before it",
                    link.snapshot.sequence, before.snapshot.sequence
                );
                findings.warning("chain-sequence", key, what, CHAIN_ADVICE);
            }
            Some(_) => {}
            // The damaged one may be the link: that finding says what there is to say.
            None if has_damaged => {}
            None => {
                let what = format!("the snapshot of host {host} before it is gone or was replaced");
                let finding = findings.damage("chain-gap", key, what, CHAIN_ADVICE);
                findings.explain(finding, "the missing snapshot cannot be restored; the others can");
            }
        }
    }
    let mut forks: Vec<_> = followers.into_iter().filter(|(_, links)| links.len() > 1).collect();
    forks.sort_by_key(|(previous, _)| *previous);
    for (previous, mut links) in forks {
        links.sort_by_key(|link| (link.snapshot.sequence, link.snapshot.id));
        let ids: Vec<String> = links.iter().map(|link| link.snapshot.id.short()).collect();
        let (code, what) = match previous {
            None => ("chain-roots", format!("host {host} has several first snapshots: {}", ids.join(", "))),
            Some(_) => ("chain-fork", format!("snapshots {} follow the same one", ids.join(", "))),
        };
        let advice = "a host whose state directory was lost or copied does this; if that is not so, \
                      somebody writes with that host's key";
        let finding = findings.damage(code, format!("snapshots/{}/", host_for_key(host)), what, advice);
        findings.explain(finding, "no snapshot loses anything by it");
    }
}

/// A rollback that cuts off the end of a chain is seen only by who remembers the end.
fn check_heads(
    checking: &Checking<'_>,
    hosts: &BTreeMap<String, Vec<Link>>,
    damaged: &HashSet<String>,
    findings: &mut Findings,
) {
    if checking.is_past {
        return;
    }
    for (host, head) in chain::remembered(&checking.repository.repository().state_dir()) {
        let links = hosts.get(&host).map_or(&[][..], Vec::as_slice);
        if damaged.contains(&host) || links.iter().any(|link| link.hash == head.hash) {
            continue;
        }
        let key = snapshot_key(&host, &head.id);
        let what = "this machine committed it last, but it is gone or was replaced";
        let finding = findings.damage("chain-head", key, what, CHAIN_ADVICE);
        findings.costs_snapshot(finding, &head.id.to_string());
        findings.explain(finding, "the snapshot cannot be restored");
    }
}

fn check_lone_sessions(sessions: &Sessions, hosts: &BTreeMap<String, Vec<Link>>, findings: &mut Findings) {
    let committed: HashSet<SnapshotId> = hosts.values().flatten().map(|link| link.snapshot.id).collect();
    let lone = sessions.keys().filter(|id| !committed.contains(id)).count();
    if lone > 0 {
        findings.remark(format!(
            "{lone} sessions published segments and have no readable snapshot: backups that go on, that were \
             interrupted (the next one uses what they stored), or whose snapshots were removed"
        ));
    }
}
