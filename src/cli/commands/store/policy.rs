//! `lifeboat store policy`: what each role has to be allowed in a bucket, as IAM spells it.
//!
//! Least privilege follows from the layout: a writer creates packs, segments, snapshots and sessions,
//! each only where nothing stands (`s3:if-none-match`), and deletes nothing but sessions.
//!
//! Where objects are locked, a writer also sets and renews retention, in the one mode and for no longer than
//! the options say (a thief could otherwise lock a bucket full for a hundred years). Nobody gets
//! `s3:BypassGovernanceRetention` nor a right over the bucket's own settings. Versions can be deleted by the
//! maintainer alone, and read by the maintainer and the restorer: they look back, and bring back.
//!
//! Where writers are kept apart by time, or only one ever writes, no write bears a condition, so that none
//! can be asked for: whoever may create an object there may replace it. By time, each role writes and
//! removes claims besides, on the keys that it contests and on no others (see `store::timed`).

use serde_json::{Value, json};

use crate::cli::commands::key::RoleName;
use crate::cli::commands::store::PolicyArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::store::s3::options::{Conditional, S3Options};
use crate::store::vault::LockPolicy;

/// What no policy can prevent there.
const REPLACEABLE: &str = "\
warning: where the server checks no conditions, whoever may create an object may also replace it: only a \
bucket that keeps versions, better one that locks them (lock=…), keeps what a thief of such credentials \
writes over";

/// Runs the command.
pub fn run(args: &PolicyArgs, context: &Context) -> CommandResult {
    let url = match (&args.bucket, &args.url) {
        (Some(bucket), _) => format!("s3://{bucket}/{}", args.prefix.as_deref().unwrap_or_default()),
        (None, Some(url)) => url.clone(),
        (None, None) => context.repository(None)?.url,
    };
    let rest = url.strip_prefix("s3://").ok_or_else(|| {
        Failure::usage("a policy is for an S3 bucket")
            .hint("name one with --bucket, or a URL s3://BUCKET/PREFIX")
    })?;
    let options = S3Options::parse(rest).map_err(Failure::usage)?;
    let conditional = if args.time_based { Conditional::TimeBased } else { options.conditional };
    let place =
        Place { partition: &args.partition, bucket: &options.bucket, prefix: &options.prefix, conditional };
    let policy = policy(args.role, &place, options.lock);
    if conditional != Conditional::Server {
        context.output.warn(REPLACEABLE);
    }
    match context.output.json {
        true => context.output.document(&policy)?,
        // Text and objects always have a JSON form.
        false => context.output.text(&format!("{policy:#}\n"))?,
    }
    Ok(Outcome::Done)
}

/// Where the objects are.
struct Place<'a> {
    partition: &'a str,
    bucket: &'a str,
    /// Empty, or ending in `/`.
    prefix: &'a str,
    /// Who sees to it that nothing is replaced: only the server does so by conditions.
    conditional: Conditional,
}

/// What is locked: see `store::vault::is_locked_kind`.
const LOCKED: &[&str] =
    &["packs/*", "index/*", "snapshots/*", "keys/*", "evidence/*", "runbooks/*", "config"];

/// The keys that each role contests with others.
fn contested(role: RoleName) -> &'static [&'static str] {
    match role {
        RoleName::Writer => &["snapshots/*", "evidence/*"],
        RoleName::Maintainer => &["snapshots/*", "evidence/*", "gc/*", "probe/*"],
        RoleName::Restorer => &["config/*", "keys/*", "evidence/*", "runbooks/*"],
    }
}

