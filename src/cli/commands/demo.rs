//! `lifeboat demo`: try everything out in a temporary directory.
//!
//! Each step is this program itself, run with the command line that is shown, in an environment of its own:
//! what the demo shows is what a user gets. The judgement whether the data came back is deliberately not
//! lifeboat's: `compare` looks at both trees with nothing but the standard library and BLAKE3.

mod compare;
mod sample;

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use crate::base::error_kind::ErrorKind;
use crate::base::hex;
use crate::base::monitor::Interrupt;
use crate::cli::commands::demo::compare::Manifest;
use crate::cli::context::Context;
use crate::cli::environment::VARIABLES;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::output::Output;
use crate::crypto::derive::random_bytes;
use crate::crypto::x25519::Identity;
use crate::sys::child::{self, Ending, Running, Stderr, Surroundings};
use crate::sys::file::atomic_write;
use crate::ui::{escape, format};

/// Longest output of a step that is kept for the document.
const OUTPUT_MAX_BYTES: u64 = 16 << 20;
/// Differences that are listed.
const DIFFERENCES_SHOWN: usize = 20;

const CONFIGURATION: &str = "\
[defaults]
cache_dir = \"cache\"
state_dir = \"state\"

[repository.demo]
url = \"repository\"
identity_file = \"key.txt\"

[job.files]
sources = [\"data\"]
tags = [\"demo\"]
";

const EXAMPLES: &str = "\
Examples:
  lifeboat demo
      Make files, back them up, destroy them, restore them, and say what is being done.
  lifeboat demo --dir /tmp/demo --keep
      The same, and leave everything there to be looked at.";

/// Try Lifeboat out in a temporary directory
///
/// Makes some files and a repository in a temporary directory, backs the files up twice, destroys them,
/// brings them back and compares them, byte by byte, with what they were. Shows every command on the way.
/// Touches nothing else and needs no configuration.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Work in this directory, which must not exist, instead of a new one below $TMPDIR
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Leave everything there at the end
    #[arg(long)]
    pub keep: bool,
}

/// What `--json` prints: schema `lifeboat.demo/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    directory: String,
    kept: bool,
    verified: bool,
    steps: Vec<Step>,
    comparisons: Vec<Comparison>,
}

/// One command and how it went.
#[derive(Serialize)]
struct Step {
    command: Vec<String>,
    seconds: f64,
    /// The document that the command printed.
    result: Value,
}

/// A tree that was brought back, beside what it was.
#[derive(Serialize)]
struct Comparison {
    what: &'static str,
    entries: u64,
    bytes: u64,
    differences: Vec<String>,
}

/// The directory that all happens in; gone when dropped, unless it is kept.
struct Place {
    path: PathBuf,
    keep: bool,
}

impl Place {
    fn create(args: &Args, context: &Context) -> Result<Self, Failure> {
        let path = args.dir.clone().unwrap_or_else(|| {
            let above = context.environment.path("TMPDIR").unwrap_or_else(|| "/tmp".into());
            above.join(format!("lifeboat-demo-{}", hex::encode(&random_bytes::<6>())))
        });
        let made = DirBuilder::new().mode(0o700).create(&path).and_then(|()| fs::canonicalize(&path));
        match made {
            Ok(path) => Ok(Self { path, keep: args.keep }),
            Err(error) => Err(failed("make the directory", &path)(error)
                .hint("name a directory that does not exist yet, with --dir")),
        }
    }

    fn data(&self) -> PathBuf {
        self.path.join("data")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is a few megabytes in a temporary directory.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The demo under way.
struct Demo<'a> {
    place: &'a Place,
    output: Output,
    interrupt: &'a Interrupt,
    surroundings: Surroundings,
    program: OsString,
    chapter: usize,
    steps: Vec<Step>,
    comparisons: Vec<Comparison>,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let interrupt = context.interrupt()?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(ErrorKind::Failed, format!("cannot find this program: {error}")))?;
    let place = Place::create(args, context)?;
    let mut demo = Demo {
        place: &place,
        output: context.output,
        interrupt,
        surroundings: surroundings(&place),
        program: program.into_os_string(),
        chapter: 0,
        steps: Vec::new(),
        comparisons: Vec::new(),
    };
    demo.play()?;
    let Demo { steps, comparisons, .. } = demo;
    let verified = comparisons.iter().all(|comparison| comparison.differences.is_empty());
    conclude(&context.output, &place, verified)?;
    if context.output.json {
        let directory = place.path.to_string_lossy().into_owned();
        let document =
            Document { schema: "lifeboat.demo/1", directory, kept: place.keep, verified, steps, comparisons };
        context.output.document(&document)?;
    }
    Ok(if verified { Outcome::Done } else { Outcome::Told(ErrorKind::Failed) })
}

