//! A component as steps: what restores it, and what verifies it.

use std::time::Duration;

use crate::base::ids::SnapshotId;
use crate::plan::artefact::{Amount, Files, Step, Work};
use crate::plan::build::{graph, sql};
use crate::plan::error::PlanError;
use crate::plan::file::model::{Component, OnFailure, PlanFile, TargetKind, VerifyFile, Words};
use crate::plan::probe::{Compared, Probe, Verify};
use crate::restore::options::literal_pattern;
use crate::system::action::{Action, Check, CommandLine, Operation, Stage, Stdin};
use crate::system::database::throwaway::Throwaway;
use crate::system::rebuild::bare_metal::NEVER_RESTORED;

/// How often `retry` tries again, and how long it waits first, where nothing else is said.
const RETRIES: u32 = 3;
const RETRY_DELAY: Duration = Duration::from_secs(5);
/// Where the snapshot keeps what is no file of the machine.
const ATTACHMENTS: &str = "/.lifeboat";

/// What all steps of one component share.
pub struct Making<'a> {
    /// The plan file.
    pub file: &'a PlanFile,
    /// The target's root.
    pub root: &'a str,
    /// The component's name.
    pub name: &'a str,
    /// The component.
    pub component: &'a Component,
    /// The snapshot it comes from.
    pub snapshot: SnapshotId,
    /// The steps that all of its own wait for.
    pub after: Vec<String>,
}