/// The policy of `role`, where objects are locked as `lock` says.
fn policy(role: RoleName, place: &Place<'_>, lock: Option<LockPolicy>) -> Value {
    let arn = format!("arn:{}:s3:::{}", place.partition, place.bucket);
    let maker = Maker { arn, prefix: place.prefix, conditional: place.conditional };
    let mut statements = vec![maker.list("List", "s3:ListBucket")];
    match role {
        RoleName::Writer => {
            let readable = ["config", "keys/*", "index/*", "snapshots/*", "sessions/*", "gc/*", "evidence/*"];
            statements.push(maker.allow("Read", &["s3:GetObject"], &readable));
            let created = ["packs/*", "index/*", "snapshots/*", "sessions/*", "evidence/*"];
            statements.push(maker.create("Add", &created));
            statements.push(maker.allow("EndSessions", &["s3:DeleteObject"], &["sessions/*"]));
        }
        RoleName::Maintainer => {
            statements.push(maker.list("LookBack", "s3:ListBucketVersions"));
            statements.push(maker.allow("Read", &["s3:GetObject", "s3:GetObjectVersion"], &["*"]));
            let created =
                ["packs/*", "index/*", "snapshots/*", "sessions/*", "gc/*", "evidence/*", "probe/*"];
            statements.push(maker.create("Add", &created));
            statements.push(maker.swap("Swap", &["gc/*", "probe/*"]));
            let deleted = ["packs/*", "index/*", "snapshots/*", "sessions/*", "gc/*", "probe/*"];
            statements.push(maker.allow("Collect", &["s3:DeleteObject"], &deleted));
            statements.push(maker.allow("Sweep", &["s3:DeleteObjectVersion"], &["*"]));
        }
        RoleName::Restorer => {
            statements.push(maker.list("LookBack", "s3:ListBucketVersions"));
            statements.push(maker.allow("Read", &["s3:GetObject", "s3:GetObjectVersion"], &["*"]));
            // Only where packs lie in an archive class is it ever asked for.
            statements.push(maker.allow("WarmUp", &["s3:RestoreObject"], &["packs/*"]));
            statements.push(maker.create("AddKeys", &["config", "keys/*", "evidence/*", "runbooks/*"]));
            statements.push(maker.allow("RemoveKeys", &["s3:DeleteObject"], &["keys/*"]));
        }
    }
    if place.conditional == Conditional::TimeBased {
        let claims: Vec<String> = contested(role).iter().map(|keys| format!("claims/{keys}")).collect();
        let claims: Vec<&str> = claims.iter().map(String::as_str).collect();
        let actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];
        statements.push(maker.allow("Claim", &actions, &claims));
    }
    if let Some(lock) = lock {
        statements.push(maker.allow("SeeLocks", &["s3:GetObjectRetention"], LOCKED));
        statements.push(maker.lock("Lock", lock));
        let bucket = ["s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration"];
        let arn = &maker.arn;
        let see = json!({ "Sid": "SeeBucket", "Effect": "Allow", "Action": bucket, "Resource": [arn] });
        statements.push(see);
        statements.push(maker.forbid());
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

struct Maker<'a> {
    arn: String,
    prefix: &'a str,
    conditional: Conditional,
}

impl Maker<'_> {
    fn list(&self, sid: &str, action: &str) -> Value {
        let mut statement = json!({
            "Sid": sid,
            "Effect": "Allow",
            "Action": [action],
            "Resource": [self.arn],
        });
        if !self.prefix.is_empty() {
            let below = format!("{}*", self.prefix);
            // Where nothing is listed there is no prefix: S3 asks for this right too before it says that an
            // object is missing, and would otherwise say that access is denied.
            statement["Condition"] = json!({ "StringLikeIfExists": { "s3:prefix": [below] } });
        }
        statement
    }

    fn allow(&self, sid: &str, actions: &[&str], keys: &[&str]) -> Value {
        let resources: Vec<String> =
            keys.iter().map(|key| format!("{}/{}{key}", self.arn, self.prefix)).collect();
        json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
    }

    /// Writes that replace nothing.
    fn create(&self, sid: &str, keys: &[&str]) -> Value {
        self.write(sid, keys, "s3:if-none-match")
    }

    /// Writes that replace what was read, and nothing else.
    fn swap(&self, sid: &str, keys: &[&str]) -> Value {
        self.write(sid, keys, "s3:if-match")
    }

    fn write(&self, sid: &str, keys: &[&str], condition: &str) -> Value {
        let mut statement = self.allow(sid, &["s3:PutObject"], keys);
        if self.conditional == Conditional::Server {
            statement["Condition"] = json!({ "Null": { condition: "false" } });
        }
        statement
    }
}