fn conclude(output: &Output, place: &Place, verified: bool) -> Result<(), Failure> {
    if !verified {
        output.warn("the demo failed: what came back is not what it was");
    }
    if output.json || output.quiet {
        return Ok(());
    }
    let verdict = if verified { "Everything came back as it was." } else { "The demo FAILED." };
    let rest = match place.keep {
        true => format!(
            "All of it is still there: cd {0}; export LIFEBOAT_CONFIG={0}/lifeboat.toml",
            escape::path(&place.path)
        ),
        false => "The directory is removed now; --keep would leave it.".into(),
    };
    output.text(&format!("\n{} {rest}\n", output.style.bold(verdict)))
}

/// Nothing of the user's own configuration, keys and repositories may come into the demo.
fn surroundings(place: &Place) -> Surroundings {
    let ours = |name: &str| name.starts_with("LIFEBOAT_") || name == "CREDENTIALS_DIRECTORY";
    Surroundings {
        directory: Some(place.path.clone()),
        variables: vec![("LIFEBOAT_CONFIG".into(), place.path.join("lifeboat.toml").into_os_string())],
        without: VARIABLES.iter().map(|it| it.name).filter(|name| ours(name)).map(Into::into).collect(),
    }
}

fn failed<'a>(what: &'a str, path: &'a Path) -> impl Fn(std::io::Error) -> Failure + 'a {
    move |error| Failure::new(ErrorKind::Failed, format!("cannot {what} {}: {error}", escape::path(path)))
}

