//! A server for one run: made beside nothing, reached by nobody else, gone with the namespaces it runs in.
//!
//! A drill in a sandbox must not load into a server of this machine, and there is none of the sandbox's own.
//! So one is started there, with this machine's programs: its data below the sandbox's root, its socket in
//! the sandbox's own `/run`, its port on the sandbox's own loopback. Nothing is asked of who connects, and
//! nothing is synchronised: what it holds is to be looked at and thrown away. It runs until the session ends;
//! one that goes on starts it anew on the same data.
//!
//! The data directory is mounted once more where whoever runs the server can reach it, for what lies above
//! the root may be closed to them.

use crate::system::action::{Action, Check, CommandLine, Operation, Stage};
use crate::system::database::restore::Target;
use crate::system::database::spec::Engine;

/// Below the root, what servers of a run keep.
const DATA: &str = ".lifeboat-databases";
/// In the sandbox's own `/run`, where they are reached.
const SOCKETS: &str = "/run/lifeboat";

/// What both kinds need first: directories, an account, and the data where that account can reach it.
const PREPARE: &str = r#"
set -eu
umask 022
base=$1 dir=$2 account=$3 bin=$4 port=$5
PATH="${bin:+$bin:}$PATH"
group=$(id -g -- "$account")
as() { setpriv --reuid="$account" --regid="$group" --init-groups -- "$@"; }
mkdir -p -- "$base/data" "$dir/data"
mountpoint -q -- "$dir/data" || mount --bind -- "$base/data" "$dir/data"
data=$dir/data log=$dir/log
touch -- "$log"
chown -- "$account:$group" "$dir" "$log"
clear() { find "$data" -mindepth 1 -delete; }
"#;

/// Fails with the end of the server's own words.
const GIVE_UP: &str = r#"
give_up() { echo "the server does not start:" >&2; tail -n 20 -- "$log" >&2 || :; exit 1; }
"#;

/// A cluster is whole once it says so: a half-made one is made anew.
const POSTGRES_NEW: &str = r#"
if [ ! -e "$base/made" ]; then
  clear
  chown -- "$account:$group" "$data"
  chmod 0700 -- "$data"
  as initdb -D "$data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync > "$log" 2>&1 || give_up
  : > "$base/made"
fi
"#;

/// The files of a cluster, unpacked by root.
const POSTGRES_UNPACKED: &str = r#"
chown -R -- "$account:$group" "$data"
chmod 0700 -- "$data"
rm -f -- "$data/postmaster.pid" "$data/standby.signal"
"#;

/// Settings of its own: those of the machine that was lost name files and libraries of it.
const POSTGRES_START: &str = r#"
printf '%s\n' 'local all all trust' 'host all all 127.0.0.1/32 trust' > "$dir/hba"
: > "$dir/ident"
cat > "$dir/conf" <<END
hba_file = '$dir/hba'
ident_file = '$dir/ident'
unix_socket_directories = '$dir'
listen_addresses = '127.0.0.1'
port = $port
ssl = off
archive_mode = off
shared_preload_libraries = ''
logging_collector = off
fsync = off
synchronous_commit = off
full_page_writes = off
END
as pg_ctl -D "$data" -l "$log" -w -t 120 -o "-c config_file=$dir/conf" start \
  > /dev/null 2>&1 < /dev/null || give_up
"#;

/// MariaDB, or MySQL where that is what is here.
const MYSQL: &str = r#"
chown -- "$account:$group" "$data"
if [ ! -e "$base/made" ]; then
  clear
  if command -v mariadb-install-db > /dev/null; then
    as mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal \
      --skip-test-db > "$log" 2>&1 || give_up
  else
    as mysqld --no-defaults --datadir="$data" --initialize-insecure > "$log" 2>&1 || give_up
  fi
  : > "$base/made"
fi
server=mysqld client=mysql
if command -v mariadbd > /dev/null; then server=mariadbd client=mariadb; fi
as setsid "$server" --no-defaults --datadir="$data" --socket="$dir/mysqld.sock" --pid-file="$dir/pid" \
  --bind-address=127.0.0.1 --port="$port" --innodb-flush-log-at-trx-commit=0 --skip-log-bin \
  > "$log" 2>&1 < /dev/null &
server=$!
tries=0
until "$client" --no-defaults -uroot -S "$dir/mysqld.sock" -e 'SELECT 1' > /dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] && kill -0 "$server" 2> /dev/null || give_up
  sleep 0.1
done
"#;