impl Maker<'_> {
    /// Retention of the one mode and no longer than is meant, with a day for clocks that differ.
    fn lock(&self, sid: &str, lock: LockPolicy) -> Value {
        let days = lock.duration.as_secs().div_ceil(86_400) + 1;
        let mut statement = self.allow(sid, &["s3:PutObjectRetention"], LOCKED);
        statement["Condition"] = json!({
            "StringEquals": { "s3:object-lock-mode": lock.mode.as_str().to_uppercase() },
            "NumericLessThanEquals": { "s3:object-lock-remaining-retention-days": days.to_string() },
        });
        statement
    }

    /// What no role may do, whatever else it was allowed.
    fn forbid(&self) -> Value {
        let actions = [
            "s3:BypassGovernanceRetention",
            "s3:PutBucketVersioning",
            "s3:PutBucketObjectLockConfiguration",
            "s3:PutLifecycleConfiguration",
        ];
        let resources = [self.arn.clone(), format!("{}/{}*", self.arn, self.prefix)];
        json!({ "Sid": "NeverUnlock", "Effect": "Deny", "Action": actions, "Resource": resources })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Place, policy};
    use crate::cli::commands::key::RoleName;
    use crate::store::s3::options::{Conditional, S3Options};

    /// Everything that a role may or must not do, where objects are locked.
    fn all_statements(role: RoleName) -> Vec<Value> {
        let place = Place { partition: "aws", bucket: "b", prefix: "p/", conditional: Conditional::Server };
        let lock = S3Options::parse("bucket/p?lock=governance&lock-for=30d").unwrap().lock;
        policy(role, &place, lock)["Statement"].as_array().unwrap().clone()
    }

    fn statements(role: RoleName) -> Vec<Value> {
        all_statements(role).into_iter().filter(|statement| statement["Effect"] == "Allow").collect()
    }

    #[test]
    fn nobody_bypasses_a_lock_and_a_writer_locks_in_one_mode_for_as_long_as_is_meant() {
        for role in [RoleName::Writer, RoleName::Maintainer, RoleName::Restorer] {
            let denied: Vec<Value> =
                all_statements(role).into_iter().filter(|statement| statement["Effect"] == "Deny").collect();
            assert!(denied[0]["Action"].to_string().contains("s3:BypassGovernanceRetention"));
            assert!(!allows(role, "s3:BypassGovernanceRetention", "arn:aws:s3:::b/p/packs/00/1"));
            assert!(allows(role, "s3:PutObjectRetention", "arn:aws:s3:::b/p/packs/00/1"));
            assert!(!allows(role, "s3:PutObjectRetention", "arn:aws:s3:::b/p/sessions/1"));
            let lock = statements(role).into_iter().find(|statement| statement["Sid"] == "Lock").unwrap();
            assert_eq!(lock["Condition"]["StringEquals"]["s3:object-lock-mode"], "GOVERNANCE");
            let days = &lock["Condition"]["NumericLessThanEquals"]["s3:object-lock-remaining-retention-days"];
            assert_eq!(days, "31");
        }
        let version = "arn:aws:s3:::b/p/packs/00/1";
        for (role, reads, deletes) in [
            (RoleName::Writer, false, false),
            (RoleName::Maintainer, true, true),
            (RoleName::Restorer, true, false),
        ] {
            assert_eq!(allows(role, "s3:GetObjectVersion", version), reads, "{role:?}");
            assert_eq!(allows(role, "s3:DeleteObjectVersion", version), deletes, "{role:?}");
        }
        let place = Place { partition: "aws", bucket: "b", prefix: "", conditional: Conditional::Server };
        let text = policy(RoleName::Writer, &place, None).to_string();
        assert!(!text.contains("Retention"), "nothing of locks where nothing is locked: {text}");
    }

    /// Whether a statement allows `action` on what `key` matches by its pattern.
    fn allows(role: RoleName, action: &str, key: &str) -> bool {
        let holds = |statement: &Value| {
            let actions = statement["Action"].as_array().unwrap();
            let resources = statement["Resource"].as_array().unwrap();
            let matches = |pattern: &str| match pattern.strip_suffix('*') {
                Some(start) => key.starts_with(start),
                None => key == pattern,
            };
            actions.iter().any(|one| one == action)
                && resources.iter().any(|one| matches(one.as_str().unwrap()))
        };
        statements(role).iter().any(holds)
    }

    #[test]
    fn a_writer_deletes_sessions_alone_and_replaces_nothing() {
        let writer = RoleName::Writer;
        assert!(allows(writer, "s3:DeleteObject", "arn:aws:s3:::b/p/sessions/1"));
        for kept in ["config", "keys/a.age", "packs/00/1", "index/1", "snapshots/h/1", "gc/state"] {
            let key = format!("arn:aws:s3:::b/p/{kept}");
            assert!(!allows(writer, "s3:DeleteObject", &key), "{kept}");
        }
        for statement in statements(writer) {
            if statement["Action"].as_array().unwrap().iter().any(|action| action == "s3:PutObject") {
                assert_eq!(statement["Condition"]["Null"]["s3:if-none-match"], "false", "{statement}");
            }
        }
        for closed in ["config", "keys/a.age", "gc/state"] {
            assert!(!allows(writer, "s3:PutObject", &format!("arn:aws:s3:::b/p/{closed}")), "{closed}");
        }
        assert!(!allows(writer, "s3:GetObject", "arn:aws:s3:::b/p/packs/00/1"));
    }

    #[test]
    fn only_a_restorer_has_packs_warmed_up() {
        let pack = "arn:aws:s3:::b/p/packs/10/1";
        assert!(allows(RoleName::Restorer, "s3:RestoreObject", pack));
        for role in [RoleName::Writer, RoleName::Maintainer] {
            assert!(!allows(role, "s3:RestoreObject", pack));
        }
    }

    #[test]
    fn no_role_reaches_beyond_its_prefix() {
        for role in [RoleName::Writer, RoleName::Maintainer, RoleName::Restorer] {
            for statement in statements(role) {
                let resources = statement["Resource"].as_array().unwrap();
                for resource in resources.iter().map(|resource| resource.as_str().unwrap()) {
                    let lists = statement["Condition"]["StringLikeIfExists"]["s3:prefix"][0] == "p/*";
                    // How the bucket itself is set up has no prefix.
                    let looks = statement["Sid"] == "SeeBucket";
                    assert!(resource.starts_with("arn:aws:s3:::b/p/") || lists || looks, "{statement}");
                }
            }
        }
    }
}
