//! Databases that are in use, dumped and restored elsewhere: what is restored is one moment of what was
//! there.
//!
//! Every writer moves amounts between rows and notes each move in the same transaction. So in one moment of
//! the database the sum is what it was at the beginning, and the number of notes is the number of moves.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::program::Run;
use crate::servers::{Server, Writer, are_there, directory, find, succeed, unprivileged};
use crate::world::World;

/// Fails unless the writer wrote while the backup ran, and what was restored is a moment of that time.
fn assert_between(before: &str, restored: &str, after: &str) {
    let [before, restored, after] = [before, restored, after].map(|text| text.parse::<u64>().unwrap());
    assert!(before < after, "nothing was written meanwhile: {before}, {after}");
    assert!((before..=after).contains(&restored), "{before} ≤ {restored} ≤ {after}");
}

/// Backups under load, each restored and compared.
const ROUNDS: usize = 3;

/// A job `db` with the database `main`.
pub fn configure(world: &World, keys: &str) {
    let text = format!(
        "[repository.main]\nurl = {:?}\n[job.db]\n[[job.db.database]]\nname = \"main\"\n{keys}\n",
        world.path("repo")
    );
    fs::write(world.path("lifeboat.toml"), text).unwrap();
}

pub fn run(world: &World, words: &[&str]) -> Run {
    let mut command = world.command(words);
    command.env("LIFEBOAT_CONFIG", world.path("lifeboat.toml")).env("REDIS_PASSWORD", "secret word");
    crate::program::finish(command)
}

