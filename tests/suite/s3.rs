//! Repositories in buckets, through the program, on a real server; and what it says when there is none.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lifeboat::crypto::x25519::Identity;
use lifeboat::store::Store;
use lifeboat::store::contract::check_contract;
use lifeboat::store::s3::{S3Store, options::S3Options};

use crate::program::{Run, Sandbox, finish};
use crate::seaweed::{OWNER, READER, weed};
use crate::world::{assert_same, make_sample};

/// A home with an identity, and a bucket it may use.
struct Bucket {
    sandbox: Sandbox,
    url: String,
    recipient: String,
}

impl Bucket {
    fn new(url: String) -> Self {
        let sandbox = Sandbox::new();
        let identity = Identity::generate();
        std::fs::write(sandbox.path("identity"), identity.to_secret_text().expose()).unwrap();
        Self { sandbox, url, recipient: identity.to_recipient().to_string() }
    }

    fn command(&self, words: &[&str], (key, secret): (&str, &str)) -> Command {
        let mut command = self.sandbox.command(words);
        command.env("LIFEBOAT_REPO", &self.url).env("LIFEBOAT_IDENTITY_FILE", self.sandbox.path("identity"));
        command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    fn run(&self, words: &[&str]) -> Run {
        finish(self.command(words, OWNER))
    }

    fn init(&self) -> Run {
        self.run(&["init", "--recipient", &self.recipient])
    }
}

fn assert_ok(run: &Run) {
    assert_eq!(run.status, Some(0), "{run:?}");
}

#[test]
fn the_contract_holds_on_seaweedfs() {
    let Some(weed) = weed() else { return };
    check_contract(|| {
        let options = S3Options::parse(weed.url().strip_prefix("s3://").unwrap()).unwrap();
        let store: Arc<dyn Store> = Arc::new(S3Store::new(options, true).with_access_key(OWNER.0, OWNER.1));
        store
    });
}

#[test]
fn a_repository_in_a_bucket_is_made_filled_checked_and_brought_back() {
    let Some(weed) = weed() else { return };
    let bucket = Bucket::new(weed.url());
    let source = bucket.sandbox.path("source");
    make_sample(&source);
    assert_ok(&bucket.init());
    let again = bucket.init();
    assert_eq!(again.status, Some(1), "{again:?}");
    assert_ok(&bucket.run(&["backup", "source"]));
    std::fs::write(source.join("dir/text"), "another text").unwrap();
    assert_ok(&bucket.run(&["backup", "source"]));
    let snapshots = bucket.run(&["snapshots", "--json"]);
    assert_ok(&snapshots);
    let document: serde_json::Value = serde_json::from_str(&snapshots.stdout).unwrap();
    assert_eq!(document["snapshots"].as_array().unwrap().len(), 2, "{document}");
    let check = bucket.run(&["check", "--read-data"]);
    assert_ok(&check);
    assert!(check.stdout.contains("no damage found") && !check.stdout.contains("warning"), "{check:?}");
    let what = format!("latest:{}", source.display());
    let restore = bucket.run(&["restore", &what, "--target", "out", "--verify"]);
    assert_ok(&restore);
    let out = bucket.sandbox.path("out");
    let root = if out.join("dir").is_dir() { out } else { out.join(source.strip_prefix("/").unwrap()) };
    assert_same(&source, &root);
    // The same bucket, named by the configuration instead of the URL.
    let (plain, options) = bucket.url.split_once('?').unwrap();
    let endpoint = options.strip_prefix("endpoint=").unwrap();
    let file = bucket.sandbox.path("lifeboat.toml");
    std::fs::write(
        &file,
        format!("[repository.main]\nurl = '{plain}'\n[repository.main.s3]\nendpoint = '{endpoint}'\n"),
    )
    .unwrap();
    let mut command = bucket.command(&["snapshots", "--repo", "main"], OWNER);
    let named = finish({
        command.env("LIFEBOAT_CONFIG", &file);
        command
    });
    assert_ok(&named);
    assert_eq!(named.stdout, bucket.run(&["snapshots"]).stdout);
}

#[test]
fn what_credentials_lack_is_said_at_once() {
    let Some(weed) = weed() else { return };
    let bucket = Bucket::new(weed.url());
    assert_ok(&bucket.init());
    std::fs::write(bucket.sandbox.path("file"), "x").unwrap();
    for (key, words, status, said) in [
        (("nobody", "x"), &["snapshots"][..], 1, "AWS_ACCESS_KEY_ID"),
        ((OWNER.0, "wrong"), &["snapshots"], 1, "AWS_SECRET_ACCESS_KEY"),
        (READER, &["backup", "file"], 1, "no permission to write sessions/"),
        (READER, &["snapshots"], 0, ""),
    ] {
        let begun = Instant::now();
        let run = finish(bucket.command(words, key));
        assert_eq!(run.status, Some(status), "{run:?}");
        assert!(run.stderr.contains(said), "{run:?}");
        assert!(!run.stderr.contains(OWNER.1) && begun.elapsed() < Duration::from_secs(20), "{run:?}");
    }
    let mut command = bucket.command(&["snapshots"], OWNER);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let run = finish(command);
    assert!(run.status == Some(1) && run.stderr.contains("there are no credentials"), "{run:?}");
}

#[test]
fn a_bucket_that_is_missing_is_no_repository() {
    let Some(weed) = weed() else { return };
    let bucket = Bucket::new(format!("s3://missing?endpoint={}", weed.endpoint()));
    let run = bucket.run(&["snapshots"]);
    assert_eq!(run.status, Some(10), "{run:?}");
    assert!(run.stderr.contains("lifeboat init"), "{run:?}");
}

#[test]
fn a_probe_tells_what_a_store_keeps_and_leaves_nothing_behind() {
    let Some(weed) = weed() else { return };
    let bucket = Bucket::new(weed.url());
    assert_ok(&bucket.init());
    let run = bucket.run(&["store", "probe", "--json"]);
    assert_ok(&run);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&document["schema"], &document["sound"]), (&"lifeboat.store-probe/1".into(), &true.into()));
    assert_eq!(document["properties"].as_array().unwrap().len(), 5);
    let check = bucket.run(&["check"]);
    assert!(check.status == Some(0) && !check.stdout.contains("probe"), "{check:?}");
}

