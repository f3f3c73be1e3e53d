//! Where credentials come from: each member of the SDK's chain, through the program, with services on
//! loopback in place of those that give credentials. None of them ends up in what is printed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::cold::fake::Fake;
use crate::program::{Run, Sandbox, finish};

const SECRET: &str = "hush-hush-secret";
const TOKEN: &str = "hush-hush-session-token";
/// Long after every test.
const EXPIRES: &str = "2099-01-01T00:00:00Z";

/// Whatever gives credentials: STS, SSO, a container's agent, and a machine's metadata.
#[derive(Clone)]
struct Giver {
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Giver {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let giver = Self { port: listener.local_addr().unwrap().port(), log: Arc::default() };
        let log = Arc::clone(&giver.log);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, stream) = (Arc::clone(&log), stream.unwrap());
                thread::spawn(move || while serve(&log, &stream).is_some() {});
            }
        });
        giver
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Whether it was asked in a request that has all of `parts`.
    fn was_asked(&self, parts: &[&str]) -> bool {
        self.log.lock().unwrap().iter().any(|request| parts.iter().all(|part| request.contains(part)))
    }
}

fn serve(log: &Mutex<Vec<String>>, stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = format!("{head} {headers:?} {}", String::from_utf8_lossy(&body));
    let answer = answer(&request);
    log.lock().unwrap().push(request);
    let (status, text) = answer.map_or((404, String::new()), |text| (200, text));
    // A machine says how long its token holds.
    let holds = "x-aws-ec2-metadata-token-ttl-seconds: 21600";
    let answer = format!("HTTP/1.1 {status} Told\r\n{holds}\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    (&*stream).write_all(answer.as_bytes()).ok()
}

/// What is given for what is asked: an access key that says by which way it came.
fn answer(request: &str) -> Option<String> {
    let sts = |action: &str, key: &str| {
        format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
             <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
             <SessionToken>{TOKEN}</SessionToken><Expiration>{EXPIRES}</Expiration></Credentials>\
             <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId>\
             </AssumedRoleUser></{action}Result></{action}Response>"
        )
    };
    let json = |key: &str, token: &str| {
        format!(
            "{{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"{key}\",\
             \"SecretAccessKey\":\"{SECRET}\",\"{token}\":\"{TOKEN}\",\"Expiration\":\"{EXPIRES}\",\
             \"LastUpdated\":\"2026-01-01T00:00:00Z\"}}"
        )
    };
    let has = |part: &str| request.contains(part);
    if has("Action=AssumeRoleWithWebIdentity") {
        return Some(sts("AssumeRoleWithWebIdentity", "BY-WEB-IDENTITY"));
    }
    if has("Action=AssumeRole") {
        return Some(sts("AssumeRole", "BY-ASSUMED-ROLE"));
    }
    if has("GET /federation/credentials") {
        return Some(format!(
            "{{\"roleCredentials\":{{\"accessKeyId\":\"BY-SSO\",\"secretAccessKey\":\"{SECRET}\",\
             \"sessionToken\":\"{TOKEN}\",\"expiration\":4070908800000}}}}"
        ));
    }
    if has("PUT /latest/api/token") {
        return Some("a-token-of-the-machine".into());
    }
    if has("GET /latest/meta-data/iam/security-credentials/role") {
        return Some(json("BY-MACHINE", "Token"));
    }
    if has("GET /latest/meta-data/iam/security-credentials") {
        return Some("role".into());
    }
    has("GET /container").then(|| json("BY-CONTAINER", "Token"))
}

/// Asks a bucket for a repository with what `environment` and the files in `.aws` say; the access key that
/// the bucket's server saw, the session token that went with it, and how it ended.
fn seen(environment: &[(&str, String)], files: &[(&str, &str)], more: &str) -> (Option<String>, bool, Run) {
    let (sandbox, fake) = (Sandbox::new(), Fake::new());
    for (name, text) in files {
        let path = sandbox.path(".aws").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let url = format!("s3://{}{more}", fake.url());
    let mut command = sandbox.command(&["snapshots", "--repo", &url]);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    for (name, value) in environment {
        match value.is_empty() {
            true => command.env_remove(name),
            false => command.env(name, value.replace("HOME", sandbox.home.path().to_str().unwrap())),
        };
    }
    let run = finish(command);
    let said = |name: &str| fake.said(name).into_iter().flatten().next();
    let key = said("authorization")
        .and_then(|text| Some(text.split("Credential=").nth(1)?.split('/').next()?.to_owned()));
    let is_with_token = said("x-amz-security-token").as_deref() == Some(TOKEN);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{run:?}");
    }
    (key, is_with_token, run)
}

fn assert_seen(key: &str, seen: (Option<String>, bool, Run)) {
    let (found, is_with_token, run) = seen;
    assert_eq!((found.as_deref(), is_with_token), (Some(key), true), "{run:?}");
    // There is no repository, which the server said to whoever was let in.
    assert_eq!(run.status, Some(10), "{run:?}");
}

