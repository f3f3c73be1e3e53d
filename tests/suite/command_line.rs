//! How the program ends, whatever is typed: exit statuses, streams, and the form of failures.

use std::process::Stdio;

use crate::program::{Sandbox, finish};

#[test]
fn help_and_version_succeed_on_standard_output() {
    let sandbox = Sandbox::new();
    for words in
        [&["--help"][..], &["-h"], &["backup", "--help"], &["key", "add", "-h"], &["--version"], &["version"]]
    {
        let run = sandbox.run(words);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{words:?}");
        assert!(!run.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn whatever_clap_refuses_has_status_2_and_says_so_on_standard_error() {
    let sandbox = Sandbox::new();
    for words in [
        &[][..],
        &["bakup"],
        &["backup"],
        &["backup", "/x", "--stdin"],
        &["backup", "--command", "name"],
        &["backup", "/x", "--", "program"],
        &["backup", "/x", "--exclude-larger-than", "5Q"],
        &["backup", "/x", "--compression", "23"],
        &["restore", "latest"],
        &["restore", "latest", "--target", "/x", "--in-place"],
        &["restore", "not-an-id", "--target", "/x"],
        &["check", "--read-data", "--read-data-subset", "1/2"],
        &["key", "add", "--role", "writer", "--recipient", "x"],
        &["key", "add", "--role", "restorer"],
        &["version", "--quiet", "--verbose"],
        &["ls", "latest", "--passphrase-fd", "3", "--passphrase-file", "x"],
    ] {
        let run = sandbox.run(words);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{words:?}: {run:?}");
        assert!(!run.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn under_json_even_a_wrong_command_line_gives_a_document() {
    let run = Sandbox::new().run(&["--json", "bakup"]);
    assert_eq!(run.status, Some(2));
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["schema"], "lifeboat.error/1");
    assert_eq!(document["kind"], "usage");
    assert!(document["message"].as_str().unwrap().contains("bakup"));
}

#[test]
fn a_json_flag_behind_the_programs_dashes_is_not_ours() {
    let run = Sandbox::new().run(&["bakup", "--", "--json"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
}

#[test]
fn the_configuration_check_lists_all_mistakes_with_their_places() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("lifeboat.toml");
    std::fs::write(&file, "[repository.main]\nurl = 5\n[job.home]\nsorces = ['/home']\n").unwrap();
    let words = ["config", "check", "--config", file.to_str().unwrap()];
    let run = sandbox.run(&words);
    assert_eq!((run.status, run.stderr.as_str()), (Some(2), ""));
    let text = run.stdout.replace(sandbox.home.path().to_str().unwrap(), "HOME");
    assert_eq!(
        text,
        "HOME/lifeboat.toml:2:7: `url` cannot be an integer\n  2 | url = 5\n    |       ^\n  \
         expected a directory or s3://BUCKET/PREFIX, in quotes\n\
         HOME/lifeboat.toml:3:6: `home` lacks the key `sources` (or `stream`, or `database`)\n  \
         3 | [job.home]\n    |      ^^^^\n  \
         expected a list of paths, such as [\"/etc\", \"/home\"]\n\
         HOME/lifeboat.toml:4:1: [job.home] has no key `sorces`\n  4 | sorces = ['/home']\n    | ^^^^^^\n  \
         expected one of repository, sources, stream, database, host, tags, exclude, iexclude, \
         exclude_files, exclude_caches, exclude_if_present, exclude_larger_than, exclude_xattrs, nodump, \
         one_file_system, ignore_ctime, ignore_inode, with_atime, compression, read_concurrency, system, \
         luks_headers, freeze, snapshot, hooks, retention, notify, expect_every\n  \
         did you mean `sources`?\n3 mistakes\n"
    );
    let run = sandbox.run(&[&words[..], &["--json"]].concat());
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, &document["schema"]), (Some(2), &"lifeboat.config-check/1".into()));
    assert_eq!(document["mistakes"][2]["suggestion"], "sources");
    assert_eq!(document["mistakes"][2]["line"], 4);
}

#[test]
fn a_configuration_in_the_working_directory_is_not_read() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("lifeboat.toml"), "").unwrap();
    let run = sandbox.run(&["config", "check"]);
    // Unless the machine itself has one, there is none.
    if !std::path::Path::new("/etc/lifeboat/lifeboat.toml").exists() {
        assert_eq!(run.status, Some(2), "{run:?}");
        assert!(run.stderr.starts_with("lifeboat: there is no configuration file\nhint: "), "{run:?}");
    }
    std::fs::create_dir_all(sandbox.path(".config/lifeboat")).unwrap();
    std::fs::write(sandbox.path(".config/lifeboat/lifeboat.toml"), "").unwrap();
    assert_eq!(sandbox.run(&["config", "check"]).status, Some(0));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sandbox.command(&["man", "backup"]);
    command.stdout(Stdio::from(writer));
    let run = finish_with_stdout_elsewhere(command);
    assert_eq!(run, (Some(0), String::new()));
}

#[test]
fn a_standard_output_that_is_full_is_a_failure() {
    let sandbox = Sandbox::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(&["man", "backup"]);
    command.stdout(Stdio::from(full));
    let (status, stderr) = finish_with_stdout_elsewhere(command);
    assert_eq!(status, Some(1));
    assert!(stderr.starts_with("lifeboat: cannot write to standard output"), "{stderr}");
}

fn finish_with_stdout_elsewhere(mut command: std::process::Command) -> (Option<i32>, String) {
    let output = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn manual_pages_are_found_by_the_names_of_commands() {
    let sandbox = Sandbox::new();
    for (words, title) in [
        (&["man"][..], ".TH \"LIFEBOAT\" \"1\""),
        (&["man", "backup"], ".TH \"LIFEBOAT-BACKUP\" \"1\""),
        (&["man", "key", "add"], ".TH \"LIFEBOAT-KEY-ADD\" \"1\""),
        (&["man", "lifeboat.toml"], ".TH \"LIFEBOAT.TOML\" \"5\""),
    ] {
        let run = sandbox.run(words);
        assert_eq!(run.status, Some(0));
        assert!(run.stdout.lines().any(|line| line.starts_with(title)), "{words:?}\n{}", run.stdout);
    }
    let run = sandbox.run(&["man", "bakup"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("did you mean `backup`?"), "{run:?}");
    let run = sandbox.run(&["man", "--directory", "pages"]);
    assert_eq!(run.status, Some(0));
    assert!(sandbox.path("pages/man5/lifeboat.toml.5").exists());
}

#[test]
fn colours_appear_only_where_they_are_wanted() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("c.toml"), "a = 1").unwrap();
    let check = ["config", "check", "--config", "c.toml"];
    assert!(!sandbox.run(&check).stdout.contains('\x1b'));
    let always = [&check[..], &["--color", "always"]].concat();
    assert!(sandbox.run(&always).stdout.contains('\x1b'));
    let mut command = sandbox.command(&always);
    command.env("NO_COLOR", "1");
    assert!(finish(command).stdout.contains('\x1b'), "a flag beats its variable");
}