/// A server that a run starts for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throwaway {
    /// What the dump is called that is loaded into it.
    pub name: String,
    /// What it is.
    pub engine: Engine,
    /// The sandbox's root.
    pub root: String,
    /// Who runs it: never root.
    pub account: String,
    /// Where its programs are, if not in `PATH`.
    pub bin_dir: Option<String>,
    /// The port of the loopback at which it listens.
    pub port: u16,
}

impl Throwaway {
    /// Where it keeps what it keeps.
    pub fn base(&self) -> String {
        format!("{}/{DATA}/{}", self.root.trim_end_matches('/'), self.name)
    }

    /// Where it is reached: the directory of its socket.
    pub fn directory(&self) -> String {
        format!("{SOCKETS}/{}", self.name)
    }

    /// The socket as clients name it: PostgreSQL's name the directory, the others the file.
    pub fn socket(&self) -> String {
        match self.engine {
            Engine::Postgres | Engine::PostgresBase => self.directory(),
            _ => format!("{}/mysqld.sock", self.directory()),
        }
    }

    /// Its superuser.
    pub fn user(&self) -> &'static str {
        match self.engine {
            Engine::Postgres | Engine::PostgresBase => "postgres",
            _ => "root",
        }
    }

    /// Where dumps are loaded to. Everything there may be replaced: it was made for this run.
    pub fn target(&self) -> Target {
        let is_cluster = self.engine == Engine::PostgresBase;
        Target {
            socket: Some(self.socket()),
            port: Some(self.port.to_string()),
            user: Some(self.user().to_owned()),
            path: is_cluster.then(|| format!("{}/data", self.base())),
            bin_dir: self.bin_dir.clone(),
            replace: true,
            is_ours: true,
            ..Target::default()
        }
    }

    /// The actions that load a dump, `loading`, with the one that starts the server in its place among them:
    /// first, but for the files of a whole cluster, which must be there before.
    pub fn around(&self, loading: Vec<Action>) -> Vec<Action> {
        let mut start = self.start();
        if self.engine != Engine::PostgresBase {
            let mut actions = vec![start];
            actions.extend(loading);
            let first = actions[0].id.clone();
            for action in &mut actions[1..] {
                if action.needs.is_empty() {
                    action.needs.push(first.clone());
                }
            }
            return actions;
        }
        let mut actions = loading;
        if let Some(Action { operation: Operation::Run { commands }, repeatable, .. }) = actions.first_mut() {
            // What a run that was cut off unpacked is unpacked once more.
            commands.insert(0, CommandLine::new(["rm", "-rf", "--", &format!("{}/data", self.base())]));
            *repeatable = true;
        }
        start.needs = actions.iter().map(|action| action.id.clone()).collect();
        actions.push(start);
        actions
    }

    fn start(&self) -> Action {
        let script = match self.engine {
            Engine::Postgres => [PREPARE, GIVE_UP, POSTGRES_NEW, POSTGRES_START].concat(),
            Engine::PostgresBase => [PREPARE, GIVE_UP, POSTGRES_UNPACKED, POSTGRES_START].concat(),
            _ => [PREPARE, GIVE_UP, MYSQL].concat(),
        };
        let bin = self.bin_dir.as_deref().unwrap_or_default();
        let (base, dir, port) = (self.base(), self.directory(), self.port.to_string());
        let words = ["sh", "-c", &script, "sh", &base, &dir, &self.account, bin, &port];
        Action {
            id: format!("database:{}:server", self.name),
            title: format!("start a server of its own for {} at {} port {}", self.name, dir, self.port),
            stage: Stage::Databases,
            operation: Operation::Run { commands: vec![CommandLine::new(words)] },
            check: Some(Check::Succeeds(self.asks())),
            destroys: Vec::new(),
            repeatable: true,
            volatile: true,
            release: Vec::new(),
            needs: Vec::new(),
        }
    }

    /// Succeeds if the server answers.
    fn asks(&self) -> CommandLine {
        let program = |name: &str| match &self.bin_dir {
            Some(dir) => format!("{}/{name}", dir.trim_end_matches('/')),
            None => name.to_owned(),
        };
        let (socket, port) = (self.socket(), self.port.to_string());
        match self.engine {
            Engine::Postgres | Engine::PostgresBase => {
                CommandLine::new([&program("pg_isready"), "-q", "-h", &socket, "-p", &port])
            }
            _ => {
                let client = if self.engine == Engine::Mysql { "mysql" } else { "mariadb" };
                let client = program(client);
                CommandLine::new([&client, "--no-defaults", "-uroot", "-S", &socket, "-e", "SELECT 1"])
            }
        }
    }
}
