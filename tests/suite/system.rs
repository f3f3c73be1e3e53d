//! The state of a machine: captured beside a backup or alone, shown and compared, through the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::program::Sandbox;
use crate::program::finish;
use crate::world::{World, files_below};

/// Secrets of the directory that `make_root` makes.
const SECRETS: [&str; 2] = ["$y$j9T$hushhush", "wifi-hush"];

/// A small system in a directory.
fn make_root(root: &Path) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("etc/hostname", "chroot\n");
    write("etc/os-release", "ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"Debian 12\"\n");
    write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nbob:x:1000:1000::/home/bob:/bin/sh\n");
    write("etc/shadow", &format!("root:{}:19000:0:99999:7:::\nbob:!:19000::::::\n", SECRETS[0]));
    write("etc/group", "root:x:0:\nsudo:x:27:bob\n");
    write("etc/fstab", "UUID=1 / ext4 defaults 0 1\n");
    write("etc/NetworkManager/system-connections/w", &format!("psk={}\n", SECRETS[1]));
    write("etc/crontab", "17 * * * * root true\n");
    write(
        "var/lib/dpkg/status",
        "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5\n",
    );
}

fn section_outcome<'a>(state: &'a Value, name: &str) -> &'a str {
    let reports = state["collectors"].as_array().unwrap();
    reports.iter().find(|report| report["name"] == name).unwrap()["outcome"].as_str().unwrap()
}

