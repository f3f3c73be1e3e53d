//! Dumps that become files: made beside their place, verified, and moved there.

use crate::system::action::{Action, CommandLine};
use crate::system::database::redis;
use crate::system::database::restore::{Restore, RestoreError, wrong};

/// Makes a directory, of an account if one is named, unless there is something in it.
const EMPTY_DIRECTORY: &str = r#"
dir=$1 owner=$2
if [ -n "$(ls -A "$dir" 2>/dev/null)" ]; then
  echo "$dir is not empty: move it away first" >&2
  exit 1
fi
install -d -m 0700 ${owner:+-o "$owner"} "$dir""#;

/// Runs the first of some programs that is there.
const VERIFY_CLUSTER: &str = r#"
dir=$1
shift
for program; do
  [ -x "$program" ] && exec "$program" --quiet "$dir"
done
echo 'pg_verifybackup is nowhere; it comes with the server' >&2
exit 1"#;

/// Fails where a file is there.
const NOT_THERE: &str = r#"
if [ -e "$1" ]; then
  echo "$1 is there already" >&2
  exit 1
fi"#;

/// Makes room for a SQLite file beside its place.
const BEGIN_SQLITE: &str = r#"
mkdir -p -- "$(dirname -- "$1")"
rm -f -- "$1" "$1-journal" "$1-wal" "$1-shm""#;

/// Moves a SQLite file to its place, as its owner was; a log of the file that was there would be taken for
/// one of the new.
const PLACE_SQLITE: &str = r#"
set -e
part=$1 file=$2
if [ -e "$file" ]; then
  chown --reference="$file" "$part"
  chmod --reference="$file" "$part"
fi
rm -f -- "$file-wal" "$file-shm" "$file-journal"
mv -f -- "$part" "$file""#;

/// Fails where a Redis server runs, or would load something else than the file.
const REDIS_RESTS: &str = r#"
dir=$(dirname -- "$1")
shift
case $("$@" ping 2>/dev/null) in
  PONG | *NOAUTH*)
    echo 'the server is running, and would write over the file when it stops: stop it first' >&2
    exit 1 ;;
esac
if [ -n "$(ls -A "$dir/appendonlydir" 2>/dev/null)" ]; then
  echo "$dir/appendonlydir is there, and would be loaded instead: move it away" >&2
  exit 1
fi"#;

/// Has Redis's own program look at the file, where it is installed.
const CHECK_REDIS: &str = r#"
command -v redis-check-rdb >/dev/null || exit 0
redis-check-rdb "$1" >&2 && exit 0
rm -f -- "$1"
exit 1"#;

/// Moves a Redis file to its place, as its directory's owner.
const PLACE_REDIS: &str = r#"
set -e
chown --reference="$(dirname -- "$2")" "$1"
chmod 0660 "$1"
mv -f -- "$1" "$2""#;

