//! A run that is killed (SIGKILL) at any write of its journal does, in the end, just what an uninterrupted
//! one does: the same effects, in the same order.
//!
//! A shim before the C library's `write` counts writes to the journal of the run and kills the process before
//! or after one of them. All of them are tried where LIFEBOAT_TEST_REQUIRE_ALL is set, a part otherwise.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use lifeboat::runbook::state::Progress;

use crate::plan::can_confine;
use crate::runbook::Site;
use crate::runbook_plan::write_plan;

const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static long count;
ssize_t write(int fd, const void *buffer, size_t length) {
  static ssize_t (*next)(int, const void *, size_t);
  if (!next) next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  const char *at = getenv("CRASH_AT");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t got = at ? readlink(link, path, sizeof path - 1) : -1;
  if (got > 0) {
    path[got] = 0;
    const char *name = strrchr(path, '/');
    if (strstr(path, "/runs/") && name && !strcmp(name, "/journal") &&
        __sync_add_and_fetch(&count, 1) == atol(at)) {
      if (getenv("CRASH_AFTER")) next(fd, buffer, length);
      kill(getpid(), SIGKILL);
    }
  }
  return next(fd, buffer, length);
}
"#;

/// The shim, compiled; `None` where there is no compiler, and that has been said.
fn shim() -> Option<&'static PathBuf> {
    static BUILT: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let build = || {
        let dir = tempfile::tempdir().unwrap();
        let (source, library) = (dir.path().join("shim.c"), dir.path().join("shim.so"));
        fs::write(&source, SHIM).unwrap();
        let built = Command::new("gcc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(&source)
            .arg("-ldl")
            .status();
        if built.is_ok_and(|status| status.success()) {
            return Some((dir, library));
        }
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "gcc is missing");
        println!("skipped: gcc is missing");
        None
    };
    BUILT.get_or_init(build).as_ref().map(|(_, library)| library)
}

/// A server that writes down what it is asked, among the other effects.
fn server(effects: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            let mut reader = BufReader::new(&stream);
            let _ = reader.read_line(&mut line);
            let mut rest = String::new();
            while reader.read_line(&mut rest).unwrap_or(0) > 2 {
                rest.clear();
            }
            let name = line.split_whitespace().nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
            if name != "ready" {
                let mut file = fs::OpenOptions::new().append(true).create(true).open(&effects).unwrap();
                let _ = writeln!(file, "{name}");
            }
            let _ = (&stream).write_all(
                b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\
                connection: close\r\n\r\nok",
            );
        }
    });
    port
}

