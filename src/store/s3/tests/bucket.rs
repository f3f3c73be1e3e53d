//! The objects of the fake server: every version of them, with markers and retention, by a clock that
//! tests move.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};

use super::{Circle, Request, Response, State, etag};

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

    /// Gives the newest version of an object another id.
    pub fn rename_version(&mut self, key: &str, id: &str) {
        self.objects.get_mut(key).unwrap().last_mut().unwrap().id = id.into();
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

pub(super) fn date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap().to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(super) fn http_date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub(super) fn seconds(date: &str) -> i64 {
    DateTime::parse_from_rfc3339(date).unwrap().timestamp()
}

fn is_writer(state: &State, request: &Request) -> bool {
    let who = request.headers.get("authorization").map(String::as_str).unwrap_or_default();
    state.writers.iter().any(|writer| who.contains(&format!("Credential={writer}/")))
}

pub(super) fn delete(state: &mut State, request: &Request) -> Response {
    let Some(id) = request.query.get("versionId") else {
        state.bucket.delete(&request.key);
        return Response::new(204);
    };
    let bypasses =
        request.headers.get("x-amz-bypass-governance-retention").is_some_and(|value| value == "true");
    match !is_writer(state, request) && state.bucket.delete_version(&request.key, id, bypasses) {
        true => Response::new(204),
        false => Response::error(403, "AccessDenied"),
    }
}

pub(super) fn configuration(state: &State, request: &Request) -> Response {
    let bucket = &state.bucket;
    let mut response = Response::new(200);
    let text = if request.query.contains_key("versioning") && bucket.is_versioned {
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".to_owned()
    } else if request.query.contains_key("object-lock") && bucket.has_lock {
        let rule = bucket.default_retention.as_ref().map(|(mode, days)| {
            format!(
                "<Rule><DefaultRetention><Mode>{mode}</Mode><Days>{days}</Days></DefaultRetention></Rule>"
            )
        });
        let rule = rule.unwrap_or_default();
        format!(
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}\
             </ObjectLockConfiguration>"
        )
    } else {
        return Response::error(404, "NoSuchConfiguration");
    };
    response.body = text.into_bytes();
    response
}

pub(super) fn between(text: &str, tag: &str) -> String {
    let (_, rest) = text.split_once(&format!("<{tag}>")).unwrap();
    rest.split_once(&format!("</{tag}>")).unwrap().0.to_owned()
}

pub(super) fn retain(state: &mut State, request: &Request) -> Response {
    let text = String::from_utf8(request.body.clone()).unwrap();
    let until = seconds(&between(&text, "RetainUntilDate"));
    if !state.bucket.has_lock {
        return Response::error(400, "InvalidRequest");
    }
    match state.bucket.retain(&request.key, &between(&text, "Mode"), until) {
        None => Response::error(404, "NoSuchKey"),
        Some(true) => Response::new(200),
        Some(false) => Response::error(403, "AccessDenied"),
    }
}

pub(super) fn retention(state: &State, request: &Request) -> Response {
    match state.bucket.version(&request.key, request.query.get("versionId")) {
        None => Response::error(404, "NoSuchKey"),
        Some(Stored { retention: None, .. }) => Response::error(404, "NoSuchObjectLockConfiguration"),
        Some(Stored { retention: Some((mode, until)), .. }) => {
            let date = date(*until);
            let text = format!(
                "<Retention><Mode>{mode}</Mode><RetainUntilDate>{date}</RetainUntilDate></Retention>"
            );
            Response { body: text.into_bytes(), ..Response::new(200) }
        }
    }
}

/// What listings say of one version.
pub(super) fn described(key: &str, stored: &Stored) -> String {
    let modified = date(stored.modified);
    let mut text = format!("<Key>{}</Key><LastModified>{modified}</LastModified>", quoted(key));
    if let Some(body) = &stored.body {
        let etag = etag(body).replace('"', "&quot;");
        text += &format!("<Size>{}</Size><ETag>{etag}</ETag>", body.len());
    }
    text
}

fn quoted(key: &str) -> String {
    key.bytes()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

pub(super) fn list_versions(state: &mut State, request: &Request) -> Response {
    state.turns += 1;
    let asked = |name: &str| request.query.get(name).cloned().unwrap_or_default();
    let prefix = asked("prefix");
    let (key_marker, id_marker) = (asked("key-marker"), asked("version-id-marker"));
    let all: Vec<_> = state.bucket.versions().filter(|(key, ..)| key.starts_with(&prefix)).collect();
    let is_marker =
        |(key, stored, _): &&(&String, &Stored, bool)| **key == key_marker && stored.id == id_marker;
    let start = all.iter().position(|one| is_marker(&one)).map_or(0, |at| at + 1);
    let shown = if state.circle == Some(Circle::Nothing) { 0 } else { state.page_size };
    let end = all.len().min(start + shown);
    let is_last = end == all.len() && !state.endless_listing && state.circle.is_none();
    let mut text = String::from("<ListVersionsResult><EncodingType>url</EncodingType>");
    text += &format!("<IsTruncated>{}</IsTruncated>", !is_last);
    if let Some(circle) = state.circle {
        text += &format!("<NextKeyMarker>{}</NextKeyMarker>", super::next_in(circle, state.turns));
    } else if let Some((key, stored, _)) = all[start..end].last().filter(|_| !is_last) {
        let (key, id) = (quoted(key), &stored.id);
        text +=
            &format!("<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{id}</NextVersionIdMarker>");
    }
    for (key, stored, is_latest) in &all[start..end] {
        let tag = if stored.body.is_some() { "Version" } else { "DeleteMarker" };
        let (described, id) = (super::claimed(state, key, described(key, stored)), &stored.id);
        text +=
            &format!("<{tag}>{described}<VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest></{tag}>");
    }
    Response { body: (text + "</ListVersionsResult>").into_bytes(), ..Response::new(200) }
}
