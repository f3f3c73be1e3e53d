//! A plan as JSON: written entry by entry, so that a large one needs no second copy in memory.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use crate::repo::tree::EntryKind;
use crate::restore::cold::ColdCounts;
use crate::restore::items::{Action, ROOT};
use crate::restore::plan::{RestorePlan, SCHEMA};

impl Serialize for RestorePlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", SCHEMA)?;
        map.serialize_entry("snapshot", &self.snapshot)?;
        map.serialize_entry("target", &self.target.to_string_lossy())?;
        map.serialize_entry("resumes", &self.resumes)?;
        map.serialize_entry("counts", self.counts())?;
        map.serialize_entry("warnings", self.warnings())?;
        map.serialize_entry("packs", &Packs(self))?;
        map.serialize_entry("cold", &ColdCounts::of(self.cold()))?;
        map.serialize_entry("cold_packs", self.cold())?;
        map.serialize_entry("entries", &Entries(self))?;
        map.end()
    }
}

impl RestorePlan {
    /// Tells `see` of every entry that is not simply right: its path, what will be done, and why not.
    pub fn each(&self, mut see: impl FnMut(&[u8], Action, Option<&str>)) {
        for number in 0..self.items.len() {
            let action = self.items.get(number).action;
            if action != Action::Unchanged {
                let reason = self.items.extra(number).and_then(|extra| extra.reason.as_deref());
                see(&self.items.path(number), action, reason);
            }
        }
        for deletion in &self.deletions {
            let parent = deletion.parent;
            let mut path = if parent == ROOT { Vec::new() } else { self.items.path(parent) };
            path.push(b'/');
            path.extend_from_slice(&deletion.name);
            see(&path, Action::Delete, None);
        }
    }
}

/// One line of a plan.
#[derive(Serialize)]
struct Line<'a> {
    /// The path below the target, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// The same in base64 otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    path64: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<EntryKind>,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

struct Entries<'a>(&'a RestorePlan);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let plan = self.0;
        let mut list = serializer.serialize_seq(None)?;
        for number in 0..plan.items.len() {
            let item = plan.items.get(number);
            let path = plan.items.path(number);
            list.serialize_element(&Line {
                kind: Some(item.kind),
                action: item.action,
                size: (item.kind == EntryKind::File).then_some(item.size),
                reason: plan.items.extra(number).and_then(|extra| extra.reason.as_deref()),
                ..line(&path)
            })?;
        }
        for deletion in &plan.deletions {
            let mut path =
                if deletion.parent == ROOT { Vec::new() } else { plan.items.path(deletion.parent) };
            path.push(b'/');
            path.extend_from_slice(&deletion.name);
            list.serialize_element(&line(&path))?;
        }
        list.end()
    }
}

fn line(path: &[u8]) -> Line<'_> {
    let text = std::str::from_utf8(path).ok();
    let path64 = text.is_none().then(|| BASE64.encode(path));
    Line { path: text, path64, kind: None, action: Action::Delete, size: None, reason: None }
}

/// The packs touched and what of each is read.
struct Packs<'a>(&'a RestorePlan);

#[derive(Serialize)]
struct PackLine {
    pack: crate::base::ids::PackName,
    /// Offset and length in the pack's plaintext.
    ranges: Vec<(u64, u64)>,
}

impl Serialize for Packs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let plan = self.0;
        let mut list = serializer.serialize_seq(None)?;
        for spans in plan.schedule.spans.chunk_by(|one, two| one.pack == two.pack) {
            let ranges = spans.iter().map(|span| (span.plain.start, span.plain.end - span.plain.start));
            let pack = plan.packs[spans[0].pack as usize].name;
            list.serialize_element(&PackLine { pack, ranges: ranges.collect() })?;
        }
        list.end()
    }
}
