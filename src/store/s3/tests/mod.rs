//! The S3 store against a server in this process: the contract, and every way a server can fail.

mod cold;
pub mod fake;
mod headers;
mod hostile;
mod vault;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::fake::{Fake, Fault};
use crate::base::error_kind::ErrorKind;
use crate::base::time::{Clock, Timestamp};
use crate::store::Store;
use crate::store::client::Client;
use crate::store::contract::check_contract;
use crate::store::directory::DirectoryStore;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;
use crate::store::probe::{Property, probe, spare_key};
use crate::store::replicas::spec::{ReplicaSpec, SetOptions};
use crate::store::replicas::{Opened, ReplicatedStore};
use crate::store::s3::S3Store;
use crate::store::s3::features::Extra;
use crate::store::s3::options::{Checksum, Conditional, S3Options};
use crate::store::timed::TimedStore;
use crate::store::tuning::{Tuning, wrap};

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn client(store: S3Store) -> Client {
    Client::new(Arc::new(store)).unwrap()
}

impl Fake {
    /// A store in it, with short time-outs.
    pub fn store(&self, more: &str) -> S3Store {
        self.store_for(more, false)
    }

    /// The same; makes its bucket if need be.
    pub fn store_for(&self, more: &str, create: bool) -> S3Store {
        let limits = "&connect-timeout=500ms&first-byte-timeout=1s&stall-timeout=1s";
        let url = format!("{}{limits}{more}", self.url());
        let store = S3Store::new(S3Options::parse(&url).unwrap(), create).with_access_key("id", "secret");
        store.with_clock(Arc::new(FakeClock(self.clone())))
    }

    /// A store of somebody who may write, but not delete versions.
    pub fn store_of_writer(&self, more: &str) -> S3Store {
        self.let_write_only("writer");
        self.store(more).with_access_key("writer", "secret")
    }

    /// The server's own time.
    pub fn time(&self) -> Timestamp {
        Timestamp { seconds: self.now(), nanos: 0 }
    }
}

/// The server's clock.
struct FakeClock(Fake);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.0.time()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

fn patient(fake: &Fake) -> S3Store {
    // Many tests at once on few cores: here nothing should time out.
    fake.store("").with_limits(Duration::from_secs(30))
}

#[test]
fn the_contract_holds_on_a_sound_server() {
    let fakes: std::sync::Mutex<Vec<Fake>> = Default::default();
    check_contract(|| {
        let fake = Fake::new();
        let store: Arc<dyn Store> = Arc::new(patient(&fake));
        fakes.lock().unwrap().push(fake);
        store
    });
}

#[test]
fn the_contract_holds_as_a_bucket_is_really_used_and_beside_stores_of_other_kinds() {
    let kept: std::sync::Mutex<Vec<(Fake, tempfile::TempDir)>> = Default::default();
    let keep = |fake: Fake, dir| kept.lock().unwrap().push((fake, dir));
    check_contract(|| {
        let fake = Fake::new();
        let store = wrap(Arc::new(patient(&fake)), &Tuning::default());
        keep(fake, tempfile::tempdir().unwrap());
        store
    });
    check_contract(|| {
        let (fake, dir) = (Fake::new(), tempfile::tempdir().unwrap());
        let stores: [Arc<dyn Store>; 3] = [
            wrap(Arc::new(patient(&fake)), &Tuning::default()),
            Arc::new(DirectoryStore::open(dir.path()).unwrap()),
            Arc::new(MemoryStore::new()),
        ];
        keep(fake, dir);
        let spec = |n: usize| ReplicaSpec::new(format!("r{n}"), format!("/nowhere/{n}"));
        let opened = stores.into_iter().enumerate();
        let opened = opened.map(|(n, store)| Opened { spec: spec(n), store: Ok(store) }).collect();
        Arc::new(ReplicatedStore::new(opened, SetOptions::default(), None).unwrap())
    });
}

