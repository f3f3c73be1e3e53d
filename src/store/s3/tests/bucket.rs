//! The objects of the fake server: every version of them, with markers and retention, by a clock that
//! tests move.

use std::collections::BTreeMap;

/// One version; without a body it is a delete marker.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: String,
    pub body: Option<Vec<u8>>,
    /// Seconds since 1970.
    pub modified: i64,
    /// Mode and end.
    pub retention: Option<(String, i64)>,
}

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    /// Versions by key, the oldest first.
    objects: BTreeMap<String, Vec<Stored>>,
    /// Seconds since 1970.
    pub now: i64,
    pub is_versioned: bool,
    pub has_lock: bool,
    /// Takes retentions and forgets them.
    pub forgets_locks: bool,
    /// Mode and days.
    pub default_retention: Option<(String, i64)>,
    ids: u64,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            // 2026-11-24T04:00:00Z.
            now: 1_795_492_800,
            is_versioned: false,
            has_lock: false,
            forgets_locks: false,
            default_retention: None,
            ids: 0,
        }
    }
}

impl Bucket {
    /// What a plain read finds.
    pub fn current(&self, key: &str) -> Option<&Stored> {
        self.objects.get(key)?.last().filter(|stored| stored.body.is_some())
    }

    pub fn version(&self, key: &str, id: Option<&String>) -> Option<&Stored> {
        match id {
            None => self.current(key),
            Some(id) => self.objects.get(key)?.iter().find(|stored| stored.id == *id),
        }
    }

    pub fn put(&mut self, key: &str, body: Vec<u8>, retention: Option<(String, i64)>) -> String {
        let default = || self.default_retention.clone().map(|(mode, days)| (mode, self.now + days * 86_400));
        let retention = retention.or_else(default).filter(|_| self.has_lock && !self.forgets_locks);
        self.add(key, Some(body), retention)
    }

    fn add(&mut self, key: &str, body: Option<Vec<u8>>, retention: Option<(String, i64)>) -> String {
        self.ids += 1;
        let id = if self.is_versioned { format!("v{}", self.ids) } else { "null".into() };
        let versions = self.objects.entry(key.to_owned()).or_default();
        if !self.is_versioned {
            versions.clear();
        }
        versions.push(Stored { id: id.clone(), body, modified: self.now, retention });
        id
    }

    /// A plain delete.
    pub fn delete(&mut self, key: &str) {
        match self.is_versioned {
            true => drop(self.add(key, None, None)),
            false => drop(self.objects.remove(key)),
        }
    }

    /// Deletes one version; whether that is allowed.
    pub fn delete_version(&mut self, key: &str, id: &str, bypasses: bool) -> bool {
        let now = self.now;
        let Some(versions) = self.objects.get_mut(key) else { return true };
        let is_held = |stored: &Stored| match &stored.retention {
            Some((mode, until)) => *until > now && !(bypasses && mode == "GOVERNANCE"),
            None => false,
        };
        if versions.iter().any(|stored| stored.id == id && is_held(stored)) {
            return false;
        }
        versions.retain(|stored| stored.id != id);
        if versions.is_empty() {
            self.objects.remove(key);
        }
        true
    }

    /// Sets the retention of the newest version; whether that is allowed, if there is one.
    pub fn retain(&mut self, key: &str, mode: &str, until: i64) -> Option<bool> {
        let (now, forgets) = (self.now, self.forgets_locks);
        let stored = self.objects.get_mut(key)?.last_mut().filter(|stored| stored.body.is_some())?;
        if let Some((held, end)) = &stored.retention
            && *end > now
            && (*end > until || (held == "COMPLIANCE" && mode != "COMPLIANCE"))
        {
            return Some(false);
        }
        if !forgets {
            stored.retention = Some((mode.into(), until));
        }
        Some(true)
    }

    /// Objects that a plain listing shows.
    pub fn listed(&self) -> impl Iterator<Item = (&String, &Stored)> {
        self.objects.keys().filter_map(|key| Some((key, self.current(key)?)))
    }

    /// Versions and markers by key, the newest first, and whether it is the newest.
    pub fn versions(&self) -> impl Iterator<Item = (&String, &Stored, bool)> {
        self.objects.iter().flat_map(|(key, versions)| {
            let newest = versions.len() - 1;
            versions.iter().enumerate().rev().map(move |(at, stored)| (key, stored, at == newest))
        })
    }
}