pub fn json(world: &World, words: &[&str]) -> serde_json::Value {
    let run = run(world, words);
    assert_eq!(run.status, Some(0), "{words:?} {run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

pub fn back_up(world: &World) -> serde_json::Value {
    let report = json(world, &["backup", "db", "--json"]);
    assert_eq!(report["faults"], 0, "{report}");
    report["attachments"][0].clone()
}

fn restore(world: &World, more: &[&str]) -> Run {
    let mut words = vec!["database", "restore", "latest", "main"];
    words.extend(more);
    run(world, &words)
}

fn assert_restored(world: &World, more: &[&str]) {
    let run = restore(world, more);
    assert_eq!(run.status, Some(0), "{run:?}");
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

// --- PostgreSQL

pub const PG_PROGRAMS: &[&str] =
    &["initdb", "postgres", "psql", "pg_dump", "pg_basebackup", "pg_verifybackup"];

pub fn psql(dir: &Path, database: &str) -> Command {
    let mut command = Command::new(find("psql").unwrap());
    command.args(["-X", "-q", "-A", "-t", "-U", "postgres", "-h", text(dir), "-d", database]);
    command.args(["-v", "ON_ERROR_STOP=1"]);
    command
}

pub fn pg_ask(dir: &Path, database: &str, query: &str) -> String {
    let mut command = psql(dir, database);
    command.args(["-c", query]);
    succeed(command)
}

fn pg_start(dir: &Path, data: &Path) -> Server {
    let mut command = unprivileged("postgres");
    command.args(["-D", text(data), "-k", text(dir), "-c", "listen_addresses=", "-c", "fsync=off"]);
    command.args(["-c", "shared_buffers=16MB", "-c", "wal_keep_size=256MB"]);
    Server::start(dir, command, || {
        let mut command = psql(dir, "postgres");
        command.args(["-c", "SELECT 1"]);
        command
    })
}

pub fn pg_new(dir: &Path) -> Server {
    let dir = directory(dir);
    let mut command = unprivileged("initdb");
    command.args(["-D", text(&dir.join("data")), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]);
    succeed(command);
    pg_start(&dir, &dir.join("data"))
}

pub const PG_SHOP: &str = "
    CREATE TABLE account(id int PRIMARY KEY, balance int NOT NULL);
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 100) i;
    CREATE TABLE moved(id serial PRIMARY KEY, amount int);
    CREATE TABLE counted(moves int); INSERT INTO counted VALUES (0);
    CREATE TABLE \"odd \"\"name\"(x bytea); INSERT INTO \"odd \"\"name\"
        SELECT decode(repeat('ab', 3000), 'hex') FROM generate_series(1, 500);";
const PG_MOVE: &str =
    "BEGIN; UPDATE account SET balance = balance - 7 WHERE id = 1 + (SELECT moves FROM counted) % 40;
    UPDATE account SET balance = balance + 7 WHERE id = 50; UPDATE counted SET moves = moves + 1;
    INSERT INTO moved(amount) VALUES (7); COMMIT;\n";
/// Two values that are the same in one moment; a lost or gained amount would show in the first.
const PG_INVARIANT: &str = "SELECT (SELECT sum(balance) FROM account) || ' ' || \
    ((SELECT moves FROM counted) = (SELECT count(*) FROM moved))";

#[test]
fn postgres_under_load_comes_back_as_one_moment() {
    if !are_there(PG_PROGRAMS) {
        return;
    }
    let world = World::new();
    let server = pg_new(&world.path("one"));
    let dir = server.dir.clone();
    pg_ask(&dir, "postgres", "CREATE ROLE app LOGIN PASSWORD 'secret'");
    for name in ["shop", "it's \"odd\"=x"] {
        pg_ask(&dir, "postgres", &format!("CREATE DATABASE \"{}\" OWNER app", name.replace('"', "\"\"")));
        pg_ask(&dir, &format!("dbname='{}'", name.replace('\'', "\\'")), PG_SHOP);
    }
    let before = pg_ask(&dir, "shop", PG_INVARIANT);
    assert_eq!(before, "10000 true");
    let bin = find("pg_dump").unwrap().parent().unwrap().to_owned();
    let reach = format!("engine = 'postgres'\nsocket = {dir:?}\nuser = 'postgres'\nbin_dir = {bin:?}\n");

    // The whole cluster first: what comes of it is the server that the dumps are restored to.
    configure(&world, &format!("{reach}method = 'base'"));
    let mut writer = Writer::start(psql(&dir, "shop"), PG_MOVE);
    let before_it = pg_ask(&dir, "shop", "SELECT count(*) FROM moved");
    let attachment = back_up(&world);
    let after_it = pg_ask(&dir, "shop", "SELECT count(*) FROM moved");
    assert!(attachment["position"].as_str().unwrap().contains("timeline 1"), "{attachment}");
    let copy = directory(&world.path("two"));
    let data = copy.join("data");
    let verified = json(
        &world,
        &["database", "restore", "latest", "--to", text(&data), "--bin-dir", text(&bin), "--json"],
    );
    assert_eq!(verified["actions"].as_array().unwrap().len(), 2, "{verified}");
    succeed({
        let mut command = Command::new("chown");
        command.args(["-R", "--reference", text(&copy), text(&data)]);
        command
    });
    let other = pg_start(&copy, &data);
    assert_eq!(pg_ask(&other.dir, "shop", PG_INVARIANT), before);
    assert_between(&before_it, &pg_ask(&other.dir, "shop", "SELECT count(*) FROM moved"), &after_it);
    assert_eq!(restore(&world, &["--to", text(&data)]).status, Some(1), "a directory that is not empty");

    configure(&world, &reach);
    let to = format!("postgres@{}", text(&other.dir));
    let more = ["--to", &to, "--bin-dir", text(&bin), "--replace"];
    let mut seen = Vec::new();
    let moved = "SELECT count(*) FROM moved";
    let still = "SELECT md5(string_agg(md5(x), '' ORDER BY x)) FROM \"odd \"\"name\"";
    for round in 0..ROUNDS {
        let before_it = pg_ask(&dir, "shop", moved);
        let attachment = back_up(&world);
        let after_it = pg_ask(&dir, "shop", moved);
        assert!(writer.is_writing());
        let files = attachment["files"].as_array().unwrap();
        assert_eq!(files.len(), 5, "globals, three dumps, manifest: {attachment}");
        // Rows are counted in the snapshot of the dump; restoring compares them.
        assert_restored(&world, &more);
        assert_eq!(pg_ask(&other.dir, "shop", PG_INVARIANT), before, "round {round}");
        assert_between(&before_it, &pg_ask(&other.dir, "shop", moved), &after_it);
        assert_eq!(pg_ask(&other.dir, "shop", still), pg_ask(&dir, "shop", still), "round {round}");
        seen.push(pg_ask(&other.dir, "shop", moved));
    }
    seen.dedup();
    assert_eq!(seen.len(), ROUNDS, "the writer wrote: {seen:?}");
    let owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'";
    assert_eq!(pg_ask(&other.dir, "postgres", owner), "app");
    let refused = restore(&world, &["--to", &to, "--bin-dir", text(&bin), "--only", "shop"]);
    assert!(refused.stderr.contains("the database shop is there already"), "{refused:?}");
    // A database that was changed after its dump is told from it.
    let manifest = run(&world, &["cat", "latest:/.lifeboat/databases/main/manifest.json"]);
    assert!(manifest.stdout.contains("SELECT count(*) FROM ONLY public.account"), "{manifest:?}");
    drop(writer);
    let listed = run(&world, &["database", "list", "latest"]);
    assert!(listed.stdout.contains("postgres") && listed.stdout.contains("shop.dump"), "{listed:?}");
}

#[test]
fn a_cluster_with_further_tablespaces_is_refused_as_a_base_backup_and_dumped_all_the_same() {
    if !are_there(PG_PROGRAMS) {
        return;
    }
    let world = World::new();
    let server = pg_new(&world.path("one"));
    let dir = server.dir.clone();
    let space = directory(&dir.join("elsewhere"));
    pg_ask(&dir, "postgres", &format!("CREATE TABLESPACE fast LOCATION '{}'", text(&space)));
    pg_ask(&dir, "postgres", "CREATE TABLE t(x int) TABLESPACE fast; INSERT INTO t VALUES (7)");
    let bin = find("pg_dump").unwrap().parent().unwrap().to_owned();
    let reach = format!("engine = 'postgres'\nsocket = {dir:?}\nuser = 'postgres'\nbin_dir = {bin:?}\n");
    configure(&world, &format!("{reach}method = 'base'"));
    let refused = run(&world, &["backup", "db"]);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("has 1 further tablespace"), "{refused:?}");
    assert!(refused.stderr.contains("method = \"dump\""), "what to do instead: {refused:?}");
    configure(&world, &reach);
    back_up(&world);
}

// --- MariaDB

pub const MARIADB_PROGRAMS: &[&str] = &["mariadb-install-db", "mariadbd", "mariadb", "mariadb-dump"];

pub fn mariadb(dir: &Path) -> Command {
    let mut command = Command::new(find("mariadb").unwrap());
    command.args(["--no-defaults", "-uroot", "-N", "-B", "-S", text(&dir.join("s"))]);
    command
}

pub fn mariadb_ask(dir: &Path, query: &str) -> String {
    let mut command = mariadb(dir);
    command.args(["-e", query]);
    succeed(command)
}

pub fn mariadb_start(dir: &Path) -> Server {
    let mut command = unprivileged("mariadbd");
    command.args(["--no-defaults", "--skip-networking", "--server-id=1", "--innodb-buffer-pool-size=16M"]);
    command.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M", "--sync-binlog=0"]);
    command.arg(format!("--datadir={}", text(&dir.join("data"))));
    command.arg(format!("--socket={}", text(&dir.join("s"))));
    command.arg(format!("--pid-file={}", text(&dir.join("pid"))));
    command.arg(format!("--log-bin={}", text(&dir.join("data/bin"))));
    Server::start(dir, command, || {
        let mut command = mariadb(dir);
        command.args(["-e", "SELECT 1"]);
        command
    })
}

#[test]
fn mariadb_under_load_comes_back_as_one_moment() {
    if !are_there(MARIADB_PROGRAMS) {
        return;
    }
    let world = World::new();
    let (one, two) = (directory(&world.path("one")), directory(&world.path("two")));
    let mut install = unprivileged("mariadb-install-db");
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    install.arg(format!("--datadir={}", text(&one.join("data"))));
    succeed(install);
    let mut copy = Command::new("cp");
    copy.args(["-a", text(&one.join("data")), text(&two.join("data"))]);
    succeed(copy);
    let server = mariadb_start(&one);
    let other = mariadb_start(&two);
    mariadb_ask(
        &one,
        "CREATE DATABASE shop; USE shop; CREATE TABLE account(id INT PRIMARY KEY, balance INT NOT NULL);
        INSERT INTO account SELECT seq, 100 FROM seq_1_to_100;
        CREATE TABLE moved(id INT AUTO_INCREMENT PRIMARY KEY, amount INT);
        CREATE TABLE counted(moves INT); INSERT INTO counted VALUES (0);
        CREATE TABLE old(x INT) ENGINE=MyISAM; CREATE TABLE bin(b BLOB); INSERT INTO bin VALUES (x'00ff27');
        CREATE PROCEDURE p() SELECT 1; CREATE TRIGGER t BEFORE INSERT ON old FOR EACH ROW SET NEW.x = 1;
        CREATE DATABASE `it's odd`; CREATE TABLE `it's odd`.t(x INT);
        CREATE USER app@localhost IDENTIFIED BY 'secret'; GRANT ALL ON shop.* TO app@localhost",
    );
    let invariant = "SELECT CONCAT((SELECT SUM(balance) FROM shop.account), ' ', \
        (SELECT moves FROM shop.counted) = (SELECT COUNT(*) FROM shop.moved))";
    assert_eq!(mariadb_ask(&one, invariant), "10000 1");
    let mut writing = mariadb(&one);
    writing.arg("shop");
    let mut writer = Writer::start(
        writing,
        "START TRANSACTION; UPDATE account SET balance = balance - 7
        WHERE id = 1 + (SELECT moves FROM counted) % 40;
        UPDATE account SET balance = balance + 7 WHERE id = 50; UPDATE counted SET moves = moves + 1;
        INSERT INTO moved(amount) VALUES (7); COMMIT;\n",
    );
    configure(&world, &format!("engine = 'mariadb'\nuser = 'root'\nsocket = {:?}", one.join("s")));
    let to = format!("root@{}", text(&two.join("s")));
    let mut seen = Vec::new();
    let moved = "SELECT COUNT(*) FROM shop.moved";
    for round in 0..ROUNDS {
        let before_it = mariadb_ask(&one, moved);
        let made = run(&world, &["backup", "db", "--json"]);
        let after_it = mariadb_ask(&one, moved);
        assert!(made.stderr.contains("shop.old (MyISAM)"), "a warning: {made:?}");
        let report: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
        let position = report["attachments"][0]["position"].as_str().unwrap();
        assert!(position.starts_with("GTID 0-1-") && position.contains("bin.0000"), "{position}");
        assert!(writer.is_writing());
        assert_restored(&world, &["--to", &to, "--replace"]);
        assert_eq!(mariadb_ask(&two, invariant), "10000 1", "round {round}");
        assert_between(&before_it, &mariadb_ask(&two, moved), &after_it);
        seen.push(mariadb_ask(&two, moved));
    }
    seen.dedup();
    assert_eq!(seen.len(), ROUNDS, "the writer wrote: {seen:?}");
    drop(writer);
    assert_eq!(mariadb_ask(&two, "SELECT HEX(b) FROM shop.bin"), "00FF27");
    // With the writer gone, contents are the same, table by table.
    assert_eq!(run(&world, &["backup", "db"]).status, Some(0));
    assert_restored(&world, &["--to", &to, "--replace"]);
    let sums = "CHECKSUM TABLE shop.account, shop.moved, shop.counted, shop.bin, shop.old, `it's odd`.t";
    assert_eq!(mariadb_ask(&two, sums), mariadb_ask(&one, sums));
    assert!(mariadb_ask(&two, "SHOW GRANTS FOR app@localhost").contains("shop"));
    assert_eq!(mariadb_ask(&two, "CALL shop.p()"), "1");
    let refused = restore(&world, &["--to", &to]);
    assert!(
        refused.status == Some(1) && refused.stderr.contains("there already: it's odd shop"),
        "{refused:?}"
    );
    drop((server, other));
}

// --- SQLite

#[test]
fn sqlite_under_load_comes_back_as_one_moment() {
    if !are_there(&["sqlite3"]) {
        return;
    }
    let ask = |path: &Path, query: &str| {
        let mut command = Command::new("sqlite3");
        command.args(["-batch", "-cmd", ".timeout 20000", text(path), query]);
        succeed(command)
    };
    for mode in ["wal", "delete"] {
        let world = World::new();
        let path = world.path("app.db");
        ask(&path, &format!("PRAGMA journal_mode = {mode}"));
        ask(
            &path,
            "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
            INSERT INTO account SELECT i, 100 FROM n;
            CREATE TABLE moved(amount INT); CREATE TABLE counted(moves INT); INSERT INTO counted VALUES (0);
            CREATE TABLE odd(x REAL, y BLOB, z TEXT);
            INSERT INTO odd VALUES (0.1, x'00ff', 'it''s' || char(10)), (9e999, NULL, '');
            DELETE FROM odd WHERE z = ''; INSERT INTO odd VALUES (1, 2, 3);
            CREATE VIEW v AS SELECT 1; CREATE INDEX i ON moved(amount); PRAGMA user_version = 42;
            PRAGMA application_id = 7",
        );
        let mut writing = Command::new("sqlite3");
        writing.args(["-batch", "-cmd", ".timeout 20000", text(&path)]);
        let mut writer = Writer::start(
            writing,
            "BEGIN IMMEDIATE; UPDATE account SET balance = balance - 7
            WHERE id = 1 + (SELECT moves FROM counted) % 40;
            UPDATE account SET balance = balance + 7 WHERE id = 50; UPDATE counted SET moves = moves + 1;
            INSERT INTO moved VALUES (7); COMMIT;\n",
        );
        configure(&world, &format!("engine = 'sqlite'\npath = {path:?}"));
        let invariant =
            "SELECT sum(balance), (SELECT moves FROM counted) = (SELECT count(*) FROM moved) FROM account";
        let restored = world.path("restored.db");
        let mut seen = Vec::new();
        let moved = "SELECT count(*) FROM moved";
        for round in 0..ROUNDS {
            let before_it = ask(&path, moved);
            back_up(&world);
            let after_it = ask(&path, moved);
            assert!(writer.is_writing());
            // The checksum of all contents goes along, and is compared.
            assert_restored(&world, &["--to", text(&restored), "--replace"]);
            assert_eq!(ask(&restored, invariant), "10000|1", "{mode} round {round}");
            assert_between_or_held(mode, &before_it, &ask(&restored, moved), &after_it);
            seen.push(ask(&restored, moved));
        }
        seen.dedup();
        assert_eq!(seen.len(), ROUNDS, "the writer wrote: {seen:?}");
        drop(writer);
        assert_eq!(ask(&restored, "PRAGMA user_version; PRAGMA application_id"), "42\n7");
        assert_eq!(ask(&restored, "PRAGMA journal_mode"), mode);
        // With the writer gone, contents are the same to the last bit.
        back_up(&world);
        assert_restored(&world, &["--to", text(&restored), "--replace"]);
        assert_eq!(ask(&restored, ".sha3sum"), ask(&path, ".sha3sum"));
        let refused = restore(&world, &["--to", text(&restored)]);
        assert!(refused.status == Some(1) && refused.stderr.contains("is there already"), "{refused:?}");
    }
}

/// Without a log, a reader of SQLite holds writers up, so that perhaps nothing was written meanwhile.
fn assert_between_or_held(mode: &str, before: &str, restored: &str, after: &str) {
    match mode {
        "wal" => assert_between(before, restored, after),
        _ => {
            let [before, restored, after] =
                [before, restored, after].map(|text| text.parse::<u64>().unwrap());
            assert!((before..=after).contains(&restored), "{before} ≤ {restored} ≤ {after}");
        }
    }
}

// --- Redis

fn redis(dir: &Path) -> Command {
    let mut command = Command::new("redis-cli");
    command.args(["-s", text(&dir.join("s"))]);
    command.env("REDISCLI_AUTH", "secret word");
    command
}

fn redis_start(dir: &Path) -> Server {
    let mut command = unprivileged("redis-server");
    command.args([
        "--port",
        "0",
        "--unixsocket",
        text(&dir.join("s")),
        "--unixsocketperm",
        "777",
        "--save",
        "",
    ]);
    command.args(["--dir", text(dir), "--requirepass", "secret word", "--enable-debug-command", "local"]);
    Server::start(dir, command, || {
        let mut command = Command::new("sh");
        let script = "[ \"$(redis-cli -s \"$1\" ping)\" = PONG ]";
        command.args(["-c", script, "sh", text(&dir.join("s"))]).env("REDISCLI_AUTH", "secret word");
        command
    })
}

#[test]
fn redis_under_load_comes_back_as_one_moment_by_either_method() {
    if !are_there(&["redis-server", "redis-cli"]) {
        return;
    }
    let ask = |dir: &Path, words: &[&str]| {
        let mut command = redis(dir);
        command.args(words);
        succeed(command)
    };
    let world = World::new();
    let server = redis_start(&directory(&world.path("one")));
    ask(&server.dir, &["EVAL", "for i = 1, 20000 do redis.call('SET', 'key' .. i, 'value' .. i) end", "0"]);
    let mut writer = Writer::start(redis(&server.dir), "MULTI\nINCR a\nINCR b\nEXEC\n");
    // Its first move, so that there is something to count.
    while ask(&server.dir, &["GET", "a"]).is_empty() {}
    fs::write(world.path("password"), "secret word\n").unwrap();
    let password = format!("password_file = {:?}", world.path("password"));
    for (round, method) in ["stream", "bgsave", "stream"].into_iter().enumerate() {
        let socket = server.dir.join("s");
        let password = if round == 2 { "password_env = 'REDIS_PASSWORD'" } else { &password };
        configure(&world, &format!("engine = 'redis'\nmethod = '{method}'\nsocket = {socket:?}\n{password}"));
        let before_it = ask(&server.dir, &["GET", "a"]);
        let attachment = back_up(&world);
        let after_it = ask(&server.dir, &["GET", "a"]);
        assert!(attachment["version"].as_str().is_some_and(|version| version.contains('.')), "{attachment}");
        assert!(writer.is_writing());
        let copy = directory(&world.path(format!("copy{round}")));
        let to = text(&copy).to_owned();
        // Where the server runs that would write over it, nothing is put.
        let running = restore(&world, &["--replace"]);
        assert!(running.stderr.contains("the server is running"), "{running:?}");
        let nowhere = world.path("nobody");
        let run = run(&world, &["database", "restore", "latest", "--to", &to, "--dry-run"]);
        assert!(run.stdout.contains("dump.rdb") && !nowhere.exists(), "{run:?}");
        let dump = world.restore(Path::new("/.lifeboat/databases/main"), &format!("plain{round}"), &[]);
        assert_eq!(dump.status, Some(0), "{dump:?}");
        fs::copy(world.path(format!("plain{round}/dump.rdb")), copy.join("dump.rdb")).unwrap();
        fs::set_permissions(copy.join("dump.rdb"), fs::Permissions::from_mode(0o644)).unwrap();
        let other = redis_start(&copy);
        assert_eq!(ask(&other.dir, &["GET", "key20000"]), "value20000");
        assert_eq!(ask(&other.dir, &["DBSIZE"]), "20002");
        let (a, b) = (ask(&other.dir, &["GET", "a"]), ask(&other.dir, &["GET", "b"]));
        assert!(a == b && a.parse::<u64>().unwrap() > 0, "{a} {b}");
        assert_between(&before_it, &a, &after_it);
    }
    drop(writer);
    // With the writer gone, contents are the same to the last key.
    back_up(&world);
    let digest = ask(&server.dir, &["DEBUG", "DIGEST"]);
    drop(server);
    // The server is gone: its file is put where it reads it.
    assert_restored(&world, &["--replace"]);
    let again = redis_start(&world.path("one"));
    assert_eq!(ask(&again.dir, &["DBSIZE"]), "20002");
    assert_eq!(ask(&again.dir, &["DEBUG", "DIGEST"]), digest);
}

// --- What fails

#[test]
fn a_dump_that_fails_is_no_dump() {
    let world = World::new();
    fs::create_dir(world.path("files")).unwrap();
    let configure = |required: bool, script: &str| {
        let text = format!(
            "[repository.main]\nurl = {:?}\n[job.db]\nsources = {:?}\n[[job.db.database]]\nname = 'main'\n\
             engine = 'command'\nrequired = {required}\nprogram = ['sh', '-c', {script:?}]\n\
             restore = ['sh', '-c', 'cat > \"$0\"', {:?}]\n",
            world.path("repo"),
            world.path("files"),
            world.path("restored"),
        );
        fs::write(world.path("lifeboat.toml"), text).unwrap();
    };
    let dies = "head -c 3000000 /dev/zero; echo these are the last words >&2; kill -9 $$";
    configure(true, dies);
    let failed = run(&world, &["backup", "db"]);
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("these are the last words"), "{failed:?}");
    assert!(failed.stderr.contains("required = false"), "the next step: {failed:?}");
    assert_eq!(world.json(&["snapshots", "--json"])["snapshots"].as_array().unwrap().len(), 0);
    configure(false, dies);
    let partial = run(&world, &["backup", "db", "--json"]);
    assert_eq!(partial.status, Some(3), "{partial:?}");
    let report: serde_json::Value = serde_json::from_str(&partial.stdout).unwrap();
    assert!(report["attachments"][0]["fault"].as_str().unwrap().contains("signal 9"), "{report}");
    let nothing = run(&world, &["database", "restore", "latest"]);
    assert_eq!(nothing.status, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("not dumped whole"), "{nothing:?}");
    configure(true, "no-such-program-at-all");
    let missing = run(&world, &["backup", "db"]);
    assert!(missing.status == Some(1) && missing.stderr.contains("no-such-program-at-all"), "{missing:?}");
    configure(true, "echo all of it");
    assert_eq!(run(&world, &["backup", "db"]).status, Some(0));
    let shown = run(&world, &["database", "restore", "latest", "main", "--dry-run"]);
    assert!(shown.stdout.contains("lifeboat cat SNAPSHOT:/.lifeboat/databases/main/dump |"), "{shown:?}");
    assert!(!world.path("restored").exists());
    assert_eq!(run(&world, &["database", "restore", "latest", "main"]).status, Some(0));
    assert_eq!(fs::read_to_string(world.path("restored")).unwrap(), "all of it\n");
}