#[test]
fn a_session_of_the_environment_and_a_profile_are_used() {
    let environment = [
        ("AWS_ACCESS_KEY_ID", "BY-ENVIRONMENT".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ("AWS_SESSION_TOKEN", TOKEN.to_owned()),
    ];
    assert_seen("BY-ENVIRONMENT", seen(&environment, &[], ""));
    let profile = format!(
        "[backup]\naws_access_key_id = BY-PROFILE\naws_secret_access_key = {SECRET}\n\
         aws_session_token = {TOKEN}\n"
    );
    assert_seen("BY-PROFILE", seen(&[], &[("credentials", &profile)], "&profile=backup"));
    // A profile that the URL names beats the environment, and one that is not there is not made up for by it.
    assert_seen("BY-PROFILE", seen(&environment, &[("credentials", &profile)], "&profile=backup"));
    let (key, _, run) = seen(&environment, &[("credentials", &profile)], "&profile=missing");
    assert!(key.is_none() && run.status == Some(1) && run.stderr.contains("missing"), "{run:?}");
    let by_environment = [("AWS_PROFILE", "backup".to_owned())];
    assert_seen("BY-PROFILE", seen(&by_environment, &[("credentials", &profile)], ""));
    // A process that gives them.
    let script = format!(
        "[profile backup]\ncredential_process = printf '{{\"Version\":1,\"AccessKeyId\":\"BY-PROCESS\",\
         \"SecretAccessKey\":\"{SECRET}\",\"SessionToken\":\"{TOKEN}\",\"Expiration\":\"{EXPIRES}\"}}'\n"
    );
    assert_seen("BY-PROCESS", seen(&[], &[("config", &script)], "&profile=backup"));
}

#[test]
fn a_role_is_assumed_with_the_credentials_of_another_profile() {
    let giver = Giver::new();
    let config = "[profile base]\naws_access_key_id = base-key\naws_secret_access_key = base-secret\n\
         [profile backup]\nrole_arn = arn:aws:iam::1:role/backup\nsource_profile = base\nregion = eu-west-1\n\
         external_id = xyz\n";
    let environment = [("AWS_ENDPOINT_URL_STS", giver.url(""))];
    assert_seen("BY-ASSUMED-ROLE", seen(&environment, &[("config", config)], "&profile=backup"));
    let parts = ["Action=AssumeRole", "role%2Fbackup", "ExternalId=xyz", "Credential=base-key/"];
    assert!(giver.was_asked(&parts), "{:?}", giver.log.lock().unwrap());
}

#[test]
fn a_web_identity_becomes_a_role() {
    let giver = Giver::new();
    let environment = [
        ("AWS_ENDPOINT_URL_STS", giver.url("")),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/.aws/token".to_owned()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
    ];
    assert_seen("BY-WEB-IDENTITY", seen(&environment, &[("token", "the.web.token")], ""));
    let parts = ["Action=AssumeRoleWithWebIdentity", "WebIdentityToken=the.web.token", "role%2Fpod"];
    assert!(giver.was_asked(&parts), "{:?}", giver.log.lock().unwrap());
}

#[test]
fn a_session_of_single_sign_on_is_taken_from_its_cache() {
    let giver = Giver::new();
    let config = "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n\
         [profile backup]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Backup\n";
    // The SHA-1 of `corp`, as `aws sso login` names the file.
    let cache = "sso/cache/".to_owned() + CORP_SHA1 + ".json";
    let token = |expires: &str| {
        format!(
            "{{\"accessToken\":\"the-sso-token\",\"expiresAt\":\"{expires}\",\"region\":\"eu-west-1\",\
             \"startUrl\":\"https://corp.example/start\"}}"
        )
    };
    let environment = [("AWS_ENDPOINT_URL_SSO", giver.url(""))];
    let good = token(EXPIRES);
    let found = seen(&environment, &[("config", config), (&cache, &good)], "&profile=backup");
    assert_seen("BY-SSO", found);
    assert!(giver.was_asked(&["role_name=Backup", "account_id=123456789012", "the-sso-token"]));
    // One that has ended is said to have, and what to do.
    for files in [vec![("config", config), (&*cache, "gone")], vec![("config", config)]] {
        let (key, _, run) = seen(&environment, &files, "&profile=backup");
        assert_eq!((key, run.status), (None, Some(1)), "{run:?}");
        assert!(run.stderr.contains("sso login"), "{run:?}");
    }
    let old = token("2020-01-01T00:00:00Z");
    let (key, _, run) = seen(&environment, &[("config", config), (&cache, &old)], "&profile=backup");
    assert_eq!((key, run.status), (None, Some(1)), "{run:?}");
    assert!(run.stderr.contains("sso login"), "{run:?}");
}

/// The name of the cache of the session `corp`.
const CORP_SHA1: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";

#[test]
fn a_container_and_a_machine_have_a_role() {
    let giver = Giver::new();
    let container = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", giver.url("/container"))];
    assert_seen("BY-CONTAINER", seen(&container, &[], ""));
    let machine =
        [("AWS_EC2_METADATA_DISABLED", String::new()), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", giver.url(""))];
    assert_seen("BY-MACHINE", seen(&machine, &[], ""));
    assert!(giver.was_asked(&["security-credentials/role", "a-token-of-the-machine"]));
}