#[test]
fn the_contract_holds_by_time_on_a_server_that_ignores_conditions() {
    let fakes: std::sync::Mutex<Vec<Fake>> = Default::default();
    check_contract(|| {
        let fake = Fake::new();
        fake.ignore_conditions();
        let backend = Arc::new(fake.store("&conditional=time-based").with_limits(Duration::from_secs(30)));
        fakes.lock().unwrap().push(fake);
        Arc::new(TimedStore::over(backend, Duration::from_secs(1), &Tuning::default()))
    });
}

#[test]
fn a_sound_server_is_found_sound_and_one_that_replaces_is_not() {
    let fake = Fake::new();
    let store = Arc::new(patient(&fake));
    let client = Client::new(store.clone()).unwrap();
    let findings = probe(&client).unwrap();
    assert!(findings.iter().all(|finding| finding.fault.is_none()), "{findings:?}");
    let spare = spare_key(&client).unwrap();
    let features = client.finish(store.features(&spare)).unwrap();
    assert_eq!((features.checksums, features.object_lock), (Extra::Yes, Extra::No));
    assert!(client.list("").unwrap().is_empty(), "nothing stays behind");
    fake.ignore_conditions();
    let findings = probe(&client).unwrap();
    let broken: Vec<Property> =
        findings.iter().filter(|finding| finding.fault.is_some()).map(|finding| finding.property).collect();
    assert_eq!(broken, [Property::CreateOnly, Property::CompareAndSwap]);
    assert!(client.list("").unwrap().is_empty(), "nothing stays behind");
}

#[test]
fn a_single_writer_needs_nothing_of_the_server() {
    let fake = Fake::new();
    fake.ignore_conditions();
    let client = client(fake.store("&conditional=single-writer").with_limits(Duration::from_secs(30)));
    client.create(&key("a"), Bytes::from_static(b"1")).unwrap();
    assert!(matches!(client.create(&key("a"), Bytes::new()), Err(StoreError::AlreadyExists { .. })));
    let version = client.swap(&key("b"), None, Bytes::from_static(b"1")).unwrap();
    let newer = client.swap(&key("b"), Some(version.clone()), Bytes::from_static(b"2")).unwrap();
    for expected in [None, Some(version)] {
        assert!(matches!(client.swap(&key("b"), expected, Bytes::new()), Err(StoreError::Conflict { .. })));
    }
    assert_eq!(client.get(&key("b")).unwrap(), (Bytes::from_static(b"2"), newer));
    assert!(fake.log().iter().all(|line| !line.contains("if-")), "{:?}", fake.log());
}

#[test]
fn a_write_is_one_request_with_its_condition_and_its_checksum() {
    let fake = Fake::new();
    let client = client(fake.store("&storage-class-packs=STANDARD_IA"));
    for name in ["packs/10/a", "packs/00/a", "index/a"] {
        client.create(&key(name), Bytes::from_static(b"123456789")).unwrap();
    }
    let sum = "x-amz-checksum-crc32=y/Q5Jg==";
    assert_eq!(
        fake.log(),
        [
            format!("PUT pre/fix/packs/10/a if-none-match=* {sum} x-amz-storage-class=STANDARD_IA"),
            format!("PUT pre/fix/packs/00/a if-none-match=* {sum}"),
            format!("PUT pre/fix/index/a if-none-match=* {sum}"),
        ]
    );
}

