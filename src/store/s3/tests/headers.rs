//! What requests say besides what they ask for: who pays, how objects are encrypted, which checksum they
//! have.

use std::sync::Arc;

use bytes::Bytes;

use super::fake::Fake;
use super::{client, key, patient};
use crate::store::archive::{WarmUp, WarmUpSpeed};
use crate::store::client::Client;
use crate::store::probe::spare_key;
use crate::store::s3::S3Store;
use crate::store::s3::features::Extra;
use crate::store::vault::{LockMode, Retention};

const BODY: Bytes = Bytes::from_static(b"0123456789");

/// Does everything that a store can do with objects.
fn everything(fake: &Fake, store: S3Store) {
    let store = Arc::new(store);
    let client = Client::new(store.clone()).unwrap();
    let (pack, state) = (key("packs/10/a"), key("gc/state"));
    client.create(&pack, BODY).unwrap();
    let version = client.swap(&state, None, BODY).unwrap();
    client.swap(&state, Some(version), Bytes::from_static(b"2")).unwrap();
    client.get(&state).unwrap();
    client.get_range(&pack, 2..5).unwrap();
    client.stat(&pack).unwrap();
    client.list("").unwrap();
    let vault = client.store().vault().unwrap();
    let versions = client.finish(vault.versions("")).unwrap();
    let one = versions.iter().find(|version| version.key == state && !version.is_latest).unwrap();
    client.finish(vault.get_version(&state, &one.id, 100)).unwrap();
    client.finish(vault.get_version_range(&state, &one.id, 0..3)).unwrap();
    client.finish(vault.retention(&pack, None)).unwrap();
    let until = (fake.now() + 1000, 0).into();
    client.finish(vault.retain(&pack, Retention { mode: LockMode::Governance, until })).unwrap();
    client.finish(vault.delete_version(&state, &one.id)).unwrap();
    fake.move_to("packs/10/a", "GLACIER");
    client.list("").unwrap();
    let archive = client.store().archive().unwrap();
    client.finish(archive.warmth(&pack)).unwrap();
    client.finish(archive.warm_up(&pack, WarmUp { speed: WarmUpSpeed::Bulk, days: 3 })).unwrap();
    client.delete(&pack).unwrap();
    let spare = spare_key(&client).unwrap();
    client.finish(store.features(&spare)).unwrap();
}

#[test]
fn where_the_requester_pays_every_request_says_so() {
    let fake = Fake::locking();
    everything(&fake, patient_with(&fake, "&request-payer=true"));
    let said = fake.said("x-amz-request-payer").into_iter().zip(fake.said("?"));
    for (line, (payer, query)) in fake.log().iter().zip(said) {
        // How a bucket is set up costs its owner nothing, and takes no such header.
        let is_of_bucket =
            query.as_deref().is_some_and(|query| matches!(query, "versioning" | "object-lock"));
        assert_eq!(payer.as_deref(), (!is_of_bucket).then_some("requester"), "{line} {query:?}");
    }
    let fake = Fake::locking();
    everything(&fake, patient_with(&fake, ""));
    assert!(fake.said("x-amz-request-payer").iter().all(Option::is_none));
}

fn patient_with(fake: &Fake, more: &str) -> S3Store {
    fake.store(more).with_limits(std::time::Duration::from_secs(30))
}

#[test]
fn objects_are_encrypted_as_the_options_say() {
    let arn = "arn:aws:kms:eu-west-1:1:key/1";
    let kms = format!("&sse=aws:kms&sse-kms-key={arn}");
    for (options, sse, id) in
        [("&sse=AES256", Some("AES256"), None), (&kms, Some("aws:kms"), Some(arn)), ("", None, None)]
    {
        let fake = Fake::new();
        let client = client(patient_with(&fake, options));
        client.create(&key("packs/00/a"), BODY).unwrap();
        let version = client.swap(&key("gc/state"), None, BODY).unwrap();
        client.swap(&key("gc/state"), Some(version), Bytes::new()).unwrap();
        client.get(&key("packs/00/a")).unwrap();
        let said = |name: &str| fake.said(name);
        let ids = said("x-amz-server-side-encryption-aws-kms-key-id");
        for ((line, said), named) in fake.log().iter().zip(said("x-amz-server-side-encryption")).zip(ids) {
            let is_write = line.starts_with("PUT");
            assert_eq!(said.as_deref(), sse.filter(|_| is_write), "{options} {line}");
            assert_eq!(named.as_deref(), id.filter(|_| is_write), "{options} {line}");
        }
    }
}

#[test]
fn checksums_go_along_as_the_options_say_and_whether_they_are_looked_at_is_found_out() {
    for (options, header) in [
        ("", Some("x-amz-checksum-crc32")),
        ("&checksum=crc32c", Some("x-amz-checksum-crc32c")),
        ("&checksum=crc64nvme", Some("x-amz-checksum-crc64nvme")),
        ("&checksum=off", None),
    ] {
        let fake = Fake::new();
        client(patient_with(&fake, options)).create(&key("packs/00/a"), BODY).unwrap();
        for name in ["x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme"] {
            assert_eq!(fake.said(name)[0].is_some(), header == Some(name), "{options} {name}");
        }
    }
    for ignores in [false, true] {
        let fake = Fake::new();
        if ignores {
            fake.ignore_checksums();
        }
        let store = Arc::new(patient(&fake));
        let client = Client::new(store.clone()).unwrap();
        let spare = spare_key(&client).unwrap();
        let features = client.finish(store.features(&spare)).unwrap();
        assert_eq!(features.checksums, if ignores { Extra::No } else { Extra::Yes });
    }
}