#[test]
fn a_backup_with_system_carries_a_state_that_is_shown_without_secrets() {
    let world = World::new();
    fs::create_dir(world.path("data")).unwrap();
    fs::write(world.path("data/file"), "x").unwrap();
    let data = world.path("data");
    let run = world.run(&["backup", data.to_str().unwrap(), "--system"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let record = world.json(&["snapshots", "--json"]);
    let attached = &record["snapshots"][0]["attachments"][0];
    assert_eq!(
        (attached["kind"].as_str(), attached["path"].as_str()),
        (Some("system"), Some("/.lifeboat/system"))
    );
    let state = world.json(&["system", "show", "latest", "--json"]);
    assert_eq!(state["schema"], "lifeboat.system/1");
    let users = state["accounts"]["users"].as_array().unwrap();
    assert!(users.iter().any(|user| user["name"] == "root"));
    // Shown it is redacted; in the snapshot it is whole.
    assert!(
        users.iter().all(|user| user["password_hash"].is_null() || user["password_hash"] == "(redacted)")
    );
    let kept = world.run(&["cat", "latest:/.lifeboat/system/files/etc/passwd"]);
    assert_eq!(kept.stdout, fs::read_to_string("/etc/passwd").unwrap());
    let text = world.run(&["system", "show"]);
    assert!(text.stdout.contains("Users") && text.stdout.contains("/root"), "{text:?}");
    let one = world.json(&["system", "show", "latest", "--section", "host", "--json"]);
    assert!(one["host"].is_object() && one["accounts"].is_null());
    // A restore of everything brings the state with it, and in place it does not.
    let restored = world.restore(Path::new("/"), "out", &[]);
    assert_eq!(restored.status, Some(0), "{restored:?}");
    assert!(world.path("out/.lifeboat/system/system.json").exists());
}

#[test]
fn the_system_alone_is_a_backup() {
    let world = World::new();
    let run = world.run(&["backup", "--system"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let config = world.path("lifeboat.toml");
    fs::write(
        &config,
        format!("[repository.main]\nurl = {:?}\n[job.state]\nsystem = true\n", world.path("repo")),
    )
    .unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let run = world.run(&["backup", "state", "--config", config.to_str().unwrap()]);
    assert_eq!(run.status, Some(0), "{run:?}");
    // What changes by itself between the two is no more than a remark.
    let record = world.json(&["snapshots", "--json"]);
    let first = record["snapshots"][0]["id"].as_str().unwrap();
    let found = world.json(&["system", "diff", first, "latest", "--severity", "critical", "--json"]);
    assert_eq!(found["changes"].as_array().map(Vec::len), Some(0), "{found}");
    let header = world.run(&["backup", "--with-luks-headers", world.path("repo").to_str().unwrap()]);
    assert!(header.status == Some(2) && header.stderr.contains("needs --system"), "{header:?}");
    let nothing = world.run(&["backup"]);
    assert_eq!(nothing.status, Some(2), "{nothing:?}");
}

#[test]
fn a_job_captures_the_system_where_it_says_so() {
    let world = World::new();
    fs::create_dir(world.path("data")).unwrap();
    let data = world.path("data");
    let text = format!(
        "[repository.main]\nurl = {:?}\n[job.whole]\nsources = [{:?}]\nsystem = true\n[job.plain]\n\
            sources = [{:?}]\n",
        world.path("repo"),
        data,
        data
    );
    let config = world.path("lifeboat.toml");
    fs::write(&config, text).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let config = config.to_str().unwrap();
    for (job, count) in [("whole", 1), ("plain", 0)] {
        let run = world.run(&["backup", job, "--config", config]);
        assert_eq!(run.status, Some(0), "{run:?}");
        let record = world.json(&["snapshots", "--json"]);
        let newest = record["snapshots"].as_array().unwrap().last().unwrap();
        assert_eq!(newest["attachments"].as_array().map_or(0, Vec::len), count, "{job}");
    }
    let run = world.run(&["system", "show", "latest"]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("holds no state of the system") && run.stderr.contains("--system"),
        "{run:?}"
    );
}

#[test]
fn a_directory_is_captured_without_secrets_unless_they_are_asked_for() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("root");
    make_root(&root);
    let root = root.to_str().unwrap();
    let run = |words: &[&str]| finish(sandbox.command(words));
    let plain = run(&["system", "capture", "--root", root]);
    assert_eq!(plain.status, Some(0), "{plain:?}");
    let state: Value = serde_json::from_str(&plain.stdout).unwrap();
    assert_eq!((state["host"]["name"].as_str(), state["root"].as_str()), (Some("chroot"), Some(root)));
    assert_eq!(state["packages"]["installed"][0]["name"], "bash");
    assert_eq!(section_outcome(&state, "containers"), "absent");
    let out = sandbox.path("out/");
    let wrote = run(&["system", "capture", "--root", root, "--output", &format!("{}/", out.display())]);
    assert_eq!(wrote.status, Some(0), "{wrote:?}");
    for file in files_below(&out) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{file:?}");
    }
    assert!(out.join("files/etc/fstab").exists() && !out.join("files/etc/shadow").exists());
    assert!(SECRETS.iter().all(|secret| !plain.stdout.contains(secret)));
    let again = run(&["system", "capture", "--root", root, "--output", out.to_str().unwrap()]);
    assert_eq!(again.status, Some(2), "{again:?}");
    let all = sandbox.path("all/");
    let words = ["system", "capture", "--with-secrets", "--root", root, "--output"];
    let wrote = run(&[&words[..], &[&format!("{}/", all.display())]].concat());
    assert_eq!(wrote.status, Some(0), "{wrote:?}");
    assert!(fs::read_to_string(all.join("system.json")).unwrap().contains(SECRETS[0]));
    assert!(fs::read_to_string(all.join("files/etc/shadow")).unwrap().contains(SECRETS[0]));
    for format in ["text", "html"] {
        let shown = run(&["system", "show", all.to_str().unwrap(), "--format", format]);
        assert_eq!(shown.status, Some(0), "{shown:?}");
        assert!(shown.stdout.contains("bob") && SECRETS.iter().all(|secret| !shown.stdout.contains(secret)));
    }
}

#[test]
fn differences_come_with_severity_meaning_and_an_exit_status() {
    let sandbox = Sandbox::new();
    let (old, new) = (sandbox.path("old"), sandbox.path("new"));
    make_root(&old);
    make_root(&new);
    let run = |words: &[&str]| finish(sandbox.command(words));
    let file = sandbox.path("old.json");
    let wrote = run(&["system", "capture", "--root", old.to_str().unwrap(), "-o", file.to_str().unwrap()]);
    assert_eq!(wrote.status, Some(0), "{wrote:?}");
    let (file, live) = (file.to_str().unwrap(), format!("live:{}", new.display()));
    let same = run(&["system", "diff", file, &live, "--severity", "minor", "--exit-code"]);
    assert_eq!((same.status, same.stdout.contains("No difference")), (Some(0), true), "{same:?}");
    let passwd = "root:x:0:0:root:/root:/bin/bash\nbob:x:1001:1000::/home/bob:/bin/sh\n<b>:x:5:5::/:/\n";
    fs::write(new.join("etc/passwd"), passwd).unwrap();
    fs::write(new.join("etc/shadow"), "root:$y$other:19000:0:99999:7:::\nbob:!:19000::::::\n").unwrap();
    let words = ["system", "diff", file, &live, "--section", "accounts"];
    let found = run(&[&words[..], &["--json"]].concat());
    assert_eq!(found.status, Some(0), "{found:?}");
    let document: Value = serde_json::from_str(&found.stdout).unwrap();
    let uid = document["changes"].as_array().unwrap();
    let uid = uid.iter().find(|change| change["path"] == "accounts.users[bob].uid").unwrap();
    let shown = (uid["severity"].as_str(), uid["old"].as_str(), uid["new"].as_str());
    assert_eq!(shown, (Some("critical"), Some("1000"), Some("1001")));
    assert!(uid["meaning"].as_str().unwrap().contains("Files belong to numbers"));
    let table = run(&[&words[..], &["--exit-code"]].concat());
    assert_eq!(table.status, Some(5), "{table:?}");
    assert!(table.stdout.contains("critical") && !table.stdout.contains("$y$"), "{table:?}");
    let page = run(&[&words[..], &["--format", "html"]].concat());
    assert!(page.stdout.starts_with("<!DOCTYPE html>") && page.stdout.contains("&lt;b&gt;"));
    assert!(!page.stdout.contains("<b>") && !page.stdout.contains("$y$"));
}

#[test]
fn what_is_no_state_is_refused_by_name() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("x.json");
    let name = path.to_str().unwrap().to_owned();
    let run = |words: &[&str]| finish(sandbox.command(words));
    for (text, says) in [
        ("", "does not hold a machine's state"),
        ("{}", "has the schema"),
        ("{\"schema\":\"lifeboat.system/9\"}", "newer lifeboat"),
        ("{\"schema\":\"lifeboat.system/1\",\"storage\":7}", "does not hold a machine's state"),
    ] {
        fs::write(&path, text).unwrap();
        let shown = run(&["system", "show", &name]);
        assert_eq!(shown.status, Some(2), "{shown:?}");
        assert!(shown.stderr.contains(says) && shown.stderr.contains(&name), "{shown:?}");
    }
    let missing = run(&["system", "show", "./no/such.json"]);
    assert!(missing.status == Some(2) && missing.stderr.contains("system capture"), "{missing:?}");
    let root = run(&["system", "capture", "--root", "/no/such/root"]);
    assert!(root.status == Some(1) && root.stderr.contains("/no/such/root"), "{root:?}");
    let header = run(&["system", "capture", "--with-luks-headers"]);
    assert_eq!(header.status, Some(2));
}

#[test]
fn a_hostile_state_breaks_neither_terminal_nor_page() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("x.json");
    let mut devices = String::new();
    for number in 0..200 {
        devices += &format!(
            "{{\"key\":\"k{number}\",\"name\":\"\\u001b[2J<script>\",\"parents\":[\"k{}\"]}},",
            (number + 1) % 200
        );
    }
    let text = format!(
        "{{\"schema\":\"lifeboat.system/1\",\"storage\":{{\"devices\":[\
         {{\"key\":\"a\",\"name\":\"\\u001b[31m<script>\"}},{}]}}}}",
        devices.trim_end_matches(',')
    );
    fs::write(&path, text).unwrap();
    for format in ["text", "html"] {
        let run = finish(sandbox.command(&["system", "show", path.to_str().unwrap(), "--format", format]));
        assert_eq!(run.status, Some(0), "{run:?}");
        assert!(!run.stdout.contains('\x1b'));
        assert!(format == "text" || !run.stdout.contains("<script>"));
    }
}
