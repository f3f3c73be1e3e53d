//! What the server of `fake.rs` answers.

use super::*;

pub(super) fn etag(body: &[u8]) -> String {
    format!("\"{}\"", &blake3::hash(body).to_hex()[..32])
}

pub(super) fn answer(state: &mut State, request: &Request, fault: Option<&Fault>) -> Response {
    if !state.has_bucket {
        let makes = request.method == "PUT" && request.key.is_empty();
        state.has_bucket = makes;
        if request.headers.get("x-amz-bucket-object-lock-enabled").is_some_and(|value| value == "true") {
            (state.bucket.is_versioned, state.bucket.has_lock) = (true, true);
        }
        return if makes { Response::new(200) } else { Response::error(404, "NoSuchBucket") };
    }
    if let Some(why) = policies::refusal(state, request) {
        state.refused.push(why);
        return Response::error(403, "AccessDenied");
    }
    let asks = |what: &str| request.query.contains_key(what);
    match request.method.as_str() {
        "PUT" if asks("retention") => bucket::retain(state, request),
        "PUT" => put(state, request),
        "DELETE" => {
            if !asks("versionId") {
                state.classes.remove(&request.key);
            }
            bucket::delete(state, request)
        }
        "POST" if asks("restore") => warm_up(state, request),
        "HEAD" if request.key.is_empty() => Response::new(200),
        "GET" if request.key.is_empty() && asks("list-type") => list(state, request),
        "GET" if request.key.is_empty() && asks("versions") => bucket::list_versions(state, request),
        "GET" if request.key.is_empty() => bucket::configuration(state, request),
        "GET" if asks("retention") => bucket::retention(state, request),
        _ => match state.bucket.version(&request.key, request.query.get("versionId")) {
            None => Response::error(404, "NoSuchKey"),
            Some(Stored { body: None, .. }) => Response::error(405, "MethodNotAllowed"),
            Some(Stored { body: Some(body), modified, .. }) => {
                let told =
                    |response: Response| response.header("last-modified", bucket::http_date(*modified));
                match (request.method.as_str(), state.classes.get_mut(&request.key)) {
                    ("GET", Some((class, copy))) if is_archive(class) && *copy != Copy::Ready(0) => {
                        Response::error(403, "InvalidObjectState")
                    }
                    ("HEAD", Some((class, copy))) => tell_class(told(get(body, request, fault)), class, copy),
                    ("HEAD", None) if state.claimed.contains_key(&request.key) => {
                        told(Response::new(200).header("etag", etag(body)))
                            .header("content-length", state.claimed[&request.key])
                    }
                    _ => told(get(body, request, fault)),
                }
            }
        },
    }
}

fn is_archive(class: &str) -> bool {
    matches!(class, "GLACIER" | "DEEP_ARCHIVE" | "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS")
}

/// What HEAD says of an object's class and of its copy, which comes nearer with every look.
fn tell_class(response: Response, class: &str, copy: &mut Copy) -> Response {
    let response = match (class.ends_with("_ACCESS"), &copy) {
        (true, Copy::Ready(0)) => return response.header("x-amz-storage-class", "INTELLIGENT_TIERING"),
        (true, _) => response
            .header("x-amz-storage-class", "INTELLIGENT_TIERING")
            .header("x-amz-archive-status", class),
        (false, _) => response.header("x-amz-storage-class", class),
    };
    match copy {
        Copy::None => response,
        Copy::Ready(0) => {
            let until = "expiry-date=\"Fri, 04 Dec 2026 00:00:00 GMT\"";
            response.header("x-amz-restore", format!("ongoing-request=\"false\", {until}"))
        }
        Copy::Ready(looks) => {
            *looks -= 1;
            response.header("x-amz-restore", "ongoing-request=\"true\"")
        }
    }
}

fn warm_up(state: &mut State, request: &Request) -> Response {
    let looks = state.looks;
    let text = String::from_utf8_lossy(&request.body).into_owned();
    match state.classes.get_mut(&request.key) {
        None => Response::error(404, "NoSuchKey"),
        Some((class, _)) if !is_archive(class) => Response::error(403, "InvalidObjectState"),
        Some((class, _)) if class.starts_with("DEEP") && text.contains("Expedited") => {
            Response::error(400, "InvalidArgument")
        }
        Some((_, Copy::Ready(left))) if *left > 0 => Response::error(409, "RestoreAlreadyInProgress"),
        Some((class, copy)) if text.contains("<Days>") != class.ends_with("_ACCESS") => {
            *copy = Copy::Ready(looks);
            Response::new(202)
        }
        Some(_) => Response::error(400, "MalformedXML"),
    }
}