impl Restore<'_> {
    pub(super) fn base(&self) -> Result<Vec<Action>, RestoreError> {
        let target = self.target;
        let file = self.file("cluster")?;
        let Some(dir) = target.path.as_deref() else {
            return wrong("a base backup is restored to a data directory: say which");
        };
        let owner = target.run_as.as_deref().unwrap_or_default();
        let make = target.script(EMPTY_DIRECTORY, &[dir, owner]);
        let mut unpack = CommandLine { user: target.run_as.clone(), ..target.script("", &[]) };
        unpack.argv = ["tar", "--extract", "--file=-", "--directory", dir].map(String::from).into();
        unpack.stdin = self.entry(file);
        let version = self.attachment.version.as_deref().unwrap_or_default();
        let major = version.split(['.', ' ']).next().unwrap_or_default();
        let programs = [
            format!("{}/pg_verifybackup", target.bin_dir.as_deref().unwrap_or("/usr/local/bin")),
            "/usr/bin/pg_verifybackup".into(),
            format!("/usr/lib/postgresql/{major}/bin/pg_verifybackup"),
            format!("/usr/pgsql-{major}/bin/pg_verifybackup"),
        ];
        let mut words = vec![dir];
        words.extend(programs.iter().map(String::as_str));
        let verify = CommandLine { user: target.run_as.clone(), ..target.script(VERIFY_CLUSTER, &words) };
        let load = self.action("load", format!("unpack the cluster to {dir}"), &[], vec![make, unpack]);
        let check = self.action("verify", format!("verify the cluster in {dir}"), &["load"], vec![verify]);
        Ok(vec![load, Action { repeatable: true, ..check }])
    }

    pub(super) fn sqlite(&self) -> Result<Vec<Action>, RestoreError> {
        let target = self.target;
        let file = self.file("dump")?;
        let Some(path) = target.path.as_deref() else {
            return wrong("a SQLite database is restored to a file: say which");
        };
        let part = beside(path);
        let sqlite = |more: &[&str]| {
            let words = ["-batch", "-bail", "-init", "/dev/null", part.as_str()];
            target.command("sqlite3", words.into_iter().chain(more.iter().copied()))
        };
        let mut commands = self.unless_there(path);
        commands.push(self.as_owner(target.script(BEGIN_SQLITE, &[&part])));
        let mut load = sqlite(&[]);
        load.stdin = self.entry(file);
        commands.push(load);
        commands.push(target.must_print(&sqlite(&["PRAGMA integrity_check"]), "ok"));
        let name = self.files("dump").next().map_or("", |file| file.subject.as_str());
        for (question, text) in self.expectations(name).into_iter().flat_map(|one| &one.expect) {
            commands.push(target.must_print(&sqlite(&[question]), text));
        }
        if self.attachment.details.get("journal_mode").is_some_and(|mode| mode == "wal") {
            commands.push(target.must_print(&sqlite(&["PRAGMA journal_mode=wal"]), "wal"));
        }
        commands.push(self.as_owner(target.script(PLACE_SQLITE, &[&part, path])));
        Ok(vec![self.action("load", format!("load the database {path}, and compare it"), &[], commands)])
    }

    pub(super) fn redis(&self) -> Result<Vec<Action>, RestoreError> {
        let target = self.target;
        let file = self.file("dump")?;
        let Some(path) = target.path.as_deref() else {
            return wrong("a Redis database is restored to its server's directory: say which");
        };
        let path = match path.ends_with(".rdb") {
            true => path.to_owned(),
            false => format!("{}/{}", path.trim_end_matches('/'), redis::FILE),
        };
        let part = beside(&path);
        let mut commands = self.unless_there(&path);
        let mut words = vec![path.as_str()];
        let flags = [("-s", &target.socket), ("-h", &target.host), ("-p", &target.port)];
        words.extend(flags.iter().filter_map(|(flag, value)| Some([*flag, value.as_deref()?])).flatten());
        let client = target.bin_dir.as_ref().map_or("redis-cli".to_owned(), |dir| format!("{dir}/redis-cli"));
        words.insert(1, &client);
        commands.push(target.script(REDIS_RESTS, &words));
        let mut load = target.script("umask 077; cat > \"$1\"", &[&part]);
        load.stdin = self.entry(file);
        commands.push(load);
        commands.push(target.script(CHECK_REDIS, &[&part]));
        commands.push(target.script(PLACE_REDIS, &[&part, &path]));
        Ok(vec![self.action("load", format!("put the dump to {path}"), &[], commands)])
    }

    pub(super) fn program(&self) -> Result<Vec<Action>, RestoreError> {
        let target = self.target;
        let file = self.file("dump")?;
        let recorded = self.attachment.details.get("restore").map(String::as_str).unwrap_or("[]");
        let words: Vec<String> = match target.program.is_empty() {
            true => serde_json::from_str(recorded).unwrap_or_default(),
            false => target.program.clone(),
        };
        if words.is_empty() {
            let name = &self.attachment.name;
            return wrong(format!("nothing says which program reads {name} back: say which"));
        }
        let title = format!("load {} with {}", self.attachment.name, words[0]);
        let mut command = target.script("", &[]);
        (command.argv, command.user, command.stdin) = (words, target.run_as.clone(), self.entry(file));
        Ok(vec![self.action("load", title, &[], vec![command])])
    }

    /// Refuses where `path` is there.
    fn unless_there(&self, path: &str) -> Vec<CommandLine> {
        if self.target.replace { Vec::new() } else { vec![self.target.script(NOT_THERE, &[path])] }
    }

    fn as_owner(&self, command: CommandLine) -> CommandLine {
        CommandLine { user: self.target.run_as.clone(), ..command }
    }
}

/// Where a file is made before it is moved to `path`.
fn beside(path: &str) -> String {
    format!("{path}.lifeboat-restore")
}