#[test]
fn answers_are_told_apart_by_what_to_do_next() {
    type Is = fn(&StoreError) -> bool;
    let cases: [(u16, &str, &str, Is); 17] = [
        (
            503,
            "SlowDown",
            "retry-after: 7",
            |error| matches!(error, StoreError::Throttled { after: Some(after), .. } if after.as_secs() == 7),
        ),
        (
            503,
            "SlowDown",
            "retry-after: 99999999999",
            |error| matches!(error, StoreError::Throttled { after: Some(t), .. } if t.as_secs() == 600),
        ),
        (429, "", "", |error| matches!(error, StoreError::Throttled { after: None, .. })),
        (500, "InternalError", "", |error| error.is_transient()),
        (502, "", "", |error| error.is_transient()),
        (503, "", "", |error| error.is_transient()),
        (400, "RequestTimeout", "", |error| error.is_transient()),
        (400, "BadDigest", "", |error| error.is_transient()),
        (501, "NotImplemented", "", |error| {
            !error.is_transient() && error.to_string().contains("NotImplemented")
        }),
        (403, "QuotaExceeded", "", |error| matches!(error, StoreError::Full { .. })),
        (507, "", "", |error| matches!(error, StoreError::Full { .. })),
        (403, "AccessDenied", "", |error| {
            matches!(error, StoreError::Denied { .. }) && error.to_string().contains("store policy")
        }),
        (403, "InvalidAccessKeyId", "", |error| {
            matches!(error, StoreError::Credentials { .. }) && error.to_string().contains("AWS_ACCESS_KEY_ID")
        }),
        (403, "SignatureDoesNotMatch", "", |error| matches!(error, StoreError::Credentials { .. })),
        (400, "ExpiredToken", "", |error| matches!(error, StoreError::Credentials { .. })),
        (403, "RequestTimeTooSkewed", "", |error| error.to_string().contains("clock")),
        (301, "PermanentRedirect", "x-amz-bucket-region: eu-west-3", |error| {
            error.kind() == ErrorKind::Usage && error.to_string().contains("set region=eu-west-3")
        }),
    ];
    let fake = Fake::new();
    let client = client(patient(&fake));
    for (status, code, header, is) in cases {
        fake.fail([Fault::Error(status, code, header)]);
        let error = client.create(&key("a"), Bytes::from_static(b"x")).unwrap_err();
        assert!(is(&error), "{status} {code}: {error:?}");
        let lasting = matches!(status, 301 | 403 | 501 | 507) || code == "ExpiredToken";
        assert_eq!(error.is_transient(), !lasting, "{status} {code}: {error:?}");
    }
    assert_eq!(fake.log().len(), cases.len(), "one call is one attempt");
}

#[test]
fn two_writes_that_met_at_the_server_are_sorted_out() {
    let fake = Fake::new();
    let client = client(patient(&fake));
    fake.fail(vec![Fault::Error(409, "ConditionalRequestConflict", ""); 2]);
    client.create(&key("a"), Bytes::from_static(b"x")).unwrap();
    fake.fail([Fault::Error(409, "ConditionalRequestConflict", "")]);
    let again = client.create(&key("a"), Bytes::from_static(b"x"));
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    fake.fail(vec![Fault::Error(409, "ConditionalRequestConflict", ""); 50]);
    let error = client.create(&key("b"), Bytes::from_static(b"x")).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(fake.log().len() < 20, "it gives up");
}

#[test]
fn a_lost_answer_leaves_the_outcome_open_and_the_object_whole() {
    let fake = Fake::new();
    let client = client(patient(&fake));
    fake.fail([Fault::LostAnswer]);
    let error = client.create(&key("a"), Bytes::from_static(b"mine")).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    let again = client.create(&key("a"), Bytes::from_static(b"mine"));
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    assert_eq!(client.get(&key("a")).unwrap().0, Bytes::from_static(b"mine"));
}

#[test]
fn nothing_hangs_and_nothing_short_or_wrong_is_taken_for_whole() {
    let fake = Fake::new();
    let client = client(fake.store(""));
    let body = Bytes::from(vec![7u8; 40_000]);
    fake.put_behind("pre/fix/a", &body);
    for fault in [
        Fault::Silence,
        Fault::LostAnswer,
        Fault::CutOff(0),
        Fault::CutOff(39_999),
        Fault::StandsStill(20_000),
        Fault::Trickle,
        Fault::FlippedBit,
    ] {
        let begun = Instant::now();
        fake.fail([fault.clone()]);
        let error = client.get(&key("a")).unwrap_err();
        assert!(error.is_transient(), "{fault:?}: {error:?}");
        assert!(begun.elapsed() < Duration::from_secs(6), "{fault:?} took {:?}", begun.elapsed());
        if !matches!(fault, Fault::FlippedBit) {
            fake.fail([fault.clone()]);
            let error = client.get_range(&key("a"), 0..40_000).unwrap_err();
            assert!(error.is_transient(), "{fault:?}: {error:?}");
        }
        assert_eq!(client.get(&key("a")).unwrap().0, body, "after {fault:?}");
    }
    fake.fail([Fault::Silence]);
    let error = client.create(&key("b"), body).unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("pre/fix"), "{error:?}");
}

