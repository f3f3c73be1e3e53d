//! The objects themselves: is everything there that should be, has it the right size, and does anything lie
//! about that nobody knows.

use std::collections::HashMap;

use crate::base::ids::{PackName, SegmentName, SnapshotId};
use crate::base::limits;
use crate::index::segment::segment_name;
use crate::maintain::check::Checking;
use crate::maintain::check::error::CheckError;
use crate::maintain::check::places::Damage;
use crate::maintain::check::report::Findings;
use crate::pack::reader::{pack_key, pack_name};
use crate::repo::record;
use crate::repo::session::{GC_STATE_KEY, SessionRecord, read_gc};
use crate::repo::slots::name::SlotName;
use crate::repo::snapshot;
use crate::store::ObjectMeta;
use crate::store::error::StoreError;

/// What sessions are signed for (see `repo::session`).
const SESSION_CONTEXT: &str = "session";
/// Sessions older than this are remarked on.
const STALE_SECONDS: i64 = 7 * 24 * 3600;
/// Unknown objects named; all are counted.
const UNKNOWN_MAX: u64 = 100;
/// How every age file begins.
const AGE_INTRO: &[u8] = b"age-encryption.org/v1\n";
/// Bytes of the shortest age payload: a nonce and one empty piece.
const AGE_PAYLOAD_MIN: usize = 16 + 16;

/// What the store holds, by kind.
#[derive(Debug, Default)]
pub struct Listing {
    /// Stored bytes of each pack.
    pub packs: HashMap<PackName, u64>,
    /// Segments with their stored bytes.
    pub segments: Vec<(SegmentName, u64)>,
}

/// Lists everything and checks what is no pack, segment or snapshot.
pub fn check_objects(checking: &Checking<'_>, findings: &mut Findings) -> Result<Listing, CheckError> {
    let client = checking.repository.repository().client();
    let mut listing = Listing::default();
    let mut unknown = 0;
    for meta in client.list("")? {
        checking.check()?;
        let key = meta.key.as_str();
        if let Some(name) = pack_name(key) {
            listing.packs.insert(name, meta.size);
        } else if let Some(name) = segment_name(key) {
            listing.segments.push((name, meta.size));
        } else if let Some(name) = key.strip_prefix("keys/").and_then(|name| name.strip_suffix(".age")) {
            check_slot(checking, &meta, name, findings)?;
        } else if let Some(name) = key.strip_prefix("sessions/") {
            check_session(checking, &meta, name, findings)?;
        } else if !is_known(key) {
            unknown += 1;
            if unknown <= UNKNOWN_MAX {
                let what = "no object of a repository has this name";
                findings.warning("unknown-object", key, what, "look who put it there; it is not used");
            }
        }
    }
    if unknown > UNKNOWN_MAX {
        findings.remark(format!("{unknown} objects have unknown names; the first {UNKNOWN_MAX} are listed"));
    }
    if findings.counts.slots == 0 {
        let advice = "the key slots were deleted: `lifeboat key add` makes new ones while a slot is still \
                      open somewhere, or use the exported key";
        findings.damage("no-slot", "keys/", "there is no key slot: nobody can open the repository", advice);
    }
    check_config_and_gc(checking, findings)?;
    findings.counts.packs = listing.packs.len() as u64;
    findings.counts.segments = listing.segments.len() as u64;
    Ok(listing)
}

fn is_known(key: &str) -> bool {
    key == "config"
        || snapshot::parse_key(key).is_some()
        || ["gc/", "evidence/", "runbooks/"].iter().any(|prefix| key.starts_with(prefix))
}