#[test]
fn mistakes_in_the_configuration_are_found_before_anything_is_run() {
    let world = World::new();
    for (keys, complaint) in [
        ("", "lacks the key `engine`"),
        ("engine = 'sqlite'", "lacks the key `path`"),
        ("engine = 'command'", "lacks the key `program`"),
        ("engine = 'oracle'", "none of these words"),
        ("engine = 'redis'\nmethod = 'base'", "there is no `base` for redis"),
        ("engine = 'postgres'\nport = 0", "out of range"),
        ("engine = 'redis'\npassword_env = 'A'\npassword_file = '/b'", "exclude each other"),
        (
            "engine = 'postgres'\n[[job.db.database]]\nname = 'main'\nengine = 'redis'",
            "two databases called `main`",
        ),
    ] {
        configure(&world, keys);
        let run = run(&world, &["backup", "db"]);
        assert_eq!(run.status, Some(2), "{keys}: {run:?}");
        assert!(run.stderr.contains(complaint), "{keys}: {run:?}");
    }
    configure(&world, "engine = 'redis'\npassword_env = 'NOT_SET'");
    let unset = run(&world, &["backup", "db"]);
    assert!(unset.status == Some(12) && unset.stderr.contains("NOT_SET"), "{unset:?}");
    configure(&world, "engine = 'redis'\nrun_as = 'no-such-account'");
    let nobody = run(&world, &["backup", "db"]);
    assert!(nobody.status == Some(2) && nobody.stderr.contains("no-such-account"), "{nobody:?}");
}

