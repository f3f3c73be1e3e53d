//! Plan files: what is understood, and how every mistake is told.

use crate::plan::file::check::check;
use crate::plan::file::model::{DiskName, TargetKind};
use crate::plan::file::schema::{self, Kind};

const GOOD: &str = r#"
schema = "lifeboat.plan-file/1"
name = "web"
snapshot = "latest@web1"
rto = "4h"
rpo = "1d"
protect = "serial:KEEP"

[target]
kind = "sandbox"
root = "/srv/sandbox"

[component.etc]
kind = "files"
paths = ["/etc", "/var/lib/app"]

[[component.etc.verify]]
kind = "checksum"

[[component.etc.verify]]
kind = "file"
path = "/etc/hostname"
min_size = 1

[component.app]
kind = "command"
needs = "etc"
run = "echo $NAME"
environment = { NAME = "x" }
on_failure = "retry"

[[component.app.verify]]
kind = "http"
url = "http://127.0.0.1:8080/"
within = "30s"
"#;

#[test]
fn a_good_file_is_understood() {
    let plan = check(GOOD).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(plan.target.kind, TargetKind::Sandbox);
    assert_eq!(plan.component["app"].needs, ["etc"]);
    assert_eq!(plan.component["app"].run.as_ref().unwrap().0, ["/bin/sh", "-c", "echo $NAME"]);
    assert_eq!(plan.component["etc"].verify[1].min_size, Some(1));
}

fn complaints(source: &str) -> Vec<(usize, String)> {
    let mistakes = check(source).unwrap_err();
    mistakes.iter().map(|mistake| (mistake.line(source), mistake.message.clone())).collect()
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let source = r#"schema = 'lifeboat.plan-file/2'
name = "a b"
snapshot = "newest"
rto = 4
[target]
kind = "sandbox"
image = "disk.img"
[[disk]]
from = "sda"
[component.a]
kind = "files"
paht = "/etc"
[component.b]
kind = "comand"
[component.c]
kind = "command"
run = []
needs = ["d"]
on_failure = "stop"
[[component.c.verify]]
kind = "http"
query = "x"
[[component.c.verify]]
kind = "port"
port = 70000
"#;
    let found = complaints(source);
    let expected: &[(usize, &str)] = &[
        (1, "`schema` is not understood: this version of lifeboat reads no other"),
        (2, "`name` is not understood: a name has at most 64"),
        (3, "`snapshot` is not understood: it names no snapshot"),
        (4, "`rto` cannot be an integer"),
        (5, "`target` lacks the key `root`"),
        (7, "`image` is not understood: it does not begin with a slash"),
        (8, "`disk` lacks the key `to`"),
        (9, "`from` is not understood: a disk is"),
        (10, "`a` lacks the key `paths`"),
        (12, "a component of the kind `files` has no key `paht`"),
        (14, "`kind` is not understood: `comand` is none of these words"),
        (17, "`run` is empty"),
        (18, "there is no [component.d] in this file"),
        (19, "`on_failure` is not understood: `stop` is none of these words"),
        (20, "`verify` lacks the key `url`"),
        (22, "a verification of the kind `http` has no key `query`"),
        (25, "`port` is out of range"),
    ];
    for (line, message) in expected {
        let is_it = |(at, told): &&(usize, String)| at == line && told.starts_with(message);
        assert!(found.iter().any(|one| is_it(&one)), "line {line}: {message}\n{found:#?}");
    }
    assert!(found.len() <= expected.len() + 1, "{found:#?}");
}

#[test]
fn what_is_missing_or_excludes_each_other_is_told() {
    let text = complaints("name = 'x'\n").iter().map(|one| one.1.clone()).collect::<Vec<_>>().join("\n");
    assert!(text.contains("`schema`"), "{text}");
    let source = GOOD.replace("paths = [\"/etc\", \"/var/lib/app\"]", "paths = '/etc'\nfrom = '/srv'");
    assert_eq!(complaints(&source)[0].1, "`from` and `paths` exclude each other");
    let source = GOOD.replace("root = \"/srv/sandbox\"", "root = '/x/../y'");
    assert!(complaints(&source)[0].1.contains("climbs"));
}

#[test]
fn components_that_wait_for_each_other_are_named() {
    let source = GOOD.replace("kind = \"files\"", "kind = \"files\"\nneeds = [\"app\"]");
    let found = complaints(&source);
    assert_eq!(found[0].1, "components wait for each other: app → etc → app");
}

#[test]
fn disks_are_named_by_identity() {
    let own = |text| match DiskName::parse(text) {
        Ok(DiskName::Device(identity)) => identity.to_string(),
        Ok(DiskName::Image(path)) => format!("image {path}"),
        Err(why) => why,
    };
    assert_eq!(own("serial: S1 "), "serial S1");
    assert_eq!(own("wwn:0x5"), "wwn 0x5");
    assert_eq!(own("/dev/sda"), "/dev/sda");
    assert_eq!(own("image:/a"), "image /a");
    for text in ["sda", "serial:", "image:a", "size:3", "path:/etc/passwd"] {
        assert!(DiskName::parse(text).is_err(), "{text}");
    }
}

#[test]
fn every_kind_of_component_and_verification_has_its_keys_in_the_schema() {
    let names: Vec<&str> = schema::verify_fields().iter().map(|field| field.name).collect();
    for kind in schema::CHECKS {
        let known = |name: &&str| names.contains(name);
        assert!(schema::allowed_of(kind).iter().all(known), "{kind}");
        assert!(
            schema::required_of(kind).iter().all(|name| schema::allowed_of(kind).contains(name)),
            "{kind}"
        );
    }
    let file = schema::FILE.iter().find(|field| field.name == "component").unwrap();
    assert!(matches!(file.kind, Kind::Named));
}