impl Demo<'_> {
    /// The whole story. An error means that it could not be told to its end.
    fn play(&mut self) -> Result<(), Failure> {
        let data = self.place.data();
        self.introduce()?;
        self.chapter("Some data: small files, a large one, links, a sparse file")?;
        sample::make(&data).map_err(failed("make the data in", &data))?;
        let before = self.record("the data as made", &data)?;
        self.chapter("A repository, opened by an age identity made for the occasion")?;
        let recipient = self.make_key()?;
        self.lifeboat(&["init", "--recipient", &recipient])?;
        self.chapter("The first backup")?;
        self.backup()?;
        self.chapter("Some work is done, and a second backup stores only what is new")?;
        sample::change(&data).map_err(failed("change the data in", &data))?;
        let after = self.record("the data after some work", &data)?;
        self.backup()?;
        self.lifeboat(&["snapshots"])?;
        self.chapter("Disaster: files overwritten, cut, deleted, one quietly corrupted")?;
        sample::ruin(&data).map_err(failed("ruin the data in", &data))?;
        let ruined = self.record("the data after the disaster", &data)?;
        let lost = after.differences(&ruined).len() as u64;
        self.say(&format!("   {} are not what they were", format::counted(lost, "entry", "entries")))?;
        self.chapter("The newest snapshot comes back in place: only what differs is written")?;
        self.restore("latest", &data, &["--overwrite", "always", "--delete"])?;
        self.compare("the newest snapshot, in place", &after, &data)?;
        self.chapter("The first snapshot still is what it was, and comes back elsewhere")?;
        let first = self.first_snapshot()?;
        let elsewhere = self.place.path.join("before");
        self.restore(&first, &elsewhere, &[])?;
        self.compare("the first snapshot, elsewhere", &before, &elsewhere)?;
        self.chapter("The repository is read whole, and every byte of it verified")?;
        self.lifeboat(&["check", "--read-data"])
    }

    fn introduce(&self) -> Result<(), Failure> {
        let config = self.place.path.join("lifeboat.toml");
        atomic_write(&config, CONFIGURATION.as_bytes())
            .map_err(|error| Failure::of(ErrorKind::Failed, &error))?;
        let place = escape::path(&self.place.path);
        self.say(&format!(
            "Lifeboat makes some files, backs them up, destroys them and brings them back.\n\n\
             $ cd {place}\n$ export LIFEBOAT_CONFIG={place}/lifeboat.toml"
        ))
    }

    /// Makes the age identity that opens the repository, and answers its public half.
    fn make_key(&self) -> Result<String, Failure> {
        let identity = Identity::generate();
        // The directory is open to its owner alone, and so is what is in it.
        atomic_write(&self.place.path.join("key.txt"), identity.to_secret_text().expose().as_bytes())
            .map_err(|error| Failure::of(ErrorKind::Failed, &error))?;
        Ok(identity.to_recipient().to_string())
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        match self.output.json || self.output.quiet {
            true => Ok(()),
            false => self.output.text(&format!("{text}\n")),
        }
    }

    fn chapter(&mut self, title: &str) -> Result<(), Failure> {
        if self.interrupt.is_set() {
            return Err(Failure::new(ErrorKind::Interrupted, "interrupted"));
        }
        self.chapter += 1;
        self.say(&format!("\n{}", self.output.style.bold(&format!("{}. {title}", self.chapter))))
    }

    fn record(&self, what: &str, tree: &Path) -> Result<Manifest, Failure> {
        let manifest = Manifest::of(tree).map_err(failed("look at", tree))?;
        self.say(&format!(
            "   {what}: {}, {}",
            format::counted(manifest.entries(), "entry", "entries"),
            format::size(manifest.bytes())
        ))?;
        Ok(manifest)
    }

    fn backup(&mut self) -> Result<(), Failure> {
        // Away from a terminal only --verbose makes a backup tell of its success.
        match self.output.width {
            None if !self.output.json && !self.output.quiet => {
                self.lifeboat(&["backup", "files", "--verbose"])
            }
            _ => self.lifeboat(&["backup", "files"]),
        }
    }

    fn restore(&mut self, snapshot: &str, target: &Path, options: &[&str]) -> Result<(), Failure> {
        let mut from = OsString::from(format!("{snapshot}:"));
        from.push(self.place.data());
        let mut arguments: Vec<OsString> =
            vec!["restore".into(), from, "--target".into(), target.as_os_str().to_owned()];
        arguments.extend(options.iter().map(OsString::from));
        self.step(arguments)
    }

    fn lifeboat(&mut self, arguments: &[&str]) -> Result<(), Failure> {
        self.step(arguments.iter().map(OsString::from).collect())
    }

    /// Shows a command line, runs it, and sees that it succeeded.
    fn step(&mut self, mut arguments: Vec<OsString>) -> Result<(), Failure> {
        if self.output.json {
            arguments.push("--json".into());
        } else if self.output.quiet {
            arguments.push("--quiet".into());
        }
        let words: Vec<String> =
            std::iter::once("lifeboat".into()).chain(arguments.iter().map(escape::path)).collect();
        self.say(&format!("$ {}", words.join(" ")))?;
        let begun = Instant::now();
        let result = match self.output.json {
            true => self.captured(&arguments)?,
            false => {
                let ending = child::run_in_sight(&self.program, &arguments, &self.surroundings);
                self.expect_success(&arguments, ending.map_err(|error| Failure::of(error.kind(), &error))?)?;
                Value::Null
            }
        };
        self.steps.push(Step { command: words, seconds: begun.elapsed().as_secs_f64(), result });
        Ok(())
    }

    /// Runs a command with `--json` among its arguments; its document.
    fn captured(&self, arguments: &[OsString]) -> Result<Value, Failure> {
        let refuse = |error| Failure::new(ErrorKind::Failed, format!("cannot read a step's output: {error}"));
        let mut running = Running::spawn_in(&self.program, arguments, Stderr::Inherit, &self.surroundings)
            .map_err(|error| Failure::of(error.kind(), &error))?;
        let mut bytes = Vec::new();
        (&mut running).take(OUTPUT_MAX_BYTES).read_to_end(&mut bytes).map_err(refuse)?;
        let outcome = running.finish().map_err(|error| Failure::of(error.kind(), &error))?;
        self.expect_success(arguments, outcome.ending)?;
        serde_json::from_slice(&bytes).map_err(|error| refuse(error.into()))
    }

    fn expect_success(&self, arguments: &[OsString], ending: Ending) -> Result<(), Failure> {
        if ending.is_success() {
            return Ok(());
        }
        let kind = match self.interrupt.is_set() || ending == Ending::Exited(130) {
            true => ErrorKind::Interrupted,
            false => ErrorKind::Failed,
        };
        let name = arguments.first().map(escape::path).unwrap_or_default();
        Err(Failure::new(kind, format!("lifeboat {name} {ending}")))
    }

    fn first_snapshot(&self) -> Result<String, Failure> {
        let listed = self.captured(&["snapshots".into(), "--json".into()])?;
        let id = listed["snapshots"][0]["id"].as_str().map(|id| id.chars().take(12).collect());
        id.ok_or_else(|| Failure::new(ErrorKind::Failed, "the list of snapshots is empty"))
    }

    fn compare(&mut self, what: &'static str, wanted: &Manifest, tree: &Path) -> Result<(), Failure> {
        let found = Manifest::of(tree).map_err(failed("look at", tree))?;
        let mut differences = wanted.differences(&found);
        let style = self.output.style;
        let entries = format::counted(wanted.entries(), "entry", "entries");
        let verdict = match differences.len() as u64 {
            0 => style.green(&format!("{entries} compared, {}: all the same", format::size(wanted.bytes()))),
            count => style.red(&format!("{} of {entries} differ", format::count(count))),
        };
        self.say(&format!("   {verdict}"))?;
        differences.truncate(DIFFERENCES_SHOWN);
        for difference in &differences {
            self.say(&format!("   {difference}"))?;
        }
        let (entries, bytes) = (wanted.entries(), wanted.bytes());
        self.comparisons.push(Comparison { what, entries, bytes, differences });
        Ok(())
    }
}
