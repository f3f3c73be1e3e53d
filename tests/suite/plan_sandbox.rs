//! What a plan brings up in a sandbox: databases in servers of its own, a service beside them, and questions
//! that only what was restored can answer.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::databases::{
    MARIADB_PROGRAMS, PG_PROGRAMS, PG_SHOP, json, mariadb_ask, mariadb_start, pg_ask, pg_new, run, text,
};
use crate::plan_runs::can_confine;
use crate::servers::{Server, are_there, directory, find, succeed, unprivileged};
use crate::world::World;

/// A service that answers what the restored database says.
const SERVICE: &str = r#"
import http.server, subprocess
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = ["psql", "-XAtqw", "-h", "/run/lifeboat/main", "-U", "postgres", "-d", "shop",
                 "-c", "SELECT sum(balance) FROM account"]
        told = subprocess.run(query, capture_output=True, text=True)
        fine = self.path == "/health" and told.returncode == 0
        self.send_response(200 if fine else 503)
        self.end_headers()
        self.wfile.write(("balance " + told.stdout + told.stderr if fine else "out of order").encode())
    def log_message(self, *what):
        pass
http.server.HTTPServer(("127.0.0.1", 8080), Answer).serve_forever()
"#;

/// A machine with a PostgreSQL, a SQLite file, a service and a unit, backed up.
struct Shop {
    world: World,
    _server: Server,
}

impl Shop {
    fn new() -> Self {
        let world = World::new();
        let server = pg_new(&world.path("one"));
        let dir = server.dir.clone();
        pg_ask(&dir, "postgres", "CREATE ROLE app LOGIN PASSWORD 'secret'");
        pg_ask(&dir, "postgres", "CREATE DATABASE shop OWNER app");
        pg_ask(&dir, "shop", PG_SHOP);
        let file = world.path("app.db");
        succeed({
            let mut command = Command::new("sqlite3");
            command.args(["-batch", text(&file), "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)"]);
            command
        });
        let units = world.path("source/etc/systemd/system");
        fs::create_dir_all(units.join("multi-user.target.wants")).unwrap();
        let unit = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
        fs::write(units.join("app.service"), unit).unwrap();
        fs::write(units.join("idle.service"), unit).unwrap();
        let wanted = units.join("multi-user.target.wants/app.service");
        std::os::unix::fs::symlink("/etc/systemd/system/app.service", wanted).unwrap();
        fs::write(world.path("source/service.py"), SERVICE).unwrap();
        let bin = find("pg_dump").unwrap().parent().unwrap().to_owned();
        let config = format!(
            "[repository.main]\nurl = {:?}\n[job.db]\nsources = {:?}\n[[job.db.database]]\nname = \
                 'main'\nengine = \
             'postgres'\nsocket = {dir:?}\nuser = 'postgres'\nbin_dir = {bin:?}\n[[job.db.database]]\nname = \
             'file'\nengine = 'sqlite'\npath = {file:?}\n",
            world.path("repo"),
            world.path("source"),
        );
        fs::write(world.path("lifeboat.toml"), config).unwrap();
        let report = json(&world, &["backup", "db", "--json"]);
        assert_eq!(report["faults"], 0, "{report}");
        Self { world, _server: server }
    }

    /// What `plan init` writes, with its root here, and `more` behind it.
    fn plan_file(&self, name: &str, target: &str, more: &str) -> String {
        let path = self.world.path(format!("{name}.toml"));
        let words =
            ["plan", "init", "latest", "--target", "sandbox", "--name", name, "--output", text(&path)];
        let made = run(&self.world, &words);
        assert_eq!(made.status, Some(0), "{made:?}");
        let written = fs::read_to_string(&path).unwrap();
        assert!(
            written.contains("[component.databases]") && written.contains("# main: postgres"),
            "{written}"
        );
        assert!(written.contains("# database = \"shop\""), "{written}");
        let root = format!("root = {:?}\n{target}", self.world.path("sandbox"));
        let written = written.replace(&format!("root = \"/var/tmp/lifeboat-{name}\""), &root);
        fs::write(&path, format!("{written}\n{more}")).unwrap();
        text(&path).to_owned()
    }

    fn build(&self, file: &str) -> String {
        let plan = json(&self.world, &["plan", "build", file, "--json"]);
        plan["id"].as_str().unwrap().to_owned()
    }

    fn apply(&self, id: &str, more: &[&str]) -> (Option<i32>, Value) {
        let done = run(&self.world, &[&["plan", "apply", id, "--json"], more].concat());
        let record = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"));
        (done.status, record)
    }
}