impl Making<'_> {
    /// A step of this component.
    pub fn step(&self, what: &str, title: String, work: Work, needs: Vec<String>) -> Step {
        let (file, component) = (self.file, self.component);
        let on_failure = component.on_failure.or(file.on_failure).unwrap_or_default();
        let retries = component.retries.or(file.retries).unwrap_or(RETRIES);
        let delay = component.retry_delay.or(file.retry_delay).unwrap_or(RETRY_DELAY);
        Step {
            id: format!("{}/{what}", self.name),
            component: self.name.to_owned(),
            title,
            snapshot: self.snapshot,
            work,
            reads: None,
            needs,
            on_failure,
            retries: if on_failure == OnFailure::Retry { retries } else { 0 },
            retry_delay_seconds: delay.as_secs(),
        }
    }

    /// The step that restores files; what it comes to is still to be planned.
    pub fn files(&self) -> Step {
        let component = self.component;
        let whole = component.paths.iter().any(|path| path.trim_matches('/').is_empty());
        let include = match whole {
            true => Vec::new(),
            false => component.paths.iter().map(|path| literal_pattern(path)).collect(),
        };
        let mut exclude = component.exclude.clone();
        let names = |path: &str| path.starts_with(ATTACHMENTS);
        if component.from.is_none() && !component.paths.iter().any(|path| names(path)) {
            exclude.push(literal_pattern(ATTACHMENTS));
        }
        if whole {
            let made_by_the_kernel = NEVER_RESTORED.iter().filter(|pattern| **pattern != ATTACHMENTS);
            exclude.extend(made_by_the_kernel.map(|pattern| (*pattern).to_owned()));
        }
        let from = component.from.clone();
        let title = match &from {
            Some(from) => format!("restore {from}"),
            None => format!("restore {}", component.paths.join(" ")),
        };
        let files = Files {
            from,
            to: component.to.clone().unwrap_or_else(|| "/".into()),
            include,
            exclude,
            overwrite: component.overwrite.clone().unwrap_or_else(|| "if-changed".into()),
            delete: component.delete,
            owners: component.owners.clone().unwrap_or_else(|| "by-name".into()),
            allow_devices: component.allow_devices,
            allow_setuid: component.allow_setuid,
            read_back: component.read_back,
            amount: Amount::default(),
            packs: Vec::new(),
        };
        self.step("restore", title, Work::Files(Box::new(files)), self.after.clone())
    }

    /// The step that runs a command.
    pub fn command(&self) -> Result<Step, PlanError> {
        let component = self.component;
        let words = component.run.as_ref().ok_or_else(|| self.fault("it says nothing to run"))?;
        let mut command = self.line(words, component.inside);
        command.env = component.environment.clone();
        command.user = component.user.clone();
        if let Some(path) = &component.input {
            command.stdin = Stdin::Entry(path.clone());
        }
        if let Some(name) = &component.secret {
            command.stdin = Stdin::Secret(name.clone());
        }
        let check = component.check.as_ref().map(|words| {
            let line =
                CommandLine { env: component.environment.clone(), ..self.line(words, component.inside) };
            Check::Succeeds(CommandLine { user: component.user.clone(), ..line })
        });
        let title = format!("run {}", words.0.join(" "));
        let action = Action {
            id: self.name.to_owned(),
            title: title.clone(),
            stage: Stage::Custom,
            operation: Operation::Run { commands: vec![command] },
            check,
            destroys: Vec::new(),
            // A check tells whether it is done: whoever gave one has thought of it.
            repeatable: component.repeat || component.check.is_some() || component.volatile,
            volatile: component.volatile,
            release: Vec::new(),
            needs: Vec::new(),
        };
        Ok(self.step("run", title, Work::Action(Box::new(action)), self.after.clone()))
    }

    /// The steps that verify, each after all of `steps` that belong to this component; `servers` are those
    /// that the run starts for itself.
    pub fn verifications(&self, steps: &[Step], servers: &[Throwaway]) -> Result<Vec<Step>, PlanError> {
        let ends = graph::ends_of(steps, self.name);
        let after = if ends.is_empty() { self.after.clone() } else { ends };
        let mut made: Vec<Step> = Vec::new();
        for verify in &self.component.verify {
            let probe = self.probe(verify, servers)?;
            let within_seconds = verify.within.unwrap_or_default().as_secs();
            let before = made.iter().filter(|step| step.id.contains(&format!("/verify-{}", verify.kind)));
            let what = match before.count() {
                0 => format!("verify-{}", verify.kind),
                count => format!("verify-{}-{}", verify.kind, count + 1),
            };
            let title = format!("verify {}", describe(&probe));
            let work = Work::Verify(Box::new(Verify { probe, within_seconds }));
            made.push(self.step(&what, title, work, after.clone()));
        }
        Ok(made)
    }

    /// A command of the plan file, as it is run.
    pub fn line(&self, words: &Words, inside: bool) -> CommandLine {
        CommandLine {
            argv: words.0.clone(),
            chroot: (inside && self.root != "/").then(|| self.root.to_owned()),
            limit_seconds: self.component.time_limit.map(|limit| limit.as_secs()),
            ..CommandLine::default()
        }
    }

    fn probe(&self, verify: &VerifyFile, servers: &[Throwaway]) -> Result<Probe, PlanError> {
        let need = |value: &Option<String>, key: &str| {
            value.clone().ok_or_else(|| self.fault(format!("a verification lacks the key `{key}`")))
        };
        Ok(match verify.kind.as_str() {
            "sql" => sql::probe(self, verify, servers)?,
            "http" => Probe::Http {
                url: need(&verify.url, "url")?,
                status: verify.status,
                contains: verify.contains.clone(),
            },
            "file" => Probe::File {
                path: need(&verify.path, "path")?,
                contains: verify.contains.clone(),
                min_bytes: verify.min_size,
            },
            "checksum" => self.checksum(verify)?,
            "port" => Probe::Port {
                host: verify.host.clone().unwrap_or_else(|| "127.0.0.1".into()),
                port: verify.port.ok_or_else(|| self.fault("a verification lacks the key `port`"))?,
            },
            "unit" => self.unit(&need(&verify.unit, "unit")?),
            _ => {
                let words =
                    verify.run.as_ref().ok_or_else(|| self.fault("a verification lacks the key `run`"))?;
                Probe::Command {
                    command: self.line(words, verify.inside),
                    expect: verify.expect.clone(),
                    contains: verify.contains.clone(),
                }
            }
        })
    }

    /// Where nothing of the restored system runs, a unit can only be enabled.
    fn unit(&self, unit: &str) -> Probe {
        let words = match self.file.target.kind {
            TargetKind::Converge if self.root == "/" => vec!["systemctl", "is-active", "--quiet", "--", unit],
            _ => vec!["systemctl", "--root", self.root, "is-enabled", "--quiet", "--", unit],
        };
        let words = Words(words.into_iter().map(str::to_owned).collect());
        Probe::Command { command: self.line(&words, false), expect: None, contains: None }
    }

    fn checksum(&self, verify: &VerifyFile) -> Result<Probe, PlanError> {
        let component = self.component;
        let to = component.to.clone().unwrap_or_else(|| "/".into());
        let join = |one: &str, other: &str| {
            format!("{}/{}", one.trim_end_matches('/'), other.trim_start_matches('/'))
        };
        let all: Vec<Compared> = match &component.from {
            Some(from) => vec![Compared { from: from.clone(), to }],
            None => component
                .paths
                .iter()
                .map(|path| Compared { from: path.clone(), to: join(&to, path) })
                .collect(),
        };
        let paths = match (&verify.path, component.kind.as_str()) {
            (None, "files") => all,
            (None, _) => {
                return Err(self.fault("a checksum here needs the key `path`: which files are compared"));
            }
            // Below the root; where in the snapshot that came from, the component's own paths tell.
            (Some(path), _) => {
                let within = all.iter().find_map(|one| {
                    let base = one.to.trim_end_matches('/');
                    let rest =
                        path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
                    Some(Compared { from: join(&one.from, rest), to: path.clone() })
                });
                vec![within.unwrap_or_else(|| Compared { from: path.clone(), to: path.clone() })]
            }
        };
        Ok(Probe::Checksum { paths, exclude: component.exclude.clone() })
    }

    /// What is wrong with this component.
    pub fn fault(&self, why: impl Into<String>) -> PlanError {
        PlanError::Component { component: self.name.to_owned(), why: why.into() }
    }
}

/// What is verified, for people.
fn describe(probe: &Probe) -> String {
    match probe {
        Probe::Command { command, .. } => command.display(),
        Probe::Http { url, .. } => url.clone(),
        Probe::File { path, .. } => format!("the file {path}"),
        Probe::Checksum { paths, .. } => {
            let paths: Vec<&str> = paths.iter().map(|path| path.to.as_str()).collect();
            format!("the contents of {}", paths.join(" "))
        }
        Probe::Port { host, port } => format!("port {port} of {host}"),
    }
}
