//! What the fake server allows: IAM policies, as far as this project prints them. What it does not know, it
//! refuses, so that no condition is taken for met by mistake.

use serde_json::{Map, Value};

use super::{Request, State, bucket};

/// What was asked for, as a policy sees it.
struct Asked {
    action: &'static str,
    resource: String,
}

/// Why `request` is not allowed, if it is not.
pub(super) fn refusal(state: &State, request: &Request) -> Option<String> {
    let who = request.headers.get("authorization")?.split("Credential=").nth(1)?.split('/').next()?;
    let policy = state.policies.get(who)?;
    let statements = policy["Statement"].as_array().expect("a policy has statements");
    actions(request).into_iter().find_map(|action| {
        let is_of_bucket = request.key.is_empty();
        let key = if is_of_bucket { String::new() } else { format!("/{}", request.key) };
        let asked = Asked { action, resource: format!("arn:aws:s3:::bucket{key}") };
        let is = |effect: &str| {
            let of = statements.iter().filter(|statement| statement["Effect"] == effect);
            of.filter(|one| matches(one, &asked)).any(|one| holds(one, request))
        };
        match is("Allow") && !is("Deny") {
            true => None,
            false => Some(format!("{who}: {action} on {}", asked.resource)),
        }
    })
}

/// The rights that a request takes, all of them.
fn actions(request: &Request) -> Vec<&'static str> {
    let asks = |what: &str| request.query.contains_key(what);
    let has_lock = request.headers.contains_key("x-amz-object-lock-mode");
    let bypasses = request.headers.contains_key("x-amz-bypass-governance-retention");
    match (request.method.as_str(), request.key.is_empty()) {
        ("PUT", true) => vec!["s3:CreateBucket"],
        ("HEAD", true) => vec!["s3:ListBucket"],
        ("GET", true) if asks("list-type") => vec!["s3:ListBucket"],
        ("GET", true) if asks("versions") => vec!["s3:ListBucketVersions"],
        ("GET", true) if asks("versioning") => vec!["s3:GetBucketVersioning"],
        ("GET", true) => vec!["s3:GetBucketObjectLockConfiguration"],
        ("PUT", false) if asks("retention") => vec!["s3:PutObjectRetention"],
        ("PUT", false) if has_lock => vec!["s3:PutObject", "s3:PutObjectRetention"],
        ("PUT", false) => vec!["s3:PutObject"],
        ("POST", false) => vec!["s3:RestoreObject"],
        ("DELETE", false) if asks("versionId") && bypasses => {
            vec!["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"]
        }
        ("DELETE", false) if asks("versionId") => vec!["s3:DeleteObjectVersion"],
        ("DELETE", false) => vec!["s3:DeleteObject"],
        (_, false) if asks("retention") => vec!["s3:GetObjectRetention"],
        (_, false) if asks("versionId") => vec!["s3:GetObjectVersion"],
        _ => vec!["s3:GetObject"],
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).any(|at| text.is_char_boundary(at) && is_like(rest, &text[at..]))
        }),
    }
}

fn matches(statement: &Value, asked: &Asked) -> bool {
    let is_action = texts(&statement["Action"]).any(|action| action == asked.action);
    is_action && texts(&statement["Resource"]).any(|pattern| is_like(pattern, &asked.resource))
}

/// Whether the conditions of a statement are met.
fn holds(statement: &Value, request: &Request) -> bool {
    let none = Map::new();
    let conditions = statement["Condition"].as_object().unwrap_or(&none);
    conditions.iter().all(|(operator, wanted)| {
        let wanted = wanted.as_object().expect("a condition names keys");
        wanted.iter().all(|(name, wanted)| {
            let found = value_of(name, request);
            match (operator.as_str(), found, wanted) {
                ("Null", found, wanted) => (wanted == "true") == found.is_none(),
                ("StringLikeIfExists", None, _) => true,
                ("StringLikeIfExists", Some(found), wanted) => {
                    texts(wanted).any(|pattern| is_like(pattern, &found))
                }
                ("StringEquals", Some(found), wanted) => wanted.as_str() == Some(&found),
                ("NumericLessThanEquals", Some(found), wanted) => {
                    let number = |text: &str| text.parse::<f64>().expect("a number");
                    number(&found) <= number(wanted.as_str().expect("a number in quotes"))
                }
                _ => false,
            }
        })
    })
}

/// A key of conditions, of this request.
fn value_of(name: &str, request: &Request) -> Option<String> {
    let header = |name: &str| request.headers.get(name).cloned();
    let body = || String::from_utf8_lossy(&request.body).into_owned();
    let in_body = |tag: &str| {
        let text = request.query.contains_key("retention").then(body)?;
        Some(bucket::between(&text, tag))
    };
    match name {
        "s3:if-none-match" => header("if-none-match"),
        "s3:if-match" => header("if-match"),
        "s3:prefix" => request.query.get("prefix").cloned(),
        "s3:object-lock-mode" => header("x-amz-object-lock-mode").or_else(|| in_body("Mode")),
        "s3:object-lock-remaining-retention-days" => {
            let until =
                header("x-amz-object-lock-retain-until-date").or_else(|| in_body("RetainUntilDate"))?;
            // By the clock of whoever asks: the bucket's own stands still.
            let now = chrono::Utc::now().timestamp();
            Some(((bucket::seconds(&until) - now) as f64 / 86_400.0).ceil().to_string())
        }
        _ => panic!("the fake does not know the condition {name}"),
    }
}
