//! man/ and completions/ are what the definitions say, byte for byte and set for set.
//!
//! `LIFEBOAT_REGENERATE=1 cargo test --release --test suite generated` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use lifeboat::cli::{commands, manual};

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