/// A runbook of more than thirty steps, with every kind of step.
fn write_runbook(site: &Site, port: u16) {
    let source = site.path("source").display().to_string();
    let target = site.path("target").display().to_string();
    let mark = |id: &str, more: &str| {
        format!("[[step]]\nid = \"{id}\"\nkind = \"command\"\nscript = 'echo {id} >> \"$EFFECTS\"'\n{more}\n")
    };
    let child = |id: &str, more: &str| mark(id, more).replace("[[step]]", "[[step.step]]");
    let mut body = String::new();
    body += &mark("m1", "");
    body += "[[step]]\nid = \"tell\"\nkind = \"notify\"\nto = [\"oncall\"]\nmessage = \"it began\"\n";
    body += "[[step]]\nid = \"called\"\nkind = \"notify\"\nto = [\"oncall\"]\nmessage = \"come\"\n\
        acknowledge = true\ntimeout = \"1h\"\n";
    body += "[[step]]\nid = \"leave\"\nkind = \"approval\"\nquestion = \"go?\"\nquorum = 2\n\
        timeout = \"1h\"\n";
    body += &mark("m2", "needs = [\"leave\"]");
    body += "[[step]]\nid = \"pick\"\nkind = \"choice\"\nquestion = \"which?\"\ntimeout = \"1h\"\n\
        options = { all = \"a\", none = \"n\" }\n";
    body += &mark("m3", "when = \"steps.pick.output == 'all'\"");
    body += &mark("never", "when = \"steps.pick.output == 'none'\"");
    body += "[[step]]\nid = \"hand\"\nkind = \"manual\"\ninstruction = \"look\"\n\
        evidence = \"text\"\ntimeout = \"1h\"\n";
    body += "[[step]]\nid = \"save\"\nkind = \"backup\"\njobs = [\"home\"]\nphase = \"recovery\"\n";
    body += &format!(
        "[[step]]\nid = \"back\"\nkind = \"restore\"\npath = \"{source}\"\n\
        target = \"{target}\"\n"
    );
    body += &format!("[[step]]\nid = \"there\"\nkind = \"check\"\nfile = \"{target}\"\n");
    if can_confine() {
        let marks = site.path("sandbox/marks");
        let command = format!(
            "[component.mark]\nkind = \"command\"\nneeds = \"data\"\nrun = \"echo pl >> {}\"\n",
            marks.display()
        );
        let plan = write_plan(site, &command);
        body += &format!(
            "[[step]]\nid = \"planned\"\nkind = \"plan\"\nverb = \"build\"\nfile = {plan:?}\n\
             [[step]]\nid = \"rebuilt\"\nkind = \"plan\"\nfile = \"{{{{ steps.planned.output.id }}}}\"\n"
        );
    }
    body += &mark("m4", "idempotent = true");
    body += &format!(
        "[[step]]\nid = \"posted\"\nkind = \"http\"\nmethod = \"POST\"\n\
        url = \"http://127.0.0.1:{port}/posted\"\n"
    );
    body += &format!(
        "[[step]]\nid = \"ready\"\nkind = \"wait\"\ntimeout = \"1m\"\n\
        until = {{ http = \"http://127.0.0.1:{port}/ready\" }}\n"
    );
    body += "[[step]]\nid = \"breath\"\nkind = \"wait\"\nfor = \"0s\"\n";
    body += "[[step]]\nid = \"both\"\nkind = \"parallel\"\n";
    body += &child("p1", "");
    body += &child("p2", "");
    body += &child("p3", "needs = [\"p1\", \"p2\"]");
    body += &mark("m5", "retry = { count = 2, backoff = \"0s\" }");
    body += "[[step]]\nid = \"sub\"\nkind = \"runbook\"\nrunbook = \"inner\"\n\
        inputs = { word = \"{{ steps.pick.output }}\" }\n";
    body += &mark("m6", "when = \"steps.sub.output.word == 'all!'\"");
    body += "[[step]]\nid = \"bad\"\nkind = \"command\"\nrun = [\"false\"]\n\
        on_failure = { step = \"mend\" }\n";
    body += &mark("mend", "");
    body += "[[step]]\nid = \"worse\"\nkind = \"command\"\nrun = [\"false\"]\nidempotent = true\n\
        on_failure = \"continue\"\n";
    body += &mark("blocked", "needs = [\"worse\"]");
    body += &mark("m7", "check = { script = 'grep -qx m7 \"$EFFECTS\"' }");
    body += &mark("m8", "phase = \"reconstitution\"");
    body += "[[step]]\nid = \"verify\"\nkind = \"command\"\nidempotent = true\n\
        script = 'test -s \"$EFFECTS\"'\n";
    body += "[[step]]\nid = \"tell_end\"\nkind = \"notify\"\nto = [\"oncall\"]\nmessage = \"it is over\"\n";
    body += &mark("m9", "");
    site.write("all", &body);
    let inner = "[inputs.word]\n[outputs]\nword = \"{{ steps.i1.output }}\"\n\
                 [[step]]\nid = \"i1\"\nkind = \"command\"\n\
                 script = 'echo i1 >> \"$EFFECTS\"; echo \"$INPUT_WORD!\"'\n"
        .to_owned();
    site.write("inner", &(inner + &mark("i2", "")));
}

/// Effects in their order; what ran at once is put in the order of its names, and a step that may be repeated
/// counts once.
fn canonical(effects: Vec<String>) -> Vec<String> {
    let mut effects = effects;
    effects.dedup_by(|next, first| next == first && next == "m4");
    if let Some(at) = effects.iter().position(|effect| effect == "p2")
        && effects.get(at + 1).is_some_and(|next| next == "p1")
    {
        effects.swap(at, at + 1);
    }
    effects
}

