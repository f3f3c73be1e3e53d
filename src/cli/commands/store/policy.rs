//! `lifeboat store policy`: what each role has to be allowed in a bucket, as IAM spells it.
//!
//! Least privilege follows from the layout: a writer creates packs, segments, snapshots and sessions,
//! each only where nothing stands (`s3:if-none-match`), and deletes nothing but sessions.

use serde_json::{Value, json};

use crate::cli::commands::key::RoleName;
use crate::cli::commands::store::PolicyArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::store::s3::options::S3Options;

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
    let policy = policy(args.role, &args.partition, &options.bucket, &options.prefix);
    match context.output.json {
        true => context.output.document(&policy)?,
        // Text and objects always have a JSON form.
        false => context.output.text(&format!("{policy:#}\n"))?,
    }
    Ok(Outcome::Done)
}

/// The policy of `role` for the keys below `prefix`, which is empty or ends in `/`.
fn policy(role: RoleName, partition: &str, bucket: &str, prefix: &str) -> Value {
    let maker = Maker { arn: format!("arn:{partition}:s3:::{bucket}"), prefix };
    let mut statements = vec![maker.list()];
    match role {
        RoleName::Writer => {
            let readable = ["config", "keys/*", "index/*", "snapshots/*", "sessions/*", "gc/*"];
            statements.push(maker.allow("Read", &["s3:GetObject"], &readable));
            let created = ["packs/*", "index/*", "snapshots/*", "sessions/*"];
            statements.push(maker.create("Add", &created));
            statements.push(maker.allow("EndSessions", &["s3:DeleteObject"], &["sessions/*"]));
        }
        RoleName::Maintainer => {
            statements.push(maker.allow("Read", &["s3:GetObject"], &["*"]));
            let created = ["packs/*", "index/*", "snapshots/*", "sessions/*", "gc/*", "probe/*"];
            statements.push(maker.create("Add", &created));
            statements.push(maker.swap("Swap", &["gc/*", "probe/*"]));
            let deleted = ["packs/*", "index/*", "snapshots/*", "sessions/*", "gc/*", "probe/*"];
            statements.push(maker.allow("Collect", &["s3:DeleteObject"], &deleted));
        }
        RoleName::Restorer => {
            statements.push(maker.allow("Read", &["s3:GetObject"], &["*"]));
            // Only where packs lie in an archive class is it ever asked for.
            statements.push(maker.allow("WarmUp", &["s3:RestoreObject"], &["packs/*"]));
            statements.push(maker.create("AddKeys", &["config", "keys/*"]));
            statements.push(maker.allow("RemoveKeys", &["s3:DeleteObject"], &["keys/*"]));
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

struct Maker<'a> {
    arn: String,
    prefix: &'a str,
}

impl Maker<'_> {
    fn list(&self) -> Value {
        let mut statement = json!({
            "Sid": "List",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
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
        let mut statement = self.allow(sid, &["s3:PutObject"], keys);
        statement["Condition"] = json!({ "Null": { "s3:if-none-match": "false" } });
        statement
    }

    /// Writes that replace what was read, and nothing else.
    fn swap(&self, sid: &str, keys: &[&str]) -> Value {
        let mut statement = self.allow(sid, &["s3:PutObject"], keys);
        statement["Condition"] = json!({ "Null": { "s3:if-match": "false" } });
        statement
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::policy;
    use crate::cli::commands::key::RoleName;

    fn statements(role: RoleName) -> Vec<Value> {
        policy(role, "aws", "b", "p/")["Statement"].as_array().unwrap().clone()
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
                    assert!(resource.starts_with("arn:aws:s3:::b/p/") || lists, "{statement}");
                }
            }
        }
    }
}
