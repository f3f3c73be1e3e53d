//! What attachments become, as text.

use std::collections::BTreeMap;

use super::*;

fn attachment(engine: &str, files: &[(&str, &str, &str)], details: &[(&str, &str)]) -> Attachment {
    let file = |(path, role, subject): &(&str, &str, &str)| AttachedFile {
        path: (*path).into(),
        bytes: 1,
        role: (*role).into(),
        subject: (*subject).into(),
    };
    Attachment {
        kind: "database".into(),
        name: "main".into(),
        path: "/.lifeboat/databases/main".into(),
        engine: Some(engine.into()),
        version: Some("15.4".into()),
        files: files.iter().map(file).collect(),
        details: details.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        ..Attachment::default()
    }
}

fn lines(actions: &[Action]) -> Vec<String> {
    let commands = actions.iter().flat_map(|action| match &action.operation {
        Operation::Run { commands } => commands.clone(),
        _ => Vec::new(),
    });
    commands.map(|command| command.display()).collect()
}

const POSTGRES: &[(&str, &str, &str)] = &[
    ("globals.sql", "globals", "roles"),
    ("postgres.dump", "dump", "postgres"),
    ("shop.dump", "dump", "shop"),
];

#[test]
fn postgres_goes_back_to_where_it_was_and_replaces_only_if_told_to() {
    let details = [("socket", "/run/pg"), ("port", "5433"), ("run_as", "postgres")];
    let attachment = attachment("postgres", POSTGRES, &details);
    let database = Database {
        name: "shop".into(),
        file: "shop.dump".into(),
        expect: BTreeMap::from([("SELECT count(*) FROM ONLY public.\"it's\"".into(), "5".into())]),
    };
    let manifest = Manifest { databases: vec![database], ..Manifest::default() };
    let made = actions(&attachment, Some(&manifest), &Target::default()).unwrap();
    let ids: Vec<&str> = made.iter().map(|action| action.id.as_str()).collect();
    let main = "database:main:";
    assert_eq!(ids, ["globals", "load:postgres", "load:shop", "verify:shop"].map(|id| format!("{main}{id}")));
    assert_eq!(made[3].needs, ["database:main:load:shop"]);
    let shown = lines(&made).join("\n");
    assert!(shown.contains("runuser -u postgres -- pg_restore"), "{shown}");
    assert!(shown.contains("--host=/run/pg --port=5433"), "{shown}");
    assert!(shown.contains("the database % is there already") && !shown.contains("--clean"), "{shown}");
    assert!(shown.contains("\"it''s\""), "quoted: {shown}");
    assert!(!made[2].repeatable && made[3].repeatable);
    let target = Target {
        replace: true,
        databases: vec!["shop".into()],
        host: Some("db2".into()),
        ..Target::default()
    };
    let made = actions(&attachment, None, &target).unwrap();
    let shown = lines(&made).join("\n");
    assert!(shown.contains("--clean --if-exists --create --host=db2"), "{shown}");
    assert!(!shown.contains("5433"), "a port belongs to its host: {shown}");
    assert!(made.iter().all(|action| action.repeatable));
    let unknown = Target { databases: vec!["shed".into()], ..Target::default() };
    let error = actions(&attachment, None, &unknown).unwrap_err().to_string();
    assert_eq!(error, "main holds no database \"shed\"; it holds postgres, shop");
}

#[test]
fn files_of_credentials_come_first_and_nothing_runs_outside_the_root_that_is_meant() {
    let files = [("users.sql", "globals", "users"), ("all.sql", "dump", "all")];
    let mariadb = attachment("mariadb", &files, &[("credentials_file", "/etc/my.backup")]);
    let target = Target { chroot: Some("/mnt".into()), ..Target::default() };
    for line in lines(&actions(&mariadb, None, &target).unwrap()) {
        assert!(line.contains("chroot /mnt"), "{line}");
        assert!(line.contains("mariadb --defaults-extra-file=/etc/my.backup"), "{line}");
    }
}

#[test]
fn files_are_made_beside_their_place_and_moved_there_last() {
    let sqlite =
        attachment("sqlite", &[("a.sql", "dump", "a")], &[("path", "/srv/a"), ("journal_mode", "wal")]);
    let shown = lines(&actions(&sqlite, None, &Target::default()).unwrap());
    assert!(shown[0].contains("is there already"), "{shown:?}");
    let load = shown.iter().position(|line| line.contains("lifeboat cat")).unwrap();
    assert!(shown[load].contains("/srv/a.lifeboat-restore"), "{shown:?}");
    assert!(shown.last().unwrap().contains("mv -f"), "{shown:?}");
    let redis = attachment("redis", &[("dump.rdb", "dump", "redis")], &[]);
    assert!(actions(&redis, None, &Target::default()).is_err(), "nobody knows where to");
    let target = Target { path: Some("/var/lib/redis/".into()), ..Target::default() };
    let shown = lines(&actions(&redis, None, &target).unwrap()).join("\n");
    assert!(shown.contains("/var/lib/redis/dump.rdb.lifeboat-restore"), "{shown}");
}

#[test]
fn what_is_not_whole_or_not_known_is_refused() {
    for (attachment, complaint) in [
        (attachment("oracle", &[], &[]), "does not know"),
        (attachment("sqlite", &[], &[("path", "/a")]), "not dumped whole"),
        (attachment("command", &[("dump", "dump", "x")], &[]), "nothing says which program"),
        (attachment("postgres", &[], &[]), "holds no database"),
        (attachment("postgres-base", &[("base.tar", "cluster", "")], &[]), "say which"),
    ] {
        let error = actions(&attachment, None, &Target::default()).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}