fn step<'r>(record: &'r Value, id: &str) -> &'r Value {
    let found = record["steps"].as_array().unwrap().iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("{id}: {record}"))
}

/// Questions that hold of the shop.
fn questions(world: &World) -> String {
    let (root, source) = (world.path("sandbox"), world.path("source"));
    let restored = format!("{}{}", root.display(), source.display());
    format!(
        "[[component.databases.verify]]\nkind = \"sql\"\nengine = \"postgres\"\ndatabase = \"shop\"\nquery = \
         \"SELECT sum(balance) FROM account\"\nexpect = \"10000\"\n\
         [[component.databases.verify]]\nkind = \"sql\"\nengine = \"sqlite\"\ndatabase = {:?}\nquery = \
         \"SELECT \
         count(*) FROM t\"\nexpect = \"2\"\n\
         [component.web]\nkind = \"command\"\nneeds = [\"databases\", \"files\"]\nvolatile = true\n\
         run = \"setsid python3 '{restored}/service.py' > /dev/null 2>&1 &\"\n\
         [[component.web.verify]]\nkind = \"port\"\nport = 8080\nwithin = \"30s\"\n\
         [[component.web.verify]]\nkind = \"http\"\nurl = \"http://127.0.0.1:8080/health\"\ncontains = \
         \"balance 10000\"\nwithin = \"30s\"\n\
         [[component.web.verify]]\nkind = \"http\"\nurl = \"http://127.0.0.1:8080/other\"\nstatus = \
         503\nwithin = \
         \"30s\"\n",
        world.path("app.db")
    )
}

fn can_run_it() -> bool {
    are_there(PG_PROGRAMS) && are_there(&["sqlite3", "python3"]) && can_confine()
}

#[test]
fn databases_and_a_service_come_up_in_a_sandbox_answer_and_are_gone() {
    if !can_run_it() {
        return;
    }
    let shop = Shop::new();
    let file = shop.plan_file("drill", "", &questions(&shop.world));
    let id = shop.build(&file);
    let shown = run(&shop.world, &["plan", "show", &id]);
    assert!(shown.stdout.contains("start a server of its own for main"), "{shown:?}");
    let (status, record) = shop.apply(&id, &[]);
    assert_eq!((status, &record["outcome"]), (Some(0), &"done".into()), "{record}");
    for id in ["database:main:load:shop", "database:main:verify:shop", "verify-sql", "verify-sql-2"] {
        assert_eq!(step(&record, &format!("databases/{id}"))["state"], "done");
    }
    assert_eq!(step(&record, "web/verify-http-2")["state"], "done");
    assert!(!shop.world.path("sandbox").exists());
    let seen: Vec<&str> =
        record["sandbox"]["verified"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(seen.contains(&"its processes and network"), "{seen:?}");
    // What is written here is what the source says, and nothing was done to it.
    assert_eq!(pg_ask(&shop.world.path("one"), "shop", "SELECT sum(balance) FROM account"), "10000");
}

#[test]
fn servers_and_services_of_a_sandbox_come_up_again_when_a_run_goes_on() {
    if !can_run_it() {
        return;
    }
    let shop = Shop::new();
    let file = shop.plan_file("again", "", &questions(&shop.world));
    let id = shop.build(&file);
    let (status, record) = shop.apply(&id, &["--until", "databases/database:main:load:shop"]);
    assert_eq!((status, &record["outcome"]), (Some(0), &"unfinished".into()), "{record}");
    let (status, record) = shop.apply(&id, &["--until", "web/run"]);
    assert_eq!((status, &record["outcome"]), (Some(0), &"unfinished".into()), "{record}");
    let (status, record) = shop.apply(&id, &[]);
    assert_eq!(
        (status, &record["outcome"], &record["sessions"]),
        (Some(0), &"done".into(), &3.into()),
        "{record}"
    );
    assert_eq!(step(&record, "databases/database:main:load:shop")["attempts"], 1, "loaded once: {record}");
    assert_eq!(step(&record, "databases/database:main:server")["attempts"], 1, "{record}");
    assert!(!shop.world.path("sandbox").exists());
}

#[test]
fn a_sandbox_in_an_image_holds_databases_and_services_too() {
    if !can_run_it() {
        return;
    }
    let loops = Command::new("losetup").arg("--find").output();
    if !loops.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "no loop devices here");
        eprintln!("skipped: there are no loop devices for us");
        return;
    }
    let shop = Shop::new();
    let image = shop.world.path("sandbox.img");
    let target = format!("image = {image:?}\nsize = \"400M\"");
    let file = shop.plan_file("image", &target, &questions(&shop.world));
    let id = shop.build(&file);
    let (status, record) = shop.apply(&id, &[]);
    assert_eq!((status, &record["outcome"]), (Some(0), &"done".into()), "{record}");
    assert!(!shop.world.path("sandbox").exists() && !image.exists(), "{record}");
    assert_eq!(record["sandbox"]["left"], Value::Array(vec![]), "{record}");
    let attached = succeed({
        let mut command = Command::new("losetup");
        command.args(["--list", "--noheadings", "--output", "BACK-FILE"]);
        command
    });
    assert!(!attached.contains(text(&image)), "{attached}");
}