#[test]
fn tls_is_used_and_a_certificate_nobody_vouches_for_is_refused_at_once() {
    let Some(weed) = weed() else { return };
    let Some((port, certificate)) = &weed.tls else {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "openssl is missing");
        println!("skipped: openssl is missing");
        return;
    };
    let bucket = Bucket::new(format!("{}&stall-timeout=20s", weed.url()));
    assert_ok(&bucket.init());
    let behind_tls = bucket.url.replace(&weed.endpoint(), &format!("https://127.0.0.1:{port}"));
    let listed = |url: &str| {
        let mut command = bucket.command(&["key", "list", "--json"], OWNER);
        command.env("LIFEBOAT_REPO", url);
        finish(command)
    };
    let begun = Instant::now();
    let refused = listed(&behind_tls);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.stderr.to_lowercase().contains("certificate"), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    let taken = listed(&format!("{behind_tls}&ca-bundle={}", certificate.display()));
    assert_eq!(taken.status, Some(0), "{taken:?}");
}

#[test]
fn a_directory_is_probed_as_well() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("repo")).unwrap();
    let run = sandbox.run(&["store", "probe", "repo"]);
    assert_ok(&run);
    assert!(run.stdout.contains("a repository is safe there"), "{run:?}");
    assert_eq!(sandbox.run(&["store", "probe", "missing"]).status, Some(10));
}

#[test]
fn a_server_that_is_not_there_or_never_answers_ends_in_time() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in silent.incoming() {
            let Ok(mut stream) = stream else { break };
            // Hears everything and says nothing.
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer);
            held.push(stream);
        }
    });
    let times = "connect-timeout=500ms&first-byte-timeout=1s&stall-timeout=1s";
    for (port, said) in [(closed, "refused"), (port, "nothing has moved")] {
        let url = format!("s3://bucket?endpoint=http://127.0.0.1:{port}&{times}");
        let bucket = Bucket::new("main".into());
        let settings = format!("[repository.main]\nurl = \"{url}\"\nretries = 2\nretry_deadline = \"5s\"\n");
        std::fs::write(bucket.sandbox.path("lifeboat.toml"), settings).unwrap();
        let begun = Instant::now();
        for words in [&["snapshots"][..], &["init", "--recipient", &bucket.recipient]] {
            let mut command = bucket.command(words, OWNER);
            command.env("LIFEBOAT_CONFIG", bucket.sandbox.path("lifeboat.toml"));
            let run = finish(command);
            assert_eq!(run.status, Some(1), "{run:?}");
            assert!(run.stderr.contains(said) && run.stderr.contains("s3://bucket"), "{run:?}");
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn a_url_with_credentials_or_a_mistake_is_refused_before_anything_is_asked() {
    let sandbox = Sandbox::new();
    for (url, said) in [
        ("s3://id:secret@bucket", "credentials do not belong"),
        ("s3://bucket?secret-access-key=hush", "credentials do not belong"),
        ("s3://bucket?regoin=x", "did you mean `region`"),
    ] {
        let run = sandbox.run(&["snapshots", "--repo", url]);
        assert_eq!(run.status, Some(2), "{run:?}");
        assert!(run.stderr.contains(said), "{run:?}");
    }
    let file = sandbox.path("lifeboat.toml");
    std::fs::write(&file, "[repository.a]\nurl = 's3://bucket'\n[repository.a.s3]\nchecksum = 'md5'\n")
        .unwrap();
    let run = sandbox.run(&["config", "check", "--config", file.to_str().unwrap()]);
    assert!(run.status == Some(2) && run.stdout.contains("crc32") | run.stderr.contains("crc32"), "{run:?}");
}

#[test]
fn policies_are_printed_for_every_role() {
    let sandbox = Sandbox::new();
    for role in ["writer", "maintainer", "restorer"] {
        let run =
            sandbox.run(&["store", "policy", "--role", role, "--bucket", "backups", "--prefix", "prod"]);
        assert_ok(&run);
        let policy: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(policy["Version"], "2012-10-17");
        let by_url = sandbox.run(&["store", "policy", "--role", role, "s3://backups/prod"]);
        assert_eq!(run.stdout, by_url.stdout);
    }
    assert_eq!(sandbox.run(&["store", "policy", "--role", "writer", "/a/directory"]).status, Some(2));
}