#[test]
fn a_server_that_does_not_know_ranges_is_found_out() {
    let fake = Fake::new();
    let client = client(patient(&fake));
    fake.put_behind("pre/fix/a", b"0123456789");
    for (fault, range) in [
        (Fault::WholeObject, 3..7),
        (Fault::WholeObject, 0..7),
        (Fault::OtherRange, 3..7),
        (Fault::OtherRange, 5..10),
    ] {
        fake.fail([fault.clone()]);
        let error = client.get_range(&key("a"), range.clone()).unwrap_err();
        assert!(matches!(error, StoreError::Service { is_transient: false, .. }), "{fault:?} {error:?}");
    }
    fake.fail([Fault::WholeObject]);
    assert_eq!(client.get_range(&key("a"), 0..10).unwrap(), "0123456789");
}

#[test]
fn a_bound_is_kept_before_the_body_is_read() {
    let fake = Fake::new();
    let client = client(patient(&fake));
    fake.put_behind("pre/fix/a", &vec![1; 1 << 20]);
    let before = fake.log().len();
    let error = client.get_bounded(&key("a"), 1000).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { size: 1_048_576, max: 1000, .. }), "{error:?}");
    assert_eq!(fake.log().len() - before, 1, "without asking for the size first");
}

#[test]
fn listings_end_skip_what_is_not_ours_and_lose_nothing() {
    let fake = Fake::new();
    let client = client(patient(&fake));
    for name in ["pre/fix/a", "pre/fix/b+c@d:e", "pre/fix/p/1", "pre/fix/p/2", "pre/fix/p/3", "pre/fix/z"] {
        fake.put_behind(name, b"x");
    }
    for foreign in
        ["pre/fixed", "pre/fix/with space", "pre/fix/p/", "pre/fix/\u{1}", "pre/fix/tmp/x", "other"]
    {
        fake.put_behind(foreign, b"x");
    }
    let listed: Vec<String> = client.list("").unwrap().into_iter().map(|meta| meta.key.to_string()).collect();
    assert_eq!(listed, ["a", "b+c@d:e", "p/1", "p/2", "p/3", "z"]);
    fake.list_without_end();
    let error = client.list("").unwrap_err();
    assert!(error.to_string().contains("listing"), "{error:?}");
}

#[test]
fn a_missing_bucket_is_no_missing_object_and_is_made_where_that_was_asked_for() {
    let fake = Fake::new();
    fake.drop_bucket();
    let existing = client(patient(&fake));
    for error in [
        existing.get(&key("config")).unwrap_err(),
        existing.stat(&key("config")).unwrap_err(),
        existing.list("").unwrap_err(),
        existing.create(&key("config"), Bytes::new()).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NoStore { .. }), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::NoRepository);
    }
    let made = client(fake.store_for("", true).with_limits(Duration::from_secs(30)));
    made.create(&key("config"), Bytes::new()).unwrap();
    assert_eq!(made.stat(&key("config")).unwrap().size, 0);
}

#[test]
fn a_server_that_is_not_there_fails_soon_and_says_so() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = S3Options::parse(&format!("bucket?endpoint=http://127.0.0.1:{port}")).unwrap();
    let client = client(S3Store::new(options, false).with_access_key("id", "secret"));
    let begun = Instant::now();
    let error = client.get(&key("config")).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(error.is_transient(), "{error:?}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("refused"), "{source}");
}