#[test]
fn a_verification_that_fails_says_what_was_expected_and_what_was_found() {
    if !can_run_it() || !are_there(&["systemctl"]) {
        return;
    }
    let shop = Shop::new();
    let unit = |name: &str, unit: &str| {
        let root = format!("{}{}", shop.world.path("sandbox").display(), shop.world.path("source").display());
        format!(
            "[component.{name}]\nkind = \"command\"\nneeds = \"files\"\non_failure = \"continue\"\nrun = \
                 \"ln -sfn \
             '{root}/etc' $LIFEBOAT_ROOT/etc\"\n[[component.{name}.verify]]\nkind = \"unit\"\nunit = \
             {unit:?}\n"
        )
    };
    let asks = |name: &str, keys: &str| {
        format!(
            "[component.{name}]\nkind = \"command\"\nneeds = [\"web\"]\non_failure = \"continue\"\nrun = \
             \"true\"\n[[component.{name}.verify]]\n{keys}\n"
        )
    };
    let sql = "kind = \"sql\"\nengine = \"postgres\"\ndatabase = \"shop\"\n";
    let more = [
        questions(&shop.world),
        asks("count", &format!("{sql}query = \"SELECT count(*) FROM account\"\nexpect = \"99\"")),
        asks("table", &format!("{sql}query = \"SELECT 1 FROM nothing\"")),
        asks("status", "kind = \"http\"\nurl = \"http://127.0.0.1:8080/other\""),
        asks("body", "kind = \"http\"\nurl = \"http://127.0.0.1:8080/health\"\ncontains = \"balance 1\\n\""),
        asks("port", "kind = \"port\"\nport = 8081"),
        asks("file", "kind = \"file\"\npath = \"/nothing\""),
        unit("enabled", "app.service"),
        unit("idle", "idle.service"),
    ];
    let id = shop.build(&shop.plan_file("failing", "", &more.concat()));
    let (status, record) = shop.apply(&id, &[]);
    assert_eq!((status, &record["outcome"]), (Some(3), &"partial".into()), "{record}");
    for (id, says) in [
        ("count/verify-sql", &["SELECT count(*) FROM account", "answered \"100\", not \"99\""][..]),
        ("table/verify-sql", &["relation \"nothing\" does not exist"]),
        ("status/verify-http", &["answered with status 503, not 200 to 299", "out of order"]),
        ("body/verify-http", &["answered \"balance 10000", "without \"balance 1\\n\""]),
        ("port/verify-port", &["nothing answers at 127.0.0.1 port 8081"]),
        ("file/verify-file", &["/nothing"]),
        ("idle/verify-unit", &["systemctl", "status 1"]),
    ] {
        let failed = step(&record, id);
        let why = failed["why"].as_str().unwrap_or_default();
        assert!(failed["state"] == "failed" && says.iter().all(|word| why.contains(word)), "{id}: {failed}");
    }
    assert_eq!(step(&record, "enabled/verify-unit")["state"], "done", "{record}");
    // One that must hold ends the plan.
    let halting = questions(&shop.world).replace("expect = \"10000\"", "expect = \"10001\"");
    let id = shop.build(&shop.plan_file("halting", "", &halting));
    let done = run(&shop.world, &["plan", "apply", &id]);
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stdout.contains("answered \"10000\", not \"10001\""), "{done:?}");
    assert!(!shop.world.path("sandbox").exists());
}

