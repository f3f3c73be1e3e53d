//! man/ and completions/ are what the definitions say, byte for byte and set for set.
//!
//! `LIFEBOAT_REGENERATE=1 cargo test --release --test suite generated` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use lifeboat::cli::{commands, documents, manual};

#[test]
fn manual_pages_are_those_of_the_definitions() {
    compare("man", manual::pages().into_iter().map(|page| (page.file_name(), page.roff)).collect());
}

#[test]
fn completions_are_those_of_the_definitions() {
    compare("completions", commands::completions::files().into_iter().collect());
}

fn compare(directory: &str, wanted: BTreeMap<String, Vec<u8>>) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    if std::env::var_os("LIFEBOAT_REGENERATE").is_some() {
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        for (name, bytes) in &wanted {
            fs::write(directory.join(name), bytes).unwrap();
        }
        return;
    }
    let there: BTreeSet<String> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let hint = "run LIFEBOAT_REGENERATE=1 cargo test --release --test suite generated";
    assert_eq!(there, wanted.keys().cloned().collect(), "{hint}");
    for (name, bytes) in &wanted {
        assert!(fs::read(directory.join(name)).unwrap() == *bytes, "{name} is out of date: {hint}");
    }
}

/// Every `lifeboat.NAME/VERSION` in the sources, tests and what is stored rather than printed left out.
fn schemas_in(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("cli/documents") {
            continue;
        }
        if path.is_dir() {
            schemas_in(&path, found);
        } else if !path.ends_with("cli/documents.rs") {
            let text = fs::read_to_string(&path).unwrap_or_default();
            for word in text.split('"').filter(|word| word.starts_with("lifeboat.")) {
                let version = word.rsplit_once('/').map(|(_, version)| version);
                if version.is_some_and(|version| version.parse::<u32>().is_ok()) {
                    found.insert(word.to_owned());
                }
            }
        }
    }
}

#[test]
fn every_json_document_is_in_the_manual_and_none_besides() {
    let mut found = BTreeSet::new();
    schemas_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.remove("lifeboat.plan-file/1");
    assert!(found.remove("lifeboat.session/1"), "the scan finds what is there");
    assert!(found.remove("lifeboat.evidence/1"), "records in the repository are not printed");
    let listed: BTreeSet<String> =
        documents::DOCUMENTS.iter().map(|document| document.schema.to_owned()).collect();
    assert_eq!(listed, found, "src/cli/documents.rs and the sources differ");
}

#[test]
fn the_fields_of_real_documents_are_those_in_the_manual() {
    let area = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_lifeboat"))
            .args(args)
            .arg("--json")
            .current_dir(area.path())
            .env("LIFEBOAT_REPO", area.path().join("repository"))
            .env("LIFEBOAT_PASSPHRASE", "a passphrase of the tests")
            .env("LIFEBOAT_STATE_DIR", area.path().join("state"))
            .env("LIFEBOAT_CACHE_DIR", area.path().join("cache"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    fs::create_dir(area.path().join("source")).unwrap();
    fs::write(area.path().join("source/a"), b"contents").unwrap();
    let commands: &[&[&str]] = &[
        &["version"],
        &["init"],
        &["backup", "source", "--dry-run"],
        &["backup", "source"],
        &["snapshots"],
        &["ls", "latest", "--recursive"],
        &["find", "a"],
        &["diff", "latest", "live:"],
        &["stats"],
        &["restore", "latest", "--target", "out", "--dry-run"],
        &["restore", "latest", "--target", "out"],
        &["dump", "latest", "--output", "files.tar"],
        &["check"],
        &["key", "list"],
        &["key", "export", "--output", "key"],
        &["ls", "ffffffff"],
    ];
    let mut seen = BTreeSet::new();
    for args in commands {
        for line in run(args).lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let Some(schema) = value["schema"].as_str() else { continue };
            let document = documents::DOCUMENTS.iter().find(|document| document.schema == schema);
            let document = document.unwrap_or_else(|| panic!("{schema} is not in the manual"));
            let known: BTreeSet<&str> =
                document.fields.iter().flat_map(|(names, _)| names.split(", ")).chain(["schema"]).collect();
            for field in value.as_object().unwrap().keys() {
                assert!(
                    known.contains(field.as_str()),
                    "{schema} has the field {field}, unknown to the manual"
                );
            }
            seen.insert(schema.to_owned());
        }
    }
    assert!(seen.len() >= 15, "too few documents were looked at: {seen:?}");
}