fn put(state: &mut State, request: &Request) -> Response {
    let current = state.bucket.current(&request.key).and_then(|stored| Some(etag(stored.body.as_ref()?)));
    let holds = match (request.headers.get("if-none-match"), request.headers.get("if-match")) {
        _ if state.ignores_conditions => true,
        (Some(_), _) => current.is_none(),
        (None, Some(_)) if current.is_none() => return Response::error(404, "NoSuchKey"),
        (None, Some(expected)) => current.as_ref() == Some(expected),
        (None, None) => true,
    };
    if !holds {
        return Response::error(412, "PreconditionFailed");
    }
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &request.body) as u32;
    let told = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sum.to_be_bytes());
    let asked = request.headers.get("x-amz-checksum-crc32");
    if asked.is_some_and(|asked| *asked != told) && !state.ignores_checksums {
        return Response::error(400, "BadDigest");
    }
    let mode = request.headers.get("x-amz-object-lock-mode");
    let until = request.headers.get("x-amz-object-lock-retain-until-date").map(|date| bucket::seconds(date));
    let retention = mode.cloned().zip(until);
    let will_lock = retention.is_some() || state.bucket.default_retention.is_some();
    // As S3 has it: no lock without Object Lock, none in the past, and none without a checksum.
    let is_past = until.is_some_and(|until| until <= state.bucket.now);
    if will_lock && (!state.bucket.has_lock || is_past || asked.is_none()) {
        return Response::error(400, "InvalidRequest");
    }
    let id = state.bucket.put(&request.key, request.body.clone(), retention);
    match request.headers.get("x-amz-storage-class").filter(|class| *class != "STANDARD") {
        Some(class) => state.classes.insert(request.key.clone(), (class.clone(), Copy::None)),
        None => state.classes.remove(&request.key),
    };
    let response = Response::new(200).header("etag", etag(&request.body));
    if state.bucket.is_versioned { response.header("x-amz-version-id", id) } else { response }
}

fn get(body: &[u8], request: &Request, fault: Option<&Fault>) -> Response {
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, body) as u32;
    let told = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sum.to_be_bytes());
    let whole = || {
        let mut response = Response::new(200).header("etag", etag(body));
        if request.method == "HEAD" {
            return response.header("content-length", body.len());
        }
        response.body = body.to_vec();
        response.header("x-amz-checksum-crc32", &told)
    };
    let Some(range) = request.headers.get("range").filter(|_| !matches!(fault, Some(Fault::WholeObject)))
    else {
        return whole();
    };
    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (mut first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    if first >= body.len() {
        return Response::error(416, "InvalidRange");
    }
    let last = last.min(body.len() - 1);
    if matches!(fault, Some(Fault::OtherRange)) {
        first = first.saturating_sub(1);
    }
    let mut response = Response::new(206).header("etag", etag(body));
    response = response.header("content-range", format!("bytes {first}-{last}/{}", body.len()));
    response.body = body[first..=last].to_vec();
    response
}

fn list(state: &mut State, request: &Request) -> Response {
    let prefix = request.query.get("prefix").cloned().unwrap_or_default();
    let after = request.query.get("continuation-token").cloned().unwrap_or_default();
    let after = if state.circle.is_some() { String::new() } else { after };
    state.turns += 1;
    let matching: Vec<_> =
        state.bucket.listed().filter(|(key, _)| key.starts_with(&prefix) && **key > after).collect();
    let shown = if state.circle == Some(Circle::Nothing) { 0 } else { state.page_size };
    let page = &matching[..matching.len().min(shown)];
    let mut text = String::from("<ListBucketResult><EncodingType>url</EncodingType>");
    let is_last = page.len() == matching.len() && !state.endless_listing && state.circle.is_none();
    text += &format!("<IsTruncated>{}</IsTruncated>", !is_last);
    if let Some(circle) = state.circle {
        text += &format!("<NextContinuationToken>{}</NextContinuationToken>", next_in(circle, state.turns));
    } else if let Some((key, _)) = page.last().filter(|_| !is_last) {
        text += &format!("<NextContinuationToken>{key}</NextContinuationToken>");
    }
    for (key, stored) in page {
        let class = match state.classes.get(key.as_str()) {
            None => "STANDARD",
            Some((class, _)) if class.ends_with("_ACCESS") => "INTELLIGENT_TIERING",
            Some((class, _)) => class,
        };
        let described = claimed(state, key, bucket::described(key, stored));
        text += &format!("<Contents>{described}<StorageClass>{class}</StorageClass></Contents>");
    }
    Response { body: (text + "</ListBucketResult>").into_bytes(), ..Response::new(200) }
}

/// The token of the next page of a listing that leads nowhere.
pub(super) fn next_in(circle: Circle, turn: u64) -> String {
    match circle {
        Circle::OneToken => "again".into(),
        Circle::NewTokens | Circle::Nothing => format!("turn-{turn}"),
        Circle::LongTokens => format!("turn-{turn}-{}", "x".repeat(1 << 20)),
    }
}

/// What is told of an object, with the size that is claimed for it.
pub(super) fn claimed(state: &State, key: &str, described: String) -> String {
    let Some(size) = state.claimed.get(key) else { return described };
    // A marker has none.
    let Some((start, rest)) = described.split_once("<Size>") else { return described };
    let (_, end) = rest.split_once("</Size>").unwrap();
    format!("{start}<Size>{size}</Size>{end}")
}