#[test]
fn a_plan_loads_dumps_below_its_root_and_lets_no_server_be_reached_from_a_sandbox() {
    if !are_there(&["sqlite3"]) {
        return;
    }
    let world = World::new();
    let path = world.path("app.db");
    let sqlite = |path: &Path, query: &str| {
        let mut command = Command::new("sqlite3");
        command.args(["-batch", text(path), query]);
        succeed(command)
    };
    sqlite(&path, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)");
    configure(&world, &format!("engine = 'sqlite'\npath = {path:?}"));
    back_up(&world);
    let root = world.path("sandbox");
    let plan = |more: &str| {
        let text = format!(
            "schema = \"lifeboat.plan-file/1\"\nname = \"p\"\n[target]\nkind = \"sandbox\"\nroot = {root:?}\n\
             keep = true\n[component.db]\nkind = \"databases\"\n{more}"
        );
        fs::write(world.path("p.toml"), text).unwrap();
        run(&world, &["plan", "build", text_of(&world, "p.toml").as_str(), "--json"])
    };
    let built = plan("");
    assert_eq!(built.status, Some(0), "{built:?}");
    let below = format!("{}{}.lifeboat-restore", root.display(), path.display());
    assert!(built.stdout.contains(&below), "{built:?}");
    assert!(plan("only = [\"other\"]").stderr.contains("it holds main"));
    let guess = plan("method = \"guess\"");
    assert!(
        guess.stderr.contains("`method` is not understood") || guess.stderr.contains("keep, replace"),
        "{guess:?}"
    );
    configure(&world, "engine = 'command'\nprogram = ['echo', 'x']\nrestore = 'cat'");
    back_up(&world);
    let refused = plan("");
    assert!(refused.status != Some(0) && refused.stderr.contains("needs its server"), "{refused:?}");
}

fn text_of(world: &World, name: &str) -> String {
    text(&world.path(name)).to_owned()
}