#[test]
fn an_upload_that_nobody_takes_is_given_up_however_much_of_it_was_sent() {
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = deaf.local_addr().unwrap().port();
    // Connections come about, and nobody reads from them.
    let url = format!("bucket?endpoint=http://127.0.0.1:{port}&first-byte-timeout=20s&stall-timeout=700ms");
    let store = S3Store::new(S3Options::parse(&url).unwrap(), false).with_access_key("id", "secret");
    let begun = Instant::now();
    let error = client(store).create(&key("a"), Bytes::from(vec![0; 32 << 20])).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("nothing has moved for 0.7 s"), "{source}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(deaf);
}

#[test]
fn a_bundle_of_certificates_is_checked_before_it_is_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (name, text) in [("empty", ""), ("text", "no certificate"), ("broken", broken)] {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        let url = format!("bucket?endpoint=https://127.0.0.1:1&ca-bundle={}", path.display());
        let store = S3Store::new(S3Options::parse(&url).unwrap(), false).with_access_key("id", "secret");
        let error = client(store).get(&key("config")).unwrap_err();
        assert!(error.kind() == ErrorKind::Usage && error.to_string().contains(name), "{error:?}");
    }
}

#[test]
fn a_url_says_all_and_mistakes_in_it_are_explained() {
    let options = S3Options::parse(
        "my-bucket/a/b/?endpoint=https://s3.example.com:9000/&region=eu-west-1&path-style=false\
         &profile=a%20b&ca-bundle=/etc/ca.pem&proxy=http://10.0.0.1:3128&storage-class=STANDARD_IA\
         &sse=aws:kms&sse-kms-key=k&request-payer=true&checksum=crc64nvme&connect-timeout=250ms\
         &first-byte-timeout=2m&stall-timeout=5s&conditional=single-writer",
    )
    .unwrap();
    assert_eq!((options.bucket.as_str(), options.prefix.as_str()), ("my-bucket", "a/b/"));
    assert_eq!(options.profile.as_deref(), Some("a b"));
    assert_eq!(options.connect_timeout, Duration::from_millis(250));
    assert_eq!(options.first_byte_timeout, Duration::from_secs(120));
    assert_eq!(options.checksum, Checksum::Crc64Nvme);
    assert_eq!(options.conditional, Conditional::SingleWriter);
    assert!(!options.path_style);
    assert_eq!(options.location(), "s3://my-bucket/a/b?endpoint=https://s3.example.com:9000");
    assert!(S3Options::parse("bucket?endpoint=http://h").unwrap().path_style);
    assert_eq!(S3Options::parse("bucket").unwrap().location(), "s3://bucket");
    for (url, why) in [
        ("", "s3://BUCKET/PREFIX"),
        ("id:secret@bucket/p", "credentials"),
        ("bucket?access-key-id=x", "credentials"),
        ("bucket?secret=x", "credentials"),
        ("bucket?endpoint=http://u:p@host", "credentials"),
        ("bucket?regoin=x", "did you mean `region`"),
        ("bucket?zzz=x", "there are endpoint,"),
        ("bucket?region=", "no value"),
        ("bucket?region=a&region=b", "twice"),
        ("bucket?endpoint=host:80", "http://HOST"),
        ("bucket?endpoint=http://host/path", "http://HOST"),
        ("bucket?path-style=yes", "true or false"),
        ("bucket?connect-timeout=5", "ms, s or m"),
        ("bucket?connect-timeout=0s", "ms, s or m"),
        ("bucket?connect-timeout=99999999999999999999s", "ms, s or m"),
        ("bucket?storage-class=DEEP_ARCHIVE", "storage-class-packs=DEEP_ARCHIVE"),
        ("bucket?sse-kms-key=x", "aws:kms"),
        ("bucket?checksum=md5", "crc32"),
        ("bucket?region=%zz", "not understood"),
        ("bucket//x", "single slashes"),
        ("bucket/a b", "single slashes"),
        ("b", "3 to 63"),
        ("bucket#x", "3 to 63"),
    ] {
        let fault = S3Options::parse(url).unwrap_err();
        assert!(fault.contains(why), "{url}: {fault}");
        assert!(!fault.contains("id:secret"), "{fault}");
    }
}