/// A slot of somebody else cannot be opened; its name and shape can be looked at.
fn check_slot(
    checking: &Checking<'_>,
    meta: &ObjectMeta,
    name: &str,
    findings: &mut Findings,
) -> Result<(), CheckError> {
    findings.counts.slots += 1;
    let key = meta.key.as_str();
    let advice = "make a new slot for its owner with `lifeboat key add`, then remove this one";
    if SlotName::parse(name).is_none() {
        findings.warning("slot-name", key, "its name is not one that lifeboat gives", advice);
    }
    let client = checking.repository.repository().client();
    match client.get_bounded(&meta.key, limits::SLOT_MAX_BYTES) {
        Ok((body, _)) => {
            if !is_age_file(&body) {
                let id = findings.damage("slot-damaged", key, "it is no age file, or was cut", advice);
                findings.explain(id, "its owner cannot open the repository with it");
            }
        }
        Err(StoreError::NotFound { .. }) => {}
        Err(error @ (StoreError::TooLarge { .. } | StoreError::ShortRead { .. })) => {
            findings.damage("slot-damaged", key, error.to_string(), advice);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Whether `body` has the shape of an age file: stanzas, a MAC line, a payload.
fn is_age_file(body: &[u8]) -> bool {
    let Some(rest) = body.strip_prefix(AGE_INTRO) else { return false };
    let Some(mac) = rest.windows(5).position(|window| window == b"\n--- ") else { return false };
    let line = &rest[mac + 5..];
    let Some(end) = line.iter().position(|byte| *byte == b'\n') else { return false };
    // 32 bytes in base64 without padding.
    end == 43 && rest.starts_with(b"-> ") && line.len() - end > AGE_PAYLOAD_MIN
}

fn check_session(
    checking: &Checking<'_>,
    meta: &ObjectMeta,
    name: &str,
    findings: &mut Findings,
) -> Result<(), CheckError> {
    let key = meta.key.as_str();
    let repository = checking.repository.repository();
    let body = match repository.client().get_bounded(&meta.key, limits::RECORD_MAX_BYTES) {
        Ok((body, _)) => body,
        // It has ended since the listing.
        Err(StoreError::NotFound { .. }) => return Ok(()),
        Err(error @ (StoreError::TooLarge { .. } | StoreError::ShortRead { .. })) => {
            findings.damage("session-damaged", key, error.to_string(), SESSION_ADVICE);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    findings.counts.sessions += 1;
    let keyring = repository.keyring();
    let decoded = record::decode::<SessionRecord>(keyring, SESSION_CONTEXT, &body);
    let what = match decoded {
        Err(error) => Some(error.to_string()),
        Ok((record, _)) if SnapshotId::parse(name) != Some(record.id) => {
            Some("it is the record of another session".to_owned())
        }
        Ok((record, _)) => {
            let age_seconds = checking.now.seconds.saturating_sub(record.started.seconds);
            if age_seconds > STALE_SECONDS {
                findings.remark(format!(
                    "{key}: host {} began a backup {} days ago that has not ended; \
                     if none is running there, it was interrupted, and the collector will clear it away",
                    record.host,
                    age_seconds / 86_400
                ));
            }
            None
        }
    };
    if let Some(what) = what {
        let id = findings.damage("session-damaged", key, what, SESSION_ADVICE);
        findings.explain(id, "no snapshot loses anything; the collector cannot tell whose session this is");
    }
    Ok(())
}

const SESSION_ADVICE: &str = "wait until no backup runs, then delete the object";

fn check_config_and_gc(checking: &Checking<'_>, findings: &mut Findings) -> Result<(), CheckError> {
    let repository = checking.repository.repository();
    // What was opened may have been changed or deleted since: read once more.
    if let Err(error) = crate::repo::config::Config::load(repository.client()) {
        if error.kind() != crate::base::error_kind::ErrorKind::Damage
            && error.kind() != crate::base::error_kind::ErrorKind::NoRepository
        {
            findings.unchecked(format!("config: {error}"));
        } else {
            let advice = "put back a copy of `config`, or rebuild it with the exported key";
            findings.damage("config-damaged", "config", error.to_string(), advice);
        }
    }
    match read_gc(repository.client(), repository.keyring()) {
        Ok((_, condemned)) => findings.counts.condemned_packs = condemned.len() as u64,
        Err(error) if error.kind() == crate::base::error_kind::ErrorKind::Damage => {
            let advice = "backups will refuse to run until the collector's state is put right: run \
                          `lifeboat repair`";
            findings.damage("gc-damaged", GC_STATE_KEY, error.to_string(), advice);
        }
        Err(error) => findings.unchecked(format!("{GC_STATE_KEY}: {error}")),
    }
    Ok(())
}

/// Compares the packs of the index with those of the store.
pub fn check_packs(checking: &Checking<'_>, listing: &Listing, findings: &mut Findings, damage: &mut Damage) {
    let mut known = 0u64;
    let indexed = checking.repository.index().packs();
    for pack in &indexed {
        let key = pack_key(&pack.name);
        let (code, what) = match listing.packs.get(&pack.name) {
            Some(size) if *size == pack.sealed_len => {
                known += 1;
                continue;
            }
            Some(size) => {
                known += 1;
                ("pack-size", format!("it has {size} bytes and should have {}", pack.sealed_len))
            }
            None => ("pack-missing", "it is not in the store".to_owned()),
        };
        let id = findings.damage(code, key, what, PACK_ADVICE);
        damage.pack(pack.name, id);
    }
    let strays = (listing.packs.len() as u64).saturating_sub(known);
    if strays > 0 {
        let what = format!("{strays} packs stand in no segment of the index");
        let id = findings.warning("pack-unindexed", "packs/", what, STRAY_ADVICE);
        findings.explain(id, "no snapshot that is readable needs them");
        let indexed: std::collections::HashSet<PackName> = indexed.iter().map(|pack| pack.name).collect();
        for name in listing.packs.keys().filter(|name| !indexed.contains(*name)).take(20) {
            findings.costs_path(id, &pack_key(name));
        }
    }
}

/// What to do about a bad pack.
pub const PACK_ADVICE: &str = "put the object back from another copy of the repository if there is one; \
    otherwise run `lifeboat backup` of the same sources, which stores again what still exists, and then \
    `lifeboat repair`";
const STRAY_ADVICE: &str = "an interrupted backup leaves such packs: harmless, the collector removes them. \
    If segments are damaged or missing as well, `lifeboat repair` puts the packs back into the index";

#[cfg(test)]
mod tests {
    use super::is_age_file;

    #[test]
    fn the_shape_of_an_age_file_is_known() {
        let mac = "m".repeat(43);
        let good = format!("age-encryption.org/v1\n-> X25519 abc\ndef\n--- {mac}\n{}", "p".repeat(40));
        assert!(is_age_file(good.as_bytes()));
        for wrong in ["", "age-encryption.org/v2\n", &good[1..], &good[..good.len() - 9], &good[..60]] {
            assert!(!is_age_file(wrong.as_bytes()), "{wrong:?}");
        }
    }
}