#[test]
fn mariadb_comes_up_in_a_sandbox_and_is_asked() {
    if !are_there(MARIADB_PROGRAMS) || !can_confine() {
        return;
    }
    let world = World::new();
    let one = directory(&world.path("one"));
    let mut install = unprivileged("mariadb-install-db");
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    install.arg(format!("--datadir={}", text(&one.join("data"))));
    succeed(install);
    let _server = mariadb_start(&one);
    mariadb_ask(
        &one,
        "CREATE DATABASE shop; USE shop; CREATE TABLE account(id INT PRIMARY KEY, balance INT);
        INSERT INTO account SELECT seq, 100 FROM seq_1_to_100;
        CREATE USER app@localhost IDENTIFIED BY 'secret'; GRANT ALL ON shop.* TO app@localhost",
    );
    let keys = format!("engine = 'mariadb'\nuser = 'root'\nsocket = {:?}", one.join("s"));
    crate::databases::configure(&world, &keys);
    crate::databases::back_up(&world);
    let verify = "[[component.databases.verify]]\nkind = \"sql\"\nengine = \"mysql\"\n";
    let more = format!(
        "{verify}database = \"shop\"\nquery = \"SELECT SUM(balance) FROM account\"\nexpect = \
             \"10000\"\n{verify}query \
         = \"SHOW GRANTS FOR app@localhost\"\ncontains = \"shop\"\n"
    );
    let done = drilled(&world, &more);
    assert_eq!(done["outcome"], "done", "{done}");
}

#[test]
fn a_whole_cluster_comes_up_in_a_sandbox_and_is_asked() {
    if !are_there(PG_PROGRAMS) || !can_confine() {
        return;
    }
    let world = World::new();
    let server = pg_new(&world.path("one"));
    let dir = server.dir.clone();
    pg_ask(&dir, "postgres", "CREATE DATABASE shop");
    pg_ask(&dir, "shop", PG_SHOP);
    let bin = find("pg_dump").unwrap().parent().unwrap().to_owned();
    let keys = format!(
        "engine = 'postgres'\nmethod = 'base'\nsocket = {dir:?}\nuser = 'postgres'\nbin_dir = {bin:?}\n"
    );
    crate::databases::configure(&world, &keys);
    crate::databases::back_up(&world);
    let more = "[[component.databases.verify]]\nkind = \"sql\"\nengine = \"postgres\"\ndatabase = \
         \"shop\"\nquery = \
                \"SELECT sum(balance) FROM account\"\nexpect = \"10000\"\n";
    let done = drilled(&world, more);
    assert_eq!(done["outcome"], "done", "{done}");
}

/// Restores all databases of the newest snapshot in a sandbox, with `more` behind the component; the record.
fn drilled(world: &World, more: &str) -> Value {
    let root = world.path("sandbox");
    let text = format!(
        "schema = \"lifeboat.plan-file/1\"\nname = \"drill\"\n[target]\nkind = \"sandbox\"\nroot = {root:?}\n\
         [component.databases]\nkind = \"databases\"\n{more}"
    );
    fs::write(world.path("drill.toml"), text).unwrap();
    let plan = json(world, &["plan", "build", path(world, "drill.toml").as_str(), "--json"]);
    let done = run(world, &["plan", "apply", plan["id"].as_str().unwrap(), "--json"]);
    assert!(!root.exists(), "{done:?}");
    serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"))
}

fn path(world: &World, name: impl AsRef<Path>) -> String {
    text(&world.path(name)).to_owned()
}

#[test]
fn where_no_server_can_be_started_building_says_what_is_missing() {
    if !can_run_it() {
        return;
    }
    let shop = Shop::new();
    let file = shop.plan_file("missing", "", "");
    let written = fs::read_to_string(&file).unwrap();
    let keys =
        |keys: &str| written.replace("kind = \"databases\"\n", &format!("kind = \"databases\"\n{keys}\n"));
    fs::write(&file, keys("bin_dir = \"/usr/share\"")).unwrap();
    let refused = run(&shop.world, &["plan", "build", &file]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("there is no postgres") && refused.stderr.contains("/usr/share"),
        "{refused:?}"
    );
    fs::write(&file, keys("run_as = \"root\"")).unwrap();
    let refused = run(&shop.world, &["plan", "build", &file]);
    assert!(refused.status == Some(2) && refused.stderr.contains("not root"), "{refused:?}");
    let dump = "[[component.databases.verify]]\nkind = \"sql\"\nengine = \"postgres\"\ndump = \
         \"mian\"\nquery = \
                \"SELECT 1\"\n";
    fs::write(&file, format!("{written}\n{dump}")).unwrap();
    let refused = run(&shop.world, &["plan", "build", &file]);
    assert!(refused.status == Some(2) && refused.stderr.contains("\"mian\""), "{refused:?}");
}