/// Runs it to its end, killed at that write of the journal; `None` where it has fewer. Answers the effects,
/// how often a person was asked whether a step had been done, and what people were told.
fn run(crash: Option<(usize, bool)>) -> Option<(Vec<String>, usize, String)> {
    let site = Site::new();
    let port = server(site.path("effects"));
    write_runbook(&site, port);
    let mut asked = 0;
    let mut was_killed = false;
    for attempt in 0..20 {
        // It may have been killed right after its last record.
        if site.state().is_some_and(|state| state.end.is_some()) {
            break;
        }
        let words: &[&str] = match site.state() {
            None => &["runbook", "run", "all", "--no-repository"],
            Some(_) => &["runbook", "resume", "latest", "--no-repository"],
        };
        let mut command = site.command(words);
        if let (0, Some((at, after))) = (attempt, crash) {
            command.env("LD_PRELOAD", shim()?).env("CRASH_AT", at.to_string());
            if after {
                command.env("CRASH_AFTER", "1");
            }
        }
        // A run of which not even the beginning was written is no run; what it left is in nobody's way.
        command.stderr(fs::File::create(site.path("stderr")).unwrap());
        let mut child = command.spawn().unwrap();
        let status = site.attend(&mut child);
        was_killed |= child.wait().unwrap().signal() == Some(9);
        match status {
            None => continue,
            Some(13) => {
                let state = site.state().unwrap();
                for (path, _) in state.waiting().filter(|(_, step)| step.progress == Progress::InDoubt) {
                    asked += 1;
                    let name = path.rsplit('/').next().unwrap().split('@').next().unwrap();
                    let was_done = site.effects().iter().any(|effect| effect == name);
                    let flag = if was_done { "--done" } else { "--repeat" };
                    // Of this one a later step needs the output, which nobody saw.
                    let known =
                        if name == "i1" && was_done { format!("{path}=all!") } else { path.to_owned() };
                    let mut child = site.spawn(&[
                        "runbook",
                        "resume",
                        "latest",
                        "--no-repository",
                        "--no-wait",
                        flag,
                        &known,
                    ]);
                    site.attend(&mut child);
                }
            }
            // Some of its steps fail, as they are meant to.
            Some(1) if site.state().is_some_and(|state| state.end.is_some()) => break,
            Some(1 | 0) => continue,
            other => panic!("{other:?}: {}", fs::read_to_string(site.path("stderr")).unwrap()),
        }
        if site.state().is_some_and(|state| state.end.is_some()) {
            break;
        }
    }
    assert!(site.state().unwrap().end.is_some(), "{crash:?}: it never ended");
    let marks = fs::read_to_string(site.path("sandbox/marks")).unwrap_or_default();
    assert!(marks == "pl\n" || !can_confine(), "{crash:?}: the plan was carried out once: {marks:?}");
    let report = site.run(&["runbook", "report", "latest"]);
    assert_eq!(report.status, Some(0), "{crash:?}: {report:?}");
    if crash.is_some() && !was_killed {
        return None;
    }
    Some((canonical(site.effects()), asked, site.told()))
}

#[test]
fn a_run_killed_at_any_write_of_its_journal_does_what_an_uninterrupted_one_does() {
    if shim().is_none() {
        return;
    }
    let (expected, asked, told) = run(None).unwrap();
    let names = [
        "m1", "m2", "m3", "m4", "posted", "p1", "p2", "p3", "m5", "i1", "i2", "m6", "mend", "m7", "m8", "m9",
    ];
    assert_eq!((expected.as_slice(), asked), (&names.map(str::to_owned)[..], 0));
    let messages = |told: &str| told.matches("\"subject\"").count();
    assert_eq!(messages(&told), 3, "{told}");
    let stride = if std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_some() { 1 } else { 7 };
    let (next, crashes) = (AtomicUsize::new(1), AtomicUsize::new(0));
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                loop {
                    let at = next.fetch_add(stride, Ordering::SeqCst);
                    for after in [false, true] {
                        let Some((effects, _, told)) = run(Some((at, after))) else { return };
                        crashes.fetch_add(1, Ordering::SeqCst);
                        assert_eq!(effects, expected, "killed at write {at}, after it: {after}");
                        assert_eq!(messages(&told), 3, "killed at write {at}, after it: {after}: {told}");
                    }
                }
            });
        }
    });
    let crashes = crashes.load(Ordering::SeqCst);
    println!("killed {crashes} times, at every {stride}. write");
    assert!(crashes >= 100 / stride, "{crashes}");
}
